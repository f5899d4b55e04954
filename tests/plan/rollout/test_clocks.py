"""Two clocks that must agree: steps of either one, and workers that lie about theirs."""

from __future__ import annotations

import random
from typing import Any

import pytest
from plan.rollout.trial import DAY, START, Trial, opened

from decnet.model.rollout import IN_FLIGHT, RolloutState

ODD = [float("nan"), float("inf"), float("-inf"), -1.0, 0.0, 1e300]


def in_soak(**changes: Any) -> Trial:
    trial = Trial(opened(1, **changes))
    trial.step()
    trial.step()
    assert trial.units() == {"w1": "soaking"}
    return trial


def sick(trial: Trial, clock: float | None = None) -> None:
    values = {} if clock is None else {"clock": clock}
    trial.answer("w1", job="succeeded", at_to=True, healthy=False, why="d1: ssh has exited", **values)


@pytest.mark.parametrize("clock", ODD)
def test_a_clock_that_is_no_time_is_ignored(clock: float) -> None:
    trial = Trial(opened(1))
    trial.step()
    sick(trial, clock)
    trial.step()
    assert trial.unit("w1").worker_clock is None
    trial.step(299)
    assert trial.units() == {"w1": "checking"}
    trial.step(1)
    assert trial.units() == {"w1": "failed"}


@pytest.mark.parametrize("up", [*(each for each in ODD if not each > 0), 99.9])
def test_an_uptime_that_is_no_duration_ends_no_soak(up: float) -> None:
    trial = in_soak()
    trial.answer("w1", up_seconds=up)
    trial.step(1000)
    assert trial.units() == {"w1": "soaking"}


def test_a_unit_that_has_no_containers_any_more_passes_after_its_soak() -> None:
    trial = in_soak()
    trial.answer("w1", up_seconds=float("inf"))
    trial.step(99)
    assert trial.units() == {"w1": "soaking"}
    trial.step(1)
    assert trial.units() == {"w1": "passed"}


@pytest.mark.parametrize("restarts", [-5, 10**30])
def test_absurd_counts_of_restarts_are_bounded(restarts: int) -> None:
    trial = in_soak()
    trial.answer("w1", restarts=restarts)
    trial.step()
    assert 0 <= trial.unit("w1").restarts <= 100_000


def test_hostile_text_is_bounded_wherever_it_is_stored() -> None:
    bad = "\u202e\x1b[2J" * 5000
    trial = Trial(opened(1))
    for values in (
        {"reachable": False, "why": bad},
        {"busy": bad},
        {},
        {"job": "succeeded", "at_to": True, "healthy": True, "boot_ids": (bad,) * 400},
        {
            "job": "succeeded",
            "at_to": True,
            "healthy": True,
            "journals": {bad: (bad, 10**30)},
            "boot_ids": (bad,),
        },
        {"job": "failed", "job_error": bad, "why": bad},
    ):
        trial.answer("w1", **values)
        trial.step()
    text = trial.rollout.state.model_dump_json() + "".join(e.model_dump_json() for e in trial.events)
    assert "\u202e" not in text and "\\u001b" not in text and len(text) < 60_000
    assert RolloutState.model_validate_json(trial.rollout.state.model_dump_json()) == trial.rollout.state


def test_a_step_forward_of_the_operators_clock_ends_no_soak() -> None:
    trial = in_soak(soak=600.0)
    trial.answer("w1", up_seconds=30.0)
    trial.step(DAY)
    assert trial.units() == {"w1": "soaking"}


def test_a_step_forward_of_the_operators_clock_fails_no_unit() -> None:
    trial = Trial(opened(1))
    trial.step()
    sick(trial, clock=trial.now + 20)
    trial.step()
    clock = trial.now + 60
    sick(trial, clock)
    trial.step(DAY)
    assert (trial.status, trial.units()) == ("running", {"w1": "checking"})
    sick(trial, clock + 300)
    trial.step(300)
    assert trial.units() == {"w1": "failed"}


def test_a_step_back_of_the_operators_clock_delays_by_what_had_passed_and_not_by_its_size() -> None:
    trial = in_soak(soak=600.0)
    trial.step(500)
    trial.step(-DAY)
    trial.answer("w1", up_seconds=9000.0)
    trial.step(599)
    assert trial.units() == {"w1": "soaking"}
    trial.step(1)
    assert trial.units() == {"w1": "passed"}


def test_a_step_back_of_the_operators_clock_does_not_hold_up_a_unit_that_was_sent() -> None:
    trial = Trial(opened(1))
    trial.step()
    trial.step(-DAY)
    trial.step(60)
    trial.step(60)
    assert trial.units() == {"w1": "soaking"}


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_step_of_the_workers_clock_neither_passes_nor_fails_a_unit(jump: float) -> None:
    trial = Trial(opened(1))
    trial.step()
    sick(trial, trial.now + 10)
    trial.step()
    sick(trial, trial.now + 100 + jump)
    trial.step(100)
    assert trial.units() == {"w1": "checking"}
    trial.answer("w1", clock=trial.now + jump)
    trial.step()
    assert trial.units() == {"w1": "soaking"}


def test_a_worker_whose_clock_stands_still_halts_the_rollout_after_two_intervals() -> None:
    trial = Trial(opened(1, progress_deadline=1000.0))
    trial.step()
    sick(trial, clock=START)
    for _ in range(30):
        trial.step(100)
        if trial.status != "running":
            break
    assert (trial.status, trial.units()) == ("halted", {"w1": "checking"})
    assert trial.rollout.state.reason == "no unit has moved for 1000 s"
    assert trial.now - START <= 2 * 1000 + 300


def test_progress_does_not_count_while_the_unit_in_flight_is_busy_or_away() -> None:
    trial = Trial(opened(1, progress_deadline=1000.0, busy_deadline=1e6))
    trial.step()
    for values in ({"reachable": False}, {"busy": "192.0.2.9 on d1", "job": "open", "at_to": False}):
        trial.answer("w1", **values)
        for _ in range(5):
            trial.step(1000)
    assert trial.status == "running"
    trial.answer("w1", job="open", at_to=False)
    for _ in range(11):
        trial.step(100)
    assert trial.status == "halted"


def test_a_halt_is_one_event_and_stops_the_deadlines() -> None:
    trial = Trial(opened(1, progress_deadline=1000.0))
    trial.step()
    trial.answer("w1", job="open", at_to=False)
    trial.step(1000)
    assert trial.status == "halted"
    assert [trial.step(1000) for _ in range(3)] == [[], [], []]


def test_a_busy_unit_waits_until_its_deadline() -> None:
    trial = Trial(opened(1, busy_deadline=7200.0))
    trial.answer("w1", busy="192.0.2.9 on d1", at_to=False)
    for _ in range(12):
        trial.step(600)
        assert trial.units() == {"w1": "waiting"}
    trial.step(600)
    assert trial.units() == {"w1": "sent"}


def test_with_busy_go_no_one_waits_for_a_visitor() -> None:
    trial = Trial(opened(1, busy="go"))
    trial.answer("w1", busy="192.0.2.9 on d1", at_to=False)
    trial.step()
    assert trial.units() == {"w1": "sent"}


def test_time_that_stopped_in_one_status_does_not_count_in_the_next() -> None:
    trial = Trial(opened(1, busy_deadline=500.0))
    trial.answer("w1", busy="192.0.2.9 on d1", at_to=False)
    trial.step(10)
    trial.step(500)
    assert trial.units() == {"w1": "sent"}
    busy = {"job": "succeeded", "at_to": True, "healthy": False, "busy": "192.0.2.9 on d1"}
    trial.answer("w1", **busy)
    trial.step()
    trial.step(400)
    assert trial.units() == {"w1": "checking"}, "a visitor counts again in each status"
    trial.answer("w1")
    trial.step()
    assert trial.units() == {"w1": "soaking"}
    sick(trial)
    trial.step()
    assert trial.units() == {"w1": "checking"}
    trial.step(300)
    assert trial.units() == {"w1": "failed"}


def test_each_move_is_progress() -> None:
    trial = Trial(opened(4, max_in_flight="1", progress_deadline=1000.0, soak=0.0))
    for _ in range(40):
        for name, unit in trial.rollout.state.units.items():
            is_early = unit.status == "sent" and trial.now - (unit.released_at or 0.0) < 700
            trial.answer(name, **({"job": "open", "at_to": False} if is_early else {}))
        trial.step(100)
    assert trial.status == "done" and trial.now - START > 3000


def test_the_time_of_several_visits_adds_up() -> None:
    """Between two of them another gate keeps it waiting."""
    trial = Trial(opened(1, busy_deadline=140.0))
    for _ in range(2):
        trial.answer("w1", busy="192.0.2.9 on d1", at_to=False)
        trial.step(10)
        trial.step(60)
        assert trial.units() == {"w1": "waiting"}
        trial.answer("w1", ahead="its generation is newer", at_to=False)
        trial.step(10)
    trial.answer("w1", busy="192.0.2.9 on d1", at_to=False)
    trial.step(10)
    assert trial.units() == {"w1": "sent"}


def test_deadlines_stop_while_a_unit_in_flight_is_busy_but_not_for_ever() -> None:
    trial = Trial(opened(1, busy_deadline=1000.0))
    trial.step()
    busy = {"job": "succeeded", "at_to": True, "healthy": False, "busy": "192.0.2.9 on d1"}
    trial.answer("w1", **busy)
    trial.step()
    began = trial.now
    while trial.units() == {"w1": "checking"}:
        trial.step(50)
    assert trial.units() == {"w1": "failed"}
    assert 1000 + 300 <= trial.now - began <= 1000 + 300 + 100


def test_a_unit_that_is_away_is_skipped_and_released_late() -> None:
    trial = Trial(opened(3, waves=("1", "100%"), offline="skip", offline_after=1800.0, max_in_flight="1"))
    away = trial.rollout.frozen.waves[1][0]
    trial.answer(away, reachable=False, why="no route")
    for _ in range(30):
        trial.step(300)
        if trial.units()[away] == "skipped":
            break
    assert trial.units()[away] == "skipped"
    assert trial.status == "done" or trial.status == "running"


def test_a_late_unit_is_released_after_the_last_wave_within_the_budget() -> None:
    trial = Trial(opened(4, waves=("w1,w2", "*"), offline="skip", offline_after=100.0, max_in_flight="1"))
    trial.answer("w2", reachable=False, why="no route")
    while trial.rollout.state.wave == 0:
        trial.step(60)
    assert trial.units()["w2"] == "skipped"
    trial.answer("w2")
    trial.step()
    assert (trial.units()["w2"], trial.unit("w2").is_late) == ("waiting", True)
    for _ in range(30):
        trial.step(60)
        assert sum(status in IN_FLIGHT for status in trial.units().values()) <= 1
    assert trial.status == "done"
    assert [e.unit for e in trial.events if e.after == "sent"][-1] == "w2"


def test_passes_alone_complete_three_waves_while_the_clock_is_moved() -> None:
    rng = random.Random(18)
    trial = Trial(opened(6, waves=("1", "50%", "100%"), soak=600.0))
    true, skew = 0.0, 0.0
    released: dict[str | None, float] = {}
    for _ in range(60):
        true += 300
        skew += rng.choice([0, 0, DAY, -DAY, 3600, -3600])
        for name, unit in trial.rollout.state.units.items():
            up = 0.0 if unit.released_at is None else true - released.get(name, true)
            trial.answer(name, clock=START + true, up_seconds=up)
        events = trial.step(START + true + skew - trial.now)
        released |= {e.unit: true for e in events if e.after == "sent"}
        for event in events:
            if event.after == "passed" and event.kind == "unit":
                assert true - released[event.unit] >= 600, "passed before its containers ran for the soak"
    assert (trial.status, trial.rollout.state.reason) == ("done", "")
    assert set(trial.units().values()) == {"passed"}


def test_a_worker_whose_clock_stands_still_does_not_hold_up_a_rollback() -> None:
    trial = Trial(opened(2, progress_deadline=600.0))
    trial.step()
    trial.order("rollback")
    trial.step()
    trial.answer("w1", job="open", clock=START, at_former=False)
    for _ in range(3):
        trial.step(500.0)
        assert trial.status == "reverting"
    trial.step(500.0)
    assert (trial.status, trial.units()["w1"]) == ("revert_failed", "revert_failed")


def test_a_step_of_the_operator_s_clock_fails_no_rollback() -> None:
    trial = Trial(opened(2, progress_deadline=600.0))
    trial.step()
    trial.order("rollback")
    trial.step()
    trial.answer("w1", job="open", clock=START + 30.0, at_former=False)
    trial.step(DAY)
    trial.answer("w1")
    trial.step()
    assert (trial.status, trial.units()["w1"]) == ("reverted", "reverted")
