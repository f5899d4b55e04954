"""bench.json: the rows of a run, and what machine they are from."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decnet import __version__

from .rows import Result, decoded, encoded

ROOT = Path(__file__).parents[2]


def header() -> dict[str, Any]:
    """What the figures depend on, asked at the start of a run."""
    return {
        "version": __version__,
        "commit": _printed("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude", "*"),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "engines": {
            "docker": _printed("dockerd", "--version"),
            "compose": _printed("docker-compose", "version", "--short"),
        },
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def _printed(*argv: str) -> str | None:
    """The first line that a command prints; None if it is not on this machine or fails."""
    try:
        ended = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return (ended.stdout.splitlines() or [""])[0]


@dataclass
class Part:
    """The rows of one part of the benchmark, and how many seconds it took."""

    seconds: float
    rows: list[Result]


@dataclass
class Results:
    """A run: what it depends on, and its parts by name."""

    header: dict[str, Any]
    parts: dict[str, Part]

    @property
    def rows(self) -> list[Result]:
        return [row for part in self.parts.values() for row in part.rows]


def write(path: Path, results: Results) -> None:
    """One row on a line, so that two runs can be compared by eye."""
    parts = [_lines(name, part) for name, part in results.parts.items()]
    header = json.dumps(results.header, indent=1).replace("\n", "\n ")
    path.write_text(f'{{\n "header": {header},\n "parts": {{\n{_joined(parts)}\n }}\n}}\n')


def _lines(name: str, part: Part) -> str:
    rows = _joined(f"   {json.dumps(row)}" for row in encoded(part.rows))
    return f'  {json.dumps(name)}: {{"seconds": {part.seconds:.1f}, "rows": [\n{rows}\n  ]}}'


def _joined(texts: Iterable[str]) -> str:
    return ",\n".join(texts)


def read(path: Path) -> Results:
    """The results of a run; up to 0.2.0 the file was a list of rows. SystemExit if it is neither."""
    try:
        document = json.loads(path.read_text())
        if isinstance(document, list):
            return Results({}, {"": Part(0.0, decoded(document))})
        parts = document["parts"].items()
        return Results(
            document["header"], {name: Part(part["seconds"], decoded(part["rows"])) for name, part in parts}
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SystemExit(f"{path}: not the results of a run ({error})") from error
