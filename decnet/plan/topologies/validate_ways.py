"""Checks how the LANs of a design are connected."""

from __future__ import annotations

from decnet.model.counted import counted
from decnet.model.topology import Design

from .findings import Findings
from .paths import WAYS, connected, forward_loops, open_to_attackers


def check_ways(found: Findings, design: Design) -> None:
    """Add the LANs that attackers cannot get to, and circles of routing deckies."""
    inside = open_to_attackers(design)
    if not inside:
        return
    joined = connected(design, inside)
    for lan in design.lans:
        if lan.name not in joined:
            message = f"{lan.name}: no decky connects it with the DMZ"
            found.add("LAN_NO_WAY_IN", ("lan", lan.name), message, "attach a decky to both")
    for lan in design.lans:
        if lan.name in joined - inside and _is_next(design, lan.name, inside):
            found.add("LAN_NO_WAY_IN", ("lan", lan.name), *_no_way(design, lan.name, joined - inside))
    for decky in forward_loops(design):
        message = f"{decky.name}: it routes between LANs that other deckies connect already"
        found.add(
            "FORWARD_LOOP", ("decky", decky.name, "forwards"), message, "set `forwards = false` for one"
        )


def _is_next(design: Design, lan: str, inside: set[str]) -> bool:
    """Whether a decky connects it with one of these directly."""
    return any(inside & decky.addresses.keys() for decky in design.members(lan))


def _no_way(design: Design, lan: str, closed: set[str]) -> tuple[str, str]:
    """Message and hint for the first LAN behind which attackers get no further."""
    rest = Design(
        lans=tuple(each for each in design.lans if each.name in closed),
        deckies=tuple(d for d in design.deckies if d.addresses.keys() <= closed),
    )
    behind = len(connected(rest, {lan})) - 1
    more = f" nor to {counted(behind, 'LAN')} behind it" if behind else ""
    message = f"{lan}: attackers cannot get to it{more}"
    if not WAYS:
        return message, "deckies of this version do not lead from one LAN to another"
    return message, "set `forwards = true` for a decky that connects it"
