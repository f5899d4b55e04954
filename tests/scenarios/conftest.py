"""One lab for all scenarios of one worker; it is taken down at the end, whatever happened."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet.lab import Lab, down, provide_images, up

# pytest's import mode leaves it to us to find the module that the tests of this folder share.
sys.path.insert(0, str(Path(__file__).parent))

from theatre import OFFICE, Stage  # noqa: E402


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A lab with one worker and the decoy images, and nothing deployed."""
    lab = Lab("scen")
    down(lab)
    try:
        up(lab, workers=1)
        provide_images(lab, lambda line: None)
        yield Stage(lab, "w1", tmp_path_factory.mktemp("scenarios"))
    finally:
        down(lab)


@pytest.fixture
def stage(empty: Stage, tmp_path: Path) -> Iterator[Stage]:
    """The stage with the office fleet on it, as described: what a test before left is put right."""
    described = ("deploy", "-c", empty.spec(OFFICE), "--yes", "--reset-services", "--max-remove", "99")
    if empty.decnet(*described, code=None).code != 0:
        # A decky that failed often would have to wait; a new one need not.
        empty.decnet("teardown", "quarry", "--yes")
        empty.decnet(*described)
    yield empty
    empty.on("w1", "sh", "-c", "docker rm -f stranger ghost >/dev/null 2>&1; true")
