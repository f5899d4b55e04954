"""Turns what the kernel recorded of one decky into events: one for each source and kind of probe."""

from __future__ import annotations

from decnet.wire.ports import ports_text

from .scan_tables import ARP, PORTS, TRANSPORTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Any, Dict, List

    from .scan_tables import Key, Touches

MOST_SOURCES = 100
"""Sources of one kind of probe with an event of their own, those with most packets: the others of a flood of
forged addresses are counted in one event."""

LONGEST_PORTS = 4000
"""Characters of a field's text that the operator accepts."""


def events_of(
    touches: Touches, now: float, own: AbstractSet[str], gateways: AbstractSet[str]
) -> List[Dict[str, Any]]:
    """{"index", "source", "transport", "fields"} of each event, always in the same order; `now` is when the
    tables were read. Not of `own` addresses, and without the ARP requests that only precede other packets."""
    by_probe: Dict[str, List[Key]] = {}
    for key in sorted(touches.counts):
        if key[0] not in own and not (key[1] == ARP and _is_only_resolving(key[0], touches, gateways)):
            by_probe.setdefault(key[1], []).append(key)
    rows: List[Dict[str, Any]] = []
    for probe, keys in sorted(by_probe.items()):
        keys.sort(key=lambda key: -touches.counts[key])
        groups = [[key] for key in keys[:MOST_SOURCES]]
        if len(keys) > MOST_SOURCES:
            groups.append(keys[MOST_SOURCES:])
        rows += [_row(touches, probe, group, now) for group in groups]
    return [dict(row, index=index) for index, row in enumerate(rows)]


def _is_only_resolving(source: str, touches: Touches, gateways: AbstractSet[str]) -> bool:
    """A host asks for the MAC before it sends anything else, and a gateway does so for hosts behind it."""
    others = any(key[0] == source and key[1] != ARP for key in touches.counts)
    return others or source in touches.callers or source in gateways


def _row(touches: Touches, probe: str, keys: List[Key], now: float) -> Dict[str, Any]:
    """One event of these sources; if they are several, without their addresses."""
    ports = {port for key in keys for port in touches.ports.get(key, ())}
    text = ports_text(ports)
    is_cut = len(text) > LONGEST_PORTS
    fields: Dict[str, Any] = {"probe": probe}
    if text:
        fields["ports"] = text[:LONGEST_PORTS].rpartition(",")[0] if is_cut else text
    fields["count"] = sum(touches.counts[key] for key in keys)
    fields["first"] = round(min(now - touches.first[key] for key in keys), 3)
    fields["last"] = round(max(now - touches.last.get(key, touches.first[key]) for key in keys), 3)
    if len(keys) > 1:
        fields["folded"] = len(keys)
    if touches.missed or is_cut or len(keys) > 1 or len(ports) >= PORTS:
        fields["truncated"] = True
    return {
        "source": keys[0][0] if len(keys) == 1 else "",
        "transport": TRANSPORTS[probe],
        "fields": fields,
    }
