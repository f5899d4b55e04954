"""What a command does not need it does not import: that is most of a command's start-up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from decnet.store.desired import new_fleet, save_fleet
from decnet.store.home_check import open_home
from decnet.store.paths import Home

FLEET = '[decky.web]\nservices = ["ssh"]\n'
HEAVY = (
    "pydantic",
    "asyncio",
    "asyncssh",
    "docker",
    "tinydb",
    "rich",
    "http",
    "requests",
    "decnet.engine.apply",
)


def imported(folder: Path, *argv: str) -> set[str]:
    """The heavy modules that a command imports."""
    return set(HEAVY) & modules(folder, *argv)


def modules(folder: Path, *argv: str) -> set[str]:
    """All modules that a command imports."""
    (folder / "fleet.toml").write_text(FLEET)
    script = (
        "import sys; from decnet.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *argv],
        cwd=folder, env={**os.environ, "DECNET_HOME": str(folder / "home")},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return set(ended.stderr.split())


def at_start() -> set[str]:
    """The modules that an empty Python has."""
    script = "import sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize(
    "command",
    ["--help", "deploy --help", "services", "archetypes", "validate fleet.toml", "config show", "schema"],
)
def test_a_command_that_asks_no_worker_imports_no_heavy_module(tmp_path: Path, command: str) -> None:
    assert imported(tmp_path, *command.split()) == set()


def test_a_repeated_command_without_changes_imports_next_to_nothing_and_writes_nothing(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home")
    open_home(home)
    save_fleet(home, new_fleet())
    first, second = modules(tmp_path, "status"), modules(tmp_path, "status")
    written = {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}
    third = modules(tmp_path, "status")
    assert "decnet.commands.status" in first
    assert {name for name in second if name.startswith("decnet.")} == {
        *("decnet.cli", "decnet.cli.repeat", "decnet.console", "decnet.console.streams", "decnet.errors"),
        *("decnet.store", "decnet.store.unchanged", "decnet.wire", "decnet.wire.canonical"),
        *("decnet.wire.framing", "decnet.wire.limits", "decnet.wire.text"),
    }
    assert (len(third - at_start()) <= 40, third) == (True, second)
    assert {path: path.stat().st_mtime_ns for path in home.root.rglob("*")} == written


def test_a_status_without_workers_imports_nothing_of_ssh_docker_and_jobs(tmp_path: Path) -> None:
    open_home(Home(tmp_path / "home"))
    save_fleet(Home(tmp_path / "home"), new_fleet())
    assert imported(tmp_path, "status") <= {"pydantic", "asyncio"}
