# ruff: noqa: E501
"""Patterns of Perl, by the shell's own linear automaton."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..regex import BadRegex, Regex, Spans, Syntax
from ..text.perl import NOT_A_NEWLINE, from_perl
from .lexer import Lexer
from .machine import Machine, Value, listed
from .parser import Parser, Tree
from .values import check, text_of

MOST_MATCHES = 20_000
Assign = Callable[[Machine, Tree, Any], Value]


def regex_of(machine: Machine, tree: Tree) -> Value:
    """The pattern of a tree. Raises Died."""
    if tree[0] in ("match", "subst", "pattern"):
        flags = tree[2] if tree[0] != "subst" else tree[3]
        text = tree[1] if tree[-1] else (yield from machine.interpolated(tree[1], pattern=True))
    else:
        text, flags = text_of((yield from machine.value(tree))), ""
    if "x" in flags:
        text = "".join(text.split())
    return compiled(machine, text, flags)


def compiled(machine: Machine, text: str, flags: str = "") -> Regex:
    """A pattern. Raises Died."""
    check(len(text) * 64)
    syntax = Syntax(extended=True, fold="i" in flags, multiline="m" in flags, strict=False)
    dot = "." if "s" in flags else NOT_A_NEWLINE
    try:
        return from_perl(text, syntax, machine.process.spend, dot=dot)
    except BadRegex as bad:
        raise machine.die(f"{bad} in regex; marked by <-- HERE in m/{text} <-- HERE /") from None


def _group(text: str, span: tuple[int, int]) -> str | None:
    return None if span[0] < 0 else text[span[0] : span[1]]


def spans_in(regex: Regex, text: str, most: int = MOST_MATCHES) -> list[Spans]:
    """Every match after the other."""
    found: list[Spans] = []
    at = 0
    while at <= len(text) and len(found) < most:
        spans = first_in(regex, text, at)
        if spans is None or (found and text.endswith("\n") and spans[0][0] == len(text)):
            break
        found.append(spans)
        at = spans[0][1] if spans[0][1] > spans[0][0] else spans[0][1] + 1
    return found


def first_in(regex: Regex, text: str, start: int = 0) -> Spans | None:
    """The first match; the end of a text is also before its last newline."""
    if text.endswith("\n") and (spans := regex.search(text[:-1], start, groups=True)) is not None:
        if spans[0][1] == len(text) - 1:
            whole = regex.search(text, start, groups=True)
            return whole if whole is not None and whole[0][0] <= spans[0][0] else spans
        return spans
    return regex.search(text, start, groups=True)


def matched(machine: Machine, target: Tree, pattern: Tree, *, many: bool) -> Value:
    """`target =~ pattern`."""
    text = text_of((yield from machine.value(target)))
    regex = yield from regex_of(machine, pattern)
    flags = pattern[2] if pattern[0] == "match" else ""
    if "g" in flags and many:
        found = spans_in(regex, text)
        groups = [[_group(text, each) for each in spans] for spans in found]
        if groups:
            machine.groups = groups[-1]
        return listed([each for part in groups for each in (part[1:] if len(part) > 1 else part)])
    key = f"pos {target}"
    start = machine.globals.get(key, 0) if "g" in flags else 0
    spans = first_in(regex, text, start) if start <= len(text) else None
    if "g" in flags:
        machine.globals[key] = 0 if spans is None else max(spans[0][1], start + (spans[0][1] == spans[0][0]))
    if spans is None:
        return listed([]) if many else ""
    machine.groups = [_group(text, each) for each in spans]
    if many:
        return listed(list(machine.groups[1:]) if len(machine.groups) > 1 else [1])
    return 1


def substituted(machine: Machine, target: Tree, pattern: Tree, assign: Assign) -> Value:
    """`target =~ s/.../.../`."""
    text = text_of((yield from machine.value(target)))
    regex = yield from regex_of(machine, pattern)
    by, flags = pattern[2], pattern[3]
    found = spans_in(regex, text, MOST_MATCHES if "g" in flags else 1)
    parts, at, size = [], 0, len(text)
    tree = (
        Parser(Lexer(by, machine.name).all(), machine.name).expression() if "e" in flags and found else None
    )
    for spans in found:
        machine.groups = [_group(text, each) for each in spans]
        new = (
            text_of((yield from machine.value(tree)))
            if tree is not None
            else (yield from machine.interpolated(by))
        )
        size += len(new)
        check(size)
        parts += [text[at : spans[0][0]], new]
        at = spans[0][1]
    whole = "".join([*parts, text[at:]])
    machine.charge(len(whole))
    if "r" in flags:
        return whole
    if found:
        yield from assign(machine, target, whole)
    return len(found) or ""


def _letters(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            out += {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}.get(text[at + 1], text[at + 1])
            at += 2
        elif text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            check(ord(text[at + 2]) - ord(text[at]))
            out += "".join(map(chr, range(ord(text[at]), ord(text[at + 2]) + 1)))
            at += 3
        else:
            out += text[at]
            at += 1
    return out


def translated(machine: Machine, target: Tree, pattern: Tree, assign: Assign) -> Value:
    """`target =~ tr/.../.../`; how many characters were found."""
    text = text_of((yield from machine.value(target)))
    wanted, by, flags = _letters(pattern[1]), _letters(pattern[2]), pattern[3]
    if "d" not in flags:
        by = by or wanted
        by += by[-1:] * (len(wanted) - len(by))
    table = {char: by[at] if at < len(by) else "" for at, char in reversed(list(enumerate(wanted)))}
    known = (lambda char: char not in table) if "c" in flags else table.__contains__
    changed: list[str] = []
    count = 0
    for char in text:
        found = known(char)
        count += found
        new = (
            (
                by[-1:]
                if "c" in flags and pattern[2]
                else ""
                if "d" in flags
                else char
                if "c" in flags
                else table[char]
            )
            if found
            else char
        )
        if not (found and "s" in flags and changed and changed[-1] == new):
            changed.append(new)
    machine.process.spend(len(text))
    whole = "".join(changed)
    if "r" in flags:
        return whole
    if whole != text:
        yield from assign(machine, target, whole)
    return count
