"""Replies of redis as redis-cli 7.0.15 prints them: for people, for scripts, as CSV and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MOST_PARTS = 100_000
DEEPEST = 8


@dataclass(frozen=True)
class Reply:
    """One reply: its mark in RESP (`+-:$*%~_#,=>`), and its value: bytes, None, or a list of replies."""

    mark: str
    value: Any = None


class Broken(Exception):
    """Bytes that are no reply."""


class Parser:
    """Reads replies from what the server has sent."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._parts = data, 0, 0

    def all(self) -> list[Reply]:
        """All of them. Raises Broken."""
        found = []
        while self._at < len(self._data):
            found.append(self._next(0))
        return found

    def _line(self) -> bytes:
        end = self._data.find(b"\r\n", self._at)
        if end < 0:
            raise Broken
        line, self._at = self._data[self._at : end], end + 2
        return line

    def _next(self, depth: int) -> Reply:
        line = self._line()
        mark, rest = chr(line[0]) if line else "", line[1:]
        self._parts += 1
        if self._parts > MOST_PARTS or depth > DEEPEST:
            raise Broken
        if mark in ("$", "="):
            size = int(rest)
            if size < 0:
                return Reply("_")
            text = self._data[self._at : self._at + size]
            self._at += size + 2
            return Reply("$", text[4:] if mark == "=" else text)
        if mark in ("*", "%", "~", ">"):
            count = int(rest) * (2 if mark == "%" else 1)
            return Reply("_") if count < 0 else Reply(mark, [self._next(depth + 1) for _ in range(count)])
        return Reply(mark, rest)


def for_people(reply: Reply, prefix: str = "", *, old: bool = False) -> str:
    """As on a terminal. `old`: before 6.0."""
    mark, value = reply.mark, reply.value
    if mark in ("*", "~", ">", "%"):
        return _many_for_people(reply, prefix, old=old)
    if mark == "_":
        return "(nil)\n"
    if mark == "$":
        return f"{quoted(value)}\n"
    text = value.decode("utf-8", "surrogateescape")
    if mark == "#":
        return "(true)\n" if value == b"t" else "(false)\n"
    return {"-": f"(error) {text}\n", ":": f"(integer) {text}\n", ",": f"(double) {text}\n"}.get(
        mark, f"{text}\n"
    )


def _many_for_people(reply: Reply, prefix: str, *, old: bool) -> str:
    parts, mark = reply.value, {"%": "#", "~": "~"}.get(reply.mark, ")")
    if not parts:
        kind = {"%": "hash", "~": "set"}.get(reply.mark, "array")
        return "(empty list or set)\n" if old else f"(empty {kind})\n"
    step = 2 if reply.mark == "%" else 1
    width = len(str(len(parts) // step))
    inner = prefix + " " * (width + 2)
    text = ""
    for number, at in enumerate(range(0, len(parts), step), 1):
        text += f"{prefix if at else ''}{number:>{width}}{mark} "
        if step == 2:
            text += for_people(parts[at], inner, old=old).rstrip("\n") + " => "
        text += for_people(parts[at + step - 1], inner, old=old)
    return text


def for_scripts(reply: Reply) -> bytes:
    """As through a pipe, without the line feed at the end."""
    if reply.mark == "-":
        return bytes(reply.value) + b"\n"
    if isinstance(reply.value, list):
        return b"\n".join(for_scripts(each) for each in reply.value)
    if reply.mark == "#":
        return b"(true)" if reply.value == b"t" else b"(false)"
    return reply.value or b""


def as_csv(reply: Reply) -> str:
    """`--csv`."""
    if isinstance(reply.value, list):
        return ",".join(as_csv(each) for each in reply.value)
    if reply.mark == "_":
        return "NULL"
    if reply.mark == "-":
        return f"ERROR,{quoted(reply.value)}"
    return reply.value.decode() if reply.mark in (":", ",") else quoted(reply.value)


def as_json(reply: Reply) -> str:
    """`--json`."""
    if reply.mark == "%":
        pairs = zip(reply.value[::2], reply.value[1::2], strict=True)
        return "{" + ",".join(f"{as_json(key)}:{as_json(value)}" for key, value in pairs) + "}"
    if isinstance(reply.value, list):
        return "[" + ",".join(as_json(each) for each in reply.value) + "]"
    if reply.mark in ("_", "#"):
        return {b"t": "true", b"f": "false"}.get(reply.value, "null")
    text = reply.value.decode("utf-8", "replace")
    if reply.mark == "-":
        return f"error:{text}"
    return text if reply.mark in (":", ",") else json.dumps(text, ensure_ascii=False)


def quoted(value: bytes) -> str:
    """A string in quotes (sdscatrepr)."""
    names = {10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b", 34: '\\"', 92: "\\\\"}
    return '"' + "".join(names.get(b) or (chr(b) if 32 <= b < 127 else f"\\x{b:02x}") for b in value) + '"'
