"""The operator's own login to fake workers: what enrolment does there, without SSH."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping

from decnet.errors import HostKeyRefused, WorkerError
from decnet.model.worker import Hello, Worker
from decnet.worker import enrol
from decnet.worker.client import AgentClient
from decnet.worker.enrol import Emit, Enrolled, FleetSide, Recovered
from decnet.worker.envelope import agent_error
from decnet.worker.fleetkey import FleetKey
from decnet.worker.hostkeys import HostKey
from decnet.worker.login import Login, Place, Vouched
from decnet.worker.requirements import Engine, Identity, Survey, require_fit
from decnet.worker.responses import HeldSlice

from .machine import FakeWorker
from .session import FakeSession


def host_key(machine: FakeWorker) -> HostKey:
    """The key of the machine's sshd."""
    algorithm = b"ssh-ed25519"
    parts = (algorithm, hashlib.sha256(machine.address.encode()).digest())
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return HostKey(algorithm.decode(), base64.b64encode(blob).decode())


class FakeEnroller:
    """`decnet.worker.enrol` for machines in memory."""

    def __init__(self, machines: Callable[[], Iterable[FakeWorker]]) -> None:
        self._machines = machines

    async def add(
        self,
        login: Login,
        fleet: FleetSide,
        wanted: Worker,
        vouched: Vouched,
        *,
        others: Mapping[str, str],
        adopt: bool = False,
        emit: Emit = lambda line: None,
    ) -> Enrolled:
        machine, place, key = self._contacted(login, wanted.name, vouched)
        survey = _survey(machine)
        require_fit(survey, wanted.name)
        worker = enrol._worker(wanted, place, survey, fleet.fleet_id, adopt)
        enrol._refuse_twin(survey, wanted.name, others, "decnet worker rename {other} {name}")
        identity = {"worker_id": worker.worker_id, "fleet_id": fleet.fleet_id, "adopt": adopt}
        answer = machine.ask("enrol", identity)
        if not answer["ok"]:
            raise agent_error(answer["error"], wanted.name)
        return await self._let_in(machine, worker, key, fleet)

    async def recover(
        self,
        login: Login,
        fleet: FleetSide | None,
        make_fleet: Callable[[str], FleetSide],
        wanted: Worker,
        vouched: Vouched,
        *,
        others: Mapping[str, str],
        emit: Emit = lambda line: None,
    ) -> Recovered:
        machine, place, key = self._contacted(login, wanted.name, vouched)
        survey = _survey(machine)
        if survey.identity is None:
            raise WorkerError("no worker was enrolled there", worker=wanted.name)
        require_fit(survey, wanted.name)
        fleet = fleet or make_fleet(survey.identity.fleet_id)
        worker = enrol._worker(wanted, place, survey, fleet.fleet_id, False)
        enrol._refuse_twin(survey, wanted.name, others, "give its address once")
        enrolled = await self._let_in(machine, worker, key, fleet)
        return Recovered(enrolled, await _held(machine, worker, fleet))

    async def withdraw(self, login: Login, worker: Worker, key: FleetKey, pinned: HostKey) -> bool:
        machine, _, _ = self._contacted(login, worker.name, Vouched(pinned))
        was_open = machine.is_open
        machine.shut()
        return was_open

    async def try_key(self, worker: Worker, key: HostKey, fleet_key: FleetKey, fleet_id: str) -> Hello:
        machine = next(each for each in self._machines() if each.address == worker.host)
        session = FakeSession(machine, worker.name)
        return await AgentClient(session, worker_id=worker.worker_id, fleet_id=fleet_id).hello()

    def _contacted(self, login: Login, name: str, vouched: Vouched) -> tuple[FakeWorker, Place, HostKey]:
        """The machine, where it is, and its key. Raises what a connection to it runs into, HostKeyRefused."""
        machine = next(each for each in self._machines() if each.address == login.host)
        machine.arrive(name)
        key = host_key(machine)
        if vouched.pinned is None and vouched.confirm is not None and not vouched.confirm(key):
            raise HostKeyRefused("its host key was not confirmed", worker=name)
        return machine, Place(machine.address, login.port or 22, login.user or "root", login.jump), key

    async def _let_in(self, machine: FakeWorker, worker: Worker, key: HostKey, fleet: FleetSide) -> Enrolled:
        changed = () if machine.is_open else ("key",)
        machine.let_in()
        session = FakeSession(machine, worker.name)
        client = AgentClient(session, worker_id=worker.worker_id, fleet_id=fleet.fleet_id, own=fleet.agent)
        return Enrolled(worker, key, await client.hello(), changed, ())


async def _held(machine: FakeWorker, worker: Worker, fleet: FleetSide) -> dict[str, HeldSlice]:
    session = FakeSession(machine, worker.name)
    return await AgentClient(session, worker_id=worker.worker_id, fleet_id=fleet.fleet_id).slices()


def _survey(machine: FakeWorker) -> Survey:
    hello = machine.ask("hello")["result"]
    docker = ("20.10.24", None) if machine.engine.is_up else (None, "silent")
    known = hello["worker_id"] is not None
    return Survey(
        python="3.11.2",
        uid=0,
        user="root",
        docker=Engine(version=docker[0], error=docker[1]),
        compose="1.29.2",
        disk_free_mib=9000,
        clock=hello["clock"],
        home_ready=True,
        identity=Identity(worker_id=hello["worker_id"], fleet_id=hello["fleet_id"]) if known else None,
    )
