"""`deploy` by flags: a decky is identified by its name, and flags only add."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fakefleet import FakeFleet, Ran

from decnet.commands.deploy import DeployOptions, deploy
from decnet.commands.fleet_flags import FleetFlags, NetworkFlags, spec_from_flags, with_network
from decnet.engine.options import PassOptions
from decnet.errors import SpecError
from decnet.model.fleet import Decky

FLAGS = FleetFlags(name="db", services=("ssh", "ftp"))
RANGE = "192.0.2.150"


def flagged(
    fleet: FakeFleet,
    count: int = 1,
    *,
    whole: bool = False,
    network: NetworkFlags | None = None,
    reset: bool = False,
    start: str | None = RANGE,
    on: str | None = None,
    run: PassOptions | None = None,
    **flags: Any,
) -> Ran:
    """`decnet deploy -n COUNT --name db -s ssh,ftp`; `whole` is --replace."""
    given = replace(FLAGS, count=count, **flags)
    spec = with_network(spec_from_flags(given), network or NetworkFlags())
    series = None if whole else given.name
    options = DeployOptions(not whole, series, reset, ip_start=start, on=on, run=run or PassOptions())
    return fleet.run(lambda ctx: deploy(ctx, spec, options))


def added(fleet: FakeFleet) -> dict[str, Decky]:
    return {name: each for name, each in fleet.desired.deckies.items() if not name.startswith("web-")}


def created(ran: Ran) -> list[str]:
    return sorted(f"{step.bucket} {step.decky}" for step in ran.outcome.plan.steps)


def test_the_same_flags_twice_are_an_empty_plan(fleet: FakeFleet) -> None:
    assert created(flagged(fleet, 3)) == ["create db-01", "create db-02", "create db-03"]
    before = fleet.picture(), fleet.desired
    again = flagged(fleet, 3)
    assert (again.code, created(again), again.messages) == (0, [], [])
    assert (fleet.picture(), fleet.desired) == before
    reordered = flagged(fleet, 3, services=("ftp", "ssh"))
    assert (reordered.code, created(reordered)) == (0, [])


def test_more_of_a_name_are_added_to_those_that_exist(fleet: FakeFleet) -> None:
    flagged(fleet, 3)
    before = added(fleet)
    assert created(flagged(fleet, 5)) == ["create db-04", "create db-05"]
    assert {name: added(fleet)[name] for name in before} == before
    assert len(fleet.desired.deckies) == 9 and fleet.is_converged()


def test_fewer_of_a_name_remove_none_and_name_those_that_stay(fleet: FakeFleet) -> None:
    flagged(fleet, 5)
    fewer = flagged(fleet, 2)
    assert (fewer.code, created(fewer), len(added(fleet))) == (0, [], 5)
    (note,) = fewer.messages
    assert note.startswith("db-03, db-04, db-05 stay: flags only add deckies. With --replace")


def test_the_first_of_a_name_counts_with_and_without_its_number(fleet: FakeFleet) -> None:
    flagged(fleet, 1)
    assert created(flagged(fleet, 3)) == ["create db-02", "create db-03"]
    one = flagged(fleet, 1)
    assert (created(one), list(added(fleet))) == ([], ["db", "db-02", "db-03"])
    assert one.messages[0].startswith("db-02, db-03 stay")


def test_one_of_a_name_after_several_adds_none(fleet: FakeFleet) -> None:
    flagged(fleet, 2)
    one = flagged(fleet, 1)
    assert (created(one), list(added(fleet))) == ([], ["db-01", "db-02"])
    assert one.messages[0].startswith("db-02 stays")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"services": ("http",)}, "db-01: it already exists, and its services are ftp ssh (requested: http)"),
        ({"os": "windows"}, "its OS is linux (requested: windows)"),
        ({"worker": "w2"}, "its worker is w1 (requested: w2)"),
        ({"mutate_interval": 5}, "its mutate interval is not set (requested: 5)"),
        ({"randomize_services": True, "services": ()}, "db-01: it already exists"),
        ({"archetype": "linux-server"}, "its archetype is not set (requested: linux-server)"),
    ],
)
def test_a_name_that_exists_with_other_content_is_refused(
    fleet: FakeFleet, other: dict[str, Any], words: str
) -> None:
    flagged(fleet, 2, worker="w1")
    before = fleet.picture(), fleet.desired
    for options in (PassOptions(), PassOptions(dry_run=True)):
        ran = flagged(fleet, 2, run=options, **other)
        assert isinstance(ran.error, SpecError) and ran.code == 2
        assert words in str(ran.error) and "--name" in str(ran.error.hint)
    assert (fleet.picture(), fleet.desired) == before


def test_a_name_of_a_fleet_file_with_other_content_is_refused(fleet: FakeFleet) -> None:
    ran = flagged(fleet, 2, name="web")
    assert (ran.code, "its services are http (requested: ftp ssh)" in str(ran.error)) == (2, True)
    assert created(flagged(fleet, 4, name="web", services=("http",))) == []


def test_what_a_flag_omits_stays_as_it_is(fleet: FakeFleet) -> None:
    flagged(fleet, 2, mutate_interval=30, worker="w2")
    flagged(fleet, 3)
    assert [each.mutate_interval for each in added(fleet).values()] == [30, 30, None]
    assert {each.worker for each in list(added(fleet).values())[:2]} == {"w2"}


def test_services_chosen_at_random_stay_and_new_deckies_get_their_own(fleet: FakeFleet) -> None:
    random = {"randomize_services": True, "services": ()}
    flagged(fleet, 2, **random)
    before = added(fleet)
    assert created(flagged(fleet, 4, **random)) == ["create db-03", "create db-04"]
    assert {name: added(fleet)[name] for name in before} == before


def test_a_mutated_decky_stays_unless_a_reset_is_requested(fleet: FakeFleet) -> None:
    flagged(fleet, 2)
    fleet.mutate("db-01", "web-01", services=["telnet"])
    assert created(flagged(fleet, 2)) == []
    assert created(flagged(fleet, 2, reset=True)) == ["change db-01"]
    assert list(fleet.desired.deckies["web-01"].services) == ["telnet"]


def test_replace_declares_the_whole_fleet(fleet: FakeFleet) -> None:
    flagged(fleet, 3)
    removed = flagged(fleet, 2, whole=True, run=PassOptions(max_remove=5))
    assert (removed.code, list(fleet.desired.deckies)) == (0, ["db-01", "db-02"])


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_of_a_mass_removal_has_the_exit_code_of_the_run(fleet: FakeFleet, dry_run: bool) -> None:
    before = fleet.picture(), fleet.desired
    ran = flagged(fleet, 2, whole=True, run=PassOptions(dry_run=dry_run))
    error = ran.outcome.refusal if dry_run else ran.error
    assert (ran.code, error.code, error.hint) == (1, "mass-removal", "if this is intended: --max-remove 4")
    if dry_run:
        assert len(ran.outcome.plan.steps) == 6, "the plan is shown all the same"
    assert (fleet.picture(), fleet.desired) == before


def test_a_dry_run_of_a_removal_that_was_requested_is_fine(fleet: FakeFleet) -> None:
    assert fleet.teardown(dry_run=True).code == 0
    assert flagged(fleet, 2, whole=True, run=PassOptions(dry_run=True, max_remove=4)).code == 0


def test_flags_do_not_change_the_lan_of_deckies_that_exist(fleet: FakeFleet) -> None:
    before = fleet.picture(), fleet.desired
    for network, words in (
        (NetworkFlags(driver="ipvlan"), "the driver of its deckies is macvlan, not ipvlan"),
        (NetworkFlags(interface="eth7"), "the interface of its deckies is "),
    ):
        ran = flagged(fleet, 1, network=network)
        assert (ran.code, words in str(ran.error)) == (2, True)
    assert (fleet.picture(), fleet.desired) == before


def test_flags_without_a_driver_keep_that_of_the_lan(empty: FakeFleet) -> None:
    flagged(empty, 2, network=NetworkFlags(driver="ipvlan"))
    assert created(flagged(empty, 3)) == ["create db-03"]
    assert {lan.driver for lan in empty.desired.lans.values()} == {"ipvlan"}


def test_the_lan_of_another_worker_stays_as_it_is(empty: FakeFleet) -> None:
    flagged(empty, 2, worker="w1", network=NetworkFlags(driver="ipvlan"))
    more = flagged(empty, 1, name="mail", worker="w2", network=NetworkFlags(driver="macvlan"))
    assert (more.code, created(more)) == (0, ["create mail"])
    assert {name: lan.driver for name, lan in empty.desired.lans.items()} == {"w1": "ipvlan", "w2": "macvlan"}


def test_a_hundredth_decky_continues_the_series(empty: FakeFleet) -> None:
    start = "192.0.2.20"
    dry = PassOptions(dry_run=True)
    flagged(empty, 99, start=start)
    assert created(flagged(empty, 100, start=start, run=dry)) == ["create db-100"]
    assert created(flagged(empty, 99, start=start, run=dry)) == []
