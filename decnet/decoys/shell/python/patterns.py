# ruff: noqa: E501 (tables, and what real programs print)
"""`re`, by the shell's own linear automaton."""

from __future__ import annotations

import re
from typing import Any

from ..regex import BadRegex, Regex, Syntax
from ..text.perl import NOT_A_NEWLINE, from_perl
from . import calls
from .machine import Machine, Value
from .of_system import natives
from .values import ModuleError, Record, check

GROUP = re.compile(r"\\g<(\w+)>")
IGNORECASE, MULTILINE, DOTALL = 2, 8, 16
MOST_MATCHES = 20_000


class error(ModuleError):  # noqa: N801 (its name in tracebacks)
    """A pattern that cannot be used."""


def compiled(machine: Machine, pattern: Any, flags: int = 0) -> Regex:
    """A pattern for matching. Raises error."""
    if isinstance(pattern, Record):
        found: Regex = pattern.attributes["_regex"]
        return found
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    check(len(text) * 64)
    fold, lines = bool(flags & IGNORECASE), bool(flags & MULTILINE)
    syntax = Syntax(extended=True, fold=fold, multiline=lines, strict=False)
    dot = "." if flags & DOTALL else NOT_A_NEWLINE
    text, _ = without_names(text)
    try:
        return from_perl(text, syntax, machine.process.spend, dot=dot)
    except BadRegex as bad:
        raise error(f"{bad} at position 0") from None


NAMED = re.compile(r"(\\.|\[\^?\]?(?:\\.|[^\]\\])*\])|\((?:\?P?<(\w+)>|(\?))?")


def without_names(text: str) -> tuple[str, dict[str, int]]:
    """A pattern whose groups have no names, and the numbers that these have."""
    names: dict[str, int] = {}
    count = 0

    def plain(found: re.Match[str]) -> str:
        nonlocal count
        if found[1] or found[3]:
            return found[0]
        count += 1
        if found[2]:
            names[found[2]] = count
        return "("

    return NAMED.sub(plain, text), names


def _named(pattern: Any) -> dict[str, int]:
    if isinstance(pattern, Record):
        pattern = pattern.attributes["pattern"]
    return without_names(pattern)[1] if isinstance(pattern, str) else {}


def _spans(regex: Regex, text: str) -> list[list[tuple[int, int]]]:
    found: list[list[tuple[int, int]]] = []
    at = 0
    while at <= len(text) and len(found) < MOST_MATCHES:
        spans = regex.search(text, at, groups=True)
        if spans is None:
            break
        found.append(list(spans))
        start, end = spans[0]
        at = end if end > start else end + 1
    return found


def _text(text: str, span: tuple[int, int]) -> str | None:
    return None if span[0] < 0 else text[span[0] : span[1]]


def _match(text: str, spans: list[tuple[int, int]], pattern: Any = "") -> Record:
    groups = [_text(text, each) for each in spans]
    names = _named(pattern)

    def group(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
        args = [names.get(each, each) if isinstance(each, str) else each for each in args]
        if any(not isinstance(each, int) or each >= len(groups) for each in args):
            raise IndexError("no such group")
        return groups[args[0] if args else 0] if len(args) < 2 else tuple(groups[each] for each in args)

    made = natives(
        group=group,
        groups=lambda machine, args, keywords: tuple(groups[1:]),
        groupdict=lambda machine, args, keywords: {name: groups[number] for name, number in names.items()},
        start=lambda machine, args, keywords: spans[args[0] if args else 0][0],
        end=lambda machine, args, keywords: spans[args[0] if args else 0][1],
        span=lambda machine, args, keywords: spans[args[0] if args else 0],
    )
    return Record("re.Match", made, f"<re.Match object; span={spans[0]}, match={groups[0]!r}>")


def _search(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    spans = compiled(machine, *_wanted(args, keywords)).search(args[1], 0, groups=True)
    return None if spans is None else _match(args[1], list(spans), args[0])


def _match_first(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    found = _search(machine, args, keywords)
    spans = None if found is None else found.attributes["span"].run(machine, [], {})
    return found if spans is not None and spans[0] == 0 else None


def _match_whole(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    pattern, flags = _wanted(args, keywords)
    if isinstance(pattern, Record):
        pattern, flags = pattern.attributes["pattern"], pattern.attributes["flags"]
    spans = compiled(machine, f"(?:{pattern})$", flags).search(args[1], 0, groups=True)
    return _match(args[1], list(spans), pattern) if spans and spans[0] == (0, len(args[1])) else None


def _wanted(args: list[Any], keywords: dict[str, Any]) -> tuple[Any, int]:
    return args[0], keywords.get("flags", args[2] if len(args) > 2 else 0)


def _found_all(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for spans in _spans(compiled(machine, *_wanted(args, keywords)), args[1]):
        groups = [_text(args[1], each) or "" for each in spans]
        found.append(groups[0] if len(groups) == 1 else groups[1] if len(groups) == 2 else tuple(groups[1:]))
    return found


def _each_match(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    matches = _spans(compiled(machine, *_wanted(args, keywords)), args[1])
    return iter([_match(args[1], spans, args[0]) for spans in matches])


def _split(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> list[Any]:
    parts, at = [], 0
    for spans in _spans(compiled(machine, args[0]), args[1]):
        parts.append(args[1][at : spans[0][0]])
        parts += [_text(args[1], each) for each in spans[1:]]
        at = spans[0][1]
    return [*parts, args[1][at:]]


def _replaced(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    pattern, by, text = args[:3]
    most = args[3] if len(args) > 3 else keywords.get("count", 0)
    parts, at, size, count = [], 0, len(text), 0
    by = (
        GROUP.sub(lambda found: f"\\{_named(pattern).get(found[1], found[1])}", by)
        if isinstance(by, str)
        else by
    )
    for number, spans in enumerate(_spans(compiled(machine, pattern, keywords.get("flags", 0)), text)):
        if most and number >= most:
            break
        count = number + 1
        new = _template(by, text, spans) if isinstance(by, str) else (
            yield from calls.call(machine, by, [_match(text, spans)], {}))  # fmt: skip
        size += len(new)
        check(size)
        parts += [text[at : spans[0][0]], new]
        at = spans[0][1]
    return "".join([*parts, text[at:]]), count


def _sub(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    return (yield from _replaced(machine, args, keywords))[0]


def _template(by: str, text: str, spans: list[tuple[int, int]]) -> str:
    out, at = "", 0
    while at < len(by):
        if by[at] == "\\" and by[at + 1 : at + 2].isdigit():
            number = int(by[at + 1])
            if number >= len(spans):
                raise error(f"invalid group reference {number} at position {at + 1}")
            out += _text(text, spans[number]) or ""
            at += 2
        elif by[at] == "\\" and at + 1 < len(by):
            out += {"n": "\n", "t": "\t"}.get(by[at + 1], by[at + 1])
            at += 2
        else:
            out += by[at]
            at += 1
    return out


def _compile(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    regex = compiled(machine, args[0], args[1] if len(args) > 1 else keywords.get("flags", 0))
    made = Record(
        "re.Pattern",
        {
            "_regex": regex,
            "pattern": args[0],
            "flags": args[1] if len(args) > 1 else keywords.get("flags", 0),
        },
        f"re.compile({args[0]!r})",
    )

    def of_pattern(run: Any) -> Any:
        return lambda machine, args, keywords: run(machine, [made, *args], keywords)

    runs = {name: of_pattern(run) for name, run in FUNCTIONS.items()}
    made.attributes |= natives(**runs)
    return made


FUNCTIONS = {
    "search": _search, "match": _match_first, "findall": _found_all, "finditer": _each_match, "split": _split, "sub": _sub,
    "subn": _replaced, "fullmatch": _match_whole,
}  # fmt: skip


def functions(machine: Machine) -> dict[str, Any]:
    """The module."""
    escape = natives(escape=lambda machine, args, keywords: "".join(
        each if each.isalnum() or each == "_" else f"\\{each}" for each in args[0]))  # fmt: skip
    flags = {"I": IGNORECASE, "IGNORECASE": IGNORECASE, "M": MULTILINE, "S": DOTALL, "DOTALL": DOTALL}
    return {**natives(compile=_compile, **FUNCTIONS), **escape, **flags, "error": error}
