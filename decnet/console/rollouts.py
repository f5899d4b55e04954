"""Rollouts in the report of a pass, and before it is confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from decnet.console.text import cell
from decnet.model.counted import counted
from decnet.model.rollout_values import duration_text
from decnet.plan.rollout_view import event_text, is_news, named, needs_operator, next_step, status_line

if TYPE_CHECKING:
    from decnet.engine.outcome import RolloutView
    from decnet.plan.rollout import Preview

MOST_MOVES = 20
MOST_WAITING = 5


def rollout_lines(view: RolloutView, verb: str, *, quiet: bool = False, could: bool = False) -> list[str]:
    """The rollout after a pass: what moved, why units wait whose turn it is, and what the operator can do.
    A quiet pass reports only what moved; one that `could` and did not, what it would move and release."""
    moves = [event for event in view.events if is_news(event)]
    if quiet and not moves:
        return []
    ready = [f"  {named(view.releasable)}: could be released now"] if could and view.releasable else []
    below = [f"  {cell(line)}" for line in _below(view, quiet=quiet)]
    # A reconcile need not name itself.
    hint = needs_operator(view.rollout) if verb == "reconcile" else next_step(view.rollout)
    after = "after a pass, " if could and moves else ""
    return [cell(after + status_line(view.rollout)), *ready, *below, *([f"  hint: {hint}"] if hint else [])]


def _below(view: RolloutView, *, quiet: bool) -> Iterator[str]:
    moves = [event for event in view.events if is_news(event)]
    for event in moves[:MOST_MOVES]:
        yield event_text(event) + (f" ({event.reason})" if event.reason else "")
    if len(moves) > MOST_MOVES:
        yield f"and {counted(len(moves) - MOST_MOVES, 'more move')}: decnet rollout trace {view.rollout.id}"
    if not quiet and view.rollout.state.status == "running":
        # That a unit is in a later wave needs no line of its own.
        waiting = [
            f"{unit} waits: {why}" for unit, why in view.waiting.items() if not why.startswith("wave:")
        ]
        yield from waiting[:MOST_WAITING]
        if len(waiting) > MOST_WAITING:
            yield f"and {counted(len(waiting) - MOST_WAITING, 'more unit')}: decnet rollout show"


def preview_lines(preview: Preview) -> list[str]:
    """How a rollout would go out."""
    return [cell(line) for line in _preview(preview)]


def _preview(preview: Preview) -> Iterator[str]:
    yield f"rollout: {counted(preview.units, 'unit')} in {counted(len(preview.waves), 'wave')}"
    for wave in preview.waves:
        base = f" ({wave.base})" if wave.base else ""
        yield f"  wave {wave.number}: {named(wave.units)}{base}"
    yield f"  in flight at once: {preview.in_flight.base}"
    yield f"  failures accepted: {preview.failures.base}"
    yield f"  ends {duration_text(preview.earliest_end)} after its beginning at the earliest"
