"""What the engine says while it works; the console draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decnet.model.plan import Plan


@dataclass(frozen=True)
class Said:
    """One sentence. `level` is note or warning."""

    text: str
    worker: str = ""
    level: str = "note"


@dataclass(frozen=True)
class Planned:
    """A plan is about to be confirmed and carried out."""

    plan: Plan


@dataclass(frozen=True)
class ImageStep:
    """Progress of an image's build or shipping; `total` 0 where it is not known."""

    phase: str
    done: int = 0
    total: int = 0
    worker: str = ""


@dataclass(frozen=True)
class JobStarted:
    """A worker accepted a job of `total` steps."""

    worker: str
    job_id: str
    total: int


@dataclass(frozen=True)
class JobProgress:
    """A running job: `done` of `total` steps, working on `current`."""

    worker: str
    done: int
    total: int
    current: str


@dataclass(frozen=True)
class StepDone:
    """The end of one decky's operation: succeeded, failed or lost, with its error."""

    worker: str
    decky: str
    operation: str
    status: str
    error: str = ""


@dataclass(frozen=True)
class WorkerLost:
    """A worker stopped answering in the middle of a pass."""

    worker: str
    error: str
    hint: str | None = None


@dataclass(frozen=True)
class Finished:
    """The pass is over: a progress display may go."""


Event = Said | Planned | ImageStep | JobStarted | JobProgress | StepDone | WorkerLost | Finished
Emit = Callable[[Event], None]
