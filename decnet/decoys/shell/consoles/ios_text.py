# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The text of a Cisco switch's configuration, with what a visitor has typed where IOS has it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ...host.world import World
from .models import model_of

LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
OF_PASSWORDS = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
"""The key of `password 7`, which is the same on all machines."""
SINGLE = (
    "ip default-gateway", "ip domain-name", "ip ssh version", "ip ssh time-out", "enable secret", "enable password",
    "snmp-server location", "snmp-server contact", "banner motd", "banner login", "clock timezone", "logging buffered",
    "logging trap", "vtp mode", "vtp domain", "spanning-tree mode", "description", "ip address", "speed", "duplex", "mtu",
    "switchport access vlan", "switchport mode", "switchport trunk allowed vlan", "switchport trunk native vlan",
    "switchport voice vlan", "exec-timeout", "password", "login", "transport input", "transport output", "length", "name", "state",
)  # fmt: skip
"""Commands of which the last one counts."""
ON = (
    "ip http server",
    "ip http secure-server",
    "ip domain-lookup",
    "cdp run",
    "cdp enable",
    "service pad",
    "switchport",
)
"""What is on unless the configuration has it with `no`."""
ORDER = (
    "description", "switchport access", "switchport trunk", "switchport mode", "switchport nonegotiate", "switchport voice",
    "switchport", "ip address", "ip access-group", "ip helper-address", "shutdown", "mtu", "speed", "duplex", "cdp",
    "storm-control", "channel-group", "spanning-tree", "access-class", "session-timeout", "exec-timeout", "privilege",
    "password", "logging", "login", "history", "length", "transport preferred", "transport input", "transport output", "stopbits",
)  # fmt: skip
HEADS = ("interface ", "line ", "vlan ", "ip access-list ")
"""How the first lines of blocks begin."""


@dataclass(frozen=True)
class Line:
    """A line that was typed: `head` is the first line of its block, "" outside of one; `negative`: behind `no`."""

    head: str
    text: str
    negative: bool = False


def body(world: World, hostname: str, user: str) -> list[str]:
    """The configuration before anything was typed; only its host name may be another one."""
    model, network = model_of(world.persona), world.network
    changed = time.strftime("%H:%M:%S UTC %a %b %d %Y", time.gmtime(world.booted() + 240))
    web = "ip http server" if model.xe else "no ip http server"
    return [
        "!", f"! Last configuration change at {changed} by {user}", "!",
        "version 16.12" if model.xe else "version 15.2", "no service pad",
        "service timestamps debug datetime msec", "service timestamps log datetime msec",
        "service password-encryption", "!", f"hostname {hostname}", "!", "boot-start-marker",
        "boot-end-marker", "!", f"enable secret {hashed(world, 'enable', xe=model.xe)}", "!",
        f"username {user} secret {hashed(world, user, xe=model.xe)}", "no aaa new-model",
        f"switch 1 provision {model.name.lower()}", "!", f"ip domain-name {_domain(world)}",
        "no ip domain-lookup", "!", "spanning-tree mode rapid-pvst", "spanning-tree extend system-id", "!",
        "vlan internal allocation policy ascending", "!", *_ports(model.ports),
        "interface Vlan1", f" ip address {network.address} {network.netmask}", "!",
        f"ip default-gateway {network.gateway}", web, "ip http secure-server", "ip ssh version 2", "!",
        "snmp-server community public RO", "!", "line con 0", " stopbits 1", "line vty 0 4",
        " exec-timeout 15 0", " login local", " transport preferred none", " transport input telnet ssh",
        "line vty 5 15", " login local", " transport preferred none", " transport input ssh", "!", "end", "",
    ]  # fmt: skip


def _ports(count: int) -> list[str]:
    lines = []
    for port in range(1, count + 1):
        lines.append(f"interface GigabitEthernet1/0/{port}")
        if port == count:
            lines += [" description uplink", " switchport mode trunk"]
        elif port <= 24:
            lines += [" switchport mode access", " spanning-tree portfast"]
        lines.append("!")
    return lines


def merged(lines: Sequence[str], typed: Sequence[Line]) -> list[str]:
    """A configuration with the lines that were typed, each where it belongs."""
    result = list(lines)
    for line in typed:
        if line.head:
            _in_block(result, line)
        elif line.text.startswith(HEADS):
            _block(result, line)
        else:
            _global(result, line)
    return result


def _end_of(lines: list[str], at: int) -> int:
    """Where the block of this head ends."""
    return next((n for n in range(at + 1, len(lines)) if lines[n][:1] != " "), len(lines))


def _in_block(lines: list[str], line: Line) -> None:
    if line.head not in lines:
        return
    start = lines.index(line.head) + 1
    end = _end_of(lines, start - 1)
    changed = _changed([each[1:] for each in lines[start:end]], line)
    if line.head.startswith(("interface ", "line ")):
        changed.sort(key=_order)
    lines[start:end] = [f" {each}" for each in changed]


def _order(text: str) -> int:
    """Where IOS has a line within its block, whatever the order in which it was typed."""
    plain = text.removeprefix("no ")
    return next((n for n, begin in enumerate(ORDER) if plain.startswith(begin)), len(ORDER))


def _changed(block: list[str], line: Line) -> list[str]:
    """The lines of one level after a command."""
    text, key = line.text, _key(line.text)
    if line.negative:
        rest = [each for each in block if not f"{each} ".startswith(f"{text} ")]
        return (
            [*rest, f"no {text}"]
            if len(rest) == len(block) and text in ON and f"no {text}" not in rest
            else rest
        )
    rest = [each for each in block if each != f"no {text}"]
    if text in rest or (text in ON and len(rest) < len(block)):
        return rest
    at = next((n for n, each in enumerate(rest) if key and f"{each} ".startswith(f"{key} ")), None)
    if at is None:
        return [*rest, text]
    return [*rest[:at], text, *(each for each in rest[at + 1 :] if not f"{each} ".startswith(f"{key} "))]


def _key(text: str) -> str:
    words = text.split()
    if words[0] == "username" and len(words) > 1:
        return f"username {words[1]}"
    return next((each for each in SINGLE if f"{text} ".startswith(f"{each} ")), "")


def _block(lines: list[str], line: Line) -> None:
    """Begin a block where those of its kind are, or remove it."""
    text = line.text
    if line.negative and text in lines:
        at = lines.index(text)
        end = _end_of(lines, at)
        del lines[at : end + (lines[end : end + 1] == ["!"])]
    elif not line.negative and text not in lines:
        at = _place(lines, text)
        lines[at:at] = [text, "!"] if not text.startswith("line ") else [text]


def _place(lines: list[str], text: str) -> int:
    kind = text.split()[0]
    if kind == "vlan" or text.startswith(("interface Loopback", "interface Port")):
        return next(n for n, each in enumerate(lines) if each.startswith("interface Gig"))
    if kind == "interface":
        last = max(n for n, each in enumerate(lines) if each.startswith("interface "))
        return _end_of(lines, last) + 1
    if kind == "line":
        return _end_of(lines, max(n for n, each in enumerate(lines) if each.startswith("line ")))
    return lines.index("line con 0")


def _global(lines: list[str], line: Line) -> None:
    """A command outside of blocks stands behind those with the same first word."""
    first = line.text.split()[0]
    same = [
        n
        for n, each in enumerate(lines)
        if each.removeprefix("no ").split(" ")[0] == first and not each.startswith(HEADS)
    ]
    block = [lines[n] for n in same]
    changed = _changed(block, line)
    new, gone = [each for each in changed if each not in block], [n for n in same if lines[n] not in changed]
    at = gone[0] if gone else same[-1] + 1 if same else lines.index("line con 0") - 1
    for n in reversed(gone):
        del lines[n]
    lines[at:at] = new


def hashed(world: World, what: str, *, xe: bool) -> str:
    """A secret as the configuration shows it: `what` stands for the password."""

    def letters(part: str, count: int) -> str:
        raw = world.persona.bytes_for(f"ios {part} {what}", count)
        return "".join(LETTERS[byte & 63] for byte in raw)

    if xe:
        return f"9 $9${letters('salt', 14)}${letters('hash', 43)}"
    return f"5 $1${letters('salt', 4)}${letters('hash', 22)}"


def password_7(text: str) -> str:
    """A password as `service password-encryption` writes it."""
    start = sum(map(ord, text)) % 16
    raw = text.encode("latin-1", "replace")[:25]
    return f"{start:02d}" + "".join(
        f"{byte ^ OF_PASSWORDS[(start + at) % len(OF_PASSWORDS)]:02X}" for at, byte in enumerate(raw)
    )


def _domain(world: World) -> str:
    return world.hostname.partition(".")[2] or world.persona.choice(
        "domain", ("local", "lan", "corp.local", "intern")
    )
