"""What a verb returns: values that the console renders and a script reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from decnet.engine.progress import StepDone
from decnet.errors import DecnetError, WorkerFailure, worst

if TYPE_CHECKING:
    from decnet.engine.asked import Asked
    from decnet.engine.snapshot import Snapshot
    from decnet.model.fleet import Fleet
    from decnet.model.plan import Plan
    from decnet.model.rollout import Rollout, RolloutEvent
    from decnet.plan.rollout import Preview


_FAILURES = ("failed", "reverted", "revert_failed")


@dataclass(frozen=True)
class RolloutView:
    """The rollout as a pass leaves it: what moved in the pass, why units wait, what holds up those in flight,
    and which ones a pass could release now."""

    rollout: Rollout
    events: tuple[RolloutEvent, ...] = ()
    waiting: Mapping[str, str] = field(default_factory=dict)
    in_flight: Mapping[str, str] = field(default_factory=dict)
    releasable: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """4 while it is halted or being taken back, once it has been, and when a unit has just failed."""
        has_failed = any(event.kind == "unit" and event.after in _FAILURES for event in self.events)
        is_bad = self.rollout.state.status in ("halted", "reverting", "reverted", "revert_failed")
        return 4 if is_bad or has_failed else 0


@dataclass(frozen=True)
class PassOutcome:
    """One pass: the plan, how each step ended, which workers are unknown. `needs_reconfirmation`: more is to
    be done, and the operator has not seen it yet."""

    verb: str
    plan: Plan
    carried_out: bool
    exit_code: int = 0
    outcomes: tuple[StepDone, ...] = ()
    troubles: tuple[WorkerFailure, ...] = ()
    detached: tuple[str, ...] = ()
    quiet: bool = False
    summary: str = ""
    needs_reconfirmation: bool = False
    declined: bool = False
    """Whether the operator saw the plan and answered no."""
    refusal: DecnetError | None = None
    """In a dry run: why the run would do nothing."""
    rollout: RolloutView | None = None
    """The open rollout, or the one that ended in this pass."""
    preview: Preview | None = None
    """In a dry run: how the rollout would go out."""
    planned: tuple[Snapshot, Fleet] | None = None
    """In a dry run: the snapshot as it was loaded, and the fleet after the plan."""
    settled: Asked | None = None
    """What it rested on, if it did nothing and would do nothing at any other time."""

    def refused_by(self, error: DecnetError | None) -> PassOutcome:
        """This dry run, with the error and exit code of the run that it stands for."""
        return self if error is None else replace(self, refusal=error, exit_code=error.exit_code)

    def planned_from(self, loaded: Snapshot, desired: Fleet) -> PassOutcome:
        """This dry run, with the snapshot that it began with and the fleet that it planned."""
        return replace(self, planned=(loaded, desired))

    def with_rollout(
        self, rollout: RolloutView | None, *, check: bool = False, advances: bool = False
    ) -> PassOutcome:
        """This pass with the open rollout, whose exit code counts if the pass `advances` it or has moved it.
        With `check` it is 3 if units could be released."""
        if rollout is None:
            return self
        if not advances:
            # It has not asked who is logged in where, which can hold a unit.
            rollout = replace(rollout, releasable=())
        counts = advances or any(event.kind != "opened" for event in rollout.events)
        code = worst([self.exit_code, rollout.exit_code]) if counts else self.exit_code
        if check and code == 0 and rollout.releasable:
            code = 3
        return replace(self, rollout=rollout, exit_code=code)

    def joined(self, later: PassOutcome) -> PassOutcome:
        """This pass and the later one that finished it, as one."""
        return replace(
            later,
            verb=self.verb,
            plan=later.plan._replace(steps=self.plan.steps + later.plan.steps),
            carried_out=True,
            exit_code=worst([self.exit_code, later.exit_code]),
            outcomes=self.outcomes + later.outcomes,
            troubles=later.troubles,
            summary=f"{self.summary}; then {later.summary}",
        )


@dataclass(frozen=True)
class Listing:
    """A table: `items` are the same rows as mappings, `key` is the column that `-o name` prints."""

    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    items: tuple[dict[str, Any], ...]
    key: str = "name"
    exit_code: int = 0
    empty: str = "nothing to show"
    notes: tuple[str, ...] = ()
    more_columns: tuple[str, ...] = ()
    more_cells: tuple[tuple[str, ...], ...] = ()
    """What `-o wide` shows in addition, for each row."""

    def wide(self) -> Listing:
        """The table with its further columns."""
        if not self.more_columns:
            return self
        rows = tuple((*row, *more) for row, more in zip(self.rows, self.more_cells, strict=True))
        return replace(self, columns=(*self.columns, *self.more_columns), rows=rows, more_columns=())


@dataclass(frozen=True)
class StatusOutcome:
    """The observed fleet: workers, deckies, their drift from desired, and the faults of the LAN."""

    workers: Listing
    deckies: Listing
    drift: int = 0
    unsaved: str = ""
    exit_code: int = 0
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    repair: str = ""
    """The command that repairs the drift."""
    topologies: Listing | None = None
    rollout: RolloutView | None = None
    """The open rollout."""
    settled: Asked | None = None
    """What it rested on, if it would show the same at any other time."""


@dataclass(frozen=True)
class TextOutcome:
    """An answer in sentences, with the same facts as a mapping."""

    lines: tuple[str, ...]
    document: dict[str, Any] = field(default_factory=dict)
    exit_code: int = 0
    fold: int = 0
    """How far the rest of a line is indented that is wider than the terminal; 0: the terminal breaks it."""


@dataclass(frozen=True)
class Sheet:
    """Sentences, tables below them, and notes at the end; the same facts as a mapping. `names` is what
    `-o name` prints."""

    lines: tuple[str, ...]
    tables: tuple[Listing, ...]
    document: dict[str, Any]
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    exit_code: int = 0


@dataclass(frozen=True)
class Verbatim:
    """A text that is printed unchanged, in every format."""

    text: str
    exit_code: int = 0


Outcome = PassOutcome | Listing | StatusOutcome | TextOutcome | Sheet | Verbatim


def widened(outcome: Outcome) -> Outcome:
    """The outcome with the further columns of its tables."""
    if isinstance(outcome, StatusOutcome):
        topologies = outcome.topologies.wide() if outcome.topologies else None
        return replace(
            outcome,
            workers=outcome.workers.wide(),
            deckies=outcome.deckies.wide(),
            topologies=topologies,
        )
    if isinstance(outcome, Sheet):
        return replace(outcome, tables=tuple(table.wide() for table in outcome.tables))
    return outcome.wide() if isinstance(outcome, Listing) else outcome
