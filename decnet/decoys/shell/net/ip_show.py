# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What `ip` prints (iproute2 5.10 to 6.1, and BusyBox's)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...host.network import NetworkFacts, Route, traffic
from ...host.world import World
from .kernel_tables import Added

SCOPES = {0x00: "global", 0x10: "host", 0x20: "link"}
FOREVER = 4294967295


@dataclass(frozen=True)
class Link:
    """One interface as `ip link` shows it."""

    index: int
    name: str
    flags: str
    mtu: int
    qdisc: str
    state: str
    kind: str
    mac: str
    broadcast: str


@dataclass(frozen=True)
class View:
    """The options of one call: family "" (both), "inet" or "inet6"; `statistics` is how often -s was given."""

    family: str = ""
    one_line: bool = False
    brief: bool = False
    statistics: int = 0
    details: bool = False
    busybox: bool = False


def links(world: World) -> list[Link]:
    """All interfaces, by index."""
    qdisc = (
        "mq"
        if world.interface() in ("ens192", "eno1")
        else "fq_codel"
        if world.system.id == "openwrt"
        else "pfifo_fast"
    )
    return [
        Link(1, "lo", "LOOPBACK,UP,LOWER_UP", 65536, "noqueue", "UNKNOWN", "loopback", "00:00:00:00:00:00", "00:00:00:00:00:00"),
        Link(2, world.interface(), "BROADCAST,MULTICAST,UP,LOWER_UP", 1500, qdisc, "UP", "ether", world.mac, "ff:ff:ff:ff:ff:ff"),
    ]  # fmt: skip


def addresses(
    facts: NetworkFacts, link: Link, family: str, added: Sequence[Added] = ()
) -> list[dict[str, Any]]:
    """An interface's addresses, with the keys of `ip -j`. `added`: those that a visitor has given to it."""
    found: list[dict[str, Any]] = []
    if family != "inet6":
        four: dict[str, Any] = {
            "family": "inet",
            "local": "127.0.0.1",
            "prefixlen": 8,
            "scope": "host",
            "label": "lo",
        }
        if link.index != 1:
            four = {"family": "inet", "local": facts.address, "prefixlen": facts.prefix, "broadcast": facts.broadcast,
                    "scope": "global", "label": link.name}  # fmt: skip
        found.append(four)
        found += [
            {
                "family": "inet", "local": each.address, "prefixlen": each.prefix,
                "scope": "global secondary" if facts.is_near(each.address) and link.index != 1 else "global",
                "label": each.label or link.name,
            }
            for each in added
        ]  # fmt: skip
    if family != "inet":
        six = [("::1", 128, 0x10)] if link.index == 1 and facts.loopback6 else []
        six = six if link.index == 1 else list(facts.inet6)
        found += [
            {"family": "inet6", "local": address, "prefixlen": prefix, "scope": SCOPES.get(scope, "global")}
            for address, prefix, scope in six
        ]
    return [each | {"valid_life_time": FOREVER, "preferred_life_time": FOREVER} for each in found]


def head(link: Link, view: View, *, mode: bool) -> str:
    """The first line of an interface."""
    if view.family == "inet6" and not mode:
        return f"{link.index}: {link.name}: <{link.flags}> mtu {link.mtu} state {link.state} qlen 1000"
    group = "" if view.busybox else f" {'mode DEFAULT ' if mode else ''}group default"
    state = "" if view.busybox else f" state {link.state}"
    return (
        f"{link.index}: {link.name}: <{link.flags}> mtu {link.mtu} qdisc {link.qdisc}{state}{group} qlen 1000"
    )


def hardware(world: World, link: Link, view: View) -> str:
    """The lines about its hardware."""
    text = f"    link/{link.kind} {link.mac} brd {link.broadcast}"
    if view.details and not view.busybox:
        ends = "0  allmulti 0 minmtu 0 maxmtu 0" if link.index == 1 else "0  allmulti 0 minmtu 60 maxmtu 9190"
        text += f" promiscuity {ends} addrgenmode eui64 numtxqueues {1 if link.index == 1 else world.processors} numrxqueues {1 if link.index == 1 else world.processors} gso_max_size 65536 gso_max_segs 65535 tso_max_size {524280 if link.index == 1 else 65536} tso_max_segs 65535 gro_max_size 65536 "
    return text


def alternative(world: World, link: Link) -> str:
    """The second name that udev gives a card since Linux 5.5; "" for none."""
    system = world.system
    kernel = tuple(int(part) for part in system.kernel.split(".")[:2] if part.isdecimal())
    if link.index == 1 or system.busybox or kernel < (5, 5) or system.id not in ("debian", "ubuntu", "rocky"):
        return ""
    return "enp11s0" if link.name == "ens192" else "enp3s0"


def counters(world: World, link: Link, view: View) -> str:
    """The lines of -s."""
    count = traffic(world, link.name)
    new = not view.busybox and (world.system.version, world.system.id) not in (
        ("11", "debian"),
        ("20.04", "ubuntu"),
    )
    received = (str(count.bytes_in), str(count.packets_in))
    sent = (str(count.bytes_out), str(count.packets_out))
    if not new:
        return (
            "    RX: bytes  packets  errors  dropped overrun mcast   \n"
            f"    {received[0]:<10} {received[1]:<8} 0       0       0       0       \n"
            "    TX: bytes  packets  errors  dropped carrier collsns \n"
            f"    {sent[0]:<10} {sent[1]:<8} 0       0       0       0       \n"
        )
    wide = [max(len(received[0]), len(sent[0]), 6), max(len(received[1]), len(sent[1]), 7)]

    def pair(title: str, values: tuple[str, str], last: str) -> str:
        return (
            f"    {title}:{'bytes':>{wide[0] + 1}} {'packets':>{wide[1]}} errors dropped {last} \n"
            f"    {values[0]:>{wide[0] + 4}} {values[1]:>{wide[1]}}      0       0       0       0 \n"
        )

    lines = [pair("RX", received, " missed   mcast          "), pair("TX", sent, "carrier collsns          ")]
    if view.statistics > 1:
        lines[0] += (
            "    RX errors:  length    crc   frame    fifo overrun\n                     0      0       0       0       0 \n"
        )
        lines[1] += (
            "    TX errors: aborted   fifo  window heartbt transns\n                     0      0       0       0       2 \n"
        )
    return "".join(lines)


def inet(entry: dict[str, Any], link: Link, world: World, view: View) -> str:
    """The lines of one address."""
    label = f" {entry['label']}" if "label" in entry else " "
    if view.busybox and entry["family"] == "inet6":
        label = " "
    noprefix = " noprefixroute" if world.system.id == "rocky" and link.index == 2 else ""
    broadcast = f" brd {entry['broadcast']}" if "broadcast" in entry else ""
    text = f"{entry['family']} {entry['local']}/{entry['prefixlen']}{broadcast} scope {entry['scope']}{noprefix}{label}"
    if view.one_line:
        return f"{link.index}: {link.name}    {text}\\       valid_lft forever preferred_lft forever\n"
    return f"    {text}\n       valid_lft forever preferred_lft forever\n"


def route_line(route: Route, device: str, *, shows_device: bool = True, busybox: bool = False) -> str:
    """One row of `ip route`."""
    if busybox:
        via = f" via {route.via}" if route.via else ""
        rest = f" scope {route.scope}  src {route.source}" if route.source else ""
        return f"{route.destination}{via} dev {device}{rest} \n"
    device = "" if not shows_device or route.kind else f" dev {route.device or device}"
    text = f"{route.kind} " * bool(route.kind) + route.destination
    text += (f" via {route.via}" if route.via else "") + device
    text += f" proto {route.protocol}" if route.protocol else ""
    text += f" scope {route.scope}" if route.scope else ""
    text += f" src {route.source}" if route.source else ""
    text += f" metric {route.metric}" if route.metric else ""
    return text + (" onlink" if route.onlink else "") + " \n"
