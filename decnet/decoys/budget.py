"""Limits how many events are logged one by one, and counts the rest.

Docker keeps two whole log files of 4,000,000 bytes. All lines of half a day fit into that, whatever attackers
do: written bytes decay with a time constant of FADE_SECONDS, so in any T seconds at most (POOL + FOLDS) * (1
+ T / FADE_SECONDS) bytes are written: 7,600,000 in half a day, in addition to COMPLAINTS on stderr and the
last counts when the decoy stops.
"""

import math
from collections import Counter
from dataclasses import dataclass

POOL = 3_500_000
FOLDS = 300_000
FADE_SECONDS = 12 * 3600.0
FADE_STEP = 60.0
SHARES = {"contact": 0.25, "disconnect": 0.25, "error": 0.125}
"""A kind of event gets at most this multiple of what the pool has left; within that, a source gets at most
what is left of the kind's share. So no kind or source can use up the share of another."""

SHARE = 2.0
"""The same for the important kinds: logins, commands, requests, files."""

MOST_SOURCES = 1000
"""Pairs of source and kind that are tracked separately; further ones share one share."""

MOST_FOLDS = 128
QUIET_SECONDS, MOST_SECONDS = 1.0, 30.0
WRAPPING = 70
"""Bytes that Docker writes around a line."""


def logged(line: bytes) -> int:
    """Bytes that a line takes in Docker's log, which escapes it."""
    escaped = line.count(b'"') + line.count(b"\\") + 5 * sum(map(line.count, (b"<", b">", b"&")))
    return len(line) + escaped + WRAPPING


class Budget:
    """The bytes written recently: in total, per kind, and per source."""

    def __init__(self, now: float) -> None:
        self._kinds: Counter[str] = Counter()
        self._sources: Counter[tuple[str, str]] = Counter()
        self._folds = 0.0
        self._faded = now

    def take(self, kind: str, source: str, size: int, now: float) -> bool:
        """Whether so many bytes may be written; if so, they are accounted for."""
        self._fade(now)
        key = self._key(kind, source)
        left = POOL - self._kinds.total()
        room = SHARES.get(kind, SHARE) * left - self._kinds[kind]
        if size > left or self._sources[key] + size > room:
            return False
        self._kinds[kind] += size
        self._sources[key] += size
        return True

    def take_fold(self, size: int, now: float) -> bool:
        """The same for the line of a count."""
        self._fade(now)
        if self._folds + size > FOLDS:
            return False
        self._folds += size
        return True

    def _key(self, kind: str, source: str) -> tuple[str, str]:
        known = (kind, source) in self._sources or len(self._sources) < MOST_SOURCES
        return (kind, source if known else "")

    def _fade(self, now: float) -> None:
        if now - self._faded < FADE_STEP:
            return
        factor = math.exp((self._faded - now) / FADE_SECONDS)
        self._faded = now
        self._folds *= factor
        for counter in (self._kinds, self._sources):
            for key in list(counter):
                counter[key] = int(counter[key] * factor)  # type: ignore[index]
        for key in [key for key, size in self._sources.items() if size < WRAPPING]:
            del self._sources[key]


@dataclass
class Fold:
    """Events of one kind and source that were only counted. `source` is "" for several together."""

    kind: str
    source: str
    first: float
    last: float
    began: float
    latest: float
    count: int = 0


class Folds:
    """The counts that were not written yet."""

    def __init__(self) -> None:
        self._folds: dict[tuple[str, str], Fold] = {}

    def __len__(self) -> int:
        return len(self._folds)

    def add(self, kind: str, source: str, at: float, now: float) -> None:
        """Count one event: `at` by the clock, `now` in seconds of any origin."""
        key = (kind, source)
        if key not in self._folds and len(self._folds) >= MOST_FOLDS:
            key = (kind, "")
        fold = self._folds.get(key)
        if fold is None:
            fold = self._folds[key] = Fold(*key, first=at, last=at, began=now, latest=now)
        fold.count += 1
        fold.last, fold.latest = at, now

    def due(self, now: float) -> list[Fold]:
        """The counts that have been quiet for a moment, or have lasted long."""
        return [
            fold
            for fold in self._folds.values()
            if now - fold.latest >= QUIET_SECONDS or now - fold.began >= MOST_SECONDS
        ]

    def remove(self, fold: Fold) -> None:
        """Remove a count that was written."""
        del self._folds[fold.kind, fold.source]
