"""`events --pull` on a fake fleet whose workers have lost something."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from fakefleet import FakeFleet

from decnet.commands.events import Pulled, pull, stored
from decnet.errors import DockerDown
from decnet.plan.event_filter import EventFilter
from decnet.store.events import event_cursor

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
