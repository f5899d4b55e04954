"""Commands on fake fleets in processes that can be killed at a numbered place, and fleets to come back to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .fleet import in_memory

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Command:
    """A method of FakeFleet and its arguments."""

    verb: str
    args: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """The exit code (negative: the signal that ended it), and the error or the summary."""

    code: int
    output: str


class Executioner:
    """The process that forks a child for each command."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fakefleet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
        )  # fmt: skip

    def run(self, folder: Path, command: Command, fault: str = "") -> Ended:
        """Run it; `fault` is the value of $DECNET_FAULT (`kill:12`)."""
        command_line = {"folder": str(folder), "fault": fault, "verb": command.verb, "args": command.args}
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({**command_line, "options": command.options}) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()


def copied(base: Path) -> Path:
    """A copy of a fleet's folder, where one command is tried."""
    folder = in_memory()
    shutil.copytree(base, folder, symlinks=True, dirs_exist_ok=True)
    return folder
