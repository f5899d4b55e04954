# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The configuration of a Cisco switch: what is shown of it, and what a visitor changes in his session."""

from __future__ import annotations

import time
from typing import Protocol

from ...events import Session
from ...host.world import World
from .grammar import Word
from .models import model_of

MOST_LINES = 200
LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Switch(Protocol):
    """The console to which it belongs."""

    world: World
    hostname: str
    modes: list[str]
    user: str
    level: int
    session: Session
    history: list[str]
    config: Configuration

    def now(self) -> str:
        """The time as IOS prints it."""


class Configuration:
    """One session's."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._added: list[str] = []
        self._table: Word | None = None

    def table(self) -> Word:
        """The commands of the configuration; most are accepted as they are, and shown."""
        if self._table is not None:
            return self._table
        root = Word()
        root.add("exit", "Exit from configure mode", self._exit)
        root.add("end", "Exit from configure mode", self._end)
        root.add("hostname", "Set system's network name")
        root.add("hostname WORD", "This system's network name", self._rename)
        root.add("interface", "Select an interface to configure")
        root.add(
            "interface LINE", "Interface type and number", lambda words: self._enter("if", "interface", words)
        )
        root.add("line", "Configure a terminal line")
        root.add("line LINE", "Line", lambda words: self._enter("line", "line", words))
        for name, text in KEPT.items():
            root.add(name, text)
            root.add(f"{name} LINE", text, lambda words, name=name: self._keep(name, words))  # type: ignore[misc]
        root.next["shutdown"] = Word(
            "Shutdown the selected interface", lambda words: self._keep("shutdown", []), 15
        )
        self._table = root
        return root

    def text(self) -> str:
        """`show running-config`."""
        body = self._body()
        size = len(body) + 120
        return f"Building configuration...\n\nCurrent configuration : {size} bytes\n{body}"

    def saved(self) -> str:
        """`show startup-config`."""
        body = self._body()
        return f"Using {len(body) + 120} out of 524288 bytes\n{body}"

    def _exit(self, words: list[str]) -> str:
        self._switch.modes.pop()
        return ""

    def _end(self, words: list[str]) -> str:
        self._switch.modes.clear()
        return ""

    def _rename(self, words: list[str]) -> str:
        self._switch.hostname = words[0][:63]
        return ""

    def _enter(self, mode: str, kind: str, words: list[str]) -> str:
        self._switch.modes[:] = ["config", mode]
        return self._keep(kind, words, mode="")

    def _keep(self, name: str, words: list[str], mode: str | None = None) -> str:
        inner = len(self._switch.modes) > 1 if mode is None else False
        if len(self._added) < MOST_LINES:
            self._added.append((" " if inner else "") + " ".join([name, *words])[:200])
        return ""

    def _body(self) -> str:
        switch, world = self._switch, self._switch.world
        model = model_of(world.persona)
        changed = time.strftime("%H:%M:%S UTC %a %b %d %Y", time.gmtime(world.booted() + 240))
        lines = ["!", f"! Last configuration change at {changed} by {switch.user}", "!",
                 "version 16.12" if model.xe else "version 15.2", "no service pad",
                 "service timestamps debug datetime msec", "service timestamps log datetime msec",
                 "service password-encryption", "!", f"hostname {switch.hostname}", "!", "boot-start-marker",
                 "boot-end-marker", "!", f"enable secret {_hash(world, 'enable', xe=model.xe)}", "!",
                 f"username {switch.user} secret {_hash(world, switch.user, xe=model.xe)}", "no aaa new-model",
                 f"switch 1 provision {model.name.lower()}", "!", "ip domain-name " + _domain(world),
                 "no ip domain-lookup", "!", "spanning-tree mode rapid-pvst", "spanning-tree extend system-id", "!",
                 "vlan internal allocation policy ascending", "!"]  # fmt: skip
        uplink = model.ports
        for port in range(1, model.ports + 1):
            lines.append(f"interface GigabitEthernet1/0/{port}")
            if port == uplink:
                lines += [" description uplink", " switchport mode trunk"]
            elif port <= 24:
                lines += [" switchport mode access", " spanning-tree portfast"]
            lines.append("!")
        network = world.network
        lines += ["interface Vlan1", f" ip address {network.address} {network.netmask}", "!",
                  f"ip default-gateway {network.gateway}", "no ip http server" if not model.xe else "ip http server",
                  "ip http secure-server", "ip ssh version 2", "!",
                  "snmp-server community public RO", "!", "line con 0", " stopbits 1", "line vty 0 4",
                  " exec-timeout 15 0", " login local", " transport preferred none", " transport input telnet ssh",
                  "line vty 5 15", " login local", " transport preferred none", " transport input ssh", "!"]  # fmt: skip
        return "\n".join([*merged(lines, self._added), "end", ""]) + "\n"

    def interface(self, words: list[str]) -> str:
        """`show running-config interface`."""
        head = full_name(["interface", *words])
        lines = self._body().split("\n")
        if head not in lines:
            return "% Invalid input detected at '^' marker.\n\n"
        block = "\n".join(block_of(lines, head))
        return f"Building configuration...\n\nCurrent configuration : {len(block) + 5} bytes\n!\n{block}\nend\n\n"


KINDS = {
    "gi": "GigabitEthernet", "fa": "FastEthernet", "te": "TenGigabitEthernet", "vl": "Vlan", "lo": "Loopback", "po": "Port-channel",
}  # fmt: skip
"""Kinds of interfaces by the begin of their names."""


def full_name(words: list[str]) -> str:
    """The head of a block as the configuration has it: "interface GigabitEthernet1/0/3" of "interface gi1/0/3"."""
    rest = "".join(words[1:])
    number = rest.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")
    kind = KINDS.get(rest[:2].lower()) if words[0] == "interface" else None
    return f"interface {kind}{number}" if kind else " ".join(words)


def block_of(lines: list[str], head: str) -> list[str]:
    """A head, and the lines that belong to it."""
    at = lines.index(head)
    end = next((n for n in range(at + 1, len(lines)) if lines[n][:1] != " "), len(lines))
    return lines[at:end]


def merged(lines: list[str], added: list[str]) -> list[str]:
    """A configuration with the lines that a visitor has typed, each in its block; `no` removes what begins so."""
    lines, head = list(lines), ""
    for line in added:
        words = line.split()
        if line[:1] != " ":
            head = full_name(words) if words[0] in ("interface", "line") else ""
            if head and head not in lines:
                lines += [head, "!"]
        block = block_of(lines, head) if head else []
        start = lines.index(head) + 1 if head else 0
        inside = range(start, start + len(block) - 1) if head else range(len(lines))
        wanted = (" " if head else "") + " ".join(words[1:] if words[0] == "no" else words)
        if head and line[:1] != " ":
            continue
        if words[0] == "no":
            lines = [each for at, each in enumerate(lines) if at not in inside or not each.startswith(wanted)]
        elif wanted not in (lines[at] for at in inside):
            lines.insert(inside.stop if head else len(lines), wanted)
    return lines


KEPT = {
    "aaa": "Authentication, Authorization and Accounting.", "access-list": "Add an access list entry",
    "banner": "Define a login banner", "crypto": "Encryption module", "description": "Interface specific description",
    "enable": "Modify enable password parameters", "exec-timeout": "Set the EXEC timeout", "ip": "Global IP configuration subcommands",
    "logging": "Modify message logging facilities", "login": "Enable password checking", "no": "Negate a command or set its defaults",
    "ntp": "Configure NTP", "password": "Set a password", "service": "Modify use of network based services",
    "snmp-server": "Modify SNMP engine parameters", "spanning-tree": "Spanning Tree Subsystem", "switchport": "Set switching mode characteristics",
    "transport": "Define transport protocols for line", "username": "Establish User Name Authentication", "vlan": "Vlan commands",
}  # fmt: skip


def _hash(world: World, what: str, *, xe: bool) -> str:
    def letters(part: str, count: int) -> str:
        raw = world.persona.bytes_for(f"ios {part} {what}", count)
        return "".join(LETTERS[byte & 63] for byte in raw)

    return (
        f"9 $9${letters('salt', 14)}${letters('hash', 43)}"
        if xe
        else f"5 $1${letters('salt', 4)}${letters('hash', 22)}"
    )


def _domain(world: World) -> str:
    return world.hostname.partition(".")[2] or world.persona.choice(
        "domain", ("local", "lan", "corp.local", "intern")
    )
