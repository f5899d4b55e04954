"""Blocking work in a daemon thread, which the program does not wait for when it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def in_daemon_thread(work: Callable[[], Result]) -> Result:
    """What `work` returns or raises. If the caller is cancelled, the thread continues; it does not delay the
    end of the program.

    `asyncio.to_thread` is for short work only: a program waits for its threads before it ends.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Result] = loop.create_future()

    def finish(result: Result | None, error: BaseException | None) -> None:
        if ended.cancelled():
            return
        if error is not None:
            ended.set_exception(error)
        else:
            ended.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: Result | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - it is raised again in the caller
            error = raised
        with suppress(RuntimeError):  # The loop is closed: no one waits for the result.
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=run, name="blocking", daemon=True).start()
    return await ended
