"""A plan as text: the steps, their deckies and the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet.console.steps import change_lines, detailed_lines, step_line
from decnet.console.text import cell
from decnet.model.counted import counted

if TYPE_CHECKING:
    from decnet.model.plan import Plan


def plan_lines(plan: Plan, width: int = 0) -> list[str]:
    """Each step with its details, then strays, skipped and unknown, then a count. Details are folded at
    `width` columns; 0: they are not."""
    if plan.is_empty and not (plan.strays or plan.skipped or plan.unknown or plan.edits):
        return [f"nothing to do, {counted(plan.kept, 'decky')} unchanged", *upgrade_lines(plan)]
    lines = [line for step in plan.steps for line in detailed_lines(step, width)]
    lines += edit_lines(plan)
    listed, more = plan.listed_strays
    lines += [step_line(step, "?") + " (--prune removes it)" for step in listed]
    lines += [
        f"? {counted(number, 'more stray', 'more strays')} on {worker}" for worker, number in more.items()
    ]
    lines += slice_lines(plan)
    lines += [f"! {cell(s.label)} on {s.worker}: skipped, {cell(s.reason)}" for s in plan.skipped]
    lines += [f"? {worker}: unknown, left as it is: {cell(why)}" for worker, why in plan.unknown.items()]
    return [*lines, *upgrade_lines(plan), *_seed_lines(plan), tally(plan)]


def edit_lines(plan: Plan) -> list[str]:
    """What changes of deckies whose containers stay as they are."""
    lines = []
    for key, changes in plan.edits.items():
        lines += [f"~ {key.named(plan.topologies)}: no container changes", *change_lines(changes)]
    return lines


def slice_lines(plan: Plan) -> list[str]:
    """One line per worker whose slice is out of date."""
    return [
        f"~ {key.named(plan.topologies)} is out of date and will be re-synced: {cell(str(drift))}"
        for key, drift in plan.slices.items()
    ]


def upgrade_lines(plan: Plan) -> list[str]:
    """One line for the deckies that keep older images."""
    if not plan.upgrades:
        return []
    where = ", ".join(f"{count} on {worker}" for worker, count in plan.upgrades.items())
    total = counted(sum(plan.upgrades.values()), "decky")
    return [f"upgrade pending: {total} of older images ({where}); decnet image upgrade"]


def _seed_lines(plan: Plan) -> list[str]:
    """How to repeat the random choices of a plan that changes anything."""
    return [] if plan.seed is None or not plan.steps else [f"random choices: --seed {plan.seed} repeats them"]


def tally(plan: Plan) -> str:
    """`plan: 2 create, 1 heal, 3 unchanged`."""
    counts: dict[str, int] = {}
    for step in plan.steps:
        counts[step.bucket] = counts.get(step.bucket, 0) + 1
    parts = [f"{count} {bucket}" for bucket, count in sorted(counts.items())]
    workers = counted(len(plan.slices), "worker")
    parts += [f"{workers} to re-sync"] if plan.slices else []
    parts += [f"{len(plan.edits)} edited"] if plan.edits else []
    unchanged = plan.kept - len(plan.edits)
    parts += [f"{unchanged} unchanged"] if unchanged > 0 else []
    return "plan: " + (", ".join(parts) or "nothing to do")
