# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The operators of `${name OPERATOR word}`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from .context import ExpansionError, Words
from .echoing import escaped
from .extended_patterns import compiled_for
from .limits import OutOfWork
from .patterns import Pattern
from .quoting import shown
from .syntax import Parameter
from .variables import value_of

MOST_RESULT = 256 * 1024


@dataclass
class Segments:
    """The result of an operator that gives another word, with its own quoting."""

    segments: list[Any]


def operate(expansion: Words, part: Parameter, value: Any, *, is_list: bool) -> Generator[Any, Any, Any]:
    """The values after the operator: a list of texts, or Segments. `value` is a text, None, or a list of texts."""
    operator = part.operator
    if operator in (":-", "-", ":=", "=", ":+", "+", ":?", "?"):
        return (yield from _default(expansion, part, value, is_list))
    values = value if is_list else [value] if value is not None else []
    if not values and not is_list and "u" in expansion.shell.options:
        raise expansion.unbound(part.name)
    if not operator:
        return values
    if operator == ":":
        return (yield from _slice(expansion, part, values, is_list))
    if operator == "@":
        letter = yield from expansion.single(part.word)
        return [_transformed(expansion, part.name, each, letter) for each in values]
    pattern = yield from expansion.pattern(part.word)
    if operator[0] == "/":
        return (yield from _replace(expansion, part, values, pattern))
    return [_without(each, operator, pattern, expansion) for each in values]


def _default(expansion: Words, part: Parameter, value: Any, is_list: bool) -> Generator[Any, Any, Any]:
    operator = part.operator
    is_empty = operator[0] == ":" and (value in ("", []) or (is_list and value == [""]))
    is_unset = value is None or (is_list and not value) or is_empty
    kind = operator[-1]
    current = value if is_list else [value if value is not None else ""]
    if kind == "+":
        if is_unset:
            return [""] if not is_list else []
        return Segments((yield from _word(expansion, part)))
    if not is_unset:
        return current
    if kind == "-":
        return Segments((yield from _word(expansion, part)))
    text = yield from expansion.single(part.word)
    if kind == "=":
        yield from expansion.set_default(part, text)
        return [text]
    default = "parameter null or not set" if operator[0] == ":" else "parameter not set"
    status = {"bash": 1 if expansion.shell.mode == "i" else 127, "dash": 2, "ash": 2}[
        expansion.shell.dialect.name
    ]
    if expansion.shell.dialect.name != "bash" and operator[0] != ":":
        default = "parameter not set"
    elif expansion.shell.dialect.name != "bash":
        default = (
            "parameter not set or null"
            if expansion.shell.dialect.name == "dash"
            else "parameter not set or null"
        )
    raise ExpansionError(f"{part.name}: {text or default}", status)


def _word(expansion: Words, part: Parameter) -> Generator[Any, Any, Any]:
    """The operator's word; its unquoted text is split as if it were the value."""
    parts = part.word.parts if part.word else []
    segments = yield from expansion.segments(parts, tilde="" if part.quoted else "word")
    if part.quoted and not segments:
        return [("", True, False)]
    return [
        segment
        if segment is None
        else (segment[0], segment[1] or part.quoted, not segment[1] and not part.quoted)
        for segment in segments
    ]


def _slice(expansion: Words, part: Parameter, values: list[str], is_list: bool) -> Generator[Any, Any, Any]:
    text = yield from expansion.single(part.word)
    start = expansion.calculate(text)
    length = None
    if part.more is not None:
        length = expansion.calculate((yield from expansion.single(part.more)))
    if is_list and part.index is None:
        whole = [expansion.shell.script, *values]
        start = start if start > 0 else start + len(whole) if start < 0 else 0
        values = whole[start:] if start >= 0 else []
        return values if length is None else values[: max(0, length)]
    subject = values if is_list else values[0] if values else ""
    size = len(subject)
    if start < 0:
        start += size
        if start < 0:
            return [""] if not is_list else []
    if length is None:
        cut = subject[start:]
    elif length < 0:
        if size + length < start:
            raise ExpansionError(
                f"{part.more.raw if part.more else ''}: substring expression < 0", fatal=False
            )
        cut = subject[start : size + length]
    else:
        cut = subject[start : start + length]
    return cut if is_list else [cut]


def _without(text: str, operator: str, pattern: str, expansion: Words) -> str:
    """Without a prefix or suffix, or in another case."""
    if operator[0] in "^,":
        return _cased(text, operator, pattern)
    compiled_pattern = compiled_for(expansion.shell, pattern)
    expansion.spend(len(text) // (64 if compiled_pattern.is_literal else 2) + 1)
    if operator[0] == "#":
        first, last = compiled_pattern.ends(text, 0, expansion.spend)
        end = last if operator == "##" else first
        return text[end:] if end > 0 else text
    first, last = compiled_pattern.reversed().ends(text[::-1], 0, expansion.spend)
    end = last if operator == "%%" else first
    return text[: len(text) - end] if end > 0 else text


def _cased(text: str, operator: str, pattern: str) -> str:
    change: Callable[[str], str] = str.upper if operator[0] == "^" else str.lower
    fits = Pattern(pattern).matches if pattern else lambda char: True
    if len(operator) == 1:
        return (change(text[0]) if text and fits(text[0]) else text[:1]) + text[1:]
    if not pattern:
        return change(text)
    return "".join(change(char) if fits(char) else char for char in text)


def _replace(expansion: Words, part: Parameter, values: list[str], pattern: str) -> Generator[Any, Any, Any]:
    everywhere = part.operator == "//"
    anchor = ""
    if pattern[:1] in ("#", "%") and not everywhere:
        anchor, pattern = pattern[0], pattern[1:]
    replacement = yield from expansion.single(part.more)
    compiled_pattern = compiled_for(expansion.shell, pattern)
    done = []
    for text in values:
        done.append(
            _replaced(text, compiled_pattern, replacement, anchor, everywhere, expansion)
            if pattern or anchor
            else text
        )
    return done


def _replaced(
    text: str, pattern: Pattern, replacement: str, anchor: str, everywhere: bool, expansion: Words
) -> str:
    if anchor == "#":
        _, end = pattern.ends(text)
        return replacement + text[end:] if end >= 0 else text
    if anchor == "%":
        _, end = pattern.reversed().ends(text[::-1])
        return text[: len(text) - end] + replacement if end >= 0 else text
    if pattern.is_literal:
        count = text.count(pattern.literal) if everywhere else 1
        if len(text) + count * len(replacement) > MOST_RESULT:
            raise OutOfWork
        return text.replace(pattern.literal, replacement, -1 if everywhere else 1)
    out, at, size = [], 0, 0
    while at < len(text):
        _, end = pattern.ends(text, at, expansion.spend)
        expansion.spend(3 + max(0, end - at) if end > at else 3)
        if end > at:
            out.append(replacement)
            size += len(replacement)
            at = end
            if not everywhere:
                break
        else:
            out.append(text[at])
            at += 1
        if size > MOST_RESULT:
            raise OutOfWork
    return "".join(out) + text[at:]


def _transformed(expansion: Words, name: str, value: str, letter: str) -> str:
    """`${name@Q}` and its like."""
    match letter:
        case "Q":
            return shown(value)
        case "U":
            return value.upper()
        case "L":
            return value.lower()
        case "u":
            return value[:1].upper() + value[1:]
        case "E":
            return escaped(value, "bash")[0]
        case "A":
            return f"{name}={shown(value_of(expansion.shell, name) or '')}"
        case "a":
            kinds = expansion.shell.kinds.get(name, "")
            return kinds + ("x" if name in expansion.shell.exported else "")
    return value
