"""What identifies a decky as a honeypot: default banners, hostnames and MACs of well-known tools."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from decnet.model.catalog import Catalog
from decnet.model.fleet import Decky, Fleet

BANNERS = re.compile(
    r"OpenSSH_5\.1p1|Apache/2\.2\.22|5\.5\.43|decnet|decky|honeypot|honeyd|canary|cowrie|kippo|dionaea",
    re.IGNORECASE,
)
"""Default banners of well-known honeypots, and words that name one."""

HOSTNAMES = re.compile(r"svr0?4|nas3|decnet|decky|honeypot|honey|canary|decoy", re.IGNORECASE)
DOCKER_MAC_PREFIX = "02:42:"


class Giveaway(NamedTuple):
    """A decky that is identifiable as a honeypot: the reason, and how to fix it."""

    decky: str
    what: str
    fix: str


def giveaways(fleet: Fleet, catalog: Catalog) -> Iterator[Giveaway]:
    """Every giveaway of every decky of the fleet and its topologies."""
    for name, decky in fleet.labelled_deckies():
        yield from (Giveaway(name, what, fix) for what, fix in _giveaways_of(decky, catalog))


def _giveaways_of(decky: Decky, catalog: Catalog) -> Iterator[tuple[str, str]]:
    if HOSTNAMES.search(decky.hostname):
        yield f"its hostname {decky.hostname}", "set another `hostname`, and deploy"
    if decky.mac.startswith(DOCKER_MAC_PREFIX):
        yield f"its MAC address {decky.mac}, which is Docker's own", "remove `mac`, and deploy"
    for service, settings in decky.services.items():
        known = catalog.services.get(service)
        for key, value in settings.items():
            definition = known.settings.get(key) if known else None
            secret = definition is not None and definition.secret
            if isinstance(value, str) and not secret and (found := BANNERS.search(value)):
                what = f"`{key}` of {service}, which contains {found[0]}"
                yield what, f"change [decky.{decky.name}.settings.{service}], and deploy"
        if decky.release in catalog.releases:
            banner = catalog.banner(decky.release, service, hostname="", address="")
            if found := BANNERS.search(banner):
                what = f"the banner of {service}, which contains {found[0]}"
                yield what, f"change [release.{decky.release}.banners] in your catalog"
