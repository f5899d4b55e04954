"""The measured rollout is what the row says: it is tried small, and no time is asserted."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.rollouts import rollout_rows  # noqa: E402


def test_every_figure_is_of_a_rollout_with_a_tenth_unreachable() -> None:
    rows = rollout_rows(20)
    assert [row.what.partition(": ")[2] for row in rows] == [
        "all released in one step", "all judged in one step", "a step without a change", "its log replayed",
        "the effective fleet",
    ]  # fmt: skip
    assert all(row.what.startswith("a rollout of 20 units, 2 unreachable") and row.value > 0 for row in rows)
