"""`[events.*]` of a fleet file concerns the operator's machine: nothing is planned or restarted for it."""

from __future__ import annotations

from typing import Any

from fakefleet import FakeFleet

from decnet.commands.events import pull, stored
from decnet.model.event import AttackerEvent
from decnet.model.event_settings import EventSettings, Retention
from decnet.plan.event_filter import EventFilter
from decnet.store.events import append_events
from decnet.store.retention import DAY, stored_sizes

from .conftest import FOUR
from .test_following import Page, visit

KEPT = '\n[events.retention]\ndays = 30\nsize = "1 GiB"\n'
SETTINGS = EventSettings(retention=Retention(days=30, size=1 << 30))


def test_settings_of_events_change_no_decky_plan_or_container(fleet: FakeFleet) -> None:
    before = state(fleet)
    ran = fleet.deploy(FOUR + KEPT)
    assert (ran.code, ran.outcome.plan.is_empty, ran.outcome.plan.edits) == (0, True, {})
    assert state(fleet) == before
    assert fleet.desired.events == SETTINGS
    assert "the settings of events change, which alone changes no decky" in str(ran.messages)
    again = fleet.deploy(FOUR + KEPT)
    assert (again.code, again.messages) == (0, [])


def test_a_file_without_settings_has_the_default_ones(fleet: FakeFleet) -> None:
    fleet.deploy(FOUR + KEPT)
    assert fleet.deploy(FOUR).code == 0
    assert fleet.desired.events == EventSettings()


def test_a_pull_deletes_what_is_kept_no_longer_and_reports_it(fleet: FakeFleet) -> None:
    fleet.deploy(FOUR + KEPT)
    old = tuple(
        AttackerEvent(
            id=f"old-{seq}", seq=seq, at=fleet.clock.now() - 40 * DAY, decky="web-01", service="http",
            kind="contact", source_ip="192.0.2.250", source_port=1, session="s", fields={},
        )
        for seq in (1, 2)
    )  # fmt: skip
    append_events(fleet.home, "id-w1", Page(old))
    visit(fleet, "w1", "web-01", 1)
    first, second = (fleet.run(lambda ctx: pull(ctx)) for _ in range(2))
    reported = [text for text in first.messages if "retention" in text]
    assert len(reported) == 1
    assert reported[0].startswith("w1: retention: 2 stored events up to ")
    assert [each for each in second.messages if "retention" in each] == []
    assert [event.source_port for _, event in stored(fleet.context(), EventFilter())] == [4711]
    (kept,) = [each for each in stored_sizes(fleet.home) if each.dropped.events]
    assert kept.dropped.events == 2


def state(fleet: FakeFleet) -> dict[str, Any]:
    """Deckies, records, containers and generations; without the audit log."""
    return {name: each for name, each in fleet.picture().items() if name != "audit"}
