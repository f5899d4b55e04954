"""`decnet events --alert`: sends stored events to a command or a URL, at a limited rate."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from decnet.engine.context import Context
from decnet.engine.notify import Receiver, deliver, receiver
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, LockHeld
from decnet.model.event import AttackerEvent
from decnet.plan.event_filter import EventFilter, passes
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
    """The receiver of alerts, and their rate: at most one alert in `every` seconds, or with `each` one per
    event, at most ten in that time and the rest in one alert. `on` limits them to events of these workers."""

    to: Receiver
    key: str
    every: float
    each: bool
    wanted: EventFilter
    on: str | None = None


def alerts_to(text: str, *, every: float, each: bool, wanted: EventFilter, on: str | None = None) -> Alerts:
    """Alerts to `text`, a command or a URL. Raises UsageError if it is neither."""
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    return Alerts(receiver(text), key, every, each, wanted, on)


def start_alerts(ctx: Context, target: Alerts) -> None:
    """Store the position of a new receiver: it gets the events that arrive from now on."""
    try:
        with alerts_lock(ctx.home):
            if load_alert_state(ctx.home, target.key) is None:
                save_alert_state(ctx.home, target.key, AlertState(last_places(ctx.home, _names(ctx))))
    except LockHeld:
        return


async def send_alert(ctx: Context, target: Alerts) -> None:
    """Send the receiver everything that was stored since the last alert, if one is due.

    Raises Failed if the receiver did not accept it; the next alert then contains the same events.
    Does nothing while another command sends alerts.
    """
    try:
        with alerts_lock(ctx.home):
            known = load_alert_state(ctx.home, target.key) or AlertState()
            if 0 <= ctx.now() - known.tried < target.every:
                return
            found = pending_events(ctx.home, _names(ctx, target.on), known)
            if any(known.positions.get(worker) != end for worker, end in found.ends.items()):
                await _send(ctx, target, replace(known, tried=ctx.now()), found)
    except LockHeld:
        return


async def send_alerts_forever(
    ctx: Context, target: Alerts, interval: float, failed: Callable[[DecnetError], None]
) -> None:
    """Send alerts every `interval` seconds, next to the pulls; reports a failure once until it changes."""
    last = ""
    while True:
        try:
            await send_alert(ctx, target)
            last = ""
        except DecnetError as error:
            if error.message != last:
                failed(error)
            last = error.message
        await ctx.sleep(interval)


async def send_test_alert(ctx: Context, target: Alerts) -> None:
    """Send an alert that is marked as a test."""
    text = "Test alert from decnet: nothing has happened."
    await deliver(
        target.to, _encoded({"kind": "test", "at": ctx.now(), "text": text, "count": 0, "events": []})
    )


async def _send(ctx: Context, target: Alerts, known: AlertState, found: PendingEvents) -> None:
    events = [stored for stored in found.events if passes(stored.event, target.wanted)]
    if events:
        # Before the attempt: a receiver that fails is not retried at once either.
        save_alert_state(ctx.home, target.key, known)
        if target.each and len(events) <= MOST_SINGLE:
            known = await _send_each(ctx, target, known, found)
        else:
            await deliver(target.to, _document(ctx, events, _names(ctx), more=found.more))
    save_alert_state(ctx.home, target.key, known.up_to(found.ends))


async def _send_each(ctx: Context, target: Alerts, known: AlertState, found: PendingEvents) -> AlertState:
    """Send one alert per event and store each position: a failure repeats none of the earlier ones."""
    names = _names(ctx)
    for place, stored in found.in_order():
        if passes(stored.event, target.wanted):
            await deliver(target.to, _document(ctx, [stored], names, more=False))
            known = known.up_to({stored.worker: place})
            save_alert_state(ctx.home, target.key, known)
    return known


def _document(ctx: Context, events: Sequence[StoredEvent], names: dict[str, str], *, more: bool) -> bytes:
    """The alert: a summary in one sentence, counts, and the events, all of limited size."""
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
    size = len(_encoded(document))
    for stored in events[:MAX_EVENTS]:
        entry = {"worker": names.get(stored.worker, stored.worker), **stored.event.model_dump(mode="json")}
        size += len(_encoded(entry))
        if size > MAX_BYTES:
            break
        document["events"].append(entry)
    return _encoded(document)


def _counted(events: Iterable[tuple[str, AttackerEvent]]) -> Counter[str]:
    """How often each name occurs; a folded event counts as many times as it stands for."""
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


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode("ascii") + b"\n"


def _names(ctx: Context, on: str | None = None) -> dict[str, str]:
    """Names of the selected workers by worker_id."""
    return {worker.worker_id: name for name, worker in select(known_workers(ctx.home), on).items()}
