"""Which workers get the confirmation that they wait for."""

from __future__ import annotations

from typing import Any

import pytest
from plan.rollout.trial import Trial, key, opened

from decnet.plan.rollout import to_confirm

GOOD = {"job": "succeeded", "at_to": True, "healthy": True, "armed_until": 1.0}


def checking() -> Trial:
    trial = Trial(opened(1, confirm_within=600.0))
    trial.step()
    trial.answer("w1", **{**GOOD, "healthy": False})
    trial.step()
    assert trial.units() == {"w1": "checking"}
    trial.now += 10
    return trial


@pytest.mark.parametrize(
    ("seen", "is_confirmed"),
    [
        (GOOD, True),
        ({**GOOD, "job": "none"}, True),
        ({**GOOD, "armed_until": None}, False),
        ({**GOOD, "healthy": False}, False),
        ({**GOOD, "at_to": False}, False),
        ({**GOOD, "job": "open"}, False),
        ({**GOOD, "job": "failed"}, False),
        ({**GOOD, "job": "lost"}, False),
        ({**GOOD, "reachable": False}, False),
        ({**GOOD, "reverted": "not confirmed in time"}, False),
        ({**GOOD, "observed_at": 0.0}, False),
    ],
)
def test_a_worker_is_confirmed_that_has_the_change_and_is_healthy(
    seen: dict[str, Any], is_confirmed: bool
) -> None:
    trial = checking()
    trial.answer("w1", **seen)
    assert to_confirm(trial.rollout, trial.observation()) == ((key("w1"),) if is_confirmed else ())


def test_a_failed_unit_is_not_confirmed() -> None:
    trial = checking()
    trial.answer("w1", **{**GOOD, "job": "failed"})
    trial.step()
    trial.answer("w1", **GOOD)
    assert to_confirm(trial.rollout, trial.observation()) == ()


def test_nothing_is_confirmed_in_a_rollback() -> None:
    trial = checking()
    trial.order("rollback")
    trial.answer("w1", **GOOD)
    assert to_confirm(trial.rollout, trial.observation()) == ()


def test_a_unit_soaks_only_after_its_confirmation() -> None:
    trial = checking()
    trial.answer("w1", **GOOD)
    trial.step()
    assert trial.units() == {"w1": "checking"}
    trial.answer("w1", **{**GOOD, "armed_until": None})
    trial.step()
    assert trial.units() == {"w1": "soaking"}
