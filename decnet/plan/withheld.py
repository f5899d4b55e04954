"""Warnings about deckies of a kind that the catalog withholds: an expert would recognize them."""

from __future__ import annotations

from collections.abc import Iterable

from decnet.model.catalog import Catalog

from .draft import Draft


def withheld_kinds(drafts: Iterable[Draft], catalog: Catalog) -> dict[tuple[str, str], tuple[str, ...]]:
    """What was asked for by name and is withheld, with the reason: to the names of the new deckies that are
    of that kind. Deckies that exist keep what they are, without a warning at each deploy."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for draft in drafts:
        kept = draft.kept
        if kept and (kept.archetype, kept.os, kept.release) == (draft.archetype, draft.os, draft.release):
            continue
        what, why = catalog.withheld(draft.os, draft.archetype, draft.release)
        if why:
            found[what, why] = (*found.get((what, why), ()), draft.name)
    return found
