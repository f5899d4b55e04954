"""A plan as plain JSON values: what a reviewed plan is compared by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decnet.model.plan import Plan, Step


def plan_document(plan: Plan) -> dict[str, Any]:
    """Everything that the plan would do, and what it leaves out. Two plans with equal documents do the same:
    a record has the fingerprints of all containers of its decky."""
    return {
        "steps": [_step(step) for step in plan.steps],
        "edits": [
            [*key, [_listed(change) for change in changes]] for key, changes in sorted(plan.edits.items())
        ],
        "slices": [[*key, drift.word] for key, drift in sorted(plan.slices.items())],
        "skipped": sorted([each.worker, each.project, each.decky] for each in plan.skipped),
        "unknown": sorted(plan.unknown),
    }


def difference(reviewed: dict[str, Any], now: dict[str, Any]) -> str:
    """The first difference of two such documents, in words; "" if they are equal."""
    if reviewed == now:
        return ""
    before, after = _by_key(reviewed), _by_key(now)
    for key in sorted({*before, *after}):
        if key not in after:
            return f"{key[-1]}: the step of the plan is not needed any more"
        if key not in before:
            return f"{key[-1]}: a step is needed that is not in the plan ({after[key]['bucket']})"
        fields = [name for name in after[key] if before[key].get(name) != after[key][name]]
        if fields:
            return f"{key[-1]}: its step differs ({', '.join(fields)})"
    parts = [name for name in now if reviewed.get(name) != now[name]]
    return f"the plan differs ({', '.join(parts) or 'it is not complete'})"


def _step(step: Step) -> dict[str, Any]:
    details = step.details
    return {
        "worker": step.worker,
        "project": step.project,
        "decky": step.decky,
        "bucket": step.bucket,
        "reason": step.reason,
        "phase": step.phase,
        "details": {**details._asdict()} if details else None,
        "changes": [_listed(change) for change in step.changes],
        "remove": [[target.name, target.id] for target in step.remove],
        "up": list(step.up),
        "start": list(step.start),
        "after": [list(key) for key in step.after],
        "record": step.record,
        "row": step.row.model_dump(mode="json") if step.row else None,
    }


def _listed(change: tuple[Any, ...]) -> list[Any]:
    return [list(each) if isinstance(each, tuple) else each for each in change]


def _by_key(document: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The steps by phase, worker, project and decky. A file's document may have any shape."""
    steps = document.get("steps")
    found = {}
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict):
            key = tuple(str(step.get(name)) for name in ("phase", "worker", "project", "decky"))
            found[key] = step
    return found
