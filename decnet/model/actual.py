"""Actual state: what a worker reports now. An unreachable worker is a value, never an empty result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from decnet.errors import DockerDown, TrustRefused, Unreachable, WorkerFailure
from decnet.wire import PROJECT

from .base import FrozenModel, Short, Text, Timestamp
from .journal import JournalPage
from .worker import Compatibility, Count, Facts, Hello, Strings

ContainerState = Literal["running", "restarting", "exited", "created", "paused", "dead", "removing"]


def _known_readiness(value: object) -> object:
    return value if value in ("yes", "no", "starting") else None


class Container(FrozenModel):
    """One container with our fleet's label. `service` is "" for a base; `attached` says whether a
    service's network namespace is the present one of its base (None for a base)."""

    name: Short
    id: Short
    project: Short = PROJECT
    decky: Short
    service: Short
    fingerprint: Short
    image: Short
    state: ContainerState
    restarts: Count = 0
    exit_code: Annotated[int, Field(ge=-(2**31), le=2**32)] | None = None
    attached: bool | None = None
    ready: Annotated[Literal["yes", "no", "starting"] | None, BeforeValidator(_known_readiness)] = None
    """Whether a base has become ready, and a service listens; `starting` within 15 seconds of its start; None
    if unknown: the container does not run, or the agent is older or reports another value."""
    ip: Short = ""
    """A base's address, if the agent knows it."""
    up: Annotated[float, Field(ge=0, le=1e10)] | None = None
    """For how many seconds its main process has been running, by a clock that never steps; None if it does
    not run, or the agent is older than ROLLOUTS_VERSION."""


class Job(FrozenModel):
    """One detached job of the agent."""

    job_id: Short
    request_id: Short
    project: Short = PROJECT
    state: Literal["running", "done", "failed", "lost"]
    operation: Short
    done: Count = 0
    total: Count = 0
    current: Short = ""
    started: Timestamp = 0.0
    error: Text = ""


class HeldProject(FrozenModel):
    """What a worker holds of a project: the generation of the last slice, and its hash."""

    generation: Count
    plan_hash: Short | None


class Conflict(FrozenModel):
    """Another host, with this MAC, answers for a decky's address, or has stopped the decky by that. Older
    agents report only stopped deckies, without the address."""

    project: Short
    decky: Short
    mac: Short
    address: Short = ""


class CutOffInterface(FrozenModel):
    """An interface of the worker by which deckies reach the LAN, and why they do not now."""

    interface: Short
    error: Short


class HeldRollout(FrozenModel):
    """What a worker keeps of the rollout that a project's slice was last sent with. `armed_until` is by the
    worker's clock, in seconds since the epoch; None unless the state is `armed`."""

    project: Short
    id: Short
    unit: Short
    former: Short | None
    """The plan hash before; None if there was no slice."""
    to: Short
    seq: Count
    """The number that the operator gave to the release."""
    state: Literal["none", "armed", "confirmed", "reverted", "expired"]
    """`none`: without a dead man. `expired`: the worker was not confirmed in time, and could not restore the
    former slice, because it was restarted or because restoring failed (`error`)."""
    armed_until: Timestamp | None = None
    error: Text = ""


class Busy(FrozenModel):
    """A visitor who is connected to a decky's service now, and has logged in or given commands."""

    project: Short
    decky: Short
    service: Short
    source: Short


class Status(FrozenModel):
    """The answer to `status`, the heartbeat that is pulled."""

    hello: Hello
    docker: Literal["up", "down"]
    docker_error: Text = ""
    projects: Annotated[dict[Short, HeldProject], Field(max_length=4096)]
    containers: Annotated[tuple[Container, ...], Field(strict=False, max_length=20000)]
    jobs: Annotated[tuple[Job, ...], Field(strict=False, max_length=256)]
    journal: JournalPage
    conflicts: Annotated[tuple[Conflict, ...], Field(strict=False, max_length=20000)] = ()
    trouble: Text = ""
    """Why the agent cannot write its folder, as far as it knows; "" if it can."""
    links: Annotated[tuple[CutOffInterface, ...], Field(strict=False, max_length=256)] = ()
    missing_limits: Strings = ()
    """The limits of containers that its kernel cannot give: memory, cpu, pids."""
    networks: Strings = ()
    """The inner networks of topologies that exist there."""
    rollouts: Annotated[tuple[HeldRollout, ...], Field(strict=False, max_length=4096)] = ()
    busy: Annotated[tuple[Busy, ...], Field(strict=False, max_length=256)] = ()
    """Only if it was asked for sessions."""

    def held(self, project: str) -> HeldProject:
        """What the worker holds of a project; generation 0 if it was never there."""
        return self.projects.get(project) or HeldProject(generation=0, plan_hash=None)


ConflictVerdict = Literal["steady", "unsteady", "spoofed"]
"""Whether another host holds a decky's address: `steady` if it is the only one that answers, every time;
`spoofed` if it answers for so many addresses that it holds none of them."""


class Seen(NamedTuple):
    """A worker that answered, and whose Docker engine answered too. `verdicts` has those address conflicts
    that were examined, by project, decky and MAC."""

    worker: str
    status: Status
    facts: Facts | None = None
    skew: float = 0.0
    agent_compatibility: Compatibility = "current"
    verdicts: Mapping[tuple[str, str, str], ConflictVerdict] = {}


class NotSeen(NamedTuple):
    """A worker of which nothing is known now, and why."""

    failure: WorkerFailure
    status: Status | None = None
    """The answer of an agent whose Docker engine was down: its journal and jobs still count."""
    skew: float = 0.0

    @property
    def state(self) -> Literal["unreachable", "docker-down", "refused", "failed"]:
        """The failure in one word."""
        if issubclass(self.failure.kind, TrustRefused):
            return "refused"
        if issubclass(self.failure.kind, DockerDown):
            return "docker-down"
        return "unreachable" if issubclass(self.failure.kind, Unreachable) else "failed"


Observation = Seen | NotSeen

DeckyStatus = Literal["running", "degraded", "failed", "torn_down", "unknown"]

Answer = dict[str, Any]
"""A worker's answer after framing and JSON, before validation."""
