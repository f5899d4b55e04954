"""Delivery to a receiver of events: on the stdin of a command, posted to a URL, as syslog or as a mail."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import assert_never

from decnet.engine.parcel import Parcel
from decnet.engine.receivers import Command, Mail, Receiver, Syslog, Webhook
from decnet.errors import Failed
from decnet.wire import clean

LIMIT = 10.0
"""Seconds that a receiver may take for one parcel."""

MAX_STDERR = 64 * 1024
STDERR_GRACE = 0.5


async def deliver(to: Receiver, parcel: Parcel, *, limit: float = LIMIT, way: str = "alert") -> None:
    """Deliver one parcel. Raises Failed, with `way` before its message, if the receiver does not accept it
    within the limit; Refused, which is one, if it would not accept it later either."""
    try:
        async with asyncio.timeout(limit):
            await _handed(to, parcel, limit)
    except TimeoutError:
        raise Failed(f"{way}: {to.label} did not accept it within {limit:g} s") from None
    except Failed as error:
        raise type(error)(f"{way}: {error.message}", hint=error.hint) from error.__cause__


async def _handed(to: Receiver, parcel: Parcel, limit: float) -> None:
    match to:
        case Command():
            await _run(to, parcel.body)
        case Webhook():
            from decnet.engine.webhook import post

            await post(to, parcel, limit)
        case Syslog():
            from decnet.engine.syslog import send

            await send(to, parcel, limit)
        case Mail():
            from decnet.engine.mail import mail

            await mail(to, parcel, limit)
        case _:
            assert_never(to)


async def _run(to: Command, document: bytes) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *to.argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise Failed(f"{to.label} cannot be started: {error.strerror}") from error
    assert process.stderr is not None
    stderr_tail = asyncio.create_task(_tail(process.stderr))
    try:
        await _write_stdin(process, document)
        code = await _exit_status(process)
        await asyncio.wait({stderr_tail}, timeout=STDERR_GRACE)
    finally:
        # End its child processes too: a receiver that hangs must not accumulate processes.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _exit_status(process)
        await asyncio.wait({stderr_tail}, timeout=STDERR_GRACE)
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - else an open pipe is a leak
    if code != 0:
        how = f"exited with status {code}" if code > 0 else f"was ended by signal {-code}"
        raise Failed(f"{to.label} {how}{_last_line(stderr_tail)}")


async def _write_stdin(process: asyncio.subprocess.Process, document: bytes) -> None:
    """Write a parcel to the command's stdin. A command that does not read it is not an error."""
    assert process.stdin is not None
    process.stdin.write(document)
    writing = asyncio.create_task(process.stdin.drain())
    try:
        while process.returncode is None and not writing.done():
            await asyncio.wait({writing}, timeout=0.05)
        with suppress(BrokenPipeError, ConnectionResetError):
            if writing.done():
                writing.result()
    finally:
        writing.cancel()
    process.stdin.close()


async def _exit_status(process: asyncio.subprocess.Process) -> int:
    # Process.wait() of some Python releases waits for the pipes too, which a child may hold open.
    while process.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return process.returncode


async def _tail(stream: asyncio.StreamReader) -> bytes:
    tail = b""
    while piece := await stream.read(MAX_STDERR):
        tail = (tail + piece)[-MAX_STDERR:]
    return tail


def _last_line(stderr_tail: asyncio.Task[bytes]) -> str:
    output = stderr_tail.result() if stderr_tail.done() else b""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return f": {clean(lines[-1], 200)}" if lines else ""
