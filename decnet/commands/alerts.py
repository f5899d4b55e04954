"""`decnet events --alert`: a command or a URL is told of what was stored, at most so often."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from decnet.commands.events import EventFilter, passes
from decnet.engine.context import Context
from decnet.engine.notify import Receiver, deliver, receiver
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, LockHeld
from decnet.model.event import AttackerEvent
from decnet.plan.select import select
from decnet.store.alerts import (
    AlertState,
    PendingEvents,
    alerts_lock,
    load_alert_state,
    pending_events,
    save_alert_state,
)
from decnet.store.events import StoredEvent, last_places
from decnet.wire import clean

MAX_EVENTS = 50
"""Events that one alert holds; the others are counted."""

MAX_BYTES = 256 * 1024
MOST_SINGLE = 10
MOST_NAMED = 20


@dataclass(frozen=True)
class Alerts:
    """Who is told (`text`: a command or URL), and how: one alert in `every` seconds at most, or with `each`
    one per event, ten in that time at most and the rest together. Of the workers that `on` selects; what
    others report is left to alerts without it."""

    to: Receiver
    key: str
    every: float
    each: bool
    wanted: EventFilter
    on: str | None = None


def alerts(text: str, *, every: float, each: bool, wanted: EventFilter, on: str | None = None) -> Alerts:
    """Alerts to a command or URL. Raises UsageError where it is neither."""
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    return Alerts(receiver(text), key, every, each, wanted, on)


def begin(ctx: Context, told: Alerts) -> None:
    """Remember where a new receiver begins: it is told of what comes from now on."""
    try:
        with alerts_lock(ctx.home):
            if load_alert_state(ctx.home, told.key) is None:
                save_alert_state(ctx.home, told.key, AlertState(last_places(ctx.home, _names(ctx))))
    except LockHeld:
        return


async def tell(ctx: Context, told: Alerts) -> None:
    """Tell the receiver of everything that was stored since the last alert, if one is due.

    Raises Failed where it was not taken: nothing is lost then, the next alert tells it. Where another
    command tells at this moment, that one does.
    """
    try:
        with alerts_lock(ctx.home):
            known = load_alert_state(ctx.home, told.key) or AlertState()
            if 0 <= ctx.now() - known.tried < told.every:
                return
            found = pending_events(ctx.home, _names(ctx, told.on), known)
            if any(known.positions.get(worker) != end for worker, end in found.ends.items()):
                await _tell(ctx, told, replace(known, tried=ctx.now()), found)
    except LockHeld:
        return


async def tell_for_ever(
    ctx: Context, told: Alerts, interval: float, failed: Callable[[DecnetError], None]
) -> None:
    """Tell again and again, beside whatever pulls; a failure is said once until it changes."""
    last = ""
    while True:
        try:
            await tell(ctx, told)
            last = ""
        except DecnetError as error:
            if error.message != last:
                failed(error)
            last = error.message
        await ctx.sleep(interval)


async def tell_test(ctx: Context, told: Alerts) -> None:
    """Send an alert that says it is a trial."""
    text = "Test alert from decnet: nothing has happened."
    await deliver(
        told.to, _spelled({"kind": "test", "at": ctx.now(), "text": text, "count": 0, "events": []})
    )


async def _tell(ctx: Context, told: Alerts, known: AlertState, found: PendingEvents) -> None:
    events = [stored for stored in found.events if passes(stored.event, told.wanted)]
    if events:
        # Before it is tried: a receiver that fails is not asked again at once either.
        save_alert_state(ctx.home, told.key, known)
        if told.each and len(events) <= MOST_SINGLE:
            known = await _tell_each(ctx, told, known, found)
        else:
            await deliver(told.to, _document(ctx, events, _names(ctx), more=found.more))
    save_alert_state(ctx.home, told.key, known.up_to(found.ends))


async def _tell_each(ctx: Context, told: Alerts, known: AlertState, found: PendingEvents) -> AlertState:
    """One alert for each event, and a note of each: one that fails repeats none of those before it."""
    names = _names(ctx)
    for place, stored in found.in_order():
        if passes(stored.event, told.wanted):
            await deliver(told.to, _document(ctx, [stored], names, more=False))
            known = known.up_to({stored.worker: place})
            save_alert_state(ctx.home, told.key, known)
    return known


def _document(ctx: Context, events: Sequence[StoredEvent], names: dict[str, str], *, more: bool) -> bytes:
    """The alert itself: what happened in a sentence, in numbers, and event by event within bounds."""
    deckies, sources, kinds = (
        _counted((getattr(stored.event, name), stored.event) for stored in events)
        for name in ("decky", "source_ip", "kind")
    )
    # Of what is lost, and of a count of several sources, no one knows the source.
    del sources[""]
    document: dict[str, Any] = {
        "kind": "events",
        "at": ctx.now(),
        "text": _sentence(deckies, sources, kinds, more=more),
        "count": kinds.total(),
        "more": more,
        "first": events[0].event.at,
        "last": events[-1].event.at,
        "deckies": dict(deckies.most_common(MOST_NAMED)),
        "sources": dict(sources.most_common(MOST_NAMED)),
        "kinds": dict(kinds),
        "events": [],
    }
    size = len(_spelled(document))
    for stored in events[:MAX_EVENTS]:
        entry = {"worker": names.get(stored.worker, stored.worker), **stored.event.model_dump(mode="json")}
        size += len(_spelled(entry))
        if size > MAX_BYTES:
            break
        document["events"].append(entry)
    return _spelled(document)


def _counted(events: Iterable[tuple[str, AttackerEvent]]) -> Counter[str]:
    """How often each thing happened; a flood is one event that says how often."""
    counts: Counter[str] = Counter()
    for name, event in events:
        counts[name] += max(event.stands_for, 1)
    return counts


def _sentence(deckies: Counter[str], sources: Counter[str], kinds: Counter[str], *, more: bool) -> str:
    count = kinds.total()
    number = f"more than {count}" if more else str(count)
    where = next(iter(deckies)) if len(deckies) == 1 else f"{len(deckies)} deckies"
    who = next(iter(sources)) if len(sources) == 1 else f"{len(sources)} sources"
    what = ", ".join(f"{times} {kind}" for kind, times in kinds.most_common())
    return clean(
        f"{number} event{'' if count == 1 else 's'} on {where}{f' from {who}' if sources else ''}: {what}",
        400,
    )


def _spelled(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode("ascii") + b"\n"


def _names(ctx: Context, on: str | None = None) -> dict[str, str]:
    """Names of the selected workers by worker_id."""
    return {worker.worker_id: name for name, worker in select(known_workers(ctx.home), on).items()}
