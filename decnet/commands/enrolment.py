"""`decnet worker add` and `trust`: enrolment of workers, and their host keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from decnet.commands.own_login import Credentials, confirm_proxy, resolved
from decnet.commands.questions import confirm_unlocked
from decnet.engine.agent_version import ask_status
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.workers import fleet_credentials, known_workers
from decnet.errors import UsageError, WorkerFailure, worst
from decnet.model import values
from decnet.model.counted import counted
from decnet.model.keys import SliceKey
from decnet.model.spec import LOCAL
from decnet.model.suggest import suggest
from decnet.model.worker import Worker
from decnet.plan.select import select
from decnet.store.atomic import write_whole
from decnet.store.audit import append
from decnet.store.desired import load_fleet, new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_use import check_not_lost
from decnet.wire import clean

if TYPE_CHECKING:
    from decnet.model.fleet import Fleet
    from decnet.worker.enrol import Enrolled
    from decnet.worker.hostkeys import HostKey
    from decnet.worker.login import Place


async def add(
    ctx: Context,
    name: str,
    address: str,
    credentials: Credentials,
    *,
    tags: Sequence[str] = (),
    max_deckies: int | None = None,
    adopt: bool = False,
) -> TextOutcome:
    """Enrol a machine; it is recorded only after a login with the fleet's key.

    Raises UsageError, before anything is contacted, for a name or an address that another worker has.
    """
    if name == LOCAL:
        raise UsageError("`local` is this machine and needs no enrolment", hint="choose another name")
    check_name(name)
    credentials = credentials.unlocked(ctx)
    with ctx.lock():
        known = known_workers(ctx.home)
        earlier = known.get(name)
        pinned = _pinned(ctx, earlier)
        login = await resolved(ctx, name, credentials.login(address), earlier)
        assert login.place is not None
        # A worker that has moved is enrolled again if its pinned host key is expected.
        has_moved = pinned is not None and credentials.host_key == pinned.fingerprint
        _refuse_taken(name, address, login.place, known, has_moved=has_moved)
        confirm_proxy(ctx, name, login.place.route, credentials, earlier)
        stored = load_fleet(ctx.home)
        check_not_lost(ctx.home, stored, known)
        fleet = stored or new_fleet()
        side = fleet_credentials(ctx.home, fleet.fleet_id)
        wanted = _described(name, tags, max_deckies, earlier, ctx.now())
        enrolled = await ctx.enrolment.add(
            login,
            replace(side, before_change=lambda: _store_first(ctx, fleet)),
            wanted,
            credentials.vouched(ctx, pinned),
            others={each.worker_id: each.name for each in known.values() if each.name != name},
            adopt=adopt,
            emit=ctx.note,
        )
        changed = record(ctx, enrolled) or bool(enrolled.changed)
        await take_generation(ctx, fleet.fleet_id, [enrolled.worker])
    return _outcome(ctx, enrolled, changed)


def _described(
    name: str, tags: Sequence[str], max_deckies: int | None, earlier: Worker | None, now: float
) -> Worker:
    """The worker to enrol; one that is enrolled keeps what is not given."""
    if earlier is None:
        earlier = Worker(name=name, worker_id="", enrolled_at=now)
    return Worker(
        name=name,
        worker_id=earlier.worker_id,
        tags=tuple(sorted(set(tags))) or earlier.tags,
        max_deckies=max_deckies or earlier.max_deckies,
        enrolled_at=earlier.enrolled_at,
        drained=earlier.drained,
    )


def _store_first(ctx: Context, fleet: Fleet) -> None:
    """Store the id of a new fleet; a stored one may have changed while a question was open."""
    if load_fleet(ctx.home) is None:
        save_fleet(ctx.home, fleet)


def _refuse_taken(
    name: str, address: str, place: Place, known: Mapping[str, Worker], *, has_moved: bool
) -> None:
    """Raises UsageError if a worker of that name has another address, or another worker has this address."""
    asked = Worker(name=name, worker_id="", **place.recorded())
    earlier = known.get(name)
    is_elsewhere = earlier is not None and (earlier.host.lower(), earlier.port) != (
        asked.host.lower(), asked.port,
    )  # fmt: skip
    if earlier is not None and is_elsewhere and not has_moved:
        raise UsageError(
            f"{name} is already enrolled at {where(earlier)}",
            hint=f"choose another name; or, if {name} itself has moved there: "
            f"decnet worker set {name} {address}; or, if it is gone: decnet worker remove {name} --force",
        )
    for other in known.values():
        if other.name != name and other.is_at(asked):
            raise UsageError(
                f"{place.host}:{place.port} is already enrolled, as {other.name}",
                hint=f"to rename it: decnet worker rename {other.name} {name}; "
                f"if it is another machine now: decnet worker remove {other.name} --force",
            )


def where(worker: Worker) -> str:
    """Its address, as an operator types it."""
    host = f"[{worker.host}]" if ":" in worker.host else worker.host
    return f"{worker.user}@{host}:{worker.port}"


def check_name(name: str) -> None:
    """Raises UsageError for an invalid worker name."""
    if complaint := values.name(name):
        raise UsageError(f"{values.display(name)}: a worker's name {complaint}", hint="choose another name")


async def take_generation(ctx: Context, fleet_id: str, workers: Sequence[Worker]) -> dict[str, int]:
    """Continue from the generation that each worker has applied: an earlier fleet sent it, or this one before
    its state directory was restored from a backup. Returns the generations that were taken, by name. Raises
    the worst error of the workers that failed, after the others are done."""
    async with ctx.connections(fleet_id) as connections:
        answers = await connections.call_all(
            workers, lambda client: ask_status(ctx, connections, client, None, may_replace_agents=True)
        )
    store = ctx.records
    taken, failures = {}, []
    for worker in workers:
        answer = answers[worker.name]
        if isinstance(answer, WorkerFailure):
            failures.append(answer)
            continue
        records = store.load(worker.worker_id)
        ahead = {
            project: held.generation
            for project, held in answer.status.projects.items()
            if held.generation > records.of(project).generation
        }
        for project, generation in ahead.items():
            records = records.with_project(project, generation=generation)
            taken[str(SliceKey(worker.name, project))] = generation
        store.save(records)
    if failures:
        code = worst([failure.exit_code for failure in failures])
        raise next(failure.error for failure in failures if failure.exit_code == code)
    return taken


async def catch_up(ctx: Context) -> TextOutcome:
    """`recover --take-generation`, for a state directory that was restored from a backup."""
    with ctx.lock():
        fleet = load_fleet(ctx.home)
        if fleet is None:
            raise UsageError("there is no fleet here", hint="decnet worker recover USER@HOST...")
        taken = await take_generation(ctx, fleet.fleet_id, list(known_workers(ctx.home).values()))
    lines = tuple(f"{name}: continues from generation {number}" for name, number in taken.items())
    return TextOutcome(lines or ("every worker is at the recorded generation",), {"taken": taken})


def _pinned(ctx: Context, worker: Worker | None) -> HostKey | None:
    from decnet.worker.hostkeys import load_pins

    return load_pins(ctx.home.known_hosts).get(worker.worker_id) if worker else None


def record(ctx: Context, enrolled: Enrolled) -> bool:
    """Pin the key, then record the worker: if killed in between, the next attempt finds the pin."""
    from decnet.worker.hostkeys import pin

    ctx.traces.changes = True
    pinned = pin(ctx.home.known_hosts, enrolled.worker, enrolled.host_key, write_whole)
    recorded = FleetTable(ctx.home).put_worker(enrolled.worker)
    if pinned or recorded:
        append(
            ctx.home,
            at=ctx.now(),
            who=ctx.user,
            command=ctx.command,
            outcome=f"{enrolled.worker.name} enrolled, host key {enrolled.host_key.fingerprint}",
        )
    return pinned or recorded


def _outcome(ctx: Context, enrolled: Enrolled, changed: bool) -> TextOutcome:
    for warning in enrolled.warnings:
        ctx.warn(warning)
    worker = enrolled.worker
    what = "is enrolled" if changed else "was enrolled already, nothing changed"
    document = {"name": worker.name, "worker_id": worker.worker_id, "changed": list(enrolled.changed)}
    document["host_key"] = enrolled.host_key.fingerprint
    return TextOutcome((f"{worker.name}: {worker.user}@{worker.host}:{worker.port} {what}",), document)


async def trust(ctx: Context, name: str, credentials: Credentials) -> TextOutcome:
    """Pin a changed host key, after showing it next to the old one and verifying the identity of the
    worker."""
    from decnet.worker.fleetkey import load_key
    from decnet.worker.hostkeys import pin
    from decnet.worker.login import HostKeyProof, Place, verified_key

    with ctx.lock():
        worker = enrolled_worker(ctx, name)
        fleet = load_fleet(ctx.home) or new_fleet()
        old = _pinned(ctx, worker)

        def confirm(key: HostKey) -> bool:
            was = old.fingerprint if old else "none"
            return old == key or confirm_unlocked(
                ctx, f"{name}: pinned {was}, shown {key.fingerprint}. Take it?"
            )

        place = Place(worker.host, worker.port, worker.user, worker.jump, worker.route)
        vouched = HostKeyProof(
            None,
            credentials.host_key,
            credentials.known_hosts,
            confirm if credentials.confirm_key else None,
            first_contact=False,
        )
        key = await verified_key(place, name, vouched)
        if key == old:
            return TextOutcome((f"{name}: its host key is the pinned one",), {"name": name, "changed": False})
        fleet_key = load_key(fleet_credentials(ctx.home, fleet.fleet_id).key.path)
        await ctx.enrolment.try_key(worker, key, fleet_key, fleet.fleet_id)
        pin(ctx.home.known_hosts, worker, key, write_whole)
        append(
            ctx.home,
            at=ctx.now(),
            who=ctx.user,
            command=ctx.command,
            outcome=f"{name}: host key {key.fingerprint} pinned",
        )
    line = f"{name}: {key.fingerprint} is pinned now"
    return TextOutcome((line,), {"name": name, "changed": True, "host_key": key.fingerprint})


def enrolled_worker(ctx: Context, name: str) -> Worker:
    """The worker of that name that is reached over SSH. Raises UsageError."""
    worker = known_worker(ctx, name)
    if worker.is_local:
        raise UsageError("`local` is this machine: it is not reached over SSH")
    return worker


def known_worker(ctx: Context, name: str) -> Worker:
    """The enrolled worker of that name, or this machine. Raises UsageError."""
    workers = known_workers(ctx.home)
    if name not in workers:
        near = suggest(name, workers)
        hint = f"did you mean {near!r}?" if near else "decnet worker list lists them"
        raise UsageError(f"no worker is named {clean(name, 60)!r}", hint=hint)
    return workers[name]


def one_worker(ctx: Context, selector: str) -> Worker:
    """The one worker that a selector means. Raises UsageError if there is none, or several."""
    chosen = select(known_workers(ctx.home), selector)
    if len(chosen) > 1:
        names = ", ".join(chosen)
        raise UsageError(
            f"{selector!r} selects {counted(len(chosen), 'worker')} ({names})", hint="select one of them"
        )
    return next(iter(chosen.values()))
