"""The labs of the tests: one that all share and leave as they found it, one of its own for a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet.lab import Lab, down, processes, up

# pytest's import mode leaves it to us to find the modules that these tests share, some of them with others.
for folder in ("engines", "upgrades", "scenarios", "lab"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

from lab_machines import Run, in_place  # noqa: E402


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/lab/" in item.path.as_posix():
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One worker, up. A test that breaks it mends it again."""
    shared = Lab("tlab", tmp_path_factory.mktemp("tlab"))
    down(shared)
    up(shared)
    yield shared
    down(shared)


@pytest.fixture(scope="session")
def virtual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One virtual worker with Debian 13. A test that breaks it repairs it."""
    shared = Lab("tlabv", tmp_path_factory.mktemp("tlabv"))
    down(shared)
    up(shared, virtual=True)
    yield shared
    down(shared)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Lab]:
    """A lab that is not up yet, for one test to break."""
    mine = Lab("tlabx", tmp_path / "lab")
    down(mine)
    yield mine
    down(mine)


@pytest.fixture
def run(lab: Lab) -> Run:
    """Run a command in a place of the shared lab."""
    return lambda where, *argv, **options: in_place(lab, where, *argv, **options)


@pytest.fixture(scope="session", autouse=True)
def nothing_left() -> None:
    """Take down the labs that a killed run left in a folder of its own."""
    if os.geteuid() != 0:
        return
    for name in ("tlab", "tlabx", "tlabr", "tlabv"):
        homes = {processes.home_of(process) for process in processes.of_lab(Lab(name))}
        for home in homes - {None}:
            down(Lab(name, Path(str(home))))
