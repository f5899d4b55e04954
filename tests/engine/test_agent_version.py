"""A command with the lock replaces an older agent; a newer one is kept; a foreign one is refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from decnet.catalog import load
from decnet.engine.agent_version import replace_agents
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.observe import observe
from decnet.engine.options import PassOptions
from decnet.engine.progress import Event, Message
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerError
from decnet.images import wanted
from decnet.model.actual import NotSeen, Seen
from decnet.model.fleet import Fleet
from decnet.model.record import WorkerRecords
from decnet.model.worker import Worker
from decnet.store.paths import Home
from decnet.wire import AGENT_VERSION, PROTOCOL

WORKER = Worker(name="w1", worker_id="w", host="192.0.2.1", user="root")
JOURNAL = {"journal_id": "j", "first_seq": 1, "last_seq": 0, "verdict": "ok", "records": [], "more": False}
STRANGE = "f" * 64


class Machine:
    """A worker whose agent can be replaced: `clear` says whether its status is understood, `takes` whether it
    takes another agent."""

    def __init__(
        self, agent: str, version: int, *, clear: bool = True, takes: bool = True, docker: str = "up"
    ) -> None:
        self.worker, self.noise, self.protocol = "w1", 0, PROTOCOL
        self.agent, self.version, self.clear, self.takes = agent, version, clear, takes
        self.docker = docker
        self.asked: list[str] = []

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        self.asked.append(verb)
        if verb == "upgrade":
            if not self.takes:
                raise WorkerError("the new agent does not answer", worker="w1")
            content = base64.b64decode(args["bytes"])
            assert hashlib.sha256(content).hexdigest() == args["sha256"]
            self.agent, self.version, self.clear = args["sha256"], AGENT_VERSION, True
        hello = {
            "protocol": PROTOCOL, "agent": self.agent, "version": self.version, "worker_id": "w",
            "fleet_id": "f", "engine_id": "e", "boot_id": "b", "clock": 1.5,
        }  # fmt: skip
        if verb != "status":
            return hello
        return {
            "hello": hello, "docker": self.docker, "projects": {}, "containers": [],
            "jobs": [], "journal": JOURNAL,
        } if self.clear else {"other": "shape"}  # fmt: skip

    async def close(self) -> None:
        """Nothing is open."""


Pass = Callable[..., tuple[Seen | NotSeen, list[str]]]


@pytest.fixture
def one_pass(tmp_path: Path) -> Pass:
    """A pass over one machine: the resulting snapshot, and the messages."""

    def run(
        machine: Machine, *, may_replace_agents: bool, rounds: int = 1
    ) -> tuple[Seen | NotSeen, list[str]]:
        events: list[Event] = []
        home = Home(tmp_path)
        ctx = Context(home=home, catalog=load(), emit=events.append)
        fleet, records = Fleet(fleet_id="f"), {"w1": WorkerRecords(worker_id="w")}
        snap = Snapshot(fleet, fleet, {"w1": WORKER}, wanted(), ctx.catalog, records)
        options = PassOptions(check=not may_replace_agents)

        async def pull() -> Seen | NotSeen:
            async with Connections(home, "f", lambda worker: machine) as connections:
                for _ in range(rounds):
                    found = await observe(ctx, connections, snap, may_replace_agents=may_replace_agents)
                    found = await replace_agents(ctx, connections, found, options)
                return found.observed["w1"]

        seen = asyncio.run(pull())
        return seen, [f"{event.level}: {event.text}" for event in events if isinstance(event, Message)]

    return run


def ours(tmp_path: Path) -> str:
    return Connections(Home(tmp_path), "f").bundled_agent.sha256


@pytest.mark.parametrize("clear", [True, False])
def test_an_older_agent_gives_way_also_where_it_is_not_understood(
    one_pass: Pass, tmp_path: Path, clear: bool
) -> None:
    machine = Machine(STRANGE, AGENT_VERSION - 1, clear=clear)
    seen, messages = one_pass(machine, may_replace_agents=True)
    assert isinstance(seen, Seen) and seen.agent_compatibility == "current"
    assert machine.agent == ours(tmp_path)
    assert len(messages) == 1 and messages[0].startswith(
        f"note: agent ffffffffffff (version {AGENT_VERSION - 1}) is replaced by "
    )
    assert "is replaced by" in Home(tmp_path).audit.read_text()


def test_another_build_that_was_put_there_from_here_gives_way(one_pass: Pass, tmp_path: Path) -> None:
    earlier = hashlib.sha256(b"earlier").hexdigest()
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / f"{earlier}.pyz").write_bytes(b"earlier")
    machine = Machine(earlier, AGENT_VERSION)
    one_pass(machine, may_replace_agents=True)
    assert machine.agent == ours(tmp_path)


def test_who_only_reads_leaves_an_older_agent_and_knows_it(one_pass: Pass) -> None:
    machine = Machine(STRANGE, 0)
    seen, messages = one_pass(machine, may_replace_agents=False)
    assert isinstance(seen, Seen) and (seen.agent_compatibility, machine.asked, messages) == (
        "older",
        ["status"],
        [],
    )


def test_a_newer_agent_is_kept_and_reported_once(one_pass: Pass) -> None:
    machine = Machine(STRANGE, AGENT_VERSION + 1)
    seen, messages = one_pass(machine, may_replace_agents=True, rounds=3)
    assert isinstance(seen, Seen) and (seen.agent_compatibility, machine.agent) == ("newer", STRANGE)
    assert messages == [
        f"note: its agent is newer: version {AGENT_VERSION + 1}, this decnet has {AGENT_VERSION}; "
        "it is left as it is"
    ]


def test_a_newer_agent_that_is_not_understood_asks_for_a_newer_decnet(one_pass: Pass) -> None:
    seen, _ = one_pass(Machine(STRANGE, AGENT_VERSION + 1, clear=False), may_replace_agents=True)
    assert (
        isinstance(seen, NotSeen)
        and seen.failure.hint == f"its agent has version {AGENT_VERSION + 1}: upgrade decnet here"
    )


def test_an_older_agent_that_cannot_be_replaced_continues(one_pass: Pass) -> None:
    seen, messages = one_pass(Machine(STRANGE, 0, takes=False), may_replace_agents=True, rounds=2)
    assert isinstance(seen, Seen) and seen.agent_compatibility == "older"
    words = "could not be replaced and stays in use: the new agent does not answer"
    assert messages == [f"warning: agent ffffffffffff (version 0) {words}"]


@pytest.mark.parametrize("may_replace_agents", [True, False])
def test_a_foreign_agent_is_refused_and_not_replaced(one_pass: Pass, may_replace_agents: bool) -> None:
    machine = Machine(STRANGE, AGENT_VERSION)
    seen, _ = one_pass(machine, may_replace_agents=may_replace_agents)
    assert isinstance(seen, NotSeen)
    assert (seen.state, seen.failure.exit_code, machine.asked) == ("refused", 6, ["status"])
