"""Slow arithmetic outside the event loop, in threads that do not delay the exit of the process."""

import asyncio
import os
import threading
import weakref
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")

MOST_AT_ONCE = 4
_places: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = (
    weakref.WeakKeyDictionary()
)


async def in_thread(work: Callable[[], Result]) -> Result:
    """What `work` returns or raises. A few run at once, others wait. (A thread pool would delay the exit.)"""
    loop = asyncio.get_running_loop()
    places = _places.setdefault(loop, asyncio.Semaphore(MOST_AT_ONCE))
    await places.acquire()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        places.release()
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:  # noqa: BLE001 (raised where the result is awaited)
            error = raised
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the loop is closed: nothing waits any more
            return

    threading.Thread(target=run, daemon=True).start()
    return await future


class Later(Generic[Result]):
    """A value that is computed once, on first use or earlier at low priority."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._task: asyncio.Task[Result] | None = None

    def get(self) -> Awaitable[Result]:
        """The value, when it is ready."""
        if self._task is None:
            self._task = asyncio.create_task(in_thread(self._work))
        return asyncio.shield(self._task)

    async def prepare(self, seconds: float) -> None:
        """Compute it so many seconds from now at the lowest priority, unless it was needed before."""
        await asyncio.sleep(seconds)
        if self._task is None:
            self._task = asyncio.create_task(in_thread(self._idly))
            await self._task

    def _idly(self) -> Result:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        return self._work()
