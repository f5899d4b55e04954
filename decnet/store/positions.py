"""Where each value of a JSON text stands, so that a message about it can name line and column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

Route = tuple[str | int, ...]
"""The way from the top of a document to a value in it: keys and indexes."""

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^ \t\n\r{}\[\]:,"]+)')


class Entry(NamedTuple):
    """One value: its route, the offset of its key (or of itself in a list), and how it begins."""

    route: Route
    offset: int
    token: str


def survey(text: str) -> Iterator[Entry]:
    """Every value of a text that is known to be JSON, in order; a key that stands twice is there twice."""
    route: list[str | int] = []
    kinds: list[str] = []
    key_offset = -1
    for match in _TOKEN.finditer(text):
        token = match[1]
        if token in "}]":
            kinds.pop()
            route.pop()
        elif token == "," and kinds:
            _advance(route, kinds)
            key_offset = -1
        elif token[0] == '"' and kinds and kinds[-1] == "{" and key_offset < 0:
            route[-1] = json.loads(token)
            key_offset = match.start()
        elif token != ":":
            yield Entry(tuple(route), max(key_offset, 0) or match.start(), token)
            if token in "{[":
                kinds.append(token)
                route.append(0 if token == "[" else "")
                key_offset = -1


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def nearest(text: str, route: Route) -> int:
    """The offset of the value on this route, or of the last value on the way there that exists."""
    best, offset = -1, 0
    for entry in survey(text):
        if len(entry.route) > best and entry.route == route[: len(entry.route)]:
            best, offset = len(entry.route), entry.offset
    return offset


def _advance(route: list[str | int], kinds: list[str]) -> None:
    if kinds[-1] == "[":
        route[-1] = int(route[-1]) + 1
