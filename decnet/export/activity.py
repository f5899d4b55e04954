"""What attackers did in a period, counted: for summaries and reports."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from decnet.model.event import AttackerEvent, Touch
from decnet.model.severity import level, severity

Pair = tuple[str, AttackerEvent]

MOST_BARS = 72
STEPS = (60, 300, 900, 3600, 10_800, 21_600, 86_400, 604_800)
"""Seconds that one bar of the chart may represent; longer periods double the last one."""

MOST_SOURCES = 15
MOST_CREDENTIALS = 20
MOST_ENTRIES = 200
"""Events of one attacker's timeline: the last ones."""

MOST_PAIRS = 100_000
"""Credentials that are counted; a flood of random ones would fill the memory."""


@dataclass
class Tally:
    """Counted events; one that represents several counts as that many."""

    events: int = 0
    first: float | None = None
    last: float | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)
    deckies: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    severities: Counter[int] = field(default_factory=Counter)

    def add(self, event: Touch) -> None:
        """Count one more event. An event of several sources counts for none of them."""
        number = event.stands_for
        self.events += number
        self.first = event.at if self.first is None else min(self.first, event.at)
        self.last = event.at if self.last is None else max(self.last, event.at)
        self.kinds[event.kind] += number
        self.services[event.service] += number
        self.deckies[event.decky] += number
        self.severities[severity(event)] += number
        if event.source_ip:
            self.sources[event.source_ip] += number


@dataclass(frozen=True)
class Bar:
    """The events from `start` on (seconds since the epoch), by the words for their severity."""

    start: float
    counts: dict[str, int]


@dataclass
class Attacker:
    """What one address did: its last events with their workers, and totals over all of them."""

    address: str
    events: int = 0
    first: float = 0.0
    last: float = 0.0
    worst: int = 0
    logins: int = 0
    accepted: int = 0
    deckies: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    entries: deque[Pair] = field(default_factory=lambda: deque(maxlen=MOST_ENTRIES))

    def add(self, worker: str, event: AttackerEvent) -> None:
        self.first = event.at if not self.entries else min(self.first, event.at)
        self.last = max(self.last, event.at)
        self.events += event.stands_for
        self.worst = max(self.worst, severity(event))
        self.deckies.add(event.decky)
        self.services.add(event.service)
        if event.kind == "login":
            self.logins += event.stands_for
            self.accepted += bool(event.fields.get("success"))
        self.entries.append((worker, event))


@dataclass
class Credential:
    """How often a pair was tried, by whom, and whether a decoy accepted it."""

    username: str
    password: str
    tries: int = 0
    accepted: bool = False
    sources: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Activity:
    """All that happened. Times are in seconds since the epoch; `step` is what one bar represents."""

    made_at: float
    since: float | None
    tally: Tally
    accepted: int
    step: int
    bars: tuple[Bar, ...]
    attackers: tuple[Attacker, ...]
    credentials: tuple[Credential, ...]
    more_credentials: int


def activity(read: Callable[[], Iterable[Pair]], *, since: float | None, now: float) -> Activity:
    """What happened in the events that `read` returns with the names of their workers. It is called twice:
    keeping what every source did would fill the memory."""
    tally, accepted, credentials = Tally(), 0, dict[tuple[str, str], Credential]()
    for _, event in read():
        tally.add(event)
        accepted += event.kind == "login" and bool(event.fields.get("success"))
        _count(credentials, event)
    start, step, number = _scale(tally, since, now)
    chosen = {name: Attacker(name) for name, _ in tally.sources.most_common(MOST_SOURCES)}
    counts: list[Counter[str]] = [Counter() for _ in range(number)]
    for worker, event in read():
        if event.source_ip in chosen:
            chosen[event.source_ip].add(worker, event)
        if 0 <= (place := int((event.at - start) // step)) < number:
            counts[place][level(severity(event))] += event.stands_for
    ranked = sorted(credentials.values(), key=lambda each: (-each.accepted, -each.tries))
    return Activity(
        made_at=now,
        since=since,
        tally=tally,
        accepted=accepted,
        step=step,
        bars=tuple(Bar(start + place * step, dict(each)) for place, each in enumerate(counts)),
        attackers=tuple(sorted(chosen.values(), key=lambda each: (-each.worst, -each.events))),
        credentials=tuple(ranked[:MOST_CREDENTIALS]),
        more_credentials=max(0, len(ranked) - MOST_CREDENTIALS),
    )


def _count(known: dict[tuple[str, str], Credential], event: AttackerEvent) -> None:
    password = str(event.fields.get("password") or "")
    username = str(event.fields.get("username") or "")
    if event.kind != "login" or not (username or password):
        return
    pair = username, password
    if pair not in known and len(known) >= MOST_PAIRS:
        return
    found = known.setdefault(pair, Credential(*pair))
    found.tries += event.stands_for
    found.accepted = found.accepted or bool(event.fields.get("success"))
    if len(found.sources) < MOST_PAIRS // 100:
        found.sources.add(event.source_ip)


def _scale(tally: Tally, since: float | None, now: float) -> tuple[float, int, int]:
    """The chart's start, the seconds of one bar, and how many bars there are."""
    if tally.first is None or tally.last is None:
        return 0.0, STEPS[0], 0
    start = tally.first if since is None else min(since, tally.first)
    end = max(tally.last, now) if since is not None else tally.last
    step = next((step for step in STEPS if (end - start) / step < MOST_BARS - 1), STEPS[-1])
    while (end - start) / step >= MOST_BARS - 1:
        step *= 2
    begin = start - start % step
    return begin, step, int((end - begin) // step) + 1
