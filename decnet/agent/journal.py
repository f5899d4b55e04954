"""The append-only log of what the agent did: JSON lines, numbered, each with the hash of the one before.

The file's first line is its head: the journal's id, and the number and hash of the last record that
retention has dropped (0 and GENESIS in a whole journal), so that one rename moves all of it.
"""

from __future__ import annotations

import fcntl
import os
import time

from decnet.wire import GENESIS, MAX_ERROR_CHARS, PROJECT, chained, decode_json, encode_json
from decnet.wire.fault import place

from . import limits
from .home import (
    Unwritable,
    ensure,
    note_failed_write,
    open_lock,
    path,
    read_json,
    sync_folder,
    write_bytes,
    write_if_possible,
)
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

FILE = "journal.jsonl"
LOCK = "journal.lock"
ACKNOWLEDGED = "journal.cursor"


class Contents:
    """The journal as read: whole lines only, parsed on demand. Record number n is `lines[n - first]`."""

    def __init__(self, content: bytes) -> None:
        whole = content[: content.rfind(b"\n") + 1]
        self.torn = len(content) - len(whole)
        lines = whole.split(b"\n")[:-1]
        head = _head(lines[0]) if lines else None
        self.readable = head is not None
        self.journal_id, self.base_seq, self.base_hash = head or ("", 0, GENESIS)
        self.lines = lines[1:]

    @property
    def first(self) -> int:
        return self.base_seq + 1

    @property
    def last(self) -> int:
        return self.base_seq + len(self.lines)

    def record(self, seq: int) -> Optional[Dict[str, Any]]:
        """The record of that number; None if its line is damaged or missing."""
        try:
            record = decode_json(self.lines[seq - self.first].decode())
            if record["seq"] == seq and isinstance(record["hash"], str):
                return dict(record)
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            pass
        return None

    def hash_at(self, seq: int) -> Optional[str]:
        """The hash of a record, or of the last dropped one; None if unknown.

        A damaged line has the hash of its bytes: reading and the chain continue after it."""
        if seq == self.base_seq:
            return self.base_hash
        if not self.first <= seq <= self.last:
            return None
        record = self.record(seq)
        return str(record["hash"]) if record else _hash_of(self.lines[seq - self.first])

    def report(self, seq: int) -> Dict[str, Any]:
        """The record as in an answer; for a damaged one only its number and hash."""
        return self.record(seq) or {"seq": seq, "hash": self.hash_at(seq)}


def append(decky: str, operation: str, error: Optional[str], request_id: str, project: str = PROJECT) -> int:
    """Record the end of one decky's operation, durably; the record's number. `error` None means success.

    Records of an agent of protocol 1 have no `project`: they belong to the fleet."""
    ensure()
    with _Lock():
        contents = _writable()
        record = chained(
            {
                "seq": contents.last + 1,
                "at": time.time(),
                "project": project,
                "decky": decky,
                "operation": operation,
                "status": "succeeded" if error is None else "failed",
                "error": (error or "")[:MAX_ERROR_CHARS],
                "request_id": request_id,
            },
            contents.hash_at(contents.last) or GENESIS,
        )
        line = encode_json(record).encode() + b"\n"
        _append_line(line)
        if os.path.getsize(path(FILE)) > limits.JOURNAL_BYTES:
            try:
                _prune()
            except (Refusal, OSError):
                pass  # The record is written; the next write tries again.
        return int(record["seq"])


def page(cursor: Optional[Dict[str, Any]], most: int = limits.STATUS_RECORDS) -> Dict[str, Any]:
    """The records after the cursor, at most `most`, with the verdict. Stores the cursor of the request."""
    contents = _readable()
    verdict, after = _verdict(contents, cursor)
    if verdict == "ok" and cursor is not None:
        _acknowledge(cursor)
    end = min(after + most, contents.last)
    return {
        "journal_id": contents.journal_id,
        "first_seq": contents.first,
        "last_seq": contents.last,
        "verdict": verdict,
        "records": [contents.report(seq) for seq in range(after + 1, end + 1)],
        "more": end < contents.last,
    }


def ends_of(request_id: str) -> Dict[str, str]:
    """Decky to status ("succeeded", "failed") of every record of the request."""
    contents, found = read(), {}
    needle = encode_json(request_id).encode()
    for seq, line in enumerate(contents.lines, contents.first):
        if needle in line:
            record = contents.record(seq)
            if record and record.get("request_id") == request_id:
                found[str(record["decky"])] = str(record["status"])
    return found


def read() -> Contents:
    """The journal's whole lines; no `journal_id` if there is none yet, or a folder in its place."""
    try:
        with open(path(FILE), "rb") as file:
            return Contents(file.read())
    except (FileNotFoundError, IsADirectoryError):
        return Contents(b"")


def check_cursor(cursor: Any) -> Optional[Dict[str, Any]]:
    """The cursor of a request. Raises Refusal `usage`."""
    if cursor is None:
        return None
    good = (
        isinstance(cursor, dict)
        and set(cursor) == {"journal_id", "seq", "hash"}
        and isinstance(cursor["journal_id"], str)
        and isinstance(cursor["hash"], str)
        and isinstance(cursor["seq"], int)
        and cursor["seq"] >= 0
    )
    if not good:
        raise Refusal("usage", "argument cursor: must have journal_id, seq and hash")
    return dict(cursor)


def _verdict(contents: Contents, cursor: Optional[Dict[str, Any]]) -> Tuple[str, int]:
    """How the journal relates to the cursor, and the number after which reading continues."""
    if cursor is None:
        return ("gap" if contents.base_seq else "ok"), contents.base_seq
    if cursor["journal_id"] != contents.journal_id:
        return "reset", contents.base_seq
    if cursor["seq"] < contents.base_seq:
        return "gap", contents.base_seq
    if contents.hash_at(cursor["seq"]) != cursor["hash"]:
        return "rewound", contents.base_seq
    return "ok", int(cursor["seq"])


def _acknowledge(cursor: Dict[str, Any]) -> None:
    """Only a cursor that matches this journal allows retention to drop older records."""
    try:
        known = read_json(ACKNOWLEDGED)
    except Refusal:
        known = None
    if known != cursor:
        write_if_possible(cursor, ACKNOWLEDGED)


def _readable() -> Contents:
    """An unreadable journal is replaced if the disk allows it; until then it has no records and no id."""
    contents = read()
    if contents.readable:
        return contents
    try:
        ensure()
        with _Lock():
            return _writable()
    except (Unwritable, OSError) as error:
        note_failed_write(error)
        return contents


def _writable() -> Contents:
    """The repaired journal: a torn last line is cut off, an unreadable journal is set aside. The caller holds
    the lock."""
    contents = read()
    if contents.readable:
        if contents.torn:
            os.truncate(path(FILE), os.path.getsize(path(FILE)) - contents.torn)
        return contents
    if os.path.isfile(path(FILE)) and os.path.getsize(path(FILE)):
        os.rename(path(FILE), path("journal.damaged-%d" % time.time()))
    write_bytes(_head_line(os.urandom(16).hex(), 0, GENESIS), FILE)
    return read()


def _append_line(line: bytes) -> None:
    """After an error in the middle (a full disk) the line is torn, and the next writer cuts it off."""
    descriptor = os.open(path(FILE), os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
    try:
        while line:
            place("write to the journal")
            line = line[os.write(descriptor, line) :]
        place("fsync of the journal")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune() -> None:
    """Drop the oldest records down to half the size, but none after the last requested cursor."""
    contents, known = read(), read_json(ACKNOWLEDGED)
    if not isinstance(known, dict) or known.get("journal_id") != contents.journal_id:
        return
    size, keep_from = sum(len(line) + 1 for line in contents.lines), contents.first
    while size > limits.JOURNAL_BYTES // 2 and keep_from <= min(int(known["seq"]), contents.last - 1):
        size -= len(contents.lines[keep_from - contents.first]) + 1
        keep_from += 1
    base_hash = contents.hash_at(keep_from - 1)
    if keep_from == contents.first or base_hash is None:
        return
    kept = contents.lines[keep_from - contents.first :]
    head = _head_line(contents.journal_id, keep_from - 1, base_hash)
    write_bytes(head + b"".join(line + b"\n" for line in kept), FILE)
    sync_folder(path())


def _hash_of(line: bytes) -> str:
    import hashlib

    return hashlib.sha256(line).hexdigest()


def _head_line(journal_id: str, base_seq: int, base_hash: str) -> bytes:
    head = {"journal_id": journal_id, "base_seq": base_seq, "base_hash": base_hash}
    return encode_json(head).encode() + b"\n"


def _head(line: bytes) -> Optional[Tuple[str, int, str]]:
    try:
        head = decode_json(line.decode())
        return str(head["journal_id"]), int(head["base_seq"]), str(head["base_hash"])
    except (ValueError, KeyError, TypeError):
        return None


class _Lock:
    """The lock of the only writer. The kernel releases it when its process ends."""

    def __enter__(self) -> None:
        self._descriptor = open_lock(LOCK)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
