"""`decnet teardown`: take deckies off the LAN, by name or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from decnet.commands.chosen import chosen
from decnet.commands.walk import WalkOptions, walk
from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.outcome import PassOutcome
from decnet.engine.situation import Situation, commit, load, look
from decnet.errors import DecnetError, UsageError, worst
from decnet.store.desired import load_fleet, save_fleet
from decnet.store.records import Records

SWEEP_SECONDS = 10.0
"""How long a network may take to go; what is left then goes with the next `teardown --all`."""


async def teardown(
    ctx: Context, names: Sequence[str], options: WalkOptions, *, everything: bool = False
) -> PassOutcome:
    """Remove the named deckies from desired and from their workers; `everything` also takes the networks."""
    if everything == bool(names):
        raise UsageError("say which deckies, or --all")
    with ctx.lock(looks=options.looks):
        situation = load(ctx)
        gone = set(situation.desired.deckies) if everything else set(chosen(_known(situation), names))
        left = {n: d for n, d in situation.desired.deckies.items() if n not in gone}
        asked = replace(options, asked=_count(situation, gone, everything))
        async with ctx.links(situation.desired.fleet_id) as links:
            situation = await look(
                ctx, links, situation, situation.workers.values(), replaces=options.replaces
            )
            desired = situation.desired.with_deckies(left)
            outcome = await walk(ctx, links, situation, desired, "teardown", asked)
            if everything and outcome.carried_out and not options.detach:
                outcome = await _sweep_networks(ctx, links, situation, outcome)
            return outcome


def _known(situation: Situation) -> set[str]:
    """What may be named: what is described, what is recorded (a killed teardown left it), and what was torn
    down before, so that the same again is no error."""
    rows = {row.decky for records in situation.recorded.values() for row in records.lifecycle}
    return {*situation.desired.deckies, *_recorded(situation), *rows}


def _recorded(situation: Situation) -> set[str]:
    return {name for records in situation.recorded.values() for name in records.deckies}


def _count(situation: Situation, gone: set[str], everything: bool) -> int:
    """How many removals the user named. `--all` names those that are desired, not what nobody knows of."""
    recorded = _recorded(situation)
    return len(gone | recorded) if everything else len(gone & {*situation.desired.deckies, *recorded})


async def _sweep_networks(
    ctx: Context, links: Links, situation: Situation, outcome: PassOutcome
) -> PassOutcome:
    """Let every worker that carried out its part remove our network and forget its slice, and forget its
    LAN here: it is what says that there may be something left to take away."""
    failed = {trouble.worker for trouble in outcome.troubles}
    failed |= {o.worker for o in outcome.outcomes if o.status != "succeeded"}
    clean = [w for name, w in situation.workers.items() if name not in failed]
    needing = [w for w in clean if w.name in situation.desired.lans]
    generations = {w.name: situation.recorded[w.name].generation + 1 for w in needing}
    for worker in needing:
        records = situation.recorded[worker.name]
        situation.recorded[worker.name] = records.model_copy(update={"generation": generations[worker.name]})
        Records(ctx.home).save(situation.recorded[worker.name])
    answers = await links.each(
        needing,
        lambda client: client.teardown(ctx.identifier(), generations[client.worker], wait=SWEEP_SECONDS),
    )
    swept = {n for n, each in answers.items() if not isinstance(each, DecnetError) and each.state == "done"}
    _forget_lans(ctx, swept)
    # What they hold now is recorded, so that the same again has nothing to learn.
    commit(ctx, await look(ctx, links, situation, needing))
    codes = [answer.exit_code for answer in answers.values() if isinstance(answer, DecnetError)]
    for name, answer in answers.items():
        if isinstance(answer, DecnetError):
            ctx.warn(answer.message, name)
    return replace(outcome, exit_code=worst([outcome.exit_code, *codes]))


def _forget_lans(ctx: Context, swept: set[str]) -> None:
    fleet = load_fleet(ctx.home)
    if fleet is not None:
        left = {name: lan for name, lan in fleet.lans.items() if name not in swept or fleet.on(name)}
        save_fleet(ctx.home, fleet.model_copy(update={"lans": left}))
