"""Recorded state: what was last known, as TinyDB keeps it, one file per worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from decnet.wire import PROJECT

from .actual import DeckyStatus
from .base import FrozenModel, Loose, Short, Text, Timestamp
from .fleet import Attachment, on_lan
from .journal import Cursor
from .worker import Count, Facts

Operation = Literal["create", "change", "heal", "remove", "mutate", "revive"]
LifecycleStatus = Literal["pending", "running", "succeeded", "failed", "lost"]
OPEN: frozenset[str] = frozenset({"pending", "running"})


class Claim(FrozenModel):
    """An address on a LAN, and its MAC."""

    ip: str
    mac: str


class DeckyRow(FrozenModel):
    """One decky as last known: its content (container name to fingerprint, the base's under its own
    name) and its status. `ip` and `mac` are those of its home."""

    name: str
    project: str = PROJECT
    ip: str
    mac: str
    containers: dict[str, str]
    status: DeckyStatus
    adopted: bool = False
    sent: Annotated[tuple[Claim, ...], Loose] = ()
    """Other addresses on the LAN that a job was sent to bring up, which the decky may have by now."""
    attachments: Annotated[tuple[Attachment, ...], Loose] = ()
    """All of its attachments, its home first; () for one that is on the LAN alone."""

    @model_serializer(mode="wrap")
    def _as_before(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A row of a decky that is on the LAN alone is written as before there were others."""
        written: dict[str, Any] = inner(self)
        if not self.attachments:
            written.pop("attachments", None)
        return written

    @property
    def claim(self) -> Claim | None:
        """What it has on the LAN; None if it is not on it."""
        if not self.attachments:
            return Claim(ip=self.ip, mac=self.mac)
        found = on_lan(self.attachments)
        return Claim(ip=found.address, mac=found.mac) if found else None


class LifecycleRow(FrozenModel):
    """One operation on one decky. Times in seconds since the epoch, by the operator's clock unless
    `ended_by_worker`."""

    id: str
    project: str = PROJECT
    decky: str
    operation: Operation
    request_id: str
    status: LifecycleStatus
    reason: str = ""
    created: Timestamp
    started: Timestamp | None = None
    ended: Timestamp | None = None
    ended_by_worker: bool = False
    error: Text = ""


class Applied(FrozenModel):
    """A slice that a worker reported to hold: its generation and hash."""

    generation: Count
    plan_hash: Short | None


class ProjectRecords(FrozenModel):
    """What is recorded of one project on one worker. `generation` is that of the last slice sent, `plan_hash`
    the hash that the worker reported."""

    deckies: dict[str, DeckyRow] = {}
    generation: int = 0
    plan_hash: str | None = None
    applied: Applied | None = None
    """The newest slice that the worker ever reported to hold."""
    heals: dict[str, Annotated[tuple[float, ...], Loose]] = {}
    """The recent heals of each decky, which count as attempts in its retry policy."""


class WorkerRecords(FrozenModel):
    """Everything recorded about one worker: what `records/<worker_id>.json` holds."""

    schema_version: Literal[2] = 2
    worker_id: str
    projects: dict[str, ProjectRecords] = {}
    lifecycle: Annotated[tuple[LifecycleRow, ...], Loose] = ()
    cursor: Cursor | None = None
    facts: Facts | None = None

    def of(self, project: str = PROJECT) -> ProjectRecords:
        """The records of a project; empty ones if it was never on the worker."""
        return self.projects.get(project) or ProjectRecords()

    def with_project(self, name: str, **changes: object) -> WorkerRecords:
        """A copy with these fields of a project changed."""
        changed = self.of(name).model_copy(update=changes)
        return self.model_copy(update={"projects": dict(sorted({**self.projects, name: changed}.items()))})

    def without_project(self, name: str) -> WorkerRecords:
        """A copy without the records of a project."""
        return self.model_copy(
            update={"projects": {key: known for key, known in self.projects.items() if key != name}}
        )

    def with_lifecycle_row(self, row: LifecycleRow) -> WorkerRecords:
        """A copy with this row in the place of the one with its id."""
        rows = tuple(row if each.id == row.id else each for each in self.lifecycle)
        return self.model_copy(update={"lifecycle": rows})

    def rows(self) -> Iterator[tuple[str, DeckyRow]]:
        """The rows of all projects, each with its project's name."""
        for project, known in self.projects.items():
            for row in known.deckies.values():
                yield project, row
