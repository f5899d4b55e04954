"""Migrates documents of an older schema step by step; refuses those of a newer one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from decnet.errors import StateBroken
from decnet.model.fleet import SCHEMA_VERSION
from decnet.wire import NETWORK, PROJECT

Document = dict[str, Any]
Migration = Callable[[Document], Document]

FLEET_SCHEMA = SCHEMA_VERSION
RECORD_SCHEMA = 2
TABLE_SCHEMA = 2
"""The newest schema of each file that this decnet writes: desired, records, `fleet.json`. The rows of the
latter's schema 1 are valid in schema 2, which has fields that an older decnet would take for damage."""


def _fleet_from_1(document: Document) -> Document:
    """Version 1 had one LAN and one fleet of deckies; a decky had its address and MAC itself."""
    deckies = document.pop("deckies", {})
    if isinstance(deckies, dict):
        deckies = {name: _attached(decky) for name, decky in deckies.items()}
    project = {"name": PROJECT, "networks": {}, "deckies": deckies}
    return {**document, "schema_version": 2, "projects": {PROJECT: project}}


def _attached(decky: object) -> object:
    if not isinstance(decky, dict):
        return decky
    home = {field: decky[old] for old, field in (("ip", "address"), ("mac", "mac")) if old in decky}
    kept = {key: value for key, value in decky.items() if key not in ("ip", "mac")}
    return {**kept, "attachments": [{"network": NETWORK, **home}]}


def slice_in_todays_shape(content: Document) -> Document:
    """The slice that a worker holds, in the current schema; an older agent holds it in schema 1."""
    if content.get("schema") != 1:
        return content
    lan = content.get("lan")
    networks = {NETWORK: {key: value for key, value in lan.items() if key != "network"}} if lan else {}
    deckies = {name: {**row, "decky": _attached(row["decky"])} for name, row in content["deckies"].items()}
    return {**content, "schema": 2, "project": PROJECT, "networks": networks, "deckies": deckies}


def _records_from_1(document: Document) -> Document:
    """Version 1 kept the projects' fields in the worker's document."""
    meta = dict(document["meta"])
    own = {key: meta.pop(key) for key in ("generation", "plan_hash", "applied", "heals") if key in meta}
    return {
        **document,
        "schema_version": 2,
        "meta": {**meta, "schema_version": 2},
        "projects": [{"name": PROJECT, **own}],
        "deckies": [{"project": PROJECT, **row} for row in document["deckies"]],
    }


FLEET_MIGRATIONS: Mapping[int, Migration] = {1: _fleet_from_1}
"""By older schema version of `decnet-state.json`, the step to the next version."""

RECORD_MIGRATIONS: Mapping[int, Migration] = {1: _records_from_1}
"""The same for `records/<worker_id>.json`, as {"meta": document, table: documents}."""


def version_of(document: Document, path: Path, newest: int) -> int:
    """The document's schema version. Raises StateBroken if there is none, or one of a newer decnet."""
    version = document.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        what = "missing" if version is None else "not a number"
        raise StateBroken(
            f"{path}: schema_version is {what}",
            hint=f"the last good copy: {path}.last",
        )
    if version > newest:
        raise StateBroken(
            f"{path} was written by a newer decnet (its schema_version is {version}, not {newest})",
            hint="upgrade decnet on this machine; the file is left as it is",
        )
    return version


def migrated(document: Document, path: Path, newest: int, steps: Mapping[int, Migration]) -> Document:
    """The document in the `newest` schema; the same object if it already is."""
    for version in range(version_of(document, path, newest), newest):
        if version not in steps:
            raise StateBroken(f"{path} has schema_version {version}, which this decnet cannot read any more")
        document = steps[version](document)
    return document


def backup_path(path: Path, version: int) -> Path:
    """The path of the copy of the older decnet's file."""
    return path.with_name(f"{path.name}.v{version}")
