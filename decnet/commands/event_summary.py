"""`decnet events summary`: how many events there were, by kind, service, decky, source and severity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from decnet.engine.outcome import TextOutcome
from decnet.export.activity import Tally
from decnet.export.sighting import iso
from decnet.model.counted import counted
from decnet.model.keys import label
from decnet.model.severity import level
from decnet.store.touches import StoredTouch
from decnet.wire import PROJECT

SHOWN = 10
"""Rows of each part of the table; JSON has all."""


def summary(
    found: Iterable[StoredTouch],
    ignored: Callable[[], int] = lambda: 0,
    topologies: Mapping[str, str] = {},
) -> TextOutcome:
    """The counts of these events; `ignored` says how many were left out when all have been read. `topologies`
    has the name of each one by its project."""
    tally = Tally()
    for event in _labelled(found, topologies):
        tally.add(event)
    left_out = ignored()
    document = {**_document(tally), "ignored": left_out}
    lines = list(_lines(tally)) if tally.events else ["no events in this period"]
    if left_out:
        lines += ["", f"{counted(left_out, 'event')} ignored by [events.ignore]"]
    return TextOutcome(tuple(lines), document)


def _labelled(found: Iterable[StoredTouch], topologies: Mapping[str, str]) -> Iterator[StoredTouch]:
    for event in found:
        if event.project == PROJECT:
            yield event
        else:
            yield event._replace(decky=label(event.project, event.decky, topologies))


def _document(tally: Tally) -> dict[str, Any]:
    return {
        "events": tally.events,
        "first": None if tally.first is None else iso(tally.first),
        "last": None if tally.last is None else iso(tally.last),
        "kinds": dict(tally.kinds.most_common()),
        "services": dict(tally.services.most_common()),
        "deckies": dict(tally.deckies.most_common()),
        "sources": dict(tally.sources.most_common()),
        "severities": {str(number): tally.severities[number] for number in sorted(tally.severities)},
    }


def _lines(tally: Tally) -> Iterable[str]:
    assert tally.first is not None and tally.last is not None
    yield f"{counted(tally.events, 'event')} from {iso(tally.first)} to {iso(tally.last)}"
    severities = Counter(
        {f"{number:>2} {level(number)}": tally.severities[number] for number in tally.severities}
    )
    parts = (
        ("kind", tally.kinds.most_common()),
        ("service", tally.services.most_common()),
        ("decky", tally.deckies.most_common()),
        ("source", tally.sources.most_common()),
        ("severity", sorted(severities.items(), reverse=True)),
    )
    for name, rows in parts:
        yield from _part(name, rows)


def _part(name: str, rows: list[tuple[str, int]]) -> Iterable[str]:
    shown = rows[:SHOWN]
    if not shown:
        return
    width = max(len(name), *(len(word) for word, _ in shown))
    numbers = max(len("EVENTS"), *(len(str(number)) for _, number in shown))
    yield ""
    yield f"{name.upper():<{width}}  {'EVENTS':>{numbers}}"
    for word, number in shown:
        yield f"{word:<{width}}  {number:>{numbers}}"
    if len(rows) > SHOWN:
        yield f"and {len(rows) - SHOWN} more"
