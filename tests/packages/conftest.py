"""The packages, each built once for these tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# pytest's import mode leaves it to us to find the modules that the tests of this folder share.
sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("packages", "upgrades", "scenarios")]

from building import build_deb, build_single_file, build_wheel, copy_sources  # noqa: E402


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return build_wheel(copy_sources(folder / "sources"), folder / "dist")


@pytest.fixture(scope="session")
def single_file() -> Path:
    return build_single_file()


@pytest.fixture(scope="session")
def deb() -> Path:
    return build_deb()
