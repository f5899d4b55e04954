"""`decnet services` and `decnet archetypes`: what can be imitated."""

from __future__ import annotations

from collections.abc import Mapping

from decnet.engine.outcome import Listing
from decnet.model.catalog import Catalog


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


def archetypes(catalog: Catalog) -> Listing:
    """Every archetype with its services, OS and hostname style."""
    items = [
        {
            "name": kind.name,
            "services": list(kind.services),
            "os": kind.os,
            "hostname": kind.hostname,
            "vendors": list(kind.vendors),
            "summary": kind.summary,
            "missing": [s for s in kind.services if not catalog.services[s].built],
        }
        for kind in sorted(catalog.archetypes.values(), key=lambda a: a.name)
    ]
    rows = tuple(
        (str(i["name"]), _with_gaps(i), str(i["os"]), str(i["hostname"]), ", ".join(_strings(i["vendors"])))
        for i in items
    )
    return Listing("archetypes", ("archetype", "services", "os", "hostname", "vendors"), rows, tuple(items))


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _availability(item: Mapping[str, object]) -> str:
    if item["stands_for"]:
        return "alias of " + " ".join(_strings(item["stands_for"]))
    return "yes" if item["built"] else "not yet"


def _with_gaps(item: Mapping[str, object]) -> str:
    """The services, the ones whose decoy does not exist yet in brackets."""
    missing = _strings(item["missing"])
    return " ".join(f"({name})" if name in missing else name for name in _strings(item["services"]))
