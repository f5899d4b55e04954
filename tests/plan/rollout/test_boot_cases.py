"""A worker that comes back: where its job was, what happened to it, and what becomes of its unit."""

from __future__ import annotations

from typing import Any

import pytest
from plan.rollout.trial import Trial, opened

REBOOT: dict[str, Any] = {"boot_ids": ("after",)}
KILLED: dict[str, Any] = {}
WIPED: dict[str, Any] = {"at_to": False, "at_former": False, "job": "none", "journals": {"w1": ("new", 1)}}
OLD = {"at_to": False, "at_former": True}
NEW = {"at_to": True, "at_former": False}


def at(case: str) -> Trial:
    """A rollout of one unit at that point."""
    trial = Trial(opened(1))
    passes = {"fresh": 0, "before": 1, "middle": 1, "soak": 2, "after": 3}[case]
    for _ in range(passes):
        trial.step(100)
    return trial


@pytest.mark.parametrize(
    ("case", "fault", "seen", "after", "attempt"),
    [
        ("fresh", REBOOT, OLD, "sent", 0),
        ("fresh", KILLED, OLD, "sent", 0),
        ("fresh", WIPED, {}, "sent", 0),
        # Its job was never accepted: it is sent again.
        ("before", REBOOT, {**OLD, "job": "none"}, "sent", 1),
        ("before", KILLED, {**OLD, "job": "none"}, "sent", 1),
        ("before", WIPED, {}, "sent", 1),
        # Its job ended in the middle: nothing is inferred to be complete, and it is sent again.
        ("middle", REBOOT, {**OLD, "job": "lost"}, "sent", 1),
        ("middle", REBOOT, {**NEW, "job": "lost"}, "sent", 1),
        ("middle", KILLED, {**OLD, "job": "lost"}, "sent", 1),
        ("middle", KILLED, {**NEW, "job": "lost"}, "sent", 1),
        ("middle", WIPED, {}, "sent", 1),
        # Its job runs on although the agent was killed, or had ended before.
        ("middle", KILLED, {**OLD, "job": "open"}, "sent", 0),
        ("middle", REBOOT, {**NEW, "job": "succeeded"}, "soaking", 0),
        # The soak begins again with the machine, and goes on if only the agent was killed.
        ("soak", REBOOT, NEW, "soaking", 0),
        ("soak", KILLED, NEW, "passed", 0),
        ("soak", WIPED, {}, "checking", 0),
        # What has passed has passed; drift is repaired without the rollout.
        ("after", REBOOT, NEW, "passed", 0),
        ("after", KILLED, NEW, "passed", 0),
        ("after", WIPED, {}, "passed", 0),
    ],
)
def test_a_worker_that_comes_back_continues_where_its_evidence_ends(
    case: str, fault: dict[str, Any], seen: dict[str, Any], after: str, attempt: int
) -> None:
    trial = at(case)
    trial.answer("w1", **{**fault, **seen})
    trial.step(100)
    assert (trial.unit("w1").status, trial.unit("w1").attempt) == (after, attempt)


def test_a_worker_that_was_wiped_in_its_soak_passes_after_it_was_repaired() -> None:
    """The repair is a job of reconcile and not of the rollout, and its journal is another one."""
    trial = at("soak")
    trial.answer("w1", **WIPED)
    trial.step(100)
    repaired = {"job": "none", "at_to": True, "journals": {"w1": ("new", 7)}, "up_seconds": 100.0}
    trial.answer("w1", **repaired)
    trial.step(100)
    assert (trial.unit("w1").status, trial.unit("w1").soak_resets) == ("soaking", 1)
    trial.step(100)
    assert trial.status == "done"


def test_a_worker_that_reboots_again_and_again_fails() -> None:
    trial = at("soak")
    for boot in range(9):
        trial.answer("w1", boot_ids=(f"boot-{boot}",))
        trial.step(50)
    assert (trial.status, trial.units()) == ("halted", {"w1": "failed"})
    assert trial.unit("w1").reason == "its worker has rebooted, for the 4th time in its soak"
