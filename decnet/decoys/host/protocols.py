# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""The counters of IP, ICMP, TCP and UDP since the start of the machine: one source for /proc/net/snmp, `netstat -s`, `nstat`
and SNMP. They follow the traffic of the cards, and never fall while the machine is up."""

from __future__ import annotations

from collections.abc import Iterable

from ..machine import Machine
from .network import traffic
from .sockets import SocketEntry

IP = [
    "Forwarding",
    "DefaultTTL",
    "InReceives",
    "InHdrErrors",
    "InAddrErrors",
    "ForwDatagrams",
    "InUnknownProtos",
    "InDiscards",
    "InDelivers",
    "OutRequests",
    "OutDiscards",
    "OutNoRoutes",
    "ReasmTimeout",
    "ReasmReqds",
    "ReasmOKs",
    "ReasmFails",
    "FragOKs",
    "FragFails",
    "FragCreates",
]
ICMP_KINDS = [
    "DestUnreachs",
    "TimeExcds",
    "ParmProbs",
    "SrcQuenchs",
    "Redirects",
    "Echos",
    "EchoReps",
    "Timestamps",
    "TimestampReps",
    "AddrMasks",
    "AddrMaskReps",
]
ICMP = [
    "InMsgs", "InErrors", "InCsumErrors", *(f"In{kind}" for kind in ICMP_KINDS),
    "OutMsgs", "OutErrors", *(f"Out{kind}" for kind in ICMP_KINDS),
]  # fmt: skip
TCP = [
    "RtoAlgorithm",
    "RtoMin",
    "RtoMax",
    "MaxConn",
    "ActiveOpens",
    "PassiveOpens",
    "AttemptFails",
    "EstabResets",
    "CurrEstab",
    "InSegs",
    "OutSegs",
    "RetransSegs",
    "InErrs",
    "OutRsts",
    "InCsumErrors",
]
UDP = [
    "InDatagrams",
    "NoPorts",
    "InErrors",
    "OutDatagrams",
    "RcvbufErrors",
    "SndbufErrors",
    "InCsumErrors",
    "IgnoredMulti",
]
OPEN = ("ESTABLISHED", "CLOSE_WAIT")
"""States that the kernel counts as established (tcp_set_state)."""


def counters(machine: Machine, sockets: Iterable[SocketEntry]) -> dict[str, int]:
    """The counters by their names in the kernel ("IpInReceives"); those that are missing are 0."""
    loop, card = traffic(machine, "lo"), traffic(machine, machine.interface())
    came, left = loop.packets_in + card.packets_in, loop.packets_out + card.packets_out
    pings = card.packets_in // 4000
    unreached = card.packets_in // 5000
    return {
        "IpForwarding": 2, "IpDefaultTTL": 64, "IpInReceives": came, "IpInDelivers": came - card.packets_in // 900,
        "IpOutRequests": left, "IpOutNoRoutes": 20,
        "IcmpInMsgs": pings, "IcmpInEchos": pings, "IcmpOutMsgs": pings + unreached, "IcmpOutDestUnreachs": unreached,
        "IcmpOutEchoReps": pings,
        "TcpRtoAlgorithm": 1, "TcpRtoMin": 200, "TcpRtoMax": 120_000, "TcpMaxConn": -1,
        "TcpActiveOpens": left // 900, "TcpPassiveOpens": came // 70, "TcpAttemptFails": came // 5000,
        "TcpEstabResets": came // 400, "TcpCurrEstab": sum(each.state in OPEN for each in sockets),
        "TcpInSegs": came - came // 12, "TcpOutSegs": left - left // 12, "TcpRetransSegs": left // 600,
        "TcpInErrs": came // 90_000, "TcpOutRsts": came // 800,
        "UdpInDatagrams": came // 14, "UdpNoPorts": unreached, "UdpOutDatagrams": left // 13,
    }  # fmt: skip


def snmp(found: dict[str, int]) -> str:
    """/proc/net/snmp: two lines for each protocol."""
    kinds = {"InType8": "IcmpInEchos", "OutType0": "IcmpOutEchoReps", "OutType3": "IcmpOutDestUnreachs"}
    seen = [name for name, counter in kinds.items() if found.get(counter)]
    groups = (("Ip", IP), ("Icmp", ICMP), ("IcmpMsg", seen), ("Tcp", TCP), ("Udp", UDP), ("UdpLite", UDP))
    values = found | {f"IcmpMsg{name}": found.get(counter, 0) for name, counter in kinds.items()}
    return "".join(
        f"{group}: {' '.join(names)}\n{group}: {' '.join(str(values.get(group + name, 0)) for name in names)}\n"
        for group, names in groups
        if names
    )
