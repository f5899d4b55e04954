"""Scans as a person reads them: one row for a source that probed many deckies within a minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from decnet.model.counted import counted
from decnet.model.event import AttackerEvent
from decnet.wire.ports import ports_in, ports_text

Pair = tuple[str, AttackerEvent]
"""A worker's name and one of its events."""

WINDOW = 60.0
"""Seconds between two scans that belong to one sweep."""

MOST_WAITING = 20_000
"""Events that wait for the rest of a sweep, which must not hold a flood in memory."""

LONGEST_PORTS = 60


def with_sweeps(events: Iterable[Pair]) -> Iterator[Pair]:
    """The same events, ordered by time, with one in the place of the scans of each sweep. Its decky is their
    number; nothing else than a table may show it."""
    waiting: deque[list[Pair]] = deque()
    sweeps: dict[tuple[str, object], list[Pair]] = {}
    for pair in events:
        event = pair[1]
        key = event.source_ip, event.fields.get("probe")
        sweep = sweeps.get(key) if event.kind == "scan" and event.source_ip else None
        if sweep is not None and event.at - sweep[-1][1].at <= WINDOW:
            sweep.append(pair)
            continue
        waiting.append([pair])
        if event.kind == "scan" and event.source_ip:
            sweeps[key] = waiting[-1]
        while waiting and (len(waiting) > MOST_WAITING or _is_complete(waiting[0], event.at)):
            yield _merged(waiting.popleft())
    for rest in waiting:
        yield _merged(rest)


def _is_complete(row: list[Pair], now: float) -> bool:
    last = row[-1][1]
    return last.kind != "scan" or not last.source_ip or now - last.at > WINDOW


def _merged(row: list[Pair]) -> Pair:
    worker, event = row[0]
    if event.kind != "scan":
        return worker, event
    found = [each for _, each in row]
    names = sorted({each.decky for each in found})
    fields = {**event.fields, **_totals(found)}
    if len(names) == 1:
        return worker, event.model_copy(update={"fields": fields})
    return worker, event.model_copy(
        update={"fields": fields, "decky": counted(len(names), "decky"), "service": ""}
    )


def _totals(found: list[AttackerEvent]) -> dict[str, str | float | bool]:
    """The fields that count, over all of these scans."""
    totals: dict[str, str | float | bool] = {"count": sum(_number(each, "count") for each in found)}
    for name, outermost in (("first", min), ("last", max)):
        values = (each.fields.get(name) for each in found)
        times = [float(value) for value in values if isinstance(value, (int, float))]
        totals |= {name: outermost(times)} if times else {}
    if any(each.fields.get("truncated") for each in found):
        totals["truncated"] = True
    # Most sweeps ask each decky for the same ports.
    texts = {str(each.fields["ports"]) for each in found if each.fields.get("ports")}
    if texts:
        totals["ports"] = _short(ports_text(set().union(*map(ports_in, texts))))
    return totals


def _number(event: AttackerEvent, name: str) -> int:
    value = event.fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _short(ports: str) -> str:
    return ports if len(ports) <= LONGEST_PORTS else ports[:LONGEST_PORTS].rpartition(",")[0] + ",..."
