"""The audit log: one line per command that changed something."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from .jsonl import MAX_LINE, append_lines, read_lines
from .paths import Home

LIMIT = 4 * 1024 * 1024
"""Bytes after which the log is rotated."""

KEEP = 9

_MAX_TEXT = 4000


def append(
    home: Home, *, at: float, who: str, command: str, outcome: str, **details: str | int | None
) -> None:
    """Records one command: `at` in seconds since the epoch, its user, the command, and its result.

    `details` are further fields, for example exit_code. Texts are truncated to 4,000 characters.
    """
    row: dict[str, Any] = {
        "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
        "who": who,
        "command": command,
        "outcome": outcome,
        **details,
    }
    cut = {key: value[:_MAX_TEXT] if isinstance(value, str) else value for key, value in row.items()}
    append_lines(home.audit, _line(cut), limit=LIMIT, keep=KEEP)


def read(home: Home) -> Iterator[dict[str, Any]]:
    """The audit log, oldest first; a damaged line is skipped."""
    for line in read_lines(home.audit):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(row, dict):
            yield row


def _line(row: dict[str, Any]) -> bytes:
    # A surrogate comes from an argument that is not UTF-8; orjson refuses it.
    plain = {
        key: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for key, value in row.items()
    }
    line = orjson.dumps(plain, option=orjson.OPT_APPEND_NEWLINE)
    return line if len(line) < MAX_LINE else orjson.dumps({"at": row["at"], "who": "?", "cut": True}) + b"\n"
