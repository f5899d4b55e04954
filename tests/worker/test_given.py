"""Answers that were there before a command began."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from decnet.worker.answers import Question
from decnet.worker.given import Given, GivenSession, by_worker

ARGS = {"expect": {"worker_id": "w-1"}}
ANSWER = ({"clock": 7.0}, 100.0, 101.0)


class Fresh:
    """A session to a worker that answers now."""

    worker, noise, protocol, sent_at, round_trip = "w1", 3, 3, 200.0, 0.0

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def call(self, verb: str, args: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.calls.append(verb)
        return {"clock": 8.0}

    async def close(self) -> None:
        self.calls.append("close")


def given() -> Given:
    questions = [Question("w-1", {}, "status", ARGS, ""), Question("w-2", {}, "status", ARGS, "")]
    return by_worker(questions, {0: ANSWER}, {"w-1": 0.08})["w-1"]


def called(session: GivenSession, verb: str = "status", **args: Any) -> dict[str, Any]:
    return asyncio.run(session.call(verb, {**ARGS, **args}, limit=1))


def test_an_answer_is_used_once_with_the_time_at_which_it_came() -> None:
    fresh = Fresh()
    session = GivenSession(fresh, given())
    assert called(session) == ANSWER[0]
    assert (session.sent_at, session.answered_at, session.round_trip) == (100.0, 101.0, 0.08)
    assert fresh.calls == []
    assert called(session) == {"clock": 8.0}
    assert (session.sent_at, session.answered_at, session.noise) == (200.0, 0.0, 3)
    assert fresh.calls == ["status"]


@pytest.mark.parametrize(("verb", "args"), [("facts", {}), ("status", {"after": 4})])
def test_another_question_is_asked(verb: str, args: dict[str, Any]) -> None:
    fresh = Fresh()
    assert called(GivenSession(fresh, given()), verb, **args) == {"clock": 8.0}
    assert fresh.calls == [verb]


def test_a_worker_that_did_not_answer_has_given_nothing() -> None:
    questions = [Question("w-1", {}, "status", ARGS, ""), Question("w-2", {}, "status", ARGS, "")]
    assert set(by_worker(questions, {0: ANSWER}, {})) == {"w-1"}
