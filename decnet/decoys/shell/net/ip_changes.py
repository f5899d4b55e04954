# ruff: noqa: E501 (a list)
"""What `ip` changes: addresses, links, neighbours and rules; routes are in `route_changes`."""

from __future__ import annotations

from ipaddress import IPv4Interface

from ..process import Process
from ..text.common import Failure
from .kernel_tables import (
    NEIGHBOURS,
    RULES,
    Added,
    add_address,
    keep,
    remove_address,
    rows,
    set_mtu,
)
from .route_changes import plain_address

TABLES = {"255": "local", "254": "main", "253": "default"}
LINK_TYPES = (
    "amt", "bareudp", "bond", "bridge", "dummy", "erspan", "geneve", "gre", "gretap", "ifb", "ip6gre", "ip6gretap",
    "ip6tnl", "ipip", "ipvlan", "ipvtap", "macsec", "macvlan", "macvtap", "sit", "team", "veth", "vlan", "vrf", "vti",
    "vxlan", "wireguard", "xfrm",
)  # fmt: skip
"""Those that the kernels of the releases have as modules."""


def address(process: Process, action: str, words: list[str]) -> int:
    """`ip address add`, `del` and the like. Raises Failure."""
    if action not in ("add", "append", "change", "replace", "delete", "del"):
        return 0
    device = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    label = words[words.index("label") + 1] if "label" in words[:-1] else device
    after = {at + 1 for at, word in enumerate(words) if word in ("dev", "label", "brd", "broadcast", "scope")}
    wanted = next((word for at, word in enumerate(words) if at not in after and word[:1].isdecimal()), "")
    if ":" in wanted or not wanted:
        return 0
    try:
        found = IPv4Interface(wanted)
    except ValueError:
        raise Failure(f'Error: any valid prefix is expected rather than "{wanted}".', 1) from None
    if action.startswith("del"):
        facts = process.shell.world.network
        own = facts.address if device == facts.interface else "127.0.0.1"
        if str(found.ip) != own and not remove_address(process.shell, device, str(found.ip)):
            raise Failure("RTNETLINK answers: Cannot assign requested address", 2)
        return 0
    added = Added(device, str(found.ip), found.network.prefixlen, label)
    if not add_address(process.shell, added) and action == "add":
        raise Failure("RTNETLINK answers: File exists", 2)
    return 0


def link(process: Process, action: str, words: list[str]) -> int:
    """`ip link set` and `add`. Raises Failure."""
    if action == "add":
        kind = words[words.index("type") + 1] if "type" in words[:-1] else ""
        if not kind:
            raise Failure('Not enough information: "type" argument is required', 1)
        if kind not in LINK_TYPES:
            raise Failure("Error: Unknown device type.", 2)
        return 0
    if action == "set" and "mtu" in words[:-1]:
        value = words[words.index("mtu") + 1]
        if not value.isdecimal() or len(value) > 9:
            raise Failure(f'Error: argument "{value}" is wrong: Invalid "mtu" value\n', 255)
        named = [word for word in words if word in ("lo", process.shell.world.interface())]
        if int(value) < 68 and named[:1] != ["lo"]:
            raise Failure("Error: mtu less than device minimum.", 2)
        set_mtu(process.shell, named[0] if named else "lo", int(value))
    return 0


def neighbour(process: Process, action: str, words: list[str]) -> int:
    """`ip neigh add`, `replace` and `del`. Raises Failure."""
    shell = process.shell
    if action == "flush" or not words:
        return 0
    device = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
    if not device:
        raise Failure("Device and destination are required arguments.", 1)
    found = rows(shell, NEIGHBOURS)
    target = plain_address(words[1] if words[0] == "to" else words[0])
    left = [row for row in found if row[0] != target]
    if action.startswith("del"):
        if len(left) == len(found) and not shell.world.network.knows(target):
            raise Failure("RTNETLINK answers: No such file or directory", 2)
        keep(shell, NEIGHBOURS, left)
        return 0
    if len(left) != len(found) and action == "add":
        raise Failure("RTNETLINK answers: File exists", 2)
    mac = words[words.index("lladdr") + 1] if "lladdr" in words[:-1] else ""
    keep(shell, NEIGHBOURS, [*left, [target, mac, "PERMANENT"]])
    return 0


def rules(process: Process, *, six: bool) -> list[tuple[int, str, str]]:
    """The rules by priority: number, what they are for, and their table."""
    usual = [(0, "from all", "local"), (32766, "from all", "main"), (32767, "from all", "default")]
    if six:
        return usual[:2]
    added = [(int(row[0]), row[1], row[2]) for row in rows(process.shell, RULES)]
    return sorted([*usual, *added], key=lambda each: each[0])


def rule(process: Process, action: str, words: list[str], *, six: bool) -> int:
    """`ip rule add` and `del`. Raises Failure."""
    shell, found = process.shell, rows(process.shell, RULES)
    values = dict(zip(words[::2], words[1::2], strict=False))
    number = next((values[each] for each in ("pref", "priority", "prio", "preference") if each in values), "")
    table = next((values[each] for each in ("table", "lookup") if each in values), "main")
    table = TABLES.get(table, table)
    chosen = [f"{each} {values[each]}" for each in ("from", "to", "fwmark", "iif", "oif") if each in values]
    what = " ".join(chosen if "from" in values else ["from all", *chosen])
    if action == "flush" or six:
        keep(shell, RULES, [] if action == "flush" else found)
        return 0
    if action.startswith("del"):
        gone = next(
            (row for row in found if _is_meant(row, number, what if chosen else "", values, table)), None
        )
        if gone is None:
            raise Failure("RTNETLINK answers: No such file or directory", 2)
        keep(shell, RULES, [row for row in found if row is not gone])
        return 0
    if not table.isdecimal() and table not in TABLES.values():
        raise Failure(f'Error: argument "{table}" is wrong: invalid table ID\n', 255)
    taken = [int(row[0]) for row in found] + [32766]
    priority = number if number.isdecimal() else str(min(taken) - 1)
    keep(shell, RULES, [*found, [priority[:9], what, table]])
    return 0


def _is_meant(row: list[str], number: str, what: str, values: dict[str, str], table: str) -> bool:
    return (
        number in ("", row[0])
        and what in ("", row[1])
        and (row[2] == table or not ("table" in values or "lookup" in values))
    )


def empty_table(table: str) -> int:
    """`ip route show table` of one that is empty. Raises Failure."""
    if table.isdecimal() or table in ("default", "unspec"):
        raise Failure("Error: ipv4: FIB table does not exist.\nDump terminated", 2)
    raise Failure(f'Error: argument "{table}" is wrong: table id value is invalid\n', 255)
