"""An agent's program as the real client sees it: a request's bytes in, an answer's bytes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PIECE = 65536


class Mouth:
    """A running agent, seen as a Remote: it reads its whole input, then answers in pieces of `size` bytes."""

    preamble = 0

    def __init__(self, answer: Callable[[bytes], bytes], size: int = PIECE, end: str | None = None) -> None:
        """`end` is how the program ends, in words; None for exit status 0."""
        self._answer = answer
        self._end = end
        self._size = size
        self._complete = asyncio.Event()
        self._input = b""
        self._left: bytes | None = None
        self.sink = self
        self.source = self
        self.noise = _Silence()

    def write(self, data: bytes, /) -> None:
        self._input += data

    async def drain(self) -> None:
        return

    def write_eof(self) -> None:
        self._complete.set()

    async def read(self, n: int = -1, /) -> bytes:
        await self._complete.wait()
        if self._left is None:
            self._left = self._answer(self._input)
        piece, self._left = self._left[: self._size], self._left[self._size :]
        return piece

    async def ended(self) -> str | None:
        return self._end


class _Silence:
    async def read(self, n: int = -1, /) -> bytes:
        return b""
