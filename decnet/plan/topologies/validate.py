"""Checks a design: all problems at once, each with a code, a place and a hint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from decnet.model import addresses
from decnet.model.addresses import Range
from decnet.model.catalog import Catalog
from decnet.model.counted import counted
from decnet.model.topology import Design, DesignDecky, Lan
from decnet.wire import TOPOLOGY_PREFIX, bridge_name, clean, container_name

from ..capacity import DECKY_MIB, MAX_DECKIES, SYSTEM_MIB
from . import validate_machines, validate_ways
from .findings import Finding, Findings
from .subnets import spans

MAX_LANS = 256
_PROJECT = TOPOLOGY_PREFIX + "0" * 8


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a topology must fit into. `reserved` are subnets with their owners, `macs` MACs with theirs;
    `memory_mib` is the worker's, where `deckies` others run. Hostnames and seeds of other deckies are not
    chosen again."""

    reserved: Mapping[str, str] = field(default_factory=dict)
    macs: Mapping[str, str] = field(default_factory=dict)
    hostnames: frozenset[str] = frozenset()
    seeds: frozenset[str] = frozenset()
    memory_mib: int | None = None
    deckies: int = 0


ALONE = Surroundings()


def validate(design: Design, catalog: Catalog, around: Surroundings = ALONE) -> tuple[Finding, ...]:
    """Every problem of the design, errors first; empty if there is none. Of one that is too large, only
    that."""
    found = Findings()
    _check_size(found, design, around)
    if any(each.code == "TOO_LARGE" for each in found.found):
        return tuple(found.found)
    lans = {lan.name: lan for lan in design.lans}
    blocks = _check_lans(found, design, around)
    _check_names(found, design)
    members = _check_membership(found, design, lans)
    _check_addresses(found, design, lans, blocks, members)
    validate_machines.check(found, design, catalog, around.macs)
    validate_ways.check_ways(found, design)
    return tuple(sorted(found.found, key=lambda each: each.severity))


def _check_lans(found: Findings, design: Design, around: Surroundings) -> dict[str, IPv4Network]:
    """The subnets that are valid, by LAN."""
    _check_dmz(found, design)
    blocks: dict[str, IPv4Network] = {}
    for lan in design.lans:
        place = ("lan", lan.name, "subnet")
        if lan.dmz:
            if lan.subnet:
                message = f"{lan.name}: the DMZ has the subnet of the worker's LAN"
                found.add("DMZ_ALLOCATED", place, message, "remove `subnet`")
        elif complaint := addresses.subnet(lan.subnet):
            found.add("SUBNET_MALFORMED", place, f"{lan.name}: its subnet {complaint}")
        else:
            blocks.setdefault(lan.name, IPv4Network(lan.subnet))
    _check_overlaps(found, blocks)
    _check_reserved(found, blocks, around.reserved)
    return blocks


def _check_dmz(found: Findings, design: Design) -> None:
    names = [lan.name for lan in design.lans if lan.dmz]
    if not names:
        found.add("DMZ_MISSING", ("lan",), "no LAN is the DMZ", "set `dmz = true` for one LAN")
    elif len(names) > 1:
        hint = "keep `dmz = true` for one of them"
        found.add("DMZ_MULTIPLE", ("lan", names[1], "dmz"), f"{' and '.join(names)} are all the DMZ", hint)
    elif not design.members(names[0]):
        found.add("DMZ_ORPHAN", ("lan", names[0]), f"{names[0]}: the DMZ has no decky", "add a decky to it")


def _check_overlaps(found: Findings, blocks: Mapping[str, IPv4Network]) -> None:
    ordered = sorted(blocks.items(), key=lambda each: (each[1].network_address, each[1].prefixlen, each[0]))
    owner, end = "", -1
    for name, block in ordered:
        if int(block.network_address) <= end:
            message = f"{name}: its subnet {block} overlaps {blocks[owner]} of {owner}"
            found.add("SUBNET_OVERLAP", ("lan", name, "subnet"), message, "choose another subnet")
        if int(block.broadcast_address) > end:
            owner, end = name, int(block.broadcast_address)


def _check_reserved(found: Findings, blocks: Mapping[str, IPv4Network], reserved: Mapping[str, str]) -> None:
    known: list[tuple[Range, str, str]] = [
        (span, subnet, owner) for subnet, owner in reserved.items() for span in spans([subnet])
    ]
    for name, block in blocks.items():
        low, high = int(block.network_address), int(block.broadcast_address)
        for (first, last), subnet, owner in known:
            if first <= high and last >= low:
                message = f"{name}: its subnet {block} overlaps {clean(subnet, 40)}, {clean(owner, 100)}"
                found.add("SUBNET_RESERVED", ("lan", name, "subnet"), message, "choose another subnet")
                break


def _check_names(found: Findings, design: Design) -> None:
    for code, noun, names in (
        ("LAN_NAME_DUP", "lan", [lan.name for lan in design.lans]),
        ("DECKY_NAME_DUP", "decky", [decky.name for decky in design.deckies]),
    ):
        for name in _twice(names):
            kind = "LANs" if noun == "lan" else "deckies"
            found.add(code, (noun, name), f"two {kind} are named {name}", "rename one of them")
    containers: dict[str, str] = {}
    for decky in design.deckies:
        for service in ("", *decky.services):
            name = container_name(_PROJECT, decky.name, service)
            other = containers.setdefault(name, decky.name)
            if other != decky.name:
                message = f"{decky.name}: one of its containers would have the name of one of {other}"
                found.add("NAME_CLASH", ("decky", decky.name), message, "rename one of them")
    bridges: dict[str, str] = {}
    for lan in design.lans:
        other = lan.name if lan.dmz else bridges.setdefault(bridge_name(_PROJECT, lan.name), lan.name)
        if other != lan.name:
            message = f"{lan.name}: its bridge would have the name of that of {other}"
            found.add("NAME_CLASH", ("lan", lan.name), message, "rename one of them")


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _check_membership(
    found: Findings, design: Design, lans: Mapping[str, Lan]
) -> dict[str, list[DesignDecky]]:
    """The deckies by LAN."""
    members: dict[str, list[DesignDecky]] = {name: [] for name in lans}
    for decky in design.deckies:
        _check_home(found, decky, lans)
        for name in {**decky.addresses, **decky.macs}:
            if name not in lans and name == decky.home:
                continue
            if name not in lans:
                place = ("decky", decky.name, "addresses" if name in decky.addresses else "macs", name)
                hint = f"add a LAN {name}, or remove this line"
                found.add("ADDRESS_OF_UNKNOWN_LAN", place, f"{decky.name}: there is no LAN {name}", hint)
            elif name in decky.addresses:
                members[name].append(decky)
    for name, deckies in members.items():
        if not deckies and not lans[name].dmz:
            found.add("LAN_EMPTY", ("lan", name), f"{name}: no decky is on it", "add a decky, or remove it")
    return members


def _check_home(found: Findings, decky: DesignDecky, lans: Mapping[str, Lan]) -> None:
    who, place = decky.name, ("decky", decky.name, "home")
    dmz = [name for name in decky.addresses if name in lans and lans[name].dmz]
    if not decky.addresses:
        found.add("DECKY_ORPHAN", ("decky", who), f"{who}: it is on no LAN", "attach it, or remove it")
    elif decky.home not in lans:
        found.add("HOME_MISSING", place, f"{who}: its main LAN {decky.home} does not exist")
    elif decky.home not in decky.addresses:
        message = f"{who}: it has no address on its main LAN {decky.home}"
        found.add("HOME_NOT_MEMBER", place, message, f"known: {', '.join(sorted(decky.addresses))}")
    elif dmz and not lans[decky.home].dmz:
        message = f"{who}: it is on the DMZ, so its main LAN must be {dmz[0]}, not {decky.home}"
        found.add("HOME_NOT_DMZ", place, message)


def _check_addresses(
    found: Findings,
    design: Design,
    lans: Mapping[str, Lan],
    blocks: Mapping[str, IPv4Network],
    members: Mapping[str, list[DesignDecky]],
) -> None:
    owners: dict[tuple[str, str], str] = {}
    for decky in design.deckies:
        for name, address in decky.addresses.items():
            if name not in lans:
                continue
            place = ("decky", decky.name, "addresses", name)
            if lans[name].dmz:
                if address:
                    message = f"{decky.name}: its address on the DMZ comes from the worker's LAN"
                    found.add("DMZ_ALLOCATED", place, message, 'write ""')
                continue
            if not _check_address(found, decky.name, place, address, blocks.get(name)):
                continue
            other = owners.setdefault((name, address), decky.name)
            if other != decky.name:
                message = f"{decky.name}: {address} on {name} is also the address of {other}"
                found.add("IP_COLLISION", place, message, "choose another address")
    for name, block in blocks.items():
        room = block.num_addresses - 3
        if len(members[name]) > room:
            count = counted(len(members[name]), "decky")
            message = f"{name}: its subnet {block} has room for {room} of its {count}"
            found.add("SUBNET_TOO_SMALL", ("lan", name, "subnet"), message, "give it a larger subnet")


def _check_address(
    found: Findings, who: str, place: tuple[str, ...], address: str, block: IPv4Network | None
) -> bool:
    """Whether it is one that a decky on that LAN can have."""
    if complaint := addresses.host(address):
        found.add("IP_MALFORMED", place, f"{who}: its address on {place[-1]} {complaint}")
    elif block is None:
        return False
    elif IPv4Address(address) not in block:
        message = f"{who}: {address} is not in {block}, the subnet of {place[-1]}"
        found.add("IP_OUT_OF_SUBNET", place, message)
    elif reason := _reserved(IPv4Address(address), block):
        message = f"{who}: {address} on {place[-1]} is {reason}"
        found.add("ADDRESS_RESERVED", place, message, "choose another address")
    else:
        return True
    return False


def _reserved(address: IPv4Address, block: IPv4Network) -> str | None:
    """What it is, if no decky can have it. Docker's gateway of an inner LAN is its last host address."""
    return {
        block.network_address: "the subnet's own address",
        block.broadcast_address: "the broadcast address",
        block.broadcast_address - 1: "the gateway, which Docker keeps for itself",
    }.get(address)


def check_counts(found: Findings, lans: int, deckies: int) -> None:
    """Add whether there are too many LANs or deckies."""
    for count, most, noun, place in (
        (lans, MAX_LANS, "LANs", "lan"),
        (deckies, MAX_DECKIES, "deckies", "decky"),
    ):
        if count > most:
            message = f"{count} {noun}, more than {most}"
            found.add("TOO_LARGE", (place,), message, "split it into several topologies")


def _check_size(found: Findings, design: Design, around: Surroundings) -> None:
    check_counts(found, len(design.lans), len(design.deckies))
    needed = (len(design.deckies) + around.deckies) * DECKY_MIB + SYSTEM_MIB
    if around.memory_mib is not None and needed > around.memory_mib:
        others = f" and the {around.deckies} of the worker" if around.deckies else ""
        message = f"its {counted(len(design.deckies), 'decky')}{others} need about {needed} MiB, "
        message += f"and there are {around.memory_mib}"
        found.add("NOT_ENOUGH_MEMORY", ("decky",), message, "use another worker, or fewer deckies")
