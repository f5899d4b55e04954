"""Suggestions for unknown names."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from decnet.wire import clean

from ..errors import SpecError


def suggest(name: str, known: Iterable[str]) -> str | None:
    """The most similar known name, or None."""
    import difflib

    folded = {key.lower().replace("-", "_"): key for key in sorted(known, reverse=True)}
    close = difflib.get_close_matches(name[:100].lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def unknown_name(
    kind: str,
    given: str,
    valid: Iterable[str],
    *,
    who: str,
    place: str = "",
    withheld: Collection[str] = (),
) -> SpecError:
    """The error for a name that does not exist; the hint has the nearest one, or all that are not
    `withheld`."""
    names = sorted(valid)
    near = suggest(given, names)
    listed = ", ".join(name for name in names if name not in withheld)
    hint = f"did you mean `{near}`?" if near else f"known: {listed or 'none'}"
    return SpecError(f"{who}: unknown {kind} `{clean(given, 60)}`", place=place, hint=hint)
