"""A fleet in memory of two workers; `fleet` has four deckies on them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakefleet import FakeFleet, in_memory
from fakefleet.killing import copied

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


@pytest.fixture(scope="session")
def deployed() -> Iterator[Path]:
    """The folder of a fleet with four deckies, to be copied."""
    folder = in_memory()
    fleet = FakeFleet(folder)
    assert fleet.deploy(FOUR).code == 0
    fleet.close()
    yield folder
    shutil.rmtree(folder)


THREE = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.one]
services = ["http"]
worker = "w1"

[decky.two]
services = ["http"]
worker = "w2"

[decky.three]
services = ["http"]
worker = "w3"
"""
WITH_SSH = THREE.replace('["http"]', '["http", "ssh"]')
WORKERS = {"w1": "one", "w2": "two", "w3": "three"}


@pytest.fixture(scope="session")
def three_deployed() -> Iterator[Path]:
    """The folder of a fleet of three workers with one decky each, to be copied."""
    folder = in_memory()
    fleet = FakeFleet(folder, WORKERS)
    assert fleet.deploy(THREE).code == 0
    fleet.close()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def three(three_deployed: Path) -> Iterator[FakeFleet]:
    """One decky on each of three workers; each look at the clock takes a moment."""
    folder = copied(three_deployed)
    fleet = FakeFleet(folder)
    fleet.clock.tick = 0.001
    yield fleet
    fleet.close()
    shutil.rmtree(folder)


@pytest.fixture
def fleet(deployed: Path) -> Iterator[FakeFleet]:
    """web-01 and web-03 on w1, web-02 and web-04 on w2."""
    folder = copied(deployed)
    fleet = FakeFleet(folder)
    yield fleet
    fleet.close()
    shutil.rmtree(folder)
