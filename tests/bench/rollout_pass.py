"""A pass over many workers with an open rollout, against the same pass without one, in this process: what is
stored is read and checked, what was observed is judged, and a plan is made."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from decnet.catalog import load
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import make_plan, with_images
from decnet.engine.options import PassOptions
from decnet.engine.rollout_observation import observed_units
from decnet.engine.rollouts import advance
from decnet.engine.snapshot import load_snapshot
from decnet.errors import Unreachable, WorkerFailure
from decnet.images import ImageNames
from decnet.model.actual import NotSeen, Observation
from decnet.model.rollout import Policy, Rollout, RolloutEvent
from decnet.model.worker import Worker
from decnet.plan.images import upgraded
from decnet.plan.rollout import effective_fleet, open_rollout, step
from decnet.store.desired import save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.store.rollouts import RolloutStore
from decnet.wire import digest

from .growth import Growth, grown
from .passes import Large, cpu
from .rows import Row

WORKERS, DECKIES, DEAD = 500, 1500, 10


SIZES = (100, 300, 900)


def rollout_pass_rows(workers: int = WORKERS, deckies: int = DECKIES) -> list[Row]:
    """CPU seconds, with one worker in ten that does not answer, and a tenth of the others released: against
    a pass in which the same deckies change without a rollout."""
    with _ground(workers, deckies) as (ctx, large):
        observed = _observed(large)
        rollout, events = _opened(ctx, large)
        save_fleet(ctx.home, effective_fleet(rollout, rollout.former))
        without = cpu(lambda: _pass(ctx, observed))
        RolloutStore(ctx.home).create(rollout, events)
        with_one = cpu(lambda: _pass(ctx, observed))
    return [
        Row(
            f"pass with an open rollout: {workers} workers, {deckies} deckies, one in {DEAD} dead",
            with_one,
            without,
            "the same changes without one",
            1.3,
        )
    ]


def rollout_pass_growth() -> Growth:
    """CPU seconds of the same at three sizes."""
    with ExitStack() as stack:

        def made(workers: int) -> Callable[[], object]:
            ctx, large = stack.enter_context(_ground(workers, 3 * workers))
            _open(ctx, large)
            observed = _observed(large)
            return lambda: _pass(ctx, observed)

        return grown("a pass with an open rollout", "workers", SIZES, made)


def _open(ctx: Context, large: Large) -> None:
    rollout, events = _opened(ctx, large)
    RolloutStore(ctx.home).create(rollout, events)
    save_fleet(ctx.home, effective_fleet(rollout, rollout.former))


@contextmanager
def _ground(workers: int, deckies: int) -> Iterator[tuple[Context, Large]]:
    large = Large(deckies, workers, pinned=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.records_dir.mkdir(parents=True)
        save_fleet(home, large.fleet)
        table = FleetTable(home)
        for number, (name, records) in enumerate(large.recorded.items()):
            Records(home).save(records)
            table.put_worker(
                Worker(
                    name=name,
                    worker_id=name,
                    host=f"10.1.{number >> 8}.{number & 255}",
                    user="root",
                    enrolled_at=0.0,
                )
            )
        yield Context(home, load(), emit=lambda event: None), large


def _observed(large: Large) -> dict[str, Observation]:
    dead = [name for number, name in enumerate(large.observed) if not number % DEAD]
    lost = {name: NotSeen(WorkerFailure(name, Unreachable, "no route to host", None)) for name in dead}
    return {**large.observed, **lost}


def _opened(ctx: Context, large: Large) -> tuple[Rollout, tuple[RolloutEvent, ...]]:
    """A rollout of new images, of which a tenth is released."""
    newer = ImageNames(base="decnet/base:" + "0" * 12, decoys="decnet/decoys:" + "0" * 12)
    rollout, opened = open_rollout(
        large.fleet,
        upgraded(large.fleet, large.fleet.lans, newer),
        Policy(waves=("10%", "100%"), max_in_flight="10%"),
        tags={},
        opened_at=1.0,
        opened_by="bench",
        command="bench",
        seed=1,
        catalog=digest(ctx.catalog.content()),
    )
    snap = replace(load_snapshot(ctx).with_observed(_observed(large)), rollout=rollout)
    moved, events = step(rollout, observed_units(snap, rollout, now=2.0), 2.0)
    return moved, (*opened, *events)


def _pass(ctx: Context, observed: dict[str, Observation]) -> None:
    results = []

    async def advanced() -> None:
        # Not returned: Python 3.11 formats the result of what it runs.
        snap = load_snapshot(ctx).with_observed(observed)
        results.append(await advance(ctx, Connections(ctx.home, ""), snap, PassOptions(check=True)))

    asyncio.run(advanced())
    make_plan(ctx, with_images(results[0]))
