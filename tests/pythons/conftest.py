"""The newest Python, or why it is not here today."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# pytest's import mode leaves it to us to find the modules that the tests of this folder share.
sys.path.insert(0, str(Path(__file__).parent))

from newest import Newest, newest  # noqa: E402

from decnet.lab.trees import Unavailable  # noqa: E402


@pytest.fixture(scope="session")
def python() -> Newest:
    try:
        return newest()
    except Unavailable as reason:
        pytest.skip(f"NOT RUN with the newest Python: {reason}")
