"""What an operator can order, when, and what follows."""

from __future__ import annotations

import pytest
from plan.rollout.trial import START, Trial, opened

from decnet.errors import UsageError
from decnet.model.rollout import UnitObservation
from decnet.plan.rollout import effective, effective_fleet, waiting_reasons
from decnet.plan.rollout.ledger import Ledger
from decnet.plan.rollout.seen import boot_ids, journals
from decnet.store.jsonl import MAX_LINE


def halted(**changes: object) -> Trial:
    """Four units, of which w1 failed and two others wait."""
    trial = Trial(opened(4, waves=("w1,w2", "*"), **changes))
    trial.step()
    trial.answer("w1", job="failed", job_error="no space left")
    trial.step()
    assert trial.status == "halted"
    return trial


def test_a_paused_rollout_releases_nothing_and_judges_what_runs() -> None:
    trial = Trial(opened(4, waves=("2", "100%")))
    trial.step()
    trial.order("pause")
    trial.step()
    trial.step(200)
    assert sorted(trial.units().values()) == ["passed", "passed", "waiting", "waiting"]
    trial.order("resume")
    trial.step()
    assert sorted(trial.units().values()) == ["passed", "passed", "sent", "sent"]


def test_a_failure_halts_a_paused_rollout_too() -> None:
    trial = Trial(opened(2))
    trial.step()
    trial.order("pause")
    trial.answer("w1", job="failed")
    trial.step()
    assert trial.status == "halted"


def test_the_time_of_a_pause_does_not_count_for_the_deadline() -> None:
    trial = Trial(opened(1))
    trial.step()
    trial.answer("w1", job="succeeded", at_to=True, healthy=False)
    trial.step()
    trial.order("pause")
    trial.step(9000)
    trial.order("resume")
    trial.step(10)
    trial.step(280)
    assert (trial.status, trial.units()) == ("running", {"w1": "checking"})
    trial.step(30)
    assert trial.units() == {"w1": "failed"}


def test_resume_accepts_the_failures_and_keeps_counting() -> None:
    trial = halted()
    trial.order("resume")
    for _ in range(3):
        trial.step(60)
    assert trial.status == "running" and trial.units()["w1"] == "failed"
    trial.answer("w3", job="failed")
    trial.step(60)
    assert trial.status == "halted"
    assert trial.rollout.state.reason == "2 units failed, at most 1 may"


def test_retry_sends_a_failed_unit_again_with_another_request() -> None:
    trial = halted()
    trial.order("retry", "w1")
    assert trial.units()["w1"] == "waiting" and effective(trial.rollout, "w1") == "former"
    trial.answer("w1")
    trial.step()
    assert trial.units()["w1"] == "waiting"
    trial.order("resume")
    trial.step()
    assert (trial.units()["w1"], trial.unit("w1").attempt) == ("sent", 1)


def test_a_retried_unit_may_lose_its_job_as_often_as_before() -> None:
    trial = Trial(opened(1))
    trial.step()
    trial.answer("w1", job="lost", at_to=False)
    for _ in range(3):
        trial.step()
    assert trial.units() == {"w1": "failed"}
    trial.order("retry", "w1")
    trial.order("resume")
    trial.step()
    trial.step()
    assert (trial.status, trial.units()) == ("running", {"w1": "sent"})


def test_a_removed_unit_is_not_retried() -> None:
    trial = Trial(opened(2))
    trial.order("remove", "w1")
    with pytest.raises(UsageError, match=r"w1 \(removed\)"):
        trial.order("retry", "w1")


def test_a_failure_that_was_accepted_and_retried_is_no_longer_accepted() -> None:
    trial = halted()
    trial.order("resume")
    assert trial.rollout.state.acknowledged == 1
    trial.order("retry", "w1")
    trial.step()
    trial.step()
    assert (trial.rollout.state.acknowledged, trial.units()["w1"], trial.status) == (0, "failed", "halted")


def test_a_unit_of_a_wave_that_has_passed_is_retried_after_the_last_wave() -> None:
    trial = halted()
    trial.order("resume")
    for _ in range(2):
        trial.step(100)
    assert trial.rollout.state.wave == 1
    trial.order("retry", "w1")
    trial.answer("w1")
    reasons = waiting_reasons(trial.rollout, trial.observation(), trial.now)
    assert reasons["w1"] == "wave: it is late, and released after the last wave"
    for _ in range(10):
        trial.step(60)
    assert trial.status == "done" and set(trial.units().values()) == {"passed"}
    released = [e.unit for e in trial.events if e.after == "sent"]
    assert released[-1] == "w1" and set(released) == {"w1", "w2", "w3", "w4"}


def test_a_rollout_is_not_done_while_a_late_unit_waits() -> None:
    trial = halted()
    trial.order("resume")
    trial.step(100)
    trial.order("retry", "w1")
    trial.answer("w1", busy="192.0.2.9 on d1", at_to=False)
    for _ in range(6):
        trial.step(60)
    assert (trial.rollout.state.wave_status, trial.units()["w1"]) == ("passed", "waiting")
    assert trial.status == "running"


def test_a_skipped_unit_keeps_its_former_content_until_the_rollout_is_done() -> None:
    trial = Trial(opened(2))
    trial.order("skip", "w1")
    trial.step()
    assert trial.units() == {"w1": "skipped", "w2": "sent"}
    assert effective(trial.rollout, "w1") == "former"
    trial.step()
    trial.step(100)
    assert trial.status == "done"
    assert effective(trial.rollout, "w1") == "to"


def test_a_unit_that_the_operator_skipped_does_not_come_back_by_itself() -> None:
    trial = Trial(opened(2))
    trial.answer("w1", reachable=False, why="no route")
    trial.step()
    trial.order("skip", "w1")
    trial.answer("w1")
    trial.step(60)
    assert trial.units()["w1"] == "skipped"


def test_a_wave_of_skipped_units_is_held_until_it_is_promoted() -> None:
    trial = Trial(opened(3, waves=("1", "100%")))
    first = trial.rollout.frozen.waves[0][0]
    trial.order("skip", first)
    trial.step()
    assert trial.rollout.state.wave_status == "held"
    trial.order("promote")
    trial.step()
    assert trial.rollout.state.wave == 1
    assert sorted(trial.units().values()) == ["sent", "sent", "skipped"]


def test_a_retry_in_a_held_wave_makes_it_active_again() -> None:
    trial = Trial(opened(3, waves=("1", "100%")))
    first = trial.rollout.frozen.waves[0][0]
    trial.order("skip", first)
    trial.step()
    trial.order("retry", first)
    trial.step()
    assert (trial.rollout.state.wave_status, trial.units()[first]) == ("active", "sent")


def test_manual_promotion_holds_each_wave_but_the_last() -> None:
    trial = Trial(opened(3, waves=("1", "2", "100%"), promote="manual"))
    for wave in (0, 1):
        for _ in range(4):
            trial.step(60)
        assert (trial.rollout.state.wave, trial.rollout.state.wave_status) == (wave, "held")
        assert "sent" not in trial.units().values()
        trial.order("promote")
        with pytest.raises(UsageError, match="has been promoted"):
            trial.order("promote")
    for _ in range(4):
        trial.step(60)
    assert trial.status == "done"


@pytest.mark.parametrize(("order", "status"), [("cancel", "cancelled"), ("supersede", "superseded")])
def test_an_end_by_order_leaves_each_unit_as_it_is(order: str, status: str) -> None:
    trial = Trial(opened(4, waves=("2", "100%")))
    trial.step()
    before = effective_fleet(trial.rollout, trial.rollout.to)
    trial.order(order)
    assert trial.status == status
    assert effective_fleet(trial.rollout, before) is before
    assert trial.step(60) == []


def test_a_rollback_takes_back_in_reverse_order_twice_as_many_at_once() -> None:
    trial = Trial(opened(8, max_in_flight="2", soak=0.0))
    for _ in range(5):
        trial.step(60)
    assert trial.status == "done" or set(trial.units().values()) == {"passed"}
    trial = Trial(opened(8, max_in_flight="2", soak=0.0, waves=("7", "100%"), promote="manual"))
    for _ in range(6):
        trial.step(60)
    released = [e.unit for e in trial.events if e.after == "sent"]
    assert len(released) == 7
    trial.order("rollback")
    most = 0
    for _ in range(9):
        trial.step(60)
        most = max(most, list(trial.units().values()).count("reverting"))
    assert (trial.status, most) == ("reverted", 4)
    times = {
        unit: [e.at for e in trial.events if e.unit == unit and e.after == "reverting"] for unit in released
    }
    order = [times[unit][0] for unit in released]
    assert order == sorted(order, reverse=True)
    assert effective_fleet(trial.rollout, trial.rollout.to) == trial.rollout.former


def test_a_rollback_is_not_gated_by_what_guards_going_forward() -> None:
    trial = Trial(opened(2, catalog="one"))
    assert trial.step() == [], "the catalog differs"
    trial = Trial(opened(2))
    trial.step()
    trial.order("pause")
    trial.order("rollback")
    trial.answer("w1 w2", busy="192.0.2.9 on d1", at_former=True, job="none")
    trial.step()
    assert set(trial.units().values()) == {"reverting"}
    trial.step()
    assert trial.status == "reverted"


def test_a_rollback_takes_back_what_waits_to_be_retried() -> None:
    trial = halted()
    trial.order("retry", "w1")
    trial.order("rollback")
    trial.step()
    assert trial.units() == {"w1": "reverting", "w2": "reverting", "w3": "waiting", "w4": "waiting"}


def test_a_pass_that_may_not_release_begins_nothing() -> None:
    trial = Trial(opened(3, offline="skip", offline_after=0.0))
    trial.answer("w1", reachable=False, why="no route")
    assert trial.step(may_release=False) == []
    trial.step()
    assert trial.units() == {"w1": "skipped", "w2": "sent", "w3": "sent"}
    trial.answer("w1")
    trial.step(may_release=False)
    assert trial.units()["w1"] == "skipped"
    trial.order("rollback")
    assert trial.step(may_release=False) == []


def test_nothing_moves_forward_in_a_rollback() -> None:
    trial = Trial(opened(3))
    trial.step()
    trial.order("rollback")
    events = trial.step()
    assert [event.after for event in events] == ["reverting"] * 3


def test_a_removed_worker_fails_nothing_any_more() -> None:
    trial = Trial(opened(2, waves=("w1", "*")))
    for _ in range(3):
        trial.step(100)
    assert trial.units()["w1"] == "passed"
    trial.order("remove", "w1")
    trial.answer("w1", reverted="not confirmed in time")
    trial.step()
    assert (trial.status, trial.units()["w1"]) == ("running", "passed")
    trial.order("rollback")
    trial.step()
    assert trial.units() == {"w1": "skipped", "w2": "reverting"}


def test_a_rollback_begins_with_the_workers_that_can_be_reached() -> None:
    trial = Trial(opened(4, max_in_flight="1", waves=("3", "100%"), promote="manual", soak=0.0))
    for _ in range(4):
        trial.step(60)
    trial.order("rollback")
    last = [e.unit or "" for e in trial.events if e.after == "sent"][1:]
    for name in last:
        trial.answer(name, reachable=False, why="no route")
    events = trial.step()
    assert [e.unit for e in events if e.after == "reverting"][0] not in last


def test_a_rollback_continues_past_failures_and_names_them() -> None:
    trial = Trial(opened(3, max_in_flight="1"))
    for _ in range(12):
        trial.step(60)
        if list(trial.units().values()).count("passed") == 2:
            break
    trial.order("rollback")
    trial.answer("w1 w2 w3", at_former=False, job="failed", job_error="no space left")
    for _ in range(6):
        trial.step(60)
    assert trial.status == "revert_failed"
    assert "not taken back: " in trial.rollout.state.reason


def test_a_removed_worker_holds_up_nothing_and_its_slice_is_as_stored() -> None:
    trial = Trial(opened(3, max_in_flight="1"))
    trial.step()
    first = next(name for name, status in trial.units().items() if status == "sent")
    trial.order("remove", first)
    assert trial.units()[first] == "skipped"
    stored = trial.rollout.to.with_deckies(
        {name: each for name, each in trial.rollout.former.deckies.items() if each.worker != first}
    )
    assert f"d{first}" not in effective_fleet(trial.rollout, stored).deckies
    for _ in range(8):
        trial.step(60)
    assert trial.status == "done"
    assert f"d{first}" not in effective_fleet(trial.rollout, stored).deckies


def test_a_soak_is_restarted_by_order_and_does_not_count_as_a_restart() -> None:
    trial = Trial(opened(1))
    trial.step()
    trial.step()
    trial.order("restart-soak", "w1")
    assert trial.units() == {"w1": "checking"}
    trial.step(0)
    assert trial.units() == {"w1": "checking"}, "what was seen before the change proves nothing about it"
    trial.step(95)
    assert (trial.unit("w1").status, trial.unit("w1").soak_resets) == ("soaking", 0)
    trial.step(95)
    assert trial.units() == {"w1": "soaking"}


@pytest.mark.parametrize(
    ("kind", "units"),
    [
        ("pause", ()),
        ("resume", ()),
        ("promote", ()),
        ("cancel", ()),
        ("rollback", ()),
        ("supersede", ()),
        ("retry", ("w1",)),
        ("skip", ("w1",)),
    ],
)
def test_nothing_can_be_ordered_of_a_rollout_that_has_ended(kind: str, units: tuple[str, ...]) -> None:
    trial = Trial(opened(1))
    trial.order("cancel")
    with pytest.raises(UsageError, match="has ended: cancelled"):
        trial.order(kind, *units)


@pytest.mark.parametrize(
    ("kind", "units", "message"),
    [
        ("resume", (), "is running: it cannot resume now"),
        ("promote", (), "wave 1 .* is active, not held"),
        ("retry", ("w1",), r"not possible for 1 unit: w1 \(waiting\)"),
        ("retry", (), "no unit is named"),
        ("skip", ("w9",), "has no unit 'w9'"),
    ],
)
def test_an_order_that_is_not_possible_now_names_the_reason(
    kind: str, units: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Trial(opened(1)).order(kind, *units)


def test_an_order_is_in_the_log_with_who_gave_it() -> None:
    trial = Trial(opened(1))
    events = trial.order("pause")
    assert [(e.kind, e.after, e.by) for e in events] == [
        ("order", "pause", "alice"),
        ("rollout", "paused", "alice"),
    ]


def test_a_worker_that_was_skipped_holds_up_no_other_by_a_newer_state() -> None:
    trial = Trial(opened(3, waves=("w1", "100%")))
    trial.answer("w1", ahead="its generation is newer", at_to=False)
    trial.step()
    assert set(trial.units().values()) == {"waiting"}
    trial.order("skip", "w1")
    trial.step()
    trial.order("promote")
    trial.step()
    assert (trial.units()["w2"], trial.units()["w3"]) == ("sent", "sent")


def test_the_line_of_an_event_can_be_read_again_whatever_the_workers_report() -> None:
    rude = '"' * 200
    names = [f"{number:03}-{'w' * 36}" for number in range(300)]
    seen = UnitObservation(
        observed_at=START,
        boot_ids=(rude,) * 300,
        journals=dict.fromkeys(names, (rude, 2**63 - 1)),
        why=rude * 9,
    )
    trial = Trial(opened(1))
    ledger = Ledger(trial.rollout, START, rude)
    ledger.move("w1", "soaking", rude * 9, seen, boot_ids=boot_ids(seen), journals=journals(seen))
    (event,) = ledger.events
    assert len(event.model_dump_json()) < MAX_LINE
