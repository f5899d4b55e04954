"""`decnet mutate`: other services on the same machines, so that yesterday's scan is wrong today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from decnet.commands.chosen import chosen
from decnet.engine.context import Context
from decnet.engine.decide import Proposal
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.run_pass import run_pass, settled
from decnet.engine.snapshot import Snapshot
from decnet.errors import UsageError
from decnet.model.fleet import Fleet
from decnet.plan.mutate import due, undo
from decnet.plan.mutate import mutate as mutated
from decnet.store.desired import load_fleet


@dataclass(frozen=True)
class MutateOptions:
    """Which deckies, and where their services come from: named, drawn, or the previous ones."""

    names: tuple[str, ...] = ()
    everything: bool = False
    due: bool = False
    undo: bool = False
    services: tuple[str, ...] = ()
    seed: int | None = None
    run: PassOptions = PassOptions()


async def mutate(ctx: Context, options: MutateOptions) -> PassOutcome:
    """Give the chosen deckies other services; only the containers of those services are replaced."""
    _check(options)
    seed = ctx.dice.getrandbits(64) if options.seed is None else options.seed

    def proposal(snap: Snapshot) -> Proposal:
        names = _names(ctx, snap.desired, options)
        return Proposal(snap.with_desired(_mutated(ctx, snap.desired, names, options, seed)))

    return await run_pass(ctx, "mutate", settled(proposal), options.run)


def _check(options: MutateOptions) -> None:
    if sum((bool(options.names), options.everything, options.due)) != 1:
        raise UsageError("say which deckies: their names, --all, or --due")
    if options.undo and options.services:
        raise UsageError("--undo and --services exclude each other")


def _names(ctx: Context, fleet: Fleet, options: MutateOptions) -> Sequence[str]:
    if options.due:
        return due(fleet, ctx.now())
    return tuple(fleet.deckies) if options.everything else chosen(fleet.deckies, options.names)


def _mutated(ctx: Context, fleet: Fleet, names: Sequence[str], options: MutateOptions, seed: int) -> Fleet:
    now = ctx.now()
    if options.undo:
        return undo(fleet, names, catalog=ctx.catalog, now=now)
    services = options.services or None
    return mutated(fleet, names, ctx.catalog, rng=Random(seed), now=now, services=services)


def next_due(ctx: Context) -> float | None:
    """When the next decky is due for mutation (seconds since the epoch), or None where none ever is."""
    fleet = load_fleet(ctx.home)
    moments = [
        decky.mutated_at + decky.mutate_interval * 60
        for decky in (fleet.deckies.values() if fleet else ())
        if decky.mutate_interval and decky.mutated_at is not None
    ]
    return min(moments, default=None)
