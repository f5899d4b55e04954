"""A worker in memory: the agent's own modules, a folder for them, a Docker engine and a LAN."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from decnet.errors import LoginState, Unreachable
from decnet.wire import PROJECT, PROTOCOL, Unframer, canonical, frame, parse
from decnet.worker.translate import translated

from . import nft
from .agent import mac_of_machine, module, numbers_of, running_on
from .clock import Clock
from .engine import CONTENT_LABEL, Engine, EngineFailure, Socket

COMPOSE = ["docker-compose"]
DOOR = 'restrict,command="/usr/local/bin/decnet-agent gate" ssh-ed25519 AAAA decnet-fleet\n'
"""What lets the fleet's key in."""
MARKER = "0123456789abcdef" * 2


@dataclass
class Broken:
    """A decky that does not work: Docker answers `error` to whatever is done to it; or its services end at
    their start, with `exit_code` and these last lines in their log."""

    error: str = ""
    exit_code: int = 0
    log: list[str] = field(default_factory=list)


@dataclass
class Lan:
    """The LAN that the machines share. `strangers` answer for their addresses: address to MAC."""

    strangers: dict[str, str] = field(default_factory=dict)
    machines: list[FakeWorker] = field(default_factory=list)


@dataclass
class State:
    """What outlives the process, in addition to the agent's folder and the engine."""

    address: str
    boots: int = 1
    job_polls: int = 0
    jobs: dict[str, int] = field(default_factory=dict)
    watched: list[str] = field(default_factory=list)
    broken: dict[str, Broken] = field(default_factory=dict)


class FakeWorker:
    """One machine. Its faults are attributes: set them, and the next call meets them.

    `has_route` False: no default route. `is_root` False: the agent is only in the group docker.
    `is_wireless`: its interface is wireless. `routes`: networks that it has a route to.
    `is_reachable` False: no connection. `is_trusted` False: another host key is presented. `becomes(id)`:
    another worker answers. `engine.is_up` False: Docker does not answer. `slow`: seconds per call.
    `start_seconds`: how long a container takes to start. `link_error`: why its interface is cut off.
    `job_polls`: how many `status` answers show a new job as running before it is carried out.
    `visit(container, kinds)`: someone is connected and works there, until `leave(container)`.
    `reboot()`: its timers are gone, its containers run on.
    `breaks(decky, error)`: what is done to this decky fails. `lose(verb)`: the connection is lost at the next
    such call. `on(verb, act)`: something happens then.
    """

    def __init__(self, folder: Path, name: str, clock: Clock, lan: Lan, address: str = "") -> None:
        self.name = name
        self.folder = folder
        self.home = folder / "agent"
        self.socket = folder / "docker.sock"
        self.program = self.home / "current"
        self.stdin = b""
        self._keys = folder / "user" / ".ssh" / "authorized_keys"
        self.requests: list[str] = []
        self.is_reachable = True
        self.is_trusted = True
        self.has_route = True
        self.is_wireless = False
        self.is_root = True
        self.has_nft = True
        self.link_error = ""
        self.routes = [f"{address.rpartition('.')[0] or '192.0.2'}.0/24"]
        self.slow = 0.0
        self.start_seconds = 0.0
        self._clock, self._lan = clock, lan
        self._lost: list[tuple[str, bool]] = []
        self._then: dict[str, Callable[[], None]] = {}
        self._held: dict[str, list[int]] = {}
        self._watched: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self.socket.touch()
        self._file = folder / "machine.json"
        self._state = self._loaded(address)
        self.engine = Engine(folder / "engine.json", f"engine-of-{name}")
        self.engine.listens = self._listens
        self.engine.now = clock.now
        self.engine.on_start = self._started
        self.engine.refusal = lambda decky: self._state.broken.get(decky, Broken()).error
        Socket.engines[str(self.socket)] = self.engine
        lan.machines.append(self)
        self._take_up_jobs()

    # What a test sets and reads.

    @property
    def address(self) -> str:
        return self._state.address

    @property
    def job_polls(self) -> int:
        return self._state.job_polls

    @job_polls.setter
    def job_polls(self, polls: int) -> None:
        self._state.job_polls = polls
        self._save()

    @property
    def containers(self) -> dict[str, str]:
        """State by name."""
        found = {each["Name"]: each["State"] for each in self.engine.containers.values()}
        return dict(sorted(found.items()))

    @property
    def journal_end(self) -> int:
        """The number of the journal's last record."""
        with running_on(self):
            return int(module("journal").read().last)

    @property
    def generation(self) -> int:
        """The generation of the fleet's slice that was applied last."""
        with running_on(self):
            fleet_id = module("identity").require({})["fleet_id"]
            return int(module("slices").applied(PROJECT, fleet_id)["generation"])

    def install(self, agent: Path, images: Sequence[str]) -> None:
        """Put the agent's file there as the current one, and these images of ours into the engine."""
        (self.home / "agents").mkdir(parents=True, exist_ok=True)
        try:
            os.link(agent, self.home / "agents" / agent.name)
        except OSError:
            shutil.copy(agent, self.home / "agents" / agent.name)
        (self.home / "current").unlink(missing_ok=True)
        (self.home / "current").symlink_to(Path("agents") / agent.name)
        self.engine.images |= {name: {CONTENT_LABEL: "yes"} for name in images}
        self.engine.save()

    @property
    def is_open(self) -> bool:
        """Whether its sshd lets the fleet's key in."""
        return self._keys.exists() and DOOR in self._keys.read_text()

    def let_in(self) -> None:
        self._keys.parent.mkdir(parents=True, exist_ok=True)
        self._keys.write_text(DOOR)

    def shut(self) -> None:
        self._keys.write_text("")

    def breaks(self, decky: str, error: str = "", *, exit_code: int = 0, log: Sequence[str] = ()) -> None:
        self._state.broken[decky] = Broken(error, exit_code, list(log))
        self._save()

    def mends(self, decky: str) -> None:
        self._state.broken.pop(decky, None)
        self._save()

    def becomes(self, worker_id: str, fleet_id: str | None = None) -> None:
        """Another worker's agent answers there, or another fleet's."""
        with running_on(self):
            home = module("home")
            known = home.read_json("identity.json")
            home.write_json(
                {**known, "worker_id": worker_id, "fleet_id": fleet_id or known["fleet_id"]}, "identity.json"
            )

    def lose(self, verb: str, *, after: bool = False, times: int = 1) -> None:
        """Lose the connection at the next call of the verb: before the request arrives, or `after` the agent
        has done its work and before the answer is there."""
        self._lost += [(verb, after)] * times

    def is_reached_again(self) -> None:
        """No connection is lost any more."""
        self._lost.clear()

    def on(self, verb: str, act: Callable[[], None]) -> None:
        """Do this when such a call arrives next."""
        self._then[verb] = act

    def crash(self, container: str, code: int = 137) -> None:
        """End a container; Docker leaves it as it is."""
        found = self.engine.named(container)
        assert found is not None, container
        self.engine.exit(found, code)

    def visit(
        self, container: str, *kinds: str, source: str = "192.0.2.66", source_port: int = 40000
    ) -> None:
        """A visitor connects to a service and stays, after events of these kinds; without any, it is a mere
        contact."""
        found = self.engine.named(container)
        assert found is not None, container
        fields = {"login": {"success": True, "username": "root"}, "command": {"input": "id", "way": "exec"}}
        events = [
            json.dumps(
                {
                    "run": "visit", "n": len(found["Log"]) + number, "at": self.now(), "kind": kind,
                    "src": source, "sport": source_port, "session": "visit", "fields": fields.get(kind, {}),
                }
            )
            for number, kind in enumerate(("contact", *kinds), 1)
        ]  # fmt: skip
        (port, _), *_rest = sorted(self._listens("", container))
        self.engine.visit(found, port, (source, source_port), events)

    def leave(self, container: str) -> None:
        """All visitors of a service disconnect."""
        found = self.engine.named(container)
        assert found is not None, container
        self.engine.leave(found)

    def restart(self, container: str) -> None:
        """Restart a container behind the agent's back; one that shares its network is cut off by that."""
        status, answer = self.engine.answer("POST", f"/containers/{container}/restart", b"")
        assert status == 204, answer

    def begin_foreign_job(self, polls: int, request_id: str = "of-another-operator") -> None:
        """A job that the operator's state directory does not know; it does nothing for so many polls."""
        with running_on(self):
            jobs, known = module("jobs"), module("identity").require({})
            job_id = jobs.job_id_of(request_id)
            claim = jobs.Claim(job_id)
            job = {"project": PROJECT, "request_id": request_id, "generation": 0}
            content = {**known, **job, "steps": [], "only": []}
            jobs.create(jobs.new_row(job_id, request_id, "apply", 0, []), content)
            self._begin(job_id, claim.descriptors(), polls)
            claim.release()

    def finish_jobs(self) -> None:
        """Jobs that still run are carried out at the next poll."""
        self._state.jobs = dict.fromkeys(self._state.jobs, 0)
        self._save()

    def ask(self, verb: str, args: dict[str, Any] | None = None, stream: bytes = b"") -> dict[str, Any]:
        """The agent's whole answer: {"v", "ok", "result"} or {"v", "ok", "error"}; no fault is met."""
        line = canonical({"v": PROTOCOL, "marker": MARKER, "args": args or {}}) + b"\n"
        payload = Unframer(MARKER).feed(self.answer(verb, line + stream))
        assert payload is not None
        answer: dict[str, Any] = parse(payload)
        return answer

    # How it is reached.

    def answer(self, verb: str, request: bytes) -> bytes:
        """The agent's standard output for its standard input, as its program writes it."""
        self.requests.append(verb)
        with running_on(self):
            if verb == "status":
                self._pass_time()
            self.stdin = request
            # Each verb is a separate process: values that an earlier one has set are gone.
            module("docker")._until = None
            version, protocol = numbers_of(self.program)
            module("identity").AGENT_VERSION = version
            for name in ("identity", "program", "request"):
                module(name).PROTOCOL = protocol
            marker, answer = module("program")._answer(verb)
            framed: bytes = frame(marker, answer)
            return framed

    def meet(self, verb: str, limit: float) -> None:
        """Raise what a call runs into before the request has arrived."""
        self.arrive(self.name)
        if not self.is_open and verb != "enrol":
            self._refuse_login()
        with translated(self.name):
            if (verb, False) in self._lost:
                self._lost.remove((verb, False))
                raise ConnectionResetError
        self._then.pop(verb, lambda: None)()
        self._clock.advance(min(self.slow, limit))
        if self.slow > limit:
            raise Unreachable(f"no answer to {verb} within {limit:g} s", worker=self.name)

    def _refuse_login(self) -> NoReturn:
        from asyncssh import PermissionDenied

        try:
            with translated(self.name):
                raise PermissionDenied("Permission denied")
        except Unreachable as error:
            error.login = LoginState.REFUSED
            raise

    def arrive(self, name: str) -> None:
        """Raise what a connection runs into, under the worker's name."""
        with translated(name):
            if not self.is_reachable:
                raise ConnectionRefusedError
            if not self.is_trusted:
                from asyncssh import HostKeyNotVerifiable

                raise HostKeyNotVerifiable("Host key is not trusted")

    def part(self, verb: str) -> None:
        """Raise what a connection runs into before the answer has arrived."""
        if (verb, True) in self._lost:
            self._lost.remove((verb, True))
            with translated(self.name):
                raise ConnectionResetError

    # The machine as the agent sees it.

    @property
    def boot_id(self) -> str:
        return f"boot-{self._state.boots}-of-{self.name}"

    @property
    def neighbours(self) -> dict[str, str]:
        return {}

    def now(self) -> float:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self._pass_time()

    def start_tick(self, pid: int) -> int:
        return self.engine.tick_of(pid)

    def root_of(self, pid: int) -> str:
        """The folder that the process has as its root."""
        return str(self.folder / "roots" / str(pid))

    def process_file(self, pid: int, name: str) -> bytes | None:
        return self.engine.process_file(pid, name)

    def answered(self, addresses: Sequence[str]) -> dict[str, set[str]]:
        """Strangers, machines and other workers' deckies; a machine does not see its own macvlan children."""
        found = {each.address: {mac_of_machine(each.address).hex(":")} for each in self._lan.machines}
        for address, mac in self._lan.strangers.items():
            found.setdefault(address, set()).add(mac)
        for machine in self._lan.machines:
            for each in machine.engine.containers.values() if machine is not self else ():
                if each["Ip"] and each["State"] == "running":
                    found.setdefault(each["Ip"], set()).add(each["Mac"])
        return {address: found[address] for address in addresses if address in found}

    def nft(self, container_id: str, commands: str) -> str:
        if not self.has_nft:
            raise module("nftables").NftError(nft.NO_NFT)
        with self.engine.turn:
            output = nft.run(self.engine.containers[container_id], commands)
            self.engine.save()
        return output

    def start_job(self, job_id: str, descriptors: list[int]) -> None:
        self._begin(job_id, descriptors, self.job_polls)

    def watch(self, project: str, lock: int) -> None:
        """A dead man's timer starts: it looks at every poll, and outlives the process with this machine."""
        self._watched[project] = lock
        self._state.watched = sorted({*self._state.watched, project})
        self._save()

    def reboot(self) -> None:
        """Start the machine again: its timers are gone."""
        for lock in self._watched.values():
            os.close(lock)
        self._watched.clear()
        self._state.watched = []
        self._state.boots += 1
        self._save()

    def uptime_of(self, container_id: str) -> float | None:
        container = self.engine.containers.get(container_id)
        if container is None or container["State"] != "running":
            return None
        return max(0.0, self.now() - container.get("Since", 0.0))

    def start_work(self, work: Any) -> None:
        work()

    def find_compose(self) -> tuple[list[str], str]:
        """Command and version of the compose of this machine."""
        return list(COMPOSE), "1.29.2"

    def run_program(self, command: list[str]) -> tuple[int, str]:
        """Exit status and output of the compose of this machine."""
        if command[: len(COMPOSE)] != COMPOSE:
            return 127, ""
        if "up" not in command:
            return 0, ""
        document = json.loads(Path(command[command.index("-f") + 1]).read_text())
        names = command[command.index("--no-build") + 1 :]
        errors = self._brought_up({name: document["services"][name] for name in names})
        return (
            (1, "\n".join([*errors, "Encountered errors while bringing up the project."]))
            if errors
            else (0, "")
        )

    def _brought_up(self, services: dict[str, Any]) -> list[str]:
        errors = []
        for name, service in sorted(services.items(), key=lambda pair: "network_mode" in pair[1]):
            try:
                container = self.engine.named(name) or self.engine.create(name, service)
                if container["State"] != "running":
                    self.engine.start(container)
            except EngineFailure as error:
                errors.append(f"ERROR: for {name}  Cannot start service {name}: {error}")
        return errors

    def _started(self, container: dict[str, Any]) -> None:
        self._clock.advance(self.start_seconds)
        broken = self._state.broken.get(container["Labels"].get("decnet.decky", ""), Broken())
        if broken.exit_code and container["Mode"].startswith("container:"):
            self.engine.loop(container, broken.exit_code, broken.log)

    def _listens(self, _base: str, container: str) -> set[tuple[int, str]]:
        """A decoy listens on the ports of its description."""
        for file in self.home.glob("projects/*/slice.json"):
            for entry in json.loads(file.read_text())["slice"]["deckies"].values():
                if container in entry["containers"]:
                    return {(port, kind) for port, kind in entry["containers"][container]["ports"]}
        return set()

    # Jobs.

    def _begin(self, job_id: str, descriptors: list[int], polls: int) -> None:
        self._held[job_id] = [os.dup(each) for each in descriptors]
        self._state.jobs[job_id] = polls
        self._save()

    def _pass_time(self) -> None:
        """One more poll: a job whose polls are over is carried out now."""
        for job_id, polls in list(self._state.jobs.items()):
            if polls:
                self._state.jobs[job_id] = polls - 1
            elif held := self._held.pop(job_id, None):
                module("job_runner").carry_out(job_id, held)
                for each in held:
                    os.close(each)
                del self._state.jobs[job_id]
        for project in list(self._watched):
            self._look_at(project)
        self._save()

    def _look_at(self, project: str) -> None:
        """What a timer does when it wakes up; while it restores, time passes and it is not asked again."""
        lock = self._watched.pop(project)
        pause: float | None = 0.0
        while pause == 0.0:
            pause = module("restore").look(project, lock)
        if pause is not None:
            self._watched[project] = lock
        elif project not in self._watched:
            self._state.watched.remove(project)

    def _take_up_jobs(self) -> None:
        """Jobs that ran when the process with this machine ended continue."""
        with running_on(self):
            for job_id in self._state.jobs:
                self._held[job_id] = module("jobs").Claim(job_id).descriptors()
            for project in self._state.watched:
                self._watched[project] = module("deadman").taken_lock(project)

    def _loaded(self, address: str) -> State:
        if not self._file.exists():
            return State(address)
        known = json.loads(self._file.read_text())
        broken = {name: Broken(**each) for name, each in known.pop("broken").items()}
        return State(**known, broken=broken)

    def _save(self) -> None:
        draft = self._file.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(self._state)))
        draft.replace(self._file)

    def close(self) -> None:
        Socket.engines.pop(str(self.socket), None)
        for held in self._held.values():
            for each in held:
                os.close(each)
        self._held.clear()
        for lock in self._watched.values():
            os.close(lock)
        self._watched.clear()
