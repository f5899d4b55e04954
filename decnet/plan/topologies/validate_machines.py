"""Checks the deckies of a design against the catalog and each other."""

from __future__ import annotations

from collections.abc import Mapping

from decnet.model import addresses, values
from decnet.model.catalog import Catalog
from decnet.model.suggest import suggest
from decnet.model.topology import Design, DesignDecky
from decnet.wire import clean

from ..services import first_clash
from .findings import Findings


def check(found: Findings, design: Design, catalog: Catalog, macs: Mapping[str, str]) -> None:
    """Add every problem of a machine: its kind, services, settings, MACs and hostname. `macs` are those of
    other machines, with their owners."""
    dmz = {lan.name for lan in design.lans if lan.dmz}
    inner = {lan.name for lan in design.lans if not lan.dmz}
    mac_owners, hostnames = dict(macs), dict[str, str]()
    for decky in design.deckies:
        _check_kind(found, decky, catalog)
        _check_services(found, decky, catalog)
        _check_settings(found, decky, catalog)
        _check_macs(found, decky, dmz, inner, mac_owners)
        _check_hostname(found, decky, hostnames)


def _check_kind(found: Findings, decky: DesignDecky, catalog: Catalog) -> None:
    who = decky.name
    if decky.archetype is not None and decky.archetype not in catalog.archetypes:
        hint = _near(decky.archetype, catalog.archetypes)
        message = f"{who}: unknown archetype `{clean(decky.archetype, 60)}`"
        found.add("UNKNOWN_ARCHETYPE", ("decky", who, "archetype"), message, hint)
    if decky.os not in catalog.os_profiles:
        message = f"{who}: unknown os `{clean(decky.os, 60)}`"
        found.add("UNKNOWN_OS", ("decky", who, "os"), message, _near(decky.os, catalog.os_profiles))
        return
    releases = {name: each for name, each in catalog.releases.items() if each.os == decky.os}
    if decky.release not in releases:
        message = f"{who}: {decky.os} has no release `{clean(decky.release, 60)}`"
        found.add("UNKNOWN_RELEASE", ("decky", who, "release"), message, _near(decky.release, releases))


def _check_services(found: Findings, decky: DesignDecky, catalog: Catalog) -> None:
    who, place = decky.name, ("decky", decky.name, "services")
    if not decky.services:
        found.add("SERVICE_MISSING", place, f"{who}: it has no services", "name at least one")
    usable: dict[str, None] = {}
    for name in dict.fromkeys(decky.services):
        known = catalog.services.get(name)
        if known is None:
            hint = _near(name, catalog.services)
            found.add("UNKNOWN_SERVICE", place, f"{who}: unknown service `{name}`", hint)
            continue
        if known.alias:
            message = f"{who}: {name} is an alias, not a service"
            found.add("UNKNOWN_SERVICE", place, message, f"write {', '.join(known.alias)}")
        elif not known.built:
            found.add("SERVICE_NOT_BUILT", place, f"{who}: there is no decoy for {name} yet")
        usable[name] = None
        if decky.services.count(name) > 1:
            found.add("SERVICE_DUP", place, f"{who}: service {name} is named twice")
    if clash := first_clash(tuple(usable), catalog):
        found.add("PORT_CONFLICT", place, f"{who}: {clash}", "give them to two deckies")


def _check_settings(found: Findings, decky: DesignDecky, catalog: Catalog) -> None:
    for service, settings in decky.settings.items():
        place = ("decky", decky.name, "settings", service)
        if service not in decky.services:
            message = f"{decky.name}: settings for {service}, which is not one of its services"
            found.add("SERVICE_CFG_UNDECLARED", place, message, "add the service, or remove its settings")
        if service not in catalog.services:
            continue
        known = catalog.services[service].settings
        for key, value in settings.items():
            if key not in known:
                message = f"{decky.name}: {service} has no setting `{clean(key, 60)}`"
                found.add("SETTING_UNKNOWN", (*place, key), message, _near(key, known))
            elif complaint := values.setting(value) or known[key].complaint(value):
                message = f"{decky.name}: setting {key} of {service} {complaint}"
                found.add("SETTING_INVALID", (*place, key), message)


def _check_macs(
    found: Findings, decky: DesignDecky, dmz: set[str], inner: set[str], owners: dict[str, str]
) -> None:
    who = decky.name
    for lan in decky.addresses:
        if lan in inner and lan not in decky.macs:
            place = ("decky", who, "macs", lan)
            found.add("MAC_MISSING", place, f"{who}: it has no MAC on {lan}", "write one of a fitting vendor")
    for lan, mac in decky.macs.items():
        place = ("decky", who, "macs", lan)
        if lan in dmz:
            found.add("DMZ_ALLOCATED", place, f"{who}: its MAC on the DMZ comes with its address there")
        elif lan not in decky.addresses:
            found.add("MAC_WITHOUT_ADDRESS", place, f"{who}: it has a MAC on {lan}, and no address there")
        if complaint := addresses.mac(mac):
            found.add("MAC_INVALID", place, f"{who}: its MAC on {lan} {complaint}")
        other = owners.get(mac)
        owners.setdefault(mac, who)
        if other is not None:
            found.add("MAC_DUP", place, f"{who}: {mac} on {lan} is also a MAC of {clean(other, 80)}")


def _check_hostname(found: Findings, decky: DesignDecky, owners: dict[str, str]) -> None:
    place = ("decky", decky.name, "hostname")
    if complaint := values.hostname(decky.hostname):
        found.add("HOSTNAME_INVALID", place, f"{decky.name}: its hostname {complaint}")
    other = owners.setdefault(decky.hostname.lower(), decky.name)
    if other != decky.name:
        found.add("HOSTNAME_DUP", place, f"{decky.name}: {decky.hostname} is also the hostname of {other}")


def _near(name: str, known: Mapping[str, object]) -> str:
    close = suggest(name, known)
    return f"did you mean `{close}`?" if close else f"known: {', '.join(sorted(known)) or 'none'}"
