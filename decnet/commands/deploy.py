"""`decnet deploy`: make the fleet be what is described."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from decnet.commands.claims import allocate_unclaimed
from decnet.commands.walk import WalkOptions, walk
from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.outcome import PassOutcome
from decnet.engine.provisional import provisional_local
from decnet.engine.situation import Situation, load, look
from decnet.engine.workers import enrol_local
from decnet.errors import SpecError
from decnet.model.actual import NotSeen, Seen
from decnet.model.fleet import Fleet, Lan
from decnet.model.spec import LOCAL, FleetSpec
from decnet.plan.draft import Draft
from decnet.plan.lans import decide_lan, unconfirmed
from decnet.plan.resolve import resolve
from decnet.plan.select import select
from decnet.store.desired import save_fleet


@dataclass(frozen=True)
class DeployOptions:
    """What `deploy` was told besides the fleet itself."""

    add: bool = False
    reset_services: bool = False
    ip_start: str | None = None
    seed: int | None = None
    adopt: bool = False
    on: str | None = None
    walk: WalkOptions = WalkOptions()


async def deploy(ctx: Context, spec: FleetSpec, options: DeployOptions) -> PassOutcome:
    """Deploy the fleet that `spec` describes; with `add`, only add it to what there is.

    Raises SpecError (exit 2) before anything is changed where the spec does not hold.
    """
    with ctx.lock(looks=options.walk.looks):
        situation = load(ctx)
        dice = Random(options.seed) if options.seed is not None else ctx.dice
        drafts = resolve(
            spec,
            ctx.catalog,
            rng=dice,
            desired=situation.desired.deckies,
            reset_services=options.reset_services,
            add=options.add,
        )
        async with ctx.links(situation.desired.fleet_id) as links:
            situation = await _looked_at(ctx, links, situation, drafts, options)
            lans = _lans(situation, spec, drafts, options)
            desired = await _described(ctx, links, situation, drafts, lans, dice, options)
            return await walk(ctx, links, situation, desired, "deploy", options.walk)


async def _looked_at(
    ctx: Context, links: Links, situation: Situation, drafts: tuple[Draft, ...], options: DeployOptions
) -> Situation:
    """The situation with every worker asked, `local` enrolled where it is needed for the first time."""
    named = {draft.worker for draft in drafts if draft.worker}
    unknown = sorted(named - set(situation.workers) - {LOCAL})
    if unknown:
        raise SpecError(
            f"no worker is called {unknown[0]!r}",
            hint=f"known: {', '.join(situation.workers) or 'none'}; decnet worker add {unknown[0]} USER@HOST",
        )
    needs_local = LOCAL in named or not situation.workers
    if not needs_local or LOCAL in situation.workers:
        return await _asked(ctx, links, situation, options)
    if options.walk.dry_run:
        situation = await _asked(ctx, links, situation, options)
        return await provisional_local(ctx, links, situation)
    save_fleet(ctx.home, situation.desired)
    worker = await enrol_local(ctx, links, situation.desired.fleet_id, adopt=options.adopt)
    situation = situation.with_worker(ctx, worker)
    return await _asked(ctx, links, situation, options)


async def _asked(ctx: Context, links: Links, situation: Situation, options: DeployOptions) -> Situation:
    workers = situation.workers.values()
    return await look(ctx, links, situation, workers, facts=True, replaces=options.walk.replaces)


def _lans(
    situation: Situation, spec: FleetSpec, drafts: tuple[Draft, ...], options: DeployOptions
) -> dict[str, Lan]:
    """The LAN of every worker that may get a decky: the ones named, or all that were selected and seen."""
    named = {draft.worker for draft in drafts if draft.worker}
    if any(draft.worker is None for draft in drafts):
        named |= set(select(situation.workers, options.on))
    lans = dict(situation.desired.lans)
    for name, observation in situation.observed.items():
        if isinstance(observation, NotSeen) or not (name in named or name in lans):
            continue
        lans[name] = decide_lan(
            name, spec.network, observation.facts, lans.get(name), ip_start=options.ip_start
        )
    return lans


async def _described(
    ctx: Context,
    links: Links,
    situation: Situation,
    drafts: tuple[Draft, ...],
    lans: dict[str, Lan],
    dice: Random,
    options: DeployOptions,
) -> Fleet:
    """Desired as described, with every address checked on its LAN."""
    open_to_new = select(situation.workers, options.on)
    reachable = {
        name: lan
        for name, lan in lans.items()
        if name in open_to_new and isinstance(situation.observed.get(name), Seen)
    }
    kept = {d.name for d in drafts if d.name in situation.desired.deckies}
    if drafts and not reachable and len(kept) < len(drafts):
        troubles = [o for o in situation.observed.values() if isinstance(o, NotSeen)]
        raise _no_worker(troubles)
    desired = situation.desired.model_copy(update={"lans": lans})
    deckies = await allocate_unclaimed(ctx, links, situation, desired, drafts, reachable, dice)
    if options.add:
        deckies = {**situation.desired.deckies, **deckies}
    confirmed = _confirm_range(ctx, desired, {d.worker for d in deckies.values()}, options)
    used = {decky.worker for decky in deckies.values()} | set(situation.desired.lans)
    return desired.model_copy(
        update={"confirmed": confirmed, "lans": {n: lan for n, lan in lans.items() if n in used}}
    ).with_deckies(deckies)


def _no_worker(troubles: list[NotSeen]) -> Exception:
    from decnet.errors import DockerDown, TrustRefused, Unreachable

    if not troubles:
        return SpecError("no worker can take a decky", hint="decnet worker list")
    worst = min(troubles, key=lambda t: ("refused", "failed", "docker-down", "unreachable").index(t.kind))
    kinds = {"refused": TrustRefused, "docker-down": DockerDown}
    return kinds.get(worst.kind, Unreachable)(
        f"{worst.worker}: {worst.error.removeprefix(f'{worst.worker}: ')}",
        hint=worst.hint,
        worker=worst.worker,
    )


def _confirm_range(ctx: Context, desired: Fleet, used: set[str], options: DeployOptions) -> tuple[str, ...]:
    """Ask once per LAN whether its whole range is free of DHCP; a dry run does not ask."""
    lans = {name: lan for name, lan in desired.lans.items() if name in used}
    open_ranges = unconfirmed(lans, desired.confirmed)
    if options.walk.dry_run:
        return desired.confirmed
    for subnet in open_ranges:
        question = f"Addresses will be taken from all of {subnet}. Is that outside of what DHCP gives out?"
        if not ctx.confirm(question):
            raise SpecError(
                f"which addresses of {subnet} are free is not known",
                hint="say which: --ip-start ADDRESS, or addresses.use in the fleet file",
            )
    return tuple(sorted({*desired.confirmed, *open_ranges}))
