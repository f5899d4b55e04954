"""Checks across catalog entries: every name that an entry refers to exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..model import values
from ..model.catalog import Catalog
from ..model.catalog_entries import LOOKS, SYSTEMS, Archetype, OsProfile, Release, Service, Vendor
from ..model.suggest import suggest

Complaint = tuple[str, str, str, str, str | None]
"""A problem of an entry: section, name, key, problem, hint."""

About = tuple[str, str, str | None]
"""A problem within one entry: key, problem, hint."""

STYLE = re.compile(r"[A-Za-z0-9|-]{1,120}")
OUI = re.compile(r"([0-9a-f]{2}:){2}[0-9a-f]{2}")
SYSCTL = re.compile(r"[a-z0-9_]{1,60}")
GIVEAWAYS = re.compile(r"decnet|decky|honeypot|canary", re.IGNORECASE)


def complaints(catalog: Catalog) -> Iterator[Complaint]:
    """Every problem of the catalog, in the order of its sections."""
    checks: tuple[tuple[str, Mapping[str, Any], Callable[[Catalog, Any], Iterator[About]]], ...] = (
        ("service", catalog.services, _service),
        ("archetype", catalog.archetypes, _archetype),
        ("os", catalog.os_profiles, _os_profile),
        ("release", catalog.releases, _release),
        ("vendor", catalog.vendors, _vendor),
    )
    for section, entries, check in checks:
        for name, entry in entries.items():
            yield from ((section, name, *about) for about in check(catalog, entry))


def _service(catalog: Catalog, service: Service) -> Iterator[About]:
    if service.built and not service.ports:
        yield "ports", "has no ports", "ports = [8080]"
    if len({(port.number, port.protocol) for port in service.ports}) != len(service.ports):
        yield "ports", "has a duplicate port", None
    if service.image is not None and (complaint := values.image(service.image)):
        yield "image", f"`image` {complaint}", None
    if not 16 <= service.memory_mib <= 4096:
        yield "memory_mib", "`memory_mib` must be from 16 to 4096", None
    yield from _unknown("alias", "service", service.alias, catalog.services)


def _archetype(catalog: Catalog, archetype: Archetype) -> Iterator[About]:
    if not archetype.services:
        yield "services", "has no services", None
    yield from _unknown("services", "service", archetype.services, catalog.services)
    yield from _unknown("os", "OS profile", (archetype.os,), catalog.os_profiles)
    yield from _unknown("vendors", "vendor", archetype.vendors, catalog.vendors)
    yield from _unknown("styles", "vendor", tuple(archetype.styles), catalog.vendors)
    if not archetype.vendors:
        yield "vendors", "has no vendors", None
    yield from _mutable(catalog, archetype)
    yield from _interval_factor(archetype)
    for key, styles in (("hostname", (archetype.hostname,)), ("styles", tuple(archetype.styles.values()))):
        if not all(STYLE.fullmatch(style) for style in styles if style or key == "styles"):
            yield key, f"`{key}` must be letters, digits, - and |", 'for example hostname = "webNN"'


def _mutable(catalog: Catalog, archetype: Archetype) -> Iterator[About]:
    yield from _unknown("side", "service", archetype.side or (), catalog.services)
    for name in archetype.core or ():
        if name not in archetype.services:
            close = suggest(name, archetype.services)
            hint = f"did you mean `{close}`?" if close else "`core` are those of `services` that always stay"
            yield "core", f"`core` names `{name}`, which is not one of its services", hint
    for name in sorted({*(archetype.core or ())} & {*(archetype.side or ())}):
        yield "side", f"`side` names `{name}`, which `core` names too", None


def _interval_factor(entry: Archetype | OsProfile) -> Iterator[About]:
    if not 1 <= entry.interval_factor <= 1000:
        yield "interval_factor", "`interval_factor` must be from 1 to 1000", None


def _os_profile(catalog: Catalog, profile: OsProfile) -> Iterator[About]:
    if not STYLE.fullmatch(profile.hostname):
        yield "hostname", "`hostname` must be letters, digits, - and |", None
    yield from _stack(profile.look, profile.sysctls)
    yield from _interval_factor(profile)
    if profile.receive_memory and not 65536 <= profile.receive_memory <= 1 << 30:
        yield "receive_memory", "`receive_memory` must be from 65536 to 1073741824 bytes", None
    if not profile.vendors:
        yield "vendors", "has no vendors", None
    yield from _unknown("vendors", "vendor", profile.vendors, catalog.vendors)
    yield from _unknown("side", "service", profile.side or (), catalog.services)
    if all(release.os != profile.name for release in catalog.releases.values()):
        yield "", "has no release", f'add [release.NAME] with os = "{profile.name}"'


def _release(catalog: Catalog, release: Release) -> Iterator[About]:
    yield from _unknown("os", "OS profile", (release.os,), catalog.os_profiles)
    if release.hostname and not STYLE.fullmatch(release.hostname):
        yield "hostname", "`hostname` must be letters, digits, - and |", None
    yield from _unknown("archetypes", "archetype", release.archetypes, catalog.archetypes)
    yield from _unknown("vendors", "vendor", release.vendors, catalog.vendors)
    yield from _unknown("banners", "service", tuple(release.banners), catalog.services)
    for banner in release.banners.values():
        if GIVEAWAYS.search(banner):
            yield "banners", "a banner identifies the decoy", None
    yield from _stack(release.look or "", release.sysctls)
    if release.system and release.system not in SYSTEMS:
        yield "system", f"`system` must be one of {', '.join(SYSTEMS)}", None


def _stack(look: str, sysctls: Mapping[str, int]) -> Iterator[About]:
    if look and look not in LOOKS:
        yield "look", f"`look` must be one of {', '.join(LOOKS)}", None
    if not all(SYSCTL.fullmatch(key) for key in sysctls):
        yield "sysctls", "`sysctls` has a key that is not a name below net.ipv4.", None


def _vendor(catalog: Catalog, vendor: Vendor) -> Iterator[About]:
    if not vendor.ouis or not all(_usable(oui) for oui in vendor.ouis):
        hint = 'for example ouis = ["00:50:56"]; neither multicast nor locally administered'
        yield "ouis", "`ouis` must be prefixes that the IEEE has assigned", hint


def _usable(oui: str) -> bool:
    return bool(OUI.fullmatch(oui)) and int(oui[:2], 16) & 0b11 == 0


def _unknown(key: str, kind: str, names: tuple[str, ...], known: Mapping[str, object]) -> Iterator[About]:
    for name in names:
        if name not in known:
            close = suggest(name, known)
            hint = f"did you mean `{close}`?" if close else None
            yield key, f"names the {kind} `{name}`, which does not exist", hint
