"""What `events --alert` and `events --send` share: a receiver, its lock and its position."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields

from decnet.engine.context import Context
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, LockHeld
from decnet.plan.event_filter import EventFilter
from decnet.plan.select import select
from decnet.store.deliveries import Cursor, Recipient, delivery_lock, load_cursor, save_cursor, similar_cursor
from decnet.store.events import Place, last_places

PACE = 0.1
"""Seconds between two attempts to deliver to one receiver: workers end one after the other."""

NOT_A_CHOICE = ("since", "until", "archetypes", "ignores")
"""Fields of a filter that change by themselves."""


def recipient(way: str, address: str, wanted: EventFilter, **more: object) -> Recipient:
    """The receiver of the events that the filter lets through."""
    chosen = {
        each.name: value
        for each in fields(wanted)
        if each.name not in NOT_A_CHOICE and (value := getattr(wanted, each.name)) != each.default
    }
    given = {name: value for name, value in more.items() if value}
    return Recipient(way, address, repr(sorted({**chosen, **given}.items())) if chosen or given else "")  # type: ignore[arg-type]


def start_delivery(ctx: Context, to: Recipient, on: str | None) -> None:
    """Store the position of a new receiver: it gets the events that arrive from now on."""
    with suppress(LockHeld), delivery_lock(ctx.home, to):
        if load_cursor(ctx.home, to) is None:
            known = similar_cursor(ctx.home, to)
            save_cursor(ctx.home, to, known or Cursor(last_places(ctx.home, worker_names(ctx, on))))


@contextmanager
def its_turn(ctx: Context, to: Recipient) -> Iterator[Cursor | None]:
    """The receiver's position, while no other command sends to it; None if one does."""
    lock = delivery_lock(ctx.home, to)
    try:
        lock.acquire()
    except LockHeld:
        yield None
        return
    try:
        yield load_cursor(ctx.home, to) or Cursor()
    finally:
        lock.release()


class Pulls:
    """How far the pulls of this command have come: a send takes what was stored of a worker when its pull had
    ended, and never a part of one."""

    def __init__(self) -> None:
        self.ends: dict[str, Place] = {}
        self.count = 0
        self._next = asyncio.Event()

    def ended(self, ends: Mapping[str, Place]) -> None:
        """The pull of one or more workers has ended; `ends` are the last events of all whose pulls have."""
        self.ends, self.count = dict(ends), self.count + 1
        self._next.set()
        self._next = asyncio.Event()

    async def after(self, count: int) -> None:
        """Wait until more pulls than `count` have ended."""
        while self.count <= count:
            await self._next.wait()


async def again_and_again(
    send: Callable[[], Awaitable[None]],
    pause: Callable[[], Awaitable[None]],
    failed: Callable[[DecnetError], None],
) -> None:
    """Send and pause for ever; reports a failure once until it changes."""
    last = ""
    while True:
        try:
            await send()
            last = ""
        except DecnetError as error:
            if error.message != last:
                failed(error)
            last = error.message
        await pause()


def worker_names(ctx: Context, on: str | None = None) -> dict[str, str]:
    """Names of the selected workers by worker_id."""
    return {worker.worker_id: name for name, worker in select(known_workers(ctx.home), on).items()}
