"""What attackers did: taken out of the containers' logs into the spool, each event once.

Per container the position is the number of the last event of each of its runs. The log is read from its end
backwards, in ever larger pieces, until an event shows that is known. Its times are of no use: after a clock
was set back, new lines would be older than the last one that was read.
"""

from __future__ import annotations

from decnet.wire import parse

from . import arguments, docker, identity, limits
from .containers import Container, fleet_containers
from .failure import Refusal
from .logs import frames
from .spool import KINDS, Spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

_MOST_FIELDS = 64
_LONGEST_STRING = 1000
_STDOUT = 1
_TAILS = (100, 5000, 0)
"""Lines of a log to ask for, one after the other; 0 is all of it."""


def events_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """Events after a spool number, with the verdict on the caller's cursor; drains all containers first."""
    arguments.only(args, "after", "limit", "spool_id", "mark")
    after = arguments.whole(args, "after", 0)
    most = arguments.whole(args, "limit", limits.EVENTS_MOST, limits.EVENTS_MOST)
    spool_id = arguments.optional_text(args, "spool_id")
    mark = arguments.optional_text(args, "mark")
    known = identity.require(args)
    try:
        drain([c for c in fleet_containers(known["fleet_id"]) if c.service], forget_others=True)
    except (Refusal, docker.EngineError) as error:
        # What has been spooled can be told also while the engine is down.
        if isinstance(error, Refusal) and error.code != "docker-down":
            raise
    with Spool() as spool:
        return spool.page(after, most, spool_id, mark)


def drain(chosen: List[Container], forget_others: bool = False) -> int:
    """Move what these containers have told since the last time into the spool; how many events."""
    told = 0
    with Spool() as spool:
        for container in chosen:
            if container.service and container.state != "created":
                try:
                    told += _drain_one(spool, container)
                except docker.EngineError:
                    # A log that cannot be read (another log driver, a damaged file) stops no other.
                    continue
        if forget_others:
            spool.forget_positions_but({container.id for container in chosen})
        spool.commit()
    return told


def events_in(
    lines: Iterable[bytes], container_id: str, decky: str, service: str
) -> "Iterator[Dict[str, Any]]":
    """The events of a log; a line that is not one of ours is passed over."""
    for line in lines:
        event = _event(line) if len(line) <= limits.EVENT_LINE and line[:1] == b"{" else None
        if event is not None:
            yield dict(event, container=container_id, decky=decky, service=service)


def _drain_one(spool: Spool, container: Container) -> int:
    known = spool.position(container.id)
    found: List[Dict[str, Any]] = []
    for most in _TAILS:
        found, met = _new_events(container, known, most)
        if met:
            break
    for event in found:
        spool.add(event)
    return len(found)


def _new_events(container: Container, known: Dict[str, int], most: int) -> Tuple[List[Dict[str, Any]], bool]:
    """The events among the last `most` lines that the spool does not have, and whether there can be no
    others: a known one showed, or the log has no more lines."""
    log = _Log(container.id, most)
    found, seen, met = [], dict(known), False
    for event in events_in(log.lines(), container.id, container.decky, container.service):
        met = met or event["n"] <= known.get(event["run"], 0)
        if event["n"] > seen.get(event["run"], 0):
            seen[event["run"]] = event["n"]
            found.append(event)
    return found, met or log.entries < most


class _Log:
    """The end of a container's log. `entries` counts what Docker counts, on both streams."""

    def __init__(self, container_id: str, most: int) -> None:
        self.entries = 0
        self._place = "/containers/%s/logs" % container_id
        self._query = {"stdout": True, "stderr": True, "tail": str(most) if most else "all"}

    def lines(self) -> Iterator[bytes]:
        """The lines on stdout; none where the container is gone."""
        size, rest = 0, b""
        try:
            for number, piece in frames(docker.stream(self._place, self._query, limits.CONTROL * 2)):
                self.entries += 1
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
