"""The steps of a plan as text: one line each, or with what the decky is and what changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet.console.text import cell, folded
from decnet.model.values import HIDDEN, OTHER_HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from decnet.model.plan import Details, FieldChange, FieldValue, Plan, Step

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
INDENT = "    "
NAMES = {"mac": "MAC", "os": "OS", "mutate_interval": "mutate interval", "core": "core services",
         "side": "side services"}  # fmt: skip


def step_lines(plan: Plan, most: int) -> list[str]:
    """One line per step, the first `most` of them."""
    left = len(plan.steps) - most
    lines = [step_line(step) for step in plan.steps[:most]]
    return [*lines, f"and {left} more"] if left > 0 else lines


def step_line(step: Step, sign: str | None = None) -> str:
    """A step on one line: `+ web-01 on w1: create, new in the fleet: 192.0.2.7, ...`."""
    shown = f": {', '.join(_identity(step.details))}" if step.details and step.bucket == "create" else ""
    return _head(step, step.reason, sign) + shown


def detailed_lines(step: Step, width: int) -> Iterator[str]:
    """A step with its decky and, field by field, what changes. Folded at `width` columns; 0: not."""
    has_fields = step.bucket == "change" and step.changes
    yield _head(step, "" if has_fields else step.reason)
    if step.details is not None:
        yield from _folded(_identity(step.details), width)
        yield from _folded(_services(step.details), width)
    yield from change_lines(step.changes)


def change_lines(changes: Iterable[FieldChange]) -> Iterator[str]:
    """One line per field: `address: 192.0.2.7 -> 192.0.2.8`."""
    for change in changes:
        if isinstance(change.old, tuple) and isinstance(change.new, tuple):
            yield f"{INDENT}{_name(change.field)}: {_added_and_removed(change.old, change.new)}"
        else:
            yield f"{INDENT}{_name(change.field)}: {_value(change.old)} -> {_value(change.new)}"


def _head(step: Step, reason: str, sign: str | None = None) -> str:
    where = "" if step.worker == "local" else f" on {step.worker}"
    why = f", {cell(reason)}" if reason else ""
    return f"{sign or SIGNS.get(step.bucket, ' ')} {cell(step.label)}{where}: {step.bucket}{why}"


def _identity(details: Details) -> list[str]:
    kind = [details.archetype] if details.archetype else []
    system = f"{details.os} ({details.release})"
    return [details.address, details.mac, details.hostname, *(cell(each) for each in (system, *kind))]


def _services(details: Details) -> list[str]:
    """Each service with its settings: `http (title "Example Ltd")`."""
    found = []
    for name, settings in details.services.items():
        shown = ", ".join(f"{key}={_value(value)}" for key, value in settings.items())
        found.append(cell(f"{name} ({shown})" if shown else name))
    return found


def _folded(parts: list[str], width: int) -> list[str]:
    return folded(INDENT + ", ".join(parts), 2 * len(INDENT), width)


def _added_and_removed(old: tuple[str, ...], new: tuple[str, ...]) -> str:
    added = [f"+{cell(name)}" for name in new if name not in old]
    removed = [f"-{cell(name)}" for name in old if name not in new]
    return " ".join([*added, *removed]) or _value(new)


def _name(field: str) -> str:
    return NAMES.get(field, cell(field))


def _value(value: FieldValue) -> str:
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return cell(" ".join(value)) or "none"
    if isinstance(value, str) and value not in (HIDDEN, OTHER_HIDDEN):
        return cell(value) if value and not set(value) & set(' ",') else f'"{cell(value)}"'
    return value if isinstance(value, str) else str(value).lower()
