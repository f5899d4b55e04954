"""A session over an agent that was started ahead, which answers one request after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from decnet import wire
from decnet.errors import BadAnswer, Unreachable
from decnet.wire.fault import step

from .envelope import result_of
from .exchange import PIECE, Request
from .served import LAST, line_of

if TYPE_CHECKING:
    from .session import Session
    from .started import Started

VERBS = frozenset({"hello", "facts", "status", "slice", "probe", "apply", "confirm", "teardown"})
"""What a pass asks for."""
FIRST_LIMIT = 3.0
"""Seconds for the first answer: without one, the usual session finds out why."""


class _Broken(Exception):
    """There is no answer, and none will come."""


class SeriesSession:
    """A session to a worker whose agent waits for requests. If that ends, or answers nothing, the usual
    session is asked the same: an agent recognizes a job that it was sent before."""

    def __init__(self, session: Session, started: Started) -> None:
        self.worker = session.worker
        self.noise = 0
        self.sent_at = 0.0
        self._session = session
        self._started: Started | None = started
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    @property
    def protocol(self) -> int:
        return self._session.protocol

    @protocol.setter
    def protocol(self, version: int) -> None:
        self._session.protocol = version

    @property
    def serves(self) -> bool:
        return self._session.serves

    @serves.setter
    def serves(self, serves: bool) -> None:
        self._session.serves = serves

    @property
    def round_trip(self) -> float:
        return float(getattr(self._session, "round_trip", 0.0))

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        if verb in LAST:
            await self._end()
        if verb in VERBS and stream is None:
            async with self._turn:
                if self._started is not None:
                    try:
                        return await self._asked(verb, args, limit)
                    except (_Broken, OSError):
                        await self._end()
        result = await self._session.call(verb, args, limit=limit, stream=stream)
        self.noise = self._session.noise
        self.sent_at = float(getattr(self._session, "sent_at", 0.0))
        return result

    async def close(self) -> None:
        await self._end()
        await self._session.close()

    async def _asked(self, verb: str, args: dict[str, Any], limit: float) -> dict[str, Any]:
        """Raises _Broken, OSError, and what the agent answers."""
        request = Request.of(self.worker, verb, args, self.protocol)
        is_first = self._streams is None
        self.sent_at = time.time()
        try:
            async with asyncio.timeout(min(limit, FIRST_LIMIT) if is_first else limit):
                payload = await self._exchanged(request)
        except TimeoutError as error:
            await self._end()
            if is_first:
                raise _Broken from error
            raise Unreachable(f"no answer to {verb} within {limit:g} s", worker=self.worker) from error
        except asyncio.CancelledError:
            # Its answer would be read as that to the next request.
            await self._end()
            raise
        try:
            answer = wire.parse(payload)
        except ValueError as error:
            raise BadAnswer(
                f"its answer is not plain JSON: {wire.clean(str(error), 120)}", worker=self.worker
            ) from error
        return result_of(answer, self.worker, protocol=None if verb in wire.TIMELESS else self.protocol)

    async def _exchanged(self, request: Request) -> bytes:
        assert self._started is not None
        if self._streams is None:
            self._streams = await asyncio.open_connection(sock=self._started.stream, limit=PIECE)
        reader, writer = self._streams
        unframer = wire.Unframer(request.marker)
        step(f"{request.verb} to be sent")
        writer.write(line_of(request))
        await writer.drain()
        step("request sent")
        while piece := await reader.read(PIECE):
            try:
                payload = unframer.feed(piece)
            except wire.FrameError as error:
                raise _Broken from error
            if payload is not None:
                step(f"{request.verb} answered")
                self.noise = max(self.noise, len(unframer.preamble))
                return payload
        raise _Broken

    async def _end(self) -> None:
        streams, self._streams = self._streams, None
        started, self._started = self._started, None
        if started is not None:
            started.kill()
        if streams is not None:
            streams[1].close()
            with suppress(OSError):
                await streams[1].wait_closed()
        if started is not None:
            started.end()
