"""INI in configparser's syntax, with the line of each key and without interpolation of percent signs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..errors import SpecError
from ..wire import clean

_SECTION = re.compile(r"\[(?P<name>[^\]]+)\]\s*([#;].*)?")
_PAIR = re.compile(r"(?P<key>[^=:\s][^=:]*?)\s*[=:]\s*(?P<value>.*)")


@dataclass
class Section:
    """One section: its line, and per key the value and its line."""

    name: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def sections(text: str, filename: str) -> list[Section]:
    """The sections in their order. Raises SpecError with file:line."""
    reading = _Reading(filename)
    for number, line in enumerate(text.splitlines(), start=1):
        reading.take(number, line)
    return list(reading.found.values())


@dataclass
class _Reading:
    filename: str
    found: dict[str, Section] = field(default_factory=dict)
    section: Section | None = None
    key: str | None = None

    def take(self, number: int, line: str) -> None:
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            return
        if line[0] in " \t" and self.section and self.key:
            self.section.values[self.key] += f" {stripped}"
        elif match := _SECTION.fullmatch(stripped):
            self._open(number, match["name"].strip())
        elif match := _PAIR.fullmatch(stripped):
            self._pair(number, match["key"].strip().lower(), match["value"].strip())
        else:
            # The first word only: what follows a missing `=` may be a password.
            word = re.split(r"[=:\s]", stripped)[0] or stripped[0]
            raise self._wrong(number, f"neither [section] nor key = value: {clean(word, 40)}")

    def _open(self, number: int, name: str) -> None:
        if name in self.found:
            first = self.found[name].line
            raise self._wrong(number, f"section [{clean(name, 40)}] appears twice, first in line {first}")
        self.section = self.found[name] = Section(name, number)
        self.key = None

    def _pair(self, number: int, key: str, value: str) -> None:
        if self.section is None:
            raise self._wrong(number, f"`{clean(key, 40)}` is before the first [section]")
        if key in self.section.values:
            first = self.section.lines[key]
            raise self._wrong(number, f"`{clean(key, 40)}` appears twice, first in line {first}")
        self.section.values[key], self.section.lines[key] = value, number
        self.key = key

    def _wrong(self, number: int, message: str) -> SpecError:
        return SpecError(message, place=f"{self.filename}:{number}")
