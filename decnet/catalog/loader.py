"""Loads and validates the catalog from data files; an error in a user's file is reported with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import Mistake, SpecError
from ..model import toml_lines, toml_text
from ..model.catalog import Catalog
from ..model.catalog_entries import Archetype, Entry, OsProfile, Port, Release, Service, SettingDef, Vendor
from ..model.diagnostics import Diagnostics
from ..model.suggest import suggest
from ..wire import clean
from . import files
from .check import Complaint, complaints

_ENTRY_TYPES: dict[str, Any] = {
    "service": Service,
    "archetype": Archetype,
    "os": OsProfile,
    "release": Release,
    "vendor": Vendor,
}
UNKNOWN_KEY = "unexpected_keyword_argument"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_SECTION = "|".join(files.SECTIONS)
_HEADER = re.compile(rf"^\s*\[\s*({_SECTION})\s*\.\s*[\"']?([a-z0-9][a-z0-9_-]*)", re.MULTILINE)
"""The entries that a file defines, for one that is not TOML."""


@cache
def loaded(extra: Path | None) -> Catalog:
    """See `decnet.catalog.load_valid`."""
    reading = _Reading(
        {name: dict(_own_entries(name, files.own(name))) for name in files.SECTIONS}, list(files.words())
    )
    for path in files.users(extra):
        reading.add_file(path)
    return reading.catalog()


class _Reading:
    """The catalog while the user's files are read into it."""

    def __init__(self, sections: files.Sections, words: list[str]) -> None:
        self.sections, self.words = sections, words
        self.mistakes: list[Mistake] = []
        self.diagnostics: dict[str, Diagnostics] = {}
        self.owner: dict[tuple[str, str], str] = {}
        """The file of each of the user's entries."""
        self.unavailable: dict[tuple[str, str], str] = {}
        self.unreadable: dict[str, SpecError] = {}

    def add_file(self, path: Path) -> None:
        """Merge the valid entries of a file, and drop those that the others replace."""
        try:
            text = files.read(path)
        except SpecError as error:
            self.unreadable[str(path)] = error
            self.mistakes.append(Mistake(str(path), _line(path, error), "", error.reason, error.hint))
            return
        try:
            table = toml_text.load(text, str(path))
        except SpecError as error:
            line = _line(path, error) or 1
            self.mistakes.append(Mistake(str(path), line, "", error.reason, error.hint))
            for section, name in _HEADER.findall(text):
                self._drop(section, name, str(path))
            return
        mistakes = self.diagnostics[str(path)] = Diagnostics(str(path), toml_lines.lines(text))
        for section, entries in table.items():
            self._add_section(mistakes, section, entries)

    def catalog(self) -> Catalog:
        """The entries that are valid, also together: dropping one can make others unusable."""
        while True:
            catalog = Catalog(
                services=self.sections["service"],
                archetypes=self.sections["archetype"],
                os_profiles=self.sections["os"],
                releases=_with_banners(self.sections),
                vendors=self.sections["vendor"],
                words=tuple(dict.fromkeys(self.words)),
                mistakes=tuple(sorted(self._found(), key=lambda each: each[:2])),
                unavailable=dict(self.unavailable),
                own={key: file for key, file in self.owner.items() if key not in self.unavailable},
                unreadable=dict(self.unreadable),
            )
            # The package's own entries are tested.
            found = [*filter(self._matters, complaints(catalog))] if self.owner or self.unavailable else []
            if not found:
                return catalog
            for section, name, key, message, hint in found:
                self._refuse(section, name, key, message, hint)

    def _found(self) -> Iterator[Mistake]:
        yield from self.mistakes
        for diagnostics in self.diagnostics.values():
            yield from diagnostics.found

    def _matters(self, complaint: Complaint) -> bool:
        """Whether the entry cannot be used: one of the package may name what a user's file has made
        unavailable in a list of which it uses one at a time."""
        section, name, key, *_ = complaint
        return (section, name) in self.owner or not self.unavailable or key in ("", "os", "services", "alias")

    def _refuse(self, section: str, name: str, key: str, message: str, hint: str | None) -> None:
        """Drop an entry that does not fit the others; one of the package has lost what it refers to."""
        file = self.owner.get((section, name))
        if file is not None:
            path = (section, name, key) if key else (section, name)
            self.diagnostics[file].add(path, f"[{section}.{name}] {message}", hint)
        elif not self.unavailable:
            file = next(iter(self.owner.values()))
            self.mistakes.append(Mistake(file, 1, "", f"[{section}.{name}] {message}", hint))
        self._drop(section, name, file or next(iter(self.unavailable.values())))

    def _drop(self, section: str, name: str, file: str) -> None:
        self.sections[section].pop(name, None)
        self.unavailable.setdefault((section, name), file)

    def _add_section(self, mistakes: Diagnostics, section: str, entries: Any) -> None:
        if section == "words":
            with mistakes.collecting((section,)):
                self.words += _users_words(entries)
        elif section not in files.SECTIONS or not isinstance(entries, dict):
            known = ", ".join(f"[{known}.NAME]" for known in files.SECTIONS)
            mistakes.add((section,), f"unknown key `{clean(section, 60)}`", f"known: {known}, words")
        else:
            for name, entry in entries.items():
                self._add_entry(mistakes, section, name, entry)

    def _add_entry(self, mistakes: Diagnostics, section: str, name: str, entry: Any) -> None:
        if (section, name) in self.owner:
            other = self.diagnostics[self.owner[section, name]].place((section, name))
            mistakes.add((section, name), f"[{section}.{clean(name, 40)}] is also in {other}")
            self._drop(section, name, mistakes.filename)
            return
        self.owner[section, name] = mistakes.filename
        parsed = _users_entry(mistakes, section, name, entry)
        if parsed is None:
            self._drop(section, name, mistakes.filename)
        else:
            self.sections[section][name] = parsed


def _line(path: Path, error: SpecError) -> int:
    """The line that the error names; 0 if it names none."""
    line = re.match(r":(\d+)", error.place.removeprefix(str(path)))
    return int(line[1]) if line else 0


def validated(section: str, fields: Any) -> Entry | None:
    """See `decnet.catalog.entry_of`."""
    if section not in _ENTRY_TYPES or not isinstance(fields, dict):
        return None
    entry: Entry | None
    entry, _ = _validated(_ENTRY_TYPES[section], fields)
    return entry


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


def _users_entry(mistakes: Diagnostics, section: str, name: str, entry: Any) -> Entry | None:
    """The entry; None, and its mistakes are added, if it is not valid."""
    title, place = f"[{section}.{clean(name, 40)}]", (section, name)
    if not _NAME.fullmatch(name):
        mistakes.add(place, f"{title}: a name is lower case letters, digits, - and _, at most 32")
        return None
    if not isinstance(entry, dict):
        mistakes.add(place, f"{title} must be a table")
        return None
    # A user's own decoy is an image: naming it is enough to make it available.
    given = {"built": True, **_shaped(section, entry)} if section == "service" else entry
    summary = {"summary": name} if "summary" in _ENTRY_TYPES[section].__dataclass_fields__ else {}
    parsed: Entry | None
    parsed, wrong = _validated(_ENTRY_TYPES[section], {**summary, **given, "name": name})
    for path, message, hint in wrong:
        key = clean(".".join(str(part) for part in path), 80)
        mistakes.add((*place, *path), f"{title} `{key}`: {message}", hint)
    if isinstance(parsed, Service) and parsed.built and not (parsed.image or parsed.alias):
        mistakes.add(place, f"{title} has no `image`", 'image = "registry.example/decoy:1"')
        return None
    return parsed


def _validated(
    entry_type: Any, given: dict[str, Any]
) -> tuple[Any, list[tuple[toml_lines.Place, str, str | None]]]:
    """The validated entry; else the location of each problem in it, the problem, and a hint."""
    from pydantic import TypeAdapter, ValidationError

    # Strict validation accepts a list for a tuple only from JSON. No field takes TOML's dates.
    text = json.dumps(given, default=lambda _: [[]])
    try:
        return TypeAdapter(entry_type).validate_json(text, strict=True), []
    except ValidationError as error:
        # A misspelled key is also a missing one: the misspelling is the more helpful error.
        found = error.errors()
        misspelled = any(each["type"] == UNKNOWN_KEY for each in found)
        kept = [each for each in found if not (misspelled and each["type"] == "missing")]
    # Of several problems of one value the first.
    problems = [_problem(entry_type, each) for each in kept]
    return None, list({problem[0]: problem for problem in reversed(problems)}.values())


def _problem(entry_type: Any, error: Any) -> tuple[toml_lines.Place, str, str | None]:
    path = tuple(part for part in error["loc"] if part not in ("number", "protocol"))
    hint = _key_hint(entry_type, path) if error["type"] == UNKNOWN_KEY and len(path) == 1 else None
    return path, _message_for(error["type"], error["msg"], path[:1]), hint


def _key_hint(entry_type: Any, path: toml_lines.Place) -> str:
    """A hint for an unknown key: the most similar key, else all of them."""
    known = [key for key in entry_type.__dataclass_fields__ if key not in ("name", "built")]
    close = suggest(str(path[0]), known)
    return f"did you mean `{close}`?" if close else "known: " + ", ".join(known)


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


def _users_words(words: Any) -> tuple[str, ...]:
    if not isinstance(words, list) or not all(
        isinstance(word, str) and re.fullmatch(r"[a-z][a-z0-9]{0,15}", word) for word in words
    ):
        raise SpecError("`words` must be a list of words of lower case letters and digits")
    return tuple(words)


def _with_banners(sections: files.Sections) -> dict[str, Release]:
    return {
        name: replace(release, banners={**_family(sections, release), **release.banners})
        for name, release in sections["release"].items()
    }


def _family(sections: files.Sections, release: Release) -> dict[str, str]:
    family: OsProfile | None = sections["os"].get(release.os)
    return family.banners if family else {}
