"""What a worker says is a noun, or it is refused in one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from decnet import wire
from decnet.errors import (
    BadAnswer,
    DecnetError,
    FleetRefused,
    HashRefused,
    IdentityRefused,
    WorkerError,
    WrongProtocol,
)
from decnet.model.plan import Bundle
from decnet.worker.agent_package import AgentPackage
from decnet.worker.client import AgentClient

HELLO: dict[str, Any] = {
    "protocol": 1, "agent": "a" * 64, "worker_id": "w", "fleet_id": "f", "engine_id": "e", "boot_id": "b",
    "clock": 1.5,
}  # fmt: skip
JOURNAL = {"journal_id": "j", "first_seq": 1, "last_seq": 0, "verdict": "ok", "records": [], "more": False}
STATUS: dict[str, Any] = {
    "hello": HELLO, "docker": "up", "projects": {}, "containers": [], "jobs": [],
    "journal": JOURNAL,
}  # fmt: skip
BUNDLE = Bundle(
    worker="w1",
    project="decnet",
    request_id="r1",
    generation=3,
    slice={},
    steps=(),
    compose={},
    plan_hash="p",
    hash="h",
)


class Answers:
    """A session whose worker sends prepared answers; it records the requests."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self.worker = "w1"
        self.noise, self.protocol = 0, wire.PROTOCOL
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers = answers

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        self.asked.append((verb, args))
        return self._answers[verb]

    async def close(self) -> None:
        """Nothing is open."""


def held(generation: Any, plan_hash: str | None = None) -> dict[str, Any]:
    return {"projects": {"decnet": {"generation": generation, "plan_hash": plan_hash}}}


def client(**answers: dict[str, Any]) -> AgentClient:
    return AgentClient(Answers(**answers), worker_id="w", fleet_id="f")


def refusal(call: Any) -> DecnetError:
    with pytest.raises(DecnetError) as caught:
        asyncio.run(call)
    assert caught.value.worker == "w1"
    assert "\n" not in caught.value.message and len(caught.value.message) < 300
    return caught.value


def test_a_good_status_is_a_noun() -> None:
    assert asyncio.run(client(status=STATUS).status()).journal.journal_id == "j"


@pytest.mark.parametrize(
    "changed",
    [
        {"docker": "sideways"}, held("0"), held(-1), held(2**60), {"extra": 1}, {"projects": None},
        {"containers": {}}, {"containers": [{"name": 1}]}, {"hello": None}, held(0, "x" * 300),
        {"journal": {**JOURNAL, "verdict": "fine"}}, {"jobs": [{}] * 1000}, held(True),
        {"conflicts": [{"decky": 1}]}, {"containers": [{"evil\x1b[2J\n": "x" * 5000}]},
    ],
)  # fmt: skip
def test_a_status_with_a_wrong_field_is_a_bad_answer(changed: dict[str, Any]) -> None:
    error = refusal(client(status={**STATUS, **changed}).status())
    assert type(error) is BadAnswer
    assert "\x1b" not in error.message


def test_a_status_with_a_missing_field_is_a_bad_answer() -> None:
    for field in STATUS:
        rest = {name: value for name, value in STATUS.items() if name != field}
        assert type(refusal(client(status=rest).status())) is BadAnswer


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"worker_id": "other"}, IdentityRefused), ({"worker_id": None}, IdentityRefused),
        ({"fleet_id": "other"}, FleetRefused), ({"fleet_id": None}, FleetRefused),
        ({"protocol": 3}, WrongProtocol),
    ],
)  # fmt: skip
def test_hello_and_status_of_another_worker_are_refused(changed: dict[str, Any], kind: type) -> None:
    hello = {**HELLO, **changed}
    assert type(refusal(client(hello=hello).hello())) is kind
    assert type(refusal(client(status={**STATUS, "hello": hello}).status())) is kind


def test_every_verb_but_hello_and_enrol_names_the_expected_worker() -> None:
    session = Answers(hello=HELLO, enrol=HELLO, status=STATUS, probe={"answered": {}, "docker": {}})
    agent = AgentClient(session, worker_id="w", fleet_id="f")

    async def ask() -> None:
        await agent.hello()
        await agent.enrol("w", "f")
        await agent.status()
        await agent.probe(["192.0.2.1"])

    asyncio.run(ask())
    assert [verb for verb, args in session.asked if "expect" in args] == ["status", "probe"]


ROLLOUT = {
    "id": "0123456789ab", "unit": "w1", "former": None, "to": "p", "seq": 1, "batch": 1,
    "confirm_within": None,
}  # fmt: skip
ACCEPTED = {"job_id": "j", "request_id": "r1", "state": "accepted", "generation": 3}


def hello_of(version: int) -> dict[str, Any]:
    return {**HELLO, "protocol": wire.PROTOCOL, "version": version}


@pytest.mark.parametrize("version", [0, wire.ROLLOUTS_VERSION - 1, wire.ROLLOUTS_VERSION])
def test_only_an_agent_that_knows_rollouts_is_asked_for_sessions_and_confirmations(version: int) -> None:
    status = {**STATUS, "hello": hello_of(version)}
    session = Answers(hello=hello_of(version), status=status, confirm={"state": "confirmed"})
    agent = AgentClient(session, worker_id="w", fleet_id="f")
    knows = version >= wire.ROLLOUTS_VERSION

    async def ask() -> str:
        await agent.status(sessions=True)
        await agent.status()
        return await agent.confirm("decnet", "0123456789ab")

    assert asyncio.run(ask()) == ("confirmed" if knows else "none")
    assert [args.get("sessions") for verb, args in session.asked if verb == "status"] == [knows or None, None]
    assert ("confirm" in [verb for verb, _ in session.asked]) is knows


def test_an_older_agent_is_sent_no_rollout_and_refused_if_it_would_have_to_revert_or_batch() -> None:
    def ask(version: int, **changed: Any) -> list[tuple[str, dict[str, Any]]]:
        session = Answers(hello=hello_of(version), apply=ACCEPTED)
        agent = AgentClient(session, worker_id="w", fleet_id="f")
        asyncio.run(agent.apply(BUNDLE._replace(rollout={**ROLLOUT, **changed})))
        return session.asked

    older = wire.ROLLOUTS_VERSION - 1
    assert ask(wire.ROLLOUTS_VERSION)[-1][1]["rollout"] == ROLLOUT
    assert "rollout" not in ask(older, batch=None)[-1][1]
    for changed in ({}, {"batch": None, "confirm_within": 60}):
        with pytest.raises(WorkerError, match="in batches or revert by itself"):
            ask(older, **changed)


def test_an_apply_without_a_rollout_is_the_request_of_earlier_versions() -> None:
    session = Answers(apply=ACCEPTED)
    asyncio.run(AgentClient(session, worker_id="w", fleet_id="f").apply(BUNDLE))
    assert [verb for verb, _ in session.asked] == ["apply"] and "rollout" not in session.asked[0][1]


def test_a_status_with_rollouts_and_sessions_is_a_noun_and_bounded() -> None:
    held = {
        "project": "decnet", "id": "0123456789ab", "unit": "w1", "former": None, "to": "p", "seq": 1,
        "state": "armed", "armed_until": 1e9, "error": "",
    }  # fmt: skip
    busy = {"project": "decnet", "decky": "web", "service": "ssh", "source": "192.0.2.9"}
    status = asyncio.run(client(status={**STATUS, "rollouts": [held], "busy": [busy]}).status())
    assert (status.rollouts[0].armed_until, status.busy[0].source) == (1e9, "192.0.2.9")
    for wrong in (
        {"busy": [busy] * 257}, {"rollouts": [{**held, "state": "fine"}]},
        {"rollouts": [{**held, "seq": -1}]}, {"rollouts": [{**held, "armed_until": float("inf")}]},
        {"busy": [{**busy, "source": "x" * 300}]},
    ):  # fmt: skip
        assert type(refusal(client(status={**STATUS, **wrong}).status())) is BadAnswer


def test_a_slice_that_is_not_what_its_hash_says_is_refused() -> None:
    held = {"slice": {"schema": 1}, "generation": 1, "plan_hash": wire.digest({"schema": 1})}
    assert asyncio.run(client(slice={"projects": {"decnet": held}}).slices())["decnet"].generation == 1
    forged = {"projects": {"decnet": {**held, "slice": {"schema": 2}}}}
    assert type(refusal(client(slice=forged).slices())) is HashRefused


def test_an_answer_to_another_request_is_refused() -> None:
    replayed = {"job_id": "1", "request_id": "r0", "state": "done", "generation": 3}
    assert type(refusal(client(apply=replayed).apply(BUNDLE))) is BadAnswer


def test_an_upgrade_that_another_agent_answers_is_refused() -> None:
    own = AgentPackage(b"x", "b" * 64, Path("/nonexistent"))
    assert type(refusal(client(upgrade=HELLO).upgrade(own))) is BadAnswer


def test_unknown_fields_in_the_hello_of_a_newer_agent_are_ignored() -> None:
    assert asyncio.run(client(hello={**HELLO, "version": 7, "colour": "green"}).hello()).version == 7


@pytest.mark.parametrize("version", [-1, "1", True, 2**40, 1.5, None])
def test_an_invalid_version_number_is_a_bad_answer(version: object) -> None:
    assert type(refusal(client(hello={**HELLO, "version": version}).hello())) is BadAnswer
