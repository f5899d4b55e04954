"""The input and output of a shell, for any protocol."""

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
    """Both directions of one intruder's connection; `terminal` is None without a terminal."""

    terminal: Terminal | None

    async def read(self, limit: float = IDLE_SECONDS) -> bytes:
        """The input since the last call, b"" at the end. Raises TimeoutError after `limit` seconds of
        silence."""

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Send output."""
