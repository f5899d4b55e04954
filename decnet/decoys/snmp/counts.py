"""The agent's own counters (SNMPv2-MIB, group snmp)."""

from __future__ import annotations

from collections.abc import Iterator

from . import ber
from .ber import Oid
from .message import BULK, GET, NEXT, SET, Pdu
from .tree import Value

KINDS = {GET: "get", NEXT: "next", SET: "set"}
NUMBERS = (*range(1, 7), *range(8, 23), *range(24, 30), 31, 32)
"""Of its counters."""
NAMED = {
    1: "received",
    2: "sent",
    4: "unknown",
    6: "malformed",
    13: "objects",
    15: "get",
    16: "next",
    17: "set",
    28: "sent",
}
TRAPS_DISABLED = ber.integer(2)


class Counts:
    """How many packets and objects there were since the start."""

    def __init__(self) -> None:
        self._found = dict.fromkeys(NAMED.values(), 0)

    def received(self, name: str = "") -> None:
        """A packet has come; `name`: "malformed" or "unknown" (its community) if it was refused."""
        self._found["received"] += 1
        if name:
            self._found[name] += 1

    def asked(self, pdu: Pdu) -> None:
        """A request has been answered."""
        kind = KINDS.get(pdu.kind, "")
        if kind:
            self._found[kind] += 1
        self._found["objects"] += (
            len(pdu.bindings) if pdu.kind != BULK else max(len(pdu.bindings), pdu.second)
        )
        self._found["sent"] += 1

    def rows(self, group: Oid) -> Iterator[tuple[Oid, Value]]:
        """The objects of the group."""
        for number in NUMBERS:
            yield (*group, number, 0), self._value(NAMED.get(number, ""))
        yield (*group, 30, 0), TRAPS_DISABLED

    def _value(self, name: str) -> Value:
        return lambda: ber.counter(self._found.get(name, 0))
