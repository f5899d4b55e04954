"""The operator's own login to fake workers, without SSH; what enrolment does with it is the real thing."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from decnet.errors import Declined
from decnet.model.worker import Hello, Worker
from decnet.worker.agent_package import AgentPackage
from decnet.worker.checked_answers import validated
from decnet.worker.envelope import result_of
from decnet.worker.fleetkey import FleetKey
from decnet.worker.hostkeys import HostKey
from decnet.worker.login import HostKeyProof, Login, Place
from decnet.worker.requirements import Engine, Identity, Survey
from decnet.worker.visit import Before, KeyPolicy

from .machine import FakeWorker
from .session import FakeSession


def host_key(machine: FakeWorker) -> HostKey:
    """The key of the machine's sshd."""
    algorithm = b"ssh-ed25519"
    parts = (algorithm, hashlib.sha256(machine.address.encode()).digest())
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return HostKey(algorithm.decode(), base64.b64encode(blob).decode())


class FakeAccess:
    """Access to machines in memory."""

    def __init__(self, machines: Callable[[], Iterable[FakeWorker]]) -> None:
        self._machines = machines

    @asynccontextmanager
    async def visit(self, login: Login, worker: str, proof: HostKeyProof) -> AsyncIterator[FakeVisit]:
        """Raises what a connection to the machine runs into, HostKeyRefused."""
        machine = self._at(login.host)
        machine.arrive(worker)
        key = host_key(machine)
        if proof.pinned is None and proof.confirm is not None and not proof.confirm(key):
            raise Declined("its host key was not confirmed: nothing was changed", worker=worker)
        place = Place(machine.address, login.port or 22, login.user or "root", login.jump)
        yield FakeVisit(machine, worker, place, key)

    def session(self, worker: Worker, key: HostKey, fleet_key: FleetKey) -> FakeSession:
        return FakeSession(self._at(worker.host), worker.name)

    def _at(self, address: str) -> FakeWorker:
        return next(each for each in self._machines() if each.address == address)


@dataclass(frozen=True)
class FakeVisit:
    """A Visit of a machine in memory."""

    machine: FakeWorker
    worker: str
    place: Place
    key: HostKey

    async def survey(self) -> tuple[Survey, list[str]]:
        hello = self.machine.ask("hello")["result"]
        docker = ("20.10.24", None) if self.machine.engine.is_up else (None, "silent")
        known = hello["worker_id"] is not None
        survey = Survey(
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
        return survey, []

    async def hello(self) -> Hello | None:
        return validated(Hello, self.machine.ask("hello")["result"], self.worker, "hello")

    async def equip(self, survey: Survey, agent: AgentPackage) -> list[str]:
        name = f"{agent.sha256}.pyz"
        if self.machine.program.resolve().name == name:
            return []
        file = self.machine.folder / name
        file.write_bytes(agent.content)
        self.machine.install(file, ())
        return ["agent", "link"]

    async def enrol(self, worker_id: str, fleet_id: str, adopt: bool) -> Hello:
        identity = {"worker_id": worker_id, "fleet_id": fleet_id, "adopt": adopt}
        answer = result_of(self.machine.ask("enrol", identity), self.worker)
        return validated(Hello, answer, self.worker, "enrol")

    async def sweep(self, worker_id: str, fleet_id: str) -> None:
        identity = {"worker_id": worker_id, "fleet_id": fleet_id, "adopt": True, "sweep": True}
        result_of(self.machine.ask("enrol", identity), self.worker)

    async def policy(self) -> KeyPolicy:
        return KeyPolicy()

    async def remember(self, policy: KeyPolicy) -> Before:
        kept = self.machine.folder / "before"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.machine.home, kept, symlinks=True)
        return {"home": str(kept), "open": self.machine.is_open}

    async def restore(self, before: Before, policy: KeyPolicy) -> list[str]:
        shutil.rmtree(self.machine.home)
        shutil.copytree(before["home"], self.machine.home, symlinks=True)
        if not before["open"]:
            self.machine.shut()
        return []

    async def authorize(self, key: FleetKey, fleet_id: str, policy: KeyPolicy) -> list[str]:
        changed = [] if self.machine.is_open else ["key"]
        self.machine.let_in()
        return changed

    async def revoke(self, key: FleetKey) -> bool:
        was_open = self.machine.is_open
        self.machine.shut()
        return was_open
