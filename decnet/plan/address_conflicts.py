"""What follows from another host that answers for a decky's address.

A decky gives way to a host that holds its address: an address must not be on the LAN twice. It does not give
way to one that answers for many addresses (ARP spoofing, proxy ARP), or that does not answer every time, or
not alone: otherwise one host could switch off the fleet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from decnet.model.actual import Conflict, ConflictVerdict, Observation, Seen, Status
from decnet.model.fleet import Fleet
from decnet.model.keys import DeckyKey
from decnet.wire import MAX_ADDRESSES_OF_A_HOST, clean, container_name


class AddressConflict(NamedTuple):
    """A desired decky for whose address another host answers. `verdict` is None if that was not examined."""

    key: DeckyKey
    address: str
    mac: str
    verdict: ConflictVerdict | None

    def __str__(self) -> str:
        return f"another host answers for {self.address}: {self.mac}"

    @property
    def forbids_claims(self) -> bool:
        """Whether the decky may not be started."""
        return self.verdict != "spoofed"


def address_conflicts(desired: Fleet, observed: Mapping[str, Observation]) -> dict[DeckyKey, AddressConflict]:
    """The conflict of each desired decky that has one."""
    found: dict[DeckyKey, AddressConflict] = {}
    for worker, seen in observed.items():
        if not isinstance(seen, Seen):
            continue
        for each in seen.status.conflicts:
            decky = desired.decky(each.project, each.decky)
            if decky is None or decky.worker != worker or _address(each, seen.status) not in ("", decky.ip):
                continue
            key = DeckyKey(worker, each.project, each.decky)
            verdict = seen.verdicts.get((each.project, each.decky, each.mac))
            # With several hosts, none of them holds the address alone.
            verdict = "unsteady" if key in found and verdict != "spoofed" else verdict
            found[key] = AddressConflict(key, decky.ip, clean(each.mac, 40), verdict)
    return found


def _address(conflict: Conflict, status: Status) -> str:
    """An older agent reports no address: the decky's base was stopped because of its own."""
    base = container_name(conflict.project, conflict.decky)
    return conflict.address or next((each.ip for each in status.containers if each.name == base), "")


def verdict_of(conflict: Conflict, steady: Mapping[str, str], answers: Mapping[str, int]) -> ConflictVerdict:
    """The verdict on a conflict that the worker has examined: `steady` has the MACs of those that hold an
    address, `answers` the number of addresses for which each MAC answers."""
    if answers.get(conflict.mac, 0) > MAX_ADDRESSES_OF_A_HOST:
        return "spoofed"
    return "steady" if steady.get(conflict.address) == conflict.mac else "unsteady"
