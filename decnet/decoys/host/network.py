# ruff: noqa: E501 (facts and what real programs print are not broken into shorter lines)
"""The network as the machine sees it: its card, its routes and its neighbours.

All services of a decky share one network namespace. Where that has the machine's address, the prefix, the
gateway and the neighbours are the real ones, so that they agree with what a visitor on the same LAN sees.
Elsewhere they are the usual ones of a LAN.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ..machine import Machine

MOST_ROWS = 800
"""Of a table of the namespace: more take too long in one turn."""
COMPLETE = 0x2
"""ATF_COM: the entry of /proc/net/arp has a MAC address (if_arp.h)."""
LOOPBACK_BYTES = 96
BYTES_IN, BYTES_OUT, OUT_OF = 411, 270, 3
"""Average bytes of a packet, and received packets per sent one, as in SNMP's ifTable."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry of the ARP table; `state` as `ip neigh` prints it, `mac` "" if no host has answered."""

    address: str
    mac: str
    state: str


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the main table; `destination` is "default" or a prefix, `device` "" for the card, and `kind`
    "" for a route to others (blackhole, unreachable...)."""

    destination: str
    via: str = ""
    protocol: str = ""
    scope: str = ""
    source: str = ""
    metric: int = 0
    onlink: bool = False
    device: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counters of one interface since the machine was started."""

    packets_in: int
    bytes_in: int
    packets_out: int
    bytes_out: int


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """One card of the machine; `prefix` is the length of the network's prefix, `inet6` (address, length of
    its prefix, scope as in if_inet6) of card and loopback, empty where IPv6 is disabled."""

    interface: str
    address: str
    prefix: int
    mac: str
    gateway: str
    neighbours: tuple[Neighbour, ...] = ()
    routes: tuple[Route, ...] = ()
    inet6: tuple[tuple[str, int, int], ...] = ()
    loopback6: bool = False

    @property
    def network(self) -> IPv4Network:
        """The LAN."""
        return IPv4Interface(f"{self.address}/{self.prefix}").network

    @property
    def netmask(self) -> str:
        """Its mask."""
        return str(self.network.netmask)

    @property
    def broadcast(self) -> str:
        """Its broadcast address."""
        return str(self.network.broadcast_address)

    def is_own(self, address: str) -> bool:
        """Whether this is an address of the machine itself."""
        return address in (self.address, "0.0.0.0", "::1") or address.startswith("127.")

    def is_near(self, address: str) -> bool:
        """Whether this address is on the LAN."""
        try:
            return IPv4Address(address) in self.network
        except ValueError:
            return False

    def knows(self, address: str) -> bool:
        """Whether a host of the LAN has answered from this address."""
        return any(each.address == address and each.mac for each in self.neighbours)


def network_of(machine: Machine) -> NetworkFacts:
    """The network of a machine now."""
    address = machine.address
    device, prefix, gateway = _connected(machine.namespace, address)
    if prefix < 0:
        prefix = 24
        hosts = IPv4Interface(f"{address}/24").network
        first, last = str(hosts[1]), str(hosts[-2])
        gateway = first if address != first else last
        neighbours: tuple[Neighbour, ...] = (Neighbour(gateway, _usual_gateway(machine), "REACHABLE"),)
    else:
        neighbours = _neighbours(machine, device)
    inet6, loopback6 = _inet6(machine.namespace, device)
    facts = NetworkFacts(
        machine.interface(), address, prefix, machine.mac, gateway, neighbours, (), inet6, loopback6
    )
    return NetworkFacts(
        facts.interface, address, prefix, facts.mac, gateway, neighbours, _routes(machine, facts), inet6, loopback6
    )  # fmt: skip


def traffic(machine: Machine, interface: str) -> Traffic:
    """The counters of the card or of `lo`."""
    if interface == "lo":
        count = machine.received() // 40
        return Traffic(count, count * LOOPBACK_BYTES, count, count * LOOPBACK_BYTES)
    received = machine.received()
    sent = received // OUT_OF
    return Traffic(received, received * BYTES_IN, sent, sent * BYTES_OUT)


def rows(folder: str, table: str) -> list[list[str]]:
    """The fields of each row of a table of the namespace, without its head; [] if it cannot be read."""
    try:
        with open(f"{folder}/{table}", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - pathlib takes memory
            return [line.split() for line, _ in zip(file, range(MOST_ROWS), strict=False)][1:]
    except OSError:
        return []


def address_of(text: str) -> str:
    """An IPv4 address of the kernel's tables, in hexadecimal in the byte order of the machine."""
    return socket.inet_ntoa(int(text, 16).to_bytes(4, "little"))


def _connected(folder: str, address: str) -> tuple[str, int, str]:
    """The namespace's device for the LAN of this address, the length of its prefix, and the gateway. The
    length is -1 without such a LAN."""
    found = [fields for fields in rows(folder, "route") if len(fields) > 7]
    device, prefix = "", -1
    for fields in found:
        mask = int.from_bytes(int(fields[7], 16).to_bytes(4, "little"), "big")
        length = mask.bit_count()
        if fields[2] == "00000000" and length > max(prefix, 0):
            network = IPv4Network((address_of(fields[1]), length), strict=False)
            if IPv4Address(address) in network and not network.is_loopback:
                device, prefix = fields[0], length
    if prefix < 0:
        return "", -1, ""
    lan = IPv4Interface(f"{address}/{prefix}").network
    vias = [address_of(fields[2]) for fields in found if fields[0] == device and fields[1] == "00000000"]
    near = [via for via in vias if IPv4Address(via) in lan]
    return device, prefix, near[0] if near else ""


def _neighbours(machine: Machine, device: str) -> tuple[Neighbour, ...]:
    """The namespace's own ARP table (proc(5)); its states are not in there, but who is connected now is
    reachable, and so is the gateway of those who are not on the LAN."""
    busy = {address_of(fields[2].partition(":")[0]) for fields in rows(machine.namespace, "tcp")
            if len(fields) > 3 and fields[3] == "01"}  # fmt: skip
    found = []
    for fields in rows(machine.namespace, "arp"):
        if len(fields) < 6 or fields[5] != device:
            continue
        if not int(fields[2], 16) & COMPLETE:
            continue
        found.append(Neighbour(fields[0], fields[3], "REACHABLE" if fields[0] in busy else "STALE"))
    return tuple(found)


def _inet6(folder: str, device: str) -> tuple[tuple[tuple[str, int, int], ...], bool]:
    """IPv6 addresses of a device, and whether the loopback has one (/proc/net/if_inet6 has no head)."""
    try:
        with open(f"{folder}/if_inet6", encoding="ascii") as file:  # noqa: PTH123 - as above
            found = [line.split() for line, _ in zip(file, range(MOST_ROWS), strict=False)]
    except OSError:
        found = []
    if not device:
        return (), False
    own = tuple(
        (socket.inet_ntop(socket.AF_INET6, bytes.fromhex(fields[0])), int(fields[2], 16), int(fields[3], 16))
        for fields in found
        if len(fields) > 5 and fields[5] == device
    )
    return own, any(len(fields) > 5 and fields[5] == "lo" for fields in found)


def _routes(machine: Machine, facts: NetworkFacts) -> tuple[Route, ...]:
    """The main table, as the release's own tools set it: ifupdown, netplan or NetworkManager."""
    kind = {"debian": ("", 0, True), "ubuntu": ("static", 0, False), "rocky": ("static", 100, False)}
    protocol, metric, onlink = kind.get(machine.system.id, ("", 0, False))
    connected = Route(str(facts.network), "", "kernel", "link", facts.address, metric)
    if not facts.gateway:
        return (connected,)
    return (Route("default", facts.gateway, protocol, metric=metric, onlink=onlink), connected)


def _usual_gateway(machine: Machine) -> str:
    """A router's MAC where the namespace has no LAN."""
    return "00:1c:73:" + machine.persona.bytes_for("gateway", 3).hex(":")
