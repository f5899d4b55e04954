"""What visitors have changed in the files of a decky."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .host.node import Node

MOST_CHANGES = 200
MOST_KEPT = 256 * 1024
"""Paths and bytes that one visitor may change."""


class Writer(Protocol):
    """A file that is open for writing."""

    def flush(self) -> str:
        """Let others see what was written."""


@dataclass
class VisitorFiles:
    """What one visitor has changed in the machine's files; all of his shells share it."""

    changes: dict[str, Node | None] = field(default_factory=dict)
    """By normalized absolute path without links; None: removed."""
    kept: int = 0
    """Bytes of the contents."""
    writers: dict[str, Writer] = field(default_factory=dict)
    """Files that are open for writing, by path."""
    read: int = 0
    """Bytes read since the last pause."""
