"""The waves of a rollout, and every number of its policy after rounding."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from decnet.errors import UsageError
from decnet.model.counted import counted
from decnet.model.rollout import Policy, Unit
from decnet.wire import clean

from ..select import Selector

MOST_WAVES = 64
_NUMBER = re.compile(r"(\d{1,6})(%?)", re.ASCII)
_LIKE_NUMBER = re.compile(r"[-+.\d][-+.\deE_,]*\s*%?|\S*%", re.ASCII)


class Size(NamedTuple):
    """A number of units, and how it results."""

    units: int
    base: str


def waves_of(
    policy: Policy, units: Mapping[str, Unit], tags: Mapping[str, Sequence[str]], seed: int
) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The units of each wave in the order of their release, and how each size results.

    A wave without a unit is dropped; units that no wave has are the last one. Raises UsageError for sizes
    that do not grow, and for a selector that selects no unit.
    """
    if len(policy.waves) > MOST_WAVES:
        raise UsageError(f"{len(policy.waves)} waves are too many", hint=f"at most {MOST_WAVES}")
    _check_growth(policy.waves)
    left = sorted(units)
    random.Random(f"{seed:x}/rollout").shuffle(left)
    waves: list[tuple[str, ...]] = []
    bases: list[str] = []
    for text in policy.waves:
        names, base = _wave(text.strip(), left, units, tags)
        if names:
            waves.append(names)
            bases.append(base)
            taken = set(names)
            left = [name for name in left if name not in taken]
    if left:
        waves.append(tuple(left))
        bases.append(f"all others: {len(left)}")
    return tuple(waves), tuple(bases)


def in_flight(policy: Policy, units: int) -> Size:
    """How many units may be in flight at once. Raises UsageError if that is no number of units."""
    return size("max_in_flight", policy.max_in_flight, units, up=False, least=1)


def failures(policy: Policy, units: int) -> Size:
    """How many units may fail. Raises UsageError if that is no number of units."""
    return size("max_failures", policy.max_failures, units, up=False, least=0)


def size(what: str, text: str, units: int, *, up: bool, least: int) -> Size:
    """A number or percentage of the units, rounded up or down, at least `least` and at most all."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise UsageError(f"{what}: {clean(text, 60)!r} is not a number or percentage", hint=_HINT)
    number, is_percent = int(found[1]), bool(found[2])
    if number < least:
        raise UsageError(f"{what}: {text.strip()} is too small", hint=f"at least 1; {_HINT}")
    if not is_percent:
        return Size(min(number, units), f"{min(number, units)} of {counted(units, 'unit')}")
    if number > 100:
        raise UsageError(f"{what}: {text.strip()} is more than all units", hint=_HINT)
    count = -(-number * units // 100) if up else number * units // 100
    count = max(least, count)
    return Size(count, f"{number}% of {counted(units, 'unit')}: {count}")


_HINT = "for example 2 or 10%"


def _wave(
    text: str, left: Sequence[str], units: Mapping[str, Unit], tags: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], str]:
    workers = {worker for unit in units.values() for worker in unit.workers}
    if _NUMBER.fullmatch(text) or (_LIKE_NUMBER.fullmatch(text) and text not in {*workers, *tags}):
        total = size("waves", text, len(units), up=True, least=1)
        return tuple(left[: max(0, total.units - (len(units) - len(left)))]), total.base
    chosen = _selected(text, units, tags)
    names = tuple(name for name in left if name in chosen)
    return names, f"{text}: {counted(len(names), 'unit')}"


def _selected(text: str, units: Mapping[str, Unit], tags: Mapping[str, Sequence[str]]) -> set[str]:
    """The units that have a worker that is selected, and none that is excluded."""
    selector = Selector.of("worker", [text])
    known = {worker: tuple(tags.get(worker, ())) for unit in units.values() for worker in unit.workers}
    selector.check({**{worker: tuple(each) for worker, each in tags.items()}, **known})
    excluding = tuple(term for term in selector.terms if term.startswith("!"))
    allowed = Selector("worker", excluding)
    found = {
        name
        for name, unit in units.items()
        if any(selector.matches(worker, known[worker]) for worker in unit.workers)
        and all(allowed.matches(worker, known[worker]) for worker in unit.workers)
    }
    if not found:
        raise UsageError(
            f"waves: {clean(text, 60)!r} selects none of the {counted(len(units), 'unit')} that change",
            hint="choose other waves: --waves 1,10%,100%",
        )
    return found


def _check_growth(waves: Sequence[str]) -> None:
    """Sizes are cumulative: one that is not larger than an earlier one of its kind is a mistake."""
    last: dict[str, int] = {}
    for text in waves:
        found = _NUMBER.fullmatch(text.strip())
        if not found:
            continue
        number, kind = int(found[1]), found[2]
        if number <= last.get(kind, 0) and number > 0:
            raise UsageError(
                f"waves: {text.strip()} follows {last[kind]}{kind}: sizes must grow",
                hint="each counts the units of the waves before: for example 1,10%,100%",
            )
        last[kind] = number
