# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`show` of a Cisco switch, from the same facts as its SNMP agent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from .grammar import Word
from .ios_config import Switch
from .ios_tables import GROUPS, HOSTS, NO_NTP, NO_SESSIONS, lines_of, logging, nvram, tcp_of
from .ios_version import inventory, version
from .models import Model, dotted

if TYPE_CHECKING:
    from ...snmp.interfaces import Card

HIGHEST = 15
INCOMPLETE = "% Incomplete command.\n\n"
FAR, PRIVATE = "Gi1/0/", "GigabitEthernet1/0/"


COMMANDS = """
version | System hardware and software status | 1
clock | Display the system clock | 1
users | Display information about terminal lines | 1
privilege | Show current privilege level | 1
history | Display the session command history | 1
inventory | Show the physical inventory | 1
arp | ARP table | 1
ip arp | IP ARP table | 1
ip route | IP routing table | 1
ip ssh | Information on SSH | 1
ip interface | IP interface status and configuration | 1
ip interface brief | Brief summary of IP status and configuration | 1
interfaces | Interface status and configuration | 1
interfaces status | Show interface line status | 1
interfaces description | Show interface description | 1
mac | MAC configuration | 1
mac address-table | MAC forwarding table | 1
vlan | VTP VLAN status | 1
vlan brief | VTP all VLAN status in brief | 1
cdp | CDP information | 1
cdp neighbors | CDP neighbor entries | 1
cdp neighbors detail | Show detailed information | 1
hosts | IP domain-name, lookup style, nameservers, and host table | 1
line | TTY line information | 1
ntp | Network time protocol | 1
ntp status | Status of NTP | 1
sessions | Information about Telnet connections | 1
tcp | Status of TCP connections | 1
tcp brief | Brief display | 1
flash: | display information about flash: file system | 15
running-config | Current operating configuration | 15
startup-config | Contents of startup configuration | 15
logging | Show the contents of logging buffers | 15
boot | show boot attributes | 15
"""
"""A line per command: its words behind `show`, help, level."""
CDP = """Global CDP information:
        Sending CDP packets every 60 seconds
        Sending a holdtime value of 180 seconds
        Sending CDPv2 advertisements is  enabled
"""
BOOT = """Config file         : flash:/config.text
Private Config file : flash:/private-config.text
Enable Break        : no
Manual Boot         : no
"""


class Show:
    """What it prints."""

    def __init__(self, switch: Switch, model: Model) -> None:
        self._switch = switch
        self._world = switch.world
        self._model = model

    def add_to(self, root: Word) -> None:
        """Add the commands to the table."""
        config, runs = self._switch.config, self._runs()
        root.add("show", "Show running system information")
        root.add("show ip", "IP information")
        root.add("show running-config interface", "Show interface configuration", level=HIGHEST)
        for line in COMMANDS.strip().split("\n"):
            path, help_text, level = line.split(" | ")
            run = runs[path]
            root.add(f"show {path}", help_text, lambda words, run=run: run(), int(level))  # type: ignore[misc]
        root.add("show running-config interface LINE", "Interface", config.interface, HIGHEST)
        root.add("show interfaces LINE", "Interface type and number", self._one)

    def _runs(self) -> dict[str, Callable[[], str]]:
        """What prints, by the words behind `show`."""
        switch, world, model = self._switch, self._world, self._model
        return {
            "version": lambda: version(world, model, switch.hostname),
            "clock": lambda: f"*{switch.now()}\n",
            "users": self._users,
            "privilege": lambda: f"Current privilege level is {switch.level}\n",
            "history": lambda: "".join(f"  {each}\n" for each in switch.history[-20:]),
            "inventory": lambda: inventory(world, model),
            "arp": self._arp,
            "ip arp": self._arp,
            "ip route": self._route,
            "ip ssh": self._ssh,
            "ip interface": self._brief,
            "ip interface brief": self._brief,
            "interfaces": lambda: "".join(map(self._interface, self._cards())),
            "interfaces status": self._status,
            "interfaces description": self._description,
            "mac": self._macs,
            "mac address-table": self._macs,
            "vlan": self._vlan,
            "vlan brief": self._vlan,
            "cdp": lambda: CDP,
            "cdp neighbors": lambda: NO_NEIGHBOURS,
            "cdp neighbors detail": lambda: NO_NEIGHBOURS[NO_NEIGHBOURS.index("Total") :],
            "hosts": lambda: HOSTS,
            "line": lambda: lines_of(switch),
            "ntp": lambda: INCOMPLETE,
            "ntp status": lambda: NO_NTP,
            "sessions": lambda: NO_SESSIONS,
            "tcp": lambda: tcp_of(switch),
            "tcp brief": lambda: tcp_of(switch),
            "flash:": self.flash,
            "running-config": switch.config.text,
            "startup-config": switch.config.saved,
            "logging": self._logging,
            "boot": lambda: f"BOOT path-list      : {model.file}\n{BOOT}",
        }

    def folder(self, words: list[str]) -> str:
        """`dir`, of flash: or what is named."""
        name = words[0].rstrip("/").lower() if words else "flash:"
        if name == "nvram:":
            return nvram(self._world, len(self._switch.config.saved()))
        if name != "flash:":
            where = f"{name}/" if name.endswith(":") else f"flash:/{words[0]}"
            return f"%Error opening {where} (No such {'device' if name.endswith(':') else 'file or directory'})\n"
        return self.flash()

    def flash(self) -> str:
        """`show flash:`."""
        when = time.strftime("%b %d %Y %H:%M:%S +00:00", time.gmtime(self._world.installed))
        last = time.strftime("%b %d %Y %H:%M:%S +00:00", time.gmtime(self._world.booted() + 300))
        name = self._model.file.rpartition("/")[2].rpartition(":")[2]
        rows = [(2, "-rwx", 3096, last, "multiple-fs"), (3, "-rwx", len(self._switch.config.saved()), last, "config.text"),
                (4, "-rwx", 1915, last, "private-config.text"), (5, "drwx", 512, when, name.removesuffix(".bin")),
                (6, "-rwx", 1336, last, "vlan.dat")]  # fmt: skip
        body = "".join(f"{n:>5}  {mode}  {size:>9}  {date}  {each}\n" for n, mode, size, date, each in rows)
        return f"Directory of flash:/\n\n{body}\n122185728 bytes total ({self._world.persona.number('flash', 81_000_000, 97_000_000) // 512 * 512} bytes free)\n"

    # Interfaces

    def _cards(self) -> list[Card]:
        from ...snmp.dialects import DIALECTS
        from ...snmp.interfaces import cards_of

        config = self._switch.config
        cards = cards_of(self._world.persona, self._world, DIALECTS[self._model.sign])
        return [replace(card, up=card.up and not config.is_shut(card.name)) for card in cards]

    def _ports(self) -> list[Card]:
        return [card for card in self._cards() if card.name.startswith(PRIVATE)]

    def _one(self, words: list[str]) -> str:
        wanted = "".join(words).lower()
        digits = wanted.lstrip("abcdefghijklmnopqrstuvwxyz")
        kind = wanted[: len(wanted) - len(digits)]
        for card in self._cards():
            name = card.name.lower()
            plain = name.rstrip("0123456789/")
            if kind and plain.startswith(kind) and name[len(plain) :] == digits:
                return self._interface(card)
        return "% Invalid input detected at '^' marker.\n\n"

    def _interface(self, card: Card) -> str:
        up = "up" if card.up else "down"
        mac = dotted(card.mac.hex() or "000000000000")
        if card.name == "Null0":
            return ""
        virtual = card.name.startswith("Vlan")
        address = (
            f"  Internet address is {card.address}/{self._world.network.prefix}\n" if card.address else ""
        )
        kind = "Ethernet SVI" if virtual else "Gigabit Ethernet"
        state = "" if virtual else f" ({'connected' if card.up else 'notconnect'})"
        speed = "Full-duplex, 1000Mb/s" if card.up else "Auto-duplex, Auto-speed"
        media = (
            ""
            if virtual
            else f"  {speed}, media type is 10/100/1000BaseTX\n  input flow-control is off, output flow-control is unsupported\n"
        )
        packets = int(self._world.received() * card.share)
        seconds = max(1, int(time.time()) - self._world.booted())
        rates = [
            (count * size * 8 // seconds // 1000 * 1000, count // seconds)
            for count, size in ((packets, 411), (packets // 3, 270))
        ]
        return (
            f"{card.name} is {up}, line protocol is {up}{state}\n  Hardware is {kind}, address is {mac} (bia {mac})\n{address}"
            f"  MTU 1500 bytes, BW {card.speed // 1000} Kbit/sec, DLY 10 usec,\n     reliability 255/255, txload 1/255, rxload 1/255\n"
            f"  Encapsulation ARPA, loopback not set\n  Keepalive {'not supported' if virtual else 'set (10 sec)'}\n{media}"
            f"  ARP type: ARPA, ARP Timeout 04:00:00\n  Last input never, output {'never' if virtual else '00:00:01' if card.up else 'never'}, output hang never\n"
            '  Last clearing of "show interface" counters never\n'
            "  Input queue: 0/75/0/0 (size/max/drops/flushes); Total output drops: 0\n  Queueing strategy: fifo\n  Output queue: 0/40 (size/max)\n"
            f"  5 minute input rate {rates[0][0]} bits/sec, {rates[0][1]} packets/sec\n  5 minute output rate {rates[1][0]} bits/sec, {rates[1][1]} packets/sec\n"
            f"     {packets} packets input, {packets * 411} bytes, 0 no buffer\n     Received 0 broadcasts (0 multicasts)\n     0 runts, 0 giants, 0 throttles \n"
            f"     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored\n     {packets // 3} packets output, {packets // 3 * 270} bytes, 0 underruns\n"
            "     0 output errors, 0 collisions, 1 interface resets\n     0 unknown protocol drops\n     0 output buffer failures, 0 output buffers swapped out\n"
        )

    def _brief(self) -> str:
        head = "Interface              IP-Address      OK? Method Status                Protocol\n"
        rows = ""
        for card in self._cards():
            if card.name == "Null0":
                continue
            up = "up" if card.up else "down"
            state = "administratively down" if self._switch.config.is_shut(card.name) else up
            method = "NVRAM" if card.address else "unset"
            rows += f"{card.name:<23}{card.address or 'unassigned':<16}YES {method:<6} {state:<22}{up:<8}\n"
        return head + rows

    def _status(self) -> str:
        head = "\nPort      Name               Status       Vlan       Duplex  Speed Type\n"
        rows = ""
        ports = self._ports()
        for card in ports:
            short, number = card.name.replace(PRIVATE, FAR), int(card.name.rpartition("/")[2])
            kind = "10/100/1000BaseTX" if number <= 24 else "Not Present" if not card.up else "1000BaseSX SFP"
            config = self._switch.config
            is_trunk = config.value(card.name, "switchport mode") == "trunk"
            vlan = "trunk" if is_trunk else config.value(card.name, "switchport access vlan") or "1"
            down = "disabled" if config.is_shut(card.name) else "notconnect"
            state, duplex, speed = ("connected", "a-full", "a-1000") if card.up else (down, "auto", "auto")
            name = config.value(card.name, "description")[:18]
            rows += f"{short:<10}{name:<19}{state:<13}{vlan:<11}{duplex:>6}{speed:>7} {kind}\n"
        return head + rows

    def _description(self) -> str:
        head = "Interface                      Status         Protocol Description\n"
        short, config = {"Vlan1": "Vl1", "Null0": "Nu0"}, self._switch.config
        rows = (
            f"{short.get(card.name, card.name.replace(PRIVATE, FAR)):<31}"
            f"{'admin down' if config.is_shut(card.name) else 'up' if card.up else 'down':<15}"
            f"{'up' if card.up else 'down':<9}{config.value(card.name, 'description')}\n"
            for card in self._cards()
        )
        return head + "".join(rows)

    # Tables

    def _neighbours(self) -> list[tuple[str, str]]:
        """Addresses and MACs that the machine has seen."""
        return [(each.address, dotted(each.mac)) for each in self._world.network.neighbours if each.mac]

    def _arp(self) -> str:
        rows = "Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n"
        own = (self._world.network.address, "-", dotted(self._world.mac))
        others = [(address, str(sum(map(ord, mac)) % 60), mac) for address, mac in self._neighbours()]
        for address, age, mac in [own, *others]:
            rows += f"Internet  {address:<16} {age:>8}   {mac}  ARPA   Vlan1\n"
        return rows

    def _macs(self) -> str:
        head = "          Mac Address Table\n-------------------------------------------\n\nVlan    Mac Address       Type        Ports\n----    -----------       --------    -----\n"
        rows = [f" All    {mac}    STATIC      CPU\n" for mac in GROUPS]
        ports = [card for card in self._ports() if card.up] or self._ports()
        for _, mac in self._neighbours():
            port = ports[sum(map(ord, mac)) % len(ports)].name.replace(PRIVATE, FAR)
            rows.append(f"   1    {mac}    DYNAMIC     {port}\n")
        return f"{head}{''.join(rows)}Total Mac Addresses for this criterion: {len(rows)}\n"

    def _vlan(self) -> str:
        config = self._switch.config
        names = {1: "default", **config.vlans(), **DEFAULT_VLANS}
        members: dict[int, list[str]] = {number: [] for number in names}
        for card in self._ports():
            number = int(config.value(card.name, "switchport access vlan") or "1")
            members.setdefault(number, []).append(card.name.replace(PRIVATE, FAR))
        rows = ""
        for number, name in sorted(names.items()):
            ports = members[number]
            lines = [", ".join(ports[at : at + 4]) for at in range(0, len(ports), 4)] or [""]
            state = "act/unsup" if number in DEFAULT_VLANS else "active"
            rows += f"{number:<4} {name:<32} {state:<9} {lines[0]}\n" + "".join(
                f"{'':<48}{each}\n" for each in lines[1:]
            )
        return f"\nVLAN Name                             Status    Ports\n---- -------------------------------- --------- -------------------------------\n{rows}"

    def _route(self) -> str:
        gateway = self._world.network.gateway
        return f"Default gateway is {gateway}\n\nHost               Gateway           Last Use    Total Uses  Interface\nICMP redirect cache is empty\n"

    def _ssh(self) -> str:
        return "SSH Enabled - version 2.0\nAuthentication methods:publickey,keyboard-interactive,password\nAuthentication timeout: 120 secs; Authentication retries: 3\nMinimum expected Diffie Hellman key size : 2048 bits\n"

    def _users(self) -> str:
        source = self._switch.session.source
        return (
            "    Line       User       Host(s)              Idle       Location\n"
            f"*  1 vty 0     {self._switch.user:<10} idle                 00:00:00 {source}\n\n  Interface    User               Mode         Idle     Peer Address\n\n"
        )

    def _logging(self) -> str:
        return logging(self._world, self._model, [card.name for card in self._ports() if card.up])


DEFAULT_VLANS = {
    1002: "fddi-default",
    1003: "token-ring-default",
    1004: "fddinet-default",
    1005: "trnet-default",
}
NO_NEIGHBOURS = """Capability Codes: R - Router, T - Trans Bridge, B - Source Route Bridge
                  S - Switch, H - Host, I - IGMP, r - Repeater, P - Phone,
                  D - Remote, C - CVTA, M - Two-port Mac Relay

Device ID        Local Intrfce     Holdtme    Capability  Platform  Port ID

Total cdp entries displayed : 0
"""
