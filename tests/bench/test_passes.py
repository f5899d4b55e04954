"""The measured pass does what it says: it is tried small, and no time is asserted."""

from __future__ import annotations

import sys
from pathlib import Path

from decnet.plan.reconcile import reconcile

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench import passes  # noqa: E402


def test_the_measured_fleet_is_in_order_and_its_drift_is_drift() -> None:
    large = passes.Large(60, 4)
    idle = reconcile(large.fleet, large.recorded, large.observed, large.expected, now=0.0)
    drift = reconcile(large.fleet, large.recorded, large.with_drift(0.5), large.expected, now=0.0)
    assert (idle.is_empty, idle.kept) == (True, 60)
    assert {step.bucket for step in drift.steps} == {"heal"}


def test_every_figure_has_a_reference() -> None:
    rows = passes.three_way_rows(40, 4)
    assert len(rows) == 4
    assert all(row.value > 0 and row.reference > 0 for row in rows)
