"""decnet 0.1.0, taken out of this repository's history: users have homes, workers and fleets made by it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = "0.1.0"
COMMIT = "3088c03ecd1d3ff906b7b53e7580458d8b6f0672"
WRITER = Path(__file__).with_name("write_home.py")
FLEET = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.119"] }

[decky.web]
count = 4
services = ["http"]

[decky.gate]
services = ["ssh", "telnet"]

[decky.quarry]
archetype = "linux-server"
[decky.quarry.settings.ssh]
credentials = "root:toor"
"""
COMMAND = """#!{python}
import sys

sys.path.insert(0, {sources!r})
from decnet.cli import main

main()
"""


@dataclass(frozen=True)
class Old:
    """Its sources, with the libraries of this Python."""

    sources: Path

    @property
    def command(self) -> Path:
        """The program `decnet` as it was."""
        return self.sources / "bin" / "decnet"

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Python with the modules of that version. Raises CalledProcessError."""
        environment = {**os.environ, "PYTHONPATH": str(self.sources), "PYTHONSAFEPATH": "1"}
        return subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, timeout=300, check=True, env=environment
        )


def old_version(folder: Path, *, commit: str = COMMIT, parts: Sequence[str] = ("decnet",)) -> Old:
    """That version's folders, below this one. Fails where this is a clone without its history."""
    folder.mkdir(exist_ok=True)
    git = ["git", "-C", str(ROOT)]
    kept = subprocess.run([*git, "archive", commit, *parts], capture_output=True, check=False)
    assert kept.returncode == 0, (
        f"this clone does not have commit {commit[:7]} (decnet {VERSION} is {COMMIT[:7]}): "
        f"git fetch --unshallow ({kept.stderr.decode().strip()})"
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=kept.stdout, check=True)
    old = Old(folder)
    old.command.parent.mkdir(exist_ok=True)
    write_command(old.command, folder)
    return old


def write_command(path: Path, sources: Path) -> None:
    """A program `decnet` that runs these sources."""
    path.write_text(COMMAND.format(python=sys.executable, sources=str(sources)))
    path.chmod(0o755)
