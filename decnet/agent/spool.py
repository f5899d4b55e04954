"""The bounded store of attacker events: numbered JSON lines in segments, the oldest segment dropped first.

`events/spool.json` holds the spool's id, how far each container has been read, and how far the operator has
read; it is written after the events, and what it lost in a crash is restored from the events' own lines. Each
event has a mark, the hash of its id and the previous mark, so that a cursor can recognize a spool that was
restored from an older copy. Events that are dropped unread are counted there first, per service, and become
an event of kind `lost`.

`positions.json`, outside of the folder, outlives the spool: events of an earlier spool do not count as lost.
"""

from __future__ import annotations

import fcntl
import json
import os

from . import limits
from .home import ensure, open_lock, path, write_json
from .segments import FOLDER, LOST, Segments, given
from .spool_head import HEAD, POSITIONS, read_head, read_positions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Set, Tuple

RUNS_KEPT = 64
_MOST_DROPPED = 1000
"""Services whose dropped events are counted separately."""

REMOVED = "its container was removed by another program before they were pulled"
DROPPED = "dropped from the worker's spool, which was full, before they were pulled"


class Spool:
    """The spool, locked while it is open. Opening it repairs the damage of a crash, unless it is opened only
    to read it: that works on a full and on a read-only disk."""

    def __init__(self, is_read_only: bool = False) -> None:
        self._is_read_only = is_read_only

    def __enter__(self) -> Spool:
        self._lock = _existing_lock() if self._is_read_only else _lock()
        if self._lock >= 0:
            self._take_lock()
        self._head, self._saved = read_head()
        self._earlier = read_positions()
        self._segments = Segments()
        self._pending: List[Tuple[Dict[str, Any], bytes]] = []
        self._waiting = 0
        self._moved = False
        self._repair()
        self._unread = self._segments.bytes_behind(self._head["acked"])
        self._last, self._mark = self._head["last"], self._head["mark"]
        return self

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError:
            # Where there are no locks nothing is written, either.
            if not self._is_read_only:
                os.close(self._lock)
                raise

    def __exit__(self, *_: object) -> None:
        if self._lock >= 0:
            os.close(self._lock)

    @property
    def has_room(self) -> bool:
        """Whether there is room for more without dropping unread events."""
        return self._unread + self._waiting + limits.SPOOL_SEGMENT <= _bound()

    @property
    def is_half_unread(self) -> bool:
        """Whether unread events fill more than half of its capacity."""
        return self._unread > _bound() // 2

    @property
    def turn(self) -> str:
        """The container that is drained first next time; "" for any."""
        return str(self._head.get("turn", ""))

    @turn.setter
    def turn(self, container_id: str) -> None:
        self._head["turn"] = container_id

    @property
    def scans(self) -> Dict[str, Any]:
        """What `scans` remembers; stored with the events."""
        memory: Dict[str, Any] = self._head["scans"]
        return memory

    def position(self, container_id: str) -> Dict[str, int]:
        """The number of the last event of each run of the container."""
        return _runs(self._head["positions"], container_id)

    def earlier_position(self, container_id: str) -> Dict[str, int]:
        """The same over all earlier spools: their events do not count as lost."""
        return _runs(self._earlier, container_id)

    def last_time(self, container_id: str) -> Optional[float]:
        """When the last event of the container happened; None if unknown."""
        at = self._head["times"].get(container_id)
        return float(at) if isinstance(at, (int, float)) else None

    def add(self, event: Dict[str, Any]) -> None:
        """Add a new event; it is durable after `commit`."""
        import hashlib

        # Includes the time: a machine restored with its memory continues the same run, with the same numbers.
        name = "%s%s%d %r" % (event["container"], event["run"], event["n"], event["at"])
        if event["kind"] == LOST:
            name += " lost %s" % event["fields"].get("count")
        event_id = hashlib.sha256(name.encode()).hexdigest()[:24]
        self._last += 1
        self._mark = hashlib.sha256((self._mark + event_id).encode()).hexdigest()[:24]
        row = dict(event, seq=self._last, id=event_id, mark=self._mark)
        line = _line(row)
        self._pending.append((row, line))
        self._waiting += len(line)
        if self._waiting > limits.SPOOL_SEGMENT // 4:
            self._write_out()

    def forget_positions_but(self, container_ids: Set[str]) -> None:
        for known in (self._head["positions"], self._head["times"], self._earlier):
            for container_id in set(known) - container_ids:
                del known[container_id]
                self._moved = True

    def report_removed(self, present: Dict[str, Tuple[str, str]], now: float) -> None:
        """Add an event of kind `lost` for each container that was there at the last pull, and that another
        program removed: what it logged since is gone. `present` has the owner (`owner_of`) and the service by
        container id."""
        for container_id, (owner, service) in list(self._head["seen"].items()):
            if container_id in present:
                continue
            fields: Dict[str, Any] = {"count": 0, "at_least": True, "before": now, "reason": REMOVED}
            after = self.last_time(container_id)
            if after is not None:
                fields["after"] = after
            self.add(
                {
                    "container": container_id, "run": self._head["spool_id"], "n": self._last + 1, "at": now,
                    "service": service, "kind": LOST, "source_ip": "", "source_port": 0,
                    "session": "", "fields": fields, **_names(owner),
                }
            )  # fmt: skip
        self._write_out()
        self._head["seen"] = {key: list(names) for key, names in present.items()}

    def expect_removal(self, container_id: str) -> None:
        """Its events have been read to the end: it is about to be removed."""
        self._head["seen"].pop(container_id, None)

    def acknowledge(self, after: int, spool_id: Optional[str], mark: Optional[str]) -> None:
        """Record that the operator has stored the events up to `after`: these can be dropped without loss."""
        is_ours = spool_id is not None and self._verdict(after, spool_id, mark) == "ok"
        self._head["acked"] = after if is_ours else 0
        if not is_ours or after < self._head["given"]:
            for key, counted in self._head["unsure"].items():
                _count(self._head["dropped"], key, *counted)
        self._head["unsure"] = {}
        self._unread = self._segments.bytes_behind(self._head["acked"])

    def report_dropped(self) -> None:
        """Add an event of kind `lost` for each service whose events were dropped unread."""
        for key, (count, first, last) in list(self._head["dropped"].items()):
            owner, _, service = key.rpartition("/")
            self.add(
                {
                    "container": "", "run": self._head["spool_id"], "n": self._last + 1, "at": last,
                    "service": service, "kind": LOST, "source_ip": "", "source_port": 0, "session": "",
                    **_names(owner),
                    "fields": {"count": count, "after": first, "before": last, "reason": DROPPED},
                }
            )  # fmt: skip

    def commit(self) -> None:
        """Make additions durable, events first; writes nothing if there are none."""
        self._write_out()
        self._save()

    def page(
        self, after: int, most: int, spool_id: Optional[str], mark: Optional[str] = None
    ) -> Dict[str, Any]:
        """The events after a number, with the verdict: `reset` for another spool's cursor, `rewound` if event
        `after` does not exist or has another mark, `gap` if events after it were dropped."""
        self._write_out()
        if self._is_read_only and not self._saved:
            # Its id could not be stored, and with another one each time every pull would find a new spool.
            return _empty_page(after, spool_id, mark)
        last, first = self._head["last"], min(self._segments.begins, default=self._head["last"] + 1)
        verdict = self._verdict(after, spool_id, mark)
        if verdict != "ok":
            after = 0
        if after + 1 < first:
            verdict, after = ("gap" if verdict == "ok" else verdict), first - 1
        found = self._rows(after, most)
        if found:
            self._head["given"] = found[-1]["seq"]
        return {
            "spool_id": self._head["spool_id"],
            "events": [given(row) for row in found],
            "first_seq": first,
            "last_seq": last,
            "more": bool(found) and found[-1]["seq"] < last,
            "mark": str(found[-1]["mark"]) if found else "",
            "verdict": verdict,
        }

    def _rows(self, after: int, most: int) -> List[Dict[str, Any]]:
        """Limited in number, and in bytes so that they fit into an answer."""
        found: List[Dict[str, Any]] = []
        size = 0
        for begin in self._segments.behind(after):
            for row, length in self._segments.rows(begin, after):
                size += length
                if len(found) >= most or (found and size > limits.PAGE_BYTES):
                    return found
                found.append(row)
        return found

    def _verdict(self, after: int, spool_id: Optional[str], mark: Optional[str]) -> str:
        if spool_id is not None and spool_id != self._head["spool_id"]:
            return "reset"
        if after > self._head["last"]:
            return "rewound"
        begin = max((begin for begin in self._segments.begins if begin <= after), default=None)
        if mark is None or begin is None:
            return "ok"
        found = next((row for row, _ in self._segments.rows(begin, after - 1)), None)
        return "ok" if found is None or found["seq"] != after or found["mark"] == mark else "rewound"

    def _repair(self) -> None:
        """Finish an interrupted removal, cut off a torn last line, and recover events that the head does not
        have yet."""
        if not self._is_read_only:
            floor = self._head["floor"] if self._head["floor"] <= self._head["last"] + 1 else 0
            for begin in self._segments.begins:
                if begin < floor:
                    self._segments.drop(begin)
            self._segments.cut_torn_line()
            self._segments.split_large()
        for begin in self._segments.behind(self._head["last"]):
            for row, _ in self._segments.rows(begin, self._head["last"]):
                self._account(row)

    def _write_out(self) -> None:
        if self._pending:
            rows = [row for row, _ in self._pending]
            content = b"".join(line for _, line in self._pending)
            self._pending, self._waiting = [], 0
            self._make_room(len(content))
            self._segments.append(content, rows[0]["seq"])
            for row in rows:
                self._account(row)
            self._unread = self._segments.bytes_behind(self._head["acked"])

    def _account(self, row: Dict[str, Any]) -> None:
        self._head.update(last=row["seq"], mark=row["mark"])
        container = row["container"]
        if row["kind"] == LOST and row["fields"].get("reason") == REMOVED:
            # In a crash the events are stored before the head is.
            self._head["seen"].pop(container, None)
            return
        if not container:
            _take(self._head["dropped"], row)
            return
        runs = self.position(container)
        runs.pop(row["run"], None)
        runs = dict(list(runs.items())[-RUNS_KEPT + 1 :])
        runs[row["run"]] = row["n"]
        self._head["positions"][container] = runs
        self._head["times"][container] = row["at"]
        self._moved = True

    def _make_room(self, size: int) -> None:
        while self._segments.begins and self._segments.total + size > _bound():
            self._drop(self._segments.begins[0])

    def _drop(self, begin: int) -> None:
        """Dropped events are counted before they are removed: a crash in between counts nothing twice."""
        following = self._segments.begins[1:2]
        acked, given = self._head["acked"], self._head["given"]
        for row, _ in self._segments.rows(begin, acked):
            counts = self._head["unsure" if row["seq"] <= given else "dropped"]
            _count(counts, _key(row), weight(row), row["at"], row["at"])
        self._head["floor"] = following[0] if following else self._head["last"] + 1
        self._save()
        self._segments.drop(begin)

    def _save(self) -> None:
        self._segments.sync()
        encoded = json.dumps(self._head, sort_keys=True)
        if encoded != self._saved:
            write_json(self._head, FOLDER, HEAD)
            self._saved = encoded
        if self._moved:
            self._save_positions()
            self._moved = False

    def _save_positions(self) -> None:
        for container_id in self._head["positions"]:
            known = self.earlier_position(container_id)
            for run, n in self.position(container_id).items():
                known[run] = max(n, known.pop(run, 0))
            self._earlier[container_id] = dict(list(known.items())[-RUNS_KEPT:])
        write_json(self._earlier, POSITIONS)


def owner_of(names: Dict[str, Any]) -> str:
    """The decky that an event names, as one text: DECKY, or PROJECT/DECKY."""
    decky = str(names["decky"])
    return "%s/%s" % (names["project"], decky) if "project" in names else decky


def _names(owner: str) -> Dict[str, str]:
    project, _, decky = owner.rpartition("/")
    return {"project": project, "decky": decky} if project else {"decky": decky}


def _key(row: Dict[str, Any]) -> str:
    return "%s/%s" % (owner_of(row), row["service"])


def weight(event: Dict[str, Any]) -> int:
    """How many occurrences an event represents."""
    count = event["fields"].get("count" if event["kind"] == LOST else "folded", 1)
    is_whole = isinstance(count, int) and not isinstance(count, bool)
    return count if is_whole and 0 <= count <= 2**53 else 1


def _lock() -> int:
    ensure(FOLDER)
    return open_lock(FOLDER, "lock")


def _existing_lock() -> int:
    """-1 if there is none."""
    try:
        return os.open(path(FOLDER, "lock"), os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return -1


def _empty_page(after: int, spool_id: Optional[str], mark: Optional[str]) -> Dict[str, Any]:
    """No events, and the caller's position as it is."""
    return {
        "spool_id": spool_id or "", "events": [], "first_seq": after + 1, "last_seq": after, "more": False,
        "mark": mark or "", "verdict": "ok",
    }  # fmt: skip


def _bound() -> int:
    return limits.SPOOL_SEGMENT * limits.SPOOL_SEGMENTS


def _count(counts: Dict[str, Any], key: str, count: int, first: float, last: float) -> None:
    key = key if key in counts or len(counts) < _MOST_DROPPED else "/"
    before = counts.get(key, [0, first, last])
    counts[key] = [before[0] + count, min(before[1], first), max(before[2], last)]


def _take(counts: Dict[str, Any], row: Dict[str, Any]) -> None:
    """Clear the counts that have been reported."""
    key = _key(row)
    left = counts.get(key, [0, 0.0, 0.0])[0] - weight(row)
    if left > 0:
        counts[key][0] = left
    else:
        counts.pop(key, None)


_SPELL = json.JSONEncoder(separators=(",", ":")).encode


def _line(row: Dict[str, Any]) -> bytes:
    line = _SPELL(row).encode() + b"\n"
    if len(line) <= limits.SPOOL_LINE:
        return line
    return _line(dict(row, fields={"cut": True}))


def _runs(positions: Dict[str, Any], container_id: str) -> Dict[str, int]:
    runs = positions.get(container_id)
    if not isinstance(runs, dict):
        return {}
    return {run: n for run, n in runs.items() if isinstance(n, int)}
