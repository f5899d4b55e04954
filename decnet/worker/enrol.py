"""Enrols a machine as a worker: checks it, installs the agent, and records it only after a login with the
fleet's key has succeeded."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from decnet.errors import (
    DecnetError,
    FleetRefused,
    HashRefused,
    IdentityRefused,
    LoginState,
    Unreachable,
    WorkerError,
)
from decnet.model.spec import LOCAL
from decnet.model.worker import Hello, Worker

from .agent_package import AgentPackage
from .checked_answers import check_identity
from .client import AgentClient
from .fleet_keys import OTHER_KEYS
from .fleetkey import SIGNATURES, USUAL, FleetKey
from .hostkeys import HostKey
from .login import HostKeyProof, Login, Place
from .networks import network_problems
from .requirements import HOME, Survey, require_fit
from .responses import HeldSlice
from .take_back import first_contact, not_let_in, taken_back
from .visit import Access, KeyPolicy, SshAccess, Visit

Emit = Callable[[str], None]


@dataclass(frozen=True)
class FleetSide:
    """What a fleet gives its workers: the fleet's id and key, and the agent.

    `key_of` is the fleet's key of a type, created if there is none. `before_change` stores what the fleet
    needs before anything is changed on a worker.
    """

    fleet_id: str
    key_of: Callable[[str], FleetKey]
    agent: AgentPackage
    before_change: Callable[[], object] = lambda: None

    @cached_property
    def key(self) -> FleetKey:
        """The fleet's usual key."""
        return self.key_of(USUAL)

    def keys(self, policy: KeyPolicy) -> Iterator[tuple[str, FleetKey]]:
        """Type and key of each key that the worker's sshd may accept; the type of the usual one is ""."""
        if policy.accepts(SIGNATURES[USUAL]):
            yield "", self.key
        for algorithm in OTHER_KEYS:
            if policy.accepts(SIGNATURES[algorithm]):
                yield algorithm, self.key_of(algorithm)


@dataclass(frozen=True)
class Enrolled:
    """A worker that may be recorded now, with the host key to pin. `changed` names what was changed there
    (empty: nothing), `warnings` what the operator should check."""

    worker: Worker
    host_key: HostKey
    hello: Hello
    changed: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Recovered:
    """An enrolled worker of a fleet whose records were lost, with the slices that it still holds."""

    enrolled: Enrolled
    held: dict[str, HeldSlice]


@dataclass(frozen=True)
class Enrolment:
    """The operations that need the operator's own login; `access` connects to the machines."""

    access: Access = field(default_factory=SshAccess)

    async def add(
        self,
        login: Login,
        fleet: FleetSide,
        wanted: Worker,
        proof: HostKeyProof,
        *,
        others: Mapping[str, str],
        adopt: bool = False,
        emit: Emit = lambda line: None,
    ) -> Enrolled:
        """Enrol the machine that `login` leads to.

        `wanted` gives the name, tags and limits, and the worker_id of an earlier enrolment ("" for a new
        one); its address comes from the login. `others` are the workers that are enrolled under other names,
        by worker_id: a machine with one of these identities is refused. Nothing is recorded here. Raises
        HostKeyRefused, FleetRefused, IdentityRefused, WorkerError with a hint how to fix what is missing,
        Unreachable.
        """
        async with first_contact(login, wanted), self.access.visit(login, wanted.name, proof) as visit:
            survey, warnings = await visit.survey()
            emit(f"{wanted.name}: checked")
            require_fit(survey, wanted.name)
            worker = _worker(wanted, visit.place, survey, fleet.fleet_id, adopt)
            _refuse_twin(survey, wanted.name, others, "decnet worker rename {other} {name}")
            policy = await visit.policy()
            fleet.before_change()
            async with taken_back(visit, policy):
                newer, changed = await _equip(visit, survey, fleet, emit)
                hello = await visit.enrol(worker.worker_id, fleet.fleet_id, adopt)
                check_identity(hello, wanted.name, worker_id=worker.worker_id, fleet_id=fleet.fleet_id)
                agent = newer.agent if newer else fleet.agent.sha256
                worker, hello, put = await self._let_in(visit, worker, fleet, policy, agent)
            if adopt and not newer:
                warnings += await _swept(visit, worker, fleet.fleet_id)
        changed += put
        emit(f"{worker.name}: the fleet's key opens it")
        warnings += await self._network_warnings(worker, visit.key, fleet)
        warnings += [_newer_warning(worker.name, newer, fleet.agent)] if newer else []
        return Enrolled(worker, visit.key, hello, tuple(changed), tuple(warnings))

    async def recover(
        self,
        login: Login,
        fleet: FleetSide | None,
        make_fleet: Callable[[str], FleetSide],
        wanted: Worker,
        proof: HostKeyProof,
        *,
        others: Mapping[str, str],
        emit: Emit = lambda line: None,
    ) -> Recovered:
        """Enrol a worker again whose records were lost here; its identity and slice are kept.

        `fleet` is None for the first worker; then `make_fleet(fleet_id)` gives the fleet's side. `others` are
        the workers that were recovered before it, by worker_id.
        Raises WorkerError if no agent is enrolled there, FleetRefused for a worker of another fleet.
        """
        async with first_contact(login, wanted), self.access.visit(login, wanted.name, proof) as visit:
            survey, warnings = await visit.survey()
            emit(f"{wanted.name}: checked")
            if survey.identity is None:
                raise WorkerError("no worker was enrolled there", worker=wanted.name)
            require_fit(survey, wanted.name)
            fleet = fleet or make_fleet(survey.identity.fleet_id)
            worker = _worker(wanted, visit.place, survey, fleet.fleet_id, adopt=False)
            _refuse_twin(survey, wanted.name, others, "give its address once")
            policy = await visit.policy()
            async with taken_back(visit, policy):
                newer, changed = await _equip(visit, survey, fleet, emit)
                agent = newer.agent if newer else fleet.agent.sha256
                worker, _, put = await self._let_in(visit, worker, fleet, policy, agent)
        changed += put
        client = self._client(worker, visit.key, fleet)
        try:
            hello, held = await client.hello(), await client.slices()
        finally:
            await client.close()
        warnings += [_newer_warning(worker.name, newer, fleet.agent)] if newer else []
        return Recovered(Enrolled(worker, visit.key, hello, tuple(changed), tuple(warnings)), held)

    async def withdraw(self, login: Login, worker: Worker, key: FleetKey, pinned: HostKey) -> bool:
        """Remove the fleet's key from the worker. False if it was not there."""
        async with self.access.visit(login, worker.name, HostKeyProof(pinned)) as visit:
            return await visit.revoke(key)

    async def try_key(self, worker: Worker, key: HostKey, fleet_key: FleetKey, fleet_id: str) -> Hello:
        """Check that the enrolled worker answers behind a new host key, before that is pinned. Raises
        TrustRefused."""
        session = self.access.session(worker, key, fleet_key)
        client = AgentClient(session, worker_id=worker.worker_id, fleet_id=fleet_id)
        try:
            return await client.hello()
        finally:
            await client.close()

    async def _let_in(
        self, visit: Visit, worker: Worker, fleet: FleetSide, policy: KeyPolicy, sha256: str
    ) -> tuple[Worker, Hello, list[str]]:
        """Authorize the first of the fleet's keys with which a login succeeds: the worker with the type of
        that key, the agent's hello, and what changed. Raises Unreachable."""
        refused: Unreachable | None = None
        for algorithm, key in fleet.keys(policy):
            changed = await visit.authorize(key, fleet.fleet_id, policy)
            worker = worker.model_copy(update={"key_type": algorithm})
            try:
                return worker, await self._verify(worker, visit.key, fleet, sha256), changed
            except Unreachable as error:
                if error.login is None:
                    raise
                refused = refused or error
                if error.login is LoginState.INCOMPLETE:
                    break
        raise not_let_in(worker, fleet.key, policy, refused)

    async def _verify(self, worker: Worker, key: HostKey, fleet: FleetSide, sha256: str) -> Hello:
        """Check from outside: the fleet's key, the pinned host key, the gate, and which agent answers."""
        client = self._client(worker, key, fleet)
        try:
            hello = await client.hello()
        finally:
            await client.close()
        if hello.agent != sha256:
            raise HashRefused("another agent answers than was installed", worker=worker.name)
        return hello

    async def _network_warnings(self, worker: Worker, key: HostKey, fleet: FleetSide) -> list[str]:
        """Networks of its engine that are in the way. None if it reports no facts: checks show why."""
        client = self._client(worker, key, fleet)
        try:
            found = list(network_problems(await client.facts()))
        except DecnetError:
            return []
        finally:
            await client.close()
        return [f"{worker.name}: {one.message}: {one.fix}" for one in found]

    def _client(self, worker: Worker, key: HostKey, fleet: FleetSide) -> AgentClient:
        session = self.access.session(worker, key, fleet.key)
        return AgentClient(session, worker_id=worker.worker_id, fleet_id=fleet.fleet_id, own=fleet.agent)


async def _swept(visit: Visit, worker: Worker, fleet_id: str) -> list[str]:
    """Remove what the former fleet has left; a warning if that failed, since the worker itself is fine."""
    try:
        await visit.sweep(worker.worker_id, fleet_id)
    except DecnetError as error:
        return [f"{error}: what the former fleet has left there is still there; see decnet worker check"]
    return []


async def _equip(
    visit: Visit, survey: Survey, fleet: FleetSide, emit: Emit
) -> tuple[Hello | None, list[str]]:
    """Install our agent unless a newer one is there; the hello of the agent in place, and what changed."""
    if survey.identity is not None:
        hello = await visit.hello()
        if hello is not None and hello.version > fleet.agent.version:
            return hello, []
    changed = await visit.equip(survey, fleet.agent)
    emit(f"{visit.worker}: agent {'installed' if changed else 'is current'}")
    return None, changed


def _worker(wanted: Worker, place: Place, survey: Survey, fleet_id: str, adopt: bool) -> Worker:
    """The worker to record: its address from the login, its id from an earlier enrolment, if any."""
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
    `same` is what to do if it is the same machine."""
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
    return wanted.model_copy(update={**place.recorded(), "worker_id": worker_id})


def _newer_warning(worker: str, newer: Hello, own: AgentPackage) -> str:
    return (
        f"{worker}: its agent is newer: version {newer.version}, this decnet has {own.version}; "
        f"it stays (decnet worker upgrade --force {worker} replaces it)"
    )
