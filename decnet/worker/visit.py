"""The operator's own connection to a machine, for enrolment and removal."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import Field

from decnet import wire
from decnet.errors import WorkerError
from decnet.model.base import FrozenModel, Short
from decnet.model.worker import Hello, Worker
from decnet.wire.authorized import USUAL

from . import connect
from .agent_package import AgentPackage
from .agent_start import start
from .bootstrap import run_command, run_script
from .checked_answers import validated
from .client import CONTROL_LIMIT, SWEEP_LIMIT
from .exchange import CANNOT_START, describe_status
from .fleetkey import FleetKey
from .hostkeys import HostKey
from .login import HostKeyProof, Login, Place, connect_as_operator, resolve, verified_key
from .requirements import HOME, Survey, limit_problems, noise_problem, skew_problem
from .session import Session
from .shell import check_shell
from .ssh import SshSession, call_over

AGENT_COMMAND = f"{HOME}/decnet-agent"
DOCKER_SOCKET = "/var/run/docker.sock"


Before = dict[str, Any]
"""What the script `restore` reports, and is given back."""


class KeyPolicy(FrozenModel):
    """The authorized_keys files that sshd reads for the user, and the signature algorithms that it accepts.
    None if they are unknown."""

    files: Annotated[tuple[Short, ...], Field(strict=False, max_length=16)] | None = None
    algorithms: Annotated[tuple[Short, ...], Field(strict=False, max_length=64)] | None = None

    def file(self, usual: str) -> str | None:
        """The file to write to; None for the usual one, whose path ends with `usual`."""
        if not self.files or any(path.endswith(f"/{usual}") for path in self.files):
            return None
        return self.files[0]

    def accepts(self, algorithms: tuple[str, ...]) -> bool:
        return self.algorithms is None or any(each in self.algorithms for each in algorithms)


class Visit(Protocol):
    """An open connection with the operator's own login. `place` and `key` must be recorded."""

    @property
    def worker(self) -> str: ...
    @property
    def place(self) -> Place: ...
    @property
    def key(self) -> HostKey: ...

    async def survey(self) -> tuple[Survey, list[str]]:
        """The machine's survey, and warnings about its clock and shell."""
        ...

    async def hello(self) -> Hello | None:
        """The existing agent; None if none answers."""
        ...

    async def equip(self, survey: Survey, agent: AgentPackage) -> list[str]:
        """Install the agent; returns what changed."""
        ...

    async def enrol(self, worker_id: str, fleet_id: str, adopt: bool) -> Hello:
        """Give the agent its identity; `adopt` takes it from another fleet."""
        ...

    async def sweep(self, worker_id: str, fleet_id: str) -> None:
        """Remove the containers and networks that other fleets have left there."""
        ...

    async def policy(self) -> KeyPolicy:
        """Which keys its sshd accepts, as far as that is known."""
        ...

    async def authorize(self, key: FleetKey, fleet_id: str, policy: KeyPolicy) -> list[str]:
        """Authorize the fleet's key, for the agent's gate only; returns what changed."""
        ...

    async def remember(self, policy: KeyPolicy) -> Before:
        """What is there before anything is changed."""
        ...

    async def restore(self, before: Before, policy: KeyPolicy) -> list[str]:
        """Bring that back; returns what could not be taken back."""
        ...

    async def revoke(self, key: FleetKey) -> bool:
        """Remove the fleet's key; False if it was not there."""
        ...


class Access(Protocol):
    """Connects to machines for enrolment."""

    def visit(self, login: Login, worker: str, proof: HostKeyProof) -> AbstractAsyncContextManager[Visit]:
        """A connection with the operator's login. Raises HostKeyRefused, Unreachable, UsageError."""
        ...

    def session(self, worker: Worker, key: HostKey, fleet_key: FleetKey) -> Session:
        """A session with the fleet's key to a machine with that host key; nothing is sent yet."""
        ...


class SshAccess:
    """Access over SSH."""

    @asynccontextmanager
    async def visit(self, login: Login, worker: str, proof: HostKeyProof) -> AsyncIterator[Visit]:
        place = await resolve(login, worker)
        key = await verified_key(place, worker, proof)
        connection = await connect_as_operator(place, login, worker, key)
        try:
            yield SshVisit(connection, worker, place, key, login.ask)
        finally:
            await connect.disconnect(connection)

    def session(self, worker: Worker, key: HostKey, fleet_key: FleetKey) -> Session:
        return SshSession(connect.target_of(worker, key, fleet_key.path))


@dataclass(frozen=True)
class SshVisit:
    """A Visit over SSH; `ask` asks the operator for a password."""

    connection: Any
    worker: str
    place: Place
    key: HostKey
    ask: Callable[[str], str | None] | None

    async def survey(self) -> tuple[Survey, list[str]]:
        # Only the second one is timed: the first command of a session is slower.
        await check_shell(self.connection, self.worker, self.place.user)
        quiet = await run_command(self.connection, self.worker, ["true"])
        report = await run_script(
            self.connection, self.worker, "survey", {"home": HOME, "socket": DOCKER_SOCKET}
        )
        survey = validated(Survey, report.result, self.worker, "survey")
        found = [
            noise_problem(max(report.noise, len(quiet.output)), quiet.seconds),
            skew_problem(survey.clock - time.time()),
            *limit_problems(survey.docker.limits_memory, survey.docker.missing_limits),
        ]
        return survey, [f"{self.worker}: {one.message}: {one.fix}" for one in found if one]

    async def hello(self) -> Hello | None:
        command = f"{AGENT_COMMAND} hello"
        try:
            answer = await call_over(self.connection, self.worker, command, {}, 2 * CONTROL_LIMIT)
            return validated(Hello, answer, self.worker, "hello")
        except WorkerError:
            return None

    async def equip(self, survey: Survey, agent: AgentPackage) -> list[str]:
        changed = []
        if not survey.home_ready:
            await self._make_home(survey)
            changed.append("folder")
        args = {
            "home": HOME,
            "command": AGENT_COMMAND,
            "start": start(f"{HOME}/current"),
            "sha256": agent.sha256,
            "bytes": base64.b64encode(agent.content).decode("ascii"),
        }
        report = await run_script(self.connection, self.worker, "install", args)
        return changed + [str(what) for what in report.result.get("changed", [])][:8]

    async def enrol(self, worker_id: str, fleet_id: str, adopt: bool) -> Hello:
        args = {"worker_id": worker_id, "fleet_id": fleet_id, "adopt": adopt}
        command = f"{AGENT_COMMAND} enrol"
        answer = await call_over(self.connection, self.worker, command, args, 2 * CONTROL_LIMIT)
        return validated(Hello, answer, self.worker, "enrol")

    async def sweep(self, worker_id: str, fleet_id: str) -> None:
        args = {"worker_id": worker_id, "fleet_id": fleet_id, "adopt": True, "sweep": True}
        await call_over(self.connection, self.worker, f"{AGENT_COMMAND} enrol", args, SWEEP_LIMIT)

    async def policy(self) -> KeyPolicy:
        try:
            report = await run_script(self.connection, self.worker, "policy", {})
        except WorkerError:
            return KeyPolicy()
        return validated(KeyPolicy, report.result, self.worker, "policy")

    async def authorize(self, key: FleetKey, fleet_id: str, policy: KeyPolicy) -> list[str]:
        line = key.authorized_line(AGENT_COMMAND, fleet_id)
        return ["key"] if await self._authorize(line, key, policy) else []

    async def revoke(self, key: FleetKey) -> bool:
        return await self._authorize(None, key, await self.policy())

    async def remember(self, policy: KeyPolicy) -> Before:
        return await self._restore(None, policy)

    async def restore(self, before: Before, policy: KeyPolicy) -> list[str]:
        left = (await self._restore(before, policy)).get("left", [])
        return [wire.clean(str(each), 200) for each in left]

    async def _restore(self, before: Before | None, policy: KeyPolicy) -> dict[str, Any]:
        args = {"home": HOME, "command": AGENT_COMMAND, "before": before, "file": policy.file(USUAL)}
        return (await run_script(self.connection, self.worker, "restore", args)).result

    async def _authorize(self, line: str | None, key: FleetKey, policy: KeyPolicy) -> bool:
        args = {
            "home": HOME,
            "line": line,
            "blob": key.public.blob,
            "command": AGENT_COMMAND,
            "file": policy.file(USUAL),
        }
        try:
            report = await run_script(self.connection, self.worker, "authorize", args)
        except WorkerError as error:
            if type(error) is not WorkerError or error.hint is not None:
                raise
            change = "removed from" if line is None else "written to"
            by_hand = f" Or add this line there as root: {line}" if line is not None else ""
            raise WorkerError(
                f"the fleet's key cannot be {change} {error.message}",
                hint="is the file immutable (lsattr), a mount, or on a read-only file system?" + by_hand,
                worker=self.worker,
            ) from error
        return bool(report.result.get("changed"))

    async def _make_home(self, survey: Survey) -> None:
        make = ["install", "-d", "-m", "0700", "-o", survey.user, HOME]
        if survey.uid == 0:
            # install does not say why it cannot make a folder.
            await self._run(["mkdir", "-p", "-m", "0700", HOME], b"")
            await self._run(make, b"")
            return
        tried = (await run_command(self.connection, self.worker, ["sudo", "-n", "true"])).how
        if tried is None:
            await self._run(["sudo", "-n", *make], b"")
            return
        # Without sudo, as on Alpine, a password does not help.
        has_sudo = tried not in map(describe_status, CANNOT_START)
        prompt = f"sudo password of {survey.user} on {self.worker}: "
        password = self.ask(prompt) if self.ask is not None and has_sudo else None
        if password is None:
            raise WorkerError(
                f"{survey.user} cannot make {HOME}",
                hint=f"as root there: {' '.join(make)}",
                worker=self.worker,
            )
        await self._run(["sudo", "-S", "-p", "", *make], password.encode() + b"\n")

    async def _run(self, argv: list[str], stdin: bytes) -> None:
        ran = await run_command(self.connection, self.worker, argv, stdin)
        if ran.how is not None:
            printed = ran.output.decode("utf-8", "replace").strip().splitlines()
            reason = f" ({wire.clean('; '.join(printed[-2:]), 200)})" if printed else ""
            raise WorkerError(
                f"{argv[0]} {ran.how}: {HOME} was not made{reason}",
                hint="was the password right, and may this user use sudo there?"
                if argv[0] == "sudo"
                else None,
                worker=self.worker,
            )
