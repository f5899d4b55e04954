"""A decision: the steps of one pass, each with its reason."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from .noun import Loose, Noun
from .record import DeckyRow, Operation

Bucket = Literal[
    "keep", "adopt", "refresh", "change", "heal", "create", "revive", "remove", "forget", "stray", "unknown"
]
RecordAction = Literal["insert", "update", "delete"]


class Target(Noun):
    """One container that a step removes: both must still match on the worker."""

    name: str
    id: str


class Step(Noun):
    """One planned change of one decky on one worker.

    `remove` goes first, container by container; then `up` (compose service names to create), then
    `start` (names of containers to start again). `row` is the record after the step (None: none).
    `wave` 0 releases (removals), wave 1 claims.
    """

    worker: str
    decky: str
    bucket: Bucket
    reason: str
    operation: Operation | None = None
    wave: Literal[0, 1] = 1
    record: RecordAction | None = None
    row: DeckyRow | None = None
    remove: Annotated[tuple[Target, ...], Loose] = ()
    up: Annotated[tuple[str, ...], Loose] = ()
    start: Annotated[tuple[str, ...], Loose] = ()
    moves_to: str | None = None
    """The worker that a removed decky goes to: it leaves this one, not the LAN."""
    after: Annotated[tuple[str, ...], Loose] = ()
    """Releases, as worker/decky, that have to succeed before this claim may be carried out."""

    @property
    def touches_docker(self) -> bool:
        return bool(self.remove or self.up or self.start)


class Skipped(Noun):
    """A step that may not be carried out now, and why."""

    worker: str
    decky: str
    reason: str


MOST_STRAYS = 10
"""Strays of one worker that are told by name: it can report as many as it likes."""


class Plan(Noun):
    """One pass over the fleet. `steps` has every decky that is not in order; `kept` counts the rest."""

    steps: Annotated[tuple[Step, ...], Loose] = ()
    strays: Annotated[tuple[Step, ...], Loose] = ()
    skipped: Annotated[tuple[Skipped, ...], Loose] = ()
    unknown: dict[str, str] = {}
    """Workers that were not seen, each with the reason."""
    slices: dict[str, str] = {}
    """Workers whose copy of desired is not the right one, each with the reason: they are given it again."""
    swarms: dict[str, int] = {}
    """Workers with too many strays to be pruned, and how many: these are left alone."""
    kept: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.steps and not self.slices

    @property
    def docker_steps(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.touches_docker)

    @property
    def told_strays(self) -> tuple[tuple[Step, ...], dict[str, int]]:
        """The first strays of each worker, and how many more there are, by worker."""
        told: list[Step] = []
        counts: dict[str, int] = {}
        for step in self.strays:
            counts[step.worker] = counts.get(step.worker, 0) + 1
            if counts[step.worker] <= MOST_STRAYS:
                told.append(step)
        return tuple(told), {name: n - MOST_STRAYS for name, n in counts.items() if n > MOST_STRAYS}


class Bundle(Noun):
    """What one worker is sent: the arguments of the agent's `apply`."""

    worker: str
    request_id: str
    generation: int
    slice: dict[str, Any]
    steps: Annotated[tuple[dict[str, Any], ...], Loose]
    compose: dict[str, Any]
    plan_hash: str
    hash: str
