"""`events --pull` on a fake fleet whose workers have lost something."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar

import pytest
from fakefleet import FakeFleet
from fakefleet.session import FakeSession

from decnet.commands.events import Pulled, pull, stored
from decnet.commands.worker import check
from decnet.errors import DockerDown
from decnet.plan.event_filter import EventFilter
from decnet.store.events import event_cursor
from decnet.wire import SCANS_VERSION

from .test_following import visit

REPLACED = "w1: its event spool was replaced: events that were not pulled are lost"


def pulled(fleet: FakeFleet) -> tuple[Pulled, list[str]]:
    ran = fleet.run(lambda ctx: pull(ctx, "w1"))
    assert isinstance(ran.outcome, Pulled)
    return ran.outcome, ran.messages


def epoch(fleet: FakeFleet) -> int:
    cursor = event_cursor(fleet.home, "id-w1")
    assert cursor is not None
    return cursor.epoch


LOSSES: dict[str, Callable[[FakeFleet], object]] = {
    "its folder": lambda fleet: shutil.rmtree(fleet["w1"].home / "events"),
    "its head": lambda fleet: (fleet["w1"].home / "events" / "spool.json").unlink(),
    "a damaged head": lambda fleet: (fleet["w1"].home / "events" / "spool.json").write_text("{"),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("is_up", [True, False])
def test_a_lost_spool_of_a_quiet_worker_is_one_new_epoch(fleet: FakeFleet, loss: str, is_up: bool) -> None:
    visit(fleet, "w1", "web-01", 1, 2)
    assert pulled(fleet)[0].count == 2
    LOSSES[loss](fleet)
    fleet["w1"].engine.is_up = is_up
    messages = [pulled(fleet)[1] for _ in range(4)]
    fleet["w1"].engine.is_up = True
    messages += [pulled(fleet)[1] for _ in range(2)]
    assert messages == [[REPLACED], [], [], [], [], []]
    assert epoch(fleet) == 1
    assert len(list(stored(fleet.context(), EventFilter()))) == 2


def test_a_pull_while_the_engine_is_down_gives_what_is_spooled_and_names_the_worker(fleet: FakeFleet) -> None:
    visit(fleet, "w1", "web-01", 1, 2)
    fleet["w1"].ask("events")
    visit(fleet, "w1", "web-01", 3)
    fleet["w1"].engine.is_up = False
    found, _ = pulled(fleet)
    assert found.count == 2
    error = found.errors["w1"]
    assert isinstance(error, DockerDown) and error.exit_code == 5
    assert error.message.startswith("its Docker engine does not answer") and error.worker == "w1"
    fleet["w1"].engine.is_up = True
    found, _ = pulled(fleet)
    assert (found.count, found.errors) == (1, {})


class OlderSession(FakeSession):
    """The agent of a version that knows nothing of scans."""

    sent: ClassVar[list[dict[str, Any]]] = []

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        answer = await super().call(verb, args, limit=limit, stream=stream)
        if verb == "events":
            self.sent.append(args)
        return answer | {"version": SCANS_VERSION - 1} if verb == "hello" else answer


def remembered(fleet: FakeFleet, worker: str) -> list[str]:
    """The addresses whose packets are not scans for that worker's agent."""
    head = json.loads((fleet[worker].home / "events" / "spool.json").read_text())
    return list(head["scans"]["workers"])


def test_every_agent_learns_the_addresses_of_all_workers(fleet: FakeFleet) -> None:
    assert fleet.run(lambda ctx: pull(ctx)).error is None
    addresses = sorted(fleet[name].address for name in ("w1", "w2"))
    assert [remembered(fleet, name) for name in ("w1", "w2")] == [addresses, addresses]


def test_an_older_agent_is_pulled_without_the_addresses(fleet: FakeFleet) -> None:
    visit(fleet, "w1", "web-01", 1, 2)
    OlderSession.sent.clear()
    ctx = fleet.context(sessions=lambda worker: OlderSession(fleet[worker.name], worker.name))
    found = asyncio.run(pull(ctx, "w1"))
    assert (found.count, found.errors) == (2, {})
    assert [set(args) for args in OlderSession.sent] == [{"after", "limit", "spool_id", "expect"}]


def test_a_worker_that_cannot_record_scans_is_reported_until_it_can(fleet: FakeFleet) -> None:
    def reported() -> list[str]:
        pulled(fleet)
        findings = fleet.run(lambda ctx: check(ctx, None)).outcome
        return [row[0] for row in findings.rows if "scans are not recorded: web-0" in row[2]]

    assert reported() == []
    fleet["w1"].has_nft = False
    assert reported() == ["w1"]
    fleet["w1"].has_nft = True
    assert reported() == []
