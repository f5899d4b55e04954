"""`decnet topology mutate|mutations`: change a topology by operations, as one change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from decnet.commands.deploy import with_ranges
from decnet.commands.topologies.checks import refuse_invalid, surroundings
from decnet.commands.topologies.deploy import refuse_leaving
from decnet.commands.topologies.known import known, record_of, stored_fleet, with_topology
from decnet.commands.topologies.placing import place
from decnet.commands.userfile import display_name, read_bytes
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Intent, Proposal
from decnet.engine.options import PassOptions
from decnet.engine.outcome import Listing, PassOutcome, TextOutcome
from decnet.engine.run_pass import Propose, run_pass
from decnet.engine.snapshot import Snapshot
from decnet.errors import UsageError
from decnet.model.topology import Topology
from decnet.plan.topologies.diff import differences
from decnet.plan.topologies.hashing import content_hash
from decnet.plan.topologies.mutations import open_row
from decnet.plan.topologies.operation_shapes import checked
from decnet.plan.topologies.operations import changed
from decnet.plan.topologies.topologyfile import read_operations
from decnet.wire import clean

MOST_NAMED = 10
"""LANs and deckies of a change that are named."""

MOST_SHOWN = 3
"""Operations of a mutation that a table names."""


@dataclass(frozen=True)
class TopologyMutateOptions:
    """The operations, which are one change; `expected_version` is the version that they were made for."""

    operations: tuple[dict[str, Any], ...]
    expected_version: int | None = None
    run: PassOptions = PassOptions()


async def mutate(ctx: Context, name: str, options: TopologyMutateOptions) -> PassOutcome | TextOutcome:
    """Change a topology; only what the operations touch is changed on its worker. If that fails there, the
    topology is what it was before.

    Raises SpecError or UsageError (exit 2), before anything is changed, for operations that do not fit.
    """
    seed = ctx.new_seed()
    shown: set[str] = set()
    made: list[Topology] = []

    def change(stored: Snapshot) -> Propose:
        ctx.catalog.check_readable()
        before = known(stored.desired, name)
        _check(ctx, before, options)

        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            after = _changed(ctx, snap, before, options)
            if not made:
                made.append(after)
                ctx.note(f"version {after.version}: {_difference(ctx, before, after)}")
            refuse_invalid(ctx, snap, after, before.worker, shown)
            intent = Intent(name, options.operations)
            if before.project not in snap.desired.projects:
                return Proposal(snap.with_desired(with_topology(snap.desired, after)), intent=intent)
            snap, desired = await place(ctx, connections, snap, after, str(before.worker), Random(seed))
            proposal = with_ranges(snap, desired, dry_run=options.run.dry_run)
            removed = _names(before) - _names(after)
            return replace(proposal, requested_removals=len(removed), intent=intent)

        return propose

    outcome = await run_pass(ctx, "topology mutate", change, replace(options.run, facts=True))
    if outcome.plan.is_empty and made and made[0].project not in stored_fleet(ctx).projects:
        return _described(made[0], outcome, dry_run=options.run.dry_run)
    return outcome


def _described(topology: Topology, outcome: PassOutcome, *, dry_run: bool) -> TextOutcome:
    """The change of a topology that is not deployed."""
    stored = "would be stored" if dry_run else "is stored"
    line = f"{topology.name}: version {topology.version} {stored}; it is not deployed"
    document = {"name": topology.name, "version": topology.version, "stored": not dry_run}
    return TextOutcome((line,), document, outcome.exit_code)


def mutations(ctx: Context, name: str) -> Listing:
    """The mutations of a topology, the newest last."""
    found = record_of(ctx, known(stored_fleet(ctx), name)).mutations
    rows = tuple((str(row.version), row.state, _summary(row.operations), row.reason) for row in found)
    return Listing(
        "mutations",
        ("version", "state", "operations", "reason"),
        rows,
        tuple({"name": str(row.version), **row.model_dump(mode="json")} for row in found),
        empty=f"{name} was never mutated",
        more_columns=("start", "end", "id"),
        more_cells=tuple((_time(row.created), _time(row.ended), row.id) for row in found),
    )


def read(words: Sequence[str], file: Path | None) -> tuple[dict[str, Any], ...]:
    """The operations of the command line, or of a file. Raises SpecError with the file's mistakes."""
    if (file is None) == (not words):
        raise UsageError("specify operations, or a file of them (-f)", hint="decnet topology mutate --help")
    return checked(parsed(words)) if file is None else read_operations(read_bytes(file), display_name(file))


def parsed(words: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """The operations of a command line: `add_lan name=lab attach_decky name=gate lan=lab`.
    Raises UsageError for a value in front of the first operation."""
    found: list[dict[str, Any]] = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            found.append({"op": key})
        elif not found:
            raise UsageError(
                f"{clean(key, 60)!r} is in front of the first operation",
                hint="for example add_lan name=lab attach_decky name=gate lan=lab",
            )
        else:
            _put(found[-1], key, value)
    return tuple(found)


def _put(operation: dict[str, Any], key: str, value: str) -> None:
    """One value: a list for services, true or false for flags; `settings.ssh.motd=hello` is nested."""
    into = operation
    *outer, last = key.split(".")
    for part in outer:
        into = into.setdefault(part, {})
        if not isinstance(into, dict):
            raise UsageError(f"{clean(key, 60)}: {clean(part, 40)} has a value already")
    if last in into:
        raise UsageError(f"{clean(key, 60)} is given twice")
    if key == "services":
        into[last] = [name.strip() for name in value.split(",") if name.strip()]
    elif value in ("true", "false"):
        into[last] = value == "true"
    else:
        into[last] = int(value) if outer and value.isdigit() and len(value) < 16 else value


def _names(topology: Topology) -> set[str]:
    return {each.name for each in topology.design.deckies}


def _check(ctx: Context, topology: Topology, options: TopologyMutateOptions) -> None:
    refuse_leaving(ctx, topology)
    expected = options.expected_version
    if expected is not None and expected != topology.version:
        raise UsageError(
            f"{topology.name} has version {topology.version}, not {expected}: it was changed meanwhile",
            hint=f"decnet topology mutations {topology.name} shows by what",
        )
    row = open_row(record_of(ctx, topology))
    if row is not None and row.version <= topology.version:
        raise UsageError(
            f"{topology.name}: the mutation to version {row.version} is not finished "
            f"({row.reason or row.state})",
            hint="decnet reconcile finishes it",
        )


def _changed(ctx: Context, snap: Snapshot, before: Topology, options: TopologyMutateOptions) -> Topology:
    around = surroundings(snap, before, before.worker)
    design = changed(before.design, options.operations, ctx.catalog, around)
    if content_hash(design) == content_hash(before.design):
        raise UsageError(f"{before.name} is like that already: nothing would change")
    return before.model_copy(update={"design": design, "version": before.version + 1})


def _difference(ctx: Context, before: Topology, after: Topology) -> str:
    """What the operations change in the design, in short."""
    found = differences(before.design, after.design, ctx.catalog)
    shown = [f"{each.noun.replace('lan', 'LAN')} {each.name} {each.kind}" for each in found[:MOST_NAMED]]
    more = [f"{len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
    return ", ".join([*shown, *more])


def _summary(operations: Sequence[dict[str, Any]]) -> str:
    shown = [f"{each.get('op')} {each.get('name', '')}".strip() for each in operations[:MOST_SHOWN]]
    more = len(operations) - MOST_SHOWN
    return clean(", ".join([*shown, *([f"{more} more"] if more > 0 else [])]), 200)


def _time(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
