"""Making a machine a worker: checked, equipped, and recorded only after the fleet's key has opened it."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from decnet.errors import FleetRefused, HashRefused, IdentityRefused, WorkerError
from decnet.model.spec import LOCAL
from decnet.model.worker import Hello, Worker

from . import connect
from .agent_package import AgentPackage, start
from .bootstrap import errand, plain
from .client import CONTROL_LIMIT, AgentClient, check_identity, validated
from .fleetkey import FleetKey
from .hostkeys import HostKey
from .login import Login, Place, Vouched, operators_connection, resolve, vetted_key
from .requirements import Survey, noise_complaint, require_fit, skew_complaint
from .responses import HeldSlice
from .ssh import SshSession, ask_over

HOME = "/var/lib/decnet-agent"
AGENT_COMMAND = f"{HOME}/decnet-agent"
DOCKER_SOCKET = "/var/run/docker.sock"

Emit = Callable[[str], None]


@dataclass(frozen=True)
class FleetSide:
    """What the fleet brings to a worker: its id, its key, and the agent."""

    fleet_id: str
    key: FleetKey
    agent: AgentPackage


@dataclass(frozen=True)
class Enrolled:
    """A worker that may be recorded now, with the host key to pin. `changed` says what was done there
    (empty: nothing), `warnings` what somebody should look at."""

    worker: Worker
    host_key: HostKey
    hello: Hello
    changed: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Recovered:
    """An enrolled worker of a fleet whose records were lost, with what it still holds."""

    enrolled: Enrolled
    held: dict[str, HeldSlice]


class Enrolment(Protocol):
    """What the operator's own login is used for; this module is the real one."""

    async def add(
        self,
        login: Login,
        fleet: FleetSide,
        wanted: Worker,
        vouched: Vouched,
        *,
        others: Mapping[str, str],
        adopt: bool = False,
        emit: Emit = ...,
    ) -> Enrolled: ...

    async def recover(
        self,
        login: Login,
        fleet: FleetSide | None,
        make_fleet: Callable[[str], FleetSide],
        wanted: Worker,
        vouched: Vouched,
        *,
        others: Mapping[str, str],
        emit: Emit = ...,
    ) -> Recovered: ...

    async def withdraw(self, login: Login, worker: Worker, key: FleetKey, pinned: HostKey) -> bool: ...

    async def try_key(self, worker: Worker, key: HostKey, fleet_key: FleetKey, fleet_id: str) -> Hello: ...


async def add(
    login: Login,
    fleet: FleetSide,
    wanted: Worker,
    vouched: Vouched,
    *,
    others: Mapping[str, str],
    adopt: bool = False,
    emit: Emit = lambda line: None,
) -> Enrolled:
    """Enrol the machine that `login` leads to.

    `wanted` gives the name, tags and limits, and the worker_id of an earlier enrolment ("" for a new one);
    its address comes from the login. `others` are the workers that are enrolled under other names, by
    worker_id: a machine that says it is one of them is refused. Nothing is recorded here. Raises
    HostKeyRefused, FleetRefused, IdentityRefused, WorkerError with a hint how to mend what is missing,
    Unreachable.
    """
    place = await resolve(login, wanted.name)
    key = await vetted_key(place, wanted.name, vouched)
    connection = await operators_connection(place, login, wanted.name, key)
    try:
        visit = Visit(connection, wanted.name, emit)
        survey, warnings = await visit.survey()
        require_fit(survey, wanted.name)
        worker = _worker(wanted, place, survey, fleet.fleet_id, adopt)
        _refuse_twin(survey, wanted.name, others, "decnet worker rename {other} {name}")
        newer = await visit.newer_agent(survey, fleet.agent)
        changed = await visit.equip(survey, fleet, login.ask) if newer is None else []
        await visit.enrol(worker.worker_id, fleet.fleet_id, adopt)
        changed += await visit.let_in(fleet)
    finally:
        await connect.hang_up(connection)
    hello = await _knock(worker, key, fleet, newer.agent if newer else fleet.agent.sha256)
    emit(f"{worker.name}: the fleet's key works")
    warnings += [_left(worker.name, newer, fleet.agent)] if newer else []
    return Enrolled(worker, key, hello, tuple(changed), tuple(warnings))


async def recover(
    login: Login, fleet: FleetSide | None, make_fleet: Callable[[str], FleetSide], wanted: Worker,
    vouched: Vouched, *, others: Mapping[str, str], emit: Emit = lambda line: None,
) -> Recovered:  # fmt: skip
    """Enrol again a worker that knows its fleet when we do not: its identity and slice are taken over.

    `fleet` is None for the first worker; then `make_fleet(fleet_id)` says what the fleet brings. `others`
    are the workers that were recovered before it, by worker_id.
    Raises WorkerError where no agent was enrolled there, FleetRefused for a worker of another fleet.
    """
    place = await resolve(login, wanted.name)
    key = await vetted_key(place, wanted.name, vouched)
    connection = await operators_connection(place, login, wanted.name, key)
    try:
        visit = Visit(connection, wanted.name, emit)
        survey, warnings = await visit.survey()
        if survey.identity is None:
            raise WorkerError("no worker was enrolled there", worker=wanted.name)
        require_fit(survey, wanted.name)
        fleet = fleet or make_fleet(survey.identity.fleet_id)
        worker = _worker(wanted, place, survey, fleet.fleet_id, adopt=False)
        _refuse_twin(survey, wanted.name, others, "give its address once")
        newer = await visit.newer_agent(survey, fleet.agent)
        changed = await visit.equip(survey, fleet, login.ask) if newer is None else []
        changed += await visit.let_in(fleet)
    finally:
        await connect.hang_up(connection)
    client = _client(worker, key, fleet)
    try:
        hello, held = await client.hello(), await client.slices()
    finally:
        await client.close()
    warnings += [_left(worker.name, newer, fleet.agent)] if newer else []
    return Recovered(Enrolled(worker, key, hello, tuple(changed), tuple(warnings)), held)


async def withdraw(login: Login, worker: Worker, key: FleetKey, pinned: HostKey) -> bool:
    """Take the fleet's key out of the worker, by the operator's own login. False where it was not there."""
    place = await resolve(login, worker.name)
    connection = await operators_connection(place, login, worker.name, pinned)
    try:
        args = {"line": None, "blob": key.public.blob, "command": AGENT_COMMAND}
        told = await errand(connection, worker.name, "authorize", args)
        return bool(told.result.get("changed"))
    finally:
        await connect.hang_up(connection)


async def try_key(worker: Worker, key: HostKey, fleet_key: FleetKey, fleet_id: str) -> Hello:
    """Before another host key is pinned: that the enrolled worker, and no other, answers behind it."""
    target = connect.enrolled(worker, key, fleet_key.path)
    client = AgentClient(SshSession(target), worker_id=worker.worker_id, fleet_id=fleet_id)
    try:
        return await client.hello()
    finally:
        await client.close()


@dataclass(frozen=True)
class Visit:
    """An operator's connection to a machine that becomes a worker."""

    connection: Any
    worker: str
    emit: Emit

    async def survey(self) -> tuple[Survey, list[str]]:
        """What the machine brings, and warnings about its clock and its shell."""
        await plain(self.connection, self.worker, ["true"])
        quiet = await plain(self.connection, self.worker, ["true"])
        told = await errand(self.connection, self.worker, "survey", {"home": HOME, "socket": DOCKER_SOCKET})
        survey = validated(Survey, told.result, self.worker, "survey")
        found = [
            noise_complaint(max(told.noise, len(quiet.output)), quiet.seconds),
            skew_complaint(survey.clock - time.time()),
        ]
        self.emit(f"{self.worker}: checked")
        return survey, [f"{self.worker}: {one.says}: {one.mend}" for one in found if one]

    async def newer_agent(self, survey: Survey, own: AgentPackage) -> Hello | None:
        """The agent that is there already, if it is newer than ours: it is not ours to replace unasked."""
        if survey.identity is None:
            return None
        try:
            answer = await ask_over(
                self.connection, self.worker, f"{AGENT_COMMAND} hello", {}, 2 * CONTROL_LIMIT
            )
            hello = validated(Hello, answer, self.worker, "hello")
        except WorkerError:
            return None  # It does not answer: it is put there anew.
        return hello if hello.version > own.version else None

    async def equip(
        self, survey: Survey, fleet: FleetSide, ask: Callable[[str], str | None] | None
    ) -> list[str]:
        """Put the agent there; what changed."""
        changed = []
        if not survey.home_ready:
            await self._make_home(survey, ask)
            changed.append("folder")
        args = {
            "home": HOME,
            "command": AGENT_COMMAND,
            "start": start(f"{HOME}/current"),
            "sha256": fleet.agent.sha256,
            "bytes": base64.b64encode(fleet.agent.content).decode("ascii"),
        }
        told = await errand(self.connection, self.worker, "install", args)
        changed += [str(what) for what in told.result.get("changed", [])][:8]
        self.emit(f"{self.worker}: agent {'installed' if changed else 'is current'}")
        return changed

    async def enrol(self, worker_id: str, fleet_id: str, adopt: bool) -> Hello:
        """Give the agent its identity."""
        args = {"worker_id": worker_id, "fleet_id": fleet_id, "adopt": adopt}
        command = f"{AGENT_COMMAND} enrol"
        answer = await ask_over(self.connection, self.worker, command, args, 2 * CONTROL_LIMIT)
        hello = validated(Hello, answer, self.worker, "enrol")
        check_identity(hello, self.worker, worker_id=worker_id, fleet_id=fleet_id)
        return hello

    async def let_in(self, fleet: FleetSide) -> list[str]:
        """Let the fleet's key in, for the agent's gate and nothing else."""
        args = {
            "line": fleet.key.authorized_line(AGENT_COMMAND, fleet.fleet_id),
            "blob": fleet.key.public.blob,
            "command": AGENT_COMMAND,
        }
        told = await errand(self.connection, self.worker, "authorize", args)
        return ["key"] if told.result.get("changed") else []

    async def _make_home(self, survey: Survey, ask: Callable[[str], str | None] | None) -> None:
        make = ["install", "-d", "-m", "0700", "-o", survey.user, HOME]
        if survey.uid == 0:
            await self._done(make, b"")
            return
        if (await plain(self.connection, self.worker, ["sudo", "-n", "true"])).how is None:
            await self._done(["sudo", "-n", *make], b"")
            return
        password = ask(f"sudo password of {survey.user} on {self.worker}: ") if ask is not None else None
        if password is None:
            raise WorkerError(
                f"{survey.user} cannot make {HOME}",
                hint=f"as root there: {' '.join(make)}",
                worker=self.worker,
            )
        await self._done(["sudo", "-S", "-p", "", *make], password.encode() + b"\n")

    async def _done(self, argv: list[str], stdin: bytes) -> None:
        ran = await plain(self.connection, self.worker, argv, stdin)
        if ran.how is not None:
            raise WorkerError(
                f"{argv[0]} {ran.how}: {HOME} was not made",
                hint="was the password right, and may this user use sudo there?"
                if argv[0] == "sudo"
                else None,
                worker=self.worker,
            )


def _worker(wanted: Worker, place: Place, survey: Survey, fleet_id: str, adopt: bool) -> Worker:
    """The record to be: its address from the login, its id from an earlier enrolment where there was one."""
    known = survey.identity
    if known is not None and known.fleet_id != fleet_id and not adopt:
        raise FleetRefused(
            "it belongs to another fleet",
            hint="--adopt takes it over, if that fleet is no longer in use",
            worker=wanted.name,
        )
    earlier = known.worker_id if known is not None and known.fleet_id == fleet_id else ""
    return _placed(wanted, place, wanted.worker_id or earlier or str(uuid.uuid4()))


def _refuse_twin(survey: Survey, name: str, others: Mapping[str, str], same: str) -> None:
    """Raises IdentityRefused for a machine with another worker's identity: recorded, it would replace it.
    `same` is what to do where it is that very machine."""
    other = others.get(survey.identity.worker_id) if survey.identity is not None else None
    if other is None:
        return
    if other == LOCAL:
        same = "it is this one, and needs no enrolment"
    raise IdentityRefused(
        f"it identifies itself as {other} (the same worker_id)",
        hint=f"a clone: remove {HOME}/identity.json there; the same machine: "
        + same.format(other=other, name=name),
        worker=name,
    )


def _placed(wanted: Worker, place: Place, worker_id: str) -> Worker:
    where = {"host": place.host, "port": place.port, "user": place.user, "jump": place.jump}
    return wanted.model_copy(update={**where, "worker_id": worker_id})


def _client(worker: Worker, key: HostKey, fleet: FleetSide) -> AgentClient:
    target = connect.enrolled(worker, key, fleet.key.path)
    session = SshSession(target)
    return AgentClient(session, worker_id=worker.worker_id, fleet_id=fleet.fleet_id, own=fleet.agent)


def _left(worker: str, newer: Hello, own: AgentPackage) -> str:
    return (
        f"{worker}: its agent is newer: version {newer.version}, this decnet has {own.version}; "
        f"it stays (decnet worker upgrade --force {worker} replaces it)"
    )


async def _knock(worker: Worker, key: HostKey, fleet: FleetSide, sha256: str) -> Hello:
    """Once more from outside: the fleet's key, the pinned host key, the gate, and that very agent."""
    client = _client(worker, key, fleet)
    try:
        hello = await client.hello()
    finally:
        await client.close()
    if hello.agent != sha256:
        raise HashRefused("the agent that answers is not the installed one", worker=worker.name)
    return hello
