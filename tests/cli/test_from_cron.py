"""What is shipped for cron and systemd can be put into place as it stands."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from decnet.cli.app import app

DOCS = Path(__file__).parents[2] / "docs"
CRON = [
    line.split(None, 6)
    for line in (DOCS / "cron.d" / "decnet").read_text().splitlines()
    if line[:1] in tuple("*0123456789")
]
UNITS = sorted((DOCS / "systemd").iterdir())
DECNET = Path(sys.executable).with_name("decnet")


def unit(path: Path) -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None, strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(path.read_text())
    return read


COMMANDS = [" ".join(parts[6:]) for parts in CRON] + [
    unit(path)["Service"]["ExecStart"].partition(" ")[2] for path in UNITS if path.suffix == ".service"
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_line_is_one_that_decnet_takes(line: str) -> None:
    words = shlex.split(line.partition(">")[0])
    words = words[words[0] == "decnet" :]
    group: Any = typer.main.get_command(app)
    with group.make_context("decnet", words) as context:
        _, command, rest = group.resolve_command(context, words)
        command.make_context(words[0], rest, parent=context).close()


def test_cron_and_systemd_do_the_same() -> None:
    assert {re.split(" --| >", line.removeprefix("decnet "))[0] for line in COMMANDS} == {
        "reconcile",
        "mutate",
        "events",
    }
    assert all(parts[5] == "root" and parts[6].split()[0] for parts in CRON)
    assert {path.stem for path in UNITS if path.suffix == ".timer"} == {
        path.stem for path in UNITS if path.suffix == ".service"
    }


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_in_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text().replace("/usr/local/bin/decnet", str(DECNET))
        (tmp_path / path.name).write_text(text.replace("man:decnet(1)", f"file:{DOCS}/commands.md"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize(
    "path", [path for path in UNITS if path.suffix == ".timer"], ids=lambda path: path.stem
)
def test_the_times_are_times(path: Path) -> None:
    when = unit(path)["Timer"]["OnCalendar"]
    subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, timeout=60, check=True)
