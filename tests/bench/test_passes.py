"""The measured pass does what it says: it is tried small, and no time is asserted."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from decnet.plan.reconcile import reconcile

SPEC = importlib.util.spec_from_file_location("bench_passes", Path(__file__).with_name("passes.py"))
assert SPEC is not None
assert SPEC.loader is not None
passes = importlib.util.module_from_spec(SPEC)
sys.modules["bench_passes"] = passes
SPEC.loader.exec_module(passes)


def test_the_measured_fleet_is_in_order_and_its_drift_is_drift() -> None:
    large = passes.Large(60, 4)
    idle = reconcile(large.fleet, large.recorded, large.observed, large.expected, now=0.0)
    drift = reconcile(large.fleet, large.recorded, large.with_drift(0.5), large.expected, now=0.0)
    assert (idle.is_empty, idle.kept) == (True, 60)
    assert {step.bucket for step in drift.steps} == {"heal"}


def test_every_figure_has_a_reference() -> None:
    rows = passes.three_way_rows(40, 4)
    assert len(rows) == 4
    assert all(value > 0 and reference > 0 for _, value, reference, _, _ in rows)
