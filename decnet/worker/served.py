"""A channel on which a worker's agent answers several requests, one after the other: see agent/serve.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from decnet import wire
from decnet.wire.fault import step

from .envelope import result_of
from .exchange import Remote, Request, answer_in, log_of, parsed

VERBS = frozenset({"hello", "facts", "status", "slice", "probe", "events", "logs", "follow"})
LAST = frozenset({"upgrade", "self-destruct"})
"""The verbs after which another agent answers, or none."""
PROGRAM = "serve"
LONGEST = 64 * 1024
"""Bytes of the longest request that is sent in this way."""


def line_of(request: Request) -> bytes:
    """How such a channel takes the request."""
    return b"%s %s" % (request.verb.encode("ascii"), request.line)


class Served:
    """The channel, as long as it is open; `abort` ends it. `ask` must not be called by two at once."""

    def __init__(self, remote: Remote, worker: str, abort: Callable[[], None]) -> None:
        self._remote = remote
        self._worker = worker
        self._abort = abort
        self._log = asyncio.create_task(log_of(remote.noise, worker))

    async def ask(self, request: Request, *, is_sent: bool = False) -> dict[str, Any] | None:
        """The result; None if the agent ended instead. It is bounded in bytes as every answer; the caller
        bounds the time, and ends the channel after any error. Errors of the connection pass through
        untranslated."""
        step(f"{request.verb} to be sent")
        if not is_sent:
            self._remote.sink.write(line_of(request))
        payload = await answer_in(self._remote.source, wire.Unframer(request.marker), self._worker)
        if self._log.done():
            # It is longer than an agent's log may be.
            self._log.result()
        if payload is None:
            return None
        step(f"{request.verb} answered")
        protocol = None if request.verb in wire.TIMELESS else request.protocol
        return result_of(await parsed(payload, self._worker), self._worker, protocol=protocol)

    def end(self) -> None:
        self._log.cancel()
        self._abort()
