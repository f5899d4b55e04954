"""Names for completion: nothing is validated, and a missing or broken file gives none.

Without TinyDB: completion must be fast, and must not fail on a broken file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from decnet.wire import PROJECT

from .paths import Home

MAX_BYTES = 64 * 1024 * 1024


def workers(home: Home) -> dict[str, tuple[str, ...]]:
    """Each enrolled worker's name with its tags."""
    rows = [row for row in _table(home, "workers") if isinstance(row.get("name"), str)]
    return {row["name"]: _texts(row.get("tags")) for row in sorted(rows, key=lambda row: str(row["name"]))}


def deckies(home: Home) -> dict[str, tuple[str, ...]]:
    """Each desired decky's name with its services."""
    document = _document(home.state)
    found = document.get("deckies")  # their place in a state file of version 1
    projects = document.get("projects")
    if isinstance(projects, dict) and isinstance(projects.get(PROJECT), dict):
        found = projects[PROJECT].get("deckies")
    if not isinstance(found, dict):
        return {}
    return {name: _texts(decky.get("services")) for name, decky in found.items() if isinstance(decky, dict)}


def quarantined(home: Home) -> tuple[str, ...]:
    """The addresses that are quarantined."""
    return _texts([row.get("address") for row in _table(home, "quarantine")])


def _table(home: Home, name: str) -> list[dict[str, Any]]:
    table = _document(home.fleet).get(name)
    return [row for row in table.values() if isinstance(row, dict)] if isinstance(table, dict) else []


def _document(path: Path) -> dict[str, Any]:
    import orjson

    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return {}
        document = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _texts(found: object) -> tuple[str, ...]:
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, (list, dict)) else ()
