# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What `ip route` shows of single routes: those of a prefix, the local table, and the way to an address."""

from __future__ import annotations

from ipaddress import IPv4Network

from ...host.network import Route
from ..process import Process
from ..text.common import Failure
from .ip_show import View, route_line

SELECTORS = ("dev", "table", "type", "via", "proto", "scope", "src", "metric")


def of_prefix(routes: list[Route], words: list[str]) -> list[Route]:
    """The routes that the words of `ip route show` select by prefix, gateway or type."""
    values = dict(zip(words, words[1:], strict=False))
    if "type" in values:
        routes = [each for each in routes if (each.kind or "unicast") == values["type"]]
    if "via" in values:
        routes = [each for each in routes if each.via == values["via"]]
    if "proto" in values:
        routes = [each for each in routes if each.protocol == values["proto"]]
    after = [word for before, word in zip(["", *words], words, strict=False) if before not in SELECTORS]
    wanted = [word for word in after if word[:1].isdecimal()]
    return [each for each in routes if not wanted or each.destination in wanted]


def show_local(process: Process, *, everything: bool) -> None:
    """The table of the machine's own addresses; `everything`: with its name."""
    facts = process.shell.world.network
    own, device = facts.address, facts.interface
    table = "table local " if everything else ""
    lines = [
        ("local", "127.0.0.0/8", "lo", "host", "127.0.0.1"), ("local", "127.0.0.1", "lo", "host", "127.0.0.1"),
        ("broadcast", "127.255.255.255", "lo", "link", "127.0.0.1"), ("local", own, device, "host", own),
        ("broadcast", facts.broadcast, device, "link", own),
    ]  # fmt: skip
    for kind, address, name, scope, source in sorted(lines, key=lambda each: _place(each[1])):
        process.out(f"{kind} {address} dev {name} {table}proto kernel scope {scope} src {source} \n")


def get(process: Process, view: View, words: list[str]) -> int:
    """`ip route get`. Raises Failure."""
    facts, uid = process.shell.world.network, process.shell.world.number_of(process.shell.user)
    matched = "fibmatch" in words
    words = [word for word in words if word not in ("to", "fibmatch")]
    try:
        target = str(IPv4Network(words[0]).network_address) if words else ""
    except ValueError:
        raise Failure(f'Error: any valid prefix is expected rather than "{words[0]}".', 1) from None
    if not target:
        raise Failure("need at least a destination address", 1)
    if facts.is_own(target):
        source = target if target != "0.0.0.0" else "127.0.0.1"
        shown = f"lo  src {source} " if process.applet else f"lo src {source} uid {uid} \n    cache <local> "
        shown = shown if not view.one_line else shown.replace("\n", "\\")
        process.out(f"local {target} dev {shown}\n")
        return 0
    if matched:
        route = next(
            (each for each in facts.routes if (each.destination == "default") != facts.is_near(target)), None
        )
        if route is not None:
            process.out(route_line(route, facts.interface, shows_device=True, busybox=False))
            return 0
    via = "" if facts.is_near(target) else f" via {facts.gateway}"
    if not via and not facts.is_near(target):
        raise Failure("RTNETLINK answers: Network is unreachable", 2)
    shown = f"  src {facts.address} " if process.applet else f" src {facts.address} uid {uid} \n    cache "
    shown = shown if not view.one_line else shown.replace("\n", "\\")
    process.out(f"{target}{via} dev {facts.interface}{shown}\n")
    return 0


def _place(prefix: str) -> tuple[int, int]:
    network = IPv4Network(prefix)
    return int(network.network_address), network.prefixlen
