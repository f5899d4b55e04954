"""What `mutate` changes, in a fleet in memory: one side service, a few deckies at once, and never unsaid."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from fakefleet import FakeFleet, Ran, in_memory

from decnet.commands.mutate import MutateOptions, mutate
from decnet.engine.options import PassOptions
from decnet.store.desired import save_fleet

HOUR = 3600.0
OFFICE = """
mutate_interval = 60
mutate_hours = "always"
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }
[decky.web]
count = 9
archetype = "web-server"
[decky.mail]
archetype = "mail-server"
[decky.still]
services = ["ssh"]
side = []
"""


@pytest.fixture
def office() -> Iterator[FakeFleet]:
    """Eleven deckies, one of which may never change."""
    fleet = FakeFleet(in_memory())
    assert fleet.deploy(OFFICE).code == 0
    yield fleet
    fleet.close()
    shutil.rmtree(fleet.folder)


def mutated(fleet: FakeFleet, *names: str, **options: Any) -> Ran:
    run = PassOptions(max_remove=options.pop("max_remove", None))
    return fleet.run(lambda ctx: mutate(ctx, MutateOptions(names, run=run, **options)))


def services(fleet: FakeFleet) -> dict[str, frozenset[str]]:
    return {name: frozenset(decky.services) for name, decky in fleet.desired.deckies.items()}


def containers(fleet: FakeFleet) -> dict[str, str]:
    return {
        each["Name"]: each["Id"]
        for machine in fleet.workers.values()
        for each in machine.engine.containers.values()
    }


def changed(fleet: FakeFleet, ran_before: dict[str, frozenset[str]]) -> set[str]:
    return {name for name, now in services(fleet).items() if now != ran_before[name]}


def test_a_mutation_by_chance_touches_the_container_of_one_service_and_takes_no_core(
    office: FakeFleet,
) -> None:
    for seed in range(6):
        before, there = services(office)["mail"], containers(office)
        assert mutated(office, "mail", seed=seed).code == 0
        (service,) = before ^ services(office)["mail"]
        assert {name for name, _ in set(there.items()) ^ set(containers(office).items())} == {
            f"mail-{service}"
        }
        assert "smtp" in services(office)["mail"]
    assert office.is_converged()


def test_services_named_by_the_operator_may_remove_the_core_which_is_reported(office: FakeFleet) -> None:
    ran = mutated(office, "mail", "web-01", services=("ssh",))
    assert (ran.code, services(office)["mail"], services(office)["web-01"]) == (0, {"ssh"}, {"ssh"})
    assert [line for line in ran.messages if "core" in line] == [
        "mail: this removes core services (smtp); the next random mutation restores them",
        "web-01: this removes core services (http); the next random mutation restores them",
    ]
    again = mutated(office, "mail", "web-01", seed=1)
    assert (services(office)["mail"], services(office)["web-01"]) == ({"smtp", "ssh"}, {"http", "ssh"})
    assert not [line for line in again.messages if "core" in line]


def test_undo_says_what_it_takes_too(office: FakeFleet) -> None:
    mutated(office, "mail", services=("ssh",))
    mutated(office, "mail", seed=1)
    ran = mutated(office, "mail", undo=True)
    assert (services(office)["mail"], [s for s in ran.messages if "core services (smtp)" in s] != []) == (
        {"ssh"},
        True,
    )


def test_a_decky_that_may_not_change_is_refused_by_name_and_named_among_others(office: FakeFleet) -> None:
    before = services(office)
    alone = mutated(office, "still")
    assert alone.error is not None
    assert (alone.code, alone.error.message) == (
        2,
        "still: no side service to add or remove",
    )
    assert "--services" in str(alone.error.hint)
    ran = mutated(office, everything=True)
    assert (ran.code, changed(office, before)) == (0, set(before) - {"still"})
    assert "still: no side service to add or remove" in ran.messages


def test_what_is_due_after_a_long_pause_changes_two_by_two(office: FakeFleet) -> None:
    office.clock.advance(30 * 24 * HOUR)
    seen: set[str] = set()
    for _ in range(24):
        before = services(office)
        assert mutated(office, due=True).code == 0
        now = changed(office, before)
        assert len(now) <= 2
        seen |= now
        office.clock.advance(HOUR / 12)
    assert seen == set(services(office)) - {"still"}


def test_a_run_just_after_another_changes_nothing(office: FakeFleet) -> None:
    office.clock.advance(2 * HOUR)
    mutated(office, due=True)
    before, files = services(office), office.home.state.stat().st_mtime_ns
    ran = mutated(office, due=True)
    assert (ran.code, services(office), office.home.state.stat().st_mtime_ns) == (0, before, files)


def test_a_mutation_under_a_clock_far_ahead_puts_nothing_off(office: FakeFleet) -> None:
    office.clock.advance(30 * 24 * HOUR)
    mutated(office, everything=True)
    office.clock.advance(HOUR / 4 - 30 * 24 * HOUR)
    before = services(office)
    assert mutated(office, due=True).code == 0
    assert 1 <= len(changed(office, before)) <= 2


def test_a_mutation_removes_what_is_no_longer_desired_only_as_far_as_it_is_allowed(office: FakeFleet) -> None:
    few = {name: office.desired.deckies[name] for name in ("mail", "web-01")}
    save_fleet(office.home, office.desired.with_deckies(few))
    ran = mutated(office, "mail", seed=1)
    assert (ran.code, ran.error is not None and ran.error.hint) == (1, "if this is intended: --max-remove 9")
    assert mutated(office, "mail", seed=1, max_remove=9).code == 0
    assert {name for name in containers(office) if name.count("-") == 0} == {"mail"}
