"""Which kinds of machines stand where in a topology."""

from __future__ import annotations

import random
from collections.abc import Sequence

from decnet.errors import SpecError
from decnet.model.catalog import Catalog
from decnet.model.catalog_entries import Archetype
from decnet.model.suggest import unknown_name

from ..services import with_decoy

BRIDGES = ("network-gear", "linux-server", "monitoring-node")
"""Routers, VPN servers and jump hosts: all have a login, as an attacker expects."""

BY_LEVEL: tuple[tuple[str, ...], ...] = (
    ("web-server", "mail-server", "linux-server", "voip-server"),
    ("linux-server", "printer", "windows-workstation", "file-server", "monitoring-node", "iot-device"),
    ("database-server", "file-server", "windows-server", "devops-host", "monitoring-node", "linux-server"),
    ("database-server", "domain-controller", "industrial-control", "file-server", "network-gear"),
)
"""By level, the DMZ first; the last one is for all levels below it."""


class Roles:
    """The archetypes that can be used: those of the user's choice, else all that are not withheld; without
    those that have no decoy. Raises SpecError for an unknown one."""

    def __init__(self, catalog: Catalog, archetypes: Sequence[str], services: Sequence[str]) -> None:
        self._catalog = catalog
        for name in archetypes:
            if error := catalog.unusable("archetype", name, "topology"):
                raise error
            if name not in catalog.archetypes:
                hidden = catalog.withheld_names("archetype")
                raise unknown_name("archetype", name, catalog.archetypes, who="topology", withheld=hidden)
        chosen = archetypes or catalog.offered_archetypes()
        self._usable = tuple(sorted(name for name in chosen if self._has_decoys(name)))
        if archetypes and not self._usable:
            message = f"topology: no decoy of archetype {', '.join(archetypes)} exists yet"
            raise SpecError(message, hint="`decnet archetypes` lists those that have one")
        if services and not archetypes:
            self._usable = tuple(name for name in self._usable if self._offers(name, services))

    def bridge(self, rng: random.Random) -> str | None:
        """The archetype of a decky between two LANs; None for a machine of no archetype."""
        return self._one_of(BRIDGES, rng)

    def host(self, level: int, rng: random.Random) -> str | None:
        """The archetype of another decky of that level, 0 for the DMZ."""
        fitting = BY_LEVEL[min(level, len(BY_LEVEL) - 1)]
        known = {name for each in BY_LEVEL for name in each} | set(BRIDGES)
        own = tuple(name for name in self._usable if name not in known) if level else ()
        return self._one_of((*fitting, *own), rng)

    def _one_of(self, fitting: Sequence[str], rng: random.Random) -> str | None:
        pool = [name for name in fitting if name in self._usable] or list(self._usable)
        return rng.choice(pool) if pool else None

    def _has_decoys(self, name: str) -> bool:
        if ("archetype", name) in self._catalog.deployed_only:
            return False
        return bool(with_decoy(self._catalog.archetypes[name].services, self._catalog))

    def _offers(self, name: str, services: Sequence[str]) -> bool:
        """Whether such a machine may have all these services."""
        archetype: Archetype = self._catalog.archetypes[name]
        return {*archetype.services, *(archetype.side or ())}.issuperset(services)
