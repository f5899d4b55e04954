"""A plan as text: the steps, their deckies and the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet.console.text import cell, counted

if TYPE_CHECKING:
    from decnet.model.plan import Plan, Step

SIGNS = {
    "create": "+",
    "revive": "+",
    "change": "~",
    "heal": "~",
    "remove": "-",
    "yield": "-",
    "forget": "-",
    "stray": "-",
    "adopt": ".",
    "refresh": ".",
}


def plan_lines(plan: Plan) -> list[str]:
    """One line per step, then strays, skipped and unknown, then a count."""
    if plan.is_empty and not (plan.strays or plan.skipped or plan.unknown):
        return [f"nothing to do, {counted(plan.kept, 'decky')} unchanged", *upgrade_lines(plan)]
    lines = step_lines(plan, len(plan.steps))
    listed, more = plan.listed_strays
    lines += [_line("?", step) + " (--prune removes it)" for step in listed]
    lines += [
        f"? {counted(number, 'more stray', 'more strays')} on {worker}" for worker, number in more.items()
    ]
    lines += slice_lines(plan)
    lines += [f"! {cell(s.decky)} on {s.worker}: skipped, {cell(s.reason)}" for s in plan.skipped]
    lines += [f"? {worker}: unknown, left as it is: {cell(why)}" for worker, why in plan.unknown.items()]
    return [*lines, *upgrade_lines(plan), tally(plan)]


def step_lines(plan: Plan, most: int) -> list[str]:
    """One line per step, the first `most` of them."""
    left = len(plan.steps) - most
    lines = [_line(SIGNS.get(step.bucket, " "), step) for step in plan.steps[:most]]
    return [*lines, f"and {left} more"] if left > 0 else lines


def slice_lines(plan: Plan) -> list[str]:
    """One line per worker whose slice is out of date."""
    return [
        f"~ {key} is out of date and will be re-synced: {cell(str(drift))}"
        for key, drift in plan.slices.items()
    ]


def upgrade_lines(plan: Plan) -> list[str]:
    """One line for the deckies that keep older images."""
    if not plan.upgrades:
        return []
    where = ", ".join(f"{count} on {worker}" for worker, count in plan.upgrades.items())
    total = counted(sum(plan.upgrades.values()), "decky")
    return [f"upgrade pending: {total} of older images ({where}); decnet image upgrade"]


def _line(sign: str, step: Step) -> str:
    where = "" if step.worker == "local" else f" on {step.worker}"
    return f"{sign} {cell(step.decky)}{where}: {step.bucket}, {cell(step.reason)}"


def tally(plan: Plan) -> str:
    """`plan: 2 create, 1 heal, 3 unchanged`."""
    counts: dict[str, int] = {}
    for step in plan.steps:
        counts[step.bucket] = counts.get(step.bucket, 0) + 1
    parts = [f"{count} {bucket}" for bucket, count in sorted(counts.items())]
    workers = counted(len(plan.slices), "worker")
    parts += [f"{workers} to re-sync"] if plan.slices else []
    parts += [f"{plan.kept} unchanged"] if plan.kept else []
    return "plan: " + (", ".join(parts) or "nothing to do")
