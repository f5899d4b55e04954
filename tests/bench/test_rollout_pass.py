"""The measured pass is what the row says: it is tried small, and no time is asserted."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.rollout_pass import rollout_pass_rows  # noqa: E402


def test_the_pass_has_a_reference() -> None:
    (row,) = rollout_pass_rows(20, 40)
    assert row.value > 0
    assert row.reference > 0
