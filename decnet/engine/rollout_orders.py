"""What an operator orders of the open rollout, and how its moves are stored."""

from __future__ import annotations

from dataclasses import replace

from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot, load_snapshot
from decnet.errors import RolloutOpen, UsageError
from decnet.model.rollout import Rollout, RolloutEvent
from decnet.plan.rollout import Order, OrderKind, content_hash, edited_units, effective_fleet, order
from decnet.store.audit import append
from decnet.store.desired import load_fleet, new_fleet, save_fleet
from decnet.store.rollouts import RolloutStore, TakenBack


async def give_order(ctx: Context, wanted: Order) -> Rollout:
    """Carry out an operator's order on the open rollout, and store it. Raises UsageError if there is none, or
    if it cannot be done now."""
    with ctx.lock():
        rollout = RolloutStore(ctx.home).open_one()
        if rollout is None:
            raise UsageError("no rollout is open", hint="decnet rollout list shows the ended ones")
        stored = load_fleet(ctx.home) or new_fleet()
        # With a cancellation, what was edited in the file stays.
        is_kept = wanted.kind == "cancel" and bool(edited_units(rollout, stored))
        desired = stored if is_kept else load_snapshot(ctx).desired
        rollout, events = order(rollout, wanted, ctx.now())
        store_moves(ctx, rollout, events)
        desired = desired if is_kept else effective_fleet(rollout, desired)
        if desired != stored:
            save_fleet(ctx.home, desired)
        if events:
            append(
                ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=_summary(rollout, wanted)
            )
    return rollout


def end_former(ctx: Context, snap: Snapshot, kind: OrderKind) -> Snapshot:
    """Store that the open rollout ends here; the snapshot without it."""
    assert snap.rollout is not None
    rollout, events = order(snap.rollout, Order(kind, by=ctx.user), ctx.now())
    RolloutStore(ctx.home).append(rollout, events)
    ctx.note(f"rollout {rollout.id} is {rollout.state.status}: each worker stays as it is")
    return replace(snap, rollout=None, rollout_moves=())


def forget_worker(ctx: Context, name: str) -> None:
    """Take a worker that leaves the fleet out of the open rollout; the lock is held."""
    rollout = RolloutStore(ctx.home).open_one()
    if rollout is None:
        return
    units = tuple(unit for unit, each in rollout.frozen.units.items() if name in each.workers)
    if units:
        moved, events = order(rollout, Order("remove", units, by=ctx.user), ctx.now())
        RolloutStore(ctx.home).append(moved, events)


def refuse_while_open(ctx: Context, worker: str, why: str) -> None:
    """Raises RolloutOpen if the worker is part of the open rollout."""
    rollout = RolloutStore(ctx.home).open_one()
    if rollout is not None and any(worker in unit.workers for unit in rollout.frozen.units.values()):
        raise RolloutOpen(rollout.id, f"{worker} is part of it: {why}")


def refuse_topology_while_open(ctx: Context, project: str, why: str) -> None:
    """Raises RolloutOpen if the topology of this project is part of the open rollout."""
    rollout = RolloutStore(ctx.home).open_one()
    if rollout is None or rollout.frozen.kind == "agent":
        return
    for name, unit in rollout.frozen.units.items():
        if any(key.project == project for key in unit.keys):
            raise RolloutOpen(rollout.id, f"{name} is part of it: {why}")


def store_moves(ctx: Context, rollout: Rollout, events: tuple[RolloutEvent, ...]) -> None:
    """Append to the log, and before it keep what was taken back from being deployed again."""
    store = RolloutStore(ctx.home)
    taken = [
        TakenBack(
            worker=key.worker,
            project=key.project,
            content=content_hash(rollout.to, key),
            rollout=rollout.id,
            reason="it was rolled back" if event.before == "reverting" else event.reason,
            since=event.at,
        )
        for event in events
        if event.kind == "unit" and event.after in ("reverted", "revert_failed") and event.unit
        for key in rollout.frozen.units[event.unit].keys
        if rollout.frozen.kind == "fleet"
    ]
    if taken:
        store.take_back(taken)
    if events:
        store.append(rollout, events)


def _summary(rollout: Rollout, wanted: Order) -> str:
    units = f" {', '.join(wanted.units)}" if wanted.units else ""
    return f"rollout {rollout.id}: {wanted.kind}{units}, now {rollout.state.status}"
