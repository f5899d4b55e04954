"""Every verb that changes the fleet, over what can happen meanwhile: all that it leaves behind, each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from fakefleet import FakeFleet, Ran

from .conftest import FOUR

SIX = FOUR.replace("count = 4", "count = 6")
RUNS = "http | running | {0} {0}-http | create succeeded"
BEFORE: dict[str, str] = {
    "w1/web-01": RUNS.format("web-01"),
    "w1/web-03": RUNS.format("web-03"),
    "w1": "journal 2 of 2, generation 1 of 1",
    "w2/web-02": RUNS.format("web-02"),
    "w2/web-04": RUNS.format("web-04"),
    "w2": "journal 2 of 2, generation 1 of 1",
}

Act = Callable[[FakeFleet], Ran]


def crashed(fleet: FakeFleet) -> Ran:
    """A service of web-01 and the base of web-02 end; then the fleet is reconciled."""
    fleet["w1"].crash("web-01-http")
    fleet["w2"].crash("web-02")
    return fleet.reconcile()


VERBS: dict[str, Act] = {
    "deploy": lambda fleet: fleet.deploy(SIX),
    "mutate": lambda fleet: fleet.mutate("web-01", "web-02", services=["ssh"]),
    "teardown": lambda fleet: fleet.teardown("web-01", "web-02"),
    "teardown --all": lambda fleet: fleet.teardown(),
    "reconcile": crashed,
    "drain --remove": lambda fleet: fleet.drain("w1", remove=True),
}


def a_step_fails(fleet: FakeFleet) -> None:
    for decky in ("web-01", "web-05"):
        fleet["w1"].breaks(decky, "device or resource busy")


def unreachable(fleet: FakeFleet) -> None:
    fleet["w1"].is_reachable = False


def another_host_key(fleet: FakeFleet) -> None:
    fleet["w1"].is_trusted = False


def another_worker(fleet: FakeFleet) -> None:
    fleet["w1"].becomes("id-of-another")


def docker_is_down(fleet: FakeFleet) -> None:
    fleet["w1"].engine.is_up = False


def a_job_runs(fleet: FakeFleet) -> None:
    fleet["w1"].begin_foreign_job(polls=3)


HARM: dict[str, Callable[[FakeFleet], None]] = {
    "all is well": lambda fleet: None,
    "a step fails": a_step_fails,
    "w1 is unreachable": unreachable,
    "w1 shows another host key": another_host_key,
    "another worker answers as w1": another_worker,
    "Docker is down on w1": docker_is_down,
    "a job runs on w1": a_job_runs,
}


class Case(NamedTuple):
    """A verb while something is so: its exit code, its line in the audit log, and what is different then."""

    verb: str
    harm: str
    exit: int
    audit: str
    changed: dict[str, str]


ONE_MORE = "journal 3 of 3, generation 2 of 2"
TWO_MORE = "journal 4 of 4, generation 2 of 2"
SWEPT = "journal 4 of 4, generation 3 of 3"
GONE = "- | - | - | create succeeded, remove succeeded"
STUCK = "- | degraded | web-01 web-01-http(exited) | create succeeded, remove failed"
MUTATED = "ssh | running | {0} {0}-ssh | create succeeded, change succeeded"
HEALED = "http | running | {0} {0}-http | create succeeded, heal succeeded"
LEFT = "- | running | {0} {0}-http | create succeeded"
"""Not desired any more, and still there: its worker was not seen."""

NEW_ON_BOTH = {
    "w1/web-05": RUNS.format("web-05"),
    "w1": ONE_MORE,
    "w2/web-06": RUNS.format("web-06"),
    "w2": ONE_MORE,
}
NEW_ON_W2 = {"w2/web-05": RUNS.format("web-05"), "w2/web-06": RUNS.format("web-06"), "w2": TWO_MORE}
MUTATED_ON_W1 = {"w1/web-01": MUTATED.format("web-01"), "w1": ONE_MORE}
MUTATED_ON_W2 = {"w2/web-02": MUTATED.format("web-02"), "w2": ONE_MORE}
TO_BE_MUTATED = {"w1/web-01": "ssh | running | web-01 web-01-http | create succeeded"}
ONE_GONE_ON_W1 = {"w1/web-01": GONE, "w1": ONE_MORE}
ONE_GONE_ON_W2 = {"w2/web-02": GONE, "w2": ONE_MORE}
ONE_LEFT_ON_W1 = {"w1/web-01": LEFT.format("web-01")}
ALL_LEFT_ON_W1 = {"w1/web-01": LEFT.format("web-01"), "w1/web-03": LEFT.format("web-03")}
ALL_GONE_ON_W1 = {"w1/web-01": GONE, "w1/web-03": GONE}
SWEPT_ON_W1 = {**ALL_GONE_ON_W1, "w1": SWEPT}
SWEPT_ON_W2 = {"w2/web-02": GONE, "w2/web-04": GONE, "w2": SWEPT}
HEALED_ON_W1 = {"w1/web-01": HEALED.format("web-01"), "w1": ONE_MORE}
HEALED_ON_W2 = {"w2/web-02": HEALED.format("web-02"), "w2": ONE_MORE}
NOT_HEALED = {"w1/web-01": "http | running | web-01 web-01-http(exited) | create succeeded"}

CASES = [
    Case("deploy", "all is well", 0, "2 done, 4 kept", NEW_ON_BOTH),
    Case(
        "deploy",
        "a step fails",
        4,
        "1 done, 1 failed, 4 kept",
        {**NEW_ON_BOTH, "w1/web-05": "http | - | - | create failed"},
    ),
    Case("deploy", "w1 is unreachable", 5, "2 done, 2 kept, 1 worker in trouble", NEW_ON_W2),
    Case("deploy", "w1 shows another host key", 6, "2 done, 2 kept, 1 worker in trouble", NEW_ON_W2),
    Case("deploy", "Docker is down on w1", 5, "2 done, 2 kept, 1 worker in trouble", NEW_ON_W2),
    Case("deploy", "a job runs on w1", 0, "2 done, 4 kept", NEW_ON_BOTH),
    Case("mutate", "all is well", 0, "2 done, 2 kept", {**MUTATED_ON_W1, **MUTATED_ON_W2}),
    Case(
        "mutate",
        "a step fails",
        4,
        "1 done, 1 failed, 2 kept",
        {
            "w1/web-01": "ssh | degraded | web-01 web-01-http(exited) | create succeeded, change failed",
            "w1": ONE_MORE,
            **MUTATED_ON_W2,
        },
    ),
    Case(
        "mutate",
        "w1 is unreachable",
        5,
        "1 done, 1 kept, 1 worker in trouble",
        {**TO_BE_MUTATED, **MUTATED_ON_W2},
    ),
    Case(
        "mutate",
        "w1 shows another host key",
        6,
        "1 done, 1 kept, 1 worker in trouble",
        {**TO_BE_MUTATED, **MUTATED_ON_W2},
    ),
    Case(
        "mutate",
        "Docker is down on w1",
        5,
        "1 done, 1 kept, 1 worker in trouble",
        {**TO_BE_MUTATED, **MUTATED_ON_W2},
    ),
    Case(
        "mutate",
        "a job runs on w1",
        0,
        "2 done, 2 kept",
        {**MUTATED_ON_W1, **MUTATED_ON_W2},
    ),
    Case("teardown", "all is well", 0, "2 done, 2 kept", {**ONE_GONE_ON_W1, **ONE_GONE_ON_W2}),
    Case(
        "teardown",
        "a step fails",
        4,
        "1 done, 1 failed, 2 kept",
        {"w1/web-01": STUCK, "w1": ONE_MORE, **ONE_GONE_ON_W2},
    ),
    Case(
        "teardown",
        "w1 is unreachable",
        5,
        "1 done, 1 kept, 1 worker in trouble",
        {**ONE_LEFT_ON_W1, **ONE_GONE_ON_W2},
    ),
    Case(
        "teardown",
        "w1 shows another host key",
        6,
        "1 done, 1 kept, 1 worker in trouble",
        {**ONE_LEFT_ON_W1, **ONE_GONE_ON_W2},
    ),
    Case(
        "teardown",
        "Docker is down on w1",
        5,
        "1 done, 1 kept, 1 worker in trouble",
        {**ONE_LEFT_ON_W1, **ONE_GONE_ON_W2},
    ),
    Case("teardown", "a job runs on w1", 0, "2 done, 2 kept", {**ONE_GONE_ON_W1, **ONE_GONE_ON_W2}),
    Case("teardown --all", "all is well", 0, "4 done, 2 networks removed", {**SWEPT_ON_W1, **SWEPT_ON_W2}),
    Case(
        "teardown --all",
        "a step fails",
        4,
        "3 done, 1 failed, 1 network removed",
        {"w1/web-01": STUCK, "w1/web-03": GONE, "w1": TWO_MORE, **SWEPT_ON_W2},
    ),
    Case(
        "teardown --all",
        "w1 is unreachable",
        5,
        "2 done, 1 network removed, 1 worker in trouble",
        {**ALL_LEFT_ON_W1, **SWEPT_ON_W2},
    ),
    Case(
        "teardown --all",
        "w1 shows another host key",
        6,
        "2 done, 1 network removed, 1 worker in trouble",
        {**ALL_LEFT_ON_W1, **SWEPT_ON_W2},
    ),
    Case(
        "teardown --all",
        "Docker is down on w1",
        5,
        "2 done, 1 network removed, 1 worker in trouble",
        {**ALL_LEFT_ON_W1, **SWEPT_ON_W2},
    ),
    Case(
        "teardown --all",
        "a job runs on w1",
        0,
        "4 done, 2 networks removed",
        {**SWEPT_ON_W1, **SWEPT_ON_W2},
    ),
    Case("reconcile", "all is well", 0, "2 done, 2 kept", {**HEALED_ON_W1, **HEALED_ON_W2}),
    Case(
        "reconcile",
        "a step fails",
        4,
        "1 done, 1 failed, 2 kept",
        {
            "w1/web-01": "http | degraded | web-01 web-01-http(exited) | create succeeded, heal failed",
            "w1": ONE_MORE,
            **HEALED_ON_W2,
        },
    ),
    Case(
        "reconcile",
        "w1 is unreachable",
        5,
        "1 done, 1 kept, 1 worker in trouble",
        {**NOT_HEALED, **HEALED_ON_W2},
    ),
    Case(
        "reconcile",
        "w1 shows another host key",
        6,
        "1 done, 1 kept, 1 worker in trouble",
        {**NOT_HEALED, **HEALED_ON_W2},
    ),
    Case(
        "reconcile",
        "Docker is down on w1",
        5,
        "1 done, 1 kept, 1 worker in trouble",
        {**NOT_HEALED, **HEALED_ON_W2},
    ),
    Case(
        "reconcile",
        "a job runs on w1",
        0,
        "2 done, 2 kept",
        {**HEALED_ON_W1, **HEALED_ON_W2},
    ),
    Case("drain --remove", "all is well", 0, "2 done, 2 kept", {**ALL_GONE_ON_W1, "w1": TWO_MORE}),
    Case(
        "drain --remove",
        "a step fails",
        4,
        "1 done, 1 failed, 2 kept",
        {"w1/web-01": STUCK, "w1/web-03": GONE, "w1": TWO_MORE},
    ),
    Case("drain --remove", "w1 is unreachable", 5, "2 kept, 1 worker in trouble", ALL_LEFT_ON_W1),
    Case("drain --remove", "w1 shows another host key", 6, "2 kept, 1 worker in trouble", ALL_LEFT_ON_W1),
    Case("drain --remove", "Docker is down on w1", 5, "2 kept, 1 worker in trouble", ALL_LEFT_ON_W1),
    Case("drain --remove", "a job runs on w1", 0, "2 done, 2 kept", {**ALL_GONE_ON_W1, "w1": TWO_MORE}),
]


CASES += [
    case._replace(harm="another worker answers as w1")
    for case in CASES
    if case.harm == "w1 shows another host key"
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.verb}, {case.harm}")
def test_a_verb_leaves_behind_exactly_this(fleet: FakeFleet, case: Case) -> None:
    HARM[case.harm](fleet)
    ran = VERBS[case.verb](fleet)
    audit = ["4 done (0)", f"{case.audit} ({case.exit})"]
    assert fleet.picture(ran) == {"exit": case.exit, **BEFORE, **case.changed, "audit": audit}


def test_every_verb_has_a_case_for_every_harm() -> None:
    assert sorted((case.verb, case.harm) for case in CASES) == sorted((v, h) for v in VERBS for h in HARM)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_finds_the_lock_held_changes_nothing(fleet: FakeFleet, verb: str) -> None:
    fleet["w1"].requests.clear()
    with fleet.locked():
        ran = fleet.reconcile() if verb == "reconcile" else VERBS[verb](fleet)
    assert fleet.picture(ran) == {"exit": 75, **BEFORE, "audit": ["4 done (0)"]}
    assert fleet["w1"].requests == []


@pytest.mark.parametrize("harm", [harm for harm in HARM if harm != "a job runs on w1"])
@pytest.mark.parametrize("verb", VERBS)
def test_when_the_harm_is_over_reconcile_brings_about_what_was_asked_for(
    fleet: FakeFleet, verb: str, harm: str
) -> None:
    HARM[harm](fleet)
    VERBS[verb](fleet)
    fleet["w1"].is_reachable = fleet["w1"].is_trusted = fleet["w1"].engine.is_up = True
    fleet["w1"].becomes("id-w1")
    for decky in ("web-01", "web-05"):
        fleet["w1"].mends(decky)
    assert fleet.reconcile(max_remove=4).code == 0
    assert fleet.is_converged()
    there = fleet.picture()
    assert fleet.reconcile().code == 0
    assert fleet.picture() == there
