"""Faults that another engine for rollouts had: each must be impossible here."""

from __future__ import annotations

import pytest
from plan.rollout.trial import START, Trial, opened

from decnet.errors import UsageError
from decnet.model.rollout import IN_FLIGHT, RolloutObservation, UnitObservation
from decnet.plan.rollout import could_release, effective, effective_fleet, step, waiting_reasons


def flying(trial: Trial) -> int:
    return sum(status in IN_FLIGHT for status in trial.units().values())


# 1. Inferring instead of being informed.


def test_a_good_observation_of_before_the_release_passes_nothing() -> None:
    trial = Trial(opened(1, soak=0.0))
    trial.step()
    released = trial.now
    trial.answer("w1", observed_at=released, job="succeeded", at_to=True, healthy=True, up_seconds=9e6)
    for _ in range(5):
        trial.step()
        assert trial.units() == {"w1": "sent"}


def test_a_soak_of_zero_does_not_pass_before_anything_was_observed() -> None:
    trial = Trial(opened(1, soak=0.0))
    trial.step()
    after, events = step(trial.rollout, RolloutObservation({}), trial.now + 1000)
    assert events == () and after.state.units["w1"].status == "sent"


def test_the_time_of_a_failure_is_that_of_the_unit_and_not_of_the_pass_that_notices() -> None:
    """Passes are an hour apart; the worker's own clock has counted five minutes all the same."""
    trial = Trial(opened(1))
    trial.step()
    trial.answer("w1", job="succeeded", at_to=True, healthy=False)
    trial.step()
    trial.step(3600)
    assert trial.units() == {"w1": "failed"}


def test_a_wave_with_nothing_to_do_blocks_nothing() -> None:
    trial = Trial(opened(3, waves=("1", "100%")))
    first = trial.rollout.frozen.waves[0][0]
    trial.answer(first, at_to=True, healthy=True)
    trial.step()
    assert trial.units()[first] == "passed"
    assert set(trial.units().values()) == {"passed", "sent"}


# 2. One gate evaluated in two places.


def test_what_a_check_promises_is_what_the_pass_releases() -> None:
    trial = Trial(opened(8, waves=("50%", "100%"), max_in_flight="2"))
    trial.answer("w1 w2 w3", busy="192.0.2.9 on d1")
    trial.answer("w4 w5", reachable=False, why="no route")
    for _ in range(6):
        trial.now += 60
        promised = could_release(trial.rollout, trial.observation(), trial.now)
        events = trial.step(0)
        assert promised == tuple(e.unit for e in events if (e.before, e.after) == ("waiting", "sent"))


def test_a_bad_version_is_not_sent_again_after_it_was_taken_back() -> None:
    trial = Trial(opened(2, on_failure="rollback"))
    trial.step()
    trial.answer("w1", job="failed")
    for _ in range(4):
        trial.step()
    assert trial.status == "reverted"
    for _ in range(3):
        assert trial.step() == []
    assert effective_fleet(trial.rollout, trial.rollout.to) == trial.rollout.former


# 3. All at once converged on the first tick; nothing to do never released successors.


def test_all_at_once_is_not_done_before_each_unit_has_passed() -> None:
    trial = Trial(opened(3, waves=("100%",)))
    trial.step()
    assert trial.status == "running" and set(trial.units().values()) == {"sent"}


def test_a_rollout_of_nothing_is_refused() -> None:
    rollout = opened(2)
    with pytest.raises(UsageError, match="nothing to release"):
        from decnet.plan.rollout import open_rollout

        open_rollout(
            rollout.to, rollout.to, rollout.frozen.policy,
            tags={}, opened_at=START, opened_by="", command="", seed=0,
        )  # fmt: skip


# 4. A rollback that reports success although nothing was taken back.


def test_a_rollback_that_leaves_a_unit_behind_is_not_reverted() -> None:
    trial = Trial(opened(2))
    trial.step()
    trial.order("rollback")
    trial.step()
    trial.answer("w1", at_former=False, healthy=False)
    trial.step()
    trial.step(400)
    assert trial.units() == {"w1": "revert_failed", "w2": "reverted"}
    assert trial.status == "revert_failed"


def test_a_rollback_rests_on_evidence_of_after_its_beginning() -> None:
    trial = Trial(opened(1))
    trial.step()
    trial.order("rollback")
    trial.step()
    trial.answer("w1", observed_at=trial.now, at_former=True, healthy=True)
    trial.step()
    assert trial.units() == {"w1": "reverting"}


# 5. Budgets.


def test_units_that_wait_do_not_use_up_the_budget() -> None:
    trial = Trial(opened(4, max_in_flight="1"))
    trial.step()
    assert flying(trial) == 1


def test_one_pass_does_not_release_more_than_the_budget() -> None:
    trial = Trial(opened(9, max_in_flight="3"))
    for _ in range(30):
        trial.step(60)
        assert flying(trial) <= 3
    assert trial.status == "done"


def test_a_percentage_of_the_budget_counts() -> None:
    trial = Trial(opened(9, max_in_flight="34%"))
    trial.step()
    assert flying(trial) == 3


def test_who_goes_first_is_frozen_and_depends_on_the_seed_alone() -> None:
    assert opened(9).frozen.waves == opened(9).frozen.waves
    assert len({opened(9, seed=seed).frozen.waves for seed in range(5)}) == 5


def test_a_unit_in_flight_that_cannot_be_reached_keeps_its_place() -> None:
    trial = Trial(opened(3, max_in_flight="1"))
    trial.step()
    first = next(name for name, status in trial.units().items() if status == "sent")
    trial.answer(first, reachable=False, why="no route")
    for _ in range(5):
        trial.step(600)
        assert flying(trial) == 1


# 6. The soak's clock.


def test_a_slow_job_does_not_use_up_its_own_soak() -> None:
    trial = Trial(opened(1, soak=600.0))
    trial.step()
    trial.answer("w1", job="open", at_to=False)
    trial.step(900)
    trial.answer("w1")
    trial.step()
    assert trial.unit("w1").soak_from == trial.now
    trial.step(599)
    assert trial.units() == {"w1": "soaking"}
    trial.step(1)
    assert trial.units() == {"w1": "passed"}


def test_no_event_has_a_time_in_the_future() -> None:
    trial = Trial(opened(2))
    for _ in range(6):
        events = trial.step(60)
        assert all(event.at == trial.now for event in events)


# 7. Events that are dropped.


def test_every_move_is_in_the_log_and_the_log_makes_the_state() -> None:
    """`Trial` replays the whole log after each step."""
    trial = Trial(opened(3, waves=("1", "100%")))
    for _ in range(12):
        trial.step(60)
    assert trial.status == "done"
    assert [event.seq for event in trial.events] == list(range(1, len(trial.events) + 1))


# 8. Sequence numbers, gaps.


def test_an_older_journal_proves_nothing_and_a_hole_is_never_passed_over() -> None:
    trial = Trial(opened(1))
    trial.step()
    trial.step()
    assert trial.units() == {"w1": "soaking"}
    trial.answer("w1", journals={"w1": ("journal", 1)}, job="succeeded", at_to=True, healthy=True)
    trial.step(500)
    assert trial.units() == {"w1": "soaking"}
    trial.answer("w1", hole="records 4 to 6 are missing", job="succeeded", at_to=True, healthy=True)
    trial.step(500)
    assert trial.units() == {"w1": "soaking"}
    trial.answer("w1")
    trial.step()
    assert trial.units() == {"w1": "passed"}


# 9. A failed host does not stop the others of its wave.


def test_a_failure_stops_the_units_of_its_own_wave_that_wait() -> None:
    trial = Trial(opened(6, max_in_flight="2"))
    trial.step()
    first, second = (name for name, status in trial.units().items() if status == "sent")
    trial.answer(first, job="failed", job_error="no space left")
    trial.step(200)
    assert trial.status == "halted"
    assert sorted(trial.units().values()) == ["failed", "soaking", *["waiting"] * 4]
    for _ in range(5):
        trial.step(200)
    assert trial.units()[second] == "passed", "what runs is judged to its end"
    assert list(trial.units().values()).count("waiting") == 4
    reasons = waiting_reasons(trial.rollout, trial.observation(), trial.now)
    assert set(reasons.values()) == {"halted: 1 unit failed, at most 0 may"}


# 10. Counters, clocks, memory.


def test_failures_are_counted_by_unit_and_not_by_event() -> None:
    trial = Trial(opened(4, max_failures="1", max_in_flight="4"))
    trial.step()
    for _ in range(3):
        trial.answer("w1", job="failed")
        trial.step()
        assert trial.status == "running"
        trial.order("retry", "w1")
        trial.answer("w1")
        trial.step()
    assert trial.status == "running"


def test_times_survive_a_restart_of_the_engine() -> None:
    """Each pass begins from the stored state alone: the deadline counts from the first observation."""
    trial = Trial(opened(1))
    trial.step()
    trial.answer("w1", job="succeeded", at_to=True, healthy=False)
    for _ in range(6):
        trial.rollout = type(trial.rollout)(
            trial.rollout.id, trial.rollout.frozen, trial.rollout.former, trial.rollout.to,
            type(trial.rollout.state).model_validate_json(trial.rollout.state.model_dump_json()),
        )  # fmt: skip
        trial.step(60)
    assert trial.units() == {"w1": "failed"}


def test_one_worker_cannot_fail_another() -> None:
    trial = Trial(opened(3, on_failure="continue"))
    trial.step()
    trial.answer("w1", job="failed", job_error="w2 and w3 are bad", reverted="everything is bad")
    for _ in range(4):
        trial.step(60)
    assert (trial.units()["w2"], trial.units()["w3"]) == ("passed", "passed")


# 11. States that are hidden.


def test_a_rollout_with_a_failed_unit_is_not_running_as_if_nothing_were() -> None:
    trial = Trial(opened(2))
    trial.step()
    trial.answer("w1", job="failed", job_error="no space left")
    trial.step()
    assert trial.status == "halted"
    assert trial.rollout.state.reason == "1 unit failed, at most 0 may"
    assert trial.unit("w1").reason == "no space left"


def test_an_unreached_unit_is_neither_good_nor_bad() -> None:
    trial = Trial(opened(1))
    trial.step()
    seen = UnitObservation(
        reachable=False, why="no route", observed_at=trial.now + 1, job="failed", at_to=True, healthy=True,
        reverted="it cannot know",
    )  # fmt: skip
    rollout, _ = step(trial.rollout, RolloutObservation({"w1": seen}), trial.now + 1)
    assert rollout.state.units["w1"].status == "sent"
    assert effective(rollout, "w1") == "to"
