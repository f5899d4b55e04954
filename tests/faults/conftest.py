"""The lab of the faults: one worker with the decoy images, shared by all tests of this folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet.lab import Lab, down, provide_images, up

# pytest's import mode leaves it to us to find the modules that these tests share with others.
for folder in ("faults", "scenarios"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

from places import FLEET, WITH_HTTP, Verb  # noqa: E402
from theatre import Stage  # noqa: E402


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """One worker, up, with the decoy images. A test that breaks it repairs it again."""
    shared = Lab(os.environ.get("FAULTS_LAB", "flts"))
    # What a killed run left is found here, and taken down first.
    down(shared)
    try:
        up(shared, workers=1)
        provide_images(shared, lambda line: None)
        yield shared
    finally:
        down(shared)


@pytest.fixture
def stage(lab: Lab, tmp_path: Path) -> Stage:
    """The lab's one worker, with whatever fleet the tests before have left on it."""
    return Stage(lab, "w1", tmp_path)


@pytest.fixture
def deploy(stage: Stage) -> Verb:
    return Verb(("deploy", "-c", stage.spec(FLEET), "--yes", "--reset-services"), WITH_HTTP)


@pytest.fixture
def first(stage: Stage, deploy: Verb) -> Verb:
    """The first deploy of all, which enrols this machine."""

    def forget() -> None:
        stage.decnet("teardown", "--all", "--yes", code=None)
        stage.on(stage.place, "sh", "-c", "rm -rf /var/lib/decnet/* /var/lib/decnet-agent/*")

    return Verb(deploy.argv, deploy.containers, forget)
