"""The tables in a decky's network namespace in which the kernel records probes, and how their text is read.

A probe is a packet to the decky's own address that no service answers: a TCP packet to a closed port or with
odd flags, a handshake that was broken off, a datagram to a closed port, an ICMP or ARP request. Bounded sets
hold who sent it and to which ports. Sources are admitted at a limited rate, and at once if they were seen
shortly before: a burst of forged addresses cannot fill the sets before a real scanner is in them.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Set, Tuple

    Key = Tuple[str, str]
    """Source address and probe."""

SOURCES = 1024
PORTS = 4096
TIMEOUT = 365 * 86400.0
"""Seconds. The kernel counts down from it: it is how sets note a time."""

PROBES = ("syn", "null", "xmas", "fin", "ack", "udp", "ping")
"""By mark, from 1."""
ARP = "arp"
TRANSPORTS = {**dict.fromkeys(PROBES, "tcp"), "udp": "udp", "ping": "", ARP: ""}

_FLAGS = "tcp flags & (fin | syn | rst | psh | ack | urg) =="
_BROKEN_OFF = (
    "tcp flags & (syn | rst) == rst ct direction original ct state established ct status & assured == 0"
)
_MATCHES = (
    (_FLAGS + " 0x0", "null"),
    (_FLAGS + " (fin | psh | urg)", "xmas"),
    (_FLAGS + " fin", "fin"),
    ("icmp type { echo-request, timestamp-request, address-mask-request }", "ping"),
    # An open port that answers and gets a reset: the decoy never saw it.
    (_BROKEN_OFF, "syn"),
    ("meta l4proto { tcp, udp } socket transparent 0", ""),
    (_FLAGS + " syn", "syn"),
    (_FLAGS + " ack ct state { new, invalid }", "ack"),
    ("meta l4proto udp ct state new", "udp"),
)
"""In this order; what a listening socket gets ("") is the service's to report."""

_TABLE = re.compile(r"^table (inet|arp) scans_([0-9a-f]{12})_([0-9]{1,9}) \{\n(.*?)^\}", re.S | re.M)
_SET = re.compile(r"\tset (\w+) \{(.*?)\n\t\}", re.S)
_ELEMENTS = re.compile(r"elements = \{(.*?)\}", re.S)
_ELEMENT = re.compile(r"(\d+\.\d+\.\d+\.\d+)(?: \. 0x([0-9a-f]{8}))?(?: \. (\d+))?([^,]*)")
_MISSED = re.compile(r"counter missed \{\s*packets (\d+)")
_PACKETS = re.compile(r"packets (\d+)")
_EXPIRES = re.compile(r"expires (\S+)")
_PART = re.compile(r"(\d+)(ms|[dhms])")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def tables_text(name: str, addresses: List[str]) -> str:
    """The commands that make both tables for a decky with these addresses."""
    own = ", ".join(addresses)
    probes = []
    for match, probe in _MATCHES:
        verdict = "meta mark set %d goto touched" % (PROBES.index(probe) + 1) if probe else "goto called"
        probes.append("%s %s" % (match, verdict))
    return _lines(
        "table inet %s {" % name,
        _sets("ipv4_addr . mark"),
        "set ports { type ipv4_addr . mark . inet_service; flags dynamic; size %d; }" % PORTS,
        "set callers { type ipv4_addr; flags dynamic; size %d; }" % SOURCES,
        "chain input { type filter hook input priority -10; policy accept;",
        "ip daddr != { %s } accept" % own,
        "ip saddr { %s } accept" % own,
        *probes,
        "}",
        "chain called { add @callers { ip saddr }",
        "}",
        "chain touched {",
        *_admission("ip saddr . meta mark", "ip saddr"),
        "}",
        *_known("ip saddr . meta mark", "meta l4proto icmp accept",
                "add @ports { ip saddr . meta mark . th dport } accept", "counter name missed"),
        "}",
        "table arp %s {" % name,
        _sets("ipv4_addr"),
        "chain input { type filter hook input priority -10; policy accept;",
        "arp operation != request accept",
        # A host that refreshes what it knows asks only the decky.
        "meta pkttype != broadcast accept",
        "arp daddr ip != { %s } accept" % own,
        # Hosts that check an address before they use it have none yet.
        "arp saddr ip { 0.0.0.0, %s } accept" % own,
        *_admission("arp saddr ip", "arp saddr ip"),
        "}",
        *_known("arp saddr ip"),
        "}",
    )  # fmt: skip


def frozen_text(name: str) -> str:
    """The commands after which both tables record nothing more."""
    return _lines("delete chain inet %s input" % name, "delete chain arp %s input" % name)


def removal_text(name: str) -> str:
    """The commands that delete both tables, whether they exist or not."""
    both = ("inet", ARP)
    return _lines(*("add table %s %s\ndelete table %s %s" % (each, name, each, name) for each in both))


LISTING = "list ruleset"
"""One command: nft 1.0.6 finds no table of one family in a run that lists one of another too."""


def tables_in(listing: str) -> Dict[Tuple[str, int], Touches]:
    """Our tables in the output of LISTING, by their run and number."""
    found: Dict[Tuple[str, int], Touches] = {}
    for family, run, number, body in _TABLE.findall(listing):
        found.setdefault((run, int(number)), Touches()).read(family, body)
    return found


class Touches:
    """What both tables of a name hold. `first` and `last` are seconds since the first and last packet, by
    source and probe; `missed` counts packets whose source or port found no room."""

    def __init__(self) -> None:
        self.is_recording = False
        self.counts: Dict[Key, int] = {}
        self.first: Dict[Key, float] = {}
        self.last: Dict[Key, float] = {}
        self.ports: Dict[Key, Set[int]] = {}
        self.callers: Set[str] = set()
        self.missed = 0

    def read(self, family: str, body: str) -> None:
        """Add what one of the tables holds."""
        self.is_recording = self.is_recording or (family == "inet" and "chain input {" in body)
        self.missed += sum(map(int, _MISSED.findall(body)))
        for name, text in _SET.findall(body):
            self._read_set(name, text)

    def _read_set(self, name: str, text: str) -> None:
        for address, probe, port, rest in _elements(text):
            key = address, probe
            if name == "sources":
                self.counts[key] = int((_PACKETS.findall(rest) or [0])[0])
                self.first[key] = _age(rest)
            elif name == "latest":
                self.last[key] = _age(rest)
            elif name == "ports":
                self.ports.setdefault(key, set()).add(int(port))
            elif name == "callers":
                self.callers.add(address)


def _sets(key: str) -> str:
    timed = "type %s; flags dynamic,timeout; size %d; timeout %ds;" % (key, SOURCES, TIMEOUT)
    again = "type ipv4_addr; flags dynamic,timeout; size %d; timeout 4s;" % (2 * SOURCES)
    return "set sources { %s }\nset latest { %s }\nset again { %s }\ncounter missed { }" % (
        timed,
        timed,
        again,
    )


def _admission(key: str, source: str) -> List[str]:
    # The lookup is in a set without counters: newer kernels count in a lookup too.
    return [
        "%s @latest goto known" % key,
        "%s @again goto known" % source,
        "limit rate 10/second burst 512 packets goto known",
        "add @again { %s }" % source,
        "counter name missed",
    ]


def _known(key: str, *more: str) -> List[str]:
    return [
        "chain known {",
        "add @sources { %s counter } goto counted" % key,
        "counter name missed",
        "}",
        "chain counted {",
        "update @latest { %s }" % key,
        *more,
        "}",
    ]


def _elements(body: str) -> Iterator[Tuple[str, str, str, str]]:
    """(address, probe, port or "", the rest) of each element of a set."""
    found = _ELEMENTS.search(body)
    for address, mark, port, rest in _ELEMENT.findall(found.group(1)) if found else ():
        number = int(mark, 16) if mark else 0
        if number <= len(PROBES):
            yield address, PROBES[number - 1] if number else ARP, port, rest


def _age(rest: str) -> float:
    found = _EXPIRES.search(rest)
    left = sum(
        int(number) * _SECONDS[unit] for number, unit in _PART.findall(found.group(1) if found else "")
    )
    return max(0.0, TIMEOUT - left) if left else 0.0


def _lines(*lines: str) -> str:
    return "\n".join(lines)
