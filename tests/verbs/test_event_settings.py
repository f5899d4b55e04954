"""`[events.*]` of a fleet file concerns the operator's machine: nothing is planned or restarted for it."""

from __future__ import annotations

from typing import Any

from fakefleet import FakeFleet

from decnet.model.event_settings import EventSettings, Retention

from .conftest import FOUR

KEPT = '\n[events.retention]\ndays = 30\nsize = "1 GiB"\n'
SETTINGS = EventSettings(retention=Retention(days=30, size=1 << 30))


def test_settings_of_events_change_no_decky_plan_or_container(fleet: FakeFleet) -> None:
    before = state(fleet)
    ran = fleet.deploy(FOUR + KEPT)
    assert (ran.code, ran.outcome.plan.is_empty, ran.outcome.plan.edits) == (0, True, {})
    assert state(fleet) == before
    assert fleet.desired.events == SETTINGS
    assert "the settings of events change, and no decky" in str(ran.messages)
    again = fleet.deploy(FOUR + KEPT)
    assert (again.code, again.messages) == (0, [])


def test_a_file_without_settings_has_the_default_ones(fleet: FakeFleet) -> None:
    fleet.deploy(FOUR + KEPT)
    assert fleet.deploy(FOUR).code == 0
    assert fleet.desired.events == EventSettings()


def state(fleet: FakeFleet) -> dict[str, Any]:
    """Deckies, records, containers and generations; without the audit log."""
    return {name: each for name, each in fleet.picture().items() if name != "audit"}
