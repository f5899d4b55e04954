"""Which services of a decky a mutation may touch: never its core, and only its side services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from decnet.model.catalog import Catalog
from decnet.model.catalog_entries import Archetype

from .services import with_decoy

if TYPE_CHECKING:
    from decnet.model.fleet import Decky


class CoreAndSide(NamedTuple):
    """Names of services whose decoys exist: those that stay, and those that mutations may add or remove."""

    core: tuple[str, ...]
    side: tuple[str, ...]


def core_and_side(decky: Decky, catalog: Catalog) -> CoreAndSide:
    """What a mutation may change on the decky: as stored with it, else as its archetype defines it.

    If neither does, all of its services are core, and the side services are those of its OS.
    """
    core = _existing(_core(decky, catalog), catalog)
    side = side_of(decky.archetype, decky.os, catalog) if decky.side is None else decky.side
    drawable = catalog.drawable()
    return CoreAndSide(core, tuple(n for n in _existing(side, catalog) if n in drawable and n not in core))


def core_of(archetype: str | None, catalog: Catalog) -> tuple[str, ...] | None:
    """The archetype's core services that have decoys; if none do, its deployed services. None if the catalog
    has no such archetype, or none of its services has a decoy."""
    definition = catalog.archetypes.get(archetype or "")
    if definition is None:
        return None
    if definition.core == ():
        return ()
    return _existing(definition.core or (), catalog) or _existing(definition.services, catalog) or None


def side_of(archetype: str | None, os: str, catalog: Catalog) -> tuple[str, ...]:
    """The side services of such a machine, including those without a decoy."""
    definition = catalog.archetypes.get(archetype or "")
    if definition is None:
        return _side_of_os(os, catalog)
    side = _side_of_os(os, catalog) if definition.side is None else definition.side
    return tuple(dict.fromkeys((*definition.services, *side)))


def core_is_from_archetype(decky: Decky, catalog: Catalog) -> bool:
    """Whether the decky's core is that of its archetype, and need not be stored."""
    archetype = catalog.archetypes.get(decky.archetype or "")
    if decky.core is not None or archetype is None or core_of(archetype.name, catalog) is None:
        return False
    return decky.mutated or _is_as_deployed(decky, archetype, catalog)


def _core(decky: Decky, catalog: Catalog) -> Iterable[str]:
    if decky.core is not None:
        return decky.core
    derived = core_of(decky.archetype, catalog) if core_is_from_archetype(decky, catalog) else None
    return tuple(decky.services) if derived is None else derived


def _is_as_deployed(decky: Decky, archetype: Archetype, catalog: Catalog) -> bool:
    """Version 0.1.0 did not store whether the services of a decky with an archetype were listed by hand."""
    return set(decky.services) <= set(_existing(archetype.services, catalog))


def _side_of_os(os: str, catalog: Catalog) -> tuple[str, ...]:
    profile = catalog.os_profiles.get(os)
    return catalog.usual(os) if profile is None or profile.side is None else profile.side


def _existing(names: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """The services behind these names whose decoys exist, aliases expanded."""
    meant = (
        part
        for name in names
        for part in (catalog.services[name].alias or (name,) if name in catalog.services else ())
    )
    return with_decoy(dict.fromkeys(meant), catalog)
