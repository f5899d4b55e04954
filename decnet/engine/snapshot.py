"""One moment of the fleet: desired, recorded and observed, with the workers that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from decnet.images import ImageNames, wanted
from decnet.model.keys import SliceKey
from decnet.plan.compose import Contents, fleet_contents
from decnet.store.desired import check_known, load_fleet, new_fleet
from decnet.store.fleet_table import FleetTable, Quarantined

if TYPE_CHECKING:
    from decnet.engine.context import Context
    from decnet.errors import WorkerFailure
    from decnet.model.actual import Observation
    from decnet.model.catalog import Catalog
    from decnet.model.fleet import Fleet
    from decnet.model.record import WorkerRecords
    from decnet.model.worker import Worker

Made = dict[SliceKey, Contents]


@dataclass(frozen=True)
class Snapshot:
    """Every mapping is keyed by the worker's name and read-only: whoever learns something makes a new one.

    `stored` is desired as the state file holds it, `desired` what a verb makes of it (the same at first).
    """

    stored: Fleet
    desired: Fleet
    workers: Mapping[str, Worker]
    images: ImageNames
    catalog: Catalog
    recorded: Mapping[str, WorkerRecords] = field(default_factory=dict)
    observed: Mapping[str, Observation] = field(default_factory=dict)
    quarantined: tuple[Quarantined, ...] = ()
    returned: tuple[WorkerFailure, ...] = ()
    """What is wrong with workers that are no longer enrolled."""
    _made: list[Made] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("workers", "recorded", "observed"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def contents(self) -> Made:
        """Per slice and decky, what each container has to be; computed once for one desired fleet."""
        if not self._made:
            self._made.append(fleet_contents(self.desired, self.catalog, self.images))
        return self._made[0]

    def with_desired(self, desired: Fleet) -> Snapshot:
        """The same moment with another wish."""
        return self if desired is self.desired else replace(self, desired=desired, _made=[])

    def with_stored(self) -> Snapshot:
        """The same moment after desired was written to the state file."""
        return replace(self, stored=self.desired)

    def with_worker(self, worker: Worker, records: WorkerRecords, observation: Observation) -> Snapshot:
        """The same moment with one more worker, or with one that is known better."""
        return replace(
            self,
            workers=dict(sorted({**self.workers, worker.name: worker}.items())),
            recorded={**self.recorded, worker.name: records},
            observed={**self.observed, worker.name: observation},
        )

    def with_records(self, learned: Mapping[str, WorkerRecords]) -> Snapshot:
        """The same moment with these workers' records instead."""
        return replace(self, recorded={**self.recorded, **learned}) if learned else self

    def with_returned(self, failures: tuple[WorkerFailure, ...]) -> Snapshot:
        """The same moment with what is wrong with workers that were removed."""
        return replace(self, returned=failures) if failures else self

    def with_observed(self, observed: Mapping[str, Observation]) -> Snapshot:
        """The same moment with these observations, and the earlier ones of the other workers."""
        return replace(self, observed={**self.observed, **observed})


def load(ctx: Context) -> Snapshot:
    """Desired and recorded as stored. A state directory that was never used gives an empty fleet, not yet
    saved. Raises SpecError for a fleet that names what the catalog does not have."""
    desired = load_fleet(ctx.home) or new_fleet()
    check_known(ctx.home, desired, ctx.catalog)
    table = FleetTable(ctx.home)
    workers = table.workers()
    found = ctx.records.load_many(worker.worker_id for worker in workers.values())
    recorded = {name: found[worker.worker_id] for name, worker in workers.items()}
    return Snapshot(
        desired,
        desired,
        workers,
        ctx.images or wanted(),
        ctx.catalog,
        recorded,
        quarantined=table.quarantined(),
    )
