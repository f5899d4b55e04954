"""The catalog: what decoys can imitate, as data files, and their loader. A user's own files are merged in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .completion import Kind, names, offered

if TYPE_CHECKING:
    from typing import Any

    from ..model.catalog import Catalog
    from ..model.catalog_entries import Entry

__all__ = ["Kind", "entry_of", "load", "load_valid", "names", "offered"]


def load(extra: Path | None = None) -> Catalog:
    """The whole catalog. `extra` is a folder of the user's own `*.toml` files, each of which may hold
    [service.X], [archetype.X], [os.X], [release.X], [vendor.X] and `words`. An entry replaces the package's
    entry of that name as a whole. Read once per process. Raises SpecError with every mistake of every file.
    """
    catalog = load_valid(extra)
    if catalog.mistakes:
        from ..model.diagnostics import refusal

        raise refusal(catalog.mistakes, str(extra))
    return catalog


def load_valid(extra: Path | None = None) -> Catalog:
    """Like `load`, without the entries that have mistakes: these are in `Catalog.mistakes`. Files that cannot
    be read are in `Catalog.unreadable`."""
    # Completion needs names only, and the loader needs pydantic.
    from .loader import loaded

    return loaded(extra)


def entry_of(section: str, fields: Any) -> Entry | None:
    """The entry with these fields, as `dataclasses.asdict` gives them; None if they are not valid."""
    from .loader import validated

    return validated(section, fields)
