# ruff: noqa: E501 (tables, and what real programs print)
"""The values that a program has beyond plain ones, and how large a value may be."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

MOST_OBJECT = 256 * 1024
"""Characters, bytes or elements of one value."""
MOST_BITS = 40_000
"""Of an integer."""
MOST_NODES = 100_000
"""Elements of a value inside of each other, where it is compared or hashed."""
DEEPEST = 60
"""Values inside of each other."""
SCALARS = (int, float, str, bytes, type(None), bool, range)


class Thrown(Exception):
    """An exception of the program. `value` is what `except ... as` gets; `trace` its frames, innermost last."""

    def __init__(self, value: BaseException) -> None:
        super().__init__()
        self.value = value
        self.trace: list[tuple[str, ast.AST]] = []
        self.context: Thrown | None = None
        """What was handled when it was raised."""
        self.cause: Thrown | None = None
        self.has_cause = False
        """Whether `raise` had a `from`."""


class ModuleError(Exception):
    """An exception that a module defines."""


class UserError(Exception):
    """An exception whose class the program has defined."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(*instance.attributes.get("args", ()))
        self.instance = instance


@dataclass
class Module:
    """An imported module."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    file: str = ""


@dataclass(eq=False)
class Native:
    """A function of a module. `run` gets the machine, the arguments and the keywords; it returns a value, or a
    generator that does."""

    name: str
    run: Callable[..., Any]
    is_type: bool = False
    shown: str = ""
    """What a prompt shows for it, if it is one of those that explain themselves."""


@dataclass(eq=False)
class Function:
    """A function of the program. `owner`: the class in which it is defined."""

    name: str
    arguments: ast.arguments
    body: list[ast.stmt] | ast.expr
    scope: Scope
    defaults: list[Any]
    keyword_defaults: dict[str, Any]
    owner: Class | None = None
    kind: str = ""
    """staticmethod, classmethod, property, or "" for a plain function."""
    yields: bool = False


@dataclass(frozen=True)
class Yielded:
    """What `yield` gives to who asked for the next value."""

    value: Any


@dataclass(eq=False)
class Lazy:
    """A generator of the program: `work` runs its body, None after its end."""

    name: str
    work: Generator[Any, Any, Any] | None
    scope: Scope
    is_running: bool = False
    result: Any = None


@dataclass(eq=False)
class Class:
    """A class of the program. `base`: that of the interpreter which it extends."""

    name: str
    bases: list[Class]
    base: type | None
    attributes: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """An attribute of it or of what it extends; None for none."""
        if name in self.attributes:
            return self.attributes[name]
        return next((found for each in self.bases if (found := each.find(name)) is not None), None)

    def extends(self, other: object) -> bool:
        """Whether it is a class, or a subclass of it."""
        if self is other or (
            isinstance(other, type) and self.base is not None and issubclass(self.base, other)
        ):
            return True
        return any(each.extends(other) for each in self.bases)


@dataclass(eq=False)
class Instance:
    """An object of a class of the program."""

    made_by: Class
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Bound:
    """A method of a value: `function` is the name of a plain value's method, or a function."""

    value: Any
    function: Function | Native | str


@dataclass(eq=False)
class Record:
    """A value of a module with attributes that can be read, such as a process that has ended."""

    kind: str
    attributes: dict[str, Any]
    shown: str = ""


@dataclass(eq=False)
class Scope:
    """Names. `outer`: where a function looks next."""

    names: dict[str, Any]
    outer: Scope | None = None
    elsewhere: dict[str, Scope] = field(default_factory=dict)
    """Names that `global` and `nonlocal` have put into another scope."""
    function: str = "<module>"
    yielded: list[Any] | None = None
    is_library: bool = False
    """Whether it is that of a module, whose frames no traceback has."""

    def find(self, name: str) -> tuple[bool, Any]:
        """Whether a name is known, and its value."""
        scope: Scope | None = self.elsewhere.get(name, self)
        while scope is not None:
            if name in scope.names:
                return True, scope.names[name]
            scope = scope.outer
        return False, None


def check(size: int) -> None:
    """Raise MemoryError if a value of this size may not be made."""
    if size > MOST_OBJECT:
        raise MemoryError


def weigh(value: Any) -> int:
    """The number of elements inside of each other. Raises MemoryError beyond MOST_NODES."""
    count, stack = 0, [value]
    while stack:
        each = stack.pop()
        count += 1
        if isinstance(each, (list, tuple, set, frozenset)):
            stack += each
        elif isinstance(each, dict):
            stack += each.values()
        if count + len(stack) > MOST_NODES:
            raise MemoryError
    return count


def kind_of(value: Any) -> Any:
    """What `type()` gives."""
    if isinstance(value, Instance):
        return value.made_by
    if isinstance(value, UserError):
        return value.instance.made_by
    return type(value)


NAMES = {
    Module: "module",
    Function: "function",
    Native: "builtin_function_or_method",
    Bound: "method",
    Class: "type",
    Lazy: "generator",
}


def type_name(value: Any) -> str:
    """The name of a value's type."""
    if isinstance(value, Instance):
        return value.made_by.name
    if isinstance(value, Record):
        return value.kind
    if isinstance(value, Bound) and isinstance(value.function, str):
        return "builtin_function_or_method"
    return NAMES.get(type(value), type(value).__name__)


def repr_of(value: Any, inside: tuple[int, ...] = ()) -> str:
    """What `repr()` gives. Raises MemoryError if that is too long."""
    if isinstance(value, (str, bytes)):
        check(len(value))
        return repr(value)
    if isinstance(value, time.struct_time):
        return repr(value)
    if id(value) in inside:
        return "{...}" if isinstance(value, dict) else "[...]"
    if len(inside) > DEEPEST:
        raise RecursionError("maximum recursion depth exceeded while getting the repr of an object")
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return _container(value, (*inside, id(value)))
    return _named(value)


def _container(value: Any, inside: tuple[int, ...]) -> str:
    parts, size = [], 0
    pairs = value.items() if isinstance(value, dict) else ((each, None) for each in value)
    for key, item in pairs:
        text = repr_of(key, inside) + (f": {repr_of(item, inside)}" if isinstance(value, dict) else "")
        size += len(text) + 2
        check(size)
        parts.append(text)
    joined = ", ".join(parts)
    if (shown := _of_collections(value, joined)) is not None:
        return shown
    if isinstance(value, list):
        return f"[{joined}]"
    if isinstance(value, tuple):
        return f"({joined},)" if len(value) == 1 else f"({joined})"
    if isinstance(value, dict):
        return f"{{{joined}}}"
    braces = f"{{{joined}}}" if value else ""
    return braces if isinstance(value, set) and value else f"{type(value).__name__}({braces})"


def _of_collections(value: Any, joined: str) -> str | None:
    """How `collections` shows its own values; None for plain ones."""
    match type(value).__name__:
        case "defaultdict":
            return f"defaultdict({repr_of(value.factory)}, {{{joined}}})"
        case "Counter":
            pairs = sorted(value.items(), key=lambda pair: pair[1], reverse=True)
            shown = ", ".join(f"{repr_of(key)}: {count}" for key, count in pairs)
            return f"Counter({{{shown}}})" if value else "Counter()"
        case "OrderedDict":
            return f"OrderedDict({repr_of(list(value.items())) if value else ''})"
        case "deque":
            return f"deque([{joined}]" + (")" if value.most is None else f", maxlen={value.most})")
        case "NamedTuple":
            named = zip(value.fields, value, strict=True)
            return f"{value.kind}({', '.join(f'{name}={repr_of(item)}' for name, item in named)})"
    return None


def _named(value: Any) -> str:
    address = f"0x7f{id(value) & 0xFFFFFFFFFF:010x}"
    if isinstance(value, Module):
        where = f" from '{value.file}'" if value.file else " (built-in)"
        return f"<module '{value.name}'{where}>"
    if isinstance(value, Function):
        return f"<function {value.name} at {address}>"
    if isinstance(value, Native) and value.shown:
        return value.shown
    if isinstance(value, Native):
        return f"<class '{value.name}'>" if value.is_type else f"<built-in function {value.name}>"
    if isinstance(value, Lazy):
        return f"<generator object {value.name} at {address}>"
    if isinstance(value, Class):
        return f"<class '__main__.{value.name}'>"
    if isinstance(value, Instance):
        return f"<__main__.{value.made_by.name} object at {address}>"
    if isinstance(value, Record):
        return value.shown or f"<{value.kind} object at {address}>"
    if isinstance(value, Bound):
        return f"<built-in method {value.function} of {type_name(value.value)} object at {address}>"
    if isinstance(value, UserError):
        return f"{value.instance.made_by.name}({', '.join(map(repr_of, value.args))})"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}({', '.join(map(repr_of, value.args))})"
    if isinstance(value, (int, float, complex, type(None), range, slice, type, bytearray)):
        return repr(value)
    return f"<{type(value).__name__} object at {address}>"


def truth(value: Any) -> bool:
    """Whether a value counts as true."""
    return (
        bool(value) if isinstance(value, (*SCALARS, list, dict, tuple, set, frozenset, bytearray)) else True
    )


def str_of(value: Any) -> str:
    """What `str()` gives."""
    if isinstance(value, str):
        return value
    if isinstance(value, BaseException):
        if isinstance(value, (OSError, KeyError)) and not isinstance(value, UserError):
            return str(value)
        return "" if not value.args else str_of(value.args[0] if len(value.args) == 1 else value.args)
    return repr_of(value)
