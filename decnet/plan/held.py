"""Which addresses and MACs workers may hold while it is not known what runs there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import DeckyKey
from decnet.model.record import OPEN, Claim, DeckyRow, WorkerRecords


class Held(NamedTuple):
    """What one decky may hold on one worker."""

    key: DeckyKey
    claim: Claim


def may_hold(
    desired: Fleet, recorded: Mapping[str, WorkerRecords], workers: Collection[str]
) -> Iterator[Held]:
    """All that workers which were not seen may hold, each once: what is desired there, what was recorded of
    it, and what jobs were sent to bring up since. Only seeing the worker takes anything out of that."""
    wanted = {
        DeckyKey(decky.worker, project, name): decky
        for project, name, decky in desired.every_decky()
        if decky.worker in workers
    }
    rows = {
        DeckyKey(worker, project, row.name): row
        for worker in workers
        if worker in recorded
        for project, row in recorded[worker].rows()
    }
    for key in sorted({*wanted, *rows}):
        for claim in claims_of(wanted.get(key), rows.get(key)):
            yield Held(key, claim)


def claims_of(*known: Decky | DeckyRow | None) -> tuple[Claim, ...]:
    """The addresses of a decky as desired and as recorded, each once."""
    found = []
    for each in known:
        if each is not None:
            found.append(Claim(ip=each.ip, mac=each.mac))
            found += each.sent if isinstance(each, DeckyRow) else ()
    return tuple(dict.fromkeys(found))


def under_way(recorded: Mapping[str, WorkerRecords]) -> frozenset[DeckyKey]:
    """The deckies that a job may still bring up."""
    return frozenset(
        DeckyKey(worker, row.project, row.decky)
        for worker, records in recorded.items()
        for row in records.lifecycle
        if row.status in OPEN and row.operation != "remove"
    )
