"""Documents of an older schema are carried forward step by step; those of a newer one are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from decnet.errors import StateBroken
from decnet.model.fleet import SCHEMA_VERSION

Document = dict[str, Any]
Migration = Callable[[Document], Document]

FLEET_MIGRATIONS: Mapping[int, Migration] = {}
"""From each older schema version of `decnet-state.json`, the step to the next one. So far there is only 1."""

RECORD_MIGRATIONS: Mapping[int, Migration] = {}
"""The same for `records/<worker_id>.json`."""


def version_of(document: Document, path: Path) -> int:
    """The document's schema version. StateBroken where there is none, or one of a newer decnet."""
    version = document.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        what = "missing" if version is None else "not a number"
        raise StateBroken(
            f"{path}: schema_version is {what}",
            hint=f"the last good copy: {path}.last",
        )
    if version > SCHEMA_VERSION:
        raise StateBroken(
            f"{path} was written by a newer decnet (its schema_version is {version}, not {SCHEMA_VERSION})",
            hint="upgrade decnet on this machine; the file is left as it is",
        )
    return version


def migrated(document: Document, path: Path, steps: Mapping[int, Migration]) -> Document:
    """The document in the present schema, itself if it is that already."""
    for version in range(version_of(document, path), SCHEMA_VERSION):
        if version not in steps:
            raise StateBroken(f"{path} has schema_version {version}, which this decnet cannot read any more")
        document = steps[version](document)
    return document


def backup_path(path: Path, version: int) -> Path:
    """Where the file as the older decnet wrote it is kept."""
    return path.with_name(f"{path.name}.v{version}")
