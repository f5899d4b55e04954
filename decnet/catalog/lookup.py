"""One name to its entry, or an error that says which name was meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import SpecError
from ..model.nearest import nearest
from ..wire import clean

if TYPE_CHECKING:
    from ..model.catalog import Archetype, Catalog, OsProfile, Service

_SNIFFER = "a passive listener watches the whole LAN: it belongs to a worker, not to a decky"


def service(catalog: Catalog, name: str, *, place: str = "") -> Service:
    """The service of that name, built or not. Raises SpecError with the nearest name."""
    if name in catalog.services:
        return catalog.services[name]
    hint = _SNIFFER if name == "sniffer" else _meant(name, catalog.services, "decnet services")
    raise SpecError(f"unknown service `{clean(name, 60)}`", place=place, hint=hint)


def archetype(catalog: Catalog, name: str, *, place: str = "") -> Archetype:
    """The archetype of that name. Raises SpecError with the nearest name."""
    if name in catalog.archetypes:
        return catalog.archetypes[name]
    hint = _meant(name, catalog.archetypes, "decnet archetypes")
    raise SpecError(f"unknown archetype `{clean(name, 60)}`", place=place, hint=hint)


def os_profile(catalog: Catalog, name: str, *, place: str = "") -> OsProfile:
    """The OS profile of that name. Raises SpecError with the nearest name."""
    if name in catalog.os_profiles:
        return catalog.os_profiles[name]
    known = "known: " + ", ".join(sorted(catalog.os_profiles))
    raise SpecError(f"unknown OS profile `{clean(name, 60)}`", place=place, hint=known)


def expand(catalog: Catalog, names: Iterable[str], *, place: str = "") -> tuple[str, ...]:
    """The names with each alias replaced by what it stands for, each once, in the order given."""
    found = [part for name in names for part in service(catalog, name, place=place).alias or (name,)]
    return tuple(dict.fromkeys(found))


def _meant(name: str, known: Iterable[str], command: str) -> str:
    close = nearest(name, known)
    return f"did you mean `{close}`?" if close else f"`{command}` lists them"
