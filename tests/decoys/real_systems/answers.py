"""Answers of a real system in a file, one JSON object per command."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from .commands import Command
from .masks import Reply


def save(file: Path, replies: Iterable[tuple[Command, Reply]]) -> None:
    """Write the answers, one per line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = (json.dumps([command.text, reply.out, reply.error, reply.status]) for command, reply in replies)
    file.write_text("".join(row + "\n" for row in rows), encoding="utf-8")


def load(file: Path) -> dict[str, Reply]:
    """The answers by command."""
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return {text: Reply(out, error, status) for text, out, error, status in rows}
