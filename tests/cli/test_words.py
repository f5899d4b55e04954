"""`help` and `version` are commands, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from decnet import __version__

DECNET = Path(sys.executable).with_name("decnet")


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DECNET, *words], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("words", [(), ("deploy",), ("worker",), ("worker", "drain")])
def test_c11_help_prints_what_the_option_prints(words: tuple[str, ...]) -> None:
    asked, option = ran("help", *words), ran(*words, "--help")
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, option.stdout, "")


@pytest.mark.parametrize(
    ("words", "name", "hint"),
    [
        (("wrker",), "wrker", "did you mean `worker`?"),
        (("worker", "drian"), "worker drian", "did you mean `drain`?"),
        (("deploy", "x"), "deploy x", "decnet help lists the commands"),
    ],
)
def test_c11_help_of_an_unknown_command_is_bad_usage(words: tuple[str, ...], name: str, hint: str) -> None:
    ended = ran("help", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"error: no command is named {name!r}\nhint: {hint}\n"


def test_c11_version_prints_what_the_option_prints() -> None:
    assert ran("version").stdout == ran("--version").stdout == f"decnet {__version__}\n"
