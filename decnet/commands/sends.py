"""`decnet events --send`: delivers every stored event to a receiver, at least once, in its format."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

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
from decnet.engine.parcel import LINES, TEXT, Parcel
from decnet.engine.receivers import Mail, Receiver, Settings, Syslog, Webhook, receiver
from decnet.engine.trust import Tls
from decnet.errors import DecnetError, Refused, UsageError
from decnet.export import FORMATS, Sighting, enveloped, native
from decnet.model.counted import counted
from decnet.plan.coalesce import Pair, coalesced
from decnet.plan.event_filter import EventFilter, passes
from decnet.store.deliveries import Cursor, Recipient, save_cursor
from decnet.store.events import Place, last_places
from decnet.store.unsent import Placed, unsent_events
from decnet.wire import clean

SEND_FORMATS = {"jsonl": native, **FORMATS}
MOST_EVENTS = 200
MOST_BYTES = 256 * 1024
"""The limits of one parcel; a single event may be larger."""

MOST_NAMED = 3
"""Ids in a message."""

MOST_ALIKE = 1000
"""Events of one parcel if those that are alike become one."""

MOST_PASSED = 5000
"""Events after which the position is stored, although the filter left them all out."""

SEND_LIMIT = 30.0
"""Seconds that a receiver may take for one parcel."""

MOST_DATAGRAM = 65_000
PLAIN_TEXT = ("rfc5424", "cef")


@dataclass(frozen=True)
class Send:
    """A receiver, the format of its lines, and which events it gets."""

    to: Receiver
    recipient: Recipient
    style: str
    wanted: EventFilter
    on: str | None = None
    redact: bool = False
    share: bool = False
    coalesce: float = 0.0


@dataclass
class _Batch:
    """Lines for one parcel, and the places that they end at; `alike` become lines together."""

    lines: list[bytes] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    """Of the events that the lines show."""
    alike: list[Pair] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    passed: int = 0
    size: int = 0

    def add(self, event_id: str, line: str) -> None:
        self.ids.append(event_id)
        self.lines.append(line.encode())
        self.size += len(self.lines[-1])

    @property
    def is_full(self) -> bool:
        events = len(self.lines) + len(self.alike)
        return events >= (MOST_ALIKE if self.alike else MOST_EVENTS) or self.size >= MOST_BYTES


def send_to(
    text: str,
    *,
    wanted: EventFilter,
    on: str | None = None,
    style: str = "",
    tls: Tls | None = None,
    secret: Path | None = None,
    redact: bool = False,
    share: bool = False,
    coalesce: float = 0.0,
) -> Send:
    """A send to `text`: a URL of syslog or https, or a command. `style` is one of SEND_FORMATS; "" is the
    one that suits the receiver. Raises UsageError."""
    own = Settings(secret=_secret(secret), tls=tls or Tls())
    to, settings = receiver(text, "--send", own)
    if isinstance(to, Mail) or (isinstance(to, Webhook) and to.shape != "plain"):
        raise UsageError(
            "--send delivers every single event, too many for a chat or a mailbox",
            hint="--alert sends summaries there",
        )
    chosen = style or settings.format or ("rfc5424" if isinstance(to, Syslog) else "jsonl")
    if chosen not in SEND_FORMATS:
        raise UsageError(
            f"--send: {clean(chosen, 40)} is not a format", hint=f"one of {', '.join(SEND_FORMATS)}"
        )
    if secret is not None and not isinstance(to, Webhook):
        raise UsageError("--send-secret signs requests, and this receiver is not a URL with https://")
    return Send(to, recipient("send", text, wanted), chosen, wanted, on, redact, share, coalesce)


def start_sends(ctx: Context, sends: Iterable[Send]) -> None:
    """Store the position of each new receiver: it gets the events that arrive from now on."""
    for each in sends:
        start_delivery(ctx, each.recipient, each.on)


async def send_all(ctx: Context, sends: Iterable[Send]) -> list[DecnetError]:
    """Send each receiver what it has not been sent, all at the same time; the failures."""
    found = await asyncio.gather(*(send_new(ctx, each) for each in sends), return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and not isinstance(each, DecnetError):
            raise each
    return [each for each in found if isinstance(each, DecnetError)]


async def send_new(ctx: Context, target: Send, ends: Mapping[str, Place] | None = None) -> None:
    """Send the receiver every event that was stored up to `ends` (None: up to now) and not sent to it.

    The position moves with each parcel that the receiver has accepted. Raises Failed if it does not accept
    one: the next call begins with the same events. Raises Refused at the end if it refuses some events for
    good: these are skipped. Does nothing while another command sends to it.
    """
    names = worker_names(ctx, target.on)
    until = last_places(ctx.home, names) if ends is None else {w: p for w, p in ends.items() if w in names}
    with its_turn(ctx, target.recipient) as cursor:
        if cursor is None or all(cursor.positions.get(worker) == end for worker, end in until.items()):
            return
        refused: list[str] = []
        for batch in _batches(ctx, target, unsent_events(ctx.home, cursor, until), names):
            found = await _deliver_batch(ctx, target, cursor, batch) if batch.lines else []
            refused += found
            cursor = replace(cursor.up_to(batch.places), refused=cursor.refused + len(found))
            save_cursor(ctx.home, target.recipient, cursor)
            # Reading the files blocks: a pull at the same time must get its turn.
            await asyncio.sleep(0)
        save_cursor(ctx.home, target.recipient, cursor.up_to(until))
    if refused:
        raise _left_out(target, refused, cursor.refused)


async def send_after_pulls(
    ctx: Context, target: Send, pulls: Pulls, failed: Callable[[DecnetError], None]
) -> None:
    """Send after each pull what was stored when it ended, until cancelled. A pull never waits for a receiver,
    and a receiver not for another one."""
    sent = 0

    async def send() -> None:
        nonlocal sent
        sent = pulls.count
        await send_new(ctx, target, pulls.ends)

    async def pause() -> None:
        # Workers end one after the other: one send for several of them, and few attempts to a dead receiver.
        await asyncio.sleep(PACE)
        await pulls.after(sent)

    await again_and_again(send, pause, failed)


async def _deliver_batch(ctx: Context, target: Send, cursor: Cursor, batch: _Batch) -> list[str]:
    """Send a batch; the ids of the events that the receiver has refused again and again, and that are left
    out. Raises Failed if it does not accept the others."""

    async def send(lines: Sequence[bytes]) -> None:
        await deliver(target.to, _parcel(target, lines), limit=SEND_LIMIT, way="send")

    if cursor.refusals + 1 < TRIES:
        try:
            await send(batch.lines)
        except Refused:
            save_cursor(ctx.home, target.recipient, replace(cursor, refusals=cursor.refusals + 1))
            raise
        return []
    return [batch.ids[number] for number in await refused_lines(batch.lines, send)]


def _left_out(target: Send, refused: Sequence[str], ever: int) -> Refused:
    named = ", ".join(clean(each, 60) for each in refused[:MOST_NAMED])
    more = len(refused) - MOST_NAMED
    named += f" and {more} more" if more > 0 else ""
    count = counted(len(refused), "event") + (f" ({ever} so far)" if ever > len(refused) else "")
    return Refused(
        f"send: {target.to.label} refuses {count}, which are skipped: {named}",
        hint=EVENTS_STAY,
    )


def _batches(
    ctx: Context, target: Send, found: Iterable[Placed], names: Mapping[str, str]
) -> Iterator[_Batch]:
    """The events in parcels of limited size; events that the filter leaves out only move the position."""
    view = EventView(ctx, target.style, target.redact, target.share)
    batch = _Batch()
    for place, stored in found:
        if passes(stored.event, target.wanted):
            pair = names.get(stored.worker, stored.worker), stored.event
            if target.coalesce:
                batch.alike.append(pair)
            else:
                batch.add(stored.event.id, _line(target, view.seen(*pair)))
        batch.places[stored.worker] = place
        batch.passed += 1
        if batch.is_full or batch.passed >= MOST_PASSED:
            yield _finished(target, view, batch)
            batch = _Batch()
    if batch.passed:
        yield _finished(target, view, batch)


def _finished(target: Send, view: EventView, batch: _Batch) -> _Batch:
    for worker, event in coalesced(batch.alike, target.coalesce):
        batch.add(event.id, _line(target, view.seen(worker, event)))
    return batch


def _line(target: Send, seen: Sighting) -> str:
    """The event as the receiver gets it; for syslog, a line of another format is the text of a message."""
    text = SEND_FORMATS[target.style](seen)
    if not isinstance(target.to, Syslog) or target.style == "rfc5424":
        return text
    text = enveloped(seen, text)
    if target.to.transport == "udp" and len(text.encode()) > MOST_DATAGRAM:
        return FORMATS["rfc5424"](seen)
    return text


def _parcel(target: Send, lines: Sequence[bytes]) -> Parcel:
    return Parcel(tuple(lines), TEXT if target.style in PLAIN_TEXT else LINES)


def _secret(path: Path | None) -> str:
    """The first line of a file. Raises UsageError."""
    if path is None:
        return ""
    try:
        secret = path.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"--send-secret: {path} cannot be read: {reason}") from error
    if not secret:
        raise UsageError(f"--send-secret: {path} is empty")
    return secret
