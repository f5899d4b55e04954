"""Rollouts on real workers: a bad image is stopped and taken back, an attacker is waited for, a lost link heals,
and no address is ever on the LAN twice."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from theatre import kill
from three_workers import LOGIN, NINE, WORKERS, Company, Said, eventually, watched

import decnet
from decnet.images import wanted
from decnet.lab import heal, partition, run_argv, start, stop

pytestmark = pytest.mark.lab

KNOWN_PASSWORD = NINE + '[decky.host.settings.ssh]\ncredentials = "root:toor"\n'
WITH_FTP = KNOWN_PASSWORD.replace('["ssh"]', '["ssh", "ftp"]')
AT_ONCE = ("--waves", "100%", "--max-in-flight", "100%", "--soak", "0s")
ONE_BY_ONE = ("--waves", "w1,w2,100%", "--soak", "4s")
DAY = 86400


class Later(Company):
    """The operator with a later version of decnet, whose decoys end as soon as they are started."""

    def decnet(self, *argv: str, code: int | None = 0) -> Said:
        said = self.on("operator", "env", f"PYTHONPATH={self.notes['later']}", "decnet", *argv)
        assert code is None or said.code == code, f"decnet {argv}: {said}"
        return said


@pytest.fixture
def later(fleet: Company, tmp_path: Path) -> Iterator[Later]:
    sources = Path(decnet.__file__).parent
    shutil.copytree(
        sources, tmp_path / "decnet", ignore=shutil.ignore_patterns("__pycache__", "lab")
    )
    program = tmp_path / "decnet" / "decoys" / "__main__.py"
    program.write_text(program.read_text() + '\nraise SystemExit("this decoy was built badly")\n')
    names = wanted(tmp_path / "decnet" / "decoys", tmp_path / "decnet" / "images" / "base")
    recipe = tmp_path / "recipe"
    recipe.mkdir()
    build = f"FROM {wanted().decoys}\nLABEL decnet.content={names.decoys.partition(':')[2]}\n"
    (recipe / "Dockerfile").write_text(build + 'ENTRYPOINT ["/usr/bin/python3.11", "-c", "raise SystemExit(1)"]\n')
    built = fleet.on("operator", "docker", "build", "-q", "-t", names.decoys, str(recipe))
    assert built.code == 0, built
    yield Later(fleet.lab, fleet.place, fleet.folder, {"later": str(tmp_path)})
    for place in ("operator", *WORKERS):
        fleet.on(place, "docker", "rmi", names.decoys)


def units(company: Company) -> dict[str, str]:
    """The status of each unit of the rollout that is open, or was last."""
    shown = company.decnet("rollout", "show", "--recorded", "-o", "json", code=None).json
    return {unit["name"]: unit["status"] for unit in shown["unit_list"]}


def test_a_bad_image_is_stopped_by_the_first_worker_and_taken_back(fleet: Company, later: Later) -> None:
    before = {worker: fleet.containers(worker) for worker in WORKERS}
    said = later.decnet(
        "image", "upgrade", "--rollout", "default", "--waves", "w1,100%", "--max-per-lan", "9", "--yes", code=4
    )
    assert "halted" in said.out
    assert units(fleet) == {"w1": "failed", "w2": "waiting", "w3": "waiting"}
    later.decnet("reconcile", "--quiet", code=4)
    assert {worker: fleet.containers(worker) for worker in ("w2", "w3")} == {w: before[w] for w in ("w2", "w3")}
    taken_back = later.decnet("rollout", "rollback", "--yes", "--interval", "1", code=4)
    assert "reverted, 3 of 3 units as before" in taken_back.out
    assert {worker: fleet.containers(worker) for worker in ("w2", "w3")} == {w: before[w] for w in ("w2", "w3")}
    assert {decky["status"] for decky in fleet.deckies().values()} == {"running"}
    assert later.decnet("image", "upgrade", "--yes", code=2).err.count("took this change back") == 1
    fleet.decnet("reconcile", "--check")
