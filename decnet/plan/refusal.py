"""How bad input is answered: who, what, and the nearest names that would have been right."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

from decnet.errors import SpecError
from decnet.model.nearest import nearest
from decnet.wire import clean


def unknown(kind: str, given: str, valid: Iterable[str], *, who: str, place: str = "") -> SpecError:
    """The error for a name that does not exist; the hint has the nearest one, or all of them."""
    names = sorted(valid)
    near = nearest(given, names)
    hint = f"did you mean `{near}`?" if near else f"known: {', '.join(names) or 'none'}"
    return SpecError(f"{who}: unknown {kind} `{clean(given, 60)}`", place=place, hint=hint)


def dice(root: int, *words: str) -> random.Random:
    """A generator of its own for one decky and purpose, so that one more decky does not change the others."""
    return random.Random(f"{root:x}/{'/'.join(words)}")


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sorting key in which web-2 comes before web-10."""
    parts = [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", name)]
    # web-1 and web-01 are told apart, or the order that they come in would count.
    return (*parts, (-2, name))
