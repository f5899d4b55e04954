"""The measured topologies are what the row says: it is tried small, and no time is asserted."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.topologies import topology_rows  # noqa: E402
from tests.bench.topology_pass import topology_pass_rows  # noqa: E402


def test_every_figure_has_a_reference() -> None:
    rows = topology_rows(2, 30)
    assert [row.what.partition(": ")[2] for row in rows] == [
        "generated", "validated", "hashed", "all three, in a second",
    ]  # fmt: skip
    assert all(row.value > 0 and row.reference > 0 for row in rows)


def test_the_compared_pass_has_nothing_to_do() -> None:
    (row,) = topology_pass_rows(2, 30)
    assert row.value > 0
    assert row.reference > 0
