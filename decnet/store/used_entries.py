"""The user's catalog entries that deckies were made from, for when their files have mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from decnet.catalog import entry_of
from decnet.errors import StateBroken
from decnet.model.catalog import Catalog, EntryKey
from decnet.model.catalog_entries import Entry
from decnet.model.fleet import Decky, Fleet

from .atomic import read_whole, write_whole
from .paths import Home

SCHEMA = 1

Kept = dict[EntryKey, tuple[str, Entry]]
"""A valid entry and the file that it came from."""


def with_used(home: Home, fleet: Fleet, catalog: Catalog) -> Catalog:
    """The catalog for deckies that are deployed: what they use and a mistake has made unavailable, or no file
    defines any more, is as it was when they were deployed. Raises SpecError for a file that cannot be read
    if it is not known which entries it defines."""
    if not fleet.placed:
        return catalog
    missing = {key for key in _used(fleet) if catalog.entry(key) is None}
    if not missing and not catalog.unreadable:
        return catalog
    files, kept = _load(home)
    if files is None:
        catalog.check_readable()
    found = {
        key: entry for key, (file, entry) in kept.items()
        if key in missing or (file in catalog.unreadable and key in _used(fleet))
    }  # fmt: skip
    return catalog.completed(found) if found else catalog


def save_used(home: Home, fleet: Fleet, catalog: Catalog) -> None:
    """Keep the user's entries that the fleet uses now; those that are unavailable stay as they were kept."""
    if not catalog.own and not catalog.mistakes and not home.used_entries.exists():
        return
    files, earlier = _load(home)
    used = set(_used(fleet))
    valid = {key: (catalog.own[key], catalog.entry(key)) for key in used if key in catalog.own}
    kept = {
        key: each for key, each in earlier.items()
        if key in used
        if key in catalog.unavailable or each[0] in catalog.unreadable or catalog.entry(key) is None
    }  # fmt: skip
    known = {
        *catalog.own.values(),
        *catalog.unavailable.values(),
        *((files or set()) & set(catalog.unreadable)),
    }
    content = _rendered(known, {**kept, **valid})
    if read_whole(home.used_entries) != content:
        write_whole(home.used_entries, content)


def _used(fleet: Fleet) -> Iterator[EntryKey]:
    for _, _, decky in fleet.every_decky():
        yield from _of_decky(decky)


def _of_decky(decky: Decky) -> Iterator[EntryKey]:
    yield "os", decky.os
    yield "release", decky.release
    for name in (*decky.services, *(decky.core or ()), *(decky.side or ())):
        yield "service", name
    if decky.archetype:
        yield "archetype", decky.archetype


def _rendered(files: set[str], kept: dict[EntryKey, Any]) -> bytes:
    entries = [
        {"section": section, "name": name, "file": file, "entry": asdict(entry)}
        for (section, name), (file, entry) in sorted(kept.items())
    ]
    document = {"schema_version": SCHEMA, "files": sorted(files), "entries": entries}
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"


def _load(home: Home) -> tuple[set[str] | None, Kept]:
    """The files that were known, and what is kept; None and nothing if that was never stored, or is damaged:
    it is derived, and the next pass writes it again."""
    try:
        content = read_whole(home.used_entries)
        document = json.loads(content or b"null")
        if not document or document["schema_version"] != SCHEMA:
            return None, {}
        rows = [(row["section"], row["name"], str(row["file"]), row["entry"]) for row in document["entries"]]
        files = {str(file) for file in document["files"]}
    except (StateBroken, ValueError, TypeError, KeyError):
        return None, {}
    entries = {(section, name): (file, entry_of(section, each)) for section, name, file, each in rows}
    return files, {key: (file, entry) for key, (file, entry) in entries.items() if entry is not None}
