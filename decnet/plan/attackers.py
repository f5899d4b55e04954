"""Events by their source: who was there, when, where, and with which credentials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from decnet.model.event import Touch
from decnet.model.keys import place
from decnet.model.severity import severity
from decnet.plan.techniques import techniques_of, techniques_of_logins

MOST_NAMES = 1000
"""Deckies, services and pairs of one source: what is beyond is not counted."""

MOST_PAIRS = 100_000
"""Different pairs that are listed."""

SECRETS = ("password", "response", "hash", "community", "key")
"""What a login sends, the first of these that it has."""


@dataclass(slots=True)
class Attacker:
    """What one source did. Times in seconds since the epoch by the workers' clocks; `attempts` and `events`
    count what folded events represent."""

    source: str
    first: float
    last: float
    events: int = 0
    attempts: int = 0
    accepted: int = 0
    severity: int = 0
    deckies: set[str] = field(default_factory=set)
    """Each one's `place`."""
    services: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    """Techniques that single events show."""
    accounts: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    """Hashes of two accounts and of two secrets: whether there is more than one is all that matters."""
    pairs: set[str] = field(default_factory=set)
    """Hashes."""

    def add(self, event: Touch) -> None:
        """Count an event of this source."""
        count = max(event.stands_for, 1)
        self.first, self.last = min(self.first, event.at), max(self.last, event.at)
        self.events += count
        self.severity = max(self.severity, severity(event))
        decky = place(event)
        if decky not in self.deckies:
            _put(self.deckies, decky)
        if event.service not in self.services:
            _put(self.services, event.service)
        self.seen.update(techniques_of(event))
        if event.kind == "login":
            self.attempts += count
            self.accepted += count * bool(event.fields.get("success"))
            account, secret, pair = _hashes(*pair_of(event))
            _put(self.accounts, account, 2)
            _put(self.secrets, secret, 2)
            _put(self.pairs, pair)

    def merge(self, other: Attacker) -> None:
        """Count what the other one, of the same source, has counted."""
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.severity = max(self.severity, other.severity)
        for name in ("events", "attempts", "accepted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in _SETS:
            mine: set[str] = getattr(self, name)
            others: set[str] = getattr(other, name)
            most = 2 if name in ("accounts", "secrets") else MOST_NAMES
            if len(mine) + len(others) <= most:
                mine |= others
                continue
            for value in others - mine:
                _put(mine, value, most)

    def document(self) -> list[Any]:
        """The values of its fields in their order, as JSON values; `of` reads them."""
        values = [getattr(self, name) for name in _NAMES]
        return [list(value) if isinstance(value, set) else value for value in values]

    @classmethod
    def of(cls, document: Any) -> Attacker:
        """The attacker of a `document`. Raises TypeError or ValueError for anything else."""
        if not isinstance(document, list) or len(document) != len(_NAMES):
            raise TypeError("not the document of an attacker")
        values: list[Any] = [set(each) if isinstance(each, list) else each for each in document]
        return cls(*values)

    @property
    def techniques(self) -> tuple[str, ...]:
        """The ids of its techniques in ATT&CK, sorted."""
        return tuple(
            sorted({*self.seen, *techniques_of_logins(self.accounts, self.secrets, len(self.pairs))})
        )


_NAMES = tuple(each.name for each in fields(Attacker))
_SETS = ("deckies", "services", "seen", "accounts", "secrets", "pairs")


@dataclass
class Credential:
    """One pair of account and secret, and where it was used."""

    account: str
    secret: str
    first: float
    last: float
    attempts: int = 0
    accepted: int = 0
    sources: set[str] = field(default_factory=set)
    deckies: set[str] = field(default_factory=set)
    """Each one's `place`."""
    services: set[str] = field(default_factory=set)

    def add(self, event: Touch) -> None:
        """Count a login with this pair."""
        count = max(event.stands_for, 1)
        self.first, self.last = min(self.first, event.at), max(self.last, event.at)
        self.attempts += count
        self.accepted += count * bool(event.fields.get("success"))
        _put(self.sources, event.source_ip)
        _put(self.deckies, place(event))
        _put(self.services, event.service)

    @property
    def reuse(self) -> tuple[int, int, int]:
        """How widely it was used: by sources, on deckies, in attempts."""
        return len(self.sources), len(self.deckies), self.attempts


def by_source(events: Iterable[Touch]) -> dict[str, Attacker]:
    """The sources of these events. An event of several sources, or of none, belongs to no one."""
    found: dict[str, Attacker] = {}
    add_sources(found, events)
    return found


def add_sources(found: dict[str, Attacker], events: Iterable[Touch]) -> None:
    """Count more events among the sources that were found."""
    for event in events:
        source = event.source_ip
        if source:
            known = found.get(source)
            if known is None:
                known = found[source] = Attacker(source, event.at, event.at)
            known.add(event)


def merged(found: dict[str, Attacker], others: Iterable[Attacker]) -> dict[str, Attacker]:
    """The same sources with what others have counted."""
    for other in others:
        if other.source in found:
            found[other.source].merge(other)
        else:
            found[other.source] = other
    return found


def credentials(events: Iterable[Touch]) -> tuple[list[Credential], int]:
    """The pairs of these events' logins, the most widely used first; and how many logins had a pair beyond
    the MOST_PAIRS that are listed."""
    found: dict[tuple[str, str], Credential] = {}
    others = 0
    for event in _logins(events):
        pair = pair_of(event)
        if pair not in found:
            if len(found) >= MOST_PAIRS:
                others += max(event.stands_for, 1)
                continue
            found[pair] = Credential(*pair, event.at, event.at)
        found[pair].add(event)
    return sorted(found.values(), key=lambda each: each.reuse, reverse=True), others


def pair_of(event: Touch) -> tuple[str, str]:
    """The account of a login, and what it sent as a secret; "" where it has none."""
    secret = next((event.fields[name] for name in SECRETS if event.fields.get(name) is not None), "")
    return str(event.fields.get("username") or ""), str(secret)


def _logins(events: Iterable[Touch]) -> Iterator[Touch]:
    return (event for event in events if event.kind == "login")


def _put(found: set[str], value: str, most: int = MOST_NAMES) -> None:
    if len(found) < most:
        found.add(value)


@lru_cache(maxsize=4096)
def _hashes(account: str, secret: str) -> tuple[str, str, str]:
    """Of an account, of a secret, and of the pair."""
    first, second = _hash(account), _hash(secret)
    return first, second, _hash(first + second)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
