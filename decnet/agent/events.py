"""What attackers did: taken out of the containers' logs into the spool, each event once.

Per container the position is the time of the last line that was read, and the run and number of the last
event. Docker gives lines from a time on; the number within the run says which of them are new, and
whether one is missing (then the whole log is read again: a clock that was set back hides lines).
"""

from __future__ import annotations

import time

from decnet.wire import parse

from . import arguments, docker, identity, limits
from .containers import Container, fleet_containers
from .failure import Refusal
from .logs import frames
from .spool import Spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

KINDS = frozenset({"contact", "login", "command", "request", "file", "disconnect", "error"})
_MOST_FIELDS = 64
_LONGEST_STRING = 1000
_STDOUT = 1


def events_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """Events after a spool number, with the verdict on the caller's cursor; drains all containers first."""
    arguments.only(args, "after", "limit", "spool_id")
    after = arguments.whole(args, "after", 0)
    most = arguments.whole(args, "limit", limits.EVENTS_MOST, limits.EVENTS_MOST)
    spool_id = arguments.optional_text(args, "spool_id")
    known = identity.require(args)
    try:
        drain([c for c in fleet_containers(known["fleet_id"]) if c.service], forget_others=True)
    except (Refusal, docker.EngineError) as error:
        # What has been spooled can be told also while the engine is down.
        if isinstance(error, Refusal) and error.code != "docker-down":
            raise
    with Spool() as spool:
        return spool.page(after, most, spool_id)


def drain(chosen: List[Container], forget_others: bool = False) -> int:
    """Move what these containers have told since the last time into the spool; how many events."""
    told = 0
    with Spool() as spool:
        for container in chosen:
            if container.service and container.state != "created":
                told += _drain_one(spool, container)
        if forget_others:
            spool.forget_positions_but({container.id for container in chosen})
        spool.commit()
    return told


def events_in(
    lines: Iterator[bytes], container_id: str, decky: str, service: str
) -> "Iterator[Dict[str, Any]]":
    """The events of a log with time stamps; a line that is not one of ours is passed over."""
    for line in lines:
        stamp, _, said = line.partition(b" ")
        event = _event(said) if len(said) <= limits.EVENT_LINE and said[:1] == b"{" else None
        moment = nanoseconds(stamp)
        if event is not None and moment is not None:
            yield dict(event, container=container_id, decky=decky, service=service, stamp=moment)


def nanoseconds(stamp: bytes) -> Optional[int]:
    """Nanoseconds since the epoch of Docker's `2026-01-02T03:04:05.123456789Z`; None for anything else."""
    import calendar

    try:
        head, _, fraction = stamp.decode("ascii").rstrip("Z").partition(".")
        seconds = calendar.timegm(time.strptime(head, "%Y-%m-%dT%H:%M:%S"))
        return seconds * 10**9 + int((fraction + "0" * 9)[:9])
    except ValueError:
        return None


def _drain_one(spool: Spool, container: Container) -> int:
    position = spool.position(container.id)
    found, whole = _new_events(container, position, position["stamp"])
    if not whole and position["stamp"]:
        found, _ = _new_events(container, position, 0)
    for event in found:
        spool.add(event)
    return len(found)


def _new_events(
    container: Container, position: Dict[str, Any], since: int
) -> Tuple[List[Dict[str, Any]], bool]:
    """The events that the spool does not have, and whether their numbers leave no hole."""
    found, whole = [], since <= time.time_ns() + 10**9
    seen = dict(position["runs"])
    lines = _log_lines(container.id, since)
    for event in events_in(lines, container.id, container.decky, container.service):
        last = seen.get(event["run"], 0)
        if event["n"] <= last:
            continue
        whole = whole and event["n"] == last + 1
        seen[event["run"]] = event["n"]
        found.append(event)
    return found, whole


def _log_lines(container_id: str, since: int) -> Iterator[bytes]:
    query: Dict[str, Any] = {"stdout": True, "stderr": False, "timestamps": True}
    if since:
        query["since"] = "%d.%09d" % divmod(since, 10**9)
    pieces = docker.stream("/containers/%s/logs" % container_id, query, limits.CONTROL * 2)
    size, rest = 0, b""
    try:
        for number, piece in frames(pieces):
            size += len(piece)
            if size > limits.DRAIN_BYTES:
                return
            if number == _STDOUT:
                lines = (rest + piece).split(b"\n")
                rest = lines.pop()[: limits.EVENT_LINE * 2]
                yield from lines
    except docker.EngineError as error:
        if error.status != 404:
            raise


def _event(said: bytes) -> Optional[Dict[str, Any]]:
    """The decoy's line, checked and bounded; None where it is not an event."""
    try:
        value = parse(said, 4)
    except ValueError:
        return None
    if not isinstance(value, dict) or value.get("kind") not in KINDS:
        return None
    run, n, at, port = value.get("run"), value.get("n"), value.get("at"), value.get("sport", 0)
    if not isinstance(run, str) or not 0 < len(run) <= 64 or not _is_whole(n, 2**53) or not n:
        return None
    if not isinstance(at, (int, float)) or isinstance(at, bool) or not abs(at) < 1e12:
        return None
    if not _is_whole(port, 65535) or not isinstance(value.get("fields", {}), dict):
        return None
    return {
        "run": run,
        "n": n,
        "at": float(at),
        "kind": value["kind"],
        "source_ip": str(value.get("src", ""))[:64],
        "source_port": port,
        "session": str(value.get("session", ""))[:64],
        "fields": _fields(value.get("fields", {})),
    }


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
