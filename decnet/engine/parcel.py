"""What a receiver is sent at once."""

from __future__ import annotations

from dataclasses import dataclass

JSON = "application/json"
LINES = "application/x-ndjson"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Parcel:
    """One or more lines without their ends, and how HTTP calls them; `summary` is one sentence for people."""

    lines: tuple[bytes, ...]
    media: str = JSON
    summary: str = ""

    @property
    def body(self) -> bytes:
        """The lines, each with its end."""
        return b"".join(line + b"\n" for line in self.lines)
