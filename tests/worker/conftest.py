"""Two practice workers with real sshd and real engines, and an operator's seat in front of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from decnet.lab import Lab, down, heal, run_argv, start, up

from .openssh import Operator, Site

SEAT = Path(__file__).with_name("seat.py")
ADDRESS = {"w1": "root@198.51.100.11", "w2": "root@198.51.100.12"}


class Ground:
    """The lab, and ways to act in it."""

    def __init__(self, lab: Lab, home: Path) -> None:
        self.lab = lab
        self.home = home

    def argv(self, *words: str) -> list[str]:
        return run_argv(self.lab, "operator", ["python", str(SEAT), str(self.home), *words])

    def act(self, *words: str) -> dict[str, Any]:
        """One act at the operator's seat; its outcome."""
        ended = subprocess.run(self.argv(*words), capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
        assert ended.returncode == 0, ended.stderr.decode()
        return dict(json.loads(ended.stdout.splitlines()[-1]))

    def pull(self) -> dict[str, dict[str, Any]]:
        """One pull of all recorded workers; what each said, or its error."""
        ended = subprocess.run(self.argv("pull"), capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
        assert ended.returncode == 0, ended.stderr.decode()
        return dict(json.loads(ended.stdout.splitlines()[0])["workers"])

    def enrol(self, *names: str) -> None:
        for name in names or ADDRESS:
            assert "ok" in self.act("add", name, ADDRESS[name], "--yes", "--adopt")

    def run(self, where: str, *argv: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        argv_there = run_argv(self.lab, where, list(argv))
        ended = subprocess.run(argv_there, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        assert not check or ended.returncode == 0, ended.stderr.decode()
        return ended

    def sshd_log(self, worker: str) -> str:
        return (Path(self.lab.folder) / worker / "log" / "sshd.log").read_text("utf-8", "replace")

    def folder(self, worker: str) -> Path:
        return Path(self.lab.folder) / worker

    def mend(self) -> None:
        for worker in ADDRESS:
            heal(self.lab, worker)
            start(self.lab, worker)


@pytest.fixture(scope="session")
def shared_lab() -> Iterator[Lab]:
    # Always in the same folder: what a killed run left is found there, and taken down first.
    lab = Lab("twrk")
    down(lab)
    up(lab, workers=2, engines=("trixie", "host"))
    yield lab
    down(lab)


@pytest.fixture
def ground(shared_lab: Lab, tmp_path: Path) -> Iterator[Ground]:
    """The shared lab, repaired afterwards, with an empty state directory for the operator."""
    place = Ground(shared_lab, tmp_path / "home")
    yield place
    place.mend()


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    made = Operator(tmp_path / "operator", monkeypatch)
    made.key("mine")
    return made


@pytest.fixture
def site(tmp_path: Path, operator: Operator) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path, operator, stack)
