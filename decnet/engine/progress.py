"""The events that the engine emits while it works; the console renders them.

Named tuples: every command imports them, and defining a dataclass takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from decnet.errors import WorkerFailure
from decnet.model.keys import DeckyKey, label
from decnet.wire import PROJECT

if TYPE_CHECKING:
    from decnet.model.plan import Plan
    from decnet.plan.rollout import Preview


class Message(NamedTuple):
    """One sentence for the user. `level` is note or warning."""

    text: str
    worker: str = ""
    level: str = "note"


class Planned(NamedTuple):
    """A plan that will be confirmed and carried out."""

    plan: Plan


class RolloutPlanned(NamedTuple):
    """How a rollout that will be confirmed goes out."""

    preview: Preview


class RolloutMoved(NamedTuple):
    """How many units of a rollout no longer wait, and in words how it stands."""

    done: int
    total: int
    words: str


class ImageStep(NamedTuple):
    """Progress of an image build; `total` is 0 if unknown."""

    phase: str
    done: int = 0
    total: int = 0


class ImagesSent(NamedTuple):
    """Images that are sent to a worker: `done` of about `total` MiB, equal once they have arrived."""

    worker: str
    done: int
    total: int


class JobStarted(NamedTuple):
    """A worker accepted a job of `total` steps."""

    worker: str
    job_id: str
    total: int


class JobProgress(NamedTuple):
    """A running job: `done` of `total` steps, working on `current`."""

    worker: str
    done: int
    total: int
    current: str


class StepDone(NamedTuple):
    """The end of one decky's operation: succeeded, failed or lost, with its error in one line and the last
    lines of the failed container's log, without control characters."""

    worker: str
    decky: str
    operation: str
    status: str
    error: str = ""
    log: tuple[str, ...] = ()
    project: str = PROJECT
    topology: str = ""

    @property
    def label(self) -> str:
        """The decky as users name it."""
        return label(self.project, self.decky, {self.project: self.topology or self.project})

    @property
    def key(self) -> DeckyKey:
        return DeckyKey(self.worker, self.project, self.decky)


@dataclass(frozen=True)
class Finished:
    """The pass is over: the progress display can close."""


Event = (
    Message
    | Planned
    | RolloutPlanned
    | RolloutMoved
    | ImageStep
    | ImagesSent
    | JobStarted
    | JobProgress
    | StepDone
    | WorkerFailure
    | Finished
)
Emit = Callable[[Event], None]
