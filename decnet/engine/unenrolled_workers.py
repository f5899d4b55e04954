"""Workers that have deckies but are not enrolled: named by desired, or removed by force while their deckies
still answer on the LAN."""

from __future__ import annotations

from collections.abc import Container
from ipaddress import IPv4Address, IPv4Network

from decnet.engine.connections import Connections
from decnet.engine.snapshot import Snapshot
from decnet.errors import Failed, PartlyFailed, WorkerFailure
from decnet.model.actual import Seen
from decnet.model.fleet import Fleet
from decnet.model.spec import LOCAL
from decnet.model.worker import Worker
from decnet.store.fleet_table import Quarantined
from decnet.wire import clean

MAX_PROBED = 1024
"""Quarantined addresses that are probed on one LAN."""


def unenrolled(desired: Fleet, enrolled: Container[str]) -> tuple[WorkerFailure, ...]:
    """A failure for each worker that desired names but that is not enrolled: no one maintains its deckies."""
    names = sorted(desired.placed)
    return tuple(_unenrolled(name) for name in names if name not in enrolled)


async def resurfaced_workers(connections: Connections, snap: Snapshot) -> tuple[WorkerFailure, ...]:
    """A failure for each removed worker whose quarantined addresses answer on the LAN.

    One worker of each LAN probes them. If a LAN has none that can, nothing is reported for it.
    """
    probes = _probes(snap)
    addresses = {worker.name: {row.address for row in rows} for worker, rows in probes}
    answers = await connections.call_all(
        (worker for worker, _ in probes), lambda client: client.probe(addresses[client.worker])
    )
    found: dict[str, list[str]] = {}
    for worker, rows in probes:
        answer = answers[worker.name]
        answered = {} if isinstance(answer, WorkerFailure) else answer.answered
        for row in rows:
            if row.address in answered:
                found.setdefault(row.worker, []).append(_holder(row, answered[row.address]))
    return tuple(_failure(name, holders) for name, holders in sorted(found.items()))


def _unenrolled(name: str) -> WorkerFailure:
    hint = f"decnet worker add {name} USER@HOST, or decnet worker recover"
    if name == LOCAL:
        hint = "decnet deploy enrols this machine again"
    return WorkerFailure(name, Failed, "it has deckies and is not enrolled", hint)


def _probes(snap: Snapshot) -> list[tuple[Worker, list[Quarantined]]]:
    """One seen worker for each LAN, with the quarantined addresses of its subnet that none of our containers
    has."""
    ours = {
        container.ip
        for each in snap.observed.values()
        if isinstance(each, Seen)
        for container in each.status.containers
    }
    rows = [row for row in snap.quarantined if row.address not in ours]
    found = []
    for name in sorted(snap.workers):
        subnet = _subnet(snap, name) if isinstance(snap.observed.get(name), Seen) else None
        inside = [row for row in rows if subnet is not None and IPv4Address(row.address) in subnet]
        if inside:
            found.append((snap.workers[name], inside[:MAX_PROBED]))
            rows = [row for row in rows if row not in inside]
    return found


def _subnet(snap: Snapshot, name: str) -> IPv4Network | None:
    """The subnet where the worker can probe; None if its LAN is a bridge."""
    lan, facts = snap.desired.lans.get(name), snap.recorded[name].facts
    if lan is not None:
        return None if lan.driver == "bridge" else IPv4Network(lan.subnet)
    return IPv4Network(facts.subnet, strict=False) if facts is not None and facts.subnet else None


def _holder(row: Quarantined, mac: str) -> str:
    if mac == row.mac:
        return f"{row.decky} answers at {row.address}"
    return f"{clean(mac, 40)} answers at {row.address}, which {row.decky} may have"


def _failure(name: str, holders: list[str]) -> WorkerFailure:
    return WorkerFailure(
        name,
        PartlyFailed,
        f"it was removed, and {', '.join(holders)}",
        f"decnet worker add {name} USER@HOST, then decnet reconcile --prune; or switch it off permanently",
    )
