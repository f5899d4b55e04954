# ruff: noqa: E501 (tables)
"""The words of BusyBox's `ip`, checked before the command runs. Source: networking/libiproute of 1.35."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface
from typing import Any

from ...host.network import Route
from ..net import route_changes
from ..net.ip import COMMANDS as OF_IP
from ..net.kernel_tables import facts_of
from ..net.reach import is_numeric
from ..process import Command, Process
from ..text.common import Failure

OBJECTS = ("address", "route", "link", "tunnel", "neigh", "rule")
VERBS = {
    "address": ("add", "change", "delete", "flush", "list", "lst", "replace", "show"),
    "route": ("add", "append", "change", "chg", "delete", "get", "list", "lst", "prepend", "replace", "show", "test",
              "flush"),
    "link": ("add", "delete", "list", "lst", "set", "show"),
    "tunnel": ("add", "change", "delete", "list", "lst", "show"),
    "neigh": ("flush", "list", "lst", "show"),
    "rule": ("add", "delete", "list", "lst", "show"),
}  # fmt: skip
FAMILIES = ("inet", "inet6", "link")
INCOMPLETE = 'command line is not complete, try "help"'
LINK_VALUES = ("mtu", "qlen", "name", "address", "master", "netns", "arp", "multicast", "promisc")
LINK_FLAGS = ("up", "down", "nomaster")
ADDRESS_VALUES = ("peer", "remote", "broadcast", "brd", "anycast", "scope", "dev", "label")
ROUTE_VALUES = ("via", "dev", "src", "metric", "mtu", "table", "proto", "protocol", "scope", "oif")
NOT_FOUND = {"add": "File exists", "del": "No such process", "change": "No such file or directory"}


@dataclass
class Words:
    """The words behind a verb, each read once; the status of a refusal."""

    left: list[str]
    status: int = 1

    def value(self) -> str:
        """The value of the word just read. Raises Failure."""
        if not self.left:
            raise Failure(INCOMPLETE, self.status)
        return self.left.pop(0)


def ip(process: Process) -> Any:
    """`ip`: refuse what BusyBox refuses, change routes, and leave the rest to the command of all systems."""
    words = list(process.args)
    while words and words[0].startswith("-"):
        name = words.pop(0)
        if name in ("-f", "-family") and words:
            family = words.pop(0)
            if family not in FAMILIES:
                process.err(f"ip: invalid argument '{family}' to 'family'\n")
                return 1
    kind = _among(words[0], OBJECTS) if words else ""
    if not kind:
        process.args = [word for word in process.args if word != "help"]
        return OF_IP["ip"](process)
    return _of_kind(process, kind, words[1:])


def short(process: Process) -> Any:
    """`ipaddr`, `iplink`, `iproute`, `ipneigh` and `iprule`."""
    kind = _among(process.name.removeprefix("ip"), OBJECTS)
    process.args = [kind, *process.args]
    return _of_kind(process, kind, process.args[1:])


def _of_kind(process: Process, kind: str, words: list[str]) -> Any:
    verb = _among(words[0], VERBS[kind]) if words else "show"
    status = 2 if kind == "link" else 1
    try:
        if not verb:
            raise Failure(f"invalid argument '{words[0]}' to 'ip'", status)
        rest = Words(words[1:], status)
        if kind == "route" and verb not in ("show", "list", "lst", "flush", "get"):
            return _route(process, verb, rest)
        check = CHECKS.get((kind, "show" if verb in ("list", "lst") else verb))
        if check is not None and check(process, rest):
            return 0
        if kind in ("address", "route", "neigh") and verb == "flush" and not words[1:]:
            raise Failure("flush requires an argument" if kind == "address"
                          else f'"ip {kind} flush" requires an argument')  # fmt: skip
    except Failure as failure:
        process.err(f"ip: {failure.message}\n")
        return failure.status
    return OF_IP["ip"](process)


def _among(word: str, names: tuple[str, ...]) -> str:
    return next((name for name in names if name.startswith(word)), "") if word else ""


def _card(process: Process, name: str, status: int = 1) -> None:
    if name not in ("lo", process.shell.world.interface()):
        raise Failure(f"can't find device '{name}'", status)


def _prefix(text: str) -> None:
    """Raises Failure for what is neither an address nor one with its length."""
    address, _, bits = text.partition("/")
    if address in ("default", "any", "all"):
        return
    is_good = is_numeric(address) and address.count(".") <= 3
    if not is_good or (bits and not (bits.isdecimal() and int(bits[:4]) <= (128 if ":" in address else 32))):
        raise Failure(f'an inet prefix is expected rather than "{address}"')


def _new_address(process: Process, words: Words) -> bool:
    local, device = "", ""
    while words.left:
        word = words.left.pop(0)
        if word in ADDRESS_VALUES:
            value = words.value()
            device = value if word == "dev" else device
        elif local:
            raise Failure(f'either "local" is duplicate, or "{word}" is garbage')
        else:
            local = words.value() if word == "local" else word
    if not device:
        raise Failure('need "dev IFACE"')
    _prefix(local)
    _card(process, device)
    return False


def _old_address(process: Process, words: Words) -> bool:
    local = next((word for word in words.left if "." in word or ":" in word), "")
    _new_address(process, words)
    facts = process.shell.world.network
    own = (facts.address, "127.0.0.1", *(address for address, _, _ in facts.inet6))
    if local and str(IPv4Interface(local).ip if "." in local else local) not in own:
        raise Failure("RTNETLINK answers: Cannot assign requested address", 2)
    return False


def _shown(process: Process, words: Words) -> bool:
    while words.left:
        word = words.left.pop(0)
        if word in ("to", "scope", "label", "dev"):
            words.value()
    return False


def _set_link(process: Process, words: Words) -> bool:
    device, has_flags = "", False
    while words.left:
        word = words.left.pop(0)
        if word in LINK_FLAGS:
            has_flags = True
        elif word in LINK_VALUES:
            _check_value(word, words.value())
            has_flags = has_flags or word in ("arp", "multicast", "promisc")
        else:
            name = words.value() if word == "dev" else word
            if device:
                raise Failure(f'either "dev" is duplicate, or "{name}" is garbage', 2)
            device = name
    if not device:
        raise Failure('"dev" requires an argument', 2)
    known = device in ("lo", process.shell.world.interface())
    if has_flags and not known:
        raise Failure("SIOCGIFFLAGS: No such device", 2)
    return not known


def _check_value(name: str, value: str) -> None:
    if name in ("mtu", "qlen") and not value.isdecimal():
        raise Failure(f"invalid argument '{value}' to '{name}'", 2)
    if name in ("arp", "multicast", "promisc") and value not in ("on", "off"):
        raise Failure(f"invalid argument '{value}' to '{name}'", 2)
    if name == "address" and (value.count(":") != 5 or value.strip("0123456789abcdefABCDEF:")):
        raise Failure(f'"{value}" is invalid lladdr')


def _new_link(process: Process, words: Words) -> bool:
    if words.left and words.left[-1] in ("type", "name", "link", "dev", "address"):
        raise Failure(INCOMPLETE, 2)
    raise Failure("RTNETLINK answers: Operation not supported", 2)


def _old_link(process: Process, words: Words) -> bool:
    names = [word for word in words.left if word != "dev"]
    if not names:
        raise Failure('"dev" requires an argument', 2)
    _card(process, names[0], 2)
    raise Failure("RTNETLINK answers: Operation not supported", 2)


def _tunnel(process: Process, words: Words) -> bool:
    if "mode" not in words.left:
        raise Failure("can't determine tunnel mode (ipip, gre or sit)")
    mode = words.left[words.left.index("mode") + 1 :][:1]
    if mode and mode[0] not in ("ipip", "ip/ip", "gre", "gre/ip", "sit", "ipv6/ip"):
        raise Failure("can't guess tunnel mode")
    raise Failure("SIOCADDTUNNEL: No such device")


def _old_tunnel(process: Process, words: Words) -> bool:
    raise Failure("SIOCDELTUNNEL: No such device")


def _routes_to(process: Process, words: Words) -> bool:
    words.left = [word for word in words.left if word != "to"]
    if not words.left or not is_numeric(words.left[0].partition("/")[0]):
        raise Failure("need at least destination address")
    return False


def _route(process: Process, verb: str, words: Words) -> int:
    """Change the table as the words say. Raises Failure."""
    target, values = "", dict[str, str]()
    while words.left:
        word = words.left.pop(0)
        if word in route_changes.KINDS:
            values["kind"] = "" if word == "unicast" else word
        elif word in ROUTE_VALUES:
            values[word] = words.value()
        elif word != "onlink":
            word = words.value() if word == "to" else word
            if target:
                raise Failure(f'either "to" is duplicate, or "{word}" is garbage')
            _prefix(word)
            target = word
    device = values.get("dev", values.get("oif", ""))
    if device:
        _card(process, device)
    metric = values.get("metric", "0")
    made = Route(
        route_changes.destination(target or "default"), values.get("via", ""), kind=values.get("kind", ""),
        metric=int(metric[:9]) if metric.isdecimal() else 0, source=values.get("src", ""),
    )  # fmt: skip
    action = {"delete": "del", "chg": "change"}.get(verb, verb)
    if process.shell.user != "root":
        raise Failure("RTNETLINK answers: Operation not permitted", 2)
    if values.get("table", "main") not in ("main", "254"):
        return 0
    known = [each.destination for each in facts_of(process.shell).routes]
    problem = NOT_FOUND["change"] if action == "change" and made.destination not in known else ""
    problem = problem or route_changes.change(process, action, route_changes.Wish(made, device))
    if problem:
        problem = "Network is unreachable" if problem == route_changes.NO_GATEWAY else problem
        raise Failure(f"RTNETLINK answers: {problem}", 2)
    return 0


CHECKS = {
    ("address", "add"): _new_address, ("address", "change"): _new_address,
    ("address", "replace"): _new_address, ("address", "delete"): _old_address, ("address", "show"): _shown, ("link", "set"): _set_link,
    ("link", "add"): _new_link, ("link", "delete"): _old_link, ("tunnel", "add"): _tunnel,
    ("tunnel", "change"): _tunnel, ("tunnel", "delete"): _old_tunnel, ("route", "get"): _routes_to,
}  # fmt: skip
COMMANDS: dict[str, Command] = {
    "ip": ip, **dict.fromkeys(("ipaddr", "iplink", "iproute", "ipneigh", "iprule"), short)
}  # fmt: skip
