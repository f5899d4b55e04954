"""Which LAN is reached how, as a text tree."""

from __future__ import annotations

from collections.abc import Iterator

from decnet.model.topology import Design
from decnet.wire import clean

from .findings import Finding, Findings
from .graph import WORKERS_LAN
from .paths import Reached, open_to_attackers, reached
from .validate_ways import check_ways

ATTACKER = "attacker"


def walk(design: Design, start: str = ATTACKER) -> tuple[list[str], tuple[Finding, ...]]:
    """The lines of the tree, and the LANs without a way in. It begins at the attacker, in the DMZ, or at a
    decky by name, on its main LAN. Raises KeyError for one that does not exist."""
    decky = None if start == ATTACKER else design.decky(start)
    if decky is None and start != ATTACKER:
        raise KeyError(start)
    ways = reached(design, decky.home if decky else None)
    apart = [_name(lan.name, design) for lan in design.lans if lan.name not in ways]
    inside = open_to_attackers(design)
    lines = [start, *_below("", ways, design, "", inside), *(f"not connected: {name}" for name in apart)]
    found = Findings()
    check_ways(found, design)
    return lines, tuple(each for each in found.found if each.code == "LAN_NO_WAY_IN")


def _below(
    parent: str, ways: dict[str, Reached], design: Design, indent: str, inside: set[str]
) -> Iterator[str]:
    """The LANs behind one, each with the decky that leads there."""
    children = [each for each in ways.values() if each.parent == parent and (parent or not each.through)]
    for number, each in enumerate(children, 1):
        is_last = number == len(children)
        yield f"{indent}{'└── ' if is_last else '├── '}{_line(each, design, inside)}"
        yield from _below(each.lan, ways, design, indent + ("    " if is_last else "│   "), inside)


def _name(name: str, design: Design) -> str:
    lan = design.lan(name)
    return f"{name} ({clean(lan.subnet, 40) if lan and lan.subnet else WORKERS_LAN})"


def _line(reached: Reached, design: Design, inside: set[str]) -> str:
    what = _name(reached.lan, design)
    if not reached.through:
        return what
    how = {
        frozenset({"forwards"}): "routes",
        frozenset({"ssh"}): "has SSH",
        frozenset({"forwards", "ssh"}): "routes, has SSH",
    }.get(reached.ways, "neither routes nor has SSH")
    closed = "" if reached.lan in inside else "; no way in"
    return f"{what} through {reached.through}: {how}{closed}"
