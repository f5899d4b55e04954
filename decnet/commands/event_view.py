"""How `decnet events` presents events: in which format, and how much of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from decnet import __version__
from decnet.engine.context import Context
from decnet.export import FORMATS, Sighting, redacted, shared
from decnet.model.event import AttackerEvent
from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import label
from decnet.plan.coalesce import coalesced
from decnet.store.desired import load_fleet
from decnet.wire import PROJECT

LABELLED = ("table", "wide", "name")
"""The formats for people: a JSON document has decky and project apart."""

Pair = tuple[str, AttackerEvent]
"""A worker's name and one of its events."""


LOOK_AGAIN = 1.0
"""Seconds after which the fleet may have an unknown decky: there may be a million events of one that left."""


@dataclass
class EventView:
    """One of FORMATS or one of decnet's own (table, json...); with `redact` without what visitors sent as
    secrets, with `share` also without what identifies a decky; of those that are printed at once, only the
    last `tail`; with `coalesce`, those of so many seconds that are alike as one."""

    ctx: Context
    style: str
    redact: bool = False
    share: bool = False
    tail: int | None = None
    coalesce: float = 0.0
    former: frozenset[str] = frozenset()
    """What identified deckies that have left the fleet, and is not shared either."""
    _fleet: Fleet | None = None
    _looked: float | None = None
    _ours: frozenset[str] | None = None

    @property
    def spell(self) -> Callable[[str, AttackerEvent], str] | None:
        """The function that makes a line of an event; None for decnet's own formats."""
        return self._line if self.style in FORMATS else None

    def seen(self, worker: str, event: AttackerEvent) -> Sighting:
        """The event and its decky, with what may be shown of them."""
        found = self._sighting(worker, event)
        return self._limited(found) if self.redact or self.share else found

    def pairs(self, found: Iterable[Pair]) -> Iterator[Pair]:
        """The last of these events, with what may be shown of them; in a table, a decky of a topology is
        named TOPOLOGY/DECKY."""
        found = self._pairs(found)
        return map(self._labelled, found) if self.style in LABELLED else iter(found)

    def _pairs(self, found: Iterable[Pair]) -> Iterator[Pair]:
        if self.coalesce:
            found = coalesced(found, self.coalesce)
        if self.tail is not None:
            found = deque(found, maxlen=self.tail)
        if not (self.redact or self.share):
            yield from found
            return
        for kept in self.sightings(found):
            yield kept.worker, kept.event

    def sightings(self, found: Iterable[Pair]) -> Iterator[Sighting]:
        """What may be shown of these events, and of where they happened; never a secret."""
        return (self._limited(self._sighting(worker, event)) for worker, event in found)

    def _line(self, worker: str, event: AttackerEvent) -> str:
        # What `share` leaves out is not looked up again.
        seen = Sighting(event, worker, __version__, is_shared=True) if self.share else None
        return FORMATS[self.style](seen or self._sighting(worker, event))

    def _limited(self, seen: Sighting) -> Sighting:
        return shared(seen, self._names()) if self.share else redacted(seen)

    def _sighting(self, worker: str, event: AttackerEvent) -> Sighting:
        decky = self._decky(event)
        topology = self._topologies.get(event.project, "") if event.project != PROJECT else ""
        if decky is None:
            return Sighting(event, worker, __version__, topology=topology)
        mac = decky.attachments[0].mac
        return Sighting(
            event, worker, __version__, hostname=decky.hostname, mac=mac, os=decky.os, topology=topology
        )

    @property
    def _topologies(self) -> Mapping[str, str]:
        """The names of the topologies, by their projects."""
        return self._fleet.topology_names if self._fleet else {}

    def _names(self) -> frozenset[str]:
        """What identifies the deckies of the fleet as it is desired now."""
        if self._ours is None:
            fleet = load_fleet(self.ctx.home)
            self._ours = self.former | (identifiers(fleet) if fleet is not None else frozenset())
        return self._ours

    def _decky(self, event: AttackerEvent) -> Decky | None:
        """The decky as it is desired now; None if it has left the fleet."""
        known = self._fleet.decky(event.project, event.decky) if self._fleet else None
        return known if known is not None or not self._looks_again() else self._decky(event)

    def _looks_again(self) -> bool:
        """Whether the fleet was read again now, because some time has passed."""
        now = self.ctx.monotonic()
        if self._looked is not None and now - self._looked < LOOK_AGAIN:
            return False
        self._looked, self._fleet = now, load_fleet(self.ctx.home)
        return True

    def _labelled(self, pair: Pair) -> Pair:
        worker, event = pair
        if event.project == PROJECT:
            return pair
        if self._decky(event) is None:
            self._looks_again()
        name = label(event.project, event.decky, self._topologies)
        return worker, event.model_copy(update={"decky": name})


def identifiers(fleet: Fleet) -> frozenset[str]:
    """The names, hostnames, addresses and MACs of all deckies."""
    found = {each for _, _, decky in fleet.every_decky() for each in (decky.name, decky.hostname)}
    links = [link for _, _, decky in fleet.every_decky() for link in decky.attachments]
    return frozenset(found | {each for link in links for each in (link.address, link.mac) if each})
