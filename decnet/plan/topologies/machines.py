"""Deckies of a design: what their description omits comes from the catalog, as for deckies of the fleet."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from decnet.errors import SpecError
from decnet.model.catalog import Catalog
from decnet.model.spec import DeckySpec, FleetSpec
from decnet.model.suggest import unknown_name
from decnet.model.topology import Design, DesignDecky, Lan
from decnet.model.values import Settings

from ..draft import Draft
from ..identity import random_hostname, random_mac
from ..resolve import resolve, vendor_of
from ..seeds import rng_for
from .subnets import free_address
from .validate import Surroundings


@dataclass(frozen=True, kw_only=True)
class DeckyPlan:
    """A decky as it was described; None, or an address "" on an inner LAN: to be chosen."""

    name: str
    home: str
    archetype: str | None = None
    os: str | None = None
    release: str | None = None
    forwards: bool = False
    services: tuple[str, ...] | None = None
    random_services: bool = False
    settings: Mapping[str, Settings] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    macs: Mapping[str, str] = field(default_factory=dict)
    hostname: str | None = None
    seed: str | None = None
    place: str = ""


NOTHING = Design()


@dataclass
class Used:
    """What is not chosen again: addresses of the topology; MACs, hostnames (in lower case) and seeds of the
    whole fleet. Deckies of one seed have the same keys."""

    macs: set[str] = field(default_factory=set)
    hostnames: set[str] = field(default_factory=set)
    seeds: set[str] = field(default_factory=set)
    addresses: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def around(cls, around: Surroundings, design: Design = NOTHING) -> Used:
        """By deckies elsewhere in the fleet, and in this design."""
        used = cls(set(around.macs), {name.lower() for name in around.hostnames}, set(around.seeds))
        for decky in design.deckies:
            used.add(decky.hostname, decky.addresses, decky.macs)
            used.seeds.add(decky.seed)
        return used

    def add(self, hostname: str, addresses: Mapping[str, str], macs: Mapping[str, str]) -> None:
        self.hostnames.add(hostname.lower())
        self.macs.update(macs.values())
        for lan, address in addresses.items():
            self.addresses.setdefault(lan, set()).add(address)


def complete(
    plans: Iterable[DeckyPlan],
    lans: Mapping[str, Lan],
    catalog: Catalog,
    rng: random.Random,
    used: Used,
    places: Mapping[str, str] | None = None,
) -> list[DesignDecky]:
    """The deckies in the order of their plans. Raises SpecError with the place of the key or the plan;
    `places` has file:line by path, if the plans are from a file.

    What is chosen for one depends on `rng` and its name; what the plans give is reserved first.
    """
    wanted = {plan.name: plan for plan in plans}
    for plan in wanted.values():
        used.add(plan.hostname or "", plan.addresses, plan.macs)
    root = rng.getrandbits(128)
    spec = FleetSpec(deckies=tuple(_spec(plan) for plan in wanted.values()), places=dict(places or {}))
    drafts = resolve(spec, catalog, rng=rng, desired={}) if wanted else ()
    by_name = {draft.name: draft for draft in drafts}
    return [_completed(plan, by_name[name], lans, catalog, root, used) for name, plan in wanted.items()]


def more_macs(decky: DesignDecky, lan: str, catalog: Catalog, rng: random.Random, used: Used) -> DesignDecky:
    """The decky with a MAC on one more inner LAN, of the vendor that its others have."""
    draft = _draft_of(decky, catalog)
    mac = random_mac(draft, catalog, rng, used.macs, ())
    return decky.model_copy(update={"macs": {**decky.macs, lan: mac}})


def _spec(plan: DeckyPlan) -> DeckySpec:
    return DeckySpec(
        name=plan.name,
        archetype=plan.archetype,
        services=plan.services,
        randomize_services=plan.random_services,
        settings={name: dict(values) for name, values in plan.settings.items()},
        os=plan.os,
        mac=next(iter(plan.macs.values()), None),
        place=plan.place,
    )


def _completed(
    plan: DeckyPlan, draft: Draft, lans: Mapping[str, Lan], catalog: Catalog, root: int, used: Used
) -> DesignDecky:
    draft = _with_release(plan, draft, catalog, rng_for(root, plan.name, "release"))
    addresses = _addresses(plan, lans, rng_for(root, plan.name, "address"), used)
    macs = dict(plan.macs)
    rng = rng_for(root, plan.name, "mac")
    for lan in addresses:
        if lan in lans and not lans[lan].dmz and lan not in macs:
            macs[lan] = random_mac(draft, catalog, rng, used.macs, ())
            used.macs.add(macs[lan])
    hostname = plan.hostname or random_hostname(
        draft,
        catalog,
        rng_for(root, plan.name, "hostname"),
        used.hostnames,
        mac=next(iter(macs.values()), ""),
    )
    used.add(hostname, addresses, macs)
    return DesignDecky(
        name=plan.name,
        archetype=draft.archetype,
        os=draft.os,
        release=draft.release,
        home=plan.home,
        forwards=plan.forwards,
        services=tuple(sorted(draft.services)),
        settings={name: values for name, values in draft.settings.items() if values},
        addresses=addresses,
        macs=macs,
        hostname=hostname,
        seed=plan.seed or _seed(draft, root, used),
    )


def _seed(draft: Draft, root: int, used: Used) -> str:
    seed, attempt = draft.seed, 0
    while seed in used.seeds:
        attempt += 1
        seed = f"{rng_for(root, draft.name, 'seed', str(attempt)).getrandbits(128):032x}"
    used.seeds.add(seed)
    return seed


def _addresses(plan: DeckyPlan, lans: Mapping[str, Lan], rng: random.Random, used: Used) -> dict[str, str]:
    """The address on each LAN, the main one first. A decky that comes from another LAN is its router."""
    result: dict[str, str] = {}
    for name in (plan.home, *(lan for lan in plan.addresses if lan != plan.home)):
        lan, address = lans.get(name), plan.addresses.get(name, "")
        if not address and lan is not None and lan.subnet and not lan.dmz:
            taken = used.addresses.setdefault(name, set())
            address = free_address(lan.subnet, taken, rng, first=name != plan.home)
            taken.add(address)
        result[name] = address
    return result


def _with_release(plan: DeckyPlan, draft: Draft, catalog: Catalog, rng: random.Random) -> Draft:
    """The draft with the release that was given, and a vendor whose machines run it."""
    if plan.release is None or plan.release == draft.release:
        return draft
    known = sorted(name for name, release in catalog.releases.items() if release.os == draft.os)
    if plan.release not in known:
        raise unknown_name(f"release of {draft.os}", plan.release, known, who=plan.name, place=plan.place)
    vendor = draft.vendor if plan.macs else _vendor(plan.release, draft.os, draft.archetype, catalog, rng)
    return replace(draft, release=plan.release, vendor=vendor)


def _vendor(release: str, os: str, archetype: str | None, catalog: Catalog, rng: random.Random) -> str | None:
    makers = catalog.os_profiles[os].vendors
    if archetype in catalog.archetypes:
        makers = catalog.archetypes[archetype].vendors
    known = catalog.releases.get(release)
    fitting = [each for each in sorted(makers) if known is None or known.fits(archetype, each)]
    return rng.choice(fitting or sorted(makers)) if makers else None


def machine_vendor(decky: DesignDecky, catalog: Catalog) -> str | None:
    """The vendor of its network cards: that of its MACs, else one whose machines run its release, the same
    at each call. None if the catalog does not have its OS."""
    known = next((found for mac in decky.macs.values() if (found := vendor_of(mac, catalog))), None)
    if known is not None or decky.os not in catalog.os_profiles:
        return known
    return _vendor(decky.release, decky.os, decky.archetype, catalog, random.Random(decky.seed))


def _draft_of(decky: DesignDecky, catalog: Catalog) -> Draft:
    if decky.os not in catalog.os_profiles:
        raise SpecError(f"{decky.name}: os {decky.os} is not in the catalog")
    return Draft(
        name=decky.name,
        place="",
        services={},
        settings={},
        os=decky.os,
        release=decky.release,
        archetype=decky.archetype,
        vendor=machine_vendor(decky, catalog),
        seed=decky.seed,
        spec_hash="",
        mutate_interval=None,
    )
