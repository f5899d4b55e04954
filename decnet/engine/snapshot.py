"""The fleet at one moment: desired, recorded and observed, with its workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from decnet.errors import SpecError
from decnet.images import ImageNames, wanted
from decnet.model.keys import SliceKey
from decnet.plan.compose import ExpectedSlice, expected_containers
from decnet.plan.rollout import edited_units, effective_fleet
from decnet.store.desired import check_known, load_fleet, new_fleet
from decnet.store.fleet_table import FleetTable, Quarantined
from decnet.store.gc_pause import gc_paused
from decnet.store.home_use import check_not_lost
from decnet.store.rollouts import RolloutStore, TakenBack
from decnet.store.topologies import TopologyTable
from decnet.store.used_entries import with_used

if TYPE_CHECKING:
    from decnet.engine.context import Context
    from decnet.errors import WorkerFailure
    from decnet.model.actual import Observation
    from decnet.model.catalog import Catalog
    from decnet.model.fleet import Fleet
    from decnet.model.record import WorkerRecords
    from decnet.model.rollout import Rollout, RolloutEvent
    from decnet.model.worker import Worker
    from decnet.store.paths import Home

ExpectedFleet = dict[SliceKey, ExpectedSlice]


@dataclass(frozen=True)
class Snapshot:
    """Every mapping is keyed by the worker's name and read-only: a change makes a new snapshot.

    `stored` is desired as in the state file, `desired` what a verb changes it to (at first the same).
    """

    stored: Fleet
    desired: Fleet
    workers: Mapping[str, Worker]
    images: ImageNames
    catalog: Catalog
    recorded: Mapping[str, WorkerRecords] = field(default_factory=dict)
    observed: Mapping[str, Observation] = field(default_factory=dict)
    quarantined: tuple[Quarantined, ...] = ()
    resurfaced: tuple[WorkerFailure, ...] = ()
    """A failure for each removed worker whose deckies still answer on the LAN."""
    resync_tries: Mapping[str, int] = field(default_factory=dict)
    """By project of a topology, how many passes in a row sent its description without effect."""
    rollout: Rollout | None = None
    """The open rollout; `desired` is what it has in effect."""
    rollout_moves: tuple[RolloutEvent, ...] = ()
    """What has moved it and is not stored yet."""
    rollout_events: tuple[RolloutEvent, ...] = ()
    """Everything that has moved it in this pass."""
    taken_back: tuple[TakenBack, ...] = ()
    """Contents that are not deployed again unless asked for."""
    _expected: list[ExpectedFleet] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("workers", "recorded", "observed", "resync_tries"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def expected(self) -> ExpectedFleet:
        """The containers that should exist, per slice and decky; computed once per desired fleet."""
        if not self._expected:
            self._expected.append(expected_containers(self.desired, self.catalog, self.images))
        return self._expected[0]

    def with_desired(self, desired: Fleet) -> Snapshot:
        """The same moment with another desired fleet."""
        return self if desired is self.desired else replace(self, desired=desired, _expected=[])

    def with_stored(self) -> Snapshot:
        """The same moment after desired was written to the state file."""
        return replace(self, stored=self.desired)

    def with_worker(self, worker: Worker, records: WorkerRecords, observation: Observation) -> Snapshot:
        """The same moment with one more worker, or with newer knowledge of one."""
        return replace(
            self,
            workers=dict(sorted({**self.workers, worker.name: worker}.items())),
            recorded={**self.recorded, worker.name: records},
            observed={**self.observed, worker.name: observation},
        )

    def with_records(self, learned: Mapping[str, WorkerRecords]) -> Snapshot:
        """The same moment with new records of these workers."""
        return replace(self, recorded={**self.recorded, **learned}) if learned else self

    def with_resurfaced(self, failures: tuple[WorkerFailure, ...]) -> Snapshot:
        """The same moment with the failures of `resurfaced_workers`."""
        return replace(self, resurfaced=failures) if failures else self

    def with_observed(self, observed: Mapping[str, Observation]) -> Snapshot:
        """The same moment with these observations, and the earlier ones of the other workers."""
        return replace(self, observed={**self.observed, **observed})


@gc_paused()
def load_snapshot(ctx: Context) -> Snapshot:
    """Desired and recorded as stored. A state directory that was never used gives an empty fleet, not yet
    saved. Raises SpecError for a fleet that names something that is not in the catalog."""
    table = FleetTable(ctx.home)
    stored, workers = load_fleet(ctx.home), table.workers()
    check_not_lost(ctx.home, stored, workers)
    present = stored or new_fleet(ctx.first_fleet_id)
    rollouts = RolloutStore(ctx.home)
    rollout = rollouts.open_one()
    # A command that was killed after a release, and before desired followed.
    desired = present if rollout is None else _in_effect(ctx.home, rollout, present)
    catalog = with_used(ctx.home, desired, ctx.catalog)
    check_known(ctx.home, desired, catalog)
    found = ctx.records.load_many(worker.worker_id for worker in workers.values())
    recorded = {name: found[worker.worker_id] for name, worker in workers.items()}
    return Snapshot(
        present,
        desired,
        workers,
        ctx.images or wanted(),
        catalog,
        recorded,
        quarantined=table.quarantined(),
        resync_tries=_resync_tries(ctx, desired),
        rollout=rollout,
        taken_back=rollouts.taken_back(),
    )


def _in_effect(home: Home, rollout: Rollout, stored: Fleet) -> Fleet:
    """What an open rollout has in effect. Raises SpecError if its units were edited in the file: the rollout
    would undo that."""
    desired = effective_fleet(rollout, stored)
    edited = () if desired is stored else edited_units(rollout, stored)
    if edited:
        raise SpecError(
            f"rollout {rollout.id} is open, and {', '.join(edited)} was edited since",
            place=str(home.state),
            hint="undo the edit; or end the rollout, and keep the file as it is: decnet rollout cancel",
        )
    return desired


def _resync_tries(ctx: Context, desired: Fleet) -> dict[str, int]:
    known = TopologyTable(ctx.home).records() if desired.topologies else {}
    tries = {
        each.project: known[each.id].resync_tries for each in desired.topologies.values() if each.id in known
    }
    return {project: count for project, count in tries.items() if count}
