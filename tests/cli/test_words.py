"""`help` and `version` are commands, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from decnet import __version__
from decnet.cli.app import app

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


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("drain", "w1"), "`decnet worker drain`"),
        (("add", "w1"), "`decnet worker add`"),
        (
            ("list",),
            "`decnet worker list` or `decnet topology list` or `decnet rollout list` or `decnet image list`",
        ),
        (("worker", "deploy"), "`decnet deploy`"),
        (("help", "drain"), "`decnet worker drain`"),
        (("worker", "drian"), "'drain'"),
    ],
)
def test_a_command_that_is_elsewhere_is_suggested_with_all_its_words(
    words: tuple[str, ...], meant: str
) -> None:
    ended = ran(*words)
    assert (ended.returncode, f"id you mean {meant}" in ended.stderr) == (2, True), ended.stderr


@pytest.mark.parametrize("given", ["SHA256:abc", "abc", "SHA256:" + "A" * 44, "MD5:00:11"])
def test_a_malformed_fingerprint_is_refused_before_any_contact(given: str) -> None:
    ended = ran("worker", "add", "w1", "root@127.0.0.1:1", "--host-key", given)
    assert (ended.returncode, f"--host-key {given} is not a fingerprint" in ended.stderr) == (2, True)


def test_c11_version_prints_what_the_option_prints() -> None:
    assert ran("version").stdout == ran("--version").stdout == f"decnet {__version__}\n"


def test_worker_add_without_a_machine_says_what_it_takes() -> None:
    ended = CliRunner().invoke(app, ["worker", "add"])
    assert ended.exit_code == 2
    assert "hint: decnet worker add [NAME] [USER@]HOST[:PORT]" in ended.stderr
