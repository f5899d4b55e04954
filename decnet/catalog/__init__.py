"""What can be imitated, as data files, and their loader; a user's own files are merged in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .completion import Kind, names, offered

if TYPE_CHECKING:
    from ..model.catalog import Catalog

__all__ = ["Kind", "load", "names", "offered"]


def load(extra: Path | None = None) -> Catalog:
    """Everything that can be imitated. `extra` is a folder of the user's own `*.toml` files, each of which
    may hold [service.X], [archetype.X], [os.X], [release.X], [vendor.X] and `words`; an entry of a name that
    the package has replaces it whole. Read once per process. Raises SpecError naming file and line.
    """
    # Completion needs names only, and the loader needs pydantic.
    from .loader import loaded

    return loaded(extra)
