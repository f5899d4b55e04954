"""What all tests share: one lab per group of tests, and each group on one process."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests of one folder share fixtures that must not be made twice: they stay on one process."""
    item.add_marker(pytest.mark.xdist_group(item.path.relative_to(TESTS).parts[0]))
