"""The sixteen databases, in memory and bounded."""

import re
import time
from collections.abc import Callable, Iterator

from .resp import Failure

DATABASES = 16
OVERHEAD = 96
"""Bytes of an entry in addition to its content, here and in the imitated server."""
LOOK_SECONDS = 0.5
MOST_PATTERN = 512


class Wrong(Exception):
    """The error reply to a refused command."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.reply = Failure(text)


class Hash(dict[bytes, bytes]):
    """Fields and values."""


class Items(list[bytes]):
    """A list."""


class Members(dict[bytes, None]):
    """A set, in the order of insertion."""


class Scores(dict[bytes, float]):
    """A sorted set."""

    def ranked(self) -> list[tuple[bytes, float]]:
        """Members and scores, the lowest first."""
        return sorted(self.items(), key=lambda pair: (pair[1], pair[0]))


Value = bytes | Hash | Items | Members | Scores

NAMES: dict[type, str] = {bytes: "string", Hash: "hash", Items: "list", Members: "set", Scores: "zset"}
WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"


class Keyspace:
    """All databases. `most`: bytes that they may hold."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.used = 0
        self.peak = 0
        self.changes = 0
        self.expired = 0
        self.hits = 0
        self.misses = 0
        self.databases = [Database(self) for _ in range(DATABASES)]
        self._looked = 0.0

    def charge(self, size: int) -> None:
        """Add about so many bytes; removals count at the next measurement."""
        self.used += size
        self.peak = max(self.peak, self.used)

    def is_full(self) -> bool:
        """Whether nothing more can be stored."""
        if self.used > self.most and time.monotonic() - self._looked > LOOK_SECONDS:
            self.measure()
            self._looked = time.monotonic()
        return self.used > self.most

    def measure(self) -> int:
        """Measure the held bytes again."""
        self.used = sum(database.weight() for database in self.databases)
        return self.used


class Database:
    """Keys, values, and expiry times."""

    def __init__(self, whole: Keyspace) -> None:
        self.values: dict[bytes, Value] = {}
        self.ends: dict[bytes, int] = {}
        self.versions: dict[bytes, int] = {}
        self._whole = whole

    def find(self, key: bytes) -> Value | None:
        """The value of a key that has not expired."""
        end = self.ends.get(key)
        if end is not None and end <= now():
            self._whole.expired += 1
            self.drop(key)
        return self.values.get(key)

    def read(self, key: bytes, kind: type[Value]) -> Value | None:
        """The same for a command that reads values of one kind. Raises Wrong."""
        value = self.find(key)
        if value is None:
            self._whole.misses += 1
        else:
            self._whole.hits += 1
            if not isinstance(value, kind):
                raise Wrong(WRONG_TYPE)
        return value

    def put(self, key: bytes, value: Value, *, keep: bool = False) -> None:
        """Store a value; without `keep` its expiry is removed. An empty value removes the key.

        A value that grows in place is charged with the bytes of the command."""
        self.touch(key)
        if not keep:
            self.ends.pop(key, None)
        if not value and not isinstance(value, bytes):
            self.values.pop(key, None)
            self.ends.pop(key, None)
            return
        if self.values.get(key) is not value:
            self._whole.charge(len(key) + weight(value, shallow=True))
        self.values[key] = value

    def drop(self, key: bytes) -> bool:
        """Remove a key; whether it was there."""
        self.ends.pop(key, None)
        if self.values.pop(key, None) is None:
            return False
        self.touch(key)
        return True

    def touch(self, key: bytes) -> None:
        """Notify the clients that watch the key."""
        self._whole.changes += 1
        if len(self.versions) > 4096:
            self.versions.clear()
        self.versions[key] = self._whole.changes

    def version(self, key: bytes) -> int:
        """A number that changes with the key."""
        self.find(key)
        return self.versions.get(key, 0)

    def alive(self) -> list[bytes]:
        """All keys."""
        for key in [key for key, end in self.ends.items() if end <= now()]:
            self.find(key)
        return list(self.values)

    def clear(self) -> None:
        """Remove everything."""
        for key in list(self.values):
            self.drop(key)

    def weight(self) -> int:
        """Bytes held, roughly."""
        return sum(len(key) + weight(value) for key, value in self.values.items())


def weight(value: Value, *, shallow: bool = False) -> int:
    """Bytes of one value; `shallow`: without the contents of its entries."""
    if isinstance(value, bytes):
        return OVERHEAD + len(value)
    return OVERHEAD + OVERHEAD * len(value) + (0 if shallow else sum(_sizes(value)))


def _sizes(value: Hash | Items | Members | Scores) -> Iterator[int]:
    for entry in value:
        yield len(entry) + (len(value[entry]) if isinstance(value, Hash) else 0)


def copy_of(value: Value) -> Value:
    """An independent copy of the value."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, Items):
        return Items(value)
    if isinstance(value, Hash):
        return Hash(value)
    return Scores(value) if isinstance(value, Scores) else Members(value)


def now() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)


def matcher(pattern: bytes) -> Callable[[bytes], object]:
    """A test whether a text matches a glob pattern: * ? [a-z] [^a] and backslash. Never backtracks."""
    fixed = [b""]
    at = 0
    while at < len(pattern[:MOST_PATTERN]):
        byte = pattern[at : at + 1]
        at += 1
        if byte == b"*":
            fixed.append(b"")
        elif byte == b"?":
            fixed[-1] += b"."
        elif byte == b"[":
            chosen, at = _class(pattern, at)
            fixed[-1] += chosen
        else:
            if byte == b"\\" and at < len(pattern):
                byte = pattern[at : at + 1]
                at += 1
            fixed[-1] += re.escape(byte)
    first, *middle = fixed
    last = b".*" + middle.pop() if middle else b""
    inner = b"".join(b"(?>.*?%b)" % part for part in middle if part)
    return re.compile(b"(?s:%b%b%b)" % (first, inner, last)).fullmatch


def _class(pattern: bytes, at: int) -> tuple[bytes, int]:
    """The regular expression of a class, and where it ends."""
    none = pattern[at : at + 1] == b"^"
    at += none
    chosen = b""
    while at < len(pattern) and pattern[at] != 0x5D:
        if pattern[at] == 0x5C and at + 1 < len(pattern):
            at += 1
        low = high = pattern[at]
        if pattern[at + 1 : at + 2] == b"-" and at + 2 < len(pattern):
            high = pattern[at + 2]
            at += 2
        chosen += b"\\x%02x-\\x%02x" % (min(low, high), max(low, high))
        at += 1
    if not chosen:
        return (b"." if none else b"(?!)"), at + 1
    return b"[%b%b]" % (b"^" if none else b"", chosen), at + 1
