"""Finds the hosts on the LAN that answer for an address now.

As root it sends ARP probes itself (RFC 5227: the sender address is 0.0.0.0, so no neighbour table changes)
and trusts only the answers. Otherwise a datagram to port 9 makes the kernel send them, and its neighbour
table is read; an address that has left the LAN can stay in it for some seconds.
"""

from __future__ import annotations

import select
import struct
import time

from decnet.wire import MAX_ADDRESSES_OF_A_HOST, container_name

from . import docker, identity, interfaces, limits, request, slices
from .containers import Container
from .request import Refusal
from .sockets import AF_INET, AF_PACKET, SOCK_DGRAM, SOCK_RAW, Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple

_DISCARD = 9
_ARP = 0x0806
_TRIES = 3
_BROADCAST = b"\xff" * 6
_SWEEP_SECONDS = 0.3
_SWEPT_HOSTS = 16


def probe_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """{"answered": {address: MAC}, "docker": {address: name of the container that holds it}}.

    With `hosts`, {address: MAC}, these are examined for `seconds`, and the answer has two more keys:
    "steady": {address: MAC} for those that answered every time and were the only ones, and "answers": {MAC:
    for how many addresses of its surroundings the host answers}.
    """
    request.only(args, "addresses", "seconds", "hosts")
    addresses = _addresses(request.texts(args, "addresses", limits.PROBE_ADDRESSES))
    seconds = request.seconds(args, "seconds", 1.0, limits.PROBE_MOST)
    hosts = _hosts(args)
    held = docker_addresses()
    wanted = set(addresses)
    answer: Dict[str, Any] = {
        "answered": responses(addresses, seconds) if addresses else {},
        "docker": {address: name for address, name in held.items() if address in wanted},
    }
    if hosts:
        fleet_id = identity.require(args)["fleet_id"]
        ways = slices.ways(slices.all_applied(fleet_id))
        answer["answers"] = answers_of(hosts, ways)
        answer["steady"] = steady(hosts, seconds, slices.macs(fleet_id), ways)
    return answer


def docker_addresses() -> Dict[str, str]:
    """Address to container name for every container of this engine, including stopped ones with a fixed
    address."""
    held = {}
    for row in docker.get("/containers/json", {"all": True}):
        container = Container(row)
        for address in container.addresses:
            held[address] = container.name
    return held


def conflicts(
    content: Dict[str, Any], claims: List[Dict[str, Any]], found: List[Container]
) -> Dict[str, str]:
    """Decky to MAC, for those whose address another host answers for now, unless it answers for so many that
    it is no conflict. If the decky's own base runs, it is the one that answers; `found` are the fleet's
    containers."""
    deckies = content["slice"]["deckies"]
    running = {each.name for each in found if each.state == "running"}
    claimed = {}
    for step in claims:
        base = container_name(content["project"], step["decky"])
        attachment = slices.on_lan(deckies[step["decky"]]) if step["decky"] in deckies else None
        if attachment and base in step["up"] + step["start"] and base not in running:
            claimed[attachment["address"]] = step["decky"]
    lan = content.get("lan") or {}
    ways = dict.fromkeys(claimed, lan["interface"]) if lan and lan["driver"] != "bridge" else {}
    answered = responses(claimed, ways=ways)
    counts = answers_of(answered, ways)
    return {
        claimed[address]: mac
        for address, mac in answered.items()
        if counts.get(mac, 1) <= MAX_ADDRESSES_OF_A_HOST
    }


def responses(
    addresses: Iterable[str], seconds: float = limits.PROBE, ways: Optional[Mapping[str, str]] = None
) -> Dict[str, str]:
    """Address to MAC for those that a host answers for, including this machine's own addresses. `ways`: see
    Probes."""
    with Probes(addresses, ways) as probes:
        for number in range(_TRIES):
            probes.send()
            is_last = number == _TRIES - 1
            probes.listen(seconds * (2 if is_last else 1) / (_TRIES + 1))
        return {address: min(macs) for address, macs in probes.answered.items()}


def steady(
    hosts: Mapping[str, str], seconds: float, own: AbstractSet[str], ways: Mapping[str, str]
) -> Dict[str, str]:
    """The (address, MAC) of `hosts` that answer each of three probes sent over so many seconds, the first and
    the last of them to all hosts, while no other host answers for the address. `own` are the MACs of this
    worker's deckies, which may answer too."""
    left = dict(hosts)
    for number in range(_TRIES):
        with Probes(left, ways) as probes:
            probes.send(left if number == 1 else None)
            probes.listen(min(_SWEEP_SECONDS, seconds / _TRIES))
            answered = probes.answered
            left = {a: mac for a, mac in left.items() if answered.get(a, set()) - own == {mac}}
        if not left:
            break
        if number < _TRIES - 1:
            time.sleep(max(0.0, seconds / (_TRIES - 1) - _SWEEP_SECONDS))
    return left


def answers_of(hosts: Mapping[str, str], ways: Mapping[str, str]) -> Dict[str, int]:
    """For how many addresses each of these hosts answers: those in `hosts`, and the 256 around one of them.
    Each host is asked directly: no other host sees it."""
    counts: Dict[str, int] = {}
    for mac in sorted(set(hosts.values()))[:_SWEPT_HOSTS]:
        own = [address for address, each in hosts.items() if each == mac]
        first = (interfaces.number_of(own[0]) or 0) & ~0xFF
        around = {interfaces.dotted(first + number) for number in range(256)}
        with Probes(around | set(hosts), {**dict.fromkeys(around, ways.get(own[0], "")), **ways}) as probes:
            probes.send(dict.fromkeys(around | set(hosts), mac))
            probes.listen(_SWEEP_SECONDS)
            counts[mac] = sum(mac in macs for macs in probes.answered.values())
    return counts


class Probes:
    """ARP probes for addresses of this machine's LANs. `answered` collects the MACs that answer for each
    address, and this machine's own MAC for its own addresses. `ways` has the interface of an address, if that
    is known: on a LAN of deckies this machine may have no address."""

    def __init__(self, addresses: Iterable[str], ways: Optional[Mapping[str, str]] = None) -> None:
        wanted = {address: interfaces.number_of(address) or 0 for address in addresses}
        own, groups = _by_interface(wanted, ways or {}) if wanted else ({}, {})
        self.answered: Dict[str, Set[str]] = {address: {mac} for address, mac in own.items()}
        self._raw: List[Tuple[Socket, Dict[bytes, str]]] = []
        self._others: List[str] = []
        """Addresses on interfaces where this process cannot send ARP itself."""
        for name, group in groups.items():
            raw = _raw_socket(name)
            if raw is None:
                self._others += group.values()
            else:
                self._raw.append((raw, group))

    def __enter__(self) -> Probes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets side by side with what follows: the kernel takes each off its interface, and
        waits for a grace period (packet_release), 13 ms."""
        from _thread import start_new_thread

        for raw, _ in self._raw:
            try:
                start_new_thread(raw.close, ())
            except RuntimeError:
                # No room for another thread.
                raw.close()

    def send(self, hosts: Optional[Mapping[str, str]] = None) -> None:
        """One probe for each address without an answer: to all hosts, or only to the one in `hosts` (address
        to MAC)."""
        for raw, group in self._raw:
            unanswered = {packed: each for packed, each in group.items() if each not in self.answered}
            macs = {packed: _mac(hosts[each]) if hosts else _BROADCAST for packed, each in unanswered.items()}
            _send_probes(raw, macs)
            self._take(raw, group)
        _send_datagrams(self._others)

    def listen(self, seconds: float) -> None:
        """Collect answers for so many seconds; returns at once if nothing was sent."""
        until = time.monotonic() + seconds
        groups = dict(self._raw)
        while groups:
            left = until - time.monotonic()
            if left <= 0:
                break
            for raw in select.select(list(groups), [], [], left)[0]:
                self._take(raw, groups[raw])
        if self._others:
            time.sleep(max(0.0, until - time.monotonic()))
            table = interfaces.neighbours()
            for address in self._others:
                if address in table:
                    self._note(address, table[address])

    def _take(self, raw: Socket, group: Dict[bytes, str]) -> None:
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
                    self._note(address, content[22:28].hex(":"))

    def _note(self, address: str, mac: str) -> None:
        self.answered.setdefault(address, set()).add(mac)


def _addresses(addresses: List[str]) -> List[str]:
    for address in addresses:
        if interfaces.number_of(address) is None:
            raise Refusal("usage", "%r is not an IPv4 address" % address[:40])
    return addresses


def _hosts(args: Dict[str, Any]) -> Dict[str, str]:
    hosts = request.mapping(args, "hosts") if "hosts" in args else {}
    for address, mac in hosts.items():
        if interfaces.number_of(address) is None or not isinstance(mac, str) or len(_mac(mac)) != 6:
            raise Refusal("usage", "argument hosts: must be addresses and MACs")
    if len(hosts) > limits.PROBE_ADDRESSES:
        raise Refusal("usage", "argument hosts: too many")
    return hosts


def _mac(text: str) -> bytes:
    """The six bytes of a MAC; b"" for anything else."""
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        return b""


def _by_interface(
    wanted: Dict[str, int], ways: Mapping[str, str]
) -> Tuple[Dict[str, str], Dict[str, Dict[bytes, str]]]:
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
        near = next((name for name, base, mask in up if number & mask == base & mask), fallback)
        name = ways.get(address) or near
        if name is not None:
            groups.setdefault(name, {})[struct.pack(">I", number)] = address
    return own, groups


def _raw_socket(name: str) -> Optional[Socket]:
    if interfaces.mac_of(name) is None:
        return None
    try:
        # Without a protocol. A socket that listens on all interfaces is taken off them by bind(2), which
        # waits for a grace period of the kernel: 8 ms.
        raw = Socket(AF_PACKET, SOCK_RAW, 0)
    except OSError:
        return None
    try:
        raw.bind((name, _ARP))
        raw.setblocking(False)
    except OSError:
        raw.close()
        return None
    return raw


def _send_probes(raw: Socket, macs: Dict[bytes, bytes]) -> None:
    """A probe for each packed address, to this MAC."""
    own: bytes = raw.getsockname()[4]
    head = own + struct.pack(">HHHBBH", _ARP, 1, 0x0800, 6, 4, 1) + own + b"\0" * 10
    for target, mac in macs.items():
        try:
            raw.send((mac + head + target).ljust(60, b"\0"))
        except BlockingIOError:
            select.select([], [raw], [], 0.05)
        except OSError:
            return


def _send_datagrams(addresses: List[str]) -> None:
    if not addresses:
        return
    sender = Socket(AF_INET, SOCK_DGRAM)
    sender.setblocking(False)
    for address in addresses:
        try:
            sender.sendto(b"", (address, _DISCARD))
        except OSError:
            continue
    sender.close()
