"""A connection that is lost at any call, and jobs that outlive the command that started them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fakefleet import FakeFleet, Ran

from .conftest import FOUR
from .test_outcomes import BEFORE, GONE, NEW_ON_BOTH, NEW_ON_W2, RUNS

SIX = FOUR.replace("count = 4", "count = 6")
PENDING = "http | unknown | - | create pending"
RUNNING = "http | unknown | - | create running"
W2_WENT_ON = {**NEW_ON_BOTH, "w1/web-05": PENDING}

LOST: list[Any] = [
    *(
        pytest.param(verb, after, NEW_ON_W2, id=f"{verb} {'answered' if after else 'sent'}")
        for verb in ("status", "facts", "probe")
        for after in (False, True)
    ),
    pytest.param("apply", False, {**W2_WENT_ON, "w1": "journal 2 of 2, generation 2 of 1"}, id="apply sent"),
    pytest.param(
        "apply", True, {**W2_WENT_ON, "w1": "journal 2 of 2, generation 2 of 2"}, id="apply answered"
    ),
]
"""A call of w1's, whether the agent had done its work, and what the deploy of two more leaves behind."""


@pytest.mark.parametrize(("verb", "after", "left"), LOST)
def test_a_connection_lost_at_a_call_costs_its_worker_only(
    fleet: FakeFleet, verb: str, after: bool, left: dict[str, str]
) -> None:
    fleet["w1"].lose(verb, after=after)
    ran = fleet.deploy(SIX)
    picture = fleet.picture(ran)
    audit = picture.pop("audit")
    assert picture == {"exit": 5, **BEFORE, **left}
    assert audit[-1].endswith("1 worker in trouble (5)")


@pytest.mark.parametrize("verb", ["status", "facts", "probe", "apply"])
@pytest.mark.parametrize("after", [False, True])
def test_after_a_lost_connection_the_same_again_is_done_once(
    fleet: FakeFleet, verb: str, after: bool
) -> None:
    fleet["w1"].lose(verb, after=after)
    assert fleet.deploy(SIX).code == 5
    assert fleet.deploy(SIX).code == 0
    assert fleet.is_converged() and len(fleet.desired.deckies) == 6


@pytest.mark.parametrize(("times", "code"), [(1, 0), (5, 0), (100, 5)])
def test_a_job_is_followed_through_silence_for_twenty_seconds(
    fleet: FakeFleet, times: int, code: int
) -> None:
    worker = fleet["w1"]
    worker.job_polls = 3
    worker.on("apply", lambda: worker.lose("status", times=times))
    ran = fleet.deploy(SIX)
    left = (
        {**NEW_ON_BOTH, "w1/web-05": RUNNING, "w1": "journal 2 of 2, generation 2 of 2"}
        if code
        else NEW_ON_BOTH
    )
    summary = "1 done, 4 kept, 1 worker in trouble" if code else "2 done, 4 kept"
    audit = ["4 done (0)", f"{summary} ({code})"]
    assert fleet.picture(ran) == {"exit": code, **BEFORE, **left, "audit": audit}


def test_a_slow_worker_is_waited_for_and_one_that_is_too_slow_is_not(fleet: FakeFleet) -> None:
    fleet["w1"].slow = 5.0
    assert fleet.deploy(SIX).code == 0
    fleet["w1"].slow = 3600.0
    begun = fleet.clock.monotonic()
    ran = fleet.mutate("web-01", "web-02", services=["ssh"])
    assert (ran.code, fleet.picture()["w2/web-02"].partition(" |")[0]) == (5, "ssh")
    assert [trouble.message for trouble in ran.outcome.troubles] == ["no answer to status within 15 s"]
    assert fleet.clock.monotonic() - begun < 60


@pytest.fixture
def detached(fleet: FakeFleet) -> FakeFleet:
    """Two deckies more were deployed with --detach: the jobs run for three polls."""
    for worker in fleet.workers.values():
        worker.job_polls = 3
    assert fleet.deploy(SIX, detach=True).code == 0
    held = "journal 2 of 2, generation 2 of 2"
    now = {"w1/web-05": RUNNING, "w2/web-06": RUNNING, "w1": held, "w2": held}
    audit = ["4 done (0)", "2 in progress, 4 kept (0)"]
    assert fleet.picture() == {**BEFORE, **now, "audit": audit}
    return fleet


Act = Callable[[FakeFleet], Ran]
ALL_GONE = {key: GONE for key in (*BEFORE, "w1/web-05", "w2/web-06") if "/" in key}
AT_4 = "journal 6 of 6, generation 4 of 4"
AFTER_A_JOB: list[tuple[str, Act, str, dict[str, str]]] = [
    ("the same", lambda fleet: fleet.deploy(SIX), "2 recorded, 4 kept", {}),
    (
        "mutate",
        lambda fleet: fleet.mutate("web-05", services=["ssh"]),
        "1 done, 1 recorded, 4 kept",
        {
            "w1/web-05": "ssh | running | web-05 web-05-ssh | create succeeded, change succeeded",
            "w1": "journal 4 of 4, generation 3 of 3",
        },
    ),
    (
        "drain --remove",
        lambda fleet: fleet.drain("w1", remove=True),
        "3 done, 1 recorded, 2 kept",
        {
            **{key: GONE for key in ALL_GONE if key.startswith("w1")},
            "w1": "journal 6 of 6, generation 3 of 3",
        },
    ),
    (
        "teardown --all",
        lambda fleet: fleet.teardown(),
        "6 done, 2 networks removed",
        {**ALL_GONE, "w1": AT_4, "w2": AT_4},
    ),
]


@pytest.mark.parametrize(
    ("act", "summary", "changed"), [each[1:] for each in AFTER_A_JOB], ids=[each[0] for each in AFTER_A_JOB]
)
def test_a_verb_waits_for_the_job_of_an_earlier_one_and_loses_nothing_of_it(
    detached: FakeFleet, act: Act, summary: str, changed: dict[str, str]
) -> None:
    ran = act(detached)
    audit = ["4 done (0)", "2 in progress, 4 kept (0)", f"{summary} (0)"]
    assert detached.picture(ran) == {"exit": 0, **BEFORE, **NEW_ON_BOTH, **changed, "audit": audit}
    waiting = "waiting for a running job of an earlier command (apply)"
    assert [line for line in ran.messages if waiting in line] == [f"w1: {waiting}", f"w2: {waiting}"]
    assert detached.is_converged()


def test_a_job_that_does_not_end_is_given_up_and_the_others_are_served(fleet: FakeFleet) -> None:
    fleet["w1"].begin_foreign_job(polls=10**6)
    ran = fleet.deploy(SIX)
    left = {"w2/web-06": RUNS.format("web-06"), "w2": NEW_ON_BOTH["w2"]}
    picture = fleet.picture(ran)
    assert (picture["exit"], {key: picture[key] for key in left}) == (4, left)
    assert "is still running there" in ran.outcome.troubles[0].message
    assert fleet["w1"].containers == {
        name: "running" for each in ("web-01", "web-03") for name in (each, f"{each}-http")
    }
