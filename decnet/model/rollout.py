"""A rollout: a frozen change of desired state that is released unit by unit, and what has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from .base import FrozenModel, Loose, Name, ProjectName, Short, Text
from .fleet import Fleet
from .keys import SliceKey
from .rollout_policy import Policy as Policy
from .rollout_policy import Seconds, Whole

RolloutId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
UnitName = Short
"""`w1`; `w1/corp` for the topology corp there; `w1+w2` for two workers between which a decky moves."""

Kind = Literal["fleet", "agent"]
"""What is released: slices of the fleet, or the agent's program."""

UnitStatus = Literal[
    "waiting",
    "sent",
    "checking",
    "soaking",
    "passed",
    "failed",
    "skipped",
    "reverting",
    "reverted",
    "revert_failed",
]
RELEASED: frozenset[str] = frozenset({"sent", "checking", "soaking", "passed", "failed"})
"""States in which a unit's slices are those of `to`; in all others they are those of `from`."""
IN_FLIGHT: frozenset[str] = frozenset({"sent", "checking", "soaking", "reverting"})
RolloutStatus = Literal[
    "running", "paused", "halted", "reverting",
    "done", "cancelled", "reverted", "revert_failed", "superseded",
]  # fmt: skip
ENDED: frozenset[str] = frozenset({"done", "cancelled", "reverted", "revert_failed", "superseded"})
WaveStatus = Literal["active", "held", "passed"]


class Unit(FrozenModel):
    """What is released at once: the slices of one worker and project, or of all between which deckies or
    addresses move."""

    slices: Annotated[tuple[tuple[Name, ProjectName], ...], Loose]
    changes: Whole = 0
    """How many deckies differ between from and to."""
    moves: bool = False
    confirm_within: Seconds | None = None

    @property
    def keys(self) -> tuple[SliceKey, ...]:
        return tuple(SliceKey(worker, project) for worker, project in self.slices)

    @property
    def workers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(worker for worker, _ in self.slices))


class Frozen(FrozenModel):
    """What is decided when a rollout is opened, and never changes: `policy.json`."""

    schema_version: Literal[1] = 1
    kind: Kind = "fleet"
    opened_at: float
    opened_by: Short
    command: Text
    policy: Policy
    seed: int
    units: dict[UnitName, Unit]
    waves: Annotated[tuple[Annotated[tuple[UnitName, ...], Loose], ...], Loose]
    """The units of each wave, in the order of their release: a shuffle by `seed`."""
    in_flight: Annotated[int, Field(ge=1)]
    """`max_in_flight` after rounding."""
    failures: Whole
    """`max_failures` after rounding."""
    bases: Annotated[tuple[Short, ...], Loose] = ()
    """How the size of each wave results, for people: `10% of 12 units: 2`."""
    catalog: Short = ""
    """The hash of the catalog that it was planned with."""
    agent: Short = ""
    """Of kind `agent`: the SHA-256 of the program that is installed."""

    def wave_of(self, unit: str) -> int:
        """The number of a unit's wave, from 0."""
        return next(number for number, names in enumerate(self.waves) if unit in names)


class Evidence(FrozenModel):
    """What a change of a unit's state rests on: when it was observed, by the operator's clock, and how far
    each worker's journal had been read, as (journal_id, number)."""

    observed_at: float
    journals: dict[Short, Annotated[tuple[Short, int], Loose]] = {}
    detail: Text = ""


class RolloutEvent(FrozenModel):
    """One line of `events.jsonl`. State is the fold of these: `decnet.plan.rollout.replay`."""

    seq: Annotated[int, Field(ge=1)]
    at: float
    kind: Literal["opened", "unit", "wave", "rollout", "order"]
    unit: UnitName | None = None
    wave: int | None = None
    before: Short = ""
    after: Short = ""
    reason: Text = ""
    by: Short = ""
    """The operator who ordered it; "" if it follows from what was observed."""
    evidence: Evidence | None = None
    fields: dict[Short, Any] = {}
    """New values of fields of the unit's or rollout's state, other than its status."""


class UnitState(FrozenModel):
    """One unit as it is now. Times are seconds since the epoch by the operator's clock, unless they are the
    worker's."""

    status: UnitStatus = "waiting"
    since: float = 0.0
    """When it got this status."""
    attempt: Whole = 0
    released_at: float | None = None
    worker_clock: float | None = None
    """The worker's clock when it was first observed in this status."""
    stop: Short = ""
    """Why its deadlines stop: offline, journal, ahead, busy, paused, halted; "" if they do not. One that was
    skipped because it could not be reached keeps `offline`."""
    stopped_at: float | None = None
    """Since when they stop."""
    stopped_for: float = 0.0
    """How long its deadlines were stopped before, in this status."""
    is_doubted: bool = False
    """Whether its deadline was over by the operator's clock alone, and began again."""
    busy_for: float = 0.0
    """How long of this it was busy."""
    losses: Whole = 0
    """How many of its jobs were lost since it was last retried."""
    soak_from: float | None = None
    """The first healthy observation of this soak."""
    boot_ids: Annotated[tuple[Short, ...], Loose] = ()
    restarts: Whole = 0
    """Restarts of its containers, as reported when the soak began."""
    soak_resets: Whole = 0
    journals: dict[Short, Annotated[tuple[Short, int], Loose]] = {}
    """How far each worker's journal had been read when its state last moved."""
    is_noop: bool = False
    is_late: bool = False
    """Whether it was skipped, came back, and is released after the last wave."""
    is_removed: bool = False
    """Whether its worker left the fleet."""
    reason: Text = ""


class RolloutState(FrozenModel):
    """A rollout as it is now: `state.json`. The fold of all events up to `seq`."""

    schema_version: Literal[1] = 1
    seq: Whole = 0
    status: RolloutStatus = "running"
    since: float = 0.0
    reason: Text = ""
    wave: Whole = 0
    """The active wave, from 0."""
    wave_status: WaveStatus = "active"
    promoted: Whole = 0
    """Up to which wave (its number from 1) the operator has promoted."""
    progress_at: float = 0.0
    """When a unit or wave last moved; later by the time in which none could."""
    progress_stopped_at: float | None = None
    """Since when no unit in flight could have moved."""
    progress_doubted: bool = False
    """Whether the progress deadline was over by the operator's clock alone, and began again."""
    acknowledged: Whole = 0
    """The failures that the operator has accepted by a resume."""
    units: dict[UnitName, UnitState] = {}


@dataclass(frozen=True)
class Rollout:
    """A rollout with all that its decisions need. `to` and `former` are whole desired documents; of kind
    `agent`, both are the fleet at the opening."""

    id: str
    frozen: Frozen
    former: Fleet
    to: Fleet
    state: RolloutState

    @property
    def is_open(self) -> bool:
        return self.state.status not in ENDED


@dataclass(frozen=True)
class UnitObservation:
    """What was observed of one unit, in one pull, of all its workers together."""

    reachable: bool = True
    """Whether all of its workers and their Docker engines answered. If not, nothing below counts."""
    why: str = ""
    """Why it was not reached, or why it is not healthy."""
    observed_at: float = 0.0
    clock: float = 0.0
    """The earliest of its workers' clocks."""
    boot_ids: tuple[str, ...] = ()
    journals: dict[str, tuple[str, int]] = None  # type: ignore[assignment]
    hole: str = ""
    """Why the journal cannot be trusted: records are missing, or it is another one."""
    job: Literal["none", "open", "succeeded", "failed", "lost"] = "none"
    """The job of the unit's present attempt."""
    job_error: str = ""
    at_to: bool = False
    """Whether each worker reports exactly the slice of `to` (of kind `agent`: the new program)."""
    at_former: bool = False
    healthy: bool = False
    """Whether all its containers run, are attached and are ready."""
    up_seconds: float = 0.0
    """The shortest time for which any of its containers has been running, by the worker's clock alone;
    infinite if it has none."""
    restarts: int = 0
    busy: str = ""
    """Who is at work on which decky; "" if none."""
    ahead: str = ""
    """Why nothing may be sent there: its state is newer than ours."""
    armed_until: float | None = None
    """Until when (the worker's clock) it waits for a confirmation."""
    reverted: str = ""
    """Why its dead-man timer has restored the former slice; "" if it has not."""

    def __post_init__(self) -> None:
        if self.journals is None:
            object.__setattr__(self, "journals", {})


@dataclass(frozen=True)
class RolloutObservation:
    """What one pass observed. A unit that is missing was not asked: nothing moves for it."""

    units: dict[str, UnitObservation]
    catalog: str = ""
    """The hash of the present catalog."""
