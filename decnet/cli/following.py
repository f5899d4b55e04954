"""Prints what is new: lines of logs, and events that no pull has printed yet with alerts at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from decnet.commands.alerts import send_alerts_after_pulls
from decnet.commands.deliveries import Pulls, worker_names
from decnet.commands.events import Pulled, pull, unprinted_events
from decnet.commands.follow_logs import follow_logs
from decnet.commands.sends import Send, send_after_pulls
from decnet.console.events import show_events
from decnet.console.logs import show_log_lines
from decnet.console.prompts import print_error
from decnet.errors import LockHeld
from decnet.plan.event_filter import EventFilter
from decnet.store.events import EarlierIds, last_places

if TYPE_CHECKING:
    from decnet.commands.alerts import Alerts
    from decnet.commands.event_view import EventView
    from decnet.engine.context import Context

SLOW = 1.0
"""Seconds that a pull may take before what is stored is printed."""

POLL = 0.1
"""Seconds between two attempts to take the print lock."""


def print_new(
    ctx: Context,
    wanted: EventFilter,
    on: str | None,
    style: str,
    empty: str = "",
    view: EventView | None = None,
) -> None:
    """Print what no pull has printed yet, or `empty`; what cannot be printed is left to the next pull."""
    with unprinted_events(ctx, wanted, on) as found:
        if view is None:
            show_events(found, style, empty)
        else:
            show_events(view.pairs(found), style, empty, view.spell)


async def follow_events(
    ctx: Context,
    wanted: EventFilter,
    interval: float,
    style: str,
    *,
    on: str | None = None,
    alerts: Alerts | None = None,
    view: EventView | None = None,
    sends: Sequence[Send] = (),
) -> None:
    """Pull and print again and again, over connections that stay open. A pull never waits for an alert or a
    send, nor an alert for a pull; an unexpected error of any ends all."""
    pulls = Pulls()
    async with ctx.reusing_connections() as kept:
        works = [_rounds(kept, wanted, interval, style, on, view, pulls)]
        works += [
            send_after_pulls(kept, each, pulls, lambda error: print_error(error, style)) for each in sends
        ]
        if alerts is not None:
            works.append(
                send_alerts_after_pulls(
                    kept, alerts, pulls, interval, lambda error: print_error(error, style)
                )
            )
        await together(*works)


async def print_logs(ctx: Context, decky: str, service: str | None, lines: int, style: str) -> None:
    """`logs --follow`: print lines as they appear."""
    async for found in follow_logs(ctx, [decky], service, lines):
        show_log_lines([(each.decky, each.container, each.text) for each in found], style)


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all of these concurrently; the first error cancels the others, and is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _rounds(
    ctx: Context,
    wanted: EventFilter,
    interval: float,
    style: str,
    on: str | None,
    view: EventView | None,
    pulls: Pulls,
) -> None:
    earlier = EarlierIds()
    reported: set[str] = set()
    is_behind = True

    def show() -> None:
        """Print what is stored already, unless another command prints now."""
        with suppress(LockHeld):
            print_new(replace(ctx, lock_timeout=0.0), wanted, on, _line_style(style), view=view)

    def ended(worker_id: str) -> None:
        pulls.ended({**pulls.ends, **last_places(ctx.home, [worker_id])})

    while True:
        pulled = await _pull_printing(ctx, on, earlier, show, ended)
        pulls.ended(last_places(ctx.home, worker_names(ctx)))
        errors = dict(pulled.errors)
        is_behind = is_behind or bool(pulled.count)
        if is_behind:
            try:
                await _print_when_free(ctx, wanted, on, _line_style(style), view)
                is_behind = False
                if view is not None:
                    view.tail = None
            except LockHeld as error:
                errors[""] = error
        for worker, failure in errors.items():
            if worker not in reported:
                print_error(failure, style)
        reported = set(errors)
        await ctx.sleep(interval)


async def _pull_printing(
    ctx: Context,
    on: str | None,
    earlier: EarlierIds,
    show: Callable[[], None],
    ended: Callable[[str], None],
) -> Pulled:
    """Pull; while one worker is slow, what the others sent is printed."""
    pulling = asyncio.ensure_future(pull(ctx, on, earlier, ended))
    try:
        while not (await asyncio.wait({pulling}, timeout=SLOW))[0]:
            show()
        return pulling.result()
    finally:
        pulling.cancel()
        await asyncio.gather(pulling, return_exceptions=True)


def _line_style(style: str) -> str:
    return "jsonl" if style == "json" else style


async def _print_when_free(
    ctx: Context, wanted: EventFilter, on: str | None, style: str, view: EventView | None
) -> None:
    """Print as soon as no other command does. Raises LockHeld after the time limit for locks."""
    at_once, end = replace(ctx, lock_timeout=0.0), ctx.monotonic() + ctx.lock_timeout
    while ctx.monotonic() < end:
        with suppress(LockHeld):
            print_new(at_once, wanted, on, style, view=view)
            return
        await ctx.sleep(POLL)
    print_new(at_once, wanted, on, style, view=view)
