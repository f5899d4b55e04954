"""A whole fleet in memory: a real state directory, real verbs, and fake workers."""

from __future__ import annotations

import asyncio
import fcntl
import inspect
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any
from uuid import UUID

from decnet.catalog import load as load_catalog
from decnet.commands.deploy import DeployOptions, deploy
from decnet.commands.drain import drain
from decnet.commands.enrolment import catch_up
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.own_login import Credentials
from decnet.commands.reconcile import reconcile
from decnet.commands.recovery import recover
from decnet.commands.teardown import teardown
from decnet.commands.topologies.deploy import TopologyDeployOptions
from decnet.commands.topologies.deploy import deploy as topology_deploy
from decnet.commands.topologies.generate import generate
from decnet.commands.topologies.mutate import TopologyMutateOptions, read
from decnet.commands.topologies.mutate import mutate as topology_mutate
from decnet.commands.topologies.teardown import teardown as topology_teardown
from decnet.commands.worker import remove
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.outcome import TextOutcome
from decnet.engine.progress import Event, Message
from decnet.engine.rollout_orders import give_order
from decnet.errors import DecnetError, WorkerFailure
from decnet.images import wanted
from decnet.model.fleet import Fleet
from decnet.model.fleetfile import parse
from decnet.model.record import OPEN, WorkerRecords
from decnet.model.rollout import Policy, Rollout
from decnet.model.spec import LOCAL
from decnet.model.topology import TopologyRecord
from decnet.model.worker import Worker
from decnet.plan.rollout import Order, OrderKind
from decnet.plan.topologies.generate import Parameters
from decnet.plan.topologies.mutations import open_row
from decnet.store import audit
from decnet.store.atomic import write_whole
from decnet.store.desired import load_fleet, new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.store.rollouts import RolloutStore
from decnet.store.topologies import TopologyTable
from decnet.wire import container_name
from decnet.worker.agent_package import agent_file
from decnet.worker.enrol import Enrolment
from decnet.worker.fleet_keys import FLEET_KEY
from decnet.worker.fleetkey import ensure_key
from decnet.worker.hostkeys import pin

from .access import FakeAccess, host_key
from .clock import START, Clock
from .machine import FakeWorker, Lan
from .session import FakeSession

FLEET_ID = UUID("6f1c7e0a-4d1b-4a53-9d5e-0f8a1b2c3d4e")
SHARED_MEMORY = Path("/dev/shm")
HOURS = 3600.0
MOST_PASSES = 12
Verb = Callable[[Context], Any]


async def _ordered(ctx: Context, kind: OrderKind, units: Iterable[str]) -> TextOutcome:
    rollout = await give_order(ctx, Order(kind, tuple(units), by=ctx.user))
    return TextOutcome((f"{rollout.id}: {rollout.state.status}",))


@dataclass
class Ran:
    """How a command ended: its exit code, its outcome or the error that ended it, and what it emitted."""

    code: int
    outcome: Any = None
    error: DecnetError | None = None
    events: list[Event] = field(default_factory=list)

    @property
    def messages(self) -> list[str]:
        """Notes and warnings, each as `worker: text`, and failures of workers."""
        found = []
        for event in self.events:
            if isinstance(event, Message):
                found.append(f"{event.worker}: {event.text}" if event.worker else event.text)
            elif isinstance(event, WorkerFailure):
                found.append(str(event))
        return found


class FakeFleet:
    """`names` are enrolled workers; `local` among them is this machine. `subnets` has the first three numbers
    of the addresses of workers that are not on the LAN of the others. A folder that has a fleet already is
    used as it is: only the clock and the faults live in this object alone."""

    def __init__(
        self,
        folder: Path,
        names: Iterable[str] = ("w1", "w2"),
        clock: Clock | None = None,
        subnets: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        self.catalog = load_catalog()
        self._subnets = subnets
        self.lan = Lan()
        self._runs = self._run_number()
        self._count = 0
        self.clock = clock or Clock(START + HOURS * self._runs)
        known = sorted(each.name for each in (folder / "workers").glob("*"))
        self.workers = {name: self._machine(name, number) for number, name in enumerate(known or names)}
        if not known:
            self._enrol()

    def __getitem__(self, name: str) -> FakeWorker:
        return self.workers[name]

    # The verbs.

    def deploy(
        self,
        text: str,
        *,
        add: bool = False,
        on: str | None = None,
        policy: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Ran:
        """The fleet file `text`, with a `policy` in a rollout; further options are those of PassOptions."""
        if policy is not None:
            options["rollout"] = Policy(**policy)
        chosen = DeployOptions(add=add, on=on, run=PassOptions(**options))
        return self.run(lambda ctx: deploy(ctx, parse(text, "fleet.toml"), chosen))

    def mutate(self, *names: str, services: Iterable[str] = (), **options: Any) -> Ran:
        chosen = MutateOptions(names, services=tuple(services), run=PassOptions(**options))
        return self.run(lambda ctx: mutate(ctx, chosen))

    def teardown(self, *names: str, **options: Any) -> Ran:
        """The named deckies, or all."""
        return self.run(lambda ctx: teardown(ctx, names, PassOptions(**options), everything=not names))

    def order(self, kind: OrderKind, *units: str) -> Ran:
        """An operator's order on the open rollout."""
        return self.run(lambda ctx: _ordered(ctx, kind, units))

    def finish_rollout(self) -> Ran:
        """Passes of cron until no rollout is open; the code of the last one if it is still open."""
        self.clock.tick = 0.001
        for _ in range(MOST_PASSES):
            ran = self.reconcile()
            if RolloutStore(self.home).open_one() is None:
                return Ran(0, ran.outcome, None, ran.events)
        return ran

    def settle_rollout(self) -> Ran:
        """The same; one that is halted for good is cancelled. The last pass reads what the confirmations have
        written into the journals."""
        ran = self.finish_rollout()
        if ran.code and self.rollout.state.status == "halted":
            assert self.order("cancel").code == 0
        return self.reconcile()

    @property
    def rollout(self) -> Rollout:
        """The open rollout, or the newest one."""
        store = RolloutStore(self.home)
        return store.open_one() or store.load(store.ids()[0])

    def units(self) -> dict[str, str]:
        """The status of each unit of that rollout."""
        return {name: str(each.status) for name, each in self.rollout.state.units.items()}

    def reconcile(self, *, on: str | None = None, **options: Any) -> Ran:
        return self.run(lambda ctx: reconcile(ctx, PassOptions(selector=on, **options)))

    # Topologies.

    def generate(self, name: str, *, seed: int = 1, **parameters: Any) -> Ran:
        """Further options are those of Parameters."""
        return self.run(lambda ctx: generate(ctx, name, Parameters(**parameters), seed=seed))

    def topology_deploy(self, name: str, on: str | None = None, **options: Any) -> Ran:
        chosen = TopologyDeployOptions(on, ip_start="192.0.2.100", run=PassOptions(**options))
        return self.run(lambda ctx: topology_deploy(ctx, name, chosen))

    def topology_mutate(self, name: str, *words: str, version: int | None = None, **options: Any) -> Ran:
        """The words of the command line: `add_lan`, `name=lab`."""
        return self.run(
            lambda ctx: topology_mutate(
                ctx, name, TopologyMutateOptions(read(words, None), version, PassOptions(**options))
            )
        )

    def topology_teardown(self, name: str, **options: Any) -> Ran:
        return self.run(lambda ctx: topology_teardown(ctx, name, PassOptions(**options)))

    def topology(self, name: str) -> TopologyRecord:
        """What is recorded of a topology."""
        return TopologyTable(self.home).record(self.desired.topologies[name].id)

    def drain(self, worker: str, *, remove: bool = False, **options: Any) -> Ran:
        return self.run(lambda ctx: drain(ctx, worker, PassOptions(**options), remove=remove))

    def remove(self, worker: str, **options: bool) -> Ran:
        """`wipe` and `force` are the verb's own."""
        ensure_key(self.home.keys / FLEET_KEY, write_whole)
        return self.run(lambda ctx: remove(ctx, worker, Credentials(), **options))

    def recover(self, *workers: str) -> Ran:
        """From an empty state directory; see `lose_home`."""
        addresses = [f"root@{self[name].address}" for name in workers]
        return self.run(lambda ctx: recover(ctx, addresses, Credentials()))

    def take_generation(self) -> Ran:
        """`worker recover --take-generation`."""
        return self.run(catch_up)

    def lose_home(self) -> None:
        """The operator's state directory is a new one."""
        shutil.rmtree(self.home.root)
        open_home(self.home)
        self._keep_agent()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Inside, another process holds the lock of the state directory."""
        with self.home.lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def run(self, verb: Verb, **changes: Any) -> Ran:
        """Any verb as a separate command; `changes` are fields of its context."""
        ran = Ran(0)
        ctx = self.context(emit=ran.events.append, **changes)
        try:
            ran.events += [Message(warning, level="warning") for warning in open_home(self.home)]
            result = verb(ctx)
            ran.outcome = asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result
            ran.code = getattr(ran.outcome, "exit_code", 0)
        except DecnetError as error:
            ran.code, ran.error = error.exit_code, error
        return ran

    def context(self, **changes: Any) -> Context:
        settings: dict[str, Any] = {
            "home": self.home, "catalog": self.catalog, "emit": lambda event: None, "command": "decnet",
            "user": "operator", "lock_timeout": 0.0, "confirm": lambda question: True, "now": self.clock.now,
            "monotonic": self.clock.monotonic, "sleep": self.clock.sleep, "rng": Random(self._runs),
            "identifier": self._identifier, "sessions": self.session,
            "enrolment_override": Enrolment(FakeAccess(lambda: self.workers.values())),
        }  # fmt: skip
        return Context(**settings | changes)

    def session(self, worker: Worker) -> FakeSession:
        """The session factory of its contexts. A worker is found by its address, whatever it is called."""
        machine = next(each for each in self.workers.values() if worker.host in ("", each.address))
        return FakeSession(machine if worker.host else self.workers[LOCAL], worker.name)

    # The state.

    @property
    def desired(self) -> Fleet:
        return load_fleet(self.home) or new_fleet(FLEET_ID)

    def records(self, name: str) -> WorkerRecords:
        return Records(self.home).load(FleetTable(self.home).workers()[name].worker_id)

    def picture(self, ran: Ran | None = None) -> dict[str, Any]:
        """Everything that a command leaves behind, in short.

        By worker/decky, separated by `|`: its services as desired, its recorded status, its containers (with
        their state where they do not run), and every operation recorded for it. By worker: how far its
        journal and generation are known here. `audit` has the log's lines with exit codes, `exit` is the
        command's own.
        """
        recorded = {name: self.records(name) for name in FleetTable(self.home).workers()}
        found: dict[str, Any] = {"exit": ran.code} if ran else {}
        for worker, machine in self.workers.items():
            known = recorded.get(worker)
            found |= _deckies(self.desired, worker, known, machine)
            found[worker] = _known_of(known, machine) if known else "not enrolled"
        return found | {"audit": [_line(row) for row in audit.read(self.home)]}

    def is_converged(self) -> bool:
        """Whether desired, recorded and the containers that run are the same, and no operation is open."""
        enrolled = FleetTable(self.home).workers()
        for name, machine in self.workers.items():
            if name not in enrolled:
                if machine.containers:
                    return False
                continue
            known = self.records(name)
            if any(row.status in OPEN for row in known.lifecycle):
                return False
            wanted: set[str] = set()
            for project in {*self.desired.projects, *known.projects}:
                placed, rows = self.desired.on(name, project), known.of(project).deckies
                running = {d for d, row in rows.items() if row.status == "running"}
                if not set(placed) == running == set(rows):
                    return False
                wanted |= {
                    container_name(project, d, each) for d in placed for each in ("", *placed[d].services)
                }
            there = {each for each, state in machine.containers.items() if state == "running"}
            if not there == set(machine.containers) == wanted:
                return False
        return all(map(self._is_settled, self.desired.topologies))

    def _is_settled(self, name: str) -> bool:
        """Whether a topology is what it should be, and no mutation of it is open."""
        record = self.topology(name)
        is_placed = self.desired.topologies[name].project in self.desired.projects
        wanted = ("active",) if is_placed else ("pending", "torn_down")
        return record.status in wanted and open_row(record) is None

    def close(self) -> None:
        for each in self.workers.values():
            each.close()

    # Construction.

    def _machine(self, name: str, number: int) -> FakeWorker:
        address = f"{self._subnets.get(name, '192.0.2')}.{11 + number}"
        return FakeWorker(self.folder / "workers" / name, name, self.clock, self.lan, address)

    def _enrol(self) -> None:
        open_home(self.home)
        save_fleet(self.home, new_fleet(FLEET_ID))
        agent = todays_agent()
        for name, machine in self.workers.items():
            machine.install(agent, wanted().all())
            identity = {"worker_id": f"id-{name}", "fleet_id": str(FLEET_ID), "adopt": False}
            assert machine.ask("enrol", identity)["ok"]
            machine.let_in()
            host = {} if name == LOCAL else {"host": machine.address, "user": "root"}
            worker = Worker(name=name, worker_id=f"id-{name}", **host)
            FleetTable(self.home).put_worker(worker)
            pin(self.home.known_hosts, worker, host_key(machine), write_whole)
        self._keep_agent()

    def _keep_agent(self) -> None:
        """What a first command would build, which takes a while."""
        self.home.agents.mkdir(mode=0o700, exist_ok=True)
        for each in todays_agent().parent.iterdir():
            (self.home.agents / each.name).write_bytes(each.read_bytes())

    def _identifier(self) -> str:
        self._count += 1
        return str(UUID(int=self._runs << 64 | self._count))

    def _run_number(self) -> int:
        """How often a fleet was started from this folder: times and identifiers continue from there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "runs"
        number = int(file.read_text()) + 1 if file.exists() else 0
        file.write_text(str(number))
        return number


def _deckies(desired: Fleet, worker: str, known: WorkerRecords | None, machine: FakeWorker) -> dict[str, str]:
    wanted_there = desired.on(worker)
    recorded = known.of().deckies if known else {}
    rows = known.lifecycle if known else ()
    there: dict[str, list[str]] = {}
    for container in machine.engine.containers.values():
        state = "" if container["State"] == "running" else f"({container['State']})"
        there.setdefault(container["Labels"]["decnet.decky"], []).append(container["Name"] + state)
    return {
        f"{worker}/{name}": " | ".join(
            [
                " ".join(wanted_there[name].services) if name in wanted_there else "-",
                recorded[name].status if name in recorded else "-",
                " ".join(sorted(there.get(name, []))) or "-",
                ", ".join(f"{row.operation} {row.status}" for row in rows if row.decky == name) or "-",
            ]
        )
        for name in sorted({*wanted_there, *recorded, *there, *(row.decky for row in rows)})
    }


def _known_of(known: WorkerRecords, machine: FakeWorker) -> str:
    cursor = known.cursor.seq if known.cursor else 0
    held = f"generation {known.of().generation} of {machine.generation}"
    return f"journal {cursor} of {machine.journal_end}, {held}"


def _line(row: dict[str, Any]) -> str:
    return f"{row['outcome']} ({row['exit_code']})" if "exit_code" in row else row["outcome"]


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work


@lru_cache(maxsize=1)
def todays_agent() -> Path:
    """The agent's file, built once."""
    folder = Path(tempfile.mkdtemp(prefix="decnet-agent-"))
    return agent_file(folder)


def in_memory(prefix: str = "decnet-fake-") -> Path:
    """A folder for a fake fleet, where a write that has to be durable costs nothing."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None))
