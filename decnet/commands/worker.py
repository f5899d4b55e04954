"""`decnet worker list|show|check|rename|tag|remove|release`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from decnet.commands.checks.finding import listing_of
from decnet.commands.doctor import findings_of
from decnet.commands.enrolment import check_name, known_worker, one_worker
from decnet.commands.own_login import Credentials
from decnet.engine.context import Context
from decnet.engine.network_cleanup import REMOVAL_SECONDS
from decnet.engine.outcome import Listing, TextOutcome
from decnet.engine.rollout_orders import forget_worker as forget_in_rollout
from decnet.engine.rollout_orders import refuse_while_open
from decnet.engine.topologies import follow_stored
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, Unreachable, UsageError, WorkerFailure
from decnet.model.fleet import Fleet
from decnet.model.record import WorkerRecords
from decnet.model.worker import Worker
from decnet.plan.claims import possible_holders
from decnet.plan.select import select
from decnet.plan.topologies.place import without_placed
from decnet.store.atomic import write_whole
from decnet.store.audit import append
from decnet.store.desired import load_fleet, new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable, Quarantined
from decnet.store.last_seen import forget_seen, load_seen
from decnet.wire import NETWORK, PROJECT
from decnet.worker.fleet_keys import FLEET_KEY

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

NETWORK_STAYS = f"its Docker network may still be there; to remove it: docker network rm {NETWORK}"
AGENT_STAYS = (
    "its agent and decnet's images are still there (--wipe removes them, too); to remove them, as root "
    "there: rm -rf /var/lib/decnet-agent; docker rmi $(docker images -q 'decnet/*')"
)
AGENT_HOME = "/var/lib/decnet-agent"
EVENTS_STAY = f"its journal and the events that attackers left stay in {AGENT_HOME}; rm -rf removes them"
NOTHING_DONE = (
    "nothing was changed there: if it returns, its deckies, its network and the fleet's key are still there"
)


def listed(ctx: Context, on: str | None = None) -> Listing:
    """Every enrolled worker, as recorded; no worker is contacted."""
    fleet = load_fleet(ctx.home) or new_fleet()
    seen = load_seen(ctx.home)
    items = [
        {
            "name": name,
            "address": _address(worker),
            "tags": list(worker.tags),
            "deckies": fleet.count_on(name),
            "max_deckies": worker.max_deckies,
            "drained": worker.drained,
            "worker_id": worker.worker_id,
            "last_seen": seen[worker.worker_id].at if worker.worker_id in seen else None,
        }
        for name, worker in select(known_workers(ctx.home), on).items()
    ]
    rows = tuple(
        (
            str(i["name"]),
            str(i["address"]),
            " ".join(_texts(i["tags"])),
            str(i["deckies"]),
            "drained: receives no new deckies" if i["drained"] else "",
        )
        for i in items
    )
    empty = "no workers: decnet worker add NAME USER@HOST, or decnet deploy for this machine"
    return Listing(
        "workers",
        ("worker", "address", "tags", "deckies", "remark"),
        rows,
        tuple(items),
        empty=empty,
        more_columns=("max deckies", "worker id"),
        more_cells=tuple((str(i["max_deckies"] or ""), str(i["worker_id"])) for i in items),
    )


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _address(worker: Worker) -> str:
    return f"{worker.user}@{worker.host}:{worker.port}" if worker.host else "this machine"


def _way(worker: Worker) -> list[str]:
    lines = [f"jump hosts: {worker.jump}"] if worker.jump else []
    if worker.route is not None and worker.route.proxy_command:
        lines.append(f"ProxyCommand: {worker.route.proxy_command}")
    return lines


async def show(ctx: Context, name: str) -> TextOutcome:
    """One worker: its record and its own report; or the reason why it does not answer."""
    worker = one_worker(ctx, name)
    name = worker.name
    fleet = load_fleet(ctx.home) or new_fleet()
    document = worker.model_dump(mode="json")
    lines = [f"{name}: {_address(worker)}", f"id: {worker.worker_id}"]
    lines += _way(worker)
    lines.append(f"tags: {' '.join(worker.tags) or 'none'}")
    lines.append(f"deckies: {', '.join(fleet.of_worker(name)) or 'none'}")
    lines += [f"drained: it receives no new deckies (decnet worker undrain {name})"] if worker.drained else []
    try:
        async with ctx.connections(fleet.fleet_id) as connections:
            client = connections.client(worker)
            hello, facts = await client.hello(), await client.facts()
    except DecnetError as error:
        failure = WorkerFailure.of(error)
        lines.append(f"now: {failure.message}")
        lines += [f"  hint: {failure.hint}"] if failure.hint else []
        document |= {"error": {"code": failure.kind.code, "message": str(failure), "hint": failure.hint}}
        return TextOutcome(tuple(lines), document, exit_code=failure.exit_code)
    document |= {"hello": hello.model_dump(mode="json"), "facts": facts.model_dump(mode="json")}
    lines.append(f"agent: {hello.agent[:12]}, version {hello.version}")
    lines.append(f"LAN: {facts.subnet} on {facts.interface}, gateway {facts.gateway}")
    lines.append(f"Docker {facts.docker_version}, compose {facts.compose_version}, Python {facts.python}")
    lines.append(f"memory {facts.memory_mib} MiB, disk {facts.disk_free_mib} MiB free, {facts.architecture}")
    return TextOutcome(tuple(lines), document)


async def check(ctx: Context, on: str | None) -> Listing:
    """Whether the workers can run deckies; each finding with its fix."""
    fleet = load_fleet(ctx.home) or new_fleet()
    workers = select(known_workers(ctx.home), on)
    return listing_of("worker", await findings_of(ctx, workers.values(), fleet))


def rename(ctx: Context, old: str, new: str) -> TextOutcome:
    """Rename a worker; it keeps its deckies and records."""
    check_name(new)
    with ctx.lock():
        worker = known_worker(ctx, old)
        refuse_while_open(ctx, old, "its unit is named after it")
        if new in known_workers(ctx.home):
            raise UsageError(f"a worker is named {new!r} already")
        fleet = load_fleet(ctx.home) or new_fleet()
        renamed = worker.model_copy(update={"name": new})
        lans = {new if name == old else name: lan for name, lan in fleet.lans.items()}
        renamed_fleet = fleet.model_copy(update={"lans": lans})
        for name, project in fleet.projects.items():
            deckies = {
                key: decky.model_copy(update={"worker": new}) if decky.worker == old else decky
                for key, decky in project.deckies.items()
            }
            renamed_fleet = renamed_fleet.with_deckies(deckies, name)
        topologies = {
            key: each.model_copy(update={"worker": new}) if each.worker == old else each
            for key, each in fleet.topologies.items()
        }
        save_fleet(ctx.home, renamed_fleet.model_copy(update={"topologies": topologies}))
        FleetTable(ctx.home).put_worker(renamed)
        _note(ctx, f"{old} is named {new} now")
    return TextOutcome((f"{old} is named {new} now",), {"name": new})


def tag(ctx: Context, name: str, tags: Sequence[str], *, remove: bool) -> TextOutcome:
    """Add tags to a worker, or remove them."""
    with ctx.lock():
        worker = known_worker(ctx, name)
        left = set(worker.tags) - set(tags) if remove else set(worker.tags) | set(tags)
        tagged = worker.model_copy(update={"tags": tuple(sorted(left))})
        FleetTable(ctx.home).put_worker(tagged)
    return TextOutcome(
        (f"{name}: {' '.join(tagged.tags) or 'no tags'}",), {"name": name, "tags": list(tagged.tags)}
    )


async def remove(
    ctx: Context, name: str, credentials: Credentials, *, wipe: bool = False, force: bool = False
) -> TextOutcome:
    """Decommission a worker: afterwards the fleet's key gives no access to it.

    Refused while it has deckies. `wipe` also removes what decnet installed; `force` removes a dead
    worker and quarantines the addresses that its deckies may still hold, as desired or as recorded.
    """
    credentials = credentials.unlocked(ctx, needs_deckies=True)
    with ctx.lock():
        worker = known_worker(ctx, name)
        fleet = load_fleet(ctx.home) or new_fleet()
        recorded = ctx.records.load(worker.worker_id)
        held = _quarantine(ctx, fleet, worker, recorded) if force else ()
        remains = [NOTHING_DONE] if force else []
        if not force:
            placed = fleet.of_worker(name)
            if placed or any(recorded.rows()):
                raise UsageError(
                    f"{name} has deckies: {', '.join(placed) or 'recorded ones'}",
                    hint=f"decnet worker drain {name} moves them; or --force, if it is dead",
                )
            try:
                remains = await _leave(ctx, worker, fleet, credentials, wipe=wipe)
            except Unreachable as error:
                gone = f"if it is gone or wiped already: decnet worker remove --force {name}"
                error.hint = f"{error.hint}; {gone}" if error.hint else gone
                raise
        forget_worker(ctx, worker, held)
        _note(ctx, f"{name} removed" + (" by force" if force else ""))
    lines = [f"{name} is removed", *remains]
    addresses = list(dict.fromkeys(row.address for row in held))
    if addresses:
        lines.append(f"quarantined until released by name: {', '.join(addresses)}")
    return TextOutcome(tuple(lines), {"name": name, "quarantined": addresses})


def _quarantine(
    ctx: Context, fleet: Fleet, worker: Worker, recorded: WorkerRecords
) -> tuple[Quarantined, ...]:
    """The addresses that the worker may still hold, which nothing may claim."""
    return tuple(
        Quarantined(
            address=claim.ip,
            mac=claim.mac,
            decky=key.decky,
            worker=worker.name,
            reason=f"{worker.name} was removed while it may still run {key.decky}",
            since=ctx.now(),
        )
        for key, claim in possible_holders(fleet, {worker.name: recorded}, {worker.name})
    )


async def _leave(
    ctx: Context, worker: Worker, fleet: Fleet, credentials: Credentials, *, wipe: bool
) -> list[str]:
    """Remove the fleet's access from the worker, through its agent or the operator's login. Returns what
    stays there, and how to remove it."""
    if wipe or worker.is_local:
        async with ctx.connections(fleet.fleet_id) as connections:
            await connections.client(worker).self_destruct()
        return [EVENTS_STAY]
    remains = await _network_gone(ctx, worker, fleet)
    from decnet.worker.fleetkey import load_key
    from decnet.worker.hostkeys import pinned

    login = credentials.login_again(worker)
    key = load_key(ctx.home.keys / FLEET_KEY)
    await ctx.enrolment.withdraw(login, worker, key, pinned(ctx.home.known_hosts, worker))
    return [*remains, AGENT_STAYS]


async def _network_gone(ctx: Context, worker: Worker, fleet: Fleet) -> list[str]:
    """Let the agent remove the fleet's network; what to do if it did not."""
    if worker.name not in fleet.lans:
        return []
    try:
        async with ctx.connections(fleet.fleet_id) as connections:
            client = connections.client(worker)
            # Of a worker that does not answer nothing is recorded.
            await client.hello()
            done = [await _torn_down(ctx, client, worker, project) for project in _held(ctx, worker)]
        return [] if all(done) else [NETWORK_STAYS]
    except DecnetError as error:
        return [f"{NETWORK_STAYS} ({error.message})"]


def _held(ctx: Context, worker: Worker) -> list[str]:
    """The projects that the worker may hold: topologies first, whose deckies are on the fleet's network."""
    projects = ctx.records.load(worker.worker_id).projects
    return [*(name for name, each in projects.items() if name != PROJECT and each.plan_hash), PROJECT]


async def _torn_down(ctx: Context, client: AgentClient, worker: Worker, project: str) -> bool:
    """Let the agent remove a project's networks; whether it did."""
    recorded = ctx.records.load(worker.worker_id)
    raised = recorded.with_project(project, generation=recorded.of(project).generation + 1)
    ctx.records.save(raised)
    generation = raised.of(project).generation
    answer = await client.teardown(ctx.identifier(), generation, project=project, wait=REMOVAL_SECONDS)
    return answer.state == "done"


def forget_worker(ctx: Context, worker: Worker, held: tuple[Quarantined, ...] = ()) -> None:
    """Remove a worker and its deckies from all that this machine knows; the lock is held. `held` are the
    addresses that it may still use."""
    from decnet.worker.hostkeys import unpin

    # First, or a command that is killed here leaves a rollout that would bring its deckies back.
    forget_in_rollout(ctx, worker.name)
    fleet = load_fleet(ctx.home) or new_fleet()
    FleetTable(ctx.home).remove_worker(worker.name, quarantine=held)
    ctx.records.remove(worker.worker_id)
    unpin(ctx.home.known_hosts, worker.worker_id, write_whole)
    forget_seen(ctx.home, worker.worker_id)
    left = {name: decky for name, decky in fleet.deckies.items() if decky.worker != worker.name}
    lans = {name: lan for name, lan in fleet.lans.items() if name != worker.name}
    fleet = without_placed(
        fleet, [name for name, each in fleet.topologies.items() if each.worker == worker.name]
    )
    save_fleet(ctx.home, fleet.model_copy(update={"lans": lans}).with_deckies(left))
    follow_stored(ctx)


def release(ctx: Context, names: Sequence[str]) -> TextOutcome:
    """Release quarantined addresses, by address, MAC or decky name."""
    with ctx.lock():
        gone = FleetTable(ctx.home).release(names)
    if not gone:
        raise UsageError("none of these is quarantined", hint="decnet worker quarantine")
    return TextOutcome(tuple(f"{row.address} ({row.decky}) is released" for row in gone), {})


def quarantined(ctx: Context) -> Listing:
    """The quarantined addresses, and the reasons."""
    found = FleetTable(ctx.home).quarantined()
    rows = tuple((row.address, row.mac, row.decky, row.reason) for row in found)
    items = tuple({"name": row.address, **row.model_dump(mode="json")} for row in found)
    columns = ("address", "mac", "decky", "reason")
    return Listing("quarantine", columns, rows, items, empty="no address is quarantined")


def _note(ctx: Context, outcome: str) -> None:
    append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=outcome)
