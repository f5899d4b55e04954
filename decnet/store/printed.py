"""How far `events --pull` and `--follow` have printed the stored events."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

import orjson
from pydantic import ValidationError

from decnet.errors import LockHeld
from decnet.model.base import FrozenModel, Loose

from .atomic import read_whole, write_whole
from .events import Place, StoredEvent, events_between, last_places
from .lock import Lock
from .paths import Home

Places = Mapping[str, Place]
"""The place of one event of each worker, by worker_id."""


class _Printed(FrozenModel):
    """The file's content."""

    positions: dict[str, Annotated[Place, Loose]]


def printing_lock(home: Home, command: str, timeout: float) -> Lock:
    """The lock for printing events, so that two commands do not print the same event."""
    return Lock(home, command, timeout, path=home.events_dir / "shown.lock")


def begin_printing(home: Home, workers: Collection[str], command: str, timeout: float) -> None:
    """Records before a pull where printing starts. A state directory that has never printed an event starts
    with those of this pull, and a worker whose stored events were lost starts from the first one."""
    if _start(home, workers) == load_printed(home):
        return
    try:
        with printing_lock(home, command, timeout):
            save_printed(home, _start(home, workers))
    except LockHeld:
        # The command that is printing now has recorded it.
        return


def _start(home: Home, workers: Collection[str]) -> Places:
    shown, present = load_printed(home), last_places(home, workers)
    if shown is None:
        return present
    kept = {worker: place for worker, place in shown.items() if worker in present or worker not in workers}
    return {worker: min(place, present.get(worker, place)) for worker, place in kept.items()}


def load_printed(home: Home) -> Places | None:
    """The last event of each worker that was printed; None if nothing usable is recorded."""
    try:
        return _Printed.model_validate_json(read_whole(home.events_dir / "shown.json") or b"").positions
    except ValidationError:
        return None


def save_printed(home: Home, positions: Places) -> None:
    """Records what was printed. The caller holds `shown_lock`."""
    document = {"positions": {worker: list(place) for worker, place in positions.items()}}
    write_whole(
        home.events_dir / "shown.json",
        orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS),
    )


def unprinted(home: Home, shown: Places, ends: Places) -> Iterator[StoredEvent]:
    """The events after `shown` and up to `ends`, of all workers, merged by time."""
    streams = [events_between(home, worker, shown.get(worker), end) for worker, end in ends.items()]
    return heapq.merge(*streams, key=lambda stored: stored.event.at)
