# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`netstat` of net-tools 2.10, and BusyBox's."""

from __future__ import annotations

import time

from ...host.network import traffic
from ...host.protocols import counters
from ...host.sockets import MAPPED, SocketEntry
from ..process import Process
from ..text.common import Failure, Options, parse
from .common import port_names, sockets, unix_sockets
from .ifconfig import interface_row, route_table
from .usage import NETSTAT_USAGE

LONG = """route=r interfaces=i groups=g statistics=s masquerade=M verbose=v wide=W numeric=n numeric-hosts=n numeric-ports=n
numeric-users=n symbolic=N extend=e programs=p program=p timers=o continuous=c listening=l all=a fib=F cache=C context=Z tcp=t
udp=u udplite=U sctp=S raw=w unix=x inet=4 inet6=6 help=h version=V"""


def netstat(process: Process) -> int:
    """`netstat`."""
    busybox = process.applet
    try:
        options = parse(process, "rtuwxalnep" if busybox else "rigsMvWnNepoclaFCZtuUSwx46hVA:I:", LONG)
    except Failure as failure:
        from .busybox import usage

        process.err(f"netstat: {failure.message}\n" + (usage(process) if busybox else NETSTAT_USAGE))
        return 1 if busybox else 3
    if "h" in options:
        process.err(NETSTAT_USAGE)
        return 4
    if "V" in options:
        process.out("net-tools 2.10\n")
        return 5
    if "r" in options:
        process.out(route_table(process, numeric="n" in options, extended=1))
        return 0
    if "i" in options:
        return _interfaces(process)
    if "s" in options:
        return _statistics(process)
    if "g" in options:
        return _groups(process)
    return _connections(process, options, busybox=busybox)


STATISTICS = """Ip:
    Forwarding: 2
    {IpInReceives} total packets received
    0 forwarded
    0 incoming packets discarded
    {IpInDelivers} incoming packets delivered
    {IpOutRequests} requests sent out
    {IpOutNoRoutes} dropped because of missing route
    OutTransmits: {IpOutRequests}
Icmp:
    {IcmpInMsgs} ICMP messages received
    0 input ICMP message failed
    ICMP input histogram:
        echo requests: {IcmpInEchos}
    {IcmpOutMsgs} ICMP messages sent
    0 ICMP messages failed
    ICMP output histogram:
        destination unreachable: {IcmpOutDestUnreachs}
        echo replies: {IcmpOutEchoReps}
IcmpMsg:
        InType8: {IcmpInEchos}
        OutType0: {IcmpOutEchoReps}
        OutType3: {IcmpOutDestUnreachs}
Tcp:
    {TcpActiveOpens} active connection openings
    {TcpPassiveOpens} passive connection openings
    {TcpAttemptFails} failed connection attempts
    {TcpEstabResets} connection resets received
    {TcpCurrEstab} connections established
    {TcpInSegs} segments received
    {TcpOutSegs} segments sent out
    {TcpRetransSegs} segments retransmitted
    {TcpInErrs} bad segments received
    {TcpOutRsts} resets sent
Udp:
    {UdpInDatagrams} packets received
    {UdpNoPorts} packets to unknown port received
    0 packet receive errors
    {UdpOutDatagrams} packets sent
    0 receive buffer errors
    0 send buffer errors
UdpLite:
IpExt:
"""


SHORT_NAMES = ("20.04", "22.04")
"""Versions of systems whose net-tools have less room for the head of a name."""


def _interfaces(process: Process) -> int:
    room = " " * (0 if process.shell.world.system.version in SHORT_NAMES else 7)
    process.out(
        f"Kernel Interface table\nIface      {room}MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
    )
    for name in (process.shell.world.interface(), "lo"):
        process.out(interface_row(name, traffic(process.shell.world, name)))
    return 0


def _groups(process: Process) -> int:
    process.out(
        "IPv6/IPv4 Group Memberships\nInterface       RefCnt Group\n--------------- ------ ---------------------\n"
    )
    for name in ("lo", process.shell.world.interface()):
        process.out(f"{name:<15} 1      224.0.0.1\n")
    return 0


def _connections(process: Process, options: Options, *, busybox: bool) -> int:
    kinds = {letter for letter, _ in options.given if letter in "tuUSwx"}
    listens, everything = "l" in options, "a" in options
    which = "servers and established" if everything else "only servers" if listens else "w/o servers"
    names = {} if "n" in options else port_names(process)
    if not kinds or kinds & set("tuUSw"):
        process.out(f"Active Internet connections ({which})\n{_head(options, busybox=busybox)}\n")
        for each in sockets(process):
            if kinds and each.protocol[0] not in kinds:
                continue
            waits = each.state in ("LISTEN", "")
            if everything or waits == listens:
                process.out(_row(process, each, options, names, busybox=busybox))
    if not kinds or "x" in kinds:
        _unix(process, options, which, busybox=busybox)
    return 0


def _head(options: Options, *, busybox: bool) -> str:
    text = "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
    if "e" in options and not busybox:
        text += "User       Inode      "
    if "p" in options:
        text += "PID/Program name" + ("" if busybox else "    ")
    if "o" in options:
        text += " Timer" if "p" in options else "Timer"
    return text if busybox or "p" in options or "e" in options or "o" in options else text[:-1]


def _row(
    process: Process, each: SocketEntry, options: Options, names: dict[tuple[int, str], str], *, busybox: bool
) -> str:
    kind = each.protocol.rstrip("6")
    width = 23

    def end(address: str, number: int) -> str:
        port = "*" if number == 0 else names.get((number, kind), str(number))
        address = address.removeprefix(MAPPED)
        host = (
            address
            if len(address) + len(port) + 1 <= width or "W" in options
            else address[: width - 1 - len(port)]
        )
        return f"{host}:{port}"

    text = f"{each.protocol:<4}  {0:>6} {0:>6} {end(each.address, each.port):<{width}} {end(each.peer, each.peer_port):<{width}} {each.state:<11}"
    if busybox or any(letter in options for letter in "epo"):
        text += " "
    if "e" in options and not busybox:
        user = str(each.uid) if "n" in options else "root"
        text += f"{user:<10} {each.inode:<10} "
    if "p" in options:
        owner = _owner(process, each.pid, each.program, busybox=busybox)
        text += f"{owner:<19} " if not busybox else owner
    if "o" in options:
        timer = (
            "keepalive (6789.12/0/0)" if each.state == "ESTABLISHED" and kind == "tcp" else "off (0.00/0/0)"
        )
        text += timer
    return text + "\n"


def _owner(process: Process, pid: int, name: str, *, busybox: bool) -> str:
    """The last column: net-tools cuts the first argument after 19 characters, BusyBox shows the comm."""
    if not pid or process.shell.user != "root":
        return "-"
    entry = None if busybox else next((p for p in process.shell.processes(time.time()) if p.pid == pid), None)
    if entry is None:
        return f"{pid}/{name}"
    first = entry.command.partition(" ")[0]
    if first.endswith(":"):
        first = entry.command  # A title that the process has given itself is one argument.
    elif first.startswith("/"):
        first = first.rpartition("/")[2]
    return f"{pid}/{first}"[:19]


def _unix(process: Process, options: Options, which: str, *, busybox: bool) -> None:
    programs = "PID/Program name     " if "p" in options else ""
    space = " " if busybox else "   "
    process.out(
        f"Active UNIX domain sockets ({which})\nProto RefCnt Flags       Type       State         I-Node{space}{programs}Path\n"
    )
    for each in unix_sockets(process):
        if "a" not in options and each.listens != ("l" in options):
            continue
        flags, state = ("[ ACC ]", "LISTENING") if each.listens else ("[ ]", "CONNECTED" if each.peer else "")
        count = 2 if not each.peer else 3
        pid, name = min(((one.pid, one.name) for one in each.holders), default=(0, ""))
        owner = f"{_owner(process, pid, name, busybox=busybox):<20} " if programs else ""
        kind = {"stream": "STREAM", "dgram": "DGRAM", "seqpacket": "SEQPACKET"}[each.kind]
        process.out(
            f"unix  {count:<6} {flags:<11} {kind:<10} {state:<13} {each.inode:<8} {owner}{each.path}\n"
        )


def _statistics(process: Process) -> int:
    world = process.shell.world
    found = counters(world, sockets(process))
    loop, card = traffic(world, "lo"), traffic(world, world.interface())
    lines = STATISTICS.format_map(found)
    octets = (
        f"    InOctets: {loop.bytes_in + card.bytes_in}\n    OutOctets: {loop.bytes_out + card.bytes_out}\n"
    )
    process.out(f"{lines}{octets}    InNoECTPkts: {found['IpInReceives']}\n")
    return 0


COMMANDS = {"netstat": netstat}
