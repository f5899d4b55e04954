"""`decnet services` and `decnet archetypes`: what can be imitated."""

from __future__ import annotations

from collections.abc import Mapping

from decnet.engine.outcome import Listing
from decnet.model.catalog import Catalog
from decnet.model.catalog_entries import Archetype
from decnet.plan.core_services import core_of, side_of

LEGEND = "* core: mutations never remove it; (no decoy yet); side services: -o json"


def services(catalog: Catalog) -> Listing:
    """Every service with its ports, and whether its decoy exists."""
    items = [
        {
            "name": service.name,
            "ports": [f"{port.number}/{port.protocol}" for port in service.ports],
            "built": service.built or bool(service.image),
            "stands_for": list(service.alias),
            "summary": service.summary,
        }
        for service in sorted(catalog.services.values(), key=lambda s: s.name)
    ]
    rows = tuple(
        (str(i["name"]), " ".join(_strings(i["ports"])), _availability(i), str(i["summary"])) for i in items
    )
    return Listing("services", ("service", "ports", "available", "summary"), rows, tuple(items))


def archetypes(catalog: Catalog, *, everything: bool = False) -> Listing:
    """The archetypes with their core and side services, OS and hostname style; the withheld ones only with
    `everything`."""
    items = [
        {
            "name": kind.name,
            "services": list(kind.services),
            "os": kind.os,
            "hostname": kind.hostname,
            "vendors": list(kind.vendors),
            "core": _core(kind, catalog),
            "side": [s for s in side_of(kind.name, kind.os, catalog) if s not in _core(kind, catalog)],
            "interval_factor": kind.interval_factor,
            "summary": kind.summary,
            "withheld": kind.withheld,
            "missing": [s for s in kind.services if not catalog.services[s].built],
        }
        for kind in sorted(catalog.archetypes.values(), key=lambda a: a.name)
        if everything or not kind.withheld
    ]
    rows = tuple(
        (str(i["name"]), _with_gaps(i), str(i["os"]), str(i["hostname"]), ", ".join(_strings(i["vendors"])))
        for i in items
    )
    columns = ("archetype", "services", "os", "hostname", "vendors")
    return Listing("archetypes", columns, rows, tuple(items), notes=(LEGEND, *_withheld(catalog, everything)))


def _withheld(catalog: Catalog, everything: bool) -> tuple[str, ...]:
    """Which archetypes are withheld: their names, or with `everything` the reason of each."""
    kinds = sorted((a for a in catalog.archetypes.values() if a.withheld), key=lambda a: a.name)
    if everything:
        return tuple(f"{kind.name} is withheld: {kind.withheld}" for kind in kinds)
    names = ", ".join(kind.name for kind in kinds)
    return (f"withheld, because an expert recognizes them: {names} (reasons: --all)",) if kinds else ()


def _core(kind: Archetype, catalog: Catalog) -> list[str]:
    """The services that mutations keep: the declared ones, or their substitutes while none has a decoy."""
    declared = kind.services if kind.core is None else kind.core
    return list(dict.fromkeys((*declared, *(core_of(kind.name, catalog) or ()))))


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _availability(item: Mapping[str, object]) -> str:
    if item["stands_for"]:
        return "alias of " + " ".join(_strings(item["stands_for"]))
    return "yes" if item["built"] else "not yet"


def _with_gaps(item: Mapping[str, object]) -> str:
    """The services: those whose decoy does not exist yet in brackets, core ones with a star."""
    missing, core = _strings(item["missing"]), _strings(item["core"])
    starred = {name: f"{name}*" if name in core else name for name in _strings(item["services"])}
    return " ".join(f"({text})" if name in missing else text for name, text in starred.items())
