"""Warnings about deckies that were asked for by name, and that the catalog withholds otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from decnet.commands.wording import listed
from decnet.engine.context import Context
from decnet.engine.once import Once
from decnet.model.catalog import Catalog
from decnet.plan.draft import Draft
from decnet.plan.withheld import withheld_kinds


def report_withheld(reports: Context | Once, catalog: Catalog, drafts: Iterable[Draft]) -> None:
    """Warn about each kind of machine."""
    for (what, why), names in withheld_kinds(drafts, catalog).items():
        reports.warn(f"{listed(names)}: an expert recognizes {what} as a decoy: {why}")


def report_withheld_archetypes(ctx: Context, names: Iterable[str]) -> None:
    """Warn about each of these archetypes that is withheld."""
    for name in names:
        kind = ctx.catalog.archetypes.get(name)
        what, why = ctx.catalog.withheld(kind.os, name) if kind else ("", "")
        if why:
            ctx.warn(f"an expert recognizes {what} as a decoy: {why}")
