"""The catalog: what decoys can imitate, as data files, and their loader. A user's own files are merged in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .completion import Kind, names, offered

if TYPE_CHECKING:
    from ..model.catalog import Catalog

__all__ = ["Kind", "load", "names", "offered"]


def load(extra: Path | None = None) -> Catalog:
    """The whole catalog. `extra` is a folder of the user's own `*.toml` files, each of which may hold
    [service.X], [archetype.X], [os.X], [release.X], [vendor.X] and `words`. An entry replaces the package's
    entry of that name as a whole. Read once per process. Raises SpecError naming file and line.
    """
    # Completion needs names only, and the loader needs pydantic.
    from .loader import loaded

    return loaded(extra)
