"""What a shell reads from and writes to, whatever protocol carries it."""

from dataclasses import dataclass
from typing import Protocol

IDLE_SECONDS = 900.0


@dataclass
class Terminal:
    """What a client reported about its terminal."""

    name: str = "xterm"
    columns: int = 80
    rows: int = 24


class Stream(Protocol):
    """Both directions of one intruder's line; `terminal` is None where there is none."""

    terminal: Terminal | None

    async def read(self, limit: float = IDLE_SECONDS) -> bytes:
        """What was typed since, b"" at the end. Raises TimeoutError after `limit` seconds of silence."""

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Show something."""
