"""A mistake in the command line is reported like every other error: one form, on stderr, exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from decnet.cli.usage import output_style

DECNET = Path(sys.executable).with_name("decnet")


def ran(words: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DECNET_HOME": str(tmp_path / "home")}
    argv = [DECNET, *words.split()]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (
            "deploy --no-such",
            "no such option: --no-such",
            "did you mean --no-cache or --os? decnet help deploy shows all",
        ),
        (
            "status --outptu json",
            "no such option: --outptu",
            "did you mean --output? decnet help status shows all",
        ),
        ("wrker", "no such command 'wrker'", "did you mean 'worker'? decnet help shows all"),
        (
            "drain w1",
            "no such command 'drain'",
            "did you mean `decnet worker drain`? decnet help shows all",
        ),
        (
            "worker drian",
            "no such command 'drian'",
            "did you mean 'drain' or 'undrain'? decnet help worker shows all",
        ),
        ("show", "missing argument 'decky'", "decnet help show shows how it is used"),
        (
            "status extra",
            "got unexpected extra argument(s) (extra)",
            "decnet help status shows how it is used",
        ),
        ("deploy -s", "option '-s' requires an argument", "decnet help shows how it is used"),
        (
            "logs web -n 0",
            "invalid value for '-n' / '--lines': 0 is not in the range 1<=x<=1000",
            "decnet help logs shows how it is used",
        ),
        (
            "events --pull summary",
            "--pull does not go before a subcommand: options follow `decnet events summary`",
            "decnet help events shows how it is used",
        ),
    ],
)
def test_what_typer_refuses_looks_like_what_decnet_refuses(
    tmp_path: Path, words: str, message: str, hint: str
) -> None:
    ended = ran(words, tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"error: {message}\nhint: {hint}\n"


def test_a_script_reads_it_as_json(tmp_path: Path) -> None:
    ended = ran("status -o json --bad", tmp_path)
    found = json.loads(ended.stderr)
    assert (ended.returncode, ended.stdout, found["code"], found["exit_code"]) == (2, "", "usage", 2)


@pytest.mark.parametrize("words", ["", "worker", "events files -h", "--version", "help worker drain"])
def test_help_and_version_are_as_before(tmp_path: Path, words: str) -> None:
    ended = ran(words, tmp_path)
    is_help_of_a_group = words in ("", "worker")
    assert ended.returncode == (2 if is_help_of_a_group else 0)
    shown = ended.stderr if is_help_of_a_group else ended.stdout
    assert shown.startswith(("Usage: decnet", "decnet 0."))


@pytest.mark.parametrize(
    ("words", "style"),
    [
        ("status -o json --bad", "json"), ("status --bad -o=yaml", "yaml"), ("--output=jsonl", "jsonl"),
        ("-ojson", "json"), ("-o", "table"), ("-o nonsense", "table"), ("status --bad", "table"),
    ],
)  # fmt: skip
def test_the_format_is_the_one_that_was_asked_for(words: str, style: str) -> None:
    assert output_style(words.split()) == style
