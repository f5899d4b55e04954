"""A fleet in memory of two workers; `fleet` has four deckies on them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from fakefleet import FakeFleet, in_memory

FOUR = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.web]
count = 4
services = ["http"]
"""


@pytest.fixture
def empty() -> Iterator[FakeFleet]:
    fleet = FakeFleet(in_memory())
    yield fleet
    fleet.close()
    shutil.rmtree(fleet.folder)


@pytest.fixture
def fleet(empty: FakeFleet) -> FakeFleet:
    """web-01 and web-03 on w1, web-02 and web-04 on w2."""
    assert empty.deploy(FOUR).code == 0
    return empty
