"""Attacker events, one line each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from decnet.console.documents import dumps
from decnet.console.sweeps import with_sweeps
from decnet.console.text import cell
from decnet.console.yaml_text import yaml_text
from decnet.export.sighting import iso
from decnet.model.event import AttackerEvent
from decnet.model.severity import severity

FIRST = (
    "username",
    "password",
    "success",
    "method",
    "path",
    "status",
    "input",
    "probe",
    "ports",
    "count",
    "folded",
)
TIMES = ("first", "last", "after", "before")
"""Times in an event that counts others."""

LAST_MOMENT = 1e11
QUOTE, ESCAPED = '"', '\\"'


def show_events(
    events: Iterable[tuple[str, AttackerEvent]],
    style: str,
    empty: str = "",
    spell: Callable[[str, AttackerEvent], str] | None = None,
) -> None:
    """Print events with the worker that each came from: as `spell` makes lines of them; otherwise JSON lines
    unless `style` is table. `empty` is what a table without events prints."""
    if spell is not None:
        for worker, event in events:
            print(spell(worker, event))
    elif style == "json":
        print(dumps([_document(worker, event) for worker, event in events]))
    else:
        found = False
        for worker, event in with_sweeps(events) if style == "table" else events:
            found = True
            print(_shown(worker, event, style))
        if empty and not found and style in ("table", "wide", "yaml"):
            print("[]" if style == "yaml" else empty)
    sys.stdout.flush()


def _shown(worker: str, event: AttackerEvent, style: str) -> str:
    match style:
        case "table":
            return _line(worker, event)
        case "wide":
            more = f"worker={worker} session={cell(event.session)} id={cell(event.id)}"
            return f"{_line(worker, event)} {more}"
        case "name":
            return cell(event.decky)
        case "yaml":
            # One entry of a list, so that all that is printed is one document.
            return yaml_text([_document(worker, event)]).rstrip("\n")
    return dumps(_document(worker, event))


def _document(worker: str, event: AttackerEvent) -> dict[str, object]:
    times = {"worker": worker, "time": iso(event.at), "severity": severity(event)}
    return {**times, **event.model_dump(mode="json")}


def _line(worker: str, event: AttackerEvent) -> str:
    when = _time(event.at)
    source = f"{cell(event.source_ip)}:{event.source_port}" if event.source_port else cell(event.source_ip)
    source = source or ("-" if event.kind == "lost" else "several sources")
    where = f"{cell(event.decky)}/{cell(event.service)}" if event.service else cell(event.decky)
    return f"{when}  {where:<18} {source:<22} {event.kind:<10} {_fields(event)}".rstrip()


def _fields(event: AttackerEvent) -> str:
    """The most informative fields first, then the others by name."""
    keys = [key for key in FIRST if key in event.fields]
    keys += sorted(set(event.fields) - set(keys))
    counts = event.kind in ("lost", "scan") or "folded" in event.fields
    return " ".join(f"{cell(key)}={_value(event.fields[key], counts and key in TIMES)}" for key in keys)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _value(value: object, is_time: bool) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if is_time and isinstance(value, float) and 0 <= value <= LAST_MOMENT:
        text = _time(value)
    text = cell(text)
    return f'"{text.replace(QUOTE, ESCAPED)}"' if not text or QUOTE in text or " " in text else text
