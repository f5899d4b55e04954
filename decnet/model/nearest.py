"""Which of the known names was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, or None where none is."""
    import difflib

    folded = {key.lower().replace("-", "_"): key for key in sorted(known, reverse=True)}
    close = difflib.get_close_matches(name[:100].lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
