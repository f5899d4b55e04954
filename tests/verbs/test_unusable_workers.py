"""A worker that cannot run deckies stops only what needs it, and a refused deploy enrols nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from fakefleet import FakeFleet, in_memory
from fakefleet.machine import FakeWorker

from decnet.errors import SpecError
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home

from .conftest import FOUR

BESIDE = FOUR.replace("count = 4", 'count = 1\nworker = "local"')


def without_a_route(machine: FakeWorker) -> None:
    machine.has_route = False


def on_wireless(machine: FakeWorker) -> None:
    machine.is_wireless = True


@pytest.fixture
def mixed() -> Iterator[FakeFleet]:
    """This machine and a worker, enrolled; the LAN of this machine is not suitable."""
    yield from _made("local", "w1")


@pytest.fixture
def newcomer() -> Iterator[FakeFleet]:
    """A machine on which decnet was never used."""
    for fleet in _made("local"):
        shutil.rmtree(fleet.home.root)
        open_home(fleet.home)
        (fleet["local"].home / "identity.json").unlink()
        yield fleet


def _made(*names: str) -> Iterator[FakeFleet]:
    fleet = FakeFleet(in_memory(), names)
    yield fleet
    fleet.close()
    shutil.rmtree(fleet.folder)


@pytest.mark.parametrize("spoil", [without_a_route, on_wireless])
def test_a_deploy_that_is_refused_enrols_nothing(
    newcomer: FakeFleet, spoil: Callable[[FakeWorker], None]
) -> None:
    spoil(newcomer["local"])
    ran = newcomer.deploy(FOUR)
    assert isinstance(ran.error, SpecError) and ran.code == 2
    assert FleetTable(newcomer.home).workers() == {}
    assert not (newcomer["local"].home / "identity.json").exists()


def test_a_deploy_that_would_remove_too_much_enrols_nothing(mixed: FakeFleet) -> None:
    """It names this machine, and drops the four deckies that run elsewhere."""
    assert mixed.deploy(FOUR, on="w1").code == 0
    FleetTable(mixed.home).remove_worker("local")
    (mixed["local"].home / "identity.json").unlink()
    ran = mixed.deploy(BESIDE.replace("[decky.web]", "[decky.other]"))
    assert (ran.code, ran.error is not None and ran.error.code) == (1, "mass-removal")
    assert set(FleetTable(mixed.home).workers()) == {"w1"}
    assert not (mixed["local"].home / "identity.json").exists()


@pytest.mark.parametrize("spoil", [without_a_route, on_wireless])
def test_a_worker_without_a_suitable_lan_stops_nothing_that_does_not_need_it(
    mixed: FakeFleet, spoil: Callable[[FakeWorker], None]
) -> None:
    spoil(mixed["local"])
    ran = mixed.deploy(FOUR)
    assert (ran.code, len(mixed.desired.on("w1")), len(mixed["w1"].containers)) == (0, 4, 8)
    warnings = [text for text in ran.messages if "local: " in text]
    assert len(warnings) == 1 and "decnet worker remove local" in warnings[0]


def test_a_deploy_that_needs_that_worker_names_the_way_out(mixed: FakeFleet) -> None:
    without_a_route(mixed["local"])
    ran = mixed.deploy(BESIDE)
    assert (ran.code, str(ran.error)) == (2, "local: it has no default route, so its LAN is unknown")
    assert ran.error is not None and "decnet worker remove local" in str(ran.error.hint)


def test_a_fleet_whose_only_worker_has_no_lan_is_left_by_removing_it(mixed: FakeFleet) -> None:
    without_a_route(mixed["local"])
    without_a_route(mixed["w1"])
    refused = mixed.deploy(FOUR)
    assert refused.code == 2 and "decnet worker remove local" in str(refused.error and refused.error.hint)
    assert mixed.remove("local").code == 0
    assert set(FleetTable(mixed.home).workers()) == {"w1"}


def test_a_machine_that_was_never_added_is_not_to_be_removed(newcomer: FakeFleet) -> None:
    without_a_route(newcomer["local"])
    error = newcomer.deploy(FOUR).error
    assert error is not None and str(error.hint).startswith("decnet worker add NAME USER@HOST ")
    assert "worker remove" not in str(error.hint) and "--interface" in str(error.hint)
