"""A dark worker keeps what it may hold: whatever is desired meanwhile, and whether or not it is removed by
force, no address and no MAC is on the LAN twice when it comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from fakefleet import FakeFleet
from fakefleet.machine import FakeWorker

from decnet.commands.status import status
from decnet.commands.worker import rename
from decnet.model.fleet import Attachment
from decnet.store.desired import save_fleet
from decnet.store.fleet_table import FleetTable

RANGE = 'addresses = { use = ["192.0.2.100-192.0.2.130"] }'
HQ = ("192.0.2.105", "00:50:56:aa:00:05")
OTHER = ("192.0.2.106", "00:50:56:aa:00:06")


def decky(name: str, worker: str, at: tuple[str, str]) -> str:
    services = 'services = ["http"]'
    return f'[decky.{name}]\n{services}\nworker = "{worker}"\nip = "{at[0]}"\nmac = "{at[1]}"\n'


def file(*deckies: str) -> str:
    return f"[network]\n{RANGE}\n" + "".join(deckies)


KEPT = decky("kept", "w2", ("192.0.2.120", "00:50:56:aa:00:20"))


@pytest.fixture
def hq(empty: FakeFleet) -> FakeFleet:
    """hq on w1, kept on w2."""
    assert empty.deploy(file(decky("hq", "w1", HQ), KEPT)).code == 0
    return empty


def power_off(machine: FakeWorker) -> None:
    machine.is_reachable = False
    for container in machine.engine.containers.values():
        machine.engine.exit(container)


def power_on(machine: FakeWorker) -> None:
    """Docker starts again what ran, bases first."""
    machine.is_reachable = True
    containers = machine.engine.containers.values()
    for container in sorted(containers, key=lambda each: str(each["Mode"]) != "decnet_lan"):
        if container["State"] != "running":
            machine.engine.start(container)


def twice(fleet: FakeFleet) -> list[str]:
    """Addresses and MACs that more than one running container of the LAN has."""
    bases = [
        each
        for machine in fleet.workers.values()
        for each in machine.engine.containers.values()
        if each["Ip"] and each["State"] == "running"
    ]
    counted = Counter(text for each in bases for text in (each["Ip"], each["Mac"]))
    return sorted(text for text, count in counted.items() if count > 1)


def torn_down(fleet: FakeFleet) -> None:
    assert fleet.teardown("hq").code == 5


def dropped(fleet: FakeFleet) -> None:
    assert fleet.deploy(file(KEPT), max_remove=1).code == 5


def moved(fleet: FakeFleet) -> None:
    assert fleet.deploy(file(decky("hq", "w2", HQ), KEPT)).code == 4


def moved_to_another_address(fleet: FakeFleet) -> None:
    assert fleet.deploy(file(decky("hq", "w2", OTHER), KEPT)).code in (4, 5)


def named_otherwise(fleet: FakeFleet) -> None:
    assert fleet.deploy(file(decky("hq-2", "w2", HQ), KEPT), max_remove=1).code == 4


def named_otherwise_in_its_place(fleet: FakeFleet) -> None:
    fleet.deploy(file(decky("hq-2", "w1", HQ), KEPT), max_remove=1)


def given_another_address(fleet: FakeFleet, at: tuple[str, str] = OTHER) -> None:
    """In the state file, by hand: `deploy` asks the LAN about a new address, which takes the worker."""
    moved = (Attachment(address=at[0], mac=at[1]),)
    hq = fleet.desired.deckies["hq"].model_copy(update={"attachments": moved})
    save_fleet(fleet.home, fleet.desired.with_deckies({**fleet.desired.deckies, "hq": hq}))


def drained(fleet: FakeFleet) -> None:
    assert fleet.drain("w1", remove=True).code == 5


def all_torn_down(fleet: FakeFleet) -> None:
    assert fleet.teardown(max_remove=9).code == 5


def its_worker_renamed(fleet: FakeFleet) -> None:
    assert fleet.run(lambda ctx: rename(ctx, "w1", "old")).code == 0
    torn_down(fleet)


def left(fleet: FakeFleet) -> None:
    """Nothing is changed: hq stays desired."""


PATHS = [
    left,
    torn_down,
    dropped,
    moved,
    moved_to_another_address,
    named_otherwise,
    named_otherwise_in_its_place,
    given_another_address,
    drained,
    all_torn_down,
    its_worker_renamed,
]

CLAIMS = [
    pytest.param(decky("new", "w2", HQ), id="its address and MAC"),
    pytest.param(decky("new", "w2", (HQ[0], OTHER[1])), id="its address"),
    pytest.param(decky("new", "w2", ("192.0.2.110", HQ[1])), id="its MAC"),
]


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("removed", [False, True], ids=["dark", "removed"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.__name__))
def test_what_a_dark_worker_may_hold_is_not_claimed(
    hq: FakeFleet, path: Callable[[FakeFleet], None], removed: bool, claim: str
) -> None:
    power_off(hq["w1"])
    path(hq)
    if removed:
        assert hq.remove(enrolled(hq, "id-w1"), force=True).code == 0
    ran = hq.deploy(file(claim, KEPT), max_remove=9)
    assert ran.code != 0
    hq.reconcile(max_remove=9)
    power_on(hq["w1"])
    assert twice(hq) == []
    assert comes_to_rest(hq, removed) == []


def comes_to_rest(fleet: FakeFleet, removed: bool) -> list[str]:
    """What is on the LAN twice at any time after the worker has come back. The fleet converges, or the
    removed worker is reported by status and by every pass."""
    found = []
    for _ in range(3):
        ran = fleet.reconcile(max_remove=9)
        found += twice(fleet)
    shown = fleet.run(status)
    if removed:
        assert (ran.code, shown.code) == (4, 4)
        messages = [str(trouble) for trouble in ran.outcome.troubles]
        assert messages == [f"{name_of_removed(fleet)}: it was removed, and hq answers at {HQ[0]}"]
        remarks = [item["error"] for item in shown.outcome.workers.items]
        assert messages[0] in remarks
    else:
        assert (ran.code, shown.code) == (0, 0)
    return found


def enrolled(fleet: FakeFleet, worker_id: str) -> str:
    return next(n for n, each in FleetTable(fleet.home).workers().items() if each.worker_id == worker_id)


def name_of_removed(fleet: FakeFleet) -> str:
    return next(row.worker for row in FleetTable(fleet.home).quarantined() if row.decky == "hq")


@pytest.mark.parametrize("removed", [False, True], ids=["dark", "removed"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.__name__))
def test_what_a_dark_worker_may_hold_is_not_chosen(
    hq: FakeFleet, path: Callable[[FakeFleet], None], removed: bool
) -> None:
    power_off(hq["w1"])
    path(hq)
    if removed:
        assert hq.remove(enrolled(hq, "id-w1"), force=True).code == 0
    free = 'addresses = { use = ["192.0.2.105-192.0.2.107"] }'
    more = '[decky.new]\nservices = ["http"]\nworker = "w2"\n'
    ran = hq.deploy(f"[network]\n{free}\n{more}{KEPT}", add=True)
    assert ran.error is None and hq.desired.deckies["new"].ip not in held_by(hq)
    assert "new" in {end.decky for end in ran.outcome.outcomes if end.status == "succeeded"}
    power_on(hq["w1"])
    assert twice(hq) == []


def held_by(fleet: FakeFleet) -> set[str]:
    return {each["Ip"] for each in fleet["w1"].engine.containers.values() if each["Ip"]}


def rows(fleet: FakeFleet) -> set[tuple[str, str]]:
    return {(row.address, row.mac) for row in FleetTable(fleet.home).quarantined()}


def test_a_forced_removal_keeps_what_is_recorded_and_what_is_desired(hq: FakeFleet) -> None:
    power_off(hq["w1"])
    given_another_address(hq)
    assert hq.remove("w1", force=True).outcome.document["quarantined"] == [OTHER[0], HQ[0]]
    assert rows(hq) == {HQ, OTHER}


def test_an_address_that_was_sent_and_never_seen_is_kept_too(hq: FakeFleet) -> None:
    """The command was cut off after its job had been sent; then desired changed again."""
    hq["w1"].job_polls = 99
    hq["w1"].lose("apply", after=True)
    assert hq.deploy(file(decky("hq", "w1", OTHER), KEPT)).code == 5
    third = ("192.0.2.107", "00:50:56:aa:00:07")
    power_off(hq["w1"])
    given_another_address(hq, third)
    assert hq.remove("w1", force=True).code == 0
    assert rows(hq) == {HQ, OTHER, third}


@pytest.mark.parametrize("detach", [True, False])
def test_an_address_that_a_job_may_still_bring_up_is_not_claimed(empty: FakeFleet, detach: bool) -> None:
    assert empty.deploy(file(KEPT)).code == 0
    empty["w1"].job_polls = 10**6
    assert empty.deploy(file(KEPT, decky("hq", "w1", HQ)), detach=True).code == 0
    ran = empty.deploy(file(KEPT, decky("new", "w2", HQ)), detach=detach, max_remove=1)
    assert ran.code == 4
    jobs_end(empty["w1"])
    assert empty.run(status).code == 4
    assert "hq-http" in empty["w1"].containers
    assert twice(empty) == []
    assert empty.reconcile(max_remove=1).code == 0
    assert empty.is_converged() and twice(empty) == []


def jobs_end(machine: FakeWorker) -> None:
    """What still runs ends with the next poll."""
    machine.job_polls = 0
    machine.finish_jobs()


def test_what_a_recovered_worker_describes_is_kept_before_it_was_seen(hq: FakeFleet) -> None:
    hq.lose_home()
    hq["w1"].lose("status", times=9)
    assert hq.recover("w2", "w1").code == 0
    power_off(hq["w1"])
    dropped(hq)
    assert hq.remove("w1", force=True).outcome.document["quarantined"] == [HQ[0]]


def test_a_job_that_was_refused_leaves_nothing_to_keep(hq: FakeFleet) -> None:
    hq["w1"].begin_foreign_job(10**6)
    before = hq.records("w1").of().deckies
    assert hq.deploy(file(decky("hq", "w1", OTHER), KEPT), detach=True).code == 4
    assert hq.records("w1").of().deckies == before


def test_one_address_of_two_machines_is_kept_with_both_macs(hq: FakeFleet) -> None:
    power_off(hq["w1"])
    given_another_address(hq, (HQ[0], OTHER[1]))
    assert hq.remove("w1", force=True).code == 0
    assert rows(hq) == {HQ, (HQ[0], OTHER[1])}
    assert FleetTable(hq.home).release([OTHER[1]])[0].mac == OTHER[1]
    assert rows(hq) == {HQ}


def test_a_decky_that_waits_for_a_quarantined_address_is_given_another_one_by_deploy(hq: FakeFleet) -> None:
    free = f'{file(KEPT)}[decky.web]\nservices = ["http"]\nworker = "w1"\n'
    moved = free.replace('"w1"', '"w2"')
    assert hq.deploy(free).code == 0
    was = hq.desired.deckies["web"]
    power_off(hq["w1"])
    assert hq.deploy(moved).code == 4
    assert hq.remove("w1", force=True).code == 0
    waits = hq.reconcile()
    assert (waits.code, [each.reason for each in waits.outcome.plan.skipped]) == (
        4,
        [
            f"{was.ip} is quarantined: w1 was removed while it may still run web; "
            f"decnet worker release {was.ip} lets it be used again"
        ],
    )
    assert hq.deploy(moved).code == 0
    now = hq.desired.deckies["web"]
    assert now.ip != was.ip and now.mac != was.mac


def test_a_released_address_is_used_again(hq: FakeFleet) -> None:
    power_off(hq["w1"])
    torn_down(hq)
    assert hq.remove("w1", force=True).code == 0
    wanted = file(decky("new", "w2", HQ), KEPT)
    refused = hq.deploy(wanted)
    assert (refused.code, refused.error and refused.error.hint) == (
        2,
        f"decnet worker release {HQ[0]}, once nothing can hold it any more",
    )
    FleetTable(hq.home).release([HQ[0]])
    assert hq.deploy(wanted).code == 0


def test_a_removed_worker_is_reported_by_nothing_that_asks_only_some_workers(hq: FakeFleet) -> None:
    power_off(hq["w1"])
    assert hq.remove("w1", force=True).code == 0
    power_on(hq["w1"])
    assert hq.reconcile().code == 4
    assert hq.reconcile(on="w2").code == 0
    assert hq.run(lambda ctx: status(ctx, on="w2")).code == 0


def test_a_stranger_on_a_quarantined_address_is_reported_with_its_mac(hq: FakeFleet) -> None:
    power_off(hq["w1"])
    assert hq.remove("w1", force=True).code == 0
    assert hq.reconcile().code == 0
    hq.lan.strangers[HQ[0]] = "02:00:00:00:00:01"
    ran = hq.reconcile()
    message = f"it was removed, and 02:00:00:00:00:01 answers at {HQ[0]}, which hq may have"
    assert (ran.code, [trouble.message for trouble in ran.outcome.troubles]) == (4, [message])
