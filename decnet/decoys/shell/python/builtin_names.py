# ruff: noqa: E501 (tables, and what real programs print)
"""The built-in functions and types."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from . import calls
from .attributes import attribute_of
from .files import open_file
from .formatting import format_value
from .iterating import ITERATORS, advance, has_next, items_of, iterator_of
from .machine import BUILTINS, TYPES, Machine, Value, block, evaluate
from .parsing import parsed
from .special import operated, represented
from .values import (
    SCALARS,
    Bound,
    Class,
    Function,
    Instance,
    Lazy,
    Native,
    Thrown,
    check,
    kind_of,
    repr_of,
    str_of,
    truth,
    type_name,
    weigh,
)

ERRORS = (
    "ArithmeticError AssertionError AttributeError BaseException BlockingIOError BrokenPipeError ConnectionError "
    "ConnectionRefusedError ConnectionResetError EOFError Exception FileExistsError FileNotFoundError IOError ImportError IndexError "
    "InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError "
    "NotADirectoryError NotImplementedError OSError OverflowError PermissionError ProcessLookupError RecursionError RuntimeError "
    "StopIteration SyntaxError SystemError SystemExit TimeoutError TypeError UnicodeDecodeError UnicodeEncodeError UnicodeError "
    "ValueError ZeroDivisionError Warning DeprecationWarning"
)


def _print(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    parts = []
    for each in args:
        parts.append((yield from calls.shown(machine, each)))
    separator, end = keywords.get("sep"), keywords.get("end")
    text = (" " if separator is None else separator).join(parts) + ("\n" if end is None else end)
    file = keywords.get("file")
    check(len(text))
    if file is None:
        machine.print(text)
    else:
        yield from calls.call(machine, attribute_of(machine, file, "write"), [text], {})
    if keywords.get("flush"):
        machine.flush()


def _input(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    if machine.asks is not None:
        line = yield from machine.asks(str_of(args[0]) if args else "")
        if not line:
            raise Thrown(KeyboardInterrupt() if line is None else EOFError())
        return line.removesuffix("\n")
    machine.print(str_of(args[0]) if args else "")
    machine.flush()
    data = yield from machine.line()
    if not data:
        raise Thrown(EOFError("EOF when reading a line"))
    return data.decode("utf-8", "surrogateescape").removesuffix("\n")


def _len(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    value = args[0]
    if isinstance(value, Instance) and value.made_by.find("__len__"):
        return calls.call(machine, value.made_by.find("__len__"), [value], {})
    if not isinstance(value, (str, bytes, bytearray, list, tuple, dict, set, frozenset, range)):
        raise TypeError(f"object of type '{type_name(value)}' has no len()")
    return len(value)


def _text(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    if len(args) > 1 or keywords:
        return args[0].decode(*args[1:], **keywords)
    return calls.shown(machine, args[0]) if args else ""


def _bytes(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    if not args:
        return b""
    if isinstance(args[0], str):
        if len(args) < 2 and not keywords:
            raise TypeError("string argument without an encoding")
        from .methods import call_method

        return call_method(args[0], "encode", args[1:], keywords)
    if isinstance(args[0], int):
        check(args[0])
        return bytes(args[0])
    return bytes((yield from items_of(machine, args[0])))


def _int(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    if not args:
        return 0
    if not isinstance(args[0], (int, float, str, bytes)):
        wanted = "a string, a bytes-like object or a real number"
        raise TypeError(f"int() argument must be {wanted}, not '{type_name(args[0])}'")
    return int(*args, **keywords)


def _float(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    if args and not isinstance(args[0], (int, float, str, bytes)):
        raise TypeError(f"float() argument must be a string or a real number, not '{type_name(args[0])}'")
    return float(*args)


def _collection(kind: Callable[..., Any]) -> Callable[..., Value]:
    def run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
        if kind is dict:
            given = dict(args[0]) if args and isinstance(args[0], dict) else {}
            if args and not isinstance(args[0], dict):
                pairs = yield from items_of(machine, args[0])
                weigh(pairs)
                given = dict(pairs)
            return given | keywords
        items = (yield from items_of(machine, args[0])) if args else []
        if kind in (set, frozenset):
            weigh(items)
        return items if kind is list else kind(items)

    return run


def _sorted(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    return (yield from calls.sorted_items(machine, (yield from items_of(machine, args[0])), keywords))


def _extreme(pick: Callable[..., Any]) -> Callable[..., Value]:
    def run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
        items = args if len(args) > 1 else (yield from items_of(machine, args[0]))
        if not items:
            if "default" in keywords:
                return keywords["default"]
            raise ValueError(f"{pick.__name__}() arg is an empty sequence")
        ordered = yield from calls.sorted_items(machine, items, {"key": keywords.get("key")})
        return ordered[0 if pick is min else -1]

    return run


def _sum(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    total = args[1] if len(args) > 1 else 0
    for each in (yield from items_of(machine, args[0])):
        total = yield from operated(machine, ast.Add, total, each)
    return total


def _any(wanted: bool) -> Callable[..., Value]:
    def run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
        iterator = yield from iterator_of(machine, args[0])
        while True:
            found, item = yield from advance(machine, iterator)
            if not found or truth(item) == wanted:
                return wanted == found

    return run


def _map(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    lists = []
    for each in args[1:]:
        lists.append((yield from items_of(machine, each)))
    found = []
    for items in zip(*lists, strict=False):
        found.append((yield from calls.call(machine, args[0], list(items), {})))
    return iter(found)


def _filter(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    found = []
    for each in (yield from items_of(machine, args[1])):
        kept = each if args[0] is None else (yield from calls.call(machine, args[0], [each], {}))
        found += [each] if truth(kept) else []
    return iter(found)


def _zip(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    lists = []
    for each in args:
        lists.append((yield from items_of(machine, each)))
    return iter(list(zip(*lists, strict=False)))


def _enumerate(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    first = args[1] if len(args) > 1 else keywords.get("start", 0)
    return iter(list(enumerate((yield from items_of(machine, args[0])), first)))


def _reversed(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    return iter((yield from items_of(machine, args[0]))[::-1])


def _iter(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    return (yield from iterator_of(machine, args[0]))


def _next(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    if not isinstance(args[0], (*ITERATORS, Lazy)) and not has_next(args[0]):
        raise TypeError(f"'{type_name(args[0])}' object is not an iterator")
    found, item = yield from advance(machine, args[0])
    if found:
        return item
    if len(args) > 1:
        return args[1]
    raise Thrown(StopIteration())


def _isinstance(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> bool:
    wanted = args[1] if isinstance(args[1], tuple) else (args[1],)
    kind = kind_of(args[0])
    return any(
        kind.extends(each)
        if isinstance(kind, Class)
        else isinstance(each, type) and isinstance(args[0], each)
        for each in wanted
    )


def _getattr(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    try:
        return attribute_of(machine, args[0], str(args[1]))
    except AttributeError:
        if len(args) > 2:
            return args[2]
        raise


def _setattr(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    owner, name, value = args
    if not isinstance(owner, (Instance, Class)):
        raise AttributeError(f"'{type_name(owner)}' object has no attribute '{name}'")
    check(len(owner.attributes))
    owner.attributes[str(name)] = value


def _delattr(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    if not isinstance(args[0], (Instance, Class)) or args[1] not in args[0].attributes:
        raise AttributeError(args[1])
    del args[0].attributes[args[1]]


def _hasattr(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> bool:
    try:
        attribute_of(machine, args[0], str(args[1]))
    except AttributeError:
        return False
    return True


def _exit(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    raise Thrown(SystemExit(*args[:1]))


def _run_text(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    text = args[0].decode("utf-8", "replace") if isinstance(args[0], bytes) else args[0]
    yield from block(machine, parsed(text, "<string>").body)


def _eval(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    return (yield from evaluate(machine, parsed(args[0].strip(), "<string>", "eval").body))


def _import(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    from .importing import imported

    return imported(machine, str(args[0]).partition(".")[0]) if "." not in args[0] else (
        imported(machine, args[0]), imported(machine, args[0].partition(".")[0]))[1]  # fmt: skip


def _round(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    if len(args) > 1 and isinstance(args[1], int):
        check(abs(args[1]))
    return round(*args)


def _plain(run: Callable[..., Any]) -> Callable[..., Any]:
    """A built-in function of plain values that is bounded by the size of its arguments."""

    def call(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
        if not all(isinstance(each, SCALARS) for each in args):
            raise TypeError(f"'{type_name(args[0])}' object cannot be interpreted as an integer")
        return run(*args, **keywords)

    return call


def _hash(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> int:
    weigh(args[0])
    return hash(args[0])


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "print": _print, "input": _input, "len": _len, "sorted": _sorted, "min": _extreme(min), "max": _extreme(max),
    "sum": _sum, "any": _any(wanted=True), "all": _any(wanted=False), "map": _map, "filter": _filter, "zip": _zip,
    "enumerate": _enumerate, "reversed": _reversed, "iter": _iter, "next": _next, "isinstance": _isinstance,
    "issubclass": lambda machine, args, keywords: issubclass(args[0], args[1]), "getattr": _getattr, "setattr": _setattr, "delattr": _delattr, "hasattr": _hasattr,
    "repr": lambda machine, args, keywords: represented(machine, args[0]), "exit": _exit, "quit": _exit, "exec": _run_text,
    "eval": _eval, "__import__": _import, "open": lambda machine, args, keywords: _open(machine, args, keywords),
    "chr": _plain(chr), "ord": _plain(ord), "hex": _plain(hex), "oct": _plain(oct), "bin": _plain(bin),
    "abs": _plain(abs), "divmod": _plain(divmod), "round": _round, "hash": _hash,
    "id": lambda machine, args, keywords: 0x7F0000000000 + (id(args[0]) & 0xFFFFFFFF),
    "callable": lambda machine, args, keywords: isinstance(args[0], (Native, Function, Bound, Class, type)),
    "format": lambda machine, args, keywords: format_value(args[0], args[1] if len(args) > 1 else ""),
    "ascii": lambda machine, args, keywords: ascii(repr_of(args[0]))[1:-1],
    "globals": lambda machine, args, keywords: machine.globals.names,
    "locals": lambda machine, args, keywords: machine.scope.names,
    "vars": lambda machine, args, keywords: args[0].attributes if args else machine.scope.names,
    "dir": lambda machine, args, keywords: sorted(args[0].attributes if args else machine.scope.names),
}  # fmt: skip
TYPES |= {
    int: Native("int", _int), float: Native("float", _float), str: Native("str", _text), bytes: Native("bytes", _bytes),
    bool: Native("bool", lambda machine, args, keywords: _truth(args)), list: Native("list", _collection(list)),
    tuple: Native("tuple", _collection(tuple)), set: Native("set", _collection(set)), dict: Native("dict", _collection(dict)),
    frozenset: Native("frozenset", _collection(frozenset)), range: Native("range", _plain(range)),
    bytearray: Native("bytearray", _collection(bytearray)), slice: Native("slice", _plain(slice)),
    type: Native("type", lambda machine, args, keywords: kind_of(args[0])),
    object: Native("object", lambda machine, args, keywords: Instance(Class("object", [], None))),
}  # fmt: skip


def _truth(args: list[Any]) -> bool:
    return truth(args[0]) if args else False


def _open(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    file = open_file(machine, args[0], args[1] if len(args) > 1 else keywords.get("mode", "r"))
    if len(machine.files) > 200:
        raise OSError(24, "Too many open files", args[0])
    if file.name != "/dev/null":
        machine.files.append(file)
    return file


BUILTINS |= {
    **{name: Native(name, run) for name, run in FUNCTIONS.items()},
    **{kind.__name__: kind for kind in TYPES},
    **{name: getattr(builtins, name) for name in ERRORS.split()},
    "super": Native("super", lambda machine, args, keywords: None), "NotImplemented": NotImplemented, "Ellipsis": ...,
}  # fmt: skip
