# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The builtins `read` and `mapfile`."""

from __future__ import annotations

import re
from typing import Any

from .builtins_shown import NAME, bad_name
from .context import Context, Work, fatal
from .descriptors import Stream
from .tasks import Readable
from .variables import NotAssigned, assign, unset

MOST_READ = 1024 * 1024


def read(context: Context, words: list[Any]) -> Work:
    shell = context.shell
    found = _read_options(context, [str(word) for word in words[1:]])
    if isinstance(found, int):
        return found
    options, names = found
    if shell.dialect.bash and not options.get("u", "0").isdecimal():
        context.complain(f"read: {options['u']}: invalid file descriptor specification")
        return 1
    source = context.fds.get(int(options.get("u", "0") or 0) if options.get("u", "0").isdecimal() else 0)
    if not isinstance(source, Stream):
        number = options.get("u", "0")
        text = f"{number}: invalid file descriptor" if "u" in options else f"read error: {number}"
        if shell.dialect.name != "ash":
            context.complain(f"read: {text}: Bad file descriptor")
        return 1
    if "p" in options and source.is_terminal:
        context.err(options["p"])
    bad = next((name for name in names if not NAME.match(name.partition("[")[0])), None)
    if bad is not None and shell.dialect.name == "ash":
        context.err(f"{shell.script}: read: '{bad}': bad variable name\n")
        return 1
    if bad is not None:
        return bad_name(context, "read", bad)
    by_key = bool(options.keys() & {"n", "N", "d"})
    source.by_key, source.echo = by_key and source.is_terminal, "s" not in options
    try:
        raw, complete, late = yield from _take(context, source, options)
    finally:
        source.by_key, source.echo = False, True
    text = raw.decode("utf-8", "surrogateescape").replace("\0", "")
    try:
        if "a" in options and shell.dialect.bash:
            unset(shell, options["a"])
            shell.arrays[options["a"]] = {}
            for at, (value, _) in enumerate(
                _fields(text, shell.variables.get("IFS", " \t\n"), 1 << 20, raw="r" in options)
            ):
                assign(shell, options["a"], value, at)
        elif "N" in options and shell.dialect.bash:
            for at, name in enumerate(names or ["REPLY"]):
                assign(shell, name, "" if at else text)
        elif names:
            yield from _assign_fields(context, names, text, raw="r" in options)
        else:
            assign(shell, "REPLY", text if "r" in options else _unescaped(text))
    except NotAssigned as error:
        context.complain(f"{error.args[0]}: {error.args[1]}")
        return 1
    return (142 if shell.dialect.bash else 1) if late else 0 if complete else 1


def _read_options(context: Context, words: list[str]) -> tuple[dict[str, str], list[str]] | int:
    takes = {"bash": "adinNptu", "dash": "p", "ash": "dntpu"}[context.shell.dialect.name]
    flags = {"bash": "ers", "dash": "r", "ash": "rs"}[context.shell.dialect.name]
    options: dict[str, str] = {}
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        at = 1
        while at < len(word):
            letter, at = word[at], at + 1
            if letter in flags:
                options[letter] = ""
            elif letter in takes:
                if at >= len(word) and not words:
                    missing = (
                        "no arg for -{} option"
                        if context.shell.dialect.name == "ash"
                        else "-{}: option requires an argument"
                    )
                    context.complain(f"read: {missing.format(letter)}")
                    return 2
                options[letter] = word[at:] or words.pop(0)
                break
            elif context.shell.dialect.bash:
                context.complain(f"read: -{letter}: invalid option")
                context.err(
                    "read: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]\n"
                )
                return 2
            else:
                context.complain(f"read: Illegal option -{letter}")
                raise fatal(context, 2)
    wrong = _wrong_in_ash(options) if context.shell.dialect.name == "ash" else ""
    if wrong:
        context.complain(f"read: {wrong}")
        return 2
    if not words and context.shell.dialect.name == "dash":
        context.complain("read: arg count")
        raise fatal(context, 2)
    return options, words


def _wrong_in_ash(options: dict[str, str]) -> str:
    """What ash says of a number that is none."""
    if not re.fullmatch(r"\d*", options.get("n", "")):
        return "invalid count"
    return "" if re.fullmatch(r"\d+(\.\d*)?", options.get("t", "0")) else "invalid timeout"


def _take(context: Context, source: Stream, options: dict[str, str]) -> Work:
    """The bytes of one line, whether its end was there, and whether the time was up."""
    count = options.get("n") or options.get("N") or ""
    delimiter = (options["d"][:1] or "\0").encode("utf-8", "surrogateescape") if "d" in options else b"\n"
    most = min(int(count), MOST_READ) if count.isdecimal() else 0
    until = None
    if "t" in options and re.fullmatch(r"\d+(\.\d*)?", options["t"]):
        seconds = float(options["t"])
        if seconds == 0:
            return b"", source.is_readable, False
        until = context.engine.now() + seconds
    raw = bytearray()
    while True:
        while not source.is_readable:
            if until is None:
                yield Readable(source, b"" if most else delimiter)
            elif context.engine.now() >= until:
                return bytes(raw), False, True
            else:
                yield min(0.05, until - context.engine.now())
        if most:
            piece = source.take(most - len(raw))
            end = piece.find(delimiter) if "N" not in options else -1
            if end >= 0:
                source.put_back(piece[end + 1 :])
                return bytes(raw + piece[:end]), True, False
        else:
            if not source.has_line(delimiter):
                yield Readable(source, delimiter)
            piece = source.take_line(delimiter)
        context.spend(1 + len(piece) // 32)
        raw += piece
        if not piece:
            return bytes(raw), False, False
        if most and len(raw) >= most:
            return bytes(raw), True, False
        if not most and raw.endswith(delimiter):
            del raw[-1:]
            if "r" in options or not _continues(raw):
                return bytes(raw), True, False
            del raw[-1:]
            if delimiter != b"\n":
                raw += b"\\" + delimiter
        if len(raw) > MOST_READ:
            return bytes(raw), True, False


def _continues(raw: bytearray) -> bool:
    count = len(raw) - len(raw.rstrip(b"\\"))
    return count % 2 == 1


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL).removesuffix("\\") if "\\" in text else text


def _assign_fields(context: Context, names: list[str], text: str, *, raw: bool) -> Work:
    shell = context.shell
    ifs = shell.variables.get("IFS", " \t\n")
    values = [value for value, _ in _fields(text, ifs, len(names), raw=raw)]
    for at, name in enumerate(names):
        base, _, index = name.partition("[")
        key = (yield from context.expansion.key_of(base, index.rstrip("]"))) if index else None
        assign(shell, base, values[at] if at < len(values) else "", key)


def _fields(text: str, ifs: str, most: int, *, raw: bool) -> list[tuple[str, int]]:
    """At most so many fields; the last one is all the rest."""
    spaces = "".join(char for char in ifs if char in " \t\n")
    marks = [(char, False) for char in text] if raw else _marked(text)
    at, size, fields = 0, len(marks), list[tuple[str, int]]()
    while at < size and marks[at][0] in spaces and not marks[at][1]:
        at += 1
    while at < size:
        if len(fields) == most - 1:
            rest = marks[at:]
            while rest and rest[-1][0] in spaces and not rest[-1][1]:
                rest.pop()
            inner = [mark for mark in rest if mark[0] in ifs and not mark[1]]
            if rest and rest[-1][0] in ifs and not rest[-1][1] and len(inner) == 1:
                rest.pop()
            fields.append(("".join(char for char, _ in rest), at))
            break
        start = at
        while at < size and (marks[at][0] not in ifs or marks[at][1]):
            at += 1
        fields.append(("".join(char for char, _ in marks[start:at]), start))
        had_mark = False
        while (
            at < size
            and marks[at][0] in ifs
            and not marks[at][1]
            and not (had_mark and marks[at][0] not in spaces)
        ):
            had_mark = had_mark or marks[at][0] not in spaces
            at += 1
    return fields


def _marked(text: str) -> list[tuple[str, bool]]:
    """Characters, and whether a backslash quotes them."""
    marks, at = [], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            marks.append((text[at + 1], True))
            at += 2
        elif text[at] == "\\":
            at += 1
        else:
            marks.append((text[at], False))
            at += 1
    return marks


def mapfile(context: Context, words: list[Any]) -> Work:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    strip, count, name, skip, delimiter = False, 0, "MAPFILE", 0, "\n"
    while arguments:
        word = arguments.pop(0)
        if word == "-t":
            strip = True
        elif word in ("-n", "-s", "-d", "-u", "-O", "-C", "-c") and arguments:
            value = arguments.pop(0)
            count = int(value) if word == "-n" and value.isdecimal() else count
            skip = int(value) if word == "-s" and value.isdecimal() else skip
            delimiter = (value[:1] or "\0") if word == "-d" else delimiter
        else:
            name = word
    source = context.fds.get(0)
    unset(shell, name)
    shell.arrays[name] = {}
    at = 0
    while isinstance(source, Stream):
        raw = yield from context.read_line(source, delimiter.encode())
        if not raw:
            break
        line = raw.decode("utf-8", "surrogateescape")
        if skip:
            skip -= 1
            continue
        assign(shell, name, line.removesuffix(delimiter) if strip else line, at)
        at += 1
        context.spend(5)
        if at == count:
            break
    return 0
