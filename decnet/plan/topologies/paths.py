"""The ways through a topology: which LAN is behind which decky, and how attackers get there."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from decnet.model.topology import Design, DesignDecky

Way = Literal["forwards", "ssh"]
"""How a decky leads an attacker to its other LANs: it routes, or its SSH service opens connections."""

WAYS: frozenset[Way] = frozenset()
"""Those that deckies of this version really offer to attackers."""


class Reached(NamedTuple):
    """How a LAN is reached from the DMZ: at `depth` (0: the DMZ itself), from the LAN `parent` through the
    decky `through`. `ways`: what that decky offers."""

    lan: str
    depth: int
    parent: str
    through: str
    ways: frozenset[Way]


def ways_of(decky: DesignDecky) -> frozenset[Way]:
    """What a decky offers by design."""
    found: set[Way] = set()
    if decky.forwards:
        found.add("forwards")
    if "ssh" in decky.services:
        found.add("ssh")
    return frozenset(found)


def reached(design: Design, start: str | None = None) -> dict[str, Reached]:
    """The LANs that are connected with the DMZ (or with `start`), the nearest first; by name. Of several
    deckies between two LANs, one that offers most is chosen."""
    first = start or (design.dmz.name if design.dmz else "")
    if design.lan(first) is None:
        return {}
    by_lan: dict[str, list[DesignDecky]] = {lan.name: [] for lan in design.lans}
    for decky in sorted(design.deckies, key=lambda decky: (-len(ways_of(decky)), decky.name)):
        for lan in decky.addresses:
            by_lan.setdefault(lan, []).append(decky)
    found = {first: Reached(first, 0, "", "", frozenset())}
    queue = deque([first])
    while queue:
        here = found[queue.popleft()]
        for decky in by_lan[here.lan]:
            for lan in sorted(decky.addresses):
                if lan not in found and lan in by_lan:
                    found[lan] = Reached(lan, here.depth + 1, here.lan, decky.name, ways_of(decky))
                    queue.append(lan)
    return found


def open_to_attackers(design: Design, ways: Collection[Way] = WAYS) -> set[str]:
    """The LANs that attackers get to from the DMZ, each decky on the way offering one of `ways`."""
    usable = [decky for decky in design.deckies if ways_of(decky) & set(ways)]
    inside = {design.dmz.name} if design.dmz else set()
    while more := _one_step(inside, usable):
        inside |= more
    return inside


def connected(design: Design, lans: Collection[str]) -> set[str]:
    """The LANs that a decky connects with these, directly or through others."""
    inside = set(lans)
    while more := _one_step(inside, design.deckies):
        inside |= more
    return inside


def forward_loops(design: Design) -> Iterator[DesignDecky]:
    """The deckies that route between LANs which other routing deckies connect already."""
    leader = {lan.name: lan.name for lan in design.lans}

    def group(lan: str) -> str:
        while leader[lan] != lan:
            lan = leader[lan]
        return lan

    for decky in design.deckies:
        groups = [group(lan) for lan in decky.addresses if lan in leader] if decky.forwards else []
        if len(set(groups)) < len(groups):
            yield decky
        for other in groups[1:]:
            leader[group(other)] = group(groups[0])


def _one_step(inside: set[str], deckies: Collection[DesignDecky]) -> set[str]:
    """The LANs one decky further."""
    return {lan for decky in deckies if inside & decky.addresses.keys() for lan in decky.addresses} - inside
