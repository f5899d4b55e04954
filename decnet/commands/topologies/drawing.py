"""`decnet topology graph|walk|diff`: topologies as pictures, and compared."""

from __future__ import annotations

from collections.abc import Iterator

from decnet.commands.topologies.checks import line_of, shown
from decnet.commands.topologies.known import known, record_of, stored_fleet
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome, Verbatim
from decnet.errors import UsageError
from decnet.model.fleet import Fleet
from decnet.model.plan import FieldChange, FieldValue
from decnet.model.suggest import suggest
from decnet.model.topology import Design, Topology
from decnet.plan.topologies.diff import Difference, differences
from decnet.plan.topologies.graph import Format
from decnet.plan.topologies.graph import graph as picture_of
from decnet.plan.topologies.walk import ATTACKER
from decnet.plan.topologies.walk import walk as walked
from decnet.store.topologies import TopologyTable
from decnet.wire import clean

APPLIED = "applied"
SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def graph(ctx: Context, name: str, form: Format) -> Verbatim:
    """A topology as a picture."""
    return Verbatim(picture_of(known(stored_fleet(ctx), name).design, form, name))


def walk(ctx: Context, name: str, start: str | None = None) -> TextOutcome:
    """Which LAN is reached how, from the attacker or from a decky. Raises UsageError for an unknown decky."""
    design = known(stored_fleet(ctx), name).design
    try:
        lines, found = walked(design, start or ATTACKER)
    except KeyError:
        near = suggest(start or "", [each.name for each in design.deckies])
        hint = f"did you mean {near!r}?" if near else f"decnet topology show {name} lists them"
        raise UsageError(f"{name} has no decky {clean(start or '', 60)!r}", hint=hint) from None
    document = {"name": name, "from": start or ATTACKER, "tree": lines, "findings": list(shown(found))}
    return TextOutcome((*lines, *map(line_of, found)), document)


def diff(ctx: Context, one: str, other: str) -> TextOutcome:
    """How the content of one topology differs from another's, or from the one that is in force on its worker
    (`applied`). The exit code is 3 if it does."""
    fleet = stored_fleet(ctx)
    left = known(fleet, one)
    before, after, former = _sides(ctx, fleet, left, other)
    found = differences(before, after, ctx.catalog)
    document = {
        "name": one,
        "from": former,
        "to": one if other == APPLIED else other,
        "differences": [
            {**each._asdict(), "changes": [change._asdict() for change in each.changes]} for each in found
        ],
    }
    lines = tuple(line for each in found for line in _lines(each)) or ("no difference",)
    return TextOutcome(lines, document, exit_code=3 if found else 0)


def _sides(ctx: Context, fleet: Fleet, left: Topology, other: str) -> tuple[Design, Design, str]:
    """The designs before and after, and what the first one is."""
    if other != APPLIED:
        return left.design, known(fleet, other).design, left.name
    record, former = record_of(ctx, left), TopologyTable(ctx.home).former().get(left.id)
    if former is not None:
        return former.topology.design, left.design, f"version {former.topology.version}"
    if record.applied_version != left.version:
        raise UsageError(
            f"{left.name}: version {left.version} was never in force on a worker",
            hint=f"decnet topology deploy {left.name}",
        )
    return left.design, left.design, f"version {left.version}"


def _lines(each: Difference) -> Iterator[str]:
    noun = {"lan": "LAN"}.get(each.noun, each.noun)
    yield f"{SIGNS[each.kind]} {noun} {each.name}: {each.kind}"
    yield from map(_change, each.changes)


def _change(change: FieldChange) -> str:
    return f"    {change.field}: {_value(change.old)} -> {_value(change.new)}"


def _value(value: FieldValue) -> str:
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return clean(" ".join(value), 200) or "none"
    return clean(value, 200) if isinstance(value, str) else str(value).lower()
