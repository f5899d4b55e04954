"""BusyBox's route and arp. Source: networking/route.c and arp.c of 1.35."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ...host.network import Route
from ..net import route_changes
from ..net.ifconfig import route_table
from ..net.kernel_tables import NEIGHBOURS, keep, rows
from ..net.reach import DNS_SECONDS, neighbours, resolved
from ..process import Command, Process, Running
from ..text.common import Failure, parse, tool
from .applets import complain, words_of_route

FAMILIES = ("", "inet", "inet6")
NUMBERS = {"metric": 0x7FFFFFFF, "mss": 0x7FFFFFFF, "window": 0x7FFFFFFF, "irtt": 0x7FFFFFFF}
ALONE = ("reject", "mod", "dyn", "reinstate")
DENIED = "Operation not permitted"
KERNEL_SAYS = {route_changes.NO_GATEWAY: "Network is unreachable"}


class Misused(Exception):
    """Words of which only the usage is a result."""


@tool
def route(process: Process) -> Running:
    """Show the table, or change it: `add` and `del`."""
    process.args = words_of_route(process.args)
    options = parse(process, "A:ne")
    words, shell = options.operands, process.shell
    yield 0.0
    try:
        if options.value("A") not in FAMILIES:
            raise Misused
        if not words:
            process.out(route_table(process, numeric="n" in options, extended=int("e" in options)))
            return 0
        if words[0] not in ("add", "del", "delete") or len(words) < 2:
            raise Misused
        if options.value("A") == "inet6":
            return 0
        wish = yield from _wish(process, words[1:])
        verb = "add" if words[0] == "add" else "del"
        problem = DENIED if shell.user != "root" else route_changes.change(process, verb, wish)
        if problem:
            raise Failure(f"SIOC{verb.upper()}RT: {KERNEL_SAYS.get(problem, problem)}")
    except Misused:
        return complain(process, "")
    except Failure as failure:
        process.err(f"route: {failure.message}\n")
        return 1
    return 0


def _wish(process: Process, words: list[str]) -> Generator[Any, Any, route_changes.Wish]:
    """The route of the words after the verb. Raises Misused, Failure."""
    kind = words.pop(0) if words[0] in ("#net", "#host") else ""
    if not words:
        raise Misused
    target, slash, bits = words.pop(0).partition("/")
    prefix = _number(bits, 32) if slash else None
    default = target == "default"
    address = "0.0.0.0" if default else (yield from _address(process, target))
    is_net = kind == "#net" or (not kind and default)
    given = dict(_pairs(words))
    mask = str(IPv4Network(f"0.0.0.0/{prefix}").netmask) if prefix is not None else ""
    if "netmask" in given:
        if prefix:
            raise Misused
        mask = yield from _address(process, given["netmask"])
    gateway = (yield from _address(process, given["gw"])) if "gw" in given else ""
    network = _network(address, mask, is_net=is_net)
    device = given.get("dev", "lo" if "reject" in given else "")
    if device not in ("", "lo", process.shell.world.interface()):
        raise Failure("SIOCADDRT: No such device")
    metric = max(0, int(given.get("metric", "0")) - 1) if "metric" in given else 0
    shown = "default" if network.prefixlen == 0 else str(network).removesuffix("/32")
    made = Route(shown, gateway, metric=metric, kind="unreachable" if "reject" in given else "")
    return route_changes.Wish(made, device)


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    """The other words: a name and its value, a flag, and a card without `dev` at the end. Raises Misused."""
    words = list(words)
    while words:
        word = words.pop(0)
        name = {"gateway": "gw", "device": "dev"}.get(word, word)
        if name in ALONE:
            yield name, ""
        elif name in (*NUMBERS, "netmask", "gw", "dev") and words:
            value = words.pop(0)
            if name in NUMBERS:
                _number(value, NUMBERS[name])
            yield name, value
        elif not words and name not in (*NUMBERS, "netmask", "gw", "dev"):
            yield "dev", name
        else:
            raise Misused


def _network(address: str, mask: str, *, is_net: bool) -> IPv4Network:
    if not is_net:
        rest = ~int(IPv4Address(mask or "255.255.255.255")) & 0xFFFFFFFF
        if rest:
            raise Failure(f"netmask {rest:08x} and host route conflict")
        return IPv4Network(address)
    if not mask:
        first = int(address.partition(".")[0])
        mask = "0.0.0.0" if address == "0.0.0.0" else f"{8 if first < 128 else 16 if first < 192 else 24}"
    rest = ~int(IPv4Address(mask)) & 0xFFFFFFFF if "." in mask else 0
    if rest & (rest + 1):
        raise Failure(f"bogus netmask {mask}")
    try:
        return IPv4Network(f"{address}/{mask}")
    except ValueError:
        raise Failure("netmask and route address conflict") from None


def _number(text: str, most: int) -> int:
    if not text.isdecimal():
        raise Failure(f"invalid number '{text}'")
    if len(text) > 10 or int(text) > most:
        raise Failure(f"number {text} is not in 0..{most} range")
    return int(text)


def _address(process: Process, name: str) -> Generator[Any, Any, str]:
    found = resolved(process, name)
    if not found or ":" in found:
        yield DNS_SECONDS
        raise Failure(f"resolving {name}")
    return found


@tool
def arp(process: Process) -> Running:
    """Show the neighbours, or change them."""
    options = parse(process, "A:p:H:t:i:adnDsv")
    words, facts = options.operands, process.shell.world.network
    yield 0.0
    if "s" in options or "d" in options:
        if problem := _changed(process, words, deletes="s" not in options):
            process.err(f"arp: {problem}\n")
        return int(bool(problem))
    every = neighbours(process)
    card = options.value("i")
    found = [each for each in every if not words or each.address == words[0]]
    found = found if card in ("", facts.interface) else []
    for each in sorted(found, key=lambda each: IPv4Address(each.address)):
        mac = f"{each.mac} [ether] " if each.mac else "<incomplete> "
        flags = "PERM " if each.state == "PERMANENT" else " " if each.mac else ""
        process.out(f"? ({each.address}) at {mac}{flags}on {facts.interface}\n")
    if every and not found and (words or card):
        process.out(f"No match found in {len(every)} entries\n")
    return 0


def _changed(process: Process, words: list[str], *, deletes: bool) -> str:
    """Why a neighbour cannot be set or forgotten; "" if it is."""
    if not words:
        return "need host name"
    if not deletes and len(words) < 2:
        return "need hardware address"
    call = "SIOCDARP(priv)" if deletes else "SIOCSARP"
    if not deletes and not _is_mac(words[1]):
        return "invalid hardware address"
    if process.shell.user != "root":
        return f"{call}: {DENIED}"
    if not process.shell.world.network.is_near(words[0]):
        return f"{call}: Network is unreachable"
    known = rows(process.shell, NEIGHBOURS)
    left = [row for row in known if row[0] != words[0]]
    if deletes and len(left) == len(known):
        return (
            "" if process.shell.world.network.knows(words[0]) else "SIOCDARP(pub): No such file or directory"
        )
    if not deletes:
        left = [*left, [words[0], words[1].lower(), "PERMANENT"]]
    keep(process.shell, NEIGHBOURS, left)
    return ""


def _is_mac(text: str) -> bool:
    parts = text.split(":")
    return len(parts) == 6 and all(
        0 < len(part) < 3 and not part.strip("0123456789abcdefABCDEF") for part in parts
    )


COMMANDS: dict[str, Command] = {"route": route, "arp": arp}
