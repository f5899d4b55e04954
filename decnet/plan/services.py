"""Which services a decky has: checks names, expands aliases, and finds port conflicts."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence

from decnet.errors import SpecError
from decnet.model.catalog import Catalog
from decnet.model.catalog_entries import ELSEWHERE
from decnet.model.suggest import unknown_name
from decnet.model.values import Settings

MAX_PICKED = 3
ATTEMPTS = 40


def expand_compatible(
    names: Iterable[str], catalog: Catalog, *, who: str, place: str = ""
) -> tuple[str, ...]:
    """The services that the user listed, with aliases expanded.

    Raises SpecError for an unknown name, a decoy that is not built, a service named twice, and two services
    on one port.
    """
    expanded = expand_names(names, catalog, who=who, place=place)
    clash = first_clash(expanded, catalog)
    if clash:
        raise SpecError(f"{who}: {clash}", place=place, hint="give them to two deckies")
    return expanded


def expand_names(names: Iterable[str], catalog: Catalog, *, who: str, place: str = "") -> tuple[str, ...]:
    """Like `expand_compatible`, without the port conflict check."""
    origin: dict[str, str] = {}
    for written in names:
        for name in _expand_name(written, catalog, who, place):
            if name in origin:
                raise SpecError(_duplicate_message(who, name, origin[name], written), place=place)
            origin[name] = written
    return tuple(origin)


def first_clash(names: Sequence[str], catalog: Catalog) -> str | None:
    """The conflict between these services on one decky: a port or a container name that two of them use."""
    owners: dict[tuple[object, ...], str] = {}
    for name in names:
        ports = [(port.number, port.protocol) for port in catalog.services[name].ports]
        for claim in [*ports, (name.replace("_", "-"),)]:
            other = owners.setdefault(claim, name)
            if other != name:
                what = f"port {claim[0]}/{claim[1]}" if len(claim) == 2 else f"container name {claim[0]}"
                return f"{other} and {name} both claim {what}"
    return None


def settings_of(
    given: dict[str, Settings], allowed: Collection[str], catalog: Catalog, *, who: str, place: str = ""
) -> dict[str, Settings]:
    """The settings, checked against those that each service has. Raises SpecError."""
    for service, settings in given.items():
        if error := catalog.unusable("service", service, who, place):
            raise error
        if service not in catalog.services:
            raise unknown_name("service", service, deployable(catalog), who=who, place=place)
        if service not in allowed:
            message = f"{who}: settings for {service}, which is not one of its services"
            raise SpecError(message, hint=f"has {', '.join(sorted(allowed))}", place=place)
        _check_settings(service, settings, catalog, who, place)
    return {service: dict(settings) for service, settings in sorted(given.items())}


def with_decoy(names: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """Those of the names whose decoys exist."""
    return tuple(name for name in names if name in catalog.services and catalog.services[name].built)


def deployable(catalog: Catalog) -> tuple[str, ...]:
    """The names that a decky can be given: services with a decoy, and aliases of such services only."""
    parts = {name: each.alias or (name,) for name, each in catalog.services.items()}
    known = (name for name in sorted(parts) if ("service", name) not in catalog.deployed_only)
    return tuple(name for name in known if with_decoy(parts[name], catalog) == parts[name])


def pick_services(
    catalog: Catalog, rng: random.Random, *, first: Sequence[str] = (), kin: Sequence[str] = ()
) -> tuple[str, ...]:
    """Services chosen at random among those that may be: some of `first` if there are any, else of `kin`,
    else any; empty if there are none."""
    everything = catalog.drawable()
    fitting = tuple(name for name in first if name in everything)
    related = tuple(sorted({name for name in kin if name in everything}))
    wanted = rng.randint(1, min(MAX_PICKED, max(len(fitting or everything), 1)))
    tries = [(fitting, wanted)]
    tries += [(pool, size) for pool in (related, everything) for size in (wanted, wanted - 1, wanted + 1)]
    for pool, size in tries:
        for _ in range(ATTEMPTS if 0 < size <= len(pool) else 0):
            chosen = without_clash(rng.sample(pool, len(pool)), catalog)[:size]
            if len(chosen) == size:
                return tuple(sorted(chosen))
    return ()


def without_clash(order: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """The services in their order, without those that use a port of an earlier one."""
    chosen: tuple[str, ...] = ()
    for name in order:
        if not first_clash((*chosen, name), catalog):
            chosen = (*chosen, name)
    return chosen


def _expand_name(written: str, catalog: Catalog, who: str, place: str) -> tuple[str, ...]:
    if written not in catalog.services or ("service", written) in catalog.deployed_only:
        if written in ELSEWHERE:
            raise SpecError(f"{who}: there is no service {written}", place=place, hint=ELSEWHERE[written])
        if error := catalog.unusable("service", written, who, place):
            raise error
        raise unknown_name("service", written, deployable(catalog), who=who, place=place)
    names = catalog.services[written].alias or (written,)
    for name in names:
        if name not in catalog.services or not catalog.services[name].built:
            part = f" (part of {written})" if name != written else ""
            hint = f"available: {', '.join(deployable(catalog))}"
            raise SpecError(f"{who}: there is no decoy for {name}{part} yet", place=place, hint=hint)
    return names


def _duplicate_message(who: str, name: str, first: str, second: str) -> str:
    if first == second == name:
        return f"{who}: service {name} is named twice"
    return f"{who}: service {name} is named twice, by {first} and by {second}"


def _check_settings(service: str, settings: Settings, catalog: Catalog, who: str, place: str) -> None:
    known = catalog.services[service].settings
    for key, value in settings.items():
        if key not in known:
            raise unknown_name(f"setting of {service}", key, known, who=who, place=place)
        complaint = known[key].complaint(value)
        if complaint:
            raise SpecError(f"{who}: setting {key} of {service} {complaint}", place=place)
