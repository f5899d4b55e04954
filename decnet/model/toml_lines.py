"""The line of each key of a TOML text: tomllib returns values without their lines."""

from __future__ import annotations

import tomllib

Place = tuple[str | int, ...]
"""The path of a key: table names, keys, and indexes of arrays (from 0)."""


def lines(text: str) -> dict[Place, int]:
    """The line, from 1, of every table, key and array element of a text that tomllib reads without error.

    The line of a table is that of its header or of its first key, whichever comes first.
    """
    return _Scanner(text.replace("\r\n", "\n")).document()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.places: dict[Place, int] = {}
        self.arrays: dict[Place, int] = {}
        """Arrays of tables, with the number of the last element."""

    def document(self) -> dict[Place, int]:
        table: Place = ()
        while self._skip_blank():
            if self.text.startswith("[[", self.at):
                table = self._array_header()
            elif self.text[self.at] == "[":
                self._move(1)
                table = self._record(self._in_arrays(self._key()))
            else:
                self._pair(table)
                continue
            self._skip_line()
        return self.places

    def _array_header(self) -> Place:
        self._move(2)
        key = self._key()
        name = (*self._in_arrays(key[:-1]), key[-1])
        self._record(name)
        self.arrays[name] = self.arrays.get(name, -1) + 1
        return self._record((*name, self.arrays[name]))

    def _in_arrays(self, key: Place) -> Place:
        place: Place = ()
        for part in key:
            place = (*place, part)
            if place in self.arrays:
                place = (*place, self.arrays[place])
        return place

    def _pair(self, table: Place) -> None:
        place = self._record((*table, *self._key()))
        self._skip_spaces()
        self._move(len("="))
        self._value(place)

    def _key(self) -> Place:
        parts: list[str] = []
        while True:
            self._skip_spaces()
            parts.append(self._key_part())
            self._skip_spaces()
            if self._peek() != ".":
                return tuple(parts)
            self._move(1)

    def _key_part(self) -> str:
        start = self.at
        if self._peek() in ('"', "'"):
            self._string()
            spelled = self.text[start : self.at]
            return str(tomllib.loads(f"k={spelled}")["k"]) if "\\" in spelled else spelled[1:-1]
        while self._peek() not in ("", " ", "\t", ".", "=", "]", "\n"):
            self.at += 1
        return self.text[start : self.at]

    def _value(self, place: Place) -> None:
        self._skip_spaces()
        char = self._peek()
        if char == "[":
            self._array(place)
        elif char == "{":
            self._inline_table(place)
        elif char in ('"', "'"):
            self._string()
        else:
            while self._peek() not in ("", ",", "]", "}", "#", "\n"):
                self.at += 1

    def _array(self, place: Place) -> None:
        self._move(1)
        number = 0
        while self._skip_blank() and self.text[self.at] != "]":
            self._value(self._record((*place, number)))
            number += 1
            self._skip_blank()
            if self._peek() == ",":
                self._move(1)
        self._move(1)

    def _inline_table(self, place: Place) -> None:
        self._move(1)
        while self._skip_blank() and self.text[self.at] != "}":
            self._pair(place)
            self._skip_blank()
            if self._peek() == ",":
                self._move(1)
        self._move(1)

    def _string(self) -> None:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            self._long_string(quote * 3)
            return
        end = self.at + 1
        while self.text[end] != quote:
            end += 2 if quote == '"' and self.text[end] == "\\" else 1
        self._move(end + 1 - self.at)

    def _long_string(self, quotes: str) -> None:
        end = self.at + 3
        while not self.text.startswith(quotes, end):
            end += 2 if quotes[0] == '"' and self.text[end] == "\\" else 1
        # Up to two quotes may precede the closing three.
        while self.text.startswith(quotes[0], end + 3):
            end += 1
        self._move(end + 3 - self.at)

    def _record(self, place: Place) -> Place:
        for length in range(len(place), 0, -1):
            if place[:length] in self.places and length < len(place):
                break
            self.places.setdefault(place[:length], self.line)
        return place

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _move(self, length: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + length)
        self.at += length

    def _skip_spaces(self) -> None:
        while self._peek() in (" ", "\t"):
            self.at += 1

    def _skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self._move((len(self.text) if end < 0 else end + 1) - self.at)

    def _skip_blank(self) -> bool:
        """Skip spaces, newlines and comments; whether anything is left."""
        while True:
            char = self._peek()
            if char in (" ", "\t", "\n", "\r"):
                self._move(1)
            elif char == "#":
                self._skip_line()
            else:
                return char != ""
