"""One request to one agent and its answer, over any transport."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from decnet import wire
from decnet.errors import BadAnswer, EnrolledHint, Failed, ProgramMissing, WorkerError
from decnet.wire.fault import step

from .envelope import result_of

PIECE = 64 * 1024
MAX_STDERR_BYTES = 4 * 1024 * 1024
STDERR_TAIL = 2048
STDERR_GRACE = 0.5
LARGE_ANSWER = 256 * 1024
DAMAGED = ("No module named 'decnet", "ZipImportError", "zlib.error", "BadZipFile")
"""What Python says of a zipapp that is gone, cut off or overwritten."""
NOT_FOUND = 127
CANNOT_START = (126, NOT_FOUND)
"""Exit statuses of a shell for a program that is not there, or cannot be executed."""
"""Exit status of a shell that cannot find a program (POSIX.1-2017, Shell Command Language, 2.8.2)."""


class Source(Protocol):
    """Bytes from the other side; b"" at the end."""

    async def read(self, n: int = -1, /) -> bytes: ...


class Sink(Protocol):
    """Bytes to the other side."""

    def write(self, data: bytes, /) -> None: ...
    async def drain(self) -> None: ...
    def write_eof(self) -> None: ...


class Remote(Protocol):
    """A running agent process, local or on a worker."""

    preamble: int

    @property
    def sink(self) -> Sink: ...
    @property
    def source(self) -> Source: ...
    @property
    def noise(self) -> Source: ...
    async def ended(self) -> str | None:
        """Wait for the end; None for exit status 0, else a description of how it ended."""
        ...


@dataclass(frozen=True)
class Request:
    """One request to an agent: its line, and the marker that its answer has."""

    verb: str
    marker: str
    line: bytes
    protocol: int

    @classmethod
    def of(cls, worker: str, verb: str, args: dict[str, Any], protocol: int = wire.PROTOCOL) -> Request:
        """Raises Failed if it is larger than an agent takes."""
        marker = secrets.token_hex(16)
        line = wire.canonical({"v": protocol, "marker": marker, "args": args}) + b"\n"
        if len(line) > wire.MAX_REQUEST_BYTES:
            raise Failed(f"the request for {verb} is larger than an agent takes", worker=worker)
        return cls(verb, marker, line, protocol)


async def converse(
    remote: Remote,
    worker: str,
    verb: str,
    args: dict[str, Any],
    stream: AsyncIterator[bytes] | None,
    *,
    protocol: int = wire.PROTOCOL,
) -> dict[str, Any]:
    """Send one request to a running agent and read its one answer, bounded in bytes.

    The caller bounds the time and ends the process. Connection errors pass through untranslated.
    """
    return await answered(remote, worker, Request.of(worker, verb, args, protocol), stream)


async def answered(
    remote: Remote,
    worker: str,
    request: Request,
    stream: AsyncIterator[bytes] | None,
    *,
    is_sent: bool = False,
) -> dict[str, Any]:
    """The same for a request that was made before, and that may be sent already, apart from the stream."""
    unframer = wire.Unframer(request.marker)
    step(f"{request.verb} to be sent")
    answer = await exchange(remote, worker, unframer, b"" if is_sent else request.line, stream)
    step(f"{request.verb} answered")
    remote.preamble = len(unframer.preamble)
    return result_of(answer, worker, protocol=None if request.verb in wire.TIMELESS else request.protocol)


async def exchange(
    remote: Remote,
    worker: str,
    unframer: wire.Unframer,
    request: bytes,
    stream: AsyncIterator[bytes] | None = None,
) -> Any:
    """Write `request` and `stream` to a running program; the value of its one framed answer.

    Raises BadAnswer over a bound, WorkerError if the program fails, and any exception of the stream.
    """
    feeding = asyncio.create_task(_feed(remote.sink, request, stream))
    answering = asyncio.create_task(answer_in(remote.source, unframer, worker))
    listening = asyncio.create_task(log_of(remote.noise, worker))
    tasks: list[asyncio.Task[Any]] = [feeding, answering, listening]
    try:
        payload = await _first_failure_oranswer_in(feeding, answering, listening)
        tasks.append(asyncio.create_task(_drain(remote.source)))
        how = await remote.ended()
        if payload is None or how is not None:
            raise _no_answer(worker, how, await _stderr_tail(listening))
        return await parsed(payload, worker)
    finally:
        await _stop(tasks)


async def _feed(sink: Sink, request: bytes, stream: AsyncIterator[bytes] | None) -> None:
    try:
        await _write(sink, request)
        step("request sent")
        if stream is not None:
            async for piece in stream:
                await _write(sink, piece)
        sink.write_eof()
    except _SinkClosed:
        # The agent stopped reading: its answer or its exit status shows why.
        return


class _SinkClosed(Exception):
    """The other side no longer reads."""


async def _write(sink: Sink, data: bytes) -> None:
    # Only errors of the sink count as a closed sink: a stream's own OSError must be reported.
    for start in range(0, len(data), PIECE):
        try:
            sink.write(data[start : start + PIECE])
            await sink.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _SinkClosed from error


async def answer_in(source: Source, unframer: wire.Unframer, worker: str) -> bytes | None:
    """The framed payload; None if the stream ends without one."""
    while piece := await source.read(PIECE):
        try:
            payload = unframer.feed(piece)
        except wire.FrameError as error:
            raise BadAnswer(str(error), worker=worker) from error
        if payload is not None:
            return payload
    return None


async def _drain(source: Source) -> None:
    # Otherwise a program that continues to write after its answer would never end; the time limit bounds it.
    while await source.read(PIECE):
        pass


async def log_of(noise: Source, worker: str) -> bytes:
    """The last bytes of stderr. Reads to its end, so that the agent never blocks on writing there."""
    tail, total = b"", 0
    while piece := await noise.read(PIECE):
        total += len(piece)
        if total > MAX_STDERR_BYTES:
            raise BadAnswer("the agent's log is too long", worker=worker)
        tail = (tail + piece)[-STDERR_TAIL:]
    return tail


async def _first_failure_oranswer_in(
    feeding: asyncio.Task[None], answering: asyncio.Task[bytes | None], listening: asyncio.Task[bytes]
) -> bytes | None:
    waiting: set[asyncio.Task[Any]] = {feeding, listening}
    while not answering.done():
        done, _ = await asyncio.wait({answering, *waiting}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {answering}:
            task.result()
        waiting -= done
    return answering.result()


async def _stderr_tail(listening: asyncio.Task[bytes]) -> str:
    # A child of the agent may hold stderr open, so its end is not waited for.
    done, _ = await asyncio.wait({listening}, timeout=STDERR_GRACE)
    if not done:
        return ""
    lines = listening.result().decode("utf-8", "replace").strip().splitlines()
    return wire.clean(" | ".join(lines[-3:]))


def describe_status(status: int) -> str | None:
    """An exit status in words; None for success."""
    return f"ended with exit status {status}" if status else None


def _no_answer(worker: str, how: str | None, tail: str) -> WorkerError:
    detail = f": {tail}" if tail else ""
    if how is None:
        return BadAnswer(
            f"the agent ended without an answer{detail}",
            hint=EnrolledHint(
                "does a start-up file of its shell (~/.bashrc) end the shell, or read its input?"
            ),
            worker=worker,
        )
    if how == describe_status(NOT_FOUND):
        return ProgramMissing(
            f"its agent is missing{detail}",
            hint=EnrolledHint(f"was the machine wiped? decnet worker add {worker} USER@HOST enrols it again"),
            worker=worker,
        )
    if any(sign in tail for sign in DAMAGED):
        return ProgramMissing(
            "its agent is damaged, or a part of it is missing",
            hint=EnrolledHint(f"decnet worker add {worker} USER@HOST installs it again"),
            worker=worker,
        )
    return WorkerError(
        f"the agent {how}{detail}",
        worker=worker,
        hint=EnrolledHint(f"`decnet worker check {worker}` shows what is missing there"),
    )


async def parsed(payload: bytes, worker: str) -> Any:
    try:
        if len(payload) > LARGE_ANSWER:
            # Off the event loop: one worker's huge answer must not delay the others.
            return await asyncio.get_running_loop().run_in_executor(_readers(), wire.parse, payload)
        return wire.parse(payload)
    except ValueError as error:
        detail = wire.clean(str(error), 120)
        raise BadAnswer(f"its answer is not plain JSON: {detail}", worker=worker) from error


@lru_cache(maxsize=1)
def _readers() -> ThreadPoolExecutor:
    """Few threads: parsing an answer takes several times its size in memory, and many workers may be
    hostile."""
    return ThreadPoolExecutor(2, "large-answers")


async def _stop(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
