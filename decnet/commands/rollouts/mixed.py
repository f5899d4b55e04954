"""Whether the fleet is mixed: some units have the change of an ended rollout, and others do not."""

from __future__ import annotations

from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.model.fleet import Fleet
from decnet.model.rollout import Rollout
from decnet.plan.rollout import content_hash
from decnet.plan.rollout_view import FAILURES, words
from decnet.store.rollouts import RolloutStore


def mixed(ctx: Context, snap: Snapshot) -> tuple[str, ...]:
    """A note if the newest rollout has ended, not every unit has its change, and no deploy has followed."""
    store = RolloutStore(ctx.home)
    newest = next(iter(store.ids()), None)
    if snap.rollout is not None or newest is None:
        return ()
    rollout = store.glance(newest)
    failed = any(each.status in FAILURES for each in rollout.state.units.values())
    may_be = rollout.state.status in ("cancelled", "revert_failed") or (
        rollout.state.status == "done" and failed
    )
    if not may_be or rollout.frozen.kind == "agent":
        return ()
    rollout = store.load(newest)
    having = [unit for unit in rollout.frozen.units if _is_at(snap.desired, rollout.to, rollout, unit)]
    others = [unit for unit in rollout.frozen.units if _is_at(snap.desired, rollout.former, rollout, unit)]
    if not having or not others:
        return ()
    return (
        f"the fleet is mixed: rollout {rollout.id} is {words(rollout.state.status)}, and {len(having)} of "
        f"{len(rollout.frozen.units)} units have its change until the next decnet deploy",
    )


def _is_at(desired: Fleet, document: Fleet, rollout: Rollout, unit: str) -> bool:
    keys = rollout.frozen.units[unit].keys
    return all(content_hash(desired, key) == content_hash(document, key) for key in keys)
