"""`worker remove` and `worker recover` over what can happen meanwhile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fakefleet import FakeFleet

from decnet.commands.status import status
from decnet.engine.outcome import StatusOutcome
from decnet.store.fleet_table import FleetTable

from .conftest import FOUR
from .test_outcomes import BEFORE, HARM, RUNS

ON_W2 = {key: value for key, value in BEFORE.items() if key.startswith("w2")}
DRAINED = {
    "w1/web-01": "- | - | - | create succeeded, remove succeeded",
    "w1/web-03": "- | - | - | create succeeded, remove succeeded",
    "w1": "journal 4 of 4, generation 2 of 2",
    **ON_W2,
}
REMOVED = {"w1": "not enrolled", **ON_W2}
EMPTIED = ["events", "journal.cursor", "journal.jsonl", "journal.lock"]


class Removal(NamedTuple):
    """A removal of w1 after it was drained: its options, the harm, its exit code, whether it is done."""

    options: dict[str, bool]
    harm: str
    exit: int
    done: bool


REMOVALS = [
    Removal({}, "all is well", 0, True),
    Removal({}, "w1 is unreachable", 5, False),
    Removal({}, "w1 shows another host key", 6, False),
    Removal({}, "a job runs on w1", 0, True),
    Removal({"wipe": True}, "all is well", 0, True),
    Removal({"wipe": True}, "w1 is unreachable", 5, False),
    Removal({"wipe": True}, "w1 shows another host key", 6, False),
    Removal({"wipe": True}, "a job runs on w1", 4, False),
    Removal({"force": True}, "w1 is unreachable", 0, True),
]


@pytest.mark.parametrize("case", REMOVALS, ids=lambda case: f"{' '.join(case.options)} {case.harm}")
def test_a_drained_worker_is_removed_or_stays_as_it_is(fleet: FakeFleet, case: Removal) -> None:
    assert fleet.drain("w1", remove=True).code == 0
    HARM[case.harm](fleet)
    ran = fleet.remove("w1", **case.options)
    forced = " by force" if "force" in case.options else ""
    audit = ["4 done (0)", "2 done, 2 kept (0)", *([f"w1 removed{forced}"] if case.done else [])]
    picture = REMOVED if case.done else DRAINED
    assert fleet.picture(ran) == {"exit": case.exit, **picture, "audit": audit}
    assert fleet["w1"].is_open == (not case.done or bool(forced))
    wiped = case.done and "wipe" in case.options
    assert (sorted(each.name for each in fleet["w1"].home.iterdir()) == EMPTIED) == wiped


def test_a_worker_that_was_wiped_by_a_killed_command_is_removed_as_the_hint_says(fleet: FakeFleet) -> None:
    assert fleet.drain("w1", remove=True).code == 0
    fleet["w1"].lose("self-destruct", after=True)
    assert fleet.remove("w1", wipe=True).code == 5
    ran = fleet.remove("w1", wipe=True)
    assert ran.error is not None and ran.error.hint is not None
    assert ran.error.hint.endswith("; if it is gone or wiped already: decnet worker remove --force w1")
    assert fleet.remove("w1", force=True).code == 0
    assert fleet.picture()["w1"] == "not enrolled"


def test_a_worker_with_deckies_is_not_removed(fleet: FakeFleet) -> None:
    ran = fleet.remove("w1")
    assert fleet.picture(ran) == {"exit": 2, **BEFORE, "audit": ["4 done (0)"]}


def test_a_dead_worker_is_removed_by_force_and_its_addresses_are_kept_free(fleet: FakeFleet) -> None:
    fleet["w1"].is_reachable = False
    ran = fleet.remove("w1", force=True)
    left = {f"w1/{name}": f"- | - | {name} {name}-http | -" for name in ("web-01", "web-03")}
    audit = ["4 done (0)", "w1 removed by force"]
    assert fleet.picture(ran) == {"exit": 0, **REMOVED, **left, "audit": audit}
    held = {row.decky: row.address for row in FleetTable(fleet.home).quarantined()}
    assert held == {"web-01": "192.0.2.100", "web-03": "192.0.2.102"}
    ran = fleet.deploy(FOUR)
    assert (ran.code, [trouble.message for trouble in ran.outcome.troubles]) == (
        4,
        [
            "it was removed, and web-01 answers at 192.0.2.100, web-03 answers at 192.0.2.102",
        ],
    )
    assert not set(held.values()) & {decky.ip for decky in fleet.desired.deckies.values()}


def test_a_removal_that_finds_the_lock_held_changes_nothing(fleet: FakeFleet) -> None:
    with fleet.locked():
        ran = fleet.remove("w1", force=True)
    assert fleet.picture(ran) == {"exit": 75, **BEFORE, "audit": ["4 done (0)"]}


NOTHING = {
    f"{worker}/{name}": f"- | - | {name} {name}-http | -"
    for worker, name in (("w1", "web-01"), ("w1", "web-03"), ("w2", "web-02"), ("w2", "web-04"))
}
FORGOTTEN = {**NOTHING, "w1": "not enrolled", "w2": "not enrolled"}
ENROLLED = ["w1 enrolled", "w2 enrolled"]


class Recovery(NamedTuple):
    """A recovery while something is so: its exit code, and what it leaves behind."""

    harm: str
    exit: int
    picture: dict[str, str]
    audit: list[str]


def a_service_is_down(fleet: FakeFleet) -> None:
    fleet["w1"].crash("web-01-http")


DAMAGE: dict[str, Callable[[FakeFleet], None]] = {**HARM, "a service is down": a_service_is_down}
RECOVERIES = [
    Recovery("all is well", 0, BEFORE, ENROLLED),
    Recovery(
        "a service is down",
        0,
        {**BEFORE, "w1/web-01": "http | unknown | web-01 web-01-http(exited) | create succeeded"},
        ENROLLED,
    ),
    Recovery("w1 is unreachable", 5, FORGOTTEN, []),
    Recovery("w1 shows another host key", 6, FORGOTTEN, []),
    Recovery("Docker is down on w1", 4, FORGOTTEN, []),
    Recovery("a job runs on w1", 0, BEFORE, ENROLLED),
]


@pytest.mark.parametrize("case", RECOVERIES, ids=lambda case: str(case.harm))
def test_a_lost_home_is_recovered_whole_or_not_at_all(fleet: FakeFleet, case: Recovery) -> None:
    fleet.lose_home()
    DAMAGE[case.harm](fleet)
    ran = fleet.recover("w2", "w1")
    assert shortened(fleet.picture(ran)) == {"exit": case.exit, **case.picture, "audit": case.audit}
    fleet["w1"].is_reachable = fleet["w1"].is_trusted = fleet["w1"].engine.is_up = True
    assert case.exit == 0 or fleet.recover("w2", "w1").code == 0
    assert fleet.reconcile().code == 0
    assert fleet.is_converged() and sorted(fleet.desired.deckies) == ["web-01", "web-02", "web-03", "web-04"]


def test_a_home_that_has_a_fleet_is_not_recovered(fleet: FakeFleet) -> None:
    assert fleet.picture(fleet.recover("w1", "w2")) == {"exit": 2, **BEFORE, "audit": ["4 done (0)"]}


def test_a_recovery_that_finds_the_lock_held_changes_nothing(fleet: FakeFleet) -> None:
    fleet.lose_home()
    with fleet.locked():
        ran = fleet.recover("w1", "w2")
    assert fleet.picture(ran) == {"exit": 75, **FORGOTTEN, "audit": []}


def shortened(picture: dict[str, Any]) -> dict[str, Any]:
    """Without the host keys, in the order of names."""
    return {**picture, "audit": sorted(line.partition(",")[0] for line in picture["audit"])}


@pytest.fixture
def restored(fleet: FakeFleet, tmp_path: Path) -> FakeFleet:
    """A home that was restored from a backup: two deckies more were deployed since."""
    backup = tmp_path / "backup"
    shutil.copytree(fleet.home.root, backup)
    assert fleet.deploy(FOUR.replace("count = 4", "count = 6")).code == 0
    shutil.rmtree(fleet.home.root)
    shutil.copytree(backup, fleet.home.root)
    return fleet


def test_an_older_home_does_nothing_to_workers_that_know_more(restored: FakeFleet) -> None:
    ran = restored.reconcile(prune=True)
    picture = restored.picture(ran)
    assert picture["exit"] == 4
    assert {name: machine.containers for name, machine in restored.workers.items()} == {
        "w1": dict.fromkeys([f"web-0{n}{part}" for n in (1, 3, 5) for part in ("", "-http")], "running"),
        "w2": dict.fromkeys([f"web-0{n}{part}" for n in (2, 4, 6) for part in ("", "-http")], "running"),
    }


@pytest.mark.parametrize(
    ("harm", "code"), [("all is well", 0), ("w1 is unreachable", 5), ("w1 shows another host key", 6)]
)
def test_an_older_home_takes_the_generation_of_every_worker_that_answers(
    restored: FakeFleet, harm: str, code: int
) -> None:
    HARM[harm](restored)
    assert restored.take_generation().code == code
    taken = {name: restored.records(name).of().generation for name in restored.workers}
    assert taken == {"w1": 2 if code == 0 else 1, "w2": 2}


def test_an_older_home_that_took_the_generation_is_what_counts_again(restored: FakeFleet) -> None:
    assert restored.take_generation().code == 0
    assert restored.reconcile(prune=True).code == 0
    assert restored.is_converged()
    assert restored.picture()["w1/web-01"] == RUNS.format("web-01")


def test_a_generation_is_not_taken_while_the_lock_is_held(restored: FakeFleet) -> None:
    with restored.locked():
        assert restored.take_generation().code == 75
    assert restored.records("w1").of().generation == 1


@pytest.fixture
def false(fleet: FakeFleet) -> FakeFleet:
    """w1's slice has a generation that no one sent, and a pass has seen it."""
    path = fleet["w1"].home / "projects" / "decnet" / "slice.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "generation": 10**15}))
    assert fleet.reconcile().code == 4
    return fleet


@pytest.mark.parametrize("lost", ["never", "before it is taken", "after it is taken"])
def test_a_false_generation_is_taken_and_the_second_pass_is_quiet(false: FakeFleet, lost: str) -> None:
    path = false["w1"].home / "projects" / "decnet" / "slice.json"
    if lost == "before it is taken":
        path.unlink()
    assert false.take_generation().code == 0
    if lost == "after it is taken":
        path.unlink()
    before = false["w1"].containers
    assert false.reconcile().code == 0
    ran = false.reconcile(check=True)
    assert (ran.code, ran.messages) == (0, [])
    assert false["w1"].containers == before and false.is_converged()


def test_a_false_generation_that_is_lost_before_it_is_taken_heals_by_itself(false: FakeFleet) -> None:
    (false["w1"].home / "projects" / "decnet" / "slice.json").unlink()
    assert false.reconcile().code == 0
    assert (false.reconcile(check=True).code, false.is_converged()) == (0, True)


@pytest.mark.parametrize("generation", [2**53, 2**63, -1, 1.5, "7", None, True])
def test_a_generation_that_cannot_be_is_a_lost_slice(fleet: FakeFleet, generation: object) -> None:
    path = fleet["w1"].home / "projects" / "decnet" / "slice.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "generation": generation}))
    assert fleet.reconcile().code == 0
    assert (fleet.reconcile(check=True).code, fleet.is_converged()) == (0, True)


@pytest.mark.parametrize(("ahead", "shown"), [(30 * 86_400.0, False), (-3600.0, True)])
def test_a_worker_seen_under_a_clock_far_ahead_is_not_shown_as_seen_then(
    fleet: FakeFleet, ahead: float, shown: bool
) -> None:
    fleet.clock.advance(ahead)
    fleet.run(status)
    fleet.clock.advance(-ahead)
    fleet["w1"].lose("status", times=9)
    ran = fleet.run(status)
    assert isinstance(ran.outcome, StatusOutcome)
    [remark] = [row[-1] for row in ran.outcome.workers.rows if row[0] == "w1"]
    assert (ran.code, "last seen 1 h ago" in remark, "last seen" in remark) == (5, shown, shown)


def test_what_was_done_under_a_clock_far_ahead_puts_nothing_off(fleet: FakeFleet) -> None:
    """Failures and heals of that time do not delay a retry, and a job of that time is not waited for."""
    fleet.clock.advance(30 * 86_400.0)
    for _ in range(6):
        fleet["w1"].crash("web-01-http")
        fleet.reconcile()
    fleet["w1"].begin_foreign_job(polls=1)
    fleet["w1"].finish_jobs()
    fleet.clock.advance(-30 * 86_400.0)
    fleet["w1"].crash("web-01-http")
    assert (fleet.reconcile().code, fleet.is_converged()) == (0, True)
