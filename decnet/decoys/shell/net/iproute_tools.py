# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""nstat, lnstat, bridge, devlink and other programs of iproute2; ipmaddr, iptunnel, mii-tool and others of net-tools."""

from __future__ import annotations

import ipaddress

from ...host.protocols import ICMP, IP, TCP, UDP, counters
from ..process import Command, Process, Running
from ..text.common import Failure, parse
from ..text.packaged import packaged
from .ip_show import links

SETTINGS = (
    "Forwarding",
    "DefaultTTL",
    "ReasmTimeout",
    "RtoAlgorithm",
    "RtoMin",
    "RtoMax",
    "MaxConn",
    "CurrEstab",
)
"""Of the kernel's list, what nstat does not take for counters."""
NAMES = [
    group + name
    for group, names in (("Ip", IP), ("Icmp", ICMP), ("Tcp", TCP), ("Udp", UDP))
    for name in names
    if name not in SETTINGS
]
NO_DEVICE = 'Cannot find device "{0}"\n'


def _counters(process: Process) -> list[tuple[str, int]]:
    """The counters of IP, ICMP, TCP and UDP, as nstat names them: without the settings among them."""
    world = process.shell.world
    found = counters(world, world.sockets())
    return [(name, found.get(name, 0)) for name in NAMES]


@packaged(bare=True)
def nstat(process: Process) -> Running:
    """The counters of the network since the last call: since the boot."""
    options = parse(
        process,
        "arszd:t:nhjpV",
        "ignore=a reset=r noupdate=s zeros=z scan:=d interval:=t nooutput=n json=j pretty=p help=h version=V",
    )
    yield 0.0
    if "n" in options:
        return 0
    process.out("#kernel\n")
    for name, value in _counters(process):
        wanted = not options.operands or any(
            name.lower().startswith(each.rstrip("*").lower()) for each in options.operands
        )
        if wanted and (value or "z" in options):
            process.out(f"{name:<32}{value:<16}   0.0\n")
    return 0


@packaged(bare=True, refuses=False)
def lnstat(process: Process) -> Running:
    """Counters of the kernel in /proc/net/stat."""
    name = process.name.rpartition("/")[2]
    try:
        options = parse(
            process,
            "Vc:djf:hi:k:s:w:",
            "version=V count:=c dump=d json=j file:=f help=h interval:=i keys:=k subject:=s width:=w",
        )
    except Failure as failure:
        process.err(f"{name}: {failure.message}\n")
        status, data = yield from process.output_of([name, "-h"])
        process.err(data)
        return 1
    file = {"rtstat": "rt_cache", "ctstat": "nf_conntrack"}.get(name, "")
    yield 0.0
    if "d" in options or file == "nf_conntrack":
        return 0
    process.out("|".join(["rt_cache"] * 17) + "|\n" if file else "")
    return 0


@packaged(refuses=False)
def bridge(process: Process) -> Running:
    """Bridges: there are none."""
    words = [word for word in process.args if not word.startswith("-")]
    found = links(process.shell.world)
    yield 0.0
    verb = words[0] if words else ""
    named = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    known = ("link", "fdb", "mdb", "vlan", "monitor", "mst", "vni")
    full = next((each for each in known if verb and each.startswith(verb)), "")
    if not full:
        process.err(f'Object "{verb}" is unknown, try "bridge help".\n')
        return 255
    if named and named not in [each.name for each in found]:
        process.err(NO_DEVICE.format(named))
        return 255
    if full == "vlan":
        process.out("port              vlan-id  \n")
    elif full == "fdb":
        card = found[1]
        tail = "".join(card.mac.split(":")[3:])
        for mac in ("33:33:00:00:00:01", "01:00:5e:00:00:01", f"33:33:ff:{tail[:2]}:{tail[2:4]}:{tail[4:]}"):
            process.out(f"{mac} dev {card.name} self permanent\n")
    return 0


EMPTY = {
    "devlink": ("Failed to connect to devlink Netlink\n", 1), "rdma": ("Failed to open NETLINK_RDMA socket\n", 1), "tipc": ("Unable to get TIPC nl family id (module loaded?)\n", 255), "vdpa": ("Failed to connect to vdpa Netlink\n", 1),
}  # fmt: skip
"""Programs of subsystems that no server has: what they print of everything."""


@packaged()
def of_subsystem(process: Process) -> Running:
    """Devices of a kind that the machine has not."""
    text, status = EMPTY[process.name.rpartition("/")[2]]
    yield 0.0
    process.err(text)
    return status


@packaged()
def dcb(process: Process) -> Running:
    """Data center bridging."""
    words = [word for word in process.args if not word.startswith("-")]
    known = ("app", "buffer", "dcbx", "ets", "maxrate", "pfc")
    yield 0.0
    if not words or words[0] not in known:
        process.err(f'Object "{(words or [""])[0]}" is unknown\n')
        return 1
    process.err("DCB attribute not found\n")
    return 1


@packaged()
def genl(process: Process) -> Running:
    """The families of generic netlink."""
    words = process.args
    yield 0.0
    if words[:2] not in (["ctrl", "list"], ["ctrl", "ls"]):
        process.err(
            f'Object "{words[0]}" is unknown, try "genl help".\n'
            if words[0] != "ctrl"
            else 'Command "" is unknown, try "ctrl help".\n'
        )
        return 255
    for at, name in enumerate(
        (
            "nlctrl",
            "VFS_DQUOT",
            "acpi_event",
            "tcp_metrics",
            "ethtool",
            "mptcp_pm",
            "NLBL_MGMT",
            "NLBL_CIPSOv4",
            "NLBL_UNLBL",
            "ioam6",
        )
    ):
        process.out(
            f"\nName: {name}\n\tID: 0x{16 + at:x}  Version: 0x{2 if at == 0 else 1:x}  header size: 0  max attribs: 10 \n"
        )
    return 0


@packaged()
def arpd(process: Process) -> Running:
    """The database of ARP, which no one keeps."""
    yield 0.0
    process.err("db_open: No such file or directory\n")
    return 255


@packaged(bare=True)
def rtmon(process: Process) -> Running:
    """Record changes of routes."""
    yield 0.0
    if "file" not in process.args:
        process.err('Not enough information: argument "file" is required\n')
        return 255
    yield 3600.0
    return 0


@packaged(bare=True)
def rtacct(process: Process) -> Running:
    """Traffic by realms, which no route has."""
    yield 0.0
    process.out(
        "#kernel\nRealm      BytesTo    PktsTo     BytesFrom  PktsFrom   \n           BPSTo      PPSTo      BPSFrom    PPSFrom    \n"
    )
    return 0


@packaged()
def ipmaddr(process: Process) -> Running:
    """The groups of the network cards."""
    words = process.args
    named = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    found = [each for each in links(process.shell.world) if named in ("", each.name)]
    yield 0.0
    if named and not found:
        process.err(NO_DEVICE.format(named))
        return 1
    for link in found:
        own = [each for each, _, _ in process.shell.world.network.inet6] if link.index > 1 else []
        tails = [
            ipaddress.IPv6Address(each.partition("/")[0]).packed[-3:].hex() for each in own if ":" in each
        ]
        tail = "".join(link.mac.split(":")[3:])
        process.out(f"{link.index}:\t{link.name}\n")
        if link.index > 1:
            process.out(
                f"\tlink  33:33:00:00:00:01\n\tlink  01:00:5e:00:00:01\n\tlink  33:33:ff:{tail[:2]}:{tail[2:4]}:{tail[4:]}\n"
            )
        process.out("\tinet  224.0.0.1\n")
        for each in dict.fromkeys(tails):
            process.out(f"\tinet6 ff02::1:ff{each[:2]}:{each[2:].lstrip('0') or '0'}\n")
        process.out("\tinet6 ff02::1\n\tinet6 ff01::1\n")
    return 0


@packaged(bare=True)
def iptunnel(process: Process) -> Running:
    """Tunnels: there are none."""
    yield 0.0
    if process.args[:1] in (["add"], ["del"], ["change"]):
        process.err(
            'add tunnel "NULL" failed: No such device\n'
            if process.args[0] == "add"
            else "cannot determine tunnel mode (ipip, gre or sit)\n"
        )
        return 1
    return 0


@packaged()
def mii_tool(process: Process) -> Running:
    """The state of a card's transceiver: a virtual one has none."""
    status = 0
    yield 0.0
    for name in (word for word in process.args if not word.startswith("-")):
        known = name in [each.name for each in links(process.shell.world)]
        reason = (
            "No such device"
            if not known
            else "Operation not permitted"
            if process.shell.user != "root"
            else "Operation not supported"
        )
        process.err(f"SIOCGMIIPHY on '{name}' failed: {reason}\n")
        status = 1
    return status


@packaged(bare=True)
def nameif(process: Process) -> Running:
    """Names of cards by their addresses."""
    yield 0.0
    process.err("opening configuration file /etc/mactab: No such file or directory\n")
    return 1


@packaged()
def rarp(process: Process) -> Running:
    """The kernel has no reverse ARP."""
    yield 0.0
    process.err("This kernel does not support RARP.\n")
    return 1


COMMANDS: dict[str, Command] = {
    "nstat": nstat, "lnstat": lnstat, "rtstat": lnstat, "ctstat": lnstat, "bridge": bridge, **dict.fromkeys(EMPTY, of_subsystem), "dcb": dcb, "genl": genl, "arpd": arpd, "rtmon": rtmon,
    "rtacct": rtacct, "ipmaddr": ipmaddr, "iptunnel": iptunnel, "mii-tool": mii_tool, "nameif": nameif, "rarp": rarp,
}  # fmt: skip
