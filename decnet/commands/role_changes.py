"""Deckies that change their role: how they leave, and come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from decnet.commands.allocation import allocate_unclaimed
from decnet.commands.receivers import open_workers
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.once import Once
from decnet.engine.snapshot import Snapshot
from decnet.errors import Failed, SpecError
from decnet.model.actual import Seen
from decnet.model.fleet import Fleet, Network
from decnet.plan import role_changes as rules
from decnet.plan.additions import unchanged
from decnet.plan.draft import Draft


def left(ctx: Context, snap: Snapshot, roles: Mapping[str, str], rng: Random, once: Once) -> Fleet:
    """The fleet in which these deckies are away; reports once when each comes back."""
    desired = rules.leave(snap.desired, roles, rng=rng, now=ctx.now())
    for name in sorted(roles):
        back = rules.return_time(desired, name)
        once.note(f"{name} leaves the network, and returns as {roles[name]} {back} (decnet mutate --due)")
    return desired


def chosen_roles(snap: Snapshot, names: Sequence[str], wanted: str, rng: Random) -> dict[str, str]:
    """The next archetype of each of these deckies. Raises UsageError or SpecError."""
    deckies = snap.desired.deckies
    return {name: rules.role_of(deckies[name], wanted, snap.catalog, rng) for name in names}


def roles_by_chance(ctx: Context, snap: Snapshot, due: Sequence[str]) -> dict[str, str]:
    """Those of the deckies that are due that change their role, at most one, with its next archetype. None
    while a rollout is open."""
    for name in due if snap.rollout is None else ():
        role = rules.role_by_chance(snap.desired.deckies[name], snap.desired, snap.catalog, ctx.now())
        if role is not None:
            return {name: role}
    return {}


async def with_returned(ctx: Context, connections: Connections, snap: Snapshot, seed: int) -> Snapshot:
    """The snapshot whose desired fleet has the deckies again whose time has come, each as another machine
    with an address of its own. What cannot come yet is reported, and comes later."""
    fleet, names = snap.desired, rules.returning(snap.desired, ctx.now())
    if not names or snap.rollout is not None:
        return snap
    # Never the values of the machine that left, whatever the seed.
    rng = Random("/".join([str(seed), *(fleet.away[name].decky.seed for name in names)]))
    lans = {
        name: fleet.lans[name]
        for name in open_workers(snap, None)
        if name in fleet.lans and isinstance(snap.observed.get(name), Seen)
    }
    try:
        coming = [_draft(fleet, name, snap, rng, lans) for name in names]
        drafts = (*map(unchanged, fleet.deckies.values()), *coming)
        others = _without_former_addresses(fleet)
        snap, deckies = await allocate_unclaimed(ctx, connections, snap, others, drafts, lans, rng)
    except (SpecError, Failed) as error:
        ctx.warn(f"{', '.join(names)}: cannot come back yet: {error.message}")
        return snap
    back = {name: deckies[name] for name in names}
    away = {name: each for name, each in fleet.away.items() if name not in back}
    desired = fleet.with_deckies({**fleet.deckies, **back}).model_copy(update={"away": away})
    return snap.with_desired(desired)


def _draft(fleet: Fleet, name: str, snap: Snapshot, rng: Random, lans: Mapping[str, Network]) -> Draft:
    worker = fleet.away[name].decky.worker
    draft = rules.draft_of(fleet.away[name], snap.catalog, rng)
    return replace(draft, worker=worker if worker in lans else None)


def _without_former_addresses(fleet: Fleet) -> Fleet:
    """The fleet whose LANs do not offer the addresses of the machines that left."""
    former = tuple(each.decky.ip for each in fleet.away.values())
    lans = {
        name: lan.model_copy(update={"exclude": (*lan.exclude, *former)}) for name, lan in fleet.lans.items()
    }
    return fleet.model_copy(update={"lans": lans})
