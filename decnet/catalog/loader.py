"""Loads and validates the catalog from data files; an error in a user's file is reported with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..model import toml_lines
from ..model.catalog import Catalog
from ..model.catalog_entries import Archetype, Entry, OsProfile, Port, Release, Service, SettingDef, Vendor
from ..model.suggest import suggest
from ..wire import clean
from . import files
from .check import complaints

_ENTRY_TYPES: dict[str, Any] = {
    "service": Service,
    "archetype": Archetype,
    "os": OsProfile,
    "release": Release,
    "vendor": Vendor,
}
UNKNOWN_KEY = "unexpected_keyword_argument"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")


@cache
def loaded(extra: Path | None) -> Catalog:
    """See `decnet.catalog.load`."""
    sections: files.Sections = {name: dict(_own_entries(name, files.own(name))) for name in files.SECTIONS}
    words = files.words()
    where: dict[tuple[str, ...], str] = {}
    for path in files.users(extra):
        words += _merge(str(path), *files.read(path), sections, where)
    catalog = Catalog(
        services=sections["service"],
        archetypes=sections["archetype"],
        os_profiles=sections["os"],
        releases=_with_banners(sections),
        vendors=sections["vendor"],
        words=tuple(dict.fromkeys(words)),
    )
    for section, name, key, message, hint in complaints(catalog) if where else ():
        place = where.get((section, name, key)) or where.get((section, name), "")
        raise SpecError(f"[{section}.{name}] {message}", place=place, hint=hint)
    return catalog


def _own_entries(section: str, entries: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The package's own entries. Tests check them, so they are not validated here."""
    for name, entry in entries.items():
        fields = _tuples(entry)
        if section == "service":
            fields["ports"] = tuple(Port(**_port(port)) for port in entry["ports"])
            settings = entry.get("settings", {}).items()
            fields["settings"] = {key: SettingDef(**_tuples(setting)) for key, setting in settings}
        yield name, _ENTRY_TYPES[section](name=name, **fields)


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _shaped(section: str, entry: dict[str, Any]) -> dict[str, Any]:
    if section != "service":
        return entry
    ports = entry.get("ports")
    return {**entry, "ports": [_port(port) for port in ports]} if isinstance(ports, list) else entry


def _port(port: Any) -> Any:
    """22 or "161/udp" as the fields of a Port; anything else unchanged, for the model to refuse."""
    if type(port) is int and 0 < port < 65536:
        return {"number": port}
    match = re.fullmatch(r"([1-9]\d{0,4})/(tcp|udp)", port) if isinstance(port, str) else None
    if match and int(match[1]) < 65536:
        return {"number": int(match[1]), "protocol": match[2]}
    return port


def _merge(
    filename: str,
    text: str,
    table: dict[str, Any],
    sections: files.Sections,
    where: dict[tuple[str, ...], str],
) -> tuple[str, ...]:
    lines = toml_lines.lines(text)
    for section, entries in table.items():
        place = f"{filename}:{lines[(section,)]}"
        if section == "words":
            continue
        if section not in files.SECTIONS or not isinstance(entries, dict):
            known = ", ".join(f"[{known}.NAME]" for known in files.SECTIONS)
            raise SpecError(f"unknown key `{clean(section, 60)}`", place=place, hint=f"known: {known}, words")
        for name, entry in entries.items():
            place = f"{filename}:{lines[(section, name)]}"
            if (section, name) in where:
                raise SpecError(f"[{section}.{name}] is also in {where[section, name]}", place=place)
            sections[section][name] = _users_entry(filename, lines, section, name, entry)
            where[section, name] = place
            for key in entry:
                where[section, name, key] = f"{filename}:{lines[(section, name, key)]}"
    return _users_words(table.get("words", []), f"{filename}:{lines.get(('words',), 1)}")


def _users_entry(
    filename: str, lines: dict[toml_lines.Place, int], section: str, name: str, entry: Any
) -> Entry:
    place = f"{filename}:{lines[(section, name)]}"
    title = f"[{section}.{clean(name, 40)}]"
    if not _NAME.fullmatch(name):
        raise SpecError(f"{title}: a name is lower case letters, digits, - and _, at most 32", place=place)
    if not isinstance(entry, dict):
        raise SpecError(f"{title} must be a table", place=place)
    # A user's own decoy is an image: naming it is enough to make it available.
    given = {"built": True, **_shaped(section, entry)} if section == "service" else entry
    summary = {"summary": name} if "summary" in _ENTRY_TYPES[section].__dataclass_fields__ else {}
    parsed: Entry
    parsed, mistake = _validated(_ENTRY_TYPES[section], {**summary, **given, "name": name})
    if mistake is not None:
        path, message, hint = mistake
        key = clean(".".join(str(part) for part in path), 80)
        line = _line(lines, (section, name, *path))
        raise SpecError(f"{title} `{key}`: {message}", place=f"{filename}:{line}", hint=hint)
    if isinstance(parsed, Service) and parsed.built and not (parsed.image or parsed.alias):
        raise SpecError(f"{title} has no `image`", place=place, hint='image = "registry.example/decoy:1"')
    return parsed


def _validated(
    entry_type: Any, given: dict[str, Any]
) -> tuple[Any, tuple[toml_lines.Place, str, str | None] | None]:
    """The validated entry; else the location of the problem in it, the problem, and a hint."""
    from pydantic import TypeAdapter, ValidationError

    # Strict validation accepts a list for a tuple only from JSON. No field takes TOML's dates.
    text = json.dumps(given, default=lambda _: [[]])
    try:
        return TypeAdapter(entry_type).validate_json(text, strict=True), None
    except ValidationError as error:
        # A misspelled key is also a missing one: the misspelling is the more helpful error.
        first = min(error.errors(), key=lambda each: each["type"] != UNKNOWN_KEY)
    path = tuple(part for part in first["loc"] if part not in ("number", "protocol"))
    hint = _key_hint(entry_type, path) if first["type"] == UNKNOWN_KEY and len(path) == 1 else None
    return None, (path, _message_for(first["type"], first["msg"], path[:1]), hint)


def _key_hint(entry_type: Any, path: toml_lines.Place) -> str:
    """A hint for an unknown key: the most similar key, else all of them."""
    known = [key for key in entry_type.__dataclass_fields__ if key not in ("name", "built")]
    close = suggest(str(path[0]), known)
    return f"did you mean `{close}`?" if close else "known: " + ", ".join(known)


def _line(lines: dict[toml_lines.Place, int], path: toml_lines.Place) -> int:
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _message_for(kind: str, message: str, field: toml_lines.Place) -> str:
    port = 'a port is a number from 1 to 65535, or "161/udp"'
    words = {
        "missing": "is missing",
        UNKNOWN_KEY: "is not a known key",
        "dataclass_type": port if field == ("ports",) else "must be a table",
        "tuple_type": 'must be a list, like ["first", "second"]',
        "dict_type": "must be a table",
        "string_type": "must be text",
        "int_type": "must be a whole number",
        "bool_type": "must be true or false",
    }
    return words.get(kind, clean(message, 200).lower().replace("input should be", "must be"))


def _users_words(words: Any, place: str) -> tuple[str, ...]:
    if not isinstance(words, list) or not all(
        isinstance(word, str) and re.fullmatch(r"[a-z][a-z0-9]{0,15}", word) for word in words
    ):
        raise SpecError("`words` must be a list of words of lower case letters and digits", place=place)
    return tuple(words)


def _with_banners(sections: files.Sections) -> dict[str, Release]:
    return {
        name: replace(release, banners={**_family(sections, release), **release.banners})
        for name, release in sections["release"].items()
    }


def _family(sections: files.Sections, release: Release) -> dict[str, str]:
    family: OsProfile | None = sections["os"].get(release.os)
    return family.banners if family else {}
