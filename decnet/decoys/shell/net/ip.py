# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`ip`: what it shows, and the superuser's changes of addresses, routes, rules and neighbours (`ip_changes`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ..process import Process
from ..text.common import Failure
from . import ip_changes, ip_routes, ip_show, kernel_tables, route_changes
from .ip_help import HELP_ADDRESS, HELP_NEIGHBOUR, HELP_ROUTE, USAGE
from .ip_json import described, print_json, route_keys
from .ip_show import Link, View
from .ip_tables import OTHERS, other_object
from .reach import neighbours

VERSIONS = {
    ("debian", "11"): "iproute2-5.10.0, libbpf 0.3.0", ("debian", "12"): "iproute2-6.1.0, libbpf 1.1.2",
    ("ubuntu", "20.04"): "iproute2-ss200127", ("ubuntu", "22.04"): "iproute2-5.15.0, libbpf 0.5.0",
    ("ubuntu", "24.04"): "iproute2-6.1.0, libbpf 1.3.0", ("rocky", "8.10"): "iproute2-6.2.0, libbpf 0.5.0",
    ("rocky", "9.4"): "iproute2-6.2.0, libbpf 1.3.0",
}  # fmt: skip
OBJECTS = (
    "address", "addrlabel", "link", "maddress", "maddr", "monitor", "mroute", "mrule", "neighbor", "neighbour", "neigh",
    "netns", "nexthop", "route", "rule", "tunnel", "tuntap", "help", *OTHERS,
)  # fmt: skip
OF_BUSYBOX = ("address", "route", "link", "tunnel", "neigh", "rule")
SHOWS = ("show", "list", "lst", "ls")
CHANGES = ("add", "change", "replace", "delete", "set", "flush", "append", "del")
FLAGS = {
    "4": "4", "6": "6", "o": "o", "oneline": "o", "br": "br", "brief": "br", "s": "s", "stats": "s", "statistics": "s",
    "d": "d", "details": "d", "j": "j", "json": "j", "p": "p", "pretty": "p", "c": "c", "color": "c", "color=auto": "c",
    "color=always": "c", "color=never": "c", "r": "r", "resolve": "r", "h": "h", "human": "h", "iec": "h", "N": "N",
    "Numeric": "N", "a": "a", "all": "a", "t": "t", "timestamp": "t", "0": "0", "M": "M", "B": "B", "force": "force",
}  # fmt: skip


def ip(process: Process) -> int:
    """`ip`."""
    busybox = process.applet
    view, flags, words = View(busybox=busybox), [], list(process.args)
    while words and words[0].startswith("-"):
        name = words.pop(0).lstrip("-")
        if busybox and name not in ("4", "6", "0", "f", "family", "o", "oneline"):
            from .busybox import usage

            process.err(usage(process, "ip"))
            return 1
        if name in ("V", "Version"):
            system = process.shell.world.system
            process.out(f"ip utility, {VERSIONS.get((system.id, system.version), 'iproute2-6.1.0')}\n")
            return 0
        if name in ("f", "family") and words:
            view = replace(view, family=words.pop(0))
        elif name in FLAGS:
            flags.append(FLAGS[name])
        else:
            process.err(f'Option "-{name}" is unknown, try "ip -help".\n')
            return 255
    view = replace(
        view, family="inet" if "4" in flags else "inet6" if "6" in flags else view.family, one_line="o" in flags,
        brief="br" in flags, statistics=flags.count("s"), details="d" in flags,
    )  # fmt: skip
    if busybox and (not words or not any(each.startswith(words[0]) for each in OF_BUSYBOX)):
        from .busybox import usage

        process.err(usage(process, "ip"))
        return 1
    if not words or words[0] == "help":
        process.err(USAGE)
        return 255
    name = next((each for each in OBJECTS if each.startswith(words[0])), "")
    if not name:
        process.err(f'Object "{words[0]}" is unknown, try "ip help".\n')
        return 1
    try:
        if name in OTHERS:
            return other_object(process, view, name, words[1:], json="j" in flags)
        return _objects()[name](process, view, words[1:], "j" in flags, "p" in flags)
    except Failure as failure:
        process.err(f"{failure.message}\n")
        return 2 if busybox and name == "link" else failure.status


def _objects() -> dict[str, Callable[[Process, View, list[str], bool, bool], int]]:
    table = {
        "address": _address, "link": _link, "route": _route, "neighbour": _neighbour, "neighbor": _neighbour,
        "neigh": _neighbour, "rule": _rule, "maddress": _maddress, "maddr": _maddress,
    }  # fmt: skip
    return {name: table.get(name, _nothing) for name in OBJECTS}


def _nothing(process: Process, view: View, words: list[str], json: bool, pretty: bool) -> int:
    if json:
        process.out("[ ]\n")
    return 0


def _action(process: Process, words: list[str]) -> str:
    """ "show", or the refused change. Raises Failure."""
    if not words:
        return "show"
    if words[0] == "help":
        return "help"
    if any(each.startswith(words[0]) for each in SHOWS):
        return "show"
    action = next((each for each in CHANGES if each.startswith(words[0])), "")
    if action and process.shell.user != "root":
        raise Failure("RTNETLINK answers: Operation not permitted", 2)
    return action


def _selected(process: Process, words: list[str]) -> tuple[list[Link], list[str]]:
    """The interfaces that a command names, and the words after it. Raises Failure for an unknown one."""
    found = _links(process)
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word in ("up", "primary", "permanent"):
            continue
        if word in ("type", "scope", "to", "label", "master", "vrf", "table", "proto", "via", "group", "nud"):
            value = rest.pop(0) if rest else ""
            if word == "scope":
                found = [each for each in found if (each.index == 1) == (value == "host")]
            elif word == "type" or (word == "group" and value not in ("default", "0")):
                found = []
            continue
        name = rest.pop(0) if word == "dev" and rest else word
        found = [each for each in found if each.name == name]
        if not found:
            raise Failure(f'Device "{name}" does not exist.' if not process.applet
                          else f"ip: can't find device '{name}'", 1)  # fmt: skip
    return found, rest


def _links(process: Process) -> list[Link]:
    return [
        replace(each, mtu=kernel_tables.mtu_of(process.shell, each.name, each.mtu))
        for each in ip_show.links(process.shell.world)
    ]


def _address(process: Process, view: View, words: list[str], json: bool, pretty: bool) -> int:
    action = _action(process, words)
    if action == "help":
        process.err(HELP_ADDRESS)
        return 255
    if action == "flush" and "dev" in words[:-1] and words[-1] not in [each.name for each in _links(process)]:
        raise Failure(f'Device "{words[-1]}" does not exist.', 1)
    if action != "show":
        status = _changed(process, action, words)
        return status if status or process.applet else ip_changes.address(process, action, words[1:])
    world, facts = process.shell.world, process.shell.world.network
    chosen, _ = _selected(process, words)
    if "to" in words[:-1]:
        return _address_to(process, view, chosen, words[words.index("to") + 1])
    if json:
        return print_json(
            process, [described(link, view, facts, addresses=True) for link in chosen], pretty=pretty
        )
    for link in chosen:
        found = ip_show.addresses(
            facts, link, view.family, kernel_tables.added_addresses(process.shell, link.name)
        )
        if view.family == "inet6" and not found:
            continue
        if view.brief:
            listed = "".join(f"{each['local']}/{each['prefixlen']} " for each in found)
            process.out(f"{link.name:<16} {link.state:<14} {listed}\n")
            continue
        if not view.one_line:
            process.out(ip_show.head(link, view, mode=False) + "\n")
            if not view.family:
                process.out(ip_show.hardware(world, link, view) + "\n")
                _alternative(process, link)
        process.out("".join(ip_show.inet(each, link, world, view) for each in found))
        if view.statistics and not view.one_line:
            process.out(ip_show.counters(world, link, view))
    return 0


def _address_to(process: Process, view: View, chosen: list[Link], prefix: str) -> int:
    """`ip address show to PREFIX`: the addresses in it, of the interfaces that have one."""
    facts = process.shell.world.network
    try:
        wanted = IPv4Network(prefix, strict=False)
    except ValueError:
        raise Failure(f'Error: any valid prefix is expected rather than "{prefix}".', 1) from None
    for link in chosen:
        found = [
            each for each in ip_show.addresses(facts, link, "inet") if IPv4Address(each["local"]) in wanted
        ]
        if found:
            process.out("" if view.one_line else ip_show.head(link, view, mode=False) + "\n")
            process.out("".join(ip_show.inet(each, link, process.shell.world, view) for each in found))
    return 0


def _alternative(process: Process, link: Link) -> None:
    name = ip_show.alternative(process.shell.world, link)
    if name:
        process.out(f"    altname {name}\n")


def _link(process: Process, view: View, words: list[str], json: bool, pretty: bool) -> int:
    action = _action(process, words)
    if action != "show":
        status = _changed(process, action, words)
        return status if status or process.applet else ip_changes.link(process, action, words[1:])
    world, facts = process.shell.world, process.shell.world.network
    chosen, _ = _selected(process, words)
    if json:
        return print_json(
            process, [described(link, view, facts, addresses=False) for link in chosen], pretty=pretty
        )
    for link in chosen:
        if view.brief:
            process.out(f"{link.name:<16} {link.state:<14} {link.mac} <{link.flags}> \n")
            continue
        between = "\\" if view.one_line else "\n"
        process.out(ip_show.head(link, view, mode=True) + between + ip_show.hardware(world, link, view))
        name = ip_show.alternative(world, link)
        process.out(f"{between}    altname {name}\n" if name else "\n")
        if view.statistics and not view.one_line:
            process.out(ip_show.counters(world, link, view))
    return 0


def _changed(process: Process, action: str, words: list[str]) -> int:
    """A change: only its errors are visible."""
    if not action:
        name = "address" if process.args and process.args[0].startswith("a") else "link"
        process.err(f'Command "{words[0]}" is unknown, try "ip {name} help".\n')
        return 255
    if (
        action in ("add", "delete", "del", "change", "replace")
        and "dev" not in words
        and process.args[0][:1] == "a"
    ):
        raise Failure('Not enough information: "dev" argument is required.', 1)
    names = [link.name for link in ip_show.links(process.shell.world)]
    device = (
        words[words.index("dev") + 1]
        if "dev" in words[:-1]
        else words[1]
        if action == "set" and len(words) > 1
        else ""
    )
    if device and device not in names:
        if process.applet and words[:1] == ["set"]:
            raise Failure("ip: SIOCGIFFLAGS: No such device", 1)
        raise Failure(
            f"ip: can't find device '{device}'" if process.applet else f'Cannot find device "{device}"', 1
        )
    return 0


def _route(process: Process, view: View, words: list[str], json: bool, pretty: bool) -> int:
    facts = kernel_tables.facts_of(process.shell)
    if words[:1] in (["get"], ["g"], ["ge"]):
        return ip_routes.get(process, view, words[1:])
    action = _action(process, words)
    if action == "help" or (action in ("add", "append", "change", "replace", "delete") and len(words) < 2):
        process.err(HELP_ROUTE)
        return 255
    if action != "show":
        status = _changed(process, action or "add", words)
        if status or process.applet or view.family == "inet6":
            return status
        return route_changes.ip_route(process, action or "add", words[1:])
    device = facts.interface
    if "table" in words[:-1] and not process.applet:
        table = words[words.index("table") + 1]
        if table not in ("main", "254", "all", "local", "255"):
            return ip_changes.empty_table(table)
        if table in ("local", "255"):
            ip_routes.show_local(process, everything=False)
            return 0
    if view.family == "inet6":
        process.out(
            "".join(
                f"fe80::/64 dev {device} proto kernel metric 256 pref medium\n"
                for each in facts.inet6
                if each[2] == 0x20
            )
        )
        return 0
    rest = words[1:]
    chosen = list(facts.routes)
    if "default" in rest:
        chosen = [each for each in chosen if each.destination == "default"]
    chosen = ip_routes.of_prefix(chosen, rest)
    named = rest[rest.index("dev") + 1] if "dev" in rest[:-1] else ""
    if named and named not in (device, "lo"):
        raise Failure(
            f"ip: can't find device '{named}'" if process.applet else f'Cannot find device "{named}"', 1
        )
    if named == "lo":
        chosen = []
    if json:
        return print_json(process, [route_keys(each, device) for each in chosen], pretty=pretty)
    process.out(
        "".join(
            ip_show.route_line(each, device, shows_device=not named, busybox=view.busybox) for each in chosen
        )
    )
    if "all" in rest or "local" in rest:
        ip_routes.show_local(process, everything="all" in rest)
    return 0


def _neighbour(process: Process, view: View, words: list[str], json: bool, pretty: bool) -> int:
    action = _action(process, words)
    if action == "help":
        process.err(HELP_NEIGHBOUR)
        return 255
    if action != "show":
        status = _changed(process, action or "add", words)
        return (
            status if status or process.applet else ip_changes.neighbour(process, action or "add", words[1:])
        )
    facts = process.shell.world.network
    chosen, _ = _selected(process, [word for word in words if not word[:1].isdecimal()])
    shows = any(link.index == 2 for link in chosen) and view.family != "inet6"
    found = neighbours(process) if shows else []
    named = next((word for word in words[1:] if word[:1].isdecimal()), "")
    found = [each for each in found if named in ("", each.address)]
    device = "" if "dev" in words else f" dev {facts.interface}"
    if json:
        rows: list[dict[str, Any]] = [
            {
                "dst": each.address,
                "dev": facts.interface,
                **({"lladdr": each.mac} if each.mac else {}),
                "state": [each.state],
            }
            for each in found
        ]
        return print_json(process, rows, pretty=pretty)
    for each in found:
        mac = f" lladdr {each.mac}" if each.mac else ""
        used = ""
        if view.statistics:
            seconds = process.shell.world.persona.number(f"used {each.address}", 3, 28)
            used = (
                f" {'ref 1 ' if each.state == 'REACHABLE' else ''}used {seconds}/{seconds}/{seconds}probes 1"
            )
        if view.busybox:
            counts = (
                f"{' ref 1' if each.state == 'REACHABLE' else ''} used 0/0/0 probes {4 if each.mac else 6}"
            )
            process.out(f"{each.address}{device}{mac}{counts} {each.state}\n")
        elif view.brief:
            process.out(f"{each.address:<39} {facts.interface:<16} {each.mac} \n")
        else:
            process.out(f"{each.address}{device}{mac}{used} {each.state} \n")
    return 0


def _rule(process: Process, view: View, words: list[str], json: bool, pretty: bool) -> int:
    action = _action(process, words)
    if action != "show":
        status = _changed(process, action or "add", words)
        if status or process.applet:
            return status
        return ip_changes.rule(process, action or "add", words[1:], six=view.family == "inet6")
    found = ip_changes.rules(process, six=view.family == "inet6")
    if "table" in words[:-1]:
        found = [each for each in found if each[2] == words[words.index("table") + 1]]
    if json:
        keys = [{"priority": number, "src": "all", "table": table} for number, _, table in found]
        return print_json(process, keys, pretty=pretty)
    blank = " " if view.busybox else ""
    process.out("".join(f"{number}:\t{what} lookup {table}{blank}\n" for number, what, table in found))
    return 0


def _maddress(process: Process, view: View, words: list[str], json: bool, pretty: bool) -> int:
    six = bool(process.shell.world.network.inet6)
    named = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    for link in ip_show.links(process.shell.world):
        if named not in ("", link.name):
            continue
        process.out(f"{link.index}:\t{link.name}\n")
        if link.index == 2:
            process.out("\tlink  01:00:5e:00:00:01\n" + ("\tlink  33:33:00:00:00:01\n" if six else ""))
        process.out("\tinet  224.0.0.1\n" + ("\tinet6 ff02::1\n\tinet6 ff01::1\n" if six else ""))
    return 0


def short(process: Process) -> int:
    """BusyBox's `ipaddr`, `iplink`, `iproute`, `ipneigh` and `iprule`."""
    process.args = [process.name.removeprefix("ip"), *process.args]
    return ip(process)


COMMANDS = {"ip": ip} | dict.fromkeys(("ipaddr", "iplink", "iproute", "ipneigh", "iprule"), short)
