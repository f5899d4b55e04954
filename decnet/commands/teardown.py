"""`decnet teardown`: removes deckies of the fleet by name, or all of them and all topologies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from decnet.commands.wording import listed
from decnet.engine.context import Context
from decnet.engine.decide import Proposal
from decnet.engine.once import Once
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.run_pass import run_pass, without_observation
from decnet.engine.snapshot import Snapshot
from decnet.errors import UsageError
from decnet.plan.select import Groups, refuse_topologies, refuse_topology_names, select_deckies
from decnet.plan.topologies.place import without_placed
from decnet.wire import PROJECT


async def teardown(
    ctx: Context, names: Sequence[str], options: PassOptions, *, everything: bool = False
) -> PassOutcome:
    """Remove the named deckies from desired and from their workers; `everything` also takes the networks."""
    if everything == bool(names):
        raise UsageError("specify deckies, or --all")

    once = Once(ctx)

    def proposal(snap: Snapshot) -> Proposal:
        if everything:
            return _everything(snap)
        known = _known(snap)
        refuse_topology_names(snap.desired.topologies, known, names, "teardown")
        refuse_topologies(known, snap.desired.every_group(), names)
        gone = set(select_deckies(known, names))
        before = sorted(gone - {*snap.desired.deckies, *snap.desired.away, *_recorded(snap)})
        if before:
            once.note(f"{listed(before)}: not in the fleet any more")
        left = {name: decky for name, decky in snap.desired.deckies.items() if name not in gone}
        away = {name: each for name, each in snap.desired.away.items() if name not in gone}
        return Proposal(
            snap.with_desired(snap.desired.with_deckies(left).model_copy(update={"away": away})),
            requested_removals=len(gone & {*snap.desired.deckies, *_recorded(snap)}),
        )

    return await run_pass(
        ctx, "teardown", without_observation(proposal), replace(options, remove_networks=everything)
    )


def _known(snap: Snapshot) -> Groups:
    """The names that may be given: desired deckies, recorded ones (a killed teardown leaves them), and
    removed ones, so that repeating a teardown is not an error."""
    rows = {
        row.decky for records in snap.recorded.values() for row in records.lifecycle if row.project == PROJECT
    }
    names = [*_recorded(snap), *rows, *snap.desired.away]
    return {**dict.fromkeys(names, ()), **snap.desired.groups()}


def _recorded(snap: Snapshot) -> set[str]:
    return {name for records in snap.recorded.values() for name in records.of().deckies}


def _everything(snap: Snapshot) -> Proposal:
    """Without any decky, those of topologies too. `--all` names the desired and recorded ones, not strays."""
    left = snap.desired.with_deckies({}).model_copy(update={"away": {}})
    left = without_placed(
        left, [name for name, each in left.topologies.items() if each.project in left.projects]
    )
    named = {(project, name) for project, name, _ in snap.desired.every_decky()}
    named |= {(project, row.name) for each in snap.recorded.values() for project, row in each.rows()}
    return Proposal(snap.with_desired(left), requested_removals=len(named), ends_rollout="cancel")
