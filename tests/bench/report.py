"""bench.json: the rows of a run, and what machine they are from."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from decnet import __version__

from .rows import Result, decoded, encoded, lines

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


def write(path: Path, about: Mapping[str, Any], seconds: Mapping[str, float], rows: Sequence[Result]) -> None:
    """The run so far: `seconds` is how long each part took."""
    taken = {part: round(each, 1) for part, each in seconds.items()}
    path.write_text(lines({"header": {**about, "seconds": taken}, "rows": encoded(rows)}))


def read(path: Path) -> tuple[dict[str, Any], list[Result]]:
    """Header and rows; the file was a list of rows up to 0.2.0. SystemExit if it is neither."""
    try:
        document = json.loads(path.read_text())
        if isinstance(document, list):
            return {}, decoded(document)
        return document["header"], decoded(document["rows"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{path}: not the results of a run ({error})") from error
