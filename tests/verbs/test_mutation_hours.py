"""`mutate_hours` and `time_zone` of the fleet file: kept, changed, and what they hold back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fakefleet import FakeFleet, Ran, in_memory

from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.show import show
from decnet.engine.options import PassOptions

HOUR = 3600.0
NETWORK = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }
"""
DECKIES = """
[decky.web]
count = 9
archetype = "linux-server"
mutate_interval = 240
"""
PLAIN = f"{NETWORK}{DECKIES}"
TOKYO = f'mutate_hours = "Mon-Fri 10:00-12:00"\ntime_zone = "Asia/Tokyo"\n{PLAIN}'


@pytest.fixture
def fleet() -> Iterator[FakeFleet]:
    """Its clock begins on a Tuesday, 22:13 in UTC."""
    fleet = FakeFleet(in_memory())
    yield fleet
    fleet.close()
    shutil.rmtree(fleet.folder)


def mutated(fleet: FakeFleet, *names: str, **options: object) -> Ran:
    run = PassOptions()
    return fleet.run(lambda ctx: mutate(ctx, MutateOptions(names, run=run, **options)))  # type: ignore[arg-type]


def stored(fleet: FakeFleet) -> dict[str, object]:
    state = json.loads(fleet.home.state.read_text())
    return {key: state[key] for key in ("mutate_hours", "time_zone") if key in state}


def test_hours_are_stored_only_where_a_fleet_has_them_and_change_no_decky(fleet: FakeFleet) -> None:
    assert fleet.deploy(PLAIN).code == 0
    assert stored(fleet) == {}
    ran = fleet.deploy(TOKYO)
    assert stored(fleet) == {"mutate_hours": "Mon-Fri 10:00-12:00", "time_zone": "Asia/Tokyo"}
    assert (ran.code, ran.outcome.plan.docker_steps) == (0, ())
    assert "the hours of mutations change, and no decky" in ran.messages
    assert "the hours of mutations change, and no decky" not in fleet.deploy(TOKYO).messages
    fleet.deploy(PLAIN)
    assert stored(fleet) == {}


def test_what_is_due_waits_for_the_hours_of_the_fleets_zone_and_changes_one_by_one(fleet: FakeFleet) -> None:
    fleet.deploy(TOKYO)
    at = []
    for _ in range(24 * 12):
        fleet.clock.advance(HOUR / 12)
        steps = mutated(fleet, due=True).outcome.plan.docker_steps
        assert len({step.decky for step in steps}) <= 1
        at += [datetime.fromtimestamp(fleet.clock.now(), UTC)] if steps else []
    # 10:00 in Tokyo is 01:00 in UTC.
    assert len(at) >= 5
    assert {moment.hour for moment in at} <= {1, 2}


def test_what_is_named_and_all_change_at_once_at_any_hour(fleet: FakeFleet) -> None:
    fleet.deploy(TOKYO)
    assert mutated(fleet, "web-01").outcome.plan.docker_steps
    changed = {step.decky for step in mutated(fleet, everything=True).outcome.plan.docker_steps}
    assert len(changed) == 9


def test_show_has_the_next_mutation_within_the_hours(fleet: FakeFleet) -> None:
    fleet.deploy(TOKYO.replace("mutate_interval = 240", "mutate_interval = 60"))
    shown = fleet.run(lambda ctx: show(ctx, "web-01")).outcome
    assert "next mutation from 2023-11-15 01:00:00" in "\n".join(shown.lines)


def test_a_deploy_of_a_withheld_kind_warns_once_and_goes_on(fleet: FakeFleet) -> None:
    text = f'{NETWORK}[decky.old]\nos = "bsd"\nservices = ["ssh"]\n'
    ran = fleet.deploy(text)
    assert ran.code == 0
    warned = [each for each in ran.messages if "an expert recognizes" in each]
    reason = "its shell and its files are those of Linux"
    assert warned == [f"old: an expert recognizes os bsd as a decoy: {reason}"]
    assert not [each for each in fleet.deploy(text).messages if "an expert recognizes" in each]
