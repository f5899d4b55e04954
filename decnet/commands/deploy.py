"""`decnet deploy`: make the fleet match its description."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from decnet.commands.allocation import allocate_unclaimed
from decnet.commands.fleet_flags import continued, left_of_series
from decnet.commands.fleet_settings import with_settings
from decnet.commands.planfile import write_plan
from decnet.commands.receivers import no_worker, open_workers, refuse_drained
from decnet.commands.withheld import report_withheld
from decnet.commands.wording import listed
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Proposal, Question
from decnet.engine.once import Once
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.run_pass import Propose, run_pass
from decnet.engine.snapshot import Snapshot
from decnet.engine.workers import with_local
from decnet.errors import SpecError
from decnet.model.actual import NotSeen, Seen
from decnet.model.fleet import Decky, Fleet, Network
from decnet.model.spec import LOCAL, FleetSpec
from decnet.plan.draft import Draft
from decnet.plan.images import upgraded
from decnet.plan.lans import NoLan, decide_lan, unconfirmed_subnets
from decnet.plan.resolve import resolve
from decnet.plan.role_changes import split_away

WAVES = "this is the fleet's first deploy: it goes out at once, without waves"


@dataclass(frozen=True)
class DeployOptions:
    """What `deploy` is given in addition to the fleet itself; `on` are the workers open to new deckies,
    `upgrade` makes every decky of this version's images. `series` is the name of flags that only add. `out`
    is the file for the plan of a dry run."""

    add: bool = False
    series: str | None = None
    reset_services: bool = False
    upgrade: bool = False
    ip_start: str | None = None
    seed: int | None = None
    on: str | None = None
    out: Path | None = None
    run: PassOptions = PassOptions()


async def deploy(ctx: Context, spec: FleetSpec, options: DeployOptions) -> PassOutcome:
    """Deploy the fleet that `spec` describes; with `add`, only add its deckies to the fleet.

    Raises SpecError (exit 2) for an invalid spec, or with `add` for a decky that exists with other content,
    before anything is changed.
    """
    seed = ctx.new_seed() if options.seed is None else options.seed
    once = Once(ctx)

    def change(stored: Snapshot) -> Propose:
        ctx.catalog.check_readable()
        rng = Random(seed)
        known = _with_away(stored.desired)
        described = _continued(spec, options.series, known, once)
        drafts = resolve(
            described,
            ctx.catalog,
            rng=rng,
            desired=known,
            reset_services=options.reset_services,
            add=options.add,
        )
        drafts, away = split_away(drafts, stored.desired, reset=options.reset_services)
        if ctx.asked is not None and (options.reset_services or not all(map(_keeps_choices, drafts))):
            ctx.asked.spoil()
        _check_workers(stored, drafts)
        report_withheld(once, ctx.catalog, drafts)
        if options.run.rollout is not None and next(stored.desired.every_decky(), None) is None:
            once.note(WAVES)

        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            if _needs_local(snap, drafts):
                snap = await with_local(ctx, connections, snap, adopt=options.run.adopt_agent)
            lans, unusable = _lans(snap, spec, drafts, options)
            _report_unusable(once, unusable)
            snap, desired = await _describe_fleet(ctx, connections, snap, drafts, lans, rng, options)
            desired = desired.model_copy(update={"away": away})
            if not options.add:
                desired = with_settings(once, spec, desired, dry_run=options.run.dry_run)
            if options.upgrade:
                desired = upgraded(desired, desired.lans, snap.images)
            return replace(with_ranges(snap, desired, dry_run=options.run.dry_run), seed=seed)

        return propose

    outcome = await run_pass(ctx, "deploy", change, replace(options.run, facts=True))
    if options.out is not None:
        write_plan(ctx, options.out, outcome, options.run)
    return outcome


def _keeps_choices(draft: Draft) -> bool:
    """Whether nothing of it is chosen at random, now or with another seed."""
    return draft.kept is not None and (draft.untouched or (draft.same_content and draft.same_machine))


def _with_away(fleet: Fleet) -> dict[str, Decky]:
    """The deckies of the fleet, and those that are away, as they were."""
    return fleet.deckies | {name: each.decky for name, each in fleet.away.items()}


def _continued(spec: FleetSpec, series: str | None, deckies: dict[str, Decky], once: Once) -> FleetSpec:
    """The spec of flags as a continuation of what exists; reports what stays of the series."""
    if series is None:
        return spec
    spec = continued(spec, series, deckies)
    if left := left_of_series(spec, series, deckies):
        once.note(
            f"{listed(left)} {'stays' if len(left) == 1 else 'stay'}: flags only add deckies. "
            "With --replace they declare the whole fleet, and all others are removed"
        )
    return spec


def _check_workers(snap: Snapshot, drafts: tuple[Draft, ...]) -> None:
    named = {draft.worker for draft in drafts if draft.worker}
    unknown = sorted(named - set(snap.workers) - {LOCAL})
    if unknown:
        raise SpecError(
            f"no worker is named {unknown[0]!r}",
            hint=f"known: {', '.join(snap.workers) or 'none'}; decnet worker add {unknown[0]} USER@HOST",
        )
    refuse_drained(snap, drafts)


def _report_unusable(once: Once, unusable: dict[str, NoLan]) -> None:
    for name, lan in sorted(unusable.items()):
        once.warn(f"{lan.reason}: it gets no deckies ({lan.hint})", name)


def _needs_local(snap: Snapshot, drafts: tuple[Draft, ...]) -> bool:
    """Whether this machine becomes a worker now: a draft names it, or there is no other worker."""
    return LOCAL not in snap.workers and (not snap.workers or any(draft.worker == LOCAL for draft in drafts))


def _lans(
    snap: Snapshot, spec: FleetSpec, drafts: tuple[Draft, ...], options: DeployOptions
) -> tuple[dict[str, Network], dict[str, NoLan]]:
    """The LAN of every worker that may get a decky: the named ones, or all that were selected and seen; and
    the workers without a LAN, which no decky needs. Raises NoLan if one is needed."""
    named = {draft.worker for draft in drafts if draft.worker}
    wanted = set(named)
    if any(draft.worker is None and not draft.untouched for draft in drafts):
        wanted |= set(open_workers(snap, options.on))
    lans = dict(snap.desired.lans)
    kept = snap.desired.placed & lans.keys() if options.add else set()
    unusable: dict[str, NoLan] = {}
    for name, observation in snap.observed.items():
        if isinstance(observation, NotSeen) or name not in (wanted | lans.keys()) - (kept - wanted):
            continue
        try:
            lans[name] = decide_lan(
                name, spec.network, observation.facts, lans.get(name), ip_start=options.ip_start
            )
        except NoLan as error:
            if not snap.workers[name].worker_id:
                error.hint = f"decnet worker add NAME USER@HOST adds another machine; or {error.remedy}"
            if name in named or name in lans:
                raise
            unusable[name] = error
        if name in kept:
            _refuse_other_lan(name, snap.desired.lans[name], lans[name])
    if unusable and not lans.keys() & wanted:
        raise next(iter(unusable.values()))
    return lans, unusable


def _refuse_other_lan(worker: str, known: Network, given: Network) -> None:
    for key in ("interface", "subnet", "gateway", "driver"):
        has, wish = getattr(known, key), getattr(given, key)
        if has != wish:
            raise SpecError(
                f"{worker}: the {key} of its deckies is {has}, not {wish}: this would change all of them",
                hint=f"omit --{key}, choose another worker (--worker), or deploy a fleet file",
            )


async def _describe_fleet(
    ctx: Context,
    connections: Connections,
    snap: Snapshot,
    drafts: tuple[Draft, ...],
    lans: dict[str, Network],
    rng: Random,
    options: DeployOptions,
) -> tuple[Snapshot, Fleet]:
    """The described fleet, with every address probed on its LAN; and the snapshot after that, in which a
    worker that failed meanwhile counts as not seen."""
    open_to_new = open_workers(snap, options.on)
    reachable = {
        name: lan
        for name, lan in lans.items()
        if name in open_to_new and isinstance(snap.observed.get(name), Seen)
    }
    kept = {d.name for d in drafts if d.name in snap.desired.deckies}
    if drafts and not reachable and len(kept) < len(drafts):
        raise no_worker(snap)
    desired = snap.desired.model_copy(update={"lans": lans})
    snap, deckies = await allocate_unclaimed(ctx, connections, snap, desired, drafts, reachable, rng)
    if options.add:
        deckies |= {draft.name: draft.kept for draft in drafts if draft.kept and draft.untouched}
    used = {decky.worker for decky in deckies.values()} | set(snap.desired.lans)
    left = {name: lan for name, lan in lans.items() if name in used}
    return snap, desired.model_copy(update={"lans": left}).with_deckies(deckies)


def with_ranges(snap: Snapshot, desired: Fleet, *, dry_run: bool) -> Proposal:
    """The proposal, with one question per LAN whose whole range will be used: is it outside of DHCP? A dry
    run does not ask."""
    used = desired.placed
    lans = {name: lan for name, lan in desired.lans.items() if name in used}
    open_ranges = () if dry_run else unconfirmed_subnets(lans, desired.confirmed)
    confirmed = tuple(sorted({*desired.confirmed, *open_ranges}))
    return Proposal(
        snap.with_desired(desired.model_copy(update={"confirmed": confirmed})),
        questions=tuple(_question(subnet) for subnet in open_ranges),
    )


def _question(subnet: str) -> Question:
    return Question(
        f"Addresses will be taken from all of {subnet}. Is that range outside of DHCP?",
        f"which addresses of {subnet} are free is not known",
        "specify them: --ip-start ADDRESS, or addresses.use in the fleet file",
    )
