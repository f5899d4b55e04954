"""Answers that workers gave just before a command began: it does not ask for them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from decnet.wire import digest

if TYPE_CHECKING:
    from .answers import Answer, Question
    from .session import Session


class Given(NamedTuple):
    """What one worker has answered, by `call_key`, and the seconds of a round trip to it."""

    answers: dict[str, Answer]
    round_trip: float


def call_key(verb: str, args: Mapping[str, Any]) -> str:
    """What one call of a worker asks for."""
    return digest([verb, args])


def by_worker(
    questions: list[Question], answers: Mapping[int, Answer], round_trips: Mapping[str, float]
) -> dict[str, Given]:
    """The answers to these questions, by worker_id, as `round_trips` are."""
    found: dict[str, Given] = {}
    for number, answer in answers.items():
        worker_id, _, verb, args, _ = questions[number]
        given = found.setdefault(worker_id, Given({}, round_trips.get(worker_id, 0.0)))
        given.answers[call_key(verb, args)] = answer
    return found


class GivenSession:
    """A session to a worker that has answered some calls already. Each answer is used once."""

    def __init__(self, session: Session, given: Given) -> None:
        self.worker = session.worker
        self.noise = 0
        self.sent_at = self.answered_at = 0.0
        self._session = session
        self._given = given

    @property
    def protocol(self) -> int:
        return self._session.protocol

    @protocol.setter
    def protocol(self, version: int) -> None:
        self._session.protocol = version

    @property
    def serves(self) -> bool:
        return self._session.serves

    @serves.setter
    def serves(self, serves: bool) -> None:
        self._session.serves = serves

    @property
    def round_trip(self) -> float:
        """As the session has measured it, or as it was known before."""
        return float(getattr(self._session, "round_trip", 0.0)) or self._given.round_trip

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        given = self._given.answers.pop(call_key(verb, args), None) if stream is None else None
        if given is not None:
            result, self.sent_at, self.answered_at = given
            return result
        result = await self._session.call(verb, args, limit=limit, stream=stream)
        self.noise = self._session.noise
        self.sent_at, self.answered_at = float(getattr(self._session, "sent_at", 0.0)), 0.0
        return result

    async def close(self) -> None:
        await self._session.close()
