"""Every move of a unit, as a table: its status, what is observed, its status after one pass."""

from __future__ import annotations

from typing import Any

import pytest
from plan.rollout.trial import Trial, opened

from decnet.plan.rollout import effective

GOOD = {"job": "succeeded", "at_to": True, "healthy": True}
SICK = {"job": "succeeded", "at_to": True, "healthy": False, "why": "d1: ssh has exited"}
AWAY = {"reachable": False, "why": "no route to host"}
HOLE = {"hole": "records 4 to 6 are missing"}


def unit_in(status: str, **changes: Any) -> Trial:
    """A rollout of one unit that has this status."""
    trial = Trial(opened(1, **changes))
    if status == "waiting":
        return trial
    trial.step()
    trial.answer("w1", job="open", at_to=False)
    if status == "checking":
        trial.answer("w1", **SICK)
        trial.step()
    elif status in ("soaking", "passed", "reverting"):
        trial.answer("w1")
        trial.step()
        if status == "passed":
            trial.step(200)
        if status == "reverting":
            trial.order("rollback")
            trial.step()
    elif status == "failed":
        trial.answer("w1", job="failed", job_error="no space left")
        trial.step()
    assert trial.units() == {"w1": status}
    return trial


@pytest.mark.parametrize(
    ("before", "seconds", "seen", "after"),
    [
        ("waiting", 10, {}, "sent"),
        ("waiting", 10, AWAY, "waiting"),
        ("waiting", 10, HOLE, "waiting"),
        ("waiting", 10, {"ahead": "its generation is newer"}, "waiting"),
        ("waiting", 10, {"busy": "192.0.2.9 on d1"}, "waiting"),
        ("waiting", 10, {"at_to": True, "healthy": True}, "passed"),
        ("waiting", 10, {"at_to": True, "healthy": False}, "sent"),
        ("waiting", 10, {"at_to": True, "healthy": True, **HOLE}, "waiting"),
        ("waiting", 10, {"at_to": True, "healthy": True, "busy": "192.0.2.9 on d1"}, "passed"),
        ("sent", 10, {"job": "open"}, "sent"),
        ("sent", 10, AWAY, "sent"),
        ("sent", 10, HOLE, "sent"),
        ("sent", 10, {**GOOD, "observed_at": 0.0}, "sent"),
        ("sent", 10, {"job": "lost", "at_to": False}, "sent"),
        ("sent", 10, {"job": "none", "at_to": False}, "sent"),
        ("sent", 10, {"job": "failed"}, "failed"),
        ("sent", 10, SICK, "checking"),
        ("sent", 10, {**GOOD, "at_to": False}, "checking"),
        ("sent", 10, GOOD, "soaking"),
        ("sent", 10, {**GOOD, "reverted": "not confirmed in time"}, "reverted"),
        ("checking", 10, SICK, "checking"),
        ("checking", 299, SICK, "checking"),
        ("checking", 300, SICK, "failed"),
        ("checking", 300, AWAY, "checking"),
        ("checking", 300, {**SICK, **HOLE}, "checking"),
        ("checking", 300, {**SICK, "busy": "192.0.2.9 on d1"}, "checking"),
        ("checking", 300, GOOD, "soaking"),
        ("checking", 10, {**GOOD, "job": "none"}, "soaking"),
        ("checking", 10, {**GOOD, "job": "open"}, "checking"),
        ("checking", 10, {**GOOD, "armed_until": 1.0}, "checking"),
        ("checking", 10, {**SICK, "job": "failed"}, "failed"),
        ("checking", 10, {**SICK, "reverted": "not confirmed in time"}, "reverted"),
        ("soaking", 99, GOOD, "soaking"),
        ("soaking", 100, {**GOOD, "up_seconds": 99.0}, "soaking"),
        ("soaking", 100, {**GOOD, "up_seconds": 100.0}, "passed"),
        ("soaking", 100, {**GOOD, "up_seconds": 100.0, "armed_until": 1.0}, "soaking"),
        ("soaking", 100, {**GOOD, "up_seconds": 100.0, "busy": "192.0.2.9 on d1"}, "passed"),
        ("soaking", 100, {**AWAY, **GOOD, "up_seconds": 100.0}, "soaking"),
        ("soaking", 100, {**HOLE, **GOOD, "up_seconds": 100.0}, "soaking"),
        ("soaking", 100, {**GOOD, "up_seconds": 100.0, "boot_ids": ("another",)}, "soaking"),
        ("soaking", 100, {**GOOD, "up_seconds": 100.0, "restarts": 1}, "soaking"),
        ("soaking", 100, {**GOOD, "up_seconds": 100.0, "journals": {"w1": ("journal", 0)}}, "soaking"),
        ("soaking", 10, SICK, "checking"),
        ("soaking", 10, {**GOOD, "at_to": False}, "checking"),
        ("soaking", 10, {**GOOD, "job": "failed"}, "failed"),
        ("soaking", 10, {**GOOD, "reverted": "not confirmed in time"}, "reverted"),
        ("reverting", 10, {"at_former": True, "healthy": True}, "reverted"),
        ("reverting", 10, {"at_former": True, "healthy": True, "busy": "192.0.2.9 on d1"}, "reverted"),
        ("reverting", 10, {"at_former": True, "healthy": False}, "reverting"),
        ("reverting", 10, {"at_former": True, "healthy": True, "job": "open"}, "reverting"),
        ("reverting", 10, {"at_former": True, "healthy": True, **HOLE}, "reverted"),
        ("reverting", 300, {"at_former": False, **HOLE}, "revert_failed"),
        ("reverting", 300, {"at_former": False, "busy": "192.0.2.9 on d1"}, "revert_failed"),
        ("reverting", 10, {"at_former": False, "job": "failed"}, "revert_failed"),
        ("reverting", 10, {"at_former": False, "job": "lost"}, "reverting"),
        ("reverting", 300, {"at_former": False}, "revert_failed"),
        ("reverting", 300, AWAY, "reverting"),
    ],
)  # fmt: skip
def test_a_unit_moves_as_the_table_says(
    before: str, seconds: float, seen: dict[str, Any], after: str
) -> None:
    trial = unit_in(before)
    trial.answer("w1", **seen)
    trial.step(seconds)
    assert trial.units() == {"w1": after}


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("waiting", "former"), ("sent", "to"), ("checking", "to"), ("soaking", "to"), ("failed", "to"),
        ("reverting", "former"),
    ],
)  # fmt: skip
def test_what_a_unit_is_desired_to_be_follows_from_its_status(status: str, wanted: str) -> None:
    assert effective(unit_in(status).rollout, "w1") == wanted


def test_a_lost_job_is_sent_three_times_and_then_fails() -> None:
    trial = unit_in("sent")
    trial.answer("w1", job="lost", at_to=False)
    attempts = []
    for _ in range(3):
        trial.step()
        attempts.append((trial.unit("w1").status, trial.unit("w1").attempt))
    assert attempts == [("sent", 1), ("sent", 2), ("failed", 2)]
    assert trial.unit("w1").reason == "its job was lost, 3 times"


def test_a_job_that_never_arrives_fails_with_the_reason() -> None:
    trial = unit_in("sent")
    trial.answer("w1", job="none", at_to=False, why="another job runs there")
    for _ in range(3):
        trial.step()
    assert trial.unit("w1").reason == "its worker has no job of it, 3 times: another job runs there"


def test_a_lost_job_of_a_rollback_is_asked_for_again_with_another_request() -> None:
    trial = unit_in("reverting")
    trial.answer("w1", job="lost", at_former=False)
    attempts = []
    for _ in range(5):
        trial.step()
        attempts.append(trial.unit("w1").attempt)
    assert attempts == [2, 3, 4, 4, 4]


def test_a_job_that_no_one_knows_of_counts_if_its_content_is_there_at_the_second_attempt() -> None:
    trial = unit_in("sent")
    trial.answer("w1", job="none", at_to=True)
    trial.step()
    assert (trial.unit("w1").status, trial.unit("w1").attempt) == ("sent", 1)
    trial.step()
    assert trial.units() == {"w1": "soaking"}


def test_a_soak_that_begins_again_too_often_fails() -> None:
    trial = unit_in("soaking", max_restarts=2)
    seen = []
    for restarts in (1, 2, 3):
        trial.answer("w1", restarts=restarts)
        trial.step()
        seen.append((trial.unit("w1").status, trial.unit("w1").soak_resets))
    assert seen == [("soaking", 1), ("soaking", 2), ("failed", 3)]


def test_a_soak_of_zero_still_needs_a_healthy_observation() -> None:
    trial = Trial(opened(1, soak=0.0))
    trial.answer("w1", **SICK)
    trial.step()
    trial.step()
    assert trial.units() == {"w1": "checking"}
    trial.answer("w1")
    trial.step()
    assert trial.units() == {"w1": "passed"}


def test_a_rollback_does_not_wait_for_ever_for_a_worker_that_is_away() -> None:
    trial = unit_in("reverting", offline_after=1800.0)
    trial.answer("w1", **AWAY)
    trial.step(60)
    trial.step(1799)
    assert trial.status == "reverting"
    trial.step(1)
    assert (trial.status, trial.units()) == ("revert_failed", {"w1": "revert_failed"})
    assert trial.rollout.state.reason == "not taken back: w1"


def test_a_worker_that_reverts_by_itself_after_it_passed_is_a_failure() -> None:
    trial = Trial(opened(2, waves=("1", "100%")))
    trial.step()
    trial.step()
    trial.step(100)
    first = trial.rollout.frozen.waves[0][0]
    assert trial.units()[first] == "passed"
    trial.answer(first, reverted="not confirmed in time")
    trial.step()
    assert (trial.units()[first], trial.status) == ("reverted", "halted")
    assert effective(trial.rollout, first) == "former"
