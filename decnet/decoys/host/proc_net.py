# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""The files of /proc/net and /sys/class/net (proc(5), sysfs of Linux)."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from typing import Protocol

from ..machine import Machine
from .network import NetworkFacts, traffic
from .node import Node
from .proc_net_tables import tables
from .processes import ProcessEntry
from .protocols import counters, snmp
from .sockets import STATES, SocketEntry
from .unix_sockets import hash_of, unix_sockets


class World(Protocol):
    """What these files show."""

    @property
    def machine(self) -> Machine:
        """The machine."""

    @property
    def network(self) -> NetworkFacts:
        """Its network now."""

    def sockets(self) -> list[SocketEntry]:
        """Its sockets now."""

    def processes(self, now: int) -> list[ProcessEntry]:
        """Its processes at a time."""


NUMBERS = {name: number for number, name in STATES.items()}
TCP_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
SIX_HEAD = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"


def files(world: World) -> dict[str, Node]:
    """Paths and nodes; all are made at each reading."""
    made = {
        "dev": dev, "route": route, "arp": arp, "if_inet6": if_inet6, "fib_trie": fib_trie, "sockstat": sockstat,
        "snmp": lambda world: snmp(counters(world.machine, world.sockets())),
        "unix": unix,
        **{table: _table(table) for table in ("tcp", "tcp6", "udp", "udp6")},
    }  # fmt: skip
    boot = world.machine.booted()
    found = {f"/proc/net/{name}": _live(world, make, boot) for name, make in made.items()}
    if world.machine.system.id in ("debian", "ubuntu", "rocky"):
        for name, text in tables(world.machine).items():
            found[f"/proc/net/{name}"] = Node(0o444, live=lambda text=text: text().encode(), changed=boot)  # type: ignore[misc]
    found["/proc/net"] = Node(0o555, folder=True, changed=boot)
    for index, name in enumerate(("lo", world.machine.interface()), 1):
        found |= _card(world, name, index, boot)
    found |= {path: Node(0o755, folder=True, changed=boot) for path in ("/sys/class", "/sys/class/net")}
    return found


def _live(world: World, make: Callable[[World], str], changed: int, mode: int = 0o444) -> Node:
    return Node(mode, live=lambda: make(world).encode(), changed=changed)


def dev(world: World) -> str:
    """Counters by interface."""
    head = (
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
    )
    lines = []
    for name in ("lo", world.machine.interface()):
        count = traffic(world.machine, name)
        lines.append(
            f"{name:>6}: {count.bytes_in:7d} {count.packets_in:7d}    0    0    0     0          0         0 "
            f"{count.bytes_out:8d} {count.packets_out:7d}    0    0    0     0       0          0\n"
        )
    return head + "".join(lines)


def unix(world: World) -> str:
    """The Unix sockets; the state of one that listens is 1, of one that is connected 3."""
    lines = ["Num       RefCount Protocol Flags    Type St Inode Path"]
    types = {"stream": 1, "dgram": 2, "seqpacket": 5}
    for each in unix_sockets(world.machine, world.processes(int(time.time()))):
        flags, count, state = (0x10000, 2, 1) if each.listens else (0, 3, 3) if each.peer else (0, 2, 1)
        place = (
            f"{hash_of(each.inode):016x}: {count:08X} 00000000 {flags:08X} {types[each.kind]:04X} {state:02X}"
        )
        lines.append(f"{place} {each.inode:5d}{f' {each.path}' if each.path else ''}")
    return "\n".join(lines) + "\n"


def route(world: World) -> str:
    """The main table, in hexadecimal."""
    facts = world.network
    lines = ["Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"]
    for each in facts.routes:
        network = IPv4Network("0.0.0.0/0" if each.destination == "default" else each.destination)
        flags = 3 if each.via else 1
        lines.append(
            f"{facts.interface}\t{_hex(str(network.network_address))}\t{_hex(each.via or '0.0.0.0')}\t{flags:04X}\t0\t0\t"
            f"{each.metric}\t{_hex(str(network.netmask))}\t0\t0\t0"
        )
    return "".join(f"{line:<127}\n" for line in lines)


def arp(world: World) -> str:
    """Neighbours by address."""
    facts = world.network
    lines = ["IP address       HW type     Flags       HW address            Mask     Device\n"]
    for each in facts.neighbours:
        flags, mac = ("0x2", each.mac) if each.mac else ("0x0", "00:00:00:00:00:00")
        lines.append(f"{each.address:<16} 0x1         {flags:<10}  {mac}     *        {facts.interface}\n")
    return "".join(lines)


def if_inet6(world: World) -> str:
    """IPv6 addresses."""
    facts = world.network
    lines = [
        f"{socket.inet_pton(socket.AF_INET6, address).hex()} 02 {prefix:02x} {scope:02x} 80 {facts.interface:>8}\n"
        for address, prefix, scope in facts.inet6
    ]
    if facts.loopback6:
        lines.append(f"{'1':0>32} 01 80 10 80       lo\n")
    return "".join(lines)


def fib_trie(world: World) -> str:
    """The tables as tries: only their leaves matter to a reader."""
    facts = world.network
    network, first = facts.network, str(facts.network.network_address)
    default = ["     |-- 0.0.0.0\n        /0 universe UNICAST\n"] if facts.gateway else []
    trie = [
        "  +-- 0.0.0.0/0 3 0 5\n", *default,
        "     +-- 127.0.0.0/8 2 0 2\n        +-- 127.0.0.0/31 1 0 0\n           |-- 127.0.0.0\n              /8 host LOCAL\n"
        "           |-- 127.0.0.1\n              /32 host LOCAL\n        |-- 127.255.255.255\n           /32 link BROADCAST\n",
        f"     +-- {network} 2 0 2\n        +-- {first}/{min(30, facts.prefix + 3)} 2 0 2\n           |-- {first}\n"
        f"              /{facts.prefix} link UNICAST\n           |-- {facts.address}\n              /32 host LOCAL\n"
        f"        |-- {facts.broadcast}\n           /32 link BROADCAST\n",
    ]  # fmt: skip
    return "".join(f"{name}:\n{''.join(trie)}" for name in ("Main", "Local"))


def sockstat(world: World) -> str:
    """How many sockets there are."""
    found = world.sockets()
    tcp = sum(each.protocol == "tcp" and each.state != "TIME_WAIT" for each in found)
    waiting = sum(each.state == "TIME_WAIT" for each in found)
    udp = sum(each.protocol == "udp" for each in found)
    used = 140 + world.machine.persona.number("sockets", 0, 60) + len(found)
    return (
        f"sockets: used {used}\nTCP: inuse {tcp} orphan 0 tw {waiting} alloc {tcp + 2} mem {1 + tcp // 4}\n"
        f"UDP: inuse {udp} mem {udp}\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n"
    )


def _table(name: str) -> Callable[[World], str]:
    def make(world: World) -> str:
        six, udp = name.endswith("6"), name.startswith("udp")
        head = SIX_HEAD if six else TCP_HEAD
        if udp:
            head = head.replace("  sl", "   sl", 1) if not six else head
            head += " ref pointer drops"
        entries = [each for each in world.sockets() if each.protocol == name]
        width = 0 if six else 127 if udp else 149
        return f"{head:<{width}}\n" + "".join(
            _socket(number, each, width) for number, each in enumerate(entries)
        )

    return make


def _socket(number: int, each: SocketEntry, width: int) -> str:
    udp = each.protocol.startswith("udp")
    state = NUMBERS.get(each.state, "07")
    rest = (
        f" 2 0000000000000000 {'0' if udp else '100 0 0 10 0'}" if udp else " 1 0000000000000000 100 0 0 10 0"
    )
    label = f"{number:5d}:" if udp else f"{number:4d}:"
    return (
        f"{label} {_end(each.address, each.port)} {_end(each.peer, each.peer_port)} {state} 00000000:00000000 00:00000000 "
        f"00000000 {each.uid:5d}        0 {each.inode}{rest}".ljust(width)
        + "\n"
    )


def _end(address: str, port: int) -> str:
    if ":" in address:
        raw = socket.inet_pton(socket.AF_INET6, address)
        host = "".join(raw[at : at + 4][::-1].hex().upper() for at in range(0, 16, 4))
        return f"{host}:{port:04X}"
    return f"{_hex(address)}:{port:04X}"


def _hex(address: str) -> str:
    return socket.inet_aton(address)[::-1].hex().upper()


def _card(world: World, name: str, index: int, boot: int) -> dict[str, Node]:
    """The folder of one interface."""
    folder = f"/sys/class/net/{name}"
    loopback = name == "lo"
    texts = {
        "address": "00:00:00:00:00:00" if loopback else world.machine.mac, "mtu": "65536" if loopback else "1500",
        "operstate": "unknown" if loopback else "up", "ifindex": str(index), "carrier": "1",
        "type": "772" if loopback else "1", "flags": "0x9" if loopback else "0x1003", "addr_len": "6",
        "broadcast": "00:00:00:00:00:00" if loopback else "ff:ff:ff:ff:ff:ff", "tx_queue_len": "1000", "dormant": "0",
    }  # fmt: skip
    if not loopback:
        texts |= {"speed": "10000" if world.machine.interface() == "ens192" else "1000", "duplex": "full"}
    nodes = {folder: Node(0o755, folder=True, changed=boot)}
    nodes[f"{folder}/statistics"] = Node(0o755, folder=True, changed=boot)
    nodes |= {
        f"{folder}/{file}": Node(0o444, content=f"{text}\n".encode(), changed=boot, size=4096)
        for file, text in texts.items()
    }
    return nodes | dict(_statistics(world, name, folder, boot))


def _statistics(world: World, name: str, folder: str, boot: int) -> Iterator[tuple[str, Node]]:
    fields = {
        "rx_bytes": "bytes_in",
        "rx_packets": "packets_in",
        "tx_bytes": "bytes_out",
        "tx_packets": "packets_out",
    }

    def counter(field: str) -> Callable[[World], str]:
        return lambda world: f"{getattr(traffic(world.machine, name), field)}\n"

    for file, field in fields.items():
        yield f"{folder}/statistics/{file}", _live(world, counter(field), boot)
    for file in ("rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "collisions", "multicast"):
        yield f"{folder}/statistics/{file}", Node(0o444, content=b"0\n", changed=boot, size=4096)
