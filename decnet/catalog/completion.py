"""Names for completion: nothing is validated, and no model is imported."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from ..errors import SpecError
from ..model import toml_text
from . import files

Kind = Literal["service", "archetype", "os"]


def names(kind: Kind, extra: Path | None = None) -> tuple[str, ...]:
    """All names of a kind, sorted, including a user's own; a broken user file is skipped."""
    return tuple(sorted(_entries(kind, extra)))


def offered(kind: Kind, extra: Path | None = None) -> dict[str, str]:
    """The usable names of a kind, sorted, each with its summary; services without a decoy, and what is
    withheld, are omitted."""
    entries = {
        name: entry if isinstance(entry, dict) else {} for name, entry in _entries(kind, extra).items()
    }
    return {
        name: str(entry.get("summary", ""))
        for name, entry in sorted(entries.items())
        if kind != "service" or entry.get("built") or entry.get("alias") or entry.get("image")
        if not entry.get("withheld")
    }


def _entries(kind: Kind, extra: Path | None) -> dict[str, Any]:
    found = dict(files.own(kind))
    for path in files.users(extra):
        with suppress(SpecError, TypeError, ValueError):
            found.update(toml_text.load(files.read(path), str(path)).get(kind, {}))
    return found
