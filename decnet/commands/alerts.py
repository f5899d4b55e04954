"""`decnet events --alert`: sends stored events to a command or a URL, at a limited rate."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from decnet.commands.deliveries import (
    PACE,
    Pulls,
    again_and_again,
    its_turn,
    recipient,
    start_delivery,
    worker_names,
)
from decnet.commands.event_view import EventView
from decnet.commands.refusals import EVENTS_STAY, TRIES, refused_lines
from decnet.engine.context import Context
from decnet.engine.notify import deliver
from decnet.engine.parcel import JSON, LINES, Parcel
from decnet.engine.receivers import Receiver, Syslog, receiver
from decnet.errors import DecnetError, Refused, UsageError
from decnet.export import FORMATS
from decnet.model.counted import counted
from decnet.model.event import AttackerEvent
from decnet.model.keys import place, spelled
from decnet.plan.event_filter import EventFilter, passes
from decnet.store.deliveries import Cursor, Recipient, save_cursor
from decnet.store.desired import load_fleet
from decnet.store.events import StoredEvent
from decnet.store.unsent import PendingEvents, pending_events
from decnet.wire import PROJECT, clean

MAX_EVENTS = 50
"""Events that one alert holds; the others are counted."""

MAX_BYTES = 256 * 1024
MOST_SINGLE = 10
MOST_NAMED = 20
ALERT_FORMATS = ("json", "opencanary")
_ONE_OF = f"one of {', '.join(ALERT_FORMATS)}"


@dataclass(frozen=True)
class Alerts:
    """The receiver of alerts, and their rate: at most one alert in `every` seconds, or with `each` one per
    event, at most ten in that time and the rest in one alert. `on` limits them to events of these workers.
    `style` is json or opencanary."""

    to: Receiver
    recipient: Recipient
    every: float
    each: bool
    wanted: EventFilter
    on: str | None = None
    style: str = "json"


def alerts_to(
    text: str,
    *,
    every: float,
    each: bool,
    wanted: EventFilter,
    on: str | None = None,
    style: str = "json",
) -> Alerts:
    """Alerts to `text`: a command, a URL, a chat or a mail server. Raises UsageError if it is none."""
    to, settings = receiver(text)
    if isinstance(to, Syslog):
        raise UsageError("--alert sends summaries", hint=f"--send {text} sends each event to a syslog server")
    if settings.format not in ("", *ALERT_FORMATS):
        raise UsageError(f"--alert: {clean(settings.format, 40)} is not a format", hint=_ONE_OF)
    chosen = style if style != "json" else settings.format or style
    return Alerts(to, recipient("alert", text, wanted), every, each, wanted, on, chosen)


def start_alerts(ctx: Context, target: Alerts) -> None:
    """Store the position of a new receiver: it gets the events that arrive from now on."""
    start_delivery(ctx, target.recipient, target.on)


async def send_alert(ctx: Context, target: Alerts) -> None:
    """Send the receiver everything that was stored since the last alert, if one is due.

    Raises Failed if the receiver did not accept it; the next alert then contains the same events.
    Does nothing while another command sends alerts to it.
    """
    with its_turn(ctx, target.recipient) as cursor:
        if cursor is None or 0 <= ctx.now() - cursor.tried < target.every:
            return
        found = pending_events(ctx.home, worker_names(ctx, target.on), cursor)
        if any(cursor.positions.get(worker) != end for worker, end in found.ends.items()):
            await _send(ctx, target, replace(cursor, tried=ctx.now()), found)


async def send_alerts_after_pulls(
    ctx: Context, target: Alerts, pulls: Pulls, interval: float, failed: Callable[[DecnetError], None]
) -> None:
    """Send an alert, if one is due, after each pull of this command, and at least every `interval` seconds
    because of those of other commands; reports a failure once until it changes."""
    count = 0

    async def send() -> None:
        nonlocal count
        count = pulls.count
        await send_alert(ctx, target)

    async def pause() -> None:
        await ctx.sleep(PACE)
        with suppress(TimeoutError):
            await asyncio.wait_for(pulls.after(count), interval)

    await again_and_again(send, pause, failed)


async def send_test_alert(ctx: Context, target: Alerts) -> None:
    """Send an alert that is marked as a test."""
    text = "Test alert from decnet: nothing has happened."
    document = {"kind": "test", "at": ctx.now(), "text": text, "count": 0, "events": []}
    await deliver(target.to, _parcel(document))


async def _send(ctx: Context, target: Alerts, cursor: Cursor, found: PendingEvents) -> None:
    events = [stored for stored in found.events if passes(stored.event, target.wanted)]
    refused: Refused | None = None
    if events:
        # Before the attempt: a receiver that fails is not retried at once either.
        save_cursor(ctx.home, target.recipient, cursor)
        if target.each and len(events) <= MOST_SINGLE:
            cursor = await _send_each(ctx, target, cursor, found)
        else:
            refused = await _hand_over(ctx, target, cursor, events, more=found.more)
    save_cursor(ctx.home, target.recipient, cursor.up_to(found.ends))
    if refused is not None:
        raise refused


async def _send_each(ctx: Context, target: Alerts, cursor: Cursor, found: PendingEvents) -> Cursor:
    """Send one alert per event and store each position: a failure repeats none of the earlier ones."""
    for end, stored in found.in_order():
        if passes(stored.event, target.wanted):
            refused = await _hand_over(ctx, target, cursor, [stored], more=False)
            cursor = cursor.up_to({stored.worker: end})
            save_cursor(ctx.home, target.recipient, cursor)
            if refused is not None:
                raise refused
    return cursor


async def _hand_over(
    ctx: Context, target: Alerts, cursor: Cursor, events: Sequence[StoredEvent], *, more: bool
) -> Refused | None:
    """Deliver an alert. One that the receiver refuses again and again is sent without its events: the refusal
    is returned. Raises Failed if it is not accepted."""
    alert = _alert(ctx, target, events, more=more)
    try:
        await deliver(target.to, alert)
    except Refused as error:
        if cursor.refusals + 1 < TRIES:
            save_cursor(ctx.home, target.recipient, replace(cursor, refusals=cursor.refusals + 1))
            raise
        if target.style == "json":
            await deliver(target.to, _without_events(ctx, events, more=more))
        else:
            await refused_lines(
                alert.lines, lambda lines: deliver(target.to, replace(alert, lines=tuple(lines)))
            )
        return Refused(f"{error.message}, to the events of an alert: they were omitted", hint=EVENTS_STAY)
    return None


def _without_events(ctx: Context, events: Sequence[StoredEvent], *, more: bool) -> Parcel:
    """An alert with nothing that visitors can choose."""
    document = _document(ctx, events, {}, more=more)
    kinds = ", ".join(f"{times} {kind}" for kind, times in document["kinds"].items())
    text = f"{counted(document['count'], 'event')}: {kinds}. decnet events shows them."
    return _parcel({**document, "text": text, "deckies": {}, "sources": {}, "events": []})


def _alert(ctx: Context, target: Alerts, events: Sequence[StoredEvent], *, more: bool) -> Parcel:
    names = worker_names(ctx)
    document = _document(ctx, events, names, more=more)
    if target.style == "json":
        return _parcel(document)
    view = EventView(ctx, target.style)
    lines = [
        FORMATS[target.style](view.seen(names.get(stored.worker, stored.worker), stored.event)).encode()
        for stored in events[: len(document["events"])]
    ]
    return Parcel(tuple(lines), JSON if len(lines) == 1 else LINES, document["text"])


def _parcel(document: dict[str, Any]) -> Parcel:
    return Parcel((_encoded(document),), JSON, document["text"])


def _document(
    ctx: Context, events: Sequence[StoredEvent], names: dict[str, str], *, more: bool
) -> dict[str, Any]:
    """The alert: a summary in one sentence, counts, and the events, all of limited size."""
    topologies = _topologies(ctx, events)
    deckies = _counted((spelled(place(each.event), topologies), each.event) for each in events)
    sources, kinds = (
        _counted((getattr(stored.event, name), stored.event) for stored in events)
        for name in ("source_ip", "kind")
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
    return document


def _topologies(ctx: Context, events: Sequence[StoredEvent]) -> Mapping[str, str]:
    """The names of the topologies that the events may belong to, by their projects."""
    is_of_topology = any(stored.event.project != PROJECT for stored in events)
    fleet = load_fleet(ctx.home) if is_of_topology else None
    return fleet.topology_names if fleet else {}


def _counted(events: Iterable[tuple[str, AttackerEvent]]) -> Counter[str]:
    """How often each name occurs; a folded event counts as many times as it stands for."""
    counts: Counter[str] = Counter()
    for name, event in events:
        counts[name] += max(event.stands_for, 1)
    return counts


def _sentence(deckies: Counter[str], sources: Counter[str], kinds: Counter[str], *, more: bool) -> str:
    number = f"{'more than ' if more else ''}{counted(kinds.total(), 'event')}"
    where = next(iter(deckies)) if len(deckies) == 1 else counted(len(deckies), "decky")
    who = next(iter(sources)) if len(sources) == 1 else counted(len(sources), "source")
    what = ", ".join(f"{times} {kind}" for kind, times in kinds.most_common())
    return clean(f"{number} on {where}{f' from {who}' if sources else ''}: {what}", 400)


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode("ascii")
