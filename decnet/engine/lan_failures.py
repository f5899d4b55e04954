"""What is wrong on the LANs of workers that answer: cables, and hosts that answer for deckies' addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from decnet.engine.snapshot import Snapshot
from decnet.errors import PartlyFailed, WorkerFailure
from decnet.model.actual import ConflictVerdict, Seen
from decnet.model.keys import DeckyKey
from decnet.plan.address_conflicts import AddressConflict, address_conflicts
from decnet.wire import clean

SHOWN_DECKIES = 5
_ENDS: dict[ConflictVerdict | None, tuple[str, str]] = {
    None: (" too", "decnet reconcile examines it"),
    "steady": (": it gives way", "give the decky another `ip`, or find out which host has it"),
    "unsteady": (", but not alone or not every time: it stays", "find out which host that is"),
}


def lan_failures(snap: Snapshot, *, apart_from: Collection[DeckyKey] = ()) -> tuple[WorkerFailure, ...]:
    """Each such fault of an observed worker, without the conflicts of the deckies in `apart_from`, which are
    shown already."""
    return (*_cut_off(snap), *_conflicts(snap, apart_from))


def faulty_deckies(snap: Snapshot) -> dict[DeckyKey, str]:
    """The deckies that the LAN does not reach (`cut off`), or not only them (`conflict`)."""
    cut_off = cut_off_workers(snap)
    faults = {
        DeckyKey(decky.worker, project, name): "cut off"
        for project, name, decky in snap.desired.every_decky()
        if decky.worker in cut_off
    }
    return faults | dict.fromkeys(address_conflicts(snap.desired, snap.observed), "conflict")


def cut_off_workers(snap: Snapshot) -> dict[str, str]:
    """Worker to the reason, for those whose deckies no host on the LAN can reach."""
    return {
        name: "; ".join(f"{clean(link.interface, 20)} {clean(link.error, 40)}" for link in seen.status.links)
        for name, seen in sorted(snap.observed.items())
        if isinstance(seen, Seen) and seen.status.links and snap.desired.count_on(name)
    }


def _cut_off(snap: Snapshot) -> Iterator[WorkerFailure]:
    for name, why in cut_off_workers(snap).items():
        message = f"{why}: no host on the LAN can reach its deckies"
        yield WorkerFailure(name, PartlyFailed, message, "check its cable, its switch port and its interface")


def _conflicts(snap: Snapshot, apart_from: Collection[DeckyKey]) -> Iterator[WorkerFailure]:
    by_host: dict[tuple[str, str], list[AddressConflict]] = {}
    for key, conflict in sorted(address_conflicts(snap.desired, snap.observed).items()):
        if key not in apart_from:
            by_host.setdefault((key.worker, conflict.mac), []).append(conflict)
    for (worker, mac), conflicts in by_host.items():
        spoofed = [each for each in conflicts if each.verdict == "spoofed"]
        if spoofed:
            yield _spoofing(worker, mac, spoofed)
        for each in conflicts:
            if each.verdict != "spoofed":
                end, hint = _ENDS[each.verdict]
                message = f"{mac} answers for {each.address}, which is {each.key.decky}'s{end}"
                yield WorkerFailure(worker, PartlyFailed, message, hint)


def _spoofing(worker: str, mac: str, conflicts: list[AddressConflict]) -> WorkerFailure:
    names = ", ".join(each.key.decky for each in conflicts[:SHOWN_DECKIES])
    more = f" and {len(conflicts) - SHOWN_DECKIES} more" if len(conflicts) > SHOWN_DECKIES else ""
    return WorkerFailure(
        worker,
        PartlyFailed,
        f"{mac} answers for many addresses, also for those of {names}{more}: ARP spoofing, or a router with "
        "proxy ARP; they stay",
        "find out which host that is",
    )
