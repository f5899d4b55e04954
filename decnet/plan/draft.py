"""A decky as resolved from its entry: everything but its worker and address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from decnet.model.values import Settings

if TYPE_CHECKING:
    from decnet.model.fleet import Decky


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One decky as resolved. `worker`, `ip`, `mac` and `hostname` are the user's values; `kept` is the decky
    of that name in desired, and `same_machine` says whether it keeps its MAC and hostname."""

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
    same_content: bool = False
    """Whether `kept` was made from an entry with the same content."""
    moves: bool = False
    """Whether it has to leave the worker that it is on."""
    untouched: bool = False
    """Whether no entry describes it, and `kept` stays as it is."""
    mutated: bool = False
    previous: tuple[str, ...] | None = None
    core: tuple[str, ...] | None = None
    """Services that mutations never remove, if not those of the archetype."""
    side: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    """Archetypes that it may change to by itself."""
    role_changed: bool = False
    """Whether it has another archetype than its entry."""
    places: Mapping[str, str] = field(default_factory=dict)
    """file:line of the keys of its entry."""

    def at(self, key: str) -> str:
        """file:line of a key of its entry, else of the entry."""
        return self.places.get(key) or self.place
