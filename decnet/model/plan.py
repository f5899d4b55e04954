"""A decision: the steps of one pass, each with its reason.

Plain tuples: decnet makes these values itself, so there is nothing to validate.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal, NamedTuple

from decnet.wire import PROJECT, container_name

from .keys import DeckyKey, SliceKey, label
from .record import DeckyRow, Operation
from .values import Setting, Settings

FieldValue = Setting | tuple[str, ...] | None
Bucket = Literal[
    "keep", "adopt", "refresh", "change", "heal", "create", "revive", "remove", "yield", "forget", "stray",
    "unknown",
]  # fmt: skip
RecordAction = Literal["insert", "update", "delete"]
RELEASE: Final = 0
CLAIM: Final = 1
"""The phases of a plan: steps that release addresses (removals) come before steps that claim them."""


class Target(NamedTuple):
    """One container that a step removes: both must still match on the worker."""

    name: str
    id: str


class FieldChange(NamedTuple):
    """One field of a decky that changes, by its path, such as "address" or "ssh.motd". None: not set. Secret
    values are replaced."""

    field: str
    old: FieldValue
    new: FieldValue


class Details(NamedTuple):
    """What a step's decky is on the LAN: as it will be, or for a removal as it was. `services` has those
    settings of each that differ from the defaults, secret values replaced."""

    address: str
    mac: str
    hostname: str
    os: str
    release: str
    archetype: str | None
    services: dict[str, Settings]


class Step(NamedTuple):
    """One planned change of one decky on one worker.

    `remove` goes first, container by container; then `up` (compose service names to create), then
    `start` (names of containers to start again). `row` is the record after the step (None: none).
    `phase` is RELEASE or CLAIM.
    """

    worker: str
    decky: str
    bucket: Bucket
    reason: str
    project: str = PROJECT
    operation: Operation | None = None
    phase: Literal[0, 1] = CLAIM
    record: RecordAction | None = None
    row: DeckyRow | None = None
    remove: tuple[Target, ...] = ()
    up: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    moves_to: str | None = None
    """The worker that a removed decky goes to: it leaves this one, not the LAN."""
    after: tuple[DeckyKey, ...] = ()
    """Releases that have to succeed before this claim may be carried out."""
    topology: str = ""
    """The name of the topology that its project is; "" for the fleet."""
    details: Details | None = None
    """None if nothing is known of the decky: a stray."""
    changes: tuple[FieldChange, ...] = ()

    @property
    def key(self) -> DeckyKey:
        return DeckyKey(self.worker, self.project, self.decky)

    @property
    def label(self) -> str:
        """The decky as users name it."""
        return label(self.project, self.decky, {self.project: self.topology or self.project})

    @property
    def base(self) -> str:
        """The name of the decky's base container."""
        return container_name(self.project, self.decky)

    @property
    def touches_docker(self) -> bool:
        return bool(self.remove or self.up or self.start)


class Skipped(NamedTuple):
    """A step that may not be carried out now, and why."""

    worker: str
    decky: str
    reason: str
    project: str = PROJECT
    topology: str = ""

    @property
    def label(self) -> str:
        """The decky as users name it."""
        return label(self.project, self.decky, {self.project: self.topology or self.project})


class SliceDrift(NamedTuple):
    """How the slice that a worker holds differs from the one that it should hold, as one word and as a
    sentence. `ahead`: it was sent a newer one than this state directory knows. `lost`, `rewound`, `replaced`:
    it changed on the worker. `behind`: the newest one was not sent yet."""

    word: Literal["ahead", "lost", "rewound", "replaced", "behind"]
    reason: str

    def __str__(self) -> str:
        return f"{self.word}: {self.reason}"


MAX_LISTED_STRAYS = 10
"""How many strays of one worker are shown by name: a worker can report any number."""


class Plan(NamedTuple):
    """One pass over the fleet. `steps` has every decky that needs a change; `kept` counts the others."""

    steps: tuple[Step, ...] = ()
    strays: tuple[Step, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    unknown: dict[str, str] = {}
    """Workers that were not observed, each with the reason."""
    slices: dict[SliceKey, SliceDrift] = {}
    """Slices that differ from what the worker should hold: they are sent again, except those `ahead`."""
    excess_strays: dict[str, int] = {}
    """Workers with too many strays, and how many they have: these are not pruned."""
    kept: int = 0
    upgrades: dict[str, int] = {}
    """By worker, how many deckies run older images than this version's: they keep them until upgraded."""
    ahead: dict[SliceKey, SliceDrift] = {}
    """Slices that were taken out of the plan because nothing may be changed there."""
    before: int = 0
    """How many deckies the fleet had when the plan was made."""
    edits: dict[DeckyKey, tuple[FieldChange, ...]] = {}
    """What changes of deckies without a step: it concerns no container."""
    seed: int | None = None
    """The seed of the random choices; None if there are none."""
    topologies: dict[str, str] = {}
    """Project to the name of the topology that it is."""

    @property
    def is_empty(self) -> bool:
        return not self.steps and not self.slices

    def with_topologies(self, topologies: dict[str, str]) -> Plan:
        """The plan whose deckies are named by these topologies (project to name)."""
        if not topologies:
            return self
        named = topologies.get
        return self._replace(
            steps=tuple([each._replace(topology=named(each.project, "")) for each in self.steps]),
            strays=tuple([each._replace(topology=named(each.project, "")) for each in self.strays]),
            skipped=tuple([each._replace(topology=named(each.project, "")) for each in self.skipped]),
            topologies=topologies,
        )

    def without(self, workers: Collection[str]) -> Plan:
        """The plan without what is on one of these workers, or waits for a step that is."""
        if not workers:
            return self
        steps = tuple(
            step
            for step in self.steps
            if step.worker not in workers and not any(each.worker in workers for each in step.after)
        )
        slices = {key: drift for key, drift in self.slices.items() if key.worker not in workers}
        return self._replace(steps=steps, slices=slices)

    def followed_by(self, rest: Plan) -> Plan:
        """Both plans as one; `rest` was planned after this plan had been carried out, so what this plan did
        is not counted as kept."""
        planned = {step.key for step in rest.steps}
        done = {s.key for s in self.steps if s.row is not None and s.phase == CLAIM} - planned
        return rest._replace(steps=self.steps + rest.steps, kept=max(0, rest.kept - len(done)))

    def without_ahead(self, *, before: int) -> Plan:
        """The plan as it may be carried out: without the workers that were sent a newer slice than this state
        directory knows. An older copy of desired is not what the operator wants now."""
        ahead = {key: drift for key, drift in self.slices.items() if drift.word == "ahead"}
        return self.without({key.worker for key in ahead})._replace(ahead=ahead, before=before)

    @property
    def items_to_confirm(self) -> frozenset[tuple[object, ...]]:
        """What the operator confirms, for comparison: each step with its reason, each slice with its
        drift."""
        steps = {
            (s.key, s.bucket, s.reason, s.remove, s.up, s.start, s.row and (s.row.ip, s.row.mac))
            for s in self.steps
        }
        return frozenset(steps | {(key, drift.word) for key, drift in self.slices.items()})

    @property
    def docker_steps(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.touches_docker)

    @property
    def listed_strays(self) -> tuple[tuple[Step, ...], dict[str, int]]:
        """The first strays of each worker, and how many more there are, by worker."""
        shown: list[Step] = []
        counts: dict[str, int] = {}
        for step in self.strays:
            counts[step.worker] = counts.get(step.worker, 0) + 1
            if counts[step.worker] <= MAX_LISTED_STRAYS:
                shown.append(step)
        more = {name: n - MAX_LISTED_STRAYS for name, n in counts.items() if n > MAX_LISTED_STRAYS}
        return tuple(shown), more


class Bundle(NamedTuple):
    """What one worker is sent: the arguments of the agent's `apply`."""

    worker: str
    project: str
    request_id: str
    generation: int
    slice: dict[str, Any]
    steps: tuple[dict[str, Any], ...]
    compose: dict[str, Any]
    plan_hash: str
    hash: str
    rollout: dict[str, Any] | None = None
    """The argument `rollout` of the agent's `apply`: {"id", "unit", "former", "to", "seq", "batch",
    "confirm_within"}. Not part of the hash."""
