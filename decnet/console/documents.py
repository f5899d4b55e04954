"""Outcomes as JSON documents for scripts: the same keys whatever the terminal shows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeGuard

from decnet.engine.outcome import Listing, Outcome, PassOutcome, Sheet, StatusOutcome, TextOutcome, Verbatim
from decnet.errors import DecnetError, SpecError

if TYPE_CHECKING:
    from decnet.engine.outcome import RolloutView
    from decnet.model.keys import DeckyKey
    from decnet.model.plan import Plan, Step
    from decnet.plan.rollout import Preview


def dumps(document: Any) -> str:
    """JSON on one line, ASCII only, so that nothing in it can steer a terminal."""
    return json.dumps(document, ensure_ascii=True)


def document(outcome: Outcome) -> Any:
    """The whole outcome as one JSON value."""
    if isinstance(outcome, PassOutcome):
        return _pass(outcome)
    if isinstance(outcome, StatusOutcome):
        return {
            "workers": list(outcome.workers.items),
            outcome.deckies.kind: list(outcome.deckies.items),
            **({"topologies": list(outcome.topologies.items)} if outcome.topologies else {}),
            **({"rollout": _rollout(outcome.rollout)} if outcome.rollout else {}),
            "drift": outcome.drift,
            "notes": list(outcome.notes),
            "faults": list(outcome.faults),
            "exit_code": outcome.exit_code,
        }
    if isinstance(outcome, Listing):
        return list(outcome.items)
    return outcome.text if isinstance(outcome, Verbatim) else outcome.document


def lines(outcome: Outcome) -> list[Any]:
    """The outcome as a list of JSON values, one per row."""
    if isinstance(outcome, PassOutcome):
        whole = _pass(outcome)
        return [*whole["steps"], *({"bucket": "edit", **edit} for edit in whole["edits"])]
    if isinstance(outcome, StatusOutcome):
        workers = [{"kind": "worker", **item} for item in outcome.workers.items]
        topologies = outcome.topologies.items if outcome.topologies else ()
        return [
            *workers,
            *({"kind": "decky", **item} for item in outcome.deckies.items),
            *({"kind": "topology", **item} for item in topologies),
            *([{"kind": "rollout", **_rollout(outcome.rollout)}] if outcome.rollout else []),
        ]
    if isinstance(outcome, Listing):
        return list(outcome.items)
    return [document(outcome)]


def names(outcome: Outcome) -> list[str]:
    """One name per row, for `xargs` and shell loops."""
    if isinstance(outcome, PassOutcome):
        return [step.label for step in outcome.plan.steps]
    if isinstance(outcome, StatusOutcome):
        return [str(item["name"]) for item in outcome.deckies.items]
    if isinstance(outcome, Listing):
        return [str(item[outcome.key]) for item in outcome.items]
    if isinstance(outcome, Sheet):
        return list(outcome.names)
    return _names_of_text(outcome) if isinstance(outcome, TextOutcome) else []


def _names_of_text(outcome: TextOutcome) -> list[str]:
    """What the sentences are about; the sentences if they are about nothing with a name."""
    facts = outcome.document
    for key in ("name", "decky"):
        if isinstance(facts.get(key), str):
            return [facts[key]]
    return list(facts["deckies"]) if isinstance(facts.get("deckies"), list) else list(outcome.lines)


def error_document(error: DecnetError) -> dict[str, Any]:
    """An error as a script reads it on stderr."""
    return {
        "code": error.code,
        "message": str(error),
        "worker": error.worker,
        "hint": error.hint,
        "retryable": error.retryable,
        "exit_code": error.exit_code,
        **({"mistakes": [mistake._asdict() for mistake in error.mistakes]} if _has_mistakes(error) else {}),
    }


def _has_mistakes(error: DecnetError) -> TypeGuard[SpecError]:
    return isinstance(error, SpecError) and bool(error.mistakes)


def _pass(outcome: PassOutcome) -> dict[str, Any]:
    ends = {end.key: end for end in outcome.outcomes}
    plan: Plan = outcome.plan
    return {
        "verb": outcome.verb,
        "carried_out": outcome.carried_out,
        "exit_code": outcome.exit_code,
        "kept": plan.kept,
        "seed": plan.seed,
        "steps": [_step(step, ends) for step in plan.steps],
        "edits": [
            {**key._asdict(), "changes": [change._asdict() for change in changes]}
            for key, changes in plan.edits.items()
        ],
        "strays": [_step(step, {}) for step in plan.strays],
        "skipped": [{**s._asdict()} for s in plan.skipped],
        "unknown": dict(plan.unknown),
        "upgrades": dict(plan.upgrades),
        "slices": {key.named(plan.topologies): str(drift) for key, drift in plan.slices.items()},
        "detached": list(outcome.detached),
        "refusal": error_document(outcome.refusal) if outcome.refusal else None,
        **({"rollout": _rollout(outcome.rollout)} if outcome.rollout else {}),
        **({"rollout_preview": _preview(outcome.preview)} if outcome.preview else {}),
        "troubles": [
            {"worker": t.worker, "message": str(t), "hint": t.hint, "exit_code": t.exit_code}
            for t in outcome.troubles
        ],
    }


def _rollout(view: RolloutView) -> dict[str, Any]:
    from decnet.plan.rollout_view import next_step, rollout_item

    return {
        **rollout_item(view.rollout),
        "moves": [event.model_dump(mode="json") for event in view.events],
        "waiting_for": dict(view.waiting),
        "releasable": list(view.releasable),
        "next": next_step(view.rollout),
    }


def _preview(preview: Preview) -> dict[str, Any]:
    limits = {"in_flight": preview.in_flight._asdict(), "failures": preview.failures._asdict()}
    return {**asdict(preview), **limits}


def _step(step: Step, ends: dict[DeckyKey, Any]) -> dict[str, Any]:
    end = ends.get(step.key)
    return {
        "worker": step.worker,
        "project": step.project,
        "topology": step.topology,
        "decky": step.decky,
        "bucket": step.bucket,
        "reason": step.reason,
        "record": step.record,
        "details": step.details._asdict() if step.details else None,
        "changes": [change._asdict() for change in step.changes],
        "containers": {
            "remove": [target.name for target in step.remove],
            "up": list(step.up),
            "start": list(step.start),
        },
        "status": end.status if end else None,
        "error": end.error if end else "",
        "log": list(end.log) if end else [],
    }
