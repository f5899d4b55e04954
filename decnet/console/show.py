"""Outcomes on stdout: a table for people, JSON or names for scripts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from decnet.console.documents import document, dumps, lines, names
from decnet.console.plans import plan_lines, slice_lines, upgrade_lines
from decnet.console.prompts import print_error
from decnet.console.steps import step_lines
from decnet.console.tables import print_table
from decnet.console.text import aligned, cell, folded, reason, terminal_width
from decnet.console.yaml_text import yaml_text
from decnet.engine.outcome import (
    Listing,
    Outcome,
    PassOutcome,
    Sheet,
    StatusOutcome,
    TextOutcome,
    Verbatim,
    widened,
)
from decnet.engine.progress import StepDone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from decnet.errors import WorkerFailure
    from decnet.model.plan import Plan

MOST_STEPS = 20
"""Steps that a quiet pass lists afterwards, because it did not show its plan."""

Format = Literal["table", "wide", "json", "jsonl", "yaml", "name"]


def show(outcome: Outcome, style: Format) -> None:
    """Print an outcome in the requested format, and on stderr why a run would be refused."""
    if isinstance(outcome, Verbatim):
        sys.stdout.write(outcome.text)
    elif style == "json":
        print(dumps(document(outcome)))
    elif style == "yaml":
        sys.stdout.write(yaml_text(document(outcome)))
    elif style == "jsonl":
        _print_lines([dumps(value) for value in lines(outcome)])
    elif style == "name":
        _print_lines([cell(name) for name in names(outcome)])
    else:
        _show_table(widened(outcome) if style == "wide" else outcome)
    sys.stdout.flush()
    if isinstance(outcome, PassOutcome) and outcome.refusal:
        print_error(outcome.refusal, style)


def clear_screen() -> None:
    """Clear the screen of a terminal; in a pipe the rounds follow each other."""
    if sys.stdout.isatty():
        print("\x1b[2J\x1b[H", end="")


def _print_notes(notes: Iterable[str]) -> None:
    """Sentences, on a terminal broken between words."""
    width = terminal_width(sys.stdout)
    for note in notes:
        _print_lines(folded(cell(note), 4, width))


def _print_lines(texts: list[str]) -> None:
    for text in texts:
        print(text)


def _show_table(outcome: Outcome) -> None:
    if isinstance(outcome, PassOutcome):
        _print_lines(_pass_lines(outcome))
    elif isinstance(outcome, StatusOutcome):
        _show_listing(outcome.workers)
        print()
        _show_listing(outcome.deckies)
        if outcome.topologies is not None:
            print()
            _show_listing(outcome.topologies)
        _print_notes(_rollout_of_status(outcome))
        _print_notes(outcome.faults)
        _print_notes([f"drift: {note}" for note in outcome.notes])
        _print_notes([f"hint: {outcome.repair}"] if outcome.repair else [])
        if outcome.unsaved:
            print(outcome.unsaved, file=sys.stderr)
    elif isinstance(outcome, Listing):
        _show_listing(outcome)
    elif isinstance(outcome, Sheet):
        _show_sheet(outcome)
    elif isinstance(outcome, TextOutcome):
        _print_lines(list(_sentences(outcome)) or ["nothing to show"])


def _show_sheet(sheet: Sheet) -> None:
    width = terminal_width(sys.stdout)
    for line in sheet.lines:
        # What is below the first line has names in a column of 12.
        _print_lines(folded(cell(line), 12 if line.startswith(" ") else 4, width))
    for table in sheet.tables:
        print()
        _show_listing(table)
    if sheet.notes:
        print()
    _print_notes(sheet.notes)


def _sentences(outcome: TextOutcome) -> Iterable[str]:
    width = terminal_width(sys.stdout) if outcome.fold else 0
    for line in outcome.lines:
        yield from folded(cell(line), outcome.fold, width)


def _quiet_lines(plan: Plan) -> list[str]:
    """The steps, for a pass that did not show its plan."""
    return [*step_lines(plan, MOST_STEPS), *slice_lines(plan)]


def _pass_lines(outcome: PassOutcome) -> list[str]:
    plan = outcome.plan
    if outcome.declined:
        return [f"{outcome.verb}: not confirmed, nothing was changed"]
    if not outcome.carried_out:
        shown = [each for each in outcome.troubles if each.worker not in plan.unknown]
        planned = plan_lines(plan, terminal_width(sys.stdout))
        return [*planned, *_rollout_lines(outcome), *_trouble_lines(shown)]
    idle = plan.is_empty and not plan.skipped and not outcome.troubles
    if idle and outcome.quiet:
        return _rollout_lines(outcome)
    output = [f"{outcome.verb}: {outcome.summary}", *(_quiet_lines(plan) if outcome.quiet else [])]
    output += [] if outcome.quiet else upgrade_lines(plan)
    output += [
        f"{name}: accepted, continues in the background; decnet status shows its progress"
        for name in outcome.detached
    ]
    for ends in _grouped([end for end in outcome.outcomes if end.status != "succeeded"]):
        output += _failure_lines(ends)
    output += [f"{cell(s.label)} on {s.worker}: skipped, {cell(s.reason)}" for s in plan.skipped]
    output += _trouble_lines(outcome.troubles)
    if plan.strays:
        listed, more = plan.listed_strays
        names = [f"{cell(s.label)} on {s.worker}" for s in listed]
        found = ", ".join(names + [f"{number} more on {worker}" for worker, number in more.items()])
        # If pruning was refused, the failure of their worker has the hint.
        how = "" if plan.excess_strays else " (decnet reconcile --prune removes them)"
        output.append(f"strays left alone: {found}{how}")
    return output + _rollout_lines(outcome)


def _rollout_lines(outcome: PassOutcome) -> list[str]:
    """How the rollout of a dry run would go out, and the open one."""
    if outcome.rollout is None and outcome.preview is None:
        return []
    from decnet.console.rollouts import preview_lines, rollout_lines

    found = preview_lines(outcome.preview) if outcome.preview else []
    if outcome.rollout:
        could = not outcome.carried_out
        found += rollout_lines(outcome.rollout, outcome.verb, quiet=outcome.quiet, could=could)
    width = terminal_width(sys.stdout)
    return [each for line in found for each in folded(line, 6, width)]


def _rollout_of_status(outcome: StatusOutcome) -> list[str]:
    if outcome.rollout is None:
        return []
    from decnet.plan.rollout_view import next_step, status_line

    hint = next_step(outcome.rollout.rollout)
    return ["", status_line(outcome.rollout.rollout), *([f"hint: {hint}"] if hint else [])]


def _trouble_lines(troubles: Iterable[WorkerFailure]) -> list[str]:
    output = []
    for trouble in troubles:
        output.append(cell(str(trouble)))
        output += [f"  hint: {cell(trouble.hint)}"] if trouble.hint else []
    return output


def _grouped(failed: list[StepDone]) -> list[list[StepDone]]:
    """The failures of one worker that differ in nothing but the name of the decky: an engine that refuses one
    refuses all."""
    groups: dict[tuple[str, ...], list[StepDone]] = {}
    for end in failed:
        text = "\n".join([end.error, *end.log]).replace(end.decky, "")
        groups.setdefault((end.worker, end.operation, end.status, text), []).append(end)
    return list(groups.values())


def _failure_lines(ends: list[StepDone]) -> list[str]:
    """How deckies failed for one reason, and the last lines of the first one's container's log."""
    end = ends[0]
    names = ", ".join(cell(each.label) for each in ends[:MOST_STEPS])
    more = f" and {len(ends) - MOST_STEPS} more" if len(ends) > MOST_STEPS else ""
    start = f"{names}{more} on {end.worker}: {end.operation} {end.status}"
    first = f"{start}: {reason(end.error)}" if end.error else start
    return [first, *(f"    | {cell(line)}" for line in end.log)]


def _show_listing(listing: Listing) -> None:
    if not listing.rows:
        print(listing.empty)
    elif sys.stdout.isatty():
        print_table(listing)
    else:
        _print_lines(aligned(listing.columns, listing.rows))
    _print_notes(listing.notes)
