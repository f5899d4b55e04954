"""The state and the stored events at three sizes, in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from decnet import __version__
from decnet.export import FORMATS, Sighting
from decnet.model.worker import Worker
from decnet.plan.attackers import by_source
from decnet.plan.event_filter import EventFilter, passes
from decnet.store.desired import load_fleet, save_fleet
from decnet.store.event_index import Coverage
from decnet.store.events import event_of
from decnet.store.fleet_table import FleetTable
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.store.tables import transaction
from decnet.store.touches import read_touches

from .events import NOW, fill, index, sources, stored_rows
from .growth import Growth, grown
from .passes import Large

DECKIES = (2_500, 7_500, 22_500)
WORKERS = (250, 1_000, 4_000)
EVENTS = (25_000, 75_000, 225_000)
FORMATTED = (2_000, 6_000, 18_000)
PER_WORKER = 10


def store_growth() -> list[Growth]:
    """Processor seconds of each."""
    with _homes() as home:
        return [
            grown("the fleet saved", "deckies", DECKIES, lambda size: _saved(home(), size)),
            grown("the fleet loaded", "deckies", DECKIES, lambda size: _loaded(home(), size)),
            grown(
                "the records of all workers loaded", "workers", WORKERS, lambda size: _records(home(), size)
            ),
            grown("the table of workers loaded", "workers", WORKERS, lambda size: _table(home(), size)),
            *_of_events(home),
            *(_exported(name) for name in FORMATS),
        ]


def _of_events(home: Callable[[], Home]) -> list[Growth]:
    filled = {size: home() for size in EVENTS}
    for size, each in filled.items():
        fill(each, size)
    wanted = EventFilter(services=("ssh",), kinds=("login",))
    none = Coverage({})
    indexed = grown("the index of stored events built", "events", EVENTS, lambda n: _indexed(filled[n]), 1)
    return [
        indexed,
        grown("attackers from the index", "events", EVENTS, lambda n: lambda: sources(filled[n], None)),
        grown("attackers from the files", "events", EVENTS, lambda n: lambda: sources(filled[n], none), 1),
        grown("events of one service and kind", "events", EVENTS, lambda n: _filtered(filled[n], wanted), 1),
        grown("events of the last hour", "events", EVENTS, lambda n: _last_hour(filled[n])),
    ]


@contextmanager
def _homes() -> Iterator[Callable[[], Home]]:
    """A new state directory for each call."""
    with tempfile.TemporaryDirectory(prefix="decnet-bench-") as folder:

        def new() -> Home:
            home = Home(Path(tempfile.mkdtemp(dir=folder)))
            home.records_dir.mkdir(parents=True)
            return home

        yield new


def _saved(home: Home, deckies: int) -> Callable[[], object]:
    fleets = [Large(deckies, deckies // PER_WORKER, pinned=pinned).fleet for pinned in (False, True)]
    turns = iter(fleets * 9)
    return lambda: save_fleet(home, next(turns))


def _loaded(home: Home, deckies: int) -> Callable[[], object]:
    save_fleet(home, Large(deckies, deckies // PER_WORKER).fleet)
    return lambda: load_fleet(home)


def _records(home: Home, workers: int) -> Callable[[], object]:
    large = Large(2 * workers, workers)
    for each in large.recorded.values():
        Records(home).save(each)
    return lambda: Records(home).load_many(large.recorded)


def _table(home: Home, workers: int) -> Callable[[], object]:
    known = [
        Worker(name=f"w{n}", worker_id=f"id-{n}", host=f"10.{n >> 8}.{n & 255}.2") for n in range(workers)
    ]
    with transaction(home.fleet) as tables:
        tables.replace("workers", [each.model_dump() for each in known])
    return lambda: FleetTable(home).workers()


def _indexed(home: Home) -> Callable[[], object]:
    return lambda: index(home)


def _filtered(home: Home, wanted: EventFilter) -> Callable[[], object]:
    return lambda: by_source(touch for touch in read_touches(home) if passes(touch, wanted))


def _last_hour(home: Home) -> Callable[[], object]:
    return lambda: sum(1 for _ in read_touches(home, since=NOW - 3600))


def _exported(name: str) -> Growth:
    spell = FORMATS[name]

    def made(size: int) -> Callable[[], Sequence[object]]:
        events = [event for row in stored_rows(size) if (event := event_of(row)) is not None]
        seen = [Sighting(each.event, "w1", __version__) for each in events]
        return lambda: [spell(each) for each in seen]

    return grown(f"events written as {name}", "events", FORMATTED, made)
