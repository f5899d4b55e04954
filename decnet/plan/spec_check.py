"""Every mistake of a fleet file that the catalog shows: unknown names, settings, services that clash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from decnet.model.catalog import Catalog
from decnet.model.diagnostics import Diagnostics
from decnet.model.spec import DeckySpec, FleetSpec
from decnet.model.suggest import unknown_name

from .resolve import owner_of_container, resolve
from .services import expand_compatible, expand_names, settings_of, with_decoy

_INDEPENDENT = {"settings", "ip", "mac", "hostname", "worker", "count", "mutate_interval", "roles"}
"""The keys of an entry that may be wrong without a doubt about its services."""


def check_names(mistakes: Diagnostics, spec: FleetSpec, catalog: Catalog) -> None:
    """Add what the catalog shows to be wrong in a spec, whose file was already checked by itself."""
    for key in ("core", "side"):
        _check_services(mistakes, (key,), getattr(spec, key) or (), catalog, who=key)
    _check_roles(mistakes, ("roles",), spec.roles or (), catalog, who="roles")
    checked = replace(spec, core=None, side=None, roles=None) if mistakes else spec
    for entry in spec.deckies:
        _check_entry(mistakes, checked, entry, catalog)
    _check_names(mistakes, spec.deckies, catalog)
    if spec.events and (rules := spec.events.get("ignore")):
        # Selectors import pydantic, which takes longer than all the rest: most files have no such rule.
        from .ignore import check_rules

        groups = {
            name: (each.archetype,) if each.archetype else ()
            for each in spec.deckies
            for name in each.names()
        }
        check_rules(mistakes, rules, groups, catalog.services)


def _check_entry(mistakes: Diagnostics, spec: FleetSpec, entry: DeckySpec, catalog: Catalog) -> None:
    path = ("decky", entry.name)
    for key, known in (("archetype", catalog.archetypes), ("os", catalog.os_profiles)):
        given = getattr(entry, key)
        if given is not None and given not in known:
            error = catalog.unusable(key, given, entry.name)
            hidden = catalog.withheld_names(key)
            error = error or unknown_name(key, given, known, who=entry.name, withheld=hidden)
            mistakes.add_error((*path, key), error)
    for key in ("services", "core", "side"):
        _check_services(mistakes, (*path, key), getattr(entry, key) or (), catalog, who=entry.name)
    _check_roles(mistakes, (*path, "roles"), entry.roles or (), catalog, who=entry.name)
    _check_settings(mistakes, path, entry, catalog)
    wrong = mistakes.inside(path)
    if wrong <= _INDEPENDENT:
        one = replace(entry, count=1, settings={} if "settings" in wrong else entry.settings)
        one = replace(one, roles=()) if "roles" in wrong else one
        with mistakes.collecting(path):
            resolve(replace(spec, deckies=(one,)), catalog, rng=Random(0), desired={})


def _check_roles(
    mistakes: Diagnostics, path: tuple[str, ...], names: Iterable[str], catalog: Catalog, *, who: str
) -> None:
    known, hidden = catalog.archetypes, catalog.withheld_names("archetype")
    for name in names:
        if name not in known:
            error = catalog.unusable("archetype", name, who)
            error = error or unknown_name("archetype", name, known, who=who, withheld=hidden)
            mistakes.add_error(path, error)


def _check_services(
    mistakes: Diagnostics, path: tuple[str, ...], names: Iterable[str], catalog: Catalog, *, who: str
) -> None:
    """Each unknown name is one mistake; the known ones are checked together."""
    known: list[str] = []
    for name in names:
        with mistakes.collecting(path):
            expand_names((name,), catalog, who=who)
            known.append(name)
    with mistakes.collecting(path):
        check = expand_compatible if path[-1] == "services" else expand_names
        check(known, catalog, who=who)


def _check_settings(mistakes: Diagnostics, path: tuple[str, ...], entry: DeckySpec, catalog: Catalog) -> None:
    """Whose settings they are, and the name and value of each."""
    its_own = _services_of(entry, catalog) if not mistakes.has((*path, "services")) else None
    for service, settings in entry.settings.items():
        here = (*path, "settings", service)
        with mistakes.collecting(here):
            settings_of(
                {service: {}}, catalog.services if its_own is None else its_own, catalog, who=entry.name
            )
        if service not in catalog.services:
            continue
        for key, value in settings.items():
            with mistakes.collecting((*here, key)):
                settings_of({service: {key: value}}, (service,), catalog, who=entry.name)


def _services_of(entry: DeckySpec, catalog: Catalog) -> tuple[str, ...] | None:
    """The services that the entry fixes; None if they are chosen at random, or not known."""
    if entry.randomize_services:
        return None
    if entry.services:
        return expand_names(entry.services, catalog, who=entry.name)
    archetype = catalog.archetypes.get(entry.archetype or "")
    return with_decoy(archetype.services, catalog) if archetype else None


def _check_names(mistakes: Diagnostics, entries: Iterable[DeckySpec], catalog: Catalog) -> None:
    table = {single: entry.name for entry in entries for single in entry.names()}
    clashing: set[str] = set()
    for name, entry in table.items():
        owner = owner_of_container(name, table, catalog)
        if owner and entry not in clashing:
            clashing.add(entry)
            mistakes.add(("decky", entry), f"{name}: a service of {owner} would have this name")
