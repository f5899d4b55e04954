"""A state directory in the format of version 0.1.0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from decnet.wire import PROJECT

LATER = ("core", "side", "images", "attachments")
"""What a decky of version 0.1.0 did not have."""


def age(home: Path) -> None:
    """Rewrite the state file and the records in schema 1."""
    state = home / "decnet-state.json"
    state.write_text(json.dumps(older_state(json.loads(state.read_bytes()))))
    for path in (home / "records").glob("*.json"):
        path.write_text(json.dumps(older_records(json.loads(path.read_bytes()))))
    for copy in (*home.rglob("*.last"), *home.rglob("*.v1")):
        copy.unlink()


def older_state(document: dict[str, Any]) -> dict[str, Any]:
    (project,) = document.pop("projects").values()
    deckies = {name: _older_decky(decky) for name, decky in project["deckies"].items()}
    return {**document, "schema_version": 1, "deckies": deckies}


def _older_decky(decky: dict[str, Any]) -> dict[str, Any]:
    (home,) = decky["attachments"]
    kept = {key: value for key, value in decky.items() if key not in LATER}
    return {**kept, "ip": home["address"], "mac": home["mac"]}


def older_records(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables of a worker that has only the fleet's own project."""
    meta, projects = tables["meta"]["1"], tables.pop("projects", {})
    for own in projects.values():
        if own.pop("name") == PROJECT:
            meta.update(own)
    meta["schema_version"] = 1
    tables["deckies"] = {
        number: row for number, row in tables.get("deckies", {}).items() if row.pop("project") == PROJECT
    }
    return tables
