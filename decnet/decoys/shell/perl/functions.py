# ruff: noqa: E501 (tables)
"""The functions of Perl that calculate: texts, lists, numbers."""

from __future__ import annotations

import base64
import math
import random
import time
from collections.abc import Callable
from typing import Any

from .assigning import assign, container_of
from .machine import EVALUATES, FUNCTIONS, Machine, Value, listed
from .matching import compiled, regex_of
from .parser import Tree
from .values import Died, Jump, Left, check, number_of, text_of, truth

Arguments = tuple[Tree, ...]


def _scalar(run: Callable[[Any], Any]) -> Callable[..., Value]:
    """A function of one value, `$_` by default."""

    def call(machine: Machine, arguments: Arguments, many: bool) -> Value:
        value = (yield from machine.value(arguments[0])) if arguments else machine.globals["$_"]
        return run(value)

    return call


def _plain(run: Callable[[Machine, list[Any]], Any]) -> Callable[..., Value]:
    """A function of a list of values."""

    def call(machine: Machine, arguments: Arguments, many: bool) -> Value:
        found = yield from machine.values(("list", arguments))
        return run(machine, found)

    return call


def _join(machine: Machine, values: list[Any]) -> str:
    parts = [text_of(each) for each in values[1:]]
    separator = text_of(values[0]) if values else ""
    machine.charge(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def formatted(machine: Machine, values: list[Any]) -> str:
    """`sprintf`."""
    form, rest, out, at = text_of(values[0]) if values else "", list(values[1:]), "", 0
    while at < len(form):
        if form[at] != "%":
            end = form.find("%", at)
            end = len(form) if end < 0 else end
            out, at = out + form[at:end], end
            continue
        end = at + 1
        while end < len(form) and form[end] in "-+ 0#.*0123456789lhv":
            end += 1
        spec, kind = form[at + 1 : end].translate({ord(each): None for each in "lhv"}), form[end : end + 1]
        while "*" in spec:
            spec = spec.replace("*", str(int(number_of(rest.pop(0) if rest else 0))), 1)
        at = end + 1
        if any(len(part) > 5 for part in "".join(each if each.isdigit() else " " for each in spec).split()):
            raise MemoryError
        if form[at - 2 : at] == "vd":
            out += f"%{spec}s" % _ordinals(text_of(rest.pop(0)) if rest else "")
        else:
            out += "%" if kind == "%" else _converted(spec, kind, rest.pop(0) if rest and kind else None)
        machine.charge(len(out))
    return out


def _ordinals(text: str) -> str:
    """`%vd`: the numbers of the characters; of a version, those that it is made of."""
    if text[:1] == "v" and text[1:].replace(".", "").isdigit():
        return text[1:]
    return ".".join(str(ord(char)) for char in text)


def _converted(spec: str, kind: str, value: Any) -> str:
    if kind in "diu":
        return f"%{spec}d" % int(number_of(value))
    if kind in "sc":
        return f"%{spec}s" % (text_of(value) if kind == "s" else chr(int(number_of(value)) & 0xFFFF))
    if kind in "xXo":
        return f"%{spec}{kind}" % (int(number_of(value)) & 0xFFFFFFFFFFFFFFFF)
    if kind in "bB":
        width = spec.lstrip("0#-+ ")
        return format(
            int(number_of(value)) & 0xFFFFFFFFFFFFFFFF, ("0" if spec[:1] == "0" else "") + width + "b"
        )
    return f"%{spec}{kind}" % float(number_of(value)) if kind in "eEfFgG" and kind else f"%{spec}{kind}"


def _split(machine: Machine, arguments: Arguments, many: bool) -> Value:
    if arguments and arguments[0][0] == "match":
        pattern, text = arguments[0], ""
        regex = yield from regex_of(machine, pattern)
        plain = pattern[1] == " "
    else:
        word = text_of((yield from machine.value(arguments[0]))) if arguments else " "
        regex, plain = compiled(machine, word), word == " "
    text = text_of((yield from machine.value(arguments[1])) if len(arguments) > 1 else machine.globals["$_"])
    most = int(number_of((yield from machine.value(arguments[2])))) if len(arguments) > 2 else 0
    if plain:
        found: list[Any] = text.split(None, most - 1) if most > 0 else text.split()
        return listed(found) if many else len(found)
    parts: list[Any] = []
    at = start = 0
    while (
        (not most or len(parts) < most - 1)
        and (spans := regex.search(text, start, groups=True)) is not None
        and len(parts) < 20_000
    ):
        begin, end = spans[0]
        if end == begin:
            if begin >= len(text):
                break
            if begin == at:
                start = begin + 1
                if begin == 0 or start > len(text):
                    continue
        if not (begin == end == 0) and end > 0:
            parts.append(text[at:begin])
            parts += [text[one:other] if one >= 0 else None for one, other in spans[1:]]
        at, start = end, end if end > begin else end + 1
    parts.append(text[at:])
    while parts and not parts[-1] and not most:
        parts.pop()
    machine.charge(64 * len(parts))
    return listed(parts) if many else len(parts)


def _cut(machine: Machine, arguments: Arguments, many: bool) -> Value:
    """`chomp` and `chop` of one variable."""
    target = arguments[0] if arguments else ("variable", "$", "_")
    if target[0] == "assign":
        yield from machine.value(target)
        target = target[2]
    if target[0] == "my":
        target = target[1]
    if target[0] == "variable" and target[1] == "@":
        found = machine.container("@", target[2])
        found[:] = [text_of(each).removesuffix("\n") for each in found]
        return 1
    text = text_of((yield from machine.value(target)))
    yield from assign(machine, target, text.removesuffix("\n"))
    return int(text.endswith("\n"))


ENDS = ("first", "any", "all", "none")
"""What ends at the first element that decides."""


def _each(machine: Machine, tree: Tree) -> Value:
    """`map`, `grep` and `sort`."""
    _, kind, by, items_tree = tree
    items = yield from machine.values(items_tree)
    if kind == "sort":
        return listed((yield from _sorted(machine, by, items)))
    found, place, before = [], machine.globals, machine.globals["$_"]
    for each in items:
        place["$_"] = each
        inner = (yield from machine.block(by[1])) if by[0] == "body" else (yield from machine.values(by))
        inner = inner if isinstance(inner, list) else [inner]
        if kind == "map":
            found += inner
        elif kind in ENDS and bool(inner and truth(inner[-1])) == (kind != "all"):
            place["$_"] = before
            return {"first": each, "any": 1, "all": "", "none": ""}[kind]
        elif kind in ENDS:
            continue
        elif inner and truth(inner[-1]):
            found.append(each)
        machine.charge(64)
    place["$_"] = before
    if kind in ENDS:
        return {"first": None, "any": "", "all": 1, "none": 1}[kind]
    return listed(found)


def _sorted(machine: Machine, by: Any, items: list[Any]) -> Value:
    if by is None:
        return sorted(items, key=text_of)
    body = by[1] if by[0] == "body" else None
    code: Any = None if body is not None else (yield from machine.value(by))
    if len(items) > 2000:
        raise MemoryError
    place, order = machine.globals, list(items)
    # A merge sort whose comparisons may wait, as those of list.sort cannot.
    width = 1
    while width < len(order):
        merged: list[Any] = []
        for start in range(0, len(order), 2 * width):
            left, right = order[start : start + width], order[start + width : start + 2 * width]
            while left and right:
                place["$a"], place["$b"] = left[0], right[0]
                found = (
                    (yield from machine.block(body))
                    if body is not None
                    else (yield from machine.call(code, []))
                )
                found = found[-1] if isinstance(found, list) and found else found
                merged.append(left.pop(0) if number_of(found) <= 0 else right.pop(0))
            merged += left + right
        order, width = merged, 2 * width
    return order


def _of_array(name: str) -> Callable[..., Value]:
    def call(machine: Machine, arguments: Arguments, many: bool) -> Value:
        target = arguments[0] if arguments else ("variable", "@", "_" if machine.depth else "ARGV")
        found = yield from container_of(machine, target, "@")
        rest = yield from machine.values(("list", arguments[1:]))
        if name in ("push", "unshift"):
            check(len(found) + len(rest))
            machine.charge(64 * len(rest))
            found[len(found) if name == "push" else 0 : len(found) if name == "push" else 0] = rest
            return len(found)
        if name == "splice":
            start = int(number_of(rest[0])) if rest else 0
            count = int(number_of(rest[1])) if len(rest) > 1 else len(found)
            removed = found[start:][:count]
            found[start : start + len(removed)] = rest[2:]
            return listed(removed)
        return (found.pop(0) if name == "shift" else found.pop()) if found else None

    return call


def _of_hash(name: str) -> Callable[..., Value]:
    def call(machine: Machine, arguments: Arguments, many: bool) -> Value:
        target = arguments[0]
        is_array = target[0] == "variable" and target[1] == "@"
        found = yield from container_of(machine, target, "@" if is_array else "%")
        keys = list(range(len(found))) if is_array else list(found)
        values = list(found) if is_array else list(found.values())
        if not many:
            return len(keys)
        return listed(keys if name == "keys" else values)

    return call


def _reverse(machine: Machine, arguments: Arguments, many: bool) -> Value:
    found = yield from machine.values(("list", arguments))
    return listed(found[::-1]) if many else "".join(map(text_of, found or [machine.globals["$_"]]))[::-1]


def _defined(machine: Machine, arguments: Arguments, many: bool) -> Value:
    if arguments and arguments[0][0] == "call":
        return 1 if arguments[0][1] in machine.subroutines else ""
    value = (yield from machine.value(arguments[0])) if arguments else machine.globals["$_"]
    return 1 if value is not None else ""


def _exists(machine: Machine, arguments: Arguments, many: bool) -> Value:
    _, kind, owner, key = arguments[0]
    found = yield from container_of(machine, owner, "@" if kind == "[" else "%")
    name = yield from machine.value(key)
    return 1 if (text_of(name) in found if kind == "{" else 0 <= number_of(name) < len(found)) else ""


def _delete(machine: Machine, arguments: Arguments, many: bool) -> Value:
    _, kind, owner, key = arguments[0]
    found = yield from container_of(machine, owner, "@" if kind == "[" else "%")
    name = yield from machine.value(key)
    return found.pop(text_of(name), None) if kind == "{" else None


def _undef(machine: Machine, arguments: Arguments, many: bool) -> Value:
    if arguments:
        target = arguments[0]
        if target[0] == "variable" and target[1] in "@%":
            machine.container(target[1], target[2]).clear()
        else:
            yield from assign(machine, target, None)
    return None


def _scalar_of(machine: Machine, arguments: Arguments, many: bool) -> Value:
    return (yield from machine.value(arguments[0]))


def _substr(machine: Machine, values: list[Any]) -> Any:
    text, start = text_of(values[0]), int(number_of(values[1]))
    start = max(0, len(text) + start) if start < 0 else start
    if start > len(text):
        return None
    if len(values) < 3 or values[2] is None:
        return text[start:]
    length = int(number_of(values[2]))
    return text[start : start + length] if length >= 0 else text[start:length]


def _index(machine: Machine, values: list[Any]) -> int:
    return text_of(values[0]).find(text_of(values[1]), int(number_of(values[2])) if len(values) > 2 else 0)


def _message(machine: Machine, values: list[Any], empty: str) -> str:
    text = "".join(map(text_of, values)) or empty
    return text if text.endswith("\n") else f"{text} at {machine.name} line {machine.line}.\n"


def _die(machine: Machine, values: list[Any]) -> Any:
    if len(values) == 1 and isinstance(values[0], (list, dict)):
        raise Died(values[0])
    raise Died(_message(machine, values, "Died"))


def _warn(machine: Machine, values: list[Any]) -> int:
    machine.process.err(
        _message(machine, values, "Warning: something's wrong").encode("utf-8", "surrogateescape")
    )
    return 1


def _exit(machine: Machine, values: list[Any]) -> Any:
    raise Left(int(number_of(values[0])) & 255 if values else 0)


def _return(machine: Machine, arguments: Arguments, many: bool) -> Value:
    raise Jump("return", (yield from machine.values(("list", arguments))))


def _jump(kind: str) -> Callable[..., Value]:
    def call(machine: Machine, arguments: Arguments, many: bool) -> Value:
        raise Jump(kind)
        yield

    return call


def _localtime(machine: Machine, arguments: Arguments, many: bool) -> Value:
    value = (yield from machine.value(arguments[0])) if arguments else time.time()
    found = time.gmtime(min(max(0, number_of(value)), 1 << 37))
    if not many:
        return time.strftime(f"%a %b {found.tm_mday:2d} %H:%M:%S %Y", found)
    return listed(
        [
            found.tm_sec,
            found.tm_min,
            found.tm_hour,
            found.tm_mday,
            found.tm_mon - 1,
            found.tm_year - 1900,
            (found.tm_wday + 1) % 7,
            found.tm_yday - 1,
            0,
        ]
    )


def _kind(value: Any) -> str:
    return {"list": "ARRAY", "dict": "HASH", "Code": "CODE", "Reference": "SCALAR", "Handle": "GLOB"}.get(
        type(value).__name__, ""
    )


def _coded(value: Any) -> str:
    data = base64.b64encode(text_of(value).encode("latin-1", "replace")).decode()
    return "".join(data[at : at + 76] + "\n" for at in range(0, len(data), 76))


def _decoded(value: Any) -> str:
    text = "".join(each for each in text_of(value) if each.isalnum() or each in "+/")
    return base64.b64decode(text + "=" * (-len(text) % 4)).decode("latin-1") if len(text) % 4 != 1 else ""


def _pack(machine: Machine, values: list[Any]) -> str:
    form = text_of(values[0])
    if form.startswith("H"):
        digits = text_of(values[1])
        return "".join(
            chr(int(digits[at : at + 2].ljust(2, "0"), 16))
            for at in range(0, len(digits), 2)
            if not set(digits[at : at + 2].lower()) - set("0123456789abcdef")
        )
    if form[:1] in "cCUW":
        return "".join(chr(int(number_of(each)) & 0xFFFF) for each in values[1:])
    return "".join(map(text_of, values[1:]))


def _unpack(machine: Machine, values: list[Any]) -> Any:
    form, text = text_of(values[0]), text_of(values[1]) if len(values) > 1 else ""
    if form.startswith("H"):
        return text.encode("latin-1", "replace").hex()
    if form[:1] in "cCUW":
        return listed([ord(each) for each in text])
    return text


FUNCTIONS |= {
    "lc": _scalar(lambda value: text_of(value).lower()), "uc": _scalar(lambda value: text_of(value).upper()),
    "ucfirst": _scalar(lambda value: text_of(value)[:1].upper() + text_of(value)[1:]),
    "lcfirst": _scalar(lambda value: text_of(value)[:1].lower() + text_of(value)[1:]),
    "length": _scalar(lambda value: None if value is None else len(text_of(value))), "ord": _scalar(lambda value: ord(text_of(value)[:1] or "\0")),
    "chr": _scalar(lambda value: chr(min(max(0, int(number_of(value))), 0xD7FF))), "int": _scalar(lambda value: int(number_of(value))),
    "abs": _scalar(lambda value: abs(number_of(value))), "sqrt": _scalar(lambda value: math.sqrt(max(0, number_of(value)))),
    "hex": _scalar(lambda value: int("0" + "".join(each for each in text_of(value).lower().removeprefix("0x") if each in "0123456789abcdef")[:15], 16)),
    "oct": _scalar(lambda value: int("0" + "".join(each for each in text_of(value) if each in "01234567")[:20], 8)),
    "quotemeta": _scalar(lambda value: "".join(each if each.isalnum() or each == "_" else f"\\{each}" for each in text_of(value))),
    "ref": _scalar(_kind), "encode_base64": _scalar(_coded), "decode_base64": _scalar(_decoded),
    "log": _scalar(lambda value: math.log(max(1e-300, number_of(value)))), "exp": _scalar(lambda value: math.exp(min(700, number_of(value)))),
    "sin": _scalar(lambda value: math.sin(number_of(value))), "cos": _scalar(lambda value: math.cos(number_of(value))),
    "chomp": _cut, "chop": _cut, "join": _plain(_join), "sprintf": _plain(formatted), "split": _split, "reverse": _reverse,
    **{name: _of_array(name) for name in ("push", "unshift", "shift", "pop", "splice")}, "keys": _of_hash("keys"), "values": _of_hash("values"),
    "defined": _defined, "exists": _exists, "delete": _delete, "undef": _undef, "scalar": _scalar_of, "substr": _plain(_substr),
    "index": _plain(_index), "rindex": _plain(lambda machine, values: text_of(values[0]).rfind(text_of(values[1]))), "die": _plain(_die),
    "warn": _plain(_warn), "exit": _plain(_exit), "return": _return, "last": _jump("last"), "next": _jump("next"), "croak": _plain(_die),
    "time": _plain(lambda machine, values: int(time.time())), "localtime": _localtime, "gmtime": _localtime, "pack": _plain(_pack), "unpack": _plain(_unpack),
    "rand": _plain(lambda machine, values: random.random() * (number_of(values[0]) if values else 1) or 0.0), "srand": _plain(lambda machine, values: 1),
    "wantarray": _plain(lambda machine, values: 1), "bless": _plain(lambda machine, values: values[0]), "lock": _plain(lambda machine, values: 1),
    "binmode": _plain(lambda machine, values: 1), "select": _plain(lambda machine, values: "main::STDOUT"), "umask": _plain(lambda machine, values: machine.process.shell.umask),
}  # fmt: skip
EVALUATES["each"] = _each
