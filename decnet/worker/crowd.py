"""Asks many workers again, over SSH in this process: from some number on, the import of asyncssh takes less
than a client of OpenSSH for each. Nothing is imported that only a command needs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from decnet.errors import DecnetError, StateBroken

from .answers import Different, answer_digest
from .concurrency import Concurrency
from .connect import FLEET_LOGIN, Target
from .hostkeys import load_pins
from .room import make_room
from .ssh import SshSession

if TYPE_CHECKING:
    from .answers import Answer, Question

CALL_SECONDS = 10.0
DIRECT: Any = SimpleNamespace(
    is_direct=True,
    settings=SimpleNamespace(address_family="any", bind_address=None, bind_interface=None),
)
"""The route of all workers that are asked in this way: see `again.place_of`."""


class Crowd:
    """The same as `answers.Asked`; nothing is sent before the answers are wanted. With `keeps`, all answers
    are waited for, also if one is different."""

    def __init__(self, root: str, questions: list[Question], *, keeps: bool = False) -> None:
        self._root = Path(root)
        self._questions = questions
        self._keeps = keeps

    def verified(self) -> list[Answer]:
        """The answers, in order. Raises Different if one is another than before, or is missing although the
        others were waited for; else ValueError if a worker does not answer."""
        make_room()
        try:
            return asyncio.run(self._all())
        except DecnetError as error:
            raise ValueError(error.message) from error

    def end(self) -> None:
        """Nothing is left open."""

    async def _all(self) -> list[Answer]:
        pins, concurrency = load_pins(self._root / "known_hosts"), Concurrency()
        answers: dict[int, Answer] = {}
        by_worker: dict[str, list[int]] = {}
        for number, question in enumerate(self._questions):
            by_worker.setdefault(question.worker_id, []).append(number)

        async def ask_one(worker_id: str, numbers: list[int]) -> None:
            if worker_id not in pins:
                raise StateBroken("no host key is pinned for it")
            place = self._questions[numbers[0]].place
            target = Target(
                worker_id, place["host"], place["port"], place["user"], pins[worker_id], route=DIRECT,
                fleet_key=self._root / "keys" / place["key"], login=dict(FLEET_LOGIN),
            )  # fmt: skip
            session = SshSession(target, concurrency=concurrency)
            try:
                for number in numbers:
                    question = self._questions[number]
                    result = await session.call(question.verb, question.args, limit=CALL_SECONDS)
                    answers[number] = result, session.sent_at, time.time()
                    if answer_digest(question.verb, result) != question.before:
                        raise Different(answers)
            finally:
                await session.close()

        work = (ask_one(*each) for each in by_worker.items())
        ended = await asyncio.gather(*work, return_exceptions=self._keeps)
        if any(each is not None for each in ended):
            raise Different(answers)
        return [answers[number] for number in range(len(self._questions))]
