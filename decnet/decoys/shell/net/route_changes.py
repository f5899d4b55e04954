"""Changes of the main table, as `ip route` and `route` make them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from ...host.network import Route
from ..process import Process
from ..text.common import Failure
from .kernel_tables import facts_of, keep_routes

KINDS = ("unicast", "blackhole", "unreachable", "prohibit", "throw", "local", "broadcast")
WITH_VALUE = ["via", "dev", "src", "metric", "proto", "protocol", "scope", "table", "to", "mtu", "pref"]
NO_GATEWAY, EXISTS, MISSING = "Nexthop has invalid gateway.", "File exists", "No such process"


@dataclass(frozen=True)
class Wish:
    """A route of a command, and whether it is to be in the main table."""

    route: Route
    device: str = ""
    in_main: bool = True


def ip_route(process: Process, action: str, words: list[str]) -> int:
    """`ip route add`, `del` and the like. Raises Failure."""
    if action == "flush":
        return _flush(process, words)
    wish = _wish(process, words)
    if not wish.in_main:
        return 0
    verb = {"delete": "del"}.get(action, action)
    problem = change(process, verb, wish)
    if problem == NO_GATEWAY:
        raise Failure(f"Error: {problem}", 2)
    if problem:
        raise Failure(f"RTNETLINK answers: {problem}", 2)
    return 0


def change(process: Process, verb: str, wish: Wish) -> str:
    """Change the main table; what the kernel answers, "" if it does it."""
    shell = process.shell
    facts = facts_of(shell)
    route, routes = wish.route, list(facts.routes)
    if verb == "del":
        found = next((each for each in routes if _fits(each, wish)), None)
        if found is None:
            return MISSING
        keep_routes(shell, [each for each in routes if each is not found])
        return ""
    if route.via and not facts.is_near(route.via) and not route.onlink:
        return NO_GATEWAY
    if not route.via and not wish.device and not route.kind:
        return "No such device"
    if not route.via and not route.kind and wish.device != "lo":
        route = replace(route, scope=route.scope or "link")
    route = replace(route, device=wish.device if wish.device == "lo" else "")
    same = [each for each in routes if (each.destination, each.metric) == (route.destination, route.metric)]
    if same and verb == "add":
        return EXISTS
    kept = [each for each in routes if each not in same or verb == "append"]
    keep_routes(shell, [*kept, route])
    return ""


def _fits(each: Route, wish: Wish) -> bool:
    route = wish.route
    return (
        each.destination == route.destination
        and route.via in ("", each.via)
        and (not route.metric or route.metric == each.metric)
    )


def _flush(process: Process, words: list[str]) -> int:
    if words[:1] == ["cache"]:
        return 0
    if not words:
        raise Failure('"ip route flush" requires arguments.', 255)
    if words[0] in ("table", "all", "main"):
        keep_routes(process.shell, [])
        return 0
    facts, name = facts_of(process.shell), words[-1]
    keep_routes(process.shell, [each for each in facts.routes if each.destination != name])
    return 0


def _wish(process: Process, words: list[str]) -> Wish:
    """The route of the words after the action. Raises Failure."""
    shell, rest = process.shell, list(words)
    route, device, table = Route(""), "", "main"
    while rest:
        word = rest.pop(0)
        if word in KINDS:
            route = replace(route, kind="" if word == "unicast" else word)
        elif word in WITH_VALUE:
            if not rest:
                raise Failure('Command line is not complete. Try option "help"', 255)
            value = rest.pop(0)
            device = value if word == "dev" else device
            table = value if word == "table" else table
            route = _with(route, word, value)
        elif word == "onlink":
            route = replace(route, onlink=True)
        else:
            route = replace(route, destination=destination(word))
    names = ("lo", shell.world.interface())
    if device and device not in names:
        raise Failure(f'Cannot find device "{device}"', 1)
    return Wish(route, device, table in ("main", "254"))


def _with(route: Route, word: str, value: str) -> Route:
    if word == "via":
        return replace(route, via=plain_address(value))
    if word == "src":
        return replace(route, source=plain_address(value))
    if word == "metric":
        if not value.isdecimal():
            raise Failure(f'Error: argument "{value}" is wrong: "metric" value is invalid\n', 255)
        return replace(route, metric=int(value[:9]))
    if word in ("proto", "protocol"):
        return replace(route, protocol=value)
    if word == "scope":
        return replace(route, scope="" if value == "global" else value)
    return replace(route, destination=destination(value)) if word == "to" else route


def destination(word: str) -> str:
    """A destination as the table has it. Raises Failure."""
    if word in ("default", "0/0", "0.0.0.0/0", "any", "all"):
        return "default"
    try:
        network = IPv4Network(word)
    except ValueError:
        try:
            IPv4Network(word, strict=False)
        except ValueError:
            raise Failure(f'Error: any valid prefix is expected rather than "{word}".', 1) from None
        raise Failure("Error: Invalid prefix for given prefix length.", 2) from None
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def plain_address(word: str) -> str:
    """An address. Raises Failure."""
    from .kernel_tables import is_address

    if not is_address(word):
        raise Failure(f'Error: any valid address is expected rather than "{word}".', 1)
    return word
