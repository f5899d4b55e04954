"""What people and scripts read of a rollout."""

from __future__ import annotations

from typing import Any

import pytest

from decnet.model.rollout import RolloutEvent
from decnet.plan.rollout import flight_reasons, waiting_reasons
from decnet.plan.rollout_view import (
    bar,
    event_text,
    is_news,
    named,
    next_step,
    policy_item,
    rollout_item,
    status_line,
    unit_items,
    wave_items,
)

from .trial import Trial, opened

TWO_WAVES = {"waves": ("1", "100%"), "max_in_flight": "100%"}


def trial(**changes: Any) -> Trial:
    return Trial(opened(3, **{**TWO_WAVES, **changes}))


def remarks(run: Trial) -> dict[str, str]:
    """By unit, the remark that a table shows."""
    seen = run.observation()
    found = {**flight_reasons(run.rollout, seen, run.now), **waiting_reasons(run.rollout, seen, run.now)}
    return {item["name"]: item["remark"] for item in unit_items(run.rollout, found, run.now)}


def first(run: Trial) -> str:
    return run.rollout.frozen.waves[0][0]


def soaking() -> Trial:
    """The first unit is soaking, for 40 of 100 seconds."""
    run = trial()
    run.step()
    run.step()
    assert run.units()[first(run)] == "soaking"
    run.step(40)
    return run


def halted() -> Trial:
    run = trial()
    run.step()
    run.answer(first(run), job="failed", job_error="web-01: no such image")
    run.step()
    return run


def test_the_line_of_a_new_rollout() -> None:
    run = trial()
    assert status_line(run.rollout) == (
        f"rollout {run.rollout.id}: running, wave 1 of 2, 0 of 3 units passed, 3 waiting"
    )
    assert next_step(run.rollout) == "decnet rollout wait, or each decnet reconcile, continues it"


def test_a_soaking_unit_shows_how_far_it_is_and_the_others_why_they_wait() -> None:
    run = soaking()
    found = remarks(run)
    assert found.pop(first(run)) == "healthy for 40s of 1m40s"
    assert set(found.values()) == {"wave: it is in wave 2; wave 1 has not passed"}
    (item,) = [each for each in unit_items(run.rollout, {}, run.now) if each["name"] == first(run)]
    assert (item["status"], item["soak_done"], item["has_the_change"]) == ("soaking", 0.4, True)


def test_a_unit_that_is_not_healthy_shows_why_and_when_it_fails() -> None:
    run = trial()
    run.step()
    run.answer(first(run), healthy=False, why="dw1 on w1: http is not ready", job="succeeded")
    run.step()
    run.step(60)
    assert run.units()[first(run)] == "checking"
    assert remarks(run)[first(run)] == "health: dw1 on w1: http is not ready; fails in 4m"


def test_a_unit_that_cannot_be_reached_has_no_deadline() -> None:
    run = trial()
    run.step()
    run.answer(first(run), healthy=False, why="w1: not ready")
    run.step()
    run.answer(first(run), reachable=False, why="w1: no route to host")
    run.step()
    assert remarks(run)[first(run)] == "offline: w1: no route to host; its deadlines are stopped"


def test_a_halt_names_the_reason_and_every_way_on() -> None:
    run = halted()
    unit = first(run)
    assert status_line(run.rollout) == (
        f"rollout {run.rollout.id}: halted, wave 1 of 2, 0 of 3 units passed, 2 waiting, 1 failed: "
        "1 unit failed, at most 0 may"
    )
    assert next_step(run.rollout) == (
        f"decnet rollout retry {unit} tries again, rollout resume accepts it, "
        "rollout rollback takes the change back"
    )
    assert "no such image" in remarks(run)[unit]
    run.order("retry", unit)
    assert next_step(run.rollout) == (
        "decnet rollout resume continues it, rollout rollback takes the change back"
    )


def test_a_held_wave_names_the_order_that_it_waits_for() -> None:
    run = soaking_until_passed(promote="manual")
    assert ", held" in status_line(run.rollout)
    assert next_step(run.rollout).startswith("decnet rollout promote begins wave 2")
    assert [each["status"] for each in wave_items(run.rollout)] == ["held", "waiting"]
    run.order("promote")
    assert ", held" not in status_line(run.rollout)
    assert next_step(run.rollout) == "decnet rollout wait, or each decnet reconcile, continues it"


def soaking_until_passed(**changes: Any) -> Trial:
    run = trial(**changes)
    for _ in range(4):
        run.step(60)
    return run


def test_a_paused_rollout_names_the_order_that_continues_it() -> None:
    run = trial()
    run.order("pause")
    assert next_step(run.rollout) == "decnet rollout resume continues it"


def test_waves_count_what_has_ended() -> None:
    run = soaking_until_passed()
    waves = wave_items(run.rollout)
    assert [(each["wave"], each["status"], each["passed"]) for each in waves] == [
        (1, "passed", 1),
        (2, "active", 0),
    ]


def test_a_done_rollout_has_no_next_step() -> None:
    run = soaking_until_passed()
    for _ in range(4):
        run.step(60)
    assert run.status == "done"
    assert status_line(run.rollout) == f"rollout {run.rollout.id}: done, 3 of 3 units passed"
    assert next_step(run.rollout) == ""
    assert [each["status"] for each in wave_items(run.rollout)] == ["passed", "passed"]
    assert set(remarks(run).values()) == {""}


def test_what_is_taken_back_is_counted_by_what_is_as_before() -> None:
    run = halted()
    run.order("rollback")
    assert "reverting, 2 of 3 units as before" in status_line(run.rollout)
    assert next_step(run.rollout) == "decnet rollout wait, or each decnet reconcile, continues it"
    run.answer(first(run))
    for _ in range(3):
        run.step()
    assert run.status == "reverted"
    assert status_line(run.rollout).startswith(f"rollout {run.rollout.id}: reverted, 3 of 3 units as before")
    waves = wave_items(run.rollout)
    assert [(each["status"], each["failed"]) for each in waves] == [("reverted", 0), ("waiting", 0)]


def test_a_script_finds_every_number_of_the_policy_after_rounding() -> None:
    run = Trial(opened(3, waves=("1", "100%"), max_in_flight="50%", max_failures="40%"))
    assert policy_item(run.rollout)["rounded"] == {"in_flight": 1, "failures": 1, "units": 3}
    item = rollout_item(run.rollout)
    assert (item["unit_count"], item["waiting"], item["wave_count"], item["opened_by"]) == (3, 3, 2, "alice")


@pytest.mark.parametrize(
    ("event", "text", "news"),
    [
        ({"kind": "opened", "after": "running"}, "opened", False),
        ({"kind": "unit", "unit": "w1", "before": "sent", "after": "checking"}, "w1: sent -> checking", True),
        ({"kind": "unit", "unit": "w1", "before": "sent", "after": "sent"}, "w1: sent", False),
        (
            {"kind": "wave", "wave": 1, "before": "waiting", "after": "active"},
            "wave 2: waiting -> active",
            True,
        ),
        (
            {"kind": "rollout", "before": "reverting", "after": "revert_failed"},
            "rollout: reverting -> revert failed",
            True,
        ),
        ({"kind": "order", "after": "retry", "by": "alice"}, "retry, ordered by alice", True),
    ],
)
def test_an_event_in_words(event: dict[str, Any], text: str, news: bool) -> None:
    made = RolloutEvent(seq=1, at=0.0, **event)
    assert (event_text(made), is_news(made)) == (text, news)


def test_bars_and_names() -> None:
    assert [bar(0, 4), bar(3, 4), bar(4, 4), bar(0, 0)] == [
        "[..........] 0 of 4",
        "[#######...] 3 of 4",
        "[##########] 4 of 4",
        "[##########] 0 of 0",
    ]
    assert [bar(2, 5, 1), bar(9, 10, 1), bar(1, 30, 1)] == [
        "[####xx....] 2 of 5, 1 failed",
        "[#########x] 9 of 10, 1 failed",
        "[x.........] 1 of 30, 1 failed",
    ]
    assert named([f"w{n}" for n in range(9)], 2) == "w0, w1 and 7 more"
