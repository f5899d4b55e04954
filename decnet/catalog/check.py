"""What no single entry of the catalog can show: that they name each other rightly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import values
from ..model.catalog import Archetype, Catalog, Service

Complaint = tuple[str, str, str, str | None]
"""Section, name, what is wrong, hint."""

STYLE = re.compile(r"[A-Za-z0-9|-]{1,120}")
OUI = re.compile(r"([0-9a-f]{2}:){2}[0-9a-f]{2}")
SYSCTL = re.compile(r"[a-z0-9_]{1,60}")
TELLS = re.compile(r"decnet|decky|honeypot|canary", re.IGNORECASE)


def complaints(catalog: Catalog) -> Iterator[Complaint]:
    """Everything in the catalog that cannot be used, in the order of its sections."""
    for service in catalog.services.values():
        yield from (("service", service.name, *said) for said in _service(catalog, service))
    for archetype in catalog.archetypes.values():
        yield from (("archetype", archetype.name, *said) for said in _archetype(catalog, archetype))
    yield from _os_profiles(catalog)
    yield from _releases(catalog)
    yield from _vendors(catalog)


def _service(catalog: Catalog, service: Service) -> Iterator[tuple[str, str | None]]:
    if service.built and not service.ports:
        yield "listens on no port", "ports = [8080]"
    if len({(port.number, port.protocol) for port in service.ports}) != len(service.ports):
        yield "has one port twice", None
    if service.image is not None and (complaint := values.image(service.image)):
        yield f"`image` {complaint}", None
    if not 16 <= service.memory_mib <= 4096:
        yield "`memory_mib` must be from 16 to 4096", None
    yield from _unknown("service", service.alias, catalog.services)


def _archetype(catalog: Catalog, archetype: Archetype) -> Iterator[tuple[str, str | None]]:
    if not archetype.services:
        yield "has no services", None
    yield from _unknown("service", archetype.services, catalog.services)
    yield from _unknown("OS profile", (archetype.os,), catalog.os_profiles)
    yield from _unknown("vendor", (*archetype.vendors, *archetype.styles), catalog.vendors)
    if not archetype.vendors:
        yield "has no vendors", None
    if not all(STYLE.fullmatch(style) for style in (archetype.hostname, *archetype.styles.values())):
        yield "`hostname` must be letters, digits, - and |", 'for example hostname = "webNN"'


def _os_profiles(catalog: Catalog) -> Iterator[Complaint]:
    for profile in catalog.os_profiles.values():
        if not STYLE.fullmatch(profile.hostname):
            yield "os", profile.name, "`hostname` must be letters, digits, - and |", None
        if not all(SYSCTL.fullmatch(key) for key in profile.sysctls):
            yield "os", profile.name, "`sysctls` has a key that is no name below net.ipv4.", None
        if not profile.vendors:
            yield "os", profile.name, "has no vendors", None
        for said in _unknown("vendor", profile.vendors, catalog.vendors):
            yield "os", profile.name, *said
        if all(release.os != profile.name for release in catalog.releases.values()):
            yield "os", profile.name, "has no release", f'add [release.NAME] with os = "{profile.name}"'


def _releases(catalog: Catalog) -> Iterator[Complaint]:
    for release in catalog.releases.values():
        unknown = (
            *_unknown("OS profile", (release.os,), catalog.os_profiles),
            *_unknown("archetype", release.archetypes, catalog.archetypes),
            *_unknown("vendor", release.vendors, catalog.vendors),
            *_unknown("service", tuple(release.banners), catalog.services),
        )
        for said in unknown:
            yield "release", release.name, *said
        for banner in release.banners.values():
            if TELLS.search(banner):
                yield "release", release.name, "a banner says what it is", None


def _vendors(catalog: Catalog) -> Iterator[Complaint]:
    for vendor in catalog.vendors.values():
        if not vendor.ouis or not all(_usable(oui) for oui in vendor.ouis):
            hint = 'for example ouis = ["00:50:56"]; neither multicast nor locally administered'
            yield "vendor", vendor.name, "`ouis` must be addresses that the IEEE gives out", hint


def _usable(oui: str) -> bool:
    return bool(OUI.fullmatch(oui)) and int(oui[:2], 16) & 0b11 == 0


def _unknown(
    kind: str, names: tuple[str, ...], known: dict[str, object] | object
) -> Iterator[tuple[str, str | None]]:
    assert isinstance(known, dict)
    for name in names:
        if name not in known:
            yield f"names the {kind} `{name}`, which does not exist", None
