"""The bounded store of attacker events: numbered JSON lines in segments, the oldest segment dropped first.

`events/spool.json` holds the spool's id and how far each container has been read; it is written after the
events, and what a crash left out of it is taken from the events' own lines. Each event has a mark, the hash
of its id and of the mark before, so that a cursor can tell a spool that was restored from an older copy.
"""

from __future__ import annotations

import fcntl
import json
import os
import re

from decnet.wire import parse
from decnet.wire.fault import place

from . import limits
from .failure import Refusal
from .home import ensure, path, read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Set

FOLDER = "events"
HEAD = "spool.json"
_RUNS_KEPT = 64
_SEGMENT = re.compile(r"[0-9]{12,}\.jsonl")
KINDS = ("contact", "login", "command", "request", "file", "disconnect", "error")


class Spool:
    """The spool, locked while it is open. Opening mends what a crash has left."""

    def __enter__(self) -> Spool:
        ensure(FOLDER)
        self._lock = os.open(path(FOLDER, "lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._head = self._read_head()
        self._pending: List[bytes] = []
        self._mend()
        self._saved = json.dumps(self._head, sort_keys=True)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    def position(self, container_id: str) -> Dict[str, int]:
        """The number of the last event of each run of the container."""
        known = self._head["positions"].get(container_id)
        runs = known if isinstance(known, dict) else {}
        return {run: n for run, n in runs.items() if isinstance(n, int)}

    def add(self, event: Dict[str, Any]) -> None:
        """Take a new event; it is durable after `commit`."""
        import hashlib

        # The time too: a machine restored with its memory goes on in the same run, with the same numbers.
        name = "%s%s%d %r" % (event["container"], event["run"], event["n"], event["at"])
        event_id = hashlib.sha256(name.encode()).hexdigest()[:24]
        mark = hashlib.sha256((self._head["mark"] + event_id).encode()).hexdigest()[:24]
        row = dict(event, seq=self._head["last"] + 1, id=event_id, mark=mark)
        self._head.update(last=row["seq"], mark=mark)
        self._pending.append(json.dumps(row, separators=(",", ":")).encode() + b"\n")
        self._account(row)

    def forget_positions_but(self, container_ids: Set[str]) -> None:
        positions = self._head["positions"]
        self._head["positions"] = {key: value for key, value in positions.items() if key in container_ids}

    def commit(self) -> None:
        """Make what was added durable, events first; nothing is written when nothing is new."""
        if self._pending:
            self._append(b"".join(self._pending))
            self._pending = []
            self._drop_oldest()
        if json.dumps(self._head, sort_keys=True) != self._saved:
            write_json(self._head, FOLDER, HEAD)

    def page(
        self, after: int, most: int, spool_id: Optional[str], mark: Optional[str] = None
    ) -> Dict[str, Any]:
        """The events after a number, with the verdict: `reset` for another spool's cursor, `rewound` where
        event `after` is not there or has another mark, `gap` where events after it were dropped."""
        segments = self._segments()
        last, first = self._head["last"], min(segments, default=self._head["last"] + 1)
        verdict = self._verdict(segments, after, spool_id, mark)
        if verdict != "ok":
            after = 0
        if after + 1 < first:
            verdict, after = ("gap" if verdict == "ok" else verdict), first - 1
        found: List[Dict[str, Any]] = []
        for begin in segments:
            if len(found) < most and self._reaches(segments, begin, after):
                found += [row for row in self._rows(begin) if row["seq"] > after][: most - len(found)]
        return {
            "spool_id": self._head["spool_id"],
            "events": [_told(row) for row in found],
            "first_seq": first,
            "last_seq": last,
            "more": bool(found) and found[-1]["seq"] < last,
            "mark": str(found[-1].get("mark", "")) if found else "",
            "verdict": verdict,
        }

    def _verdict(self, segments: List[int], after: int, spool_id: Optional[str], mark: Optional[str]) -> str:
        if spool_id is not None and spool_id != self._head["spool_id"]:
            return "reset"
        if after > self._head["last"]:
            return "rewound"
        begin = max((begin for begin in segments if begin <= after), default=None)
        if mark is None or begin is None:
            return "ok"
        found = next((row for row in self._rows(begin) if row["seq"] == after), None)
        return "ok" if found is None or found.get("mark", mark) == mark else "rewound"

    def _reaches(self, segments: List[int], begin: int, after: int) -> bool:
        """Whether the segment holds numbers above `after`."""
        following = [other for other in segments if other > begin]
        return not following or following[0] > after + 1

    def _read_head(self) -> Dict[str, Any]:
        try:
            head = read_json(FOLDER, HEAD)
            known = all(isinstance(head[key], kind) for key, kind in _HEAD.items())
            if known and head["spool_id"].isalnum() and (head["spool_id"] + head["mark"]).isascii():
                return dict(head)
        except (Refusal, KeyError, TypeError):
            pass
        return {"spool_id": os.urandom(16).hex(), "last": 0, "mark": "", "positions": {}}

    def _mend(self) -> None:
        """Cut a torn last line; take up events that were written when the head was not."""
        segments = self._segments()
        if not segments:
            return
        file_name = self._place(segments[-1])
        with open(file_name, "rb") as file:
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) != len(content):
            os.truncate(file_name, len(whole))
        for row in self._rows(segments[-1]):
            if row["seq"] > self._head["last"]:
                self._account(row)
                self._head.update(last=row["seq"], mark=str(row.get("mark", "")))

    def _account(self, row: Dict[str, Any]) -> None:
        runs = self.position(row["container"])
        runs.pop(row["run"], None)
        runs = dict(list(runs.items())[-_RUNS_KEPT + 1 :])
        runs[row["run"]] = row["n"]
        self._head["positions"][row["container"]] = runs

    def _append(self, content: bytes) -> None:
        segments = self._segments()
        begin = segments[-1] if segments else None
        if begin is None or os.path.getsize(self._place(begin)) > limits.SPOOL_SEGMENT:
            begin = int(json.loads(content[: content.index(b"\n")])["seq"])
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(self._place(begin), flags, 0o600)
        try:
            while content:
                place("write to the spool")
                content = content[os.write(descriptor, content) :]
            place("fsync of the spool")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _drop_oldest(self) -> None:
        for begin in self._segments()[: -limits.SPOOL_SEGMENTS]:
            os.unlink(self._place(begin))

    def _segments(self) -> List[int]:
        names = [name for name in os.listdir(path(FOLDER)) if _SEGMENT.fullmatch(name)]
        return sorted(int(name.partition(".")[0]) for name in names if os.path.isfile(path(FOLDER, name)))

    def _place(self, begin: int) -> str:
        return path(FOLDER, "%012d.jsonl" % begin)

    def _rows(self, begin: int) -> Iterator[Dict[str, Any]]:
        with open(self._place(begin), "rb") as file:
            for line in file:
                row = _row(line)
                if row is not None:
                    yield row


def _row(line: bytes) -> Optional[Dict[str, Any]]:
    """The event of a line; None where a disk has damaged it."""
    try:
        # Strictly only where half a character or a constant could stand: that takes four times as long.
        odd = b"\\ud" in line or b"N" in line or b"I" in line
        row = parse(line) if odd else json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and _is_event(row) else None


def _is_event(row: Dict[str, Any]) -> bool:
    return (
        row.get("kind") in KINDS
        and all(isinstance(row.get(key), kind) for key, kind in _ROW.items())
        and 0 < row["seq"] <= 2**53
        and 0 <= row["at"] < 1e11
        and 0 <= row["source_port"] <= 65535
        and not any(isinstance(value, (dict, list)) for value in row["fields"].values())
    )


_HEAD: Dict[str, Any] = {"spool_id": str, "last": int, "mark": str, "positions": dict}
_TOLD: Dict[str, Any] = {
    "id": str, "seq": int, "at": float, "decky": str, "service": str, "kind": str, "source_ip": str,
    "source_port": int, "session": str, "fields": dict,
}  # fmt: skip
_ROW = dict(_TOLD, container=str, run=str, n=int, mark=str)


def _told(row: Dict[str, Any]) -> Dict[str, Any]:
    return {key: row[key] for key in _TOLD}
