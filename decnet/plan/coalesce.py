"""Fewer lines for the same events: those of one source, decky, service and kind within some seconds are one.

For views and deliveries only: stored events stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from decnet.model.event import AttackerEvent

Pair = tuple[str, AttackerEvent]
"""A worker's name and one of its events."""

MOST_OPEN = 10_000
"""Events that are kept while others may be added to them; the oldest of more are passed on."""


@dataclass
class _Group:
    """Events that become one: the first, the fields that all of them share, and their number and times."""

    worker: str
    event: AttackerEvent
    fields: dict[str, object]
    count: int
    first: float
    last: float
    events: int = 1

    @classmethod
    def of(cls, worker: str, event: AttackerEvent) -> _Group:
        first, last = _span(event)
        return cls(worker, event, dict(event.fields), event.stands_for, first, last)

    def add(self, event: AttackerEvent) -> None:
        first, last = _span(event)
        self.count += event.stands_for
        self.first, self.last = min(self.first, first), max(self.last, last)
        shared = self.fields.items() & event.fields.items()
        self.fields = {name: each for name, each in self.fields.items() if (name, each) in shared}
        same = ("session", "source_port", "local_port")
        update = {name: type(getattr(event, name))() for name in same if self._differs(name, event)}
        self.event = self.event.model_copy(update=update)
        self.events += 1

    def pair(self) -> Pair:
        """The one event, with the fields `folded`, `first` and `last` if it stands for several."""
        if self.events == 1:
            return self.worker, self.event
        counted = {"folded": self.count, "first": self.first, "last": self.last}
        return self.worker, self.event.model_copy(update={"fields": {**self.fields, **counted}})

    def _differs(self, name: str, event: AttackerEvent) -> bool:
        return bool(getattr(self.event, name) != getattr(event, name))


def coalesced(found: Iterable[Pair], window: float) -> Iterator[Pair]:
    """The same events, which are in the order of time, as fewer: each stands for those that follow it within
    `window` seconds with the same source, decky, service and kind. A loss is never added to another one."""
    groups: dict[tuple[str, ...], _Group] = {}
    for worker, event in found:
        key: tuple[str, ...] = (event.source_ip, event.decky, event.service, event.kind)
        if event.kind == "lost":
            key = (*key, worker, event.id)
        yield from _ended(groups, event.at - window)
        if key in groups:
            groups[key].add(event)
        else:
            groups[key] = _Group.of(worker, event)
    for group in groups.values():
        yield group.pair()


def _ended(groups: dict[tuple[str, ...], _Group], before: float) -> Iterator[Pair]:
    """Take out the groups that no event can be added to any more: those that began first."""
    while groups:
        key = next(iter(groups))
        if groups[key].event.at >= before and len(groups) < MOST_OPEN:
            return
        yield groups.pop(key).pair()


def _span(event: AttackerEvent) -> tuple[float, float]:
    """The first and last moment of an event that may itself stand for several."""
    first, last = event.fields.get("first", event.at), event.fields.get("last", event.at)
    numbers = [each for each in (first, last, event.at) if isinstance(each, int | float)]
    return min(numbers), max(numbers)
