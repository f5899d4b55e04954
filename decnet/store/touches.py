"""What is counted of stored events, read from their lines without the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from decnet.model.event import EventKind, stands_for
from decnet.wire import PROJECT, is_project
from decnet.wire.event_fields import KINDS

from .events import StoredEvent, event_of, lines_by_worker, row_of
from .jsonl import MAX_LINE
from .paths import Home

if TYPE_CHECKING:
    from .event_index import Coverage

_KNOWN = frozenset(
    ("worker", "spool_id", "epoch", "mark", "id", "seq", "at", "decky", "service", "kind", "source_ip")
    + ("source_port", "session", "local_ip", "local_port", "transport", "fields", "project")
)
_KINDS = frozenset(KINDS)
_TRANSPORTS = ("tcp", "udp", "")

MOST_CHARACTERS, MOST_FIELDS, MOST_BYTES, LAST, MOST_SEQ = 200, 128, 4000, 1e11, 2**53
"""Within these, a line has no text, number or time that AttackerEvent refuses."""


class StoredTouch(NamedTuple):
    """A stored line that was read no further, and its worker."""

    worker: str
    at: float
    decky: str
    service: str
    kind: EventKind
    source_ip: str
    local_port: int
    fields: Mapping[str, Any]
    line: bytes
    project: str = PROJECT

    @property
    def stands_for(self) -> int:
        fields = self.fields
        return stands_for(self.kind, fields) if "folded" in fields or self.kind == "lost" else 1

    @property
    def stored(self) -> StoredEvent | None:
        """The whole event."""
        row = row_of(self.line)
        return None if row is None else event_of(row)


def touches(lines: Iterable[bytes]) -> Iterator[StoredTouch]:
    """The events of whole lines. Validating every event as a whole would take most of the time: a line that
    is obviously valid is not, and AttackerEvent decides about every other one."""
    for line in lines:
        if not line or len(line) >= MAX_LINE:
            continue
        try:
            row = orjson.loads(line)
            found = StoredTouch(
                row["worker"], row["at"], row["decky"], row["service"], row["kind"], row["source_ip"],
                row.get("local_port", 0), row["fields"], line, row.get("project", PROJECT),
            )  # fmt: skip
            if len(line) <= MOST_BYTES and _is_plain(row, found) and _is_flat(line, found):
                yield found
                continue
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            pass
        row = row_of(line)
        stored = event_of(row) if row is not None else None
        if stored is not None:
            worker, event = stored
            yield StoredTouch(
                worker, event.at, event.decky, event.service, event.kind, event.source_ip, event.local_port,
                event.fields, line, event.project,
            )  # fmt: skip


def read_touches(
    home: Home,
    *,
    since: float | None = None,
    until: float | None = None,
    workers: Collection[str] | None = None,
    source: str | None = None,
    coverage: Coverage | None = None,
) -> Iterator[StoredTouch]:
    """The same events as `read_events`, one worker's after the other's."""
    low, high = -inf if since is None else since, inf if until is None else until
    for lines in lines_by_worker(home, since, until, workers, source, coverage):
        for touch in touches(lines):
            if low <= touch.at < high:
                yield touch


def _is_plain(row: dict[str, Any], found: StoredTouch) -> bool:
    """Whether AttackerEvent would certainly accept the row, of a line of at most MOST_BYTES. Raises KeyError,
    TypeError or AttributeError if it might not."""
    texts = (row["id"], row["session"], found.decky, found.service, found.source_ip, row.get("local_ip", ""))
    fields = found.fields
    return (
        type(found.at) is float
        and type(found.worker) is str
        and 0.0 <= found.at <= LAST
        and found.kind in _KINDS
        and len("".join(texts)) <= MOST_CHARACTERS
        and _is_within(row["seq"], MOST_SEQ)
        and _is_within(row["source_port"], 65535)
        and _is_within(found.local_port, 65535)
        and row.get("transport", "") in _TRANSPORTS
        and row.keys() <= _KNOWN
        and (found.project == PROJECT or is_project(found.project))
        and "spool_id" in row
        and type(fields) is dict
        and len(fields) <= MOST_FIELDS
        and len("".join(fields)) <= MOST_CHARACTERS
        and "local_ip" not in fields
    )


def _is_flat(line: bytes, found: StoredTouch) -> bool:
    """Whether no field holds others. Most lines show it without a look at each field."""
    if line.count(b"{") == 2 and b"[" not in line:  # noqa: PLR2004 - the row's and the fields'
        return True
    return not any(type(value) in (dict, list) for value in found.fields.values())


def _is_within(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
