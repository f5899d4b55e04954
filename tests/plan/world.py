"""A small world to carry plans out in: Docker engines and records as plain values, without any I/O.

It keeps Docker's rules that matter (names are unique, a service joins the namespace of its base's
present life) and stands on the LAN's: two bases that run on one LAN never have one address, nor one MAC.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from decnet.catalog import load
from decnet.engine.apply import split_jobs
from decnet.errors import Unreachable, WorkerFailure
from decnet.model.actual import Conflict, Container, NotSeen, Observation, Seen, Status
from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.model.journal import JournalPage
from decnet.model.keys import SliceKey
from decnet.model.plan import Plan, Step
from decnet.model.record import WorkerRecords
from decnet.model.spec import DeckySpec, FleetSpec
from decnet.model.worker import Hello
from decnet.plan.allocate import allocate
from decnet.plan.claims import possible_holders
from decnet.plan.compose import ExpectedSlice, expected_containers
from decnet.plan.lans import LanGroups
from decnet.plan.reconcile import reconcile
from decnet.plan.resolve import resolve
from decnet.plan.retry_policy import RetryPolicy
from decnet.wire import NETWORK, PROJECT, container_name

FLEET_ID = "6f1c7e0a-4d1b-4a53-9d5e-0f8a1b2c3d4e"
CATALOG = load()
NOW = 1_700_000_000.0
SEVERAL = replace(
    CATALOG,
    services={
        name: replace(service, built=service.built or not service.alias)
        for name, service in CATALOG.services.items()
    },
)
"""The catalog as it will be when every decoy exists, so that tests need not wait for them."""


class Images(NamedTuple):
    base: str = "decnet/base:0123456789ab"
    decoys: str = "decnet/decoys:0123456789ab"


def lan(worker: str = "w1", **changes: object) -> Network:
    values = {"driver": "macvlan", "interface": "eth0", "subnet": "192.0.2.0/24", "gateway": "192.0.2.1"}
    return Network.model_validate({**values, **changes})


def home(address: str, mac: str) -> list[dict[str, str]]:
    """The attachments of a decky that is on its worker's LAN only."""
    return [{"network": NETWORK, "address": address, "mac": mac}]


def decky(
    name: str, worker: str = "w1", ip: int = 10, services: str = "ssh http", mac: str = "", **changes: object
) -> Decky:
    """A decky whose MAC ends as its address does, if none is given."""
    values = {
        "name": name,
        "worker": worker,
        "attachments": home(f"192.0.2.{ip}", mac or f"00:50:56:00:00:{ip:02x}"),
        "hostname": f"srv-{name}",
        "os": "linux",
        "release": "debian-12",
        "services": {service: {} for service in services.split()},
        "seed": f"{ip:032x}",
        "spec_hash": "0" * 64,
        "mutated_at": NOW,
    }
    return Decky.model_validate({**values, **changes})


def changed(before: Decky, **changes: object) -> Decky:
    """The decky with other fields; `ip` and `mac` are those of its home."""
    at_home = {"ip": before.ip, "mac": before.mac} | changes
    rest = {key: value for key, value in changes.items() if key not in ("ip", "mac")}
    attachment = Attachment(address=str(at_home["ip"]), mac=str(at_home["mac"]))
    return before.model_copy(update={**rest, "attachments": (attachment,)})


def fleet(*deckies: Decky, workers: str = "w1 w2 w3") -> Fleet:
    lans = {worker: lan(worker) for worker in workers.split()}
    return Fleet(fleet_id=FLEET_ID, lans=lans).with_deckies({each.name: each for each in deckies})


def spec(*entries: dict[str, object] | str) -> FleetSpec:
    """A fleet file: an entry is a name (with ssh and http) or the keys of an entry."""
    whole = [
        {"name": entry, "services": ("ssh", "http")} if isinstance(entry, str) else entry for entry in entries
    ]
    return FleetSpec(
        deckies=tuple(DeckySpec(**{"place": f"f.toml:{n}", **e}) for n, e in enumerate(whole, 1))
    )


def deployed(described: FleetSpec, before: Fleet | None = None, *, seed: int = 1, **options: object) -> Fleet:
    """The desired fleet after a deploy of this description."""
    before = before or fleet()
    rng = random.Random(seed)
    catalog = options.pop("catalog", SEVERAL)
    resolving = {key: options.pop(key) for key in ("reset_services", "add") if key in options}
    drafts = resolve(described, catalog, rng=rng, desired=before.deckies, **resolving)  # type: ignore[arg-type]
    values = {"lans": before.lans, "facts": {}, "capacity": dict.fromkeys(before.lans), "now": NOW, **options}
    return before.with_deckies(
        allocate(drafts, catalog=catalog, desired=before, rng=rng, **values)  # type: ignore[arg-type]
    )


@dataclass
class Machine:
    """One container: `born` counts its starts; a service remembers which life of its base it joined."""

    name: str
    id: str
    decky: str
    service: str
    fingerprint: str
    image: str
    ip: str = ""
    mac: str = ""
    ground: str = ""
    """The LAN that the container was made for: it stays there."""
    project: str = PROJECT
    inner: tuple[Attachment, ...] = ()
    """What it has on inner networks of its worker."""
    state: str = "running"
    restarts: int = 0
    born: int = 0
    joined: tuple[str, int] = ("", 0)
    ready: str | None = None


class Crash(Exception):
    """The power goes out between two actions."""


@dataclass
class World:
    desired: Fleet
    images: Images = field(default_factory=Images)
    engines: dict[str, dict[str, Machine]] = field(default_factory=dict)
    records: dict[str, WorkerRecords] = field(default_factory=dict)
    away: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    quarantined: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, dict[str, str]] = field(default_factory=dict)
    now: float = NOW
    retry_policy: RetryPolicy | None = None
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    actions: int = 0
    fuse: int | None = None

    def __post_init__(self) -> None:
        for worker in self.desired.lans:
            self.engines.setdefault(worker, {})
            self.records.setdefault(worker, WorkerRecords(worker_id=worker))

    @property
    def expected(self) -> dict[SliceKey, ExpectedSlice]:
        return expected_containers(self.desired, SEVERAL, self.images)

    def observe(self) -> dict[str, Observation]:
        return {worker: self._seen(worker) for worker in self.engines if worker not in self.gone}

    def forget(self, worker: str) -> None:
        """The worker is removed by force; its containers keep running."""
        for each in possible_holders(self.desired, self.records, {worker}):
            self.quarantined |= dict.fromkeys((each.claim.ip, each.claim.mac), f"{worker} was removed")
        self.gone.add(worker)
        self.records.pop(worker)
        left = {name: each for name, each in self.desired.deckies.items() if each.worker != worker}
        self.desired = self.desired.with_deckies(left)

    def plan(self, **options: Any) -> Plan:
        return reconcile(
            self.desired,
            self.records,
            self.observe(),
            self.expected,
            now=self.now,
            retry_policy=self.retry_policy,
            quarantined=self.quarantined,
            **options,
        )

    def settle(self, **options: Any) -> Plan:
        """Plan and carry out; what was planned."""
        plan = self.plan(**options)
        self.carry_out(plan)
        return plan

    def carry_out(self, plan: Plan, *, crash_after: int | None = None) -> bool:
        """Job by job as `apply` sends them, record after the step. False when it crashed."""
        self.actions, self.fuse = 0, crash_after
        notes: dict[SliceKey, list[Step]] = {}
        for step in plan.steps:
            if not step.touches_docker:
                notes.setdefault(step.key.slice, []).append(step)
        try:
            for jobs in (notes, *split_jobs(plan.docker_steps)):
                for slice_key in sorted(jobs):
                    self._job(jobs[slice_key])
        except Crash:
            return False
        return True

    def _job(self, steps: list[Step]) -> None:
        """One job on one worker: it removes before it creates, and knows each decky once."""
        assert len({step.decky for step in steps}) == len(steps), "a decky stands in one job twice"
        for step in steps:
            self._remove(step)
        for step in steps:
            self._bring_up(step)
            self._record(step)

    def agrees(self) -> bool:
        """Desired, recorded and actual are one."""
        return self.plan().is_empty and all(
            set(self.engines[worker])
            == {name for made in self.expected[SliceKey(worker)].values() for name in made}
            for worker in self.engines
        )

    def machine(self, worker: str, name: str) -> Machine:
        return self.engines[worker][name]

    def _act(self) -> None:
        if self.fuse is not None and self.actions >= self.fuse:
            raise Crash
        self.actions += 1

    def _remove(self, step: Step) -> None:
        for target in step.remove:
            self._act()
            found = self.engines[step.worker].get(target.name)
            if found is not None:
                assert (found.id, found.decky) == (target.id, step.decky), "not the container that was meant"
                del self.engines[step.worker][target.name]

    def _bring_up(self, step: Step) -> None:
        for name in sorted(step.up, key=lambda name: name != step.base):
            self._act()
            self._create(step, name)
        for name in sorted(step.start, key=lambda name: name != step.base):
            self._act()
            self._start(self.engines[step.worker][name], self.engines[step.worker])
        self.check_lan()

    def _create(self, step: Step, name: str) -> None:
        engine, decky = self.engines[step.worker], self.desired.decky(step.project, step.decky)
        assert decky is not None
        assert name not in engine, f"the name {name} is taken"
        content = self.expected[step.key.slice][step.decky][name]
        made = Machine(
            name=name,
            id=f"{next(self.ids):064x}",
            decky=step.decky,
            service=content.service,
            fingerprint=content.fingerprint,
            image=content.image,
            ip=decky.lan.address if decky.lan and not content.service else "",
            mac=decky.lan.mac if decky.lan and not content.service else "",
            ground=LanGroups(self.desired.lans).group_of(step.worker),
            project=step.project,
            inner=() if content.service else tuple(a for a in decky.attachments if a.network != NETWORK),
        )
        self._start(made, engine)
        engine[name] = made

    def _start(self, machine: Machine, engine: dict[str, Machine]) -> None:
        if machine.service:
            base = engine[container_name(machine.project, machine.decky)]
            assert base.state == "running", "a service joins a base that runs"
            assert machine.joined[0] in ("", base.id), "a service names the base that it was made for"
            machine.joined = (base.id, base.born)
        machine.state, machine.restarts = "running", 0
        machine.born += 1 if not machine.service else 0

    def _record(self, step: Step) -> None:
        if step.record is None:
            return
        self._act()
        rows = dict(self.records[step.worker].of(step.project).deckies)
        if step.record == "delete":
            rows.pop(step.decky, None)
        else:
            assert step.row is not None
            rows[step.decky] = step.row
        self.records[step.worker] = self.records[step.worker].with_project(step.project, deckies=rows)

    def check_lan(self) -> None:
        """Fails where two bases that run on one LAN have one address or MAC, or on one inner network."""
        for engine in self.engines.values():
            running = [each for each in engine.values() if each.state == "running"]
            inner = [
                (a.network, value) for each in running for a in each.inner for value in (a.address, a.mac)
            ]
            assert len(set(inner)) == len(inner), "an address or MAC is on an inner network twice"
        bases = [each for engine in self.engines.values() for each in engine.values() if not each.service]
        up = [each for each in bases if each.state == "running" and each.ip]
        assert len({(each.ip, each.ground) for each in up}) == len(up), "an address is on a LAN twice"
        assert len({each.mac for each in up}) == len(up), "a MAC is on the LAN twice"

    def _seen(self, worker: str) -> Observation:
        if worker in self.away:
            return NotSeen(WorkerFailure(worker, Unreachable, self.away[worker]))
        return seen(
            worker,
            tuple(self._container_of(each) for each in self.engines[worker].values()),
            self.conflicts.get(worker),
        )

    def _container_of(self, machine: Machine) -> Container:
        base = self.engines_of(machine).get(container_name(machine.project, machine.decky))
        attached = None
        if machine.service:
            attached = base is not None and machine.joined[0] == base.id
            if machine.state == "running":
                attached = attached and base.state == "running" and machine.joined[1] == base.born  # type: ignore[union-attr]
        return Container(
            name=machine.name,
            id=machine.id,
            project=machine.project,
            decky=machine.decky,
            service=machine.service,
            fingerprint=machine.fingerprint,
            image=machine.image,
            state=machine.state,  # type: ignore[arg-type]
            restarts=machine.restarts,
            exit_code=137 if machine.state == "exited" else None,
            attached=attached,
            ready=machine.ready,  # type: ignore[arg-type]
            ip=machine.ip,
        )

    def engines_of(self, machine: Machine) -> dict[str, Machine]:
        return next(engine for engine in self.engines.values() if engine.get(machine.name) is machine)


def seen(worker: str, containers: tuple[Container, ...], conflicts: dict[str, str] | None = None) -> Seen:
    hello = Hello(
        protocol=1, agent="a" * 64, worker_id=worker, fleet_id=FLEET_ID, engine_id="e", boot_id="b", clock=NOW
    )
    page = JournalPage(journal_id="j", first_seq=0, last_seq=0, verdict="ok", records=(), more=False)
    status = Status(
        hello=hello,
        docker="up",
        projects={},
        containers=containers,
        jobs=(),
        journal=page,
        conflicts=tuple(
            Conflict(project=PROJECT, decky=name, mac=mac) for name, mac in (conflicts or {}).items()
        ),
    )
    return Seen(worker=worker, status=status)


def running(*deckies: Decky, **options: object) -> World:
    """A world in which these deckies run as desired and are recorded."""
    world = World(fleet(*deckies), **options)  # type: ignore[arg-type]
    world.settle()
    return world
