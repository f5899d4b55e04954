"""A decky on its way: what it is, before it is known where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decnet.model.fleet import Decky
    from decnet.model.values import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One decky as resolved. `worker`, `ip`, `mac` and `hostname` are wishes written by hand; `kept` is
    the decky of that name in desired, and `same_machine` says whether it keeps its MAC and hostname."""

    name: str
    place: str
    services: dict[str, Settings]
    settings: dict[str, Settings]
    os: str
    release: str
    archetype: str | None
    vendor: str | None
    seed: str
    spec_hash: str
    mutate_interval: int | None
    worker: str | None = None
    ip: str | None = None
    mac: str | None = None
    hostname: str | None = None
    kept: Decky | None = None
    same_machine: bool = False
    mutated: bool = False
    previous: tuple[str, ...] | None = None
    core: tuple[str, ...] | None = None
    """What mutations never take away, where it is not what the archetype says."""
    side: tuple[str, ...] | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    """file:line of the keys that its entry has."""

    def at(self, key: str) -> str:
        """Where a key of its entry stands, or the entry."""
        return self.places.get(key) or self.place
