"""Row C8: a practice network or a worker of it that does not exist is refused by its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DECNET = str(Path(sys.prefix) / "bin" / "decnet")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root")

UNKNOWN = [
    "down --name qqaax",
    "down --keep-images --name qqaax",
    "status --name qqaax",
    "run --name qqaax hostname",
    "attack --name qqaax hostname",
    "operator --name qqaax hostname",
    "stop w1 --name qqaax",
    "start w1 --name qqaax",
    "partition w1 --name qqaax",
    "heal w1 --name qqaax",
]


def run(words: str, root: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DECNET_LAB_ROOT": str(root)}
    return subprocess.run(
        [DECNET, "lab", *words.split()], env=environment, capture_output=True, text=True, check=False
    )


def make(root: Path, name: str, *workers: str) -> Path:
    """A lab of that name as a killed command leaves it: its record, and the folders of its workers."""
    folder = root / name
    folder.mkdir()
    (folder / "lab.json").write_text("{}")
    for worker in workers:
        (folder / worker / "pids").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("words", UNKNOWN)
def test_an_unknown_lab_is_refused_and_the_known_ones_are_listed(words: str, tmp_path: Path) -> None:
    kept = make(tmp_path, "qqaay", "w1")
    make(tmp_path, "zz")
    ended = run(words, tmp_path)
    assert ended.returncode == 2
    error, hint = ended.stderr.splitlines()
    assert error == "error: no lab is named 'qqaax'"
    assert "did you mean 'qqaay'?" in hint and "qqaay" in hint.partition("labs: ")[2] and "zz" in hint
    assert (kept / "lab.json").exists()


@pytest.mark.parametrize("words", ["run w7 hostname", "run --on w7 hostname", "stop w7", "partition w7"])
def test_an_unknown_worker_is_refused_and_the_known_ones_are_listed(words: str, tmp_path: Path) -> None:
    make(tmp_path, "qqaay", "w1", "w2")
    command, *rest = words.split()
    ended = run(" ".join([command, "--name", "qqaay", *rest]), tmp_path)
    assert ended.returncode == 2
    error, hint = ended.stderr.splitlines()
    assert error == "error: the lab 'qqaay' has no worker 'w7'" and "its workers: w1, w2" in hint


def test_a_lab_of_which_only_its_folder_is_left_is_taken_down(tmp_path: Path) -> None:
    folder = make(tmp_path, "qqaay", "w1")
    ended = run("down --name qqaay", tmp_path)
    assert (ended.returncode, ended.stderr, folder.exists()) == (0, "lab qqaay: down\n", False)


def test_the_default_lab_that_is_not_up_is_reported_with_the_others(tmp_path: Path) -> None:
    make(tmp_path, "qqaay")
    ended = run("down", tmp_path / "empty")
    if "not up" not in ended.stderr:
        pytest.skip("the default lab of this machine is up")
    ended = run("down", tmp_path)
    assert ended.returncode == 0
    assert ended.stderr.startswith("lab lab: not up; other labs: ") and "qqaay" in ended.stderr


@pytest.mark.parametrize("command", ["run", "attack", "operator"])
def test_help_before_the_command_is_of_the_lab_and_after_it_of_the_command(
    command: str, tmp_path: Path
) -> None:
    make(tmp_path, "qqaay")
    shown = run(f"{command} --help", tmp_path)
    assert (shown.returncode, shown.stdout.split()[:1]) == (0, ["Usage:"])
    assert "is not up" in run(f"{command} --name qqaay decnet --help", tmp_path).stderr
    assert "is not up" in run(f"{command} --name qqaay decnet deploy --name x", tmp_path).stderr


def test_the_status_of_a_default_lab_that_is_not_up_names_the_others(tmp_path: Path) -> None:
    make(tmp_path, "tlaby")
    ended = run("status", tmp_path)
    if "not up" not in ended.stderr:
        pytest.skip("the default lab of this machine is up")
    assert ended.stderr.startswith("lab lab: not up: sudo decnet lab up; other labs: ")
    assert "tlaby" in ended.stderr
