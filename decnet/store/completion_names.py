"""Names for completion: nothing is validated, and a missing or broken file gives none.

Without TinyDB: completion must be fast, and must not fail on a broken file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from decnet.wire import PROJECT, TOPOLOGY_PREFIX

from .paths import Home

MAX_BYTES = 64 * 1024 * 1024


def workers(home: Home) -> dict[str, tuple[str, ...]]:
    """Each enrolled worker's name with its tags."""
    rows = [row for row in _table(home, "workers") if isinstance(row.get("name"), str)]
    return {row["name"]: _texts(row.get("tags")) for row in sorted(rows, key=lambda row: str(row["name"]))}


def deckies(home: Home) -> dict[str, tuple[str, ...]]:
    """Each desired decky's name with its services; those of topologies as TOPOLOGY/DECKY."""
    document = _document(home.state)
    projects = document.get("projects")
    if not isinstance(projects, dict):
        return _deckies("", document.get("deckies"))  # their place in a state file of version 1
    found = _deckies("", _of(projects.get(PROJECT), "deckies"))
    for name, topology in _objects(document.get("topologies")).items():
        project = f"{TOPOLOGY_PREFIX}{str(topology.get('id'))[:8]}"
        found |= _deckies(f"{name}/", _of(projects.get(project), "deckies"))
    return found


def topologies(home: Home) -> dict[str, str]:
    """Each topology's name, with what it is."""
    found = _objects(_document(home.state).get("topologies"))
    return {name: f"on {each.get('worker')}" if each.get("worker") else "" for name, each in found.items()}


def policies(home: Home) -> tuple[str, ...]:
    """The names of the policies of rollouts."""
    import tomllib

    try:
        own = tomllib.loads(home.rollout_policies.read_text("utf-8"))
    except (OSError, ValueError):
        own = {}
    known = {"default", *_objects(_document(home.state).get("rollouts")), *_objects(own.get("rollout"))}
    return tuple(sorted(known))


def rollouts(home: Home) -> dict[str, str]:
    """Each rollout's id, with its status; the open one first."""
    folders = [*home.rollouts.glob("*"), *home.rollouts.glob("ended/*")]
    found = {each.name: _document(each / "state.json").get("status") for each in folders}
    return {name: status for name, status in found.items() if isinstance(status, str)}


def units(home: Home) -> dict[str, str]:
    """Each unit of the open rollout, with its status."""
    for folder in home.rollouts.glob("*"):
        if states := _objects(_document(folder / "state.json").get("units")):
            return {name: str(state.get("status")) for name, state in states.items()}
    return {}


def quarantined(home: Home) -> tuple[str, ...]:
    """The addresses that are quarantined."""
    return _texts([row.get("address") for row in _table(home, "quarantine")])


def _deckies(prefix: str, found: object) -> dict[str, tuple[str, ...]]:
    return {prefix + name: _texts(decky.get("services")) for name, decky in _objects(found).items()}


def _of(found: object, key: str) -> object:
    return found.get(key) if isinstance(found, dict) else None


def _objects(found: object) -> dict[str, dict[str, Any]]:
    """The values that are objects, by name."""
    return {k: each for k, each in found.items() if isinstance(each, dict)} if isinstance(found, dict) else {}


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
