"""Names alone, for completion: nothing is validated, no model is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..errors import SpecError
from . import files

Kind = Literal["service", "archetype", "os"]


def names(kind: Kind, extra: Path | None = None) -> tuple[str, ...]:
    """All names of a kind, sorted, a user's own included; a broken file of theirs is passed over."""
    found = set(files.own(kind))
    try:
        for _, _, table in files.users(extra) if extra else []:
            found.update(table.get(kind, ()))
    except (SpecError, TypeError):
        pass
    return tuple(sorted(found))
