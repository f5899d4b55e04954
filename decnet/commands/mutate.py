"""`decnet mutate`: changes the services of deckies, so that earlier scans are out of date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from decnet.commands.mutation_delays import put_off
from decnet.commands.planfile import write_plan
from decnet.commands.role_changes import chosen_roles, left, roles_by_chance, with_returned
from decnet.commands.wording import listed
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Proposal
from decnet.engine.once import Once
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.rollout_orders import give_order
from decnet.engine.run_pass import Change, Propose, run_pass, without_observation
from decnet.engine.snapshot import Snapshot
from decnet.errors import UsageError
from decnet.model.fleet import Fleet
from decnet.plan import mutate as rules
from decnet.plan.role_changes import return_time, returning
from decnet.plan.rollout import Order
from decnet.plan.select import refuse_topologies, refuse_topology_names, select_deckies
from decnet.store.desired import load_fleet
from decnet.store.used_entries import with_used


@dataclass(frozen=True)
class MutateOptions:
    """Which deckies, and which services: given, random, or the previous ones. `role`: the archetype that they
    change to instead, or ANY."""

    names: tuple[str, ...] = ()
    everything: bool = False
    due: bool = False
    undo: bool = False
    services: tuple[str, ...] = ()
    role: str = ""
    seed: int | None = None
    out: Path | None = None
    run: PassOptions = PassOptions()


async def mutate(ctx: Context, options: MutateOptions) -> PassOutcome:
    """Change services of the chosen deckies; only the containers of those services are touched. With `role`
    they leave the network; what is away comes back with `due`."""
    _check(options)
    seed = ctx.new_seed() if options.seed is None else options.seed
    is_random = not (options.undo or options.services)
    once = Once(ctx)

    def proposal(snap: Snapshot) -> Proposal:
        ctx.catalog.check_readable()
        names = _names(ctx, snap, options)
        if options.role:
            roles = chosen_roles(snap, names, options.role, Random(seed))
        else:
            roles = roles_by_chance(ctx, snap, names) if options.due else {}
        names = [name for name in names if name not in roles]
        desired = _mutated(ctx, snap, names, options, seed)
        desired = left(ctx, snap.with_desired(desired), roles, Random(seed), once) if roles else desired
        return Proposal(snap.with_desired(desired), len(roles), seed=seed if is_random else None)

    change = _when_observed(ctx, proposal, seed) if options.due else without_observation(proposal)
    run = replace(options.run, sessions=options.due, facts=options.due and _has_returning(ctx))
    outcome = await run_pass(ctx, "mutate", change, run)
    if options.run.force and outcome.carried_out:
        await _restart_soaks(ctx, outcome)
    if options.out is not None:
        write_plan(ctx, options.out, outcome, options.run)
    return outcome


def _has_returning(ctx: Context) -> bool:
    fleet = load_fleet(ctx.home)
    return fleet is not None and bool(returning(fleet, ctx.now()))


def _when_observed(ctx: Context, propose_from: Callable[[Snapshot], Proposal], seed: int) -> Change:
    """A change that depends on who is logged in to which decky, after which those come back whose time has
    come."""

    def change(stored: Snapshot) -> Propose:
        ctx.catalog.check_readable()

        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            proposal = propose_from(snap)
            returned = await with_returned(ctx, connections, proposal.snap, seed)
            return replace(proposal, snap=returned)

        return propose

    return change


async def _restart_soaks(ctx: Context, outcome: PassOutcome) -> None:
    """What was changed in units that are in flight is judged from the beginning."""
    if outcome.rollout is None or not outcome.rollout.rollout.is_open:
        return
    rollout = outcome.rollout.rollout
    touched = {step.key.slice for step in outcome.plan.docker_steps}
    units = tuple(
        name
        for name, state in rollout.state.units.items()
        if state.status in ("checking", "soaking") and touched & set(rollout.frozen.units[name].keys)
    )
    if units:
        await give_order(ctx, Order("restart-soak", units, by=ctx.user))


def next_due(ctx: Context) -> float | None:
    """When the next decky is due for mutation, or comes back (seconds since the epoch); None if none ever
    is."""
    fleet = load_fleet(ctx.home)
    if fleet is None:
        return None
    due = rules.next_due(fleet, with_used(ctx.home, fleet, ctx.catalog), ctx.now())
    times = [each.until for each in fleet.away.values()] + ([] if due is None else [due])
    return min(times, default=None)


def _check(options: MutateOptions) -> None:
    if sum((bool(options.names), options.everything, options.due)) != 1:
        raise UsageError("specify deckies: their names, --all, or --due")
    if options.undo and options.services:
        raise UsageError("--undo and --services exclude each other")
    if options.role and not options.names:
        raise UsageError("--role is for deckies that you name")
    if options.role and (options.undo or options.services):
        raise UsageError("--role excludes --services and --undo")


def _names(ctx: Context, snap: Snapshot, options: MutateOptions) -> Sequence[str]:
    fleet = snap.desired
    if options.due:
        return _due(ctx, snap)
    if options.everything:
        return tuple(fleet.deckies)
    refuse_topology_names(fleet.topologies, fleet.groups(), options.names, "mutate")
    refuse_topologies(fleet.groups(), fleet.every_group(), options.names)
    for name in options.names:
        if name in fleet.away:
            raise UsageError(f"{name}: it changes its role, and is away until {return_time(fleet, name)}")
    return select_deckies(fleet.groups(), options.names)


def _due(ctx: Context, snap: Snapshot) -> Sequence[str]:
    """The deckies whose turn it is, without those that are put off, which are reported."""
    now, delays = ctx.now(), put_off(ctx, snap)
    chosen = rules.due(snap.desired, snap.catalog, now, put_off=delays)
    for name in rules.due(snap.desired, snap.catalog, now):
        if name in delays:
            ctx.note(f"{name}: put off, {delays[name]}")
    return chosen


def _mutated(ctx: Context, snap: Snapshot, names: Sequence[str], options: MutateOptions, seed: int) -> Fleet:
    fleet, catalog, now, services = snap.desired, snap.catalog, ctx.now(), options.services or None
    if options.undo:
        desired = rules.undo(fleet, names, catalog=catalog, now=now)
    else:
        if services is None and not options.role:
            _report_fixed(ctx, snap, names, options)
        desired = rules.mutate(fleet, names, catalog, rng=Random(seed), now=now, services=services)
    for lost, deckies in rules.core_lost(fleet, desired, catalog).items():
        ctx.warn(
            f"{listed(deckies)}: this removes core services ({', '.join(lost)}); "
            "the next random mutation restores them"
        )
    return desired


def _report_fixed(ctx: Context, snap: Snapshot, names: Sequence[str], options: MutateOptions) -> None:
    """The chosen deckies that cannot change. Raises UsageError where all were chosen by name and none can."""
    fixed = [name for name in names if not rules.may_change(snap.desired.deckies[name], snap.catalog)]
    message = f"{listed(fixed)}: no side service to add or remove"
    if fixed and options.names and len(fixed) == len(names):
        hint = "`side` in the fleet file allows some; or set the services with --services"
        raise UsageError(message, hint=hint)
    if fixed:
        ctx.note(message)
