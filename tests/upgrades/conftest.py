"""decnet 0.1.0, and what was made by it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet.lab import Lab, down, provide_images, up

# pytest's import mode leaves it to us to find the modules that these tests share with others.
for folder in ("upgrades", "scenarios"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

from old_version import FLEET, Old, old_version  # noqa: E402
from theatre import Stage  # noqa: E402

WORKERS = {"w1": "198.51.100.11", "w2": "198.51.100.12"}
IMAGES = "from decnet.lab import Lab, provide_images; provide_images(Lab({name!r}), print, operator=True)"


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Old:
    return old_version(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="session")
def running(old: Old, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Two workers with six deckies that 0.1.0 deployed. They and the operator have both versions' images."""
    lab = Lab("upg")
    down(lab)
    try:
        up(lab, workers=2, operator_engine=True)
        old.python("-c", IMAGES.format(name=lab.name))
        provide_images(lab, lambda line: None, operator=True)
        stage = Stage(lab, "operator", tmp_path_factory.mktemp("upgrades"))
        _deploy(stage, old)
        yield stage
    finally:
        down(lab)


def _deploy(stage: Stage, old: Old) -> None:
    known_hosts = stage.folder / "known_hosts"
    lines = []
    for worker, address in WORKERS.items():
        key = (stage.lab.folder / worker / "sshd" / "host_ed25519.pub").read_text()
        lines.append(f"{address} {' '.join(key.split()[:2])}\n")
    known_hosts.write_text("".join(lines))
    enrolled = [
        ("worker", "add", worker, f"root@{address}", "--known-hosts", str(known_hosts))
        for worker, address in WORKERS.items()
    ]
    for argv in (*enrolled, ("deploy", "-c", stage.spec(FLEET), "--yes"), ("reconcile", "--check")):
        said = stage.on("operator", str(old.command), *argv)
        assert said.code == 0, (argv, said)
