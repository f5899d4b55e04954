"""Which machine of a practice network a command runs on, and which words are the command's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DECNET = str(Path(sys.prefix) / "bin" / "decnet")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root")


def error_of(words: str, root: Path) -> str:
    """The first line of the command's error. The lab tlabn is there and not up, so that it names the
    machine."""
    (root / "tlabn").mkdir()
    (root / "tlabn" / "lab.json").write_text("{}")
    environment = os.environ | {"DECNET_LAB_ROOT": str(root)}
    ended = subprocess.run(
        [DECNET, "lab", *words.split()], env=environment, capture_output=True, text=True, check=False
    )
    return ended.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "machine"),
    [
        ("run --name tlabn hostname", "w1"),
        ("run --name tlabn w2 hostname", "w2"),
        ("run --name tlabn --on w3 hostname", "w3"),
        ("run --name tlabn --on w3 w2", "w3"),
        ("run --name tlabn docker run --name other --on w2", "w1"),
        ("attack --name tlabn curl --name other", "attacker"),
        ("operator --name tlabn docker run --name other", "operator"),
    ],
)
def test_a_command_runs_on_the_machine_that_was_named_before_it(
    words: str, machine: str, tmp_path: Path
) -> None:
    assert error_of(words, tmp_path) == f"error: {machine} of the lab 'tlabn' is not up"


@pytest.mark.parametrize("words", ["run w2", "run --on w2", "attack"])
def test_a_machine_alone_is_no_command(words: str, tmp_path: Path) -> None:
    assert error_of(words, tmp_path) == "error: the command is missing"


def test_an_option_after_the_worker_is_no_command(tmp_path: Path) -> None:
    assert error_of("run w2 --name tlabn hostname", tmp_path) == "error: --name is not a command"
