# ruff: noqa: E501 (tables)
"""Functions of Perl's own modules, and those about folders and accounts."""

from __future__ import annotations

import base64
import calendar
import hashlib
import json
import math
import time
from collections.abc import Callable
from typing import Any

from .assigning import assign
from .functions import _plain, _scalar
from .machine import FUNCTIONS, Machine, Value, listed
from .parser import Tree
from .values import Code, Died, Handle, Reference, check, number_of, text_of

Arguments = tuple[Tree, ...]
DEEPEST = 40


def _bytes(value: Any) -> bytes:
    return text_of(value).encode("utf-8", "surrogateescape")


# POSIX


def _moment(values: list[Any]) -> time.struct_time:
    """The nine numbers of localtime, of which the weekday and the day of the year are calculated."""
    sec, minute, hour, day, month, year = (int(number_of(each)) for each in [*values, 0, 0, 0, 1, 0, 70][:6])
    seconds = calendar.timegm((1900 + year % 8000, month % 12 + 1, max(1, min(31, day)), hour, minute, sec))
    return time.gmtime(max(-(1 << 40), min(1 << 40, seconds)))


def _strftime(machine: Machine, values: list[Any]) -> str:
    form = text_of(values[0])
    check(len(form))
    return time.strftime(form, _moment(values[1:]))


def _strtol(machine: Machine, values: list[Any]) -> Any:
    text, base = text_of(values[0]).strip(), int(number_of(values[1])) if len(values) > 1 else 10
    text = text[2:] if base == 16 and text[:2].lower() == "0x" else text
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"[: max(2, min(36, base))]
    sign, rest = ("-", text[1:]) if text[:1] == "-" else ("", text)
    good = len(rest) - len(rest.lower().lstrip(digits))
    number = int(sign + (rest[:good][:60] or "0"), max(2, min(36, base)))
    return listed([number, len(rest) - good]) if machine.many else number


def _rounded(run: Callable[[float], int]) -> Callable[..., Value]:
    return _plain(lambda machine, values: run(number_of(values[0])) if values else 0)


# List::Util


def _sum(machine: Machine, values: list[Any]) -> Any:
    return sum(number_of(each) for each in values) if values else None


def _unique(machine: Machine, values: list[Any]) -> Any:
    found = list({text_of(each): each for each in reversed(values)}.values())[::-1]
    order = {text_of(each): at for at, each in reversed(list(enumerate(values)))}
    return listed(sorted(found, key=lambda each: order[text_of(each)]))


def _shuffled(machine: Machine, values: list[Any]) -> Any:
    import random

    found = list(values)
    random.shuffle(found)
    return listed(found)


# Data::Dumper and JSON::PP


def _dumper(machine: Machine, values: list[Any]) -> str:
    flags = {name: machine.globals.get(f"$Data::Dumper::{name}") for name in ("Indent", "Terse", "Sortkeys")}
    indent = 2 if flags["Indent"] is None else int(number_of(flags["Indent"]))
    out = ""
    for at, value in enumerate(values, 1):
        name = "" if flags["Terse"] else f"$VAR{at} = "
        shown = _dumped(value, " " * (len(name) if indent > 1 else 0), indent, bool(flags["Sortkeys"]), 0)
        out += f"{name}{shown}{'' if flags['Terse'] else ';'}\n"
        check(len(out))
    return out


def _dumped(value: Any, blanks: str, indent: int, ordered: bool, depth: int) -> str:
    if depth > DEEPEST:
        raise Died("Recursion limit of 1000 exceeded")
    if value is None:
        return "undef"
    if isinstance(value, Code):
        return 'sub { "DUMMY" }'
    if isinstance(value, Reference):
        return "\\" + _dumped(value.place.get(value.name), blanks + "  ", indent, ordered, depth + 1)
    if not isinstance(value, (list, dict)):
        text = text_of(value)
        plain = (
            text.lstrip("-").isdecimal()
            and (text == "0" or not text.lstrip("-").startswith("0"))
            and len(text) < 11
        )
        return text if plain else "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    first, last = "[]" if isinstance(value, list) else "{}"
    if not value:
        return first + last
    inner, line = (blanks + "  ", "\n") if indent else ("", "")
    blanks = blanks if indent else ""
    if isinstance(value, list):
        parts = [inner + _dumped(each, inner, indent, ordered, depth + 1) for each in value]
    else:
        keys = sorted(value) if ordered else list(value)
        parts = [
            f"{inner}'{key}' => "
            + _dumped(
                value[key], inner + " " * (len(key) + 6 if indent > 1 else 0), indent, ordered, depth + 1
            )
            for key in keys
        ]
    check(sum(map(len, parts)))
    return f"{first}{line}{(',' + line).join(parts)}{line}{blanks}{last}"


def _plain_value(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise Died("json text or perl structure exceeds maximum nesting level")
    if isinstance(value, dict):
        return {key: _plain_value(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain_value(each, depth + 1) for each in value]
    return value if value is None or isinstance(value, (int, float)) else text_of(value)


def _encoded(machine: Machine, values: list[Any]) -> str:
    return json.dumps(_plain_value(values[0]), separators=(",", ":"), ensure_ascii=False)


def _decoded_json(machine: Machine, values: list[Any]) -> Any:
    text = text_of(values[0])
    check(len(text))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise machine.die(
            'malformed JSON string, neither tag, array, object, number, string or atom, at character offset 0 (before "(end of string)")'
        ) from None


# Digest::MD5 and Digest::SHA


def _digest(name: str, shown: Callable[[bytes], str]) -> Callable[..., Value]:
    def run(machine: Machine, values: list[Any]) -> str:
        return shown(hashlib.new(name, b"".join(map(_bytes, values)), usedforsecurity=False).digest())

    return _plain(run)


def _digests() -> dict[str, Callable[..., Value]]:
    found: dict[str, Callable[..., Value]] = {}
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        found[name] = _digest(name, lambda data: data.decode("latin-1"))
        found[f"{name}_hex"] = _digest(name, bytes.hex)
        found[f"{name}_base64"] = _digest(name, lambda data: base64.b64encode(data).decode().rstrip("="))
    return found


# Folders and accounts


def _opendir(machine: Machine, arguments: Arguments, many: bool) -> Value:
    path = text_of((yield from machine.value(arguments[1])))
    shell = machine.process.shell
    where = shell.absolute(path)
    node = shell.node(where)
    if node is None or not node.folder:
        machine.globals["$!"] = "No such file or directory" if node is None else "Not a directory"
        return 0
    names = [".", "..", *shell.entries(where)]
    handle = Handle(path, "dir")
    handle.data += "\n".join(names).encode("utf-8", "surrogateescape") + b"\n"
    if arguments[0][0] in ("bare", "string"):
        machine.handles[arguments[0][1]] = handle
    else:
        yield from assign(machine, arguments[0], handle)
    return 1


def _readdir(machine: Machine, arguments: Arguments, many: bool) -> Value:
    target = arguments[0]
    found = machine.handles.get(target[1]) if target[0] == "bare" else (yield from machine.value(target))
    if not isinstance(found, Handle):
        return listed([]) if many else None
    names = bytes(found.data[found.at :]).decode("utf-8", "surrogateescape").split("\n")[:-1]
    if many:
        found.at = len(found.data)
        return listed(names)
    if not names:
        return None
    found.at += len(names[0].encode("utf-8", "surrogateescape")) + 1
    return names[0]


def _stat(machine: Machine, values: list[Any]) -> Any:
    from ..files import facts

    shell = machine.process.shell
    path = text_of(values[0] if values else machine.globals["$_"])
    node = shell.node(shell.absolute(path))
    if node is None:
        machine.globals["$!"] = "No such file or directory"
        return listed([])
    kind = 0o040000 if node.folder else 0o100000
    size = len(node.data) if not node.folder and not node.kind else 4096
    return listed([
        2049, 131072, kind | node.mode, 1, facts.uid_of(shell, node), facts.gid_of(shell, node), 0, size,
        node.changed, node.changed, node.changed, 4096, -(-size // 512),
    ])  # fmt: skip


def _account(number: bool) -> Callable[[Machine, list[Any]], Any]:
    def run(machine: Machine, values: list[Any]) -> Any:
        key = text_of(values[0]) if values else ""
        for line in (machine.process.shell.read("/etc/passwd") or "").splitlines():
            fields = line.split(":")
            if len(fields) > 6 and fields[2 if number else 0] == key:
                name, code, uid, gid, about, home, program = fields[:7]
                if not machine.many:
                    return name if number else int(uid)
                return listed([name, code, int(uid), int(gid), "", "", about, home, program])
        return listed([]) if machine.many else None

    return run


def _globbed(machine: Machine, arguments: Arguments, many: bool) -> Value:
    from ..globbing import paths_of

    values = yield from machine.values(("list", arguments))
    found: list[str] = []
    for word in text_of(values[0] if values else "").split():
        paths = yield from paths_of(machine.process.shell, word, machine.process.spend)
        found += paths or ([] if set(word) & set("*?[") else [word])
    return listed(found)


def _readlink(machine: Machine, values: list[Any]) -> Any:
    node = machine.process.shell.lstat(machine.process.shell.absolute(text_of(values[0])))
    return node.target if node is not None and node.target else None


def _looks_like_number(machine: Machine, values: list[Any]) -> Any:
    try:
        float(text_of(values[0]).strip() or "x")
    except ValueError:
        return ""
    return 1


def _base(machine: Machine, values: list[Any]) -> str:
    name = text_of(values[0]).rstrip("/").rpartition("/")[2] or "/"
    for suffix in map(text_of, values[1:]):
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix)
    return name


def _folder(machine: Machine, values: list[Any]) -> str:
    above, slash, _ = text_of(values[0]).rstrip("/").rpartition("/")
    return above or ("/" if slash else ".")


FUNCTIONS |= {
    "strftime": _plain(_strftime), "strtol": _plain(_strtol), "mktime": _plain(lambda machine, values: int(calendar.timegm(_moment(values)))),
    "floor": _rounded(math.floor), "ceil": _rounded(math.ceil), "round": _rounded(lambda value: math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)),
    "fmod": _plain(lambda machine, values: math.fmod(number_of(values[0]), number_of(values[1]) or 1)),
    "pow": _plain(lambda machine, values: math.pow(min(1e100, number_of(values[0])), min(3, number_of(values[1])))),
    "isatty": _plain(lambda machine, values: 1 if machine.process.to_terminal else 0), "getpid": _plain(lambda machine, values: machine.process.pid),
    "getuid": _plain(lambda machine, values: machine.process.shell.world.number_of(machine.process.shell.user)),
    "sum": _plain(_sum), "sum0": _plain(lambda machine, values: _sum(machine, values) or 0), "uniq": _plain(_unique), "shuffle": _plain(_shuffled),
    "max": _plain(lambda machine, values: max(values, key=number_of, default=None)), "min": _plain(lambda machine, values: min(values, key=number_of, default=None)),
    "maxstr": _plain(lambda machine, values: max(values, key=text_of, default=None)), "minstr": _plain(lambda machine, values: min(values, key=text_of, default=None)),
    "Dumper": _plain(_dumper), "encode_json": _plain(_encoded), "decode_json": _plain(_decoded_json), "to_json": _plain(_encoded), "from_json": _plain(_decoded_json),
    **_digests(), "opendir": _opendir, "readdir": _readdir, "closedir": _plain(lambda machine, values: 1), "stat": _plain(_stat), "lstat": _plain(_stat),
    "getpwnam": _plain(_account(False)), "getpwuid": _plain(_account(True)), "glob": _globbed, "readlink": _plain(_readlink),
    "hostname": _plain(lambda machine, values: machine.process.shell.hostname), "getcwd": _plain(lambda machine, values: machine.process.shell.cwd),
    "cwd": _plain(lambda machine, values: machine.process.shell.cwd), "basename": _plain(_base), "dirname": _plain(_folder),
    "looks_like_number": _plain(_looks_like_number), "blessed": _scalar(lambda value: None), "inet_ntoa": _scalar(text_of),
}  # fmt: skip
