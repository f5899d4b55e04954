# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""Tables of /proc/net beyond those of sockets, routes and neighbours (Linux 5.10 to 6.8)."""

from __future__ import annotations

from collections.abc import Callable

from ..machine import Machine
from .network import traffic

RAW_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"
RAW_6_HEAD = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"
PROTOCOLS = (
    ("MPTCPv6", 2000, 0, 0, "no", 0, "yes", "kernel"), ("PACKET", 1472, 0, -1, "NI", 0, "no", "kernel"), ("MPTCP", 1824, 0, 0, "no", 0, "yes", "kernel"),
    ("PINGv6", 1208, 0, -1, "NI", 0, "yes", "kernel"), ("RAWv6", 1208, 0, -1, "NI", 0, "yes", "kernel"), ("UDPLITEv6", 1344, 0, 0, "NI", 0, "yes", "kernel"),
    ("UDPv6", 1344, 0, 0, "NI", 0, "yes", "kernel"), ("TCPv6", 2432, 1, 2, "no", 320, "yes", "kernel"), ("XDP", 1024, 0, -1, "NI", 0, "no", "kernel"),
    ("UNIX-STREAM", 1088, 68, -1, "NI", 0, "yes", "kernel"), ("UNIX", 1088, 21, -1, "NI", 0, "yes", "kernel"), ("PING", 1000, 0, -1, "NI", 0, "yes", "kernel"),
    ("RAW", 1008, 0, -1, "NI", 0, "yes", "kernel"), ("UDP-Lite", 1152, 0, 0, "NI", 0, "yes", "kernel"), ("UDP", 1152, 1, 0, "NI", 0, "yes", "kernel"),
    ("TCP", 2240, 2, 2, "no", 320, "yes", "kernel"), ("NETLINK", 1128, 14, -1, "NI", 0, "no", "kernel"),
)  # fmt: skip
"""Name, size of a socket, sockets, pages, pressure, header, slab, module."""
CALLS = {
    "PACKET": "n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n", "NETLINK": "n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n",
    "XDP": "n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n", "TCP": "y  y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  y  y",
    "TCPv6": "y  y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  y  y", "UNIX": "y  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n",
    "UNIX-STREAM": "y  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n",
}  # fmt: skip
USUAL_CALLS = "y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  y  n"
EMPTY = {
    "raw": RAW_HEAD, "raw6": RAW_6_HEAD, "icmp": RAW_HEAD.replace("  sl", "   sl", 1), "icmp6": RAW_6_HEAD, "udplite": RAW_HEAD.replace("  sl", "   sl", 1),
    "udplite6": RAW_6_HEAD, "mcfilter": "Idx Device        MCA        SRC    INC    EXC", "ip6_flowlabel": "Label S Owner  Users  Linger Expires  Dst                              Opt",
    "packet": "sk               RefCnt Type Proto  Iface R Rmem   User   Inode",
    "rt_cache": "Iface\tDestination\tGateway \tFlags\t\tRefCnt\tUse\tMetric\tSource\t\tMTU\tWindow\tIRTT\tTOS\tHHRef\tHHUptod\tSpecDst",
    "connector": "Name            ID", "wireless": "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22",
}  # fmt: skip
"""Tables that have only their head."""


def tables(machine: Machine) -> dict[str, Callable[[], str]]:
    """By name below /proc/net, what makes the text."""
    card = machine.interface()
    found: dict[str, Callable[[], str]] = {name: f"{text}\n".__str__ for name, text in EMPTY.items()}
    return found | {
        "protocols": _protocols, "psched": lambda: "000003e8 00000040 000f4240 3b9aca00\n", "igmp": lambda: _igmp(card), "dev_mcast": lambda: f"2    {card:<16} 1     0     01005e000001\n2    {card:<16} 1     0     333300000001\n",
        "ptype": lambda: "Type Device      Function\n0800          ip_rcv\n0806          arp_rcv\n86dd          ipv6_rcv\n",
        "softnet_stat": lambda: _softnet(machine), "igmp6": lambda: f"1    lo              ff020000000000000000000000000001     1 0000000C 0\n2    {card:<15} ff020000000000000000000000000001     1 0000000C 0\n",
        "xfrm_stat": lambda: "", "fib_triestat": lambda: FIB_STATISTICS,
    }  # fmt: skip


FIB_STATISTICS = """Basic info: size of leaf: 48 bytes, size of tnode: 40 bytes.
Main:
\tAver depth:     1.66
\tMax depth:      2
\tLeaves:         3
\tPrefixes:       3
\tInternal nodes: 2
\t  1: 2
\tPointers: 4
Null ptrs: 0
Total size: 1  kB
"""


def _protocols() -> str:
    lines = [
        "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em"
    ]
    for name, size, sockets, pages, press, header, slab, module in PROTOCOLS:
        calls = CALLS.get(name, USUAL_CALLS)
        lines.append(
            f"{name:<9} {size:4}   {sockets:4}  {pages:6}   {press:<3}  {header:5}   {slab:<3}  {module:<10}  {calls} ".rstrip()
        )
    return "\n".join(lines) + "\n"


def _igmp(card: str) -> str:
    entry = "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
    return (
        "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
        f"1\tlo        :     1      V3\n{entry}2\t{card:<10}:     1      V3\n{entry}"
    )


def _softnet(machine: Machine) -> str:
    packets = traffic(machine, machine.interface()).packets_in // max(1, machine.processors)
    return "".join(
        f"{packets:08x} "
        + "00000000 " * 11
        + f"{number:08x}"
        + (" 00000000 00000000" if number >= 0 else "")
        + "\n"
        for number in range(machine.processors)
    )
