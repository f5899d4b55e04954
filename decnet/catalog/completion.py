"""Names alone, for completion: nothing is validated, no model is imported."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from ..errors import SpecError
from . import files

Kind = Literal["service", "archetype", "os"]


def names(kind: Kind, extra: Path | None = None) -> tuple[str, ...]:
    """All names of a kind, sorted, a user's own included; a broken file of theirs is passed over."""
    found = set(files.own(kind))
    for path in files.users(extra):
        with suppress(SpecError, TypeError):
            found.update(files.read(path)[1].get(kind, ()))
    return tuple(sorted(found))
