"""A home that decnet 0.1.0 has filled, and the present version in it: all is shown, and kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from old_version import FLEET, VERSION, WRITER, Old

from decnet import __version__

OURS = Path(sys.executable).with_name("decnet")
LOOKS = ("status", "history", "worker list", "worker quarantine", "events")
WORDED = {"error", "hint", "reason", "drift", "agent_remark"}
"""Sentences for people: they change from version to version."""


@pytest.fixture
def home(old: Old, tmp_path: Path) -> Path:
    made = tmp_path / "home"
    assert old.python(str(WRITER), str(made)).stdout.strip() == VERSION
    return made


def run(program: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    own = {**os.environ, "DECNET_HOME": str(home)}
    argv = [str(program), *words]
    return subprocess.run(
        argv, capture_output=True, text=True, timeout=120, check=False, env=own, cwd=home.parent
    )


def shown(program: Path, home: Path, look: str) -> Any:
    ended = run(program, home, *look.split(), "-o", "json")
    assert ended.returncode == (5 if look == "status" else 0), ended
    return json.loads(ended.stdout)


def lost(before: Any, now: Any, place: str = "") -> list[str]:
    """What was shown before and is not shown now, by its place."""
    if isinstance(before, dict) and isinstance(now, dict):
        kept = {key: value for key, value in before.items() if key not in WORDED}
        return [each for key in kept for each in lost(kept[key], now.get(key), f"{place}.{key}")]
    if isinstance(before, list) and isinstance(now, list) and len(now) == len(before):
        return [
            each
            for n, pair in enumerate(zip(before, now, strict=True))
            for each in lost(*pair, f"{place}[{n}]")
        ]
    return [] if before == now else [f"{place}: {before!r}, now {now!r}"]


def test_the_present_version_is_a_later_one(old: Old, home: Path) -> None:
    said = [run(program, home, "--version").stdout.split()[1] for program in (old.command, OURS)]
    assert said == [VERSION, __version__]
    assert [int(part) for part in __version__.split(".")[:2]] > [int(part) for part in VERSION.split(".")[:2]]


@pytest.mark.parametrize("look", LOOKS)
def test_what_the_old_version_showed_is_shown(old: Old, home: Path, look: str) -> None:
    before = shown(old.command, home, look)
    assert before
    assert lost(before, shown(OURS, home, look)) == []


def test_a_change_keeps_all_else_as_it_was(old: Old, home: Path) -> None:
    before = {look: shown(old.command, home, look) for look in LOOKS}
    said = run(OURS, home, "worker", "tag", "w1", "edge")
    assert said.returncode == 0, said
    for row in before["worker list"]:
        if row["name"] == "w1":
            row["tags"] = ["dmz", "edge"]
    assert [each for look in LOOKS for each in lost(before[look], shown(OURS, home, look), look)] == []


@pytest.mark.parametrize("look", ["worker list", "history", "events"])
def test_the_old_version_refuses_what_the_present_one_has_written(old: Old, home: Path, look: str) -> None:
    assert run(OURS, home, "worker", "tag", "w1", "edge").returncode == 0
    before = (home / "fleet.json").read_bytes()
    said = run(old.command, home, *look.split())
    assert said.returncode == 1 and "was written by a newer decnet" in said.stderr, said
    assert (home / "fleet.json").read_bytes() == before


def test_its_fleet_file_is_valid(home: Path) -> None:
    (home.parent / "fleet.toml").write_text(FLEET)
    said = run(OURS, home, "validate", "fleet.toml")
    assert (said.returncode, said.stderr) == (0, "")
