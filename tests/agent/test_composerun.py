"""Compose runs as long as its job, and no longer: not what it started either, however the job ends."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from decnet.agent import composerun, limits


@pytest.fixture
def plugin(tmp_path: Path) -> composerun.Compose:
    """As `docker compose`: a program that starts another one, which works on deaf to a polite word."""
    program = tmp_path / "compose"
    program.write_text(f"#!/bin/sh\nsh -c 'trap \"\" TERM; echo $$ > {tmp_path}/pid; sleep 60; true'; true\n")
    program.chmod(0o755)
    return composerun.Compose([str(program)], "2.0.0")


def pid_in(folder: Path) -> int:
    deadline = time.monotonic() + 10
    while not (text := (folder / "pid").read_text() if (folder / "pid").exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return int(text)


def is_gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or ") Z " in stat.read_text():
            return True
        time.sleep(0.05)
    return False


def test_what_compose_started_ends_when_its_job_is_killed(plugin: composerun.Compose, tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        composerun.up(plugin, "decnet", "x", [], 60.0, [], lambda: None)
        os._exit(0)
    started = pid_in(tmp_path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert is_gone(started, 8)


def test_what_compose_started_ends_at_its_limit(
    plugin: composerun.Compose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMPOSE_END", 4.0)
    assert composerun.up(plugin, "decnet", "x", [], 0.5, [], lambda: None) == "compose did not end in time"
    assert is_gone(pid_in(tmp_path), 2)


def test_composes_own_end_is_reported(tmp_path: Path) -> None:
    program = tmp_path / "compose"
    program.write_text('#!/bin/sh\necho "ERROR: no such thing: $*"; exit 3\n')
    program.chmod(0o755)
    compose, project = composerun.Compose([str(program)], "2.0.0"), "decnet-t-0123abcd"
    error = composerun.up(compose, project, "/f", ["web"], 5.0, [], lambda: None)
    assert error is not None
    assert error.startswith(f"ERROR: no such thing: -p {project} -f /f up -d --no-deps")
