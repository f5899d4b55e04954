"""Finds the events of a container's log that the spool does not have, oldest first, and those that are
missing.

Docker returns the last N lines of a log. N grows until the first event among them is known, or follows a
known one. The log's times are not reliable: after a clock was set back, new lines would be older than the
last one read. A decoy numbers its events (`n`), so a missing number is a lost event.
"""

from __future__ import annotations

from itertools import chain, islice

from decnet.wire import parse
from decnet.wire.event_fields import OF_DECOYS

from . import docker, limits
from .logs import frames
from .segments import LOST
from .spool import RUNS_KEPT, weight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, Optional

    from .containers import Container
    from .spool import Spool

_MOST_FIELDS = 64
_LONGEST_STRING = 4000
_STDOUT = 1
_TAILS = (100, 5000, 0)
"""Numbers of log lines to request, in this order; 0 is the whole log."""

GONE = "no longer in the container's log when it was read"


def fresh_events(spool: Spool, container: Container) -> Iterator[Dict[str, Any]]:
    """The new events in order, with an event of kind `lost` in place of missing ones."""
    known = spool.position(container.id)
    for most in _TAILS if known else _TAILS[-1:]:
        log = _Log(container, most)
        events = log.events()
        first = next(events, None)
        if first is None and log.entries >= most > 0:
            continue
        if first is None:
            return
        if not most or _follows(first, known):
            yield from _Reading(spool, container, known).new_events(first, events)
            return


class _Reading:
    """One pass over the end of a log; `known` is the spool's position in it."""

    def __init__(self, spool: Spool, container: Container, known: Dict[str, int]) -> None:
        self._container = container
        self._known = known
        self._earlier = spool.earlier_position(container.id)
        self._last = spool.last_time(container.id)

    def new_events(self, first: Dict[str, Any], others: Iterator[Dict[str, Any]]) -> Iterator[Dict[str, Any]]:
        """The new ones of these events, with each gap as an event of kind `lost`."""
        events: Iterator[Dict[str, Any]] = chain([first], others)
        before = self._known or self._earlier
        is_cut = bool(before) and not _follows(first, before)
        if is_cut and len(self._known) >= RUNS_KEPT and (old := self._forgotten()):
            # The position has only the latest runs: the log begins with older ones.
            events, is_cut = islice(_Log(self._container, 0).events(), old, None), False
        seen = dict(self._known)
        for event in events:
            run = event["run"]
            if event["n"] > seen.get(run, 0):
                missing = _begin(event) - 1 - max(seen.get(run, 0), self._earlier.get(run, 0))
                restarted = is_cut and run not in before
                if missing > 0 or restarted:
                    yield self._lost(event, max(0, missing), restarted)
                seen[run], self._last, is_cut = event["n"], event["at"], False
                yield event

    def _forgotten(self) -> int:
        """The number of events in the log up to the last known one."""
        events = enumerate(_Log(self._container, 0).events(), 1)
        return max((i for i, event in events if event["n"] <= self._known.get(event["run"], 0)), default=0)

    def _lost(self, event: Dict[str, Any], count: int, restarted: bool) -> Dict[str, Any]:
        fields: Dict[str, Any] = {"count": count, "before": event["at"], "reason": GONE}
        if self._last is not None:
            fields["after"] = self._last
        if restarted:
            # Only its own lines could show how many events the previous run had.
            fields["at_least"] = True
        empty = {"source_ip": "", "source_port": 0, "session": ""}
        return dict(event, n=_begin(event) - 1, kind=LOST, fields=fields, **empty)


def events_in(
    lines: Iterable[bytes], container_id: str, names: Dict[str, str], service: str
) -> Iterator[Dict[str, Any]]:
    """The events of a log, with the `names` of its decky; a line that is not one of ours is skipped."""
    for line in lines:
        event = _event(line) if len(line) <= limits.EVENT_LINE and line[:1] == b"{" else None
        if event is not None:
            yield dict(event, container=container_id, service=service, **names)


class _Log:
    """The end of a container's log. `entries` counts what Docker counts, on both streams."""

    def __init__(self, container: Container, most: int) -> None:
        self.entries = 0
        self._container = container
        self._query = {"stdout": True, "stderr": True, "tail": str(most) if most else "all"}

    def events(self) -> Iterator[Dict[str, Any]]:
        """Its events; none if the container is gone."""
        return events_in(self._lines(), self._container.id, self._container.names, self._container.service)

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        place = "/containers/%s/logs" % self._container.id
        try:
            for number, piece in frames(docker.stream(place, self._query, limits.CONTROL * 2)):
                self.entries += 1
                if number == _STDOUT:
                    lines = (rest + piece).split(b"\n")
                    rest = lines.pop()[: limits.EVENT_LINE * 2]
                    yield from lines
        except docker.EngineError as error:
            if error.status != 404:
                raise


def _begin(event: Dict[str, Any]) -> int:
    """The first number that an event represents: the decoy counts a flood as one event."""
    return max(1, int(event["n"]) - max(1, weight(event)) + 1)


def _follows(event: Dict[str, Any], known: Dict[str, int]) -> bool:
    run = event["run"]
    return run in known and _begin(event) <= known[run] + 1


def _event(line: bytes) -> Optional[Dict[str, Any]]:
    """The decoy's line, checked and bounded; None if it is not an event."""
    try:
        value = parse(line, 4)
    except ValueError:
        return None
    if not isinstance(value, dict) or value.get("kind") not in OF_DECOYS:
        return None
    run, n, at, port = value.get("run"), value.get("n"), value.get("at"), value.get("sport", 0)
    if not isinstance(run, str) or not 0 < len(run) <= 64 or not _is_whole(n, 2**53) or not n:
        return None
    if not isinstance(at, (int, float)) or isinstance(at, bool) or not 0 <= at < 1e11:
        return None
    if not _is_whole(port, 65535) or not isinstance(value.get("fields", {}), dict):
        return None
    fields = _fields(value.get("fields", {}))
    fields.update(_local(value))
    return {
        "run": run,
        "n": n,
        "at": float(at),
        "kind": value["kind"],
        "source_ip": str(value.get("src", ""))[:64],
        "source_port": port,
        "session": str(value.get("session", ""))[:64],
        "fields": fields,
    }


def _local(value: Dict[str, Any]) -> Dict[str, Any]:
    """The decky's own end. Among the fields, where an operator's decnet of version 0.1.0 accepts it, too."""
    address, port, transport = value.get("dst"), value.get("dport"), value.get("proto")
    if not isinstance(address, str) or not _is_whole(port, 65535) or transport not in ("tcp", "udp"):
        return {}
    return {"local_ip": address[:64], "local_port": port, "transport": transport}


def _fields(given: Dict[str, Any]) -> Dict[str, Any]:
    kept: Dict[str, Any] = {}
    for key, value in list(given.items())[:_MOST_FIELDS]:
        if isinstance(value, str):
            kept[key[:100]] = value[:_LONGEST_STRING]
        elif (
            value is None
            or isinstance(value, (bool, int))
            or (isinstance(value, float) and abs(value) < 1e300)
        ):
            kept[key[:100]] = value
    return kept


def _is_whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
