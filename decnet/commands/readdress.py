"""`decnet worker set`: a worker that has another address now."""

from __future__ import annotations

from dataclasses import replace

from decnet.commands.enrolment import enrolled_worker, where
from decnet.commands.own_login import Credentials, confirm_proxy, resolved
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.workers import fleet_credentials, known_workers
from decnet.errors import DecnetError, HostKeyRefused, UsageError
from decnet.model.worker import Worker
from decnet.store.atomic import write_whole
from decnet.store.audit import append
from decnet.store.desired import load_fleet, new_fleet
from decnet.store.fleet_table import FleetTable


async def set_address(ctx: Context, name: str, address: str, credentials: Credentials) -> TextOutcome:
    """Record another address, or another way, of an enrolled worker; its identity, pinned host key, deckies
    and records stay.

    The worker must answer there: to the fleet's key, with the pinned host key and its identity. Otherwise
    nothing is recorded. Raises UsageError, Unreachable, TrustRefused.
    """
    from decnet.worker.hostkeys import pin, pinned

    credentials = credentials.unlocked(ctx)
    with ctx.lock():
        worker = enrolled_worker(ctx, name)
        key = pinned(ctx.home.known_hosts, worker)
        login = credentials.login(address)
        # The fleet's key is in this user's authorized_keys, whatever the configuration says.
        login = await resolved(ctx, name, replace(login, user=login.user or worker.user), worker)
        assert login.place is not None
        moved = worker.model_copy(update=login.place.recorded())
        _refuse_occupied(ctx, moved)
        confirm_proxy(ctx, name, moved.route, credentials, worker)
        await _verify(ctx, worker, moved)
        changes = _changes(worker, moved)
        if moved != worker:
            FleetTable(ctx.home).put_worker(moved)
            pin(ctx.home.known_hosts, moved, key, write_whole)
            outcome = f"{name}: {'; '.join(changes)}"
            append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=outcome)
    lines = changes or ["nothing changed"]
    document = {"name": name, "changed": moved != worker, "address": where(moved), "jump": moved.jump}
    return TextOutcome(tuple(f"{name}: {line}" for line in lines), document)


def _refuse_occupied(ctx: Context, moved: Worker) -> None:
    for other in known_workers(ctx.home).values():
        if other.name != moved.name and other.is_at(moved):
            raise UsageError(
                f"{where(moved)} is the address of {other.name}",
                hint=f"`decnet worker show {other.name}` shows whether it still answers there",
            )


async def _verify(ctx: Context, worker: Worker, moved: Worker) -> None:
    """Raises the error of a worker that does not answer at its new address."""
    from decnet.worker.fleetkey import load_key
    from decnet.worker.hostkeys import pinned
    from decnet.worker.translate import CHANGED_KEY

    fleet = load_fleet(ctx.home) or new_fleet()
    fleet_key = load_key(fleet_credentials(ctx.home, fleet.fleet_id).key.path)
    key = pinned(ctx.home.known_hosts, worker)
    try:
        await ctx.enrolment.try_key(moved, key, fleet_key, fleet.fleet_id)
    except DecnetError as error:
        kept = f"nothing was recorded, {worker.name} stays at {where(worker)}"
        if isinstance(error, HostKeyRefused) and error.hint == CHANGED_KEY.format(worker=worker.name):
            error.hint = f"another machine answers there; {kept}"
        else:
            error.hint = f"{error.hint}; {kept}" if error.hint else kept
        raise


def _changes(worker: Worker, moved: Worker) -> list[str]:
    """What is different now, each in one line."""
    pairs = [
        ("address", where(worker), where(moved)),
        ("jump hosts", worker.jump, moved.jump),
        ("ProxyCommand", _proxy(worker), _proxy(moved)),
    ]
    found = [f"{label} {old or 'none'} -> {new or 'none'}" for label, old, new in pairs if old != new]
    if not found and worker != moved:
        found.append("the files that you log in with are updated")
    return found


def _proxy(worker: Worker) -> str | None:
    return worker.route.proxy_command if worker.route is not None else None
