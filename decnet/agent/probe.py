"""Finds the hosts on the LAN that answer for an address now.

As root it sends ARP probes itself (RFC 5227: the sender address is 0.0.0.0, so no neighbour table changes)
and trusts only the answers. Otherwise a datagram to port 9 makes the kernel send them, and its neighbour
table is read; an address that has left the LAN can stay in it for some seconds.
"""

from __future__ import annotations

import select
import struct
import time

from decnet.wire import container_name

from . import docker, interfaces, limits, request, slices
from .containers import Container, fleet_containers
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket as Socket
    from typing import Any, Dict, Iterable, List, Optional, Tuple

_DISCARD = 9
_ARP = 0x0806
_TRIES = 3


def probe_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """{"answered": {address: MAC}, "docker": {address: name of the container that holds it}}."""
    request.only(args, "addresses", "seconds")
    addresses = request.texts(args, "addresses", limits.PROBE_ADDRESSES)
    for address in addresses:
        if interfaces.number_of(address) is None:
            raise Refusal("usage", "%r is not an IPv4 address" % address[:40])
    seconds = request.seconds(args, "seconds", 1.0, limits.PROBE_MOST)
    held = docker_addresses()
    wanted = set(addresses)
    return {
        "answered": responses(addresses, seconds),
        "docker": {address: name for address, name in held.items() if address in wanted},
    }


def docker_addresses() -> Dict[str, str]:
    """Address to container name for every container of this engine, including stopped ones with a fixed
    address."""
    held = {}
    for row in docker.get("/containers/json", {"all": True}):
        container = Container(row)
        for address in container.addresses:
            held[address] = container.name
    return held


def conflicts(content: Dict[str, Any], claims: List[Dict[str, Any]]) -> Dict[str, str]:
    """Decky to MAC, for those whose address another host answers for now. If the decky's own base runs, it is
    the one that answers."""
    deckies = content["slice"]["deckies"]
    running = {each.name for each in fleet_containers(content["fleet_id"]) if each.state == "running"}
    claimed = {}
    for step in claims:
        base = container_name(content["project"], step["decky"])
        if base in step["up"] + step["start"] and base not in running:
            claimed[slices.home_of(deckies[step["decky"]])["address"]] = step["decky"]
    return {claimed[address]: mac for address, mac in responses(claimed).items()}


def responses(addresses: Iterable[str], seconds: float = limits.PROBE) -> Dict[str, str]:
    """Address to MAC for those that a host answers for, including this machine's own addresses."""
    wanted = {address: interfaces.number_of(address) or 0 for address in addresses}
    if not wanted:
        return {}
    found, groups = _by_interface(wanted)
    probed: List[Tuple[Socket, Dict[bytes, str]]] = []
    others: List[str] = []
    try:
        for name, group in groups.items():
            raw = _raw_socket(name)
            if raw is None:
                others += group.values()
            else:
                probed.append((raw, group))
        share = seconds / 2 if probed and others else seconds
        if probed:
            found.update(_send_rounds(probed, share))
    finally:
        for raw, _ in probed:
            raw.close()
    if others:
        found.update(_datagrams(others, share))
    return found


def _by_interface(wanted: Dict[str, int]) -> Tuple[Dict[str, str], Dict[str, Dict[bytes, str]]]:
    """This machine's own addresses with their MAC, and the others by the interface that reaches them, as
    packed address to address."""
    local = interfaces.interfaces()
    holders = {base: name for name, base, _ in reversed(local)}
    fallback = interfaces.default_route()[0]
    # An interface that is down may still have an address in the LAN, and a VPN's network may include it.
    up = [each for each in local if interfaces.is_up(each[0])]
    up.sort(key=lambda each: (-each[2], each[0] != fallback))
    own: Dict[str, str] = {}
    groups: Dict[str, Dict[bytes, str]] = {}
    for address, number in wanted.items():
        if number in holders:
            own[address] = (interfaces.mac_of(holders[number]) or b"\0" * 6).hex(":")
            continue
        name = next((name for name, base, mask in up if number & mask == base & mask), fallback)
        if name is not None:
            groups.setdefault(name, {})[struct.pack(">I", number)] = address
    return own, groups


def _raw_socket(name: str) -> Optional[Socket]:
    from socket import AF_PACKET, SOCK_RAW, htons, socket

    if interfaces.mac_of(name) is None:
        return None
    try:
        raw = socket(AF_PACKET, SOCK_RAW, htons(_ARP))
    except OSError:
        return None
    try:
        raw.bind((name, _ARP))
        raw.setblocking(False)
    except OSError:
        raw.close()
        return None
    return raw


def _send_rounds(probed: List[Tuple[Socket, Dict[bytes, str]]], seconds: float) -> Dict[str, str]:
    """Three rounds of probes in the first two thirds of the time, listening throughout."""
    found: Dict[str, str] = {}
    begin = time.monotonic()
    for number in range(_TRIES):
        for raw, group in probed:
            _send_probes(raw, [packed for packed, address in group.items() if address not in found])
            _take(raw, group, found)
        last = number == _TRIES - 1
        _listen(probed, found, begin + (seconds if last else seconds * (number + 1) / (_TRIES + 1)))
    return found


def _send_probes(raw: Socket, targets: List[bytes]) -> None:
    mac: bytes = raw.getsockname()[4]
    head = b"\xff" * 6 + mac + struct.pack(">HHHBBH", _ARP, 1, 0x0800, 6, 4, 1) + mac + b"\0" * 10
    for target in targets:
        try:
            raw.send((head + target).ljust(60, b"\0"))
        except BlockingIOError:
            select.select([], [raw], [], 0.05)
        except OSError:
            return


def _listen(probed: List[Tuple[Socket, Dict[bytes, str]]], found: Dict[str, str], until: float) -> None:
    groups = dict(probed)
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return
        for raw in select.select(list(groups), [], [], left)[0]:
            _take(raw, groups[raw], found)


def _take(raw: Socket, group: Dict[bytes, str], found: Dict[str, str]) -> None:
    """Read what has arrived: an ARP reply for a probed address, or any use of it by its owner."""
    own = raw.getsockname()[4]
    for _ in range(4096):
        try:
            content = raw.recv(256)
        except OSError:
            return
        if len(content) >= 42 and content[12:14] == b"\x08\x06" and content[22:28] != own:
            address = group.get(content[28:32])
            if address is not None:
                found[address] = content[22:28].hex(":")


def _datagrams(addresses: List[str], seconds: float) -> Dict[str, str]:
    from socket import AF_INET, SOCK_DGRAM, socket

    with socket(AF_INET, SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for address in addresses:
            try:
                sender.sendto(b"", (address, _DISCARD))
            except OSError:
                continue
    time.sleep(seconds)
    table = interfaces.neighbours()
    return {address: table[address] for address in addresses if address in table}
