"""Whole commands over simulated fleets of three sizes, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from decnet.store.paths import Home

from .growth import Growth
from .simulated import COMMANDS, write_fleet

WORKERS = (100, 300, 900)
PER_WORKER = 10
MEMORY = Path("/dev/shm")
"""Where there is one, nothing waits for a disk: the time of the disk is not measured."""


def command_growth(sizes: tuple[int, ...] = WORKERS) -> list[Growth]:
    """Processor seconds of each command without its start-up, and memory."""
    with fleets(sizes) as homes:
        taken = {name: {size: ran(home, name) for size, home in homes.items()} for name in COMMANDS}
    return [
        Growth(
            f"decnet {name}, {what}",
            tuple((size, each[what]) for size, each in figures.items()),
            "workers",
            unit,
        )
        for name, figures in taken.items()
        for what, unit in (("CPU", "s"), ("memory", "MiB"))
    ]


@contextmanager
def fleets(sizes: tuple[int, ...]) -> Iterator[dict[int, Home]]:
    """State directories of deployed fleets with so many workers."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="decnet-bench-", dir=where) as folder:
        homes = {size: Home(Path(folder) / str(size)) for size in sizes}
        for size, home in homes.items():
            home.root.mkdir()
            write_fleet(home, size, PER_WORKER * size)
        yield homes


def ran(home: Home, command: str) -> dict[str, float]:
    """What the command took: `CPU` in seconds, `memory` in MiB."""
    argv = [sys.executable, "-m", "tests.bench.simulated", str(home.root), command]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{command}: {ended.stderr}")
    return dict(json.loads(ended.stdout))
