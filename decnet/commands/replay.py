"""`decnet events replay`: the events of one visit, in order, with the pauses between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from decnet.errors import UsageError
from decnet.model.event import AttackerEvent
from decnet.wire import clean

MOST_NAMED = 5
"""Sessions that an ambiguous prefix lists."""


@dataclass(frozen=True)
class Visit:
    """All stored events of one visit, in the order in which they happened."""

    worker: str
    events: tuple[AttackerEvent, ...]

    @property
    def user(self) -> str:
        """The account of the last login that was accepted; "" if there was none."""
        names = [
            str(event.fields.get("username", ""))
            for event in self.events
            if event.kind == "login" and event.fields.get("success")
        ]
        return names[-1] if names else ""


def find_visit(found: Iterable[tuple[str, AttackerEvent]], session: str) -> Visit:
    """The visit of that session, or the only one whose id begins so. `found` are events with the names of
    their workers. Raises UsageError if there is none, or more than one."""
    if not session:
        raise UsageError("an empty session id", hint="decnet events -o wide shows the ids of sessions")
    visits: dict[tuple[str, str, str, str], list[AttackerEvent]] = {}
    for worker, event in found:
        if event.session.startswith(session):
            visits.setdefault((event.session, worker, event.decky, event.service), []).append(event)
    exact = {key: events for key, events in visits.items() if key[0] == session}
    chosen = exact or visits
    if not chosen:
        raise UsageError(
            f"no stored event has the session '{clean(session, 60)}'",
            hint="decnet events -o wide shows the ids of sessions; --pull fetches new events",
        )
    if len(chosen) > 1:
        raise UsageError(
            f"{len(chosen)} sessions begin with '{clean(session, 60)}'",
            hint=f"write one of: {_named(chosen)}",
        )
    [((_, worker, _, _), events)] = chosen.items()
    return Visit(worker, tuple(sorted(events, key=lambda event: event.at)))


def _named(keys: Iterable[tuple[str, str, str, str]]) -> str:
    names = [f"{clean(key[0], 40)} ({clean(key[2], 40)}/{clean(key[3], 20)})" for key in keys]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def paced(
    events: Iterable[AttackerEvent], speed: float, max_wait: float
) -> Iterator[tuple[float, AttackerEvent]]:
    """Each event with the pause before it, in seconds: that between it and the one before, `speed` times
    shorter, and at most `max_wait`."""
    before: float | None = None
    for event in events:
        pause = 0.0 if before is None else (event.at - before) / speed
        before = event.at
        yield min(max(pause, 0.0), max_wait), event
