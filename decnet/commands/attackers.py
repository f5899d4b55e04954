"""`decnet attackers`: the sources of events, the timeline of each, and the credentials that they tried."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, NamedTuple, TypeVar

from decnet.commands.deliveries import worker_names
from decnet.commands.events import stored, stored_touches
from decnet.engine.context import Context
from decnet.engine.outcome import Listing
from decnet.engine.workers import known_workers
from decnet.errors import UsageError
from decnet.export.sighting import REDACTED, iso
from decnet.model.counted import counted
from decnet.model.event import AttackerEvent
from decnet.model.keys import label, place, spelled
from decnet.model.record import LifecycleRow
from decnet.model.severity import level, severity
from decnet.plan.attack_table import ATTACK_VERSION
from decnet.plan.attackers import MOST_NAMES, Attacker, Credential, by_source, credentials, merged
from decnet.plan.event_filter import EventFilter
from decnet.plan.ignore import Ignoring
from decnet.store.event_index import parts_within, totals
from decnet.store.touches import StoredTouch, read_touches
from decnet.wire import clean

COLUMNS = (
    "source",
    "first",
    "last",
    "deckies",
    "services",
    "attempts",
    "credentials",
    "techniques",
    "severity",
)
WIDE = ("events", "accepted", "names of deckies")
PAIRS = ("account", "secret", "attempts", "accepted", "sources", "deckies", "services", "last")
TIMELINE = ("time", "worker", "where", "kind", "what")
VISIBLE = ("create", "change", "remove", "mutate", "revive")
"""Operations that change what an attacker can see of a decky."""

Counted = TypeVar("Counted", Attacker, Credential)

MOST_NAMED = 20
MOST_EVENTS = 100_000
"""Events of a timeline, which are kept in memory: the newest."""


def attackers(ctx: Context, wanted: EventFilter, on: str | None = None) -> Listing:
    """One row for each source of the stored events that the filter means, the last seen at the end."""
    found = _sources(ctx, wanted, on)
    found = {name: _spelled(each, wanted.topologies) for name, each in found.items()}
    rows = sorted(found.values(), key=lambda each: (each.last, each.source))
    return Listing(
        "attackers",
        COLUMNS,
        tuple(_cells(each) for each in rows),
        tuple(_item(each) for each in rows),
        key="source",
        empty="no attackers" if not wanted.is_limited else "no event matches",
        more_columns=WIDE,
        more_cells=tuple((str(e.events), str(e.accepted), _named(e.deckies)) for e in rows),
    )


def _spelled(each: Counted, topologies: Mapping[str, str]) -> Counted:
    """The same with its deckies as users name them."""
    return replace(each, deckies={spelled(decky, topologies) for decky in each.deckies})


def _sources(ctx: Context, wanted: EventFilter, on: str | None) -> dict[str, Attacker]:
    if replace(wanted, sources=()).is_limited:
        return by_source(stored_touches(ctx, wanted, on))
    workers = None if on is None else worker_names(ctx, on)
    known, rest = totals(ctx.home, workers)
    events = read_touches(ctx.home, workers=workers, coverage=rest)
    found = merged(known, by_source(events).values())
    selector = wanted.source_selector
    found = {name: each for name, each in found.items() if selector is None or selector.matches(name)}
    rules = wanted.ignores
    return _without_ignored(ctx, found, rules, workers) if isinstance(rules, Ignoring) else found


def _without_ignored(
    ctx: Context, found: dict[str, Attacker], rules: Ignoring, workers: Collection[str] | None
) -> dict[str, Attacker]:
    """These sources without what `[events.ignore]` leaves out. Totals do not say when or at which port: the
    events of the sources that a rule may mean in part are read."""
    kept = {name: each for name, each in found.items() if not rules.is_ignored(name)}
    unclear = {each.source for each in kept.values() if _may_ignore(rules, each)}
    if not unclear:
        return kept
    coverage = parts_within(ctx.home, None, None, unclear)
    events = read_touches(ctx.home, workers=workers, coverage=coverage)
    counted_again = by_source(each for each in events if each.source_ip in unclear and not rules(each))
    return {name: each for name, each in kept.items() if name not in unclear} | counted_again


def _may_ignore(rules: Ignoring, each: Attacker) -> bool:
    is_full = max(len(each.services), len(each.deckies)) >= MOST_NAMES
    return is_full or rules.may_ignore(each.source, each.services, each.deckies)


def tried_credentials(
    ctx: Context, wanted: EventFilter, on: str | None = None, *, redact: bool = False
) -> Listing:
    """The pairs of account and secret in the stored logins, the most widely used first."""
    events = stored_touches(ctx, wanted, on)
    found, others = credentials(_redacted(events) if redact else events)
    rows = [_spelled(each, wanted.topologies) for each in found]
    return Listing(
        "credentials",
        PAIRS,
        tuple(_pair_cells(each) for each in rows),
        tuple(_pair_item(each) for each in rows),
        key="account",
        empty="no credentials",
        notes=(f"{counted(others, 'more login')} with other pairs",) if others else (),
        more_columns=("from", "on"),
        more_cells=tuple((_named(each.sources), _named(each.deckies)) for each in rows),
    )


def timeline(ctx: Context, source: str, wanted: EventFilter, on: str | None = None) -> Listing:
    """What one source did, on all workers, in the order of time; with the operations that changed what was
    visible on the deckies that it touched. Raises UsageError if it is not an address."""
    try:
        ip_address(source)
    except ValueError:
        hint = "decnet attackers lists them"
        raise UsageError(f"'{clean(source, 60)}' is not an address", hint=hint) from None
    kept: deque[_Moment] = deque(maxlen=MOST_EVENTS)
    count = 0
    for worker, event in stored(ctx, replace(wanted, sources=(source,)), on):
        kept.append(_touch(worker, event, wanted.topologies))
        count += 1
    moments = list(heapq.merge(kept, _changes(ctx, kept, wanted.topologies), key=lambda each: each.at))
    return Listing(
        "timeline",
        TIMELINE,
        tuple((_time(each.at), *each[1:5]) for each in moments),
        tuple(each.item for each in moments),
        key="time",
        empty=f"no event of {source} is stored",
        notes=(f"{count - MOST_EVENTS} earlier events are not shown",) if count > MOST_EVENTS else (),
    )


class _Moment(NamedTuple):
    """A row of a timeline."""

    at: float
    worker: str
    where: str
    kind: str
    what: str
    item: dict[str, Any]


def _touch(worker: str, event: AttackerEvent, topologies: Mapping[str, str]) -> _Moment:
    item = {"worker": worker, "time": iso(event.at), "severity": severity(event)}
    item |= event.model_dump(mode="json")
    where = f"{spelled(place(event), topologies)}/{event.service}"
    return _Moment(event.at, worker, where, event.kind, _what(event), item)


def _changes(ctx: Context, touches: Sequence[_Moment], topologies: Mapping[str, str]) -> list[_Moment]:
    """The operations on the touched deckies between the first and the last touch."""
    deckies = {(each.item["project"], each.item["decky"]) for each in touches}
    if not touches:
        return []
    first, last = touches[0].at, touches[-1].at
    found = [
        _change(name, row, topologies)
        for name, worker in known_workers(ctx.home).items()
        for row in ctx.records.load(worker.worker_id).lifecycle
        if (row.project, row.decky) in deckies and row.operation in VISIBLE and row.status == "succeeded"
    ]
    return sorted((each for each in found if first <= each.at <= last), key=lambda each: each.at)


def _change(worker: str, row: LifecycleRow, topologies: Mapping[str, str]) -> _Moment:
    at = row.ended or row.created
    item = {
        "worker": worker, "time": iso(at), "at": at, "decky": row.decky,
        "project": row.project, "kind": "change", "operation": row.operation, "reason": row.reason,
    }  # fmt: skip
    where = label(row.project, row.decky, topologies)
    return _Moment(at, worker, where, "change", f"--- {row.operation}: {row.reason} ---", item)


def _what(event: AttackerEvent) -> str:
    named = ("username", "password", "success", "method", "path", "input", "request", "url", "ports", "name")
    shown = [f"{name}={event.fields[name]}" for name in named if event.fields.get(name) not in (None, "")]
    return clean(" ".join(shown), 200)


def _redacted(events: Iterable[StoredTouch]) -> Iterator[StoredTouch]:
    for event in events:
        account = {"username": event.fields.get("username"), "success": event.fields.get("success")}
        kept = {name: event.fields[name] for name in ("folded",) if name in event.fields}
        yield event._replace(fields={**account, **kept, "password": REDACTED})


def _cells(each: Attacker) -> tuple[str, ...]:
    return (
        each.source, _time(each.first), _time(each.last), str(len(each.deckies)), _named(each.services),
        str(each.attempts), str(len(each.pairs)), _named(each.techniques), level(each.severity),
    )  # fmt: skip


def _item(each: Attacker) -> dict[str, Any]:
    return {
        "source": each.source,
        "first": each.first,
        "first_time": iso(each.first),
        "last": each.last,
        "last_time": iso(each.last),
        "events": each.events,
        "deckies": sorted(each.deckies),
        "services": sorted(each.services),
        "attempts": each.attempts,
        "accepted": each.accepted,
        "credentials": len(each.pairs),
        "techniques": list(each.techniques),
        "attack_version": ATTACK_VERSION,
        "severity": each.severity,
    }


def _pair_cells(each: Credential) -> tuple[str, ...]:
    counts = (each.attempts, each.accepted, len(each.sources), len(each.deckies))
    return (each.account, each.secret, *map(str, counts), _named(each.services), _time(each.last))


def _pair_item(each: Credential) -> dict[str, Any]:
    return {
        "account": each.account,
        "secret": each.secret,
        "attempts": each.attempts,
        "accepted": each.accepted,
        "sources": sorted(each.sources),
        "deckies": sorted(each.deckies),
        "services": sorted(each.services),
        "first": each.first,
        "last": each.last,
    }


def _named(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - MOST_NAMED
    return ",".join(ordered[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
