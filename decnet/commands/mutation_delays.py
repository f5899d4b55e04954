"""Which deckies `mutate --due` leaves alone for now: they stay due."""

from __future__ import annotations

from decnet.commands.rollouts.policies import default_policy
from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.model.actual import Seen
from decnet.model.keys import SliceKey
from decnet.model.rollout import IN_FLIGHT
from decnet.plan.ignore import ignoring
from decnet.plan.mutate import due_time
from decnet.plan.mutation_hours import hours_of
from decnet.wire import PROJECT, clean


def put_off(ctx: Context, snap: Snapshot) -> dict[str, str]:
    """Deckies of the fleet by name, each with the reason: an attacker is logged in, for which it waits up to
    the busy deadline of the policy `default`; or the open rollout is changing its worker."""
    return {**_busy(ctx, snap), **_in_flight(snap)}


def _busy(ctx: Context, snap: Snapshot) -> dict[str, str]:
    visits = [
        visit
        for worker, each in snap.observed.items()
        if isinstance(each, Seen)
        for visit in each.status.busy
        # A worker may report anything, but delays nothing on another one.
        if visit.project == PROJECT and visit.decky in snap.desired.on(worker)
    ]
    policy = default_policy(ctx, snap.desired) if visits else None
    if policy is None or policy.busy == "go":
        return {}
    fleet, now = snap.desired, ctx.now()
    ignored = ignoring(fleet.events.ignore, fleet.every_group(), fleet.topology_names)
    found, hours = {}, hours_of(fleet)
    for visit in visits:
        due = due_time(fleet.deckies[visit.decky], snap.catalog, now, hours)
        is_waited_for = due is not None and now < due + policy.busy_deadline
        if is_waited_for and not ignored.is_ignored(visit.source):
            where = f"{visit.decky} ({clean(visit.service, 40)})"
            found[visit.decky] = f"{clean(visit.source, 60)} is logged in to {where}"
    return found


def _in_flight(snap: Snapshot) -> dict[str, str]:
    if snap.rollout is None or snap.rollout.frozen.kind == "agent":
        return {}
    units = snap.rollout.frozen.units
    changing = {
        key: name
        for name, state in snap.rollout.state.units.items()
        if state.status in IN_FLIGHT
        for key in units[name].keys
    }
    return {
        name: f"rollout {snap.rollout.id} is changing {changing[SliceKey(decky.worker)]}"
        for name, decky in snap.desired.deckies.items()
        if SliceKey(decky.worker) in changing
    }
