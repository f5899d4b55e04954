# ruff: noqa: E501 (tables, and what real programs print)
"""Calls of functions, methods and classes."""

from __future__ import annotations

import ast
from collections.abc import Generator
from itertools import pairwise
from types import GeneratorType
from typing import Any

from .files import File
from .iterating import ITERATORS, items_of, values_of
from .machine import CALLING, DEEPEST_CALLS, ELEMENT, TYPES, Machine, Returned, Value, block, evaluate
from .methods import GROWING, call_method
from .values import (
    Bound,
    Class,
    Function,
    Instance,
    Lazy,
    Native,
    Record,
    Scope,
    Thrown,
    UserError,
    check,
    str_of,
    type_name,
    weigh,
)


def of_node(machine: Machine, node: ast.Call) -> Value:
    """The call in a program's text."""
    called = yield from evaluate(machine, node.func)
    args = yield from values_of(machine, node.args)
    keywords: dict[str, Any] = {}
    for each in node.keywords:
        value = yield from evaluate(machine, each.value)
        keywords |= {each.arg: value} if each.arg else value
    if isinstance(node.func, ast.Name) and node.func.id == "super" and called is not None and not args:
        return _super(machine)
    return (yield from call(machine, called, args, keywords))


def call(machine: Machine, called: Any, args: list[Any], keywords: dict[str, Any]) -> Value:
    """The result of a call. Raises TypeError for what cannot be called."""
    if isinstance(called, Bound) and not isinstance(called.function, str):
        return (yield from call(machine, called.function, [called.value, *args], keywords))
    if isinstance(called, Bound):
        return machine.hold((yield from _method(machine, called.value, str(called.function), args, keywords)))
    if isinstance(called, Function):
        return (yield from _run(machine, called, args, keywords))
    if isinstance(called, Class):
        return (yield from _instance(machine, called, args, keywords))
    if isinstance(called, Instance) and called.made_by.find("__call__"):
        return (yield from call(machine, called.made_by.find("__call__"), [called, *args], keywords))
    native = called if isinstance(called, Native) else _type(called)
    if native is None:
        raise TypeError(f"'{type_name(called)}' object is not callable")
    try:
        result = native.run(machine, args, keywords)
    except IndexError:
        raise TypeError(f"{native.name}() missing required argument (pos {len(args) + 1})") from None
    return machine.hold((yield from result) if isinstance(result, GeneratorType) else result)


CALLING.append(call)


def _type(called: Any) -> Native | None:
    if isinstance(called, type) and issubclass(called, BaseException):
        return Native(called.__name__, lambda machine, args, keywords: called(*args))
    return TYPES.get(called) if isinstance(called, type) else None


def _method(machine: Machine, value: Any, name: str, args: list[Any], keywords: dict[str, Any]) -> Value:
    if isinstance(value, File):
        return (yield from _of_file(machine, value, name, args))
    if name == "sort":
        value[:] = yield from sorted_items(machine, value, keywords)
        return None
    given, args = args, []
    for each in given:
        args.append(
            (yield from items_of(machine, each)) if isinstance(each, (range, Lazy, *ITERATORS)) else each
        )
    if name in GROWING:
        machine.charge(ELEMENT)
    if name in ("update", "union"):
        weigh(args)
    if name == "join" and isinstance(args[0], (list, tuple, str)):
        check(
            sum(len(each) for each in args[0] if isinstance(each, (str, bytes))) + len(value) * len(args[0])
        )
    if name in ("extend", "update"):
        check(len(value) + sum(len(each) for each in args if hasattr(each, "__len__")))
    return call_method(value, name, args, keywords)


def _of_file(machine: Machine, file: File, name: str, args: list[Any]) -> Value:
    shell = machine.process.shell
    if name in ("close", "__exit__"):
        file.close(shell)
        return None
    if name == "flush":
        machine.flush() if file.stream == "out" else file.save(shell)
        return None
    if name in ("readline", "read"):
        return (yield from (file.line(machine) if name == "readline" else file.read(machine, *args[:1])))
    if name == "readlines":
        return (yield from items_of(machine, file))
    if name == "writelines":
        for each in (yield from items_of(machine, args[0])):
            file.write(machine, each)
        return None
    if name == "fileno":
        return {"in": 0, "out": 1, "err": 2}.get(file.stream, 3)
    if name == "isatty":
        return bool(file.stream) and machine.process.to_terminal
    if name == "__enter__":
        return file
    return file.write(machine, args[0]) if name == "write" else getattr(file, name)(*args)


def sorted_items(machine: Machine, items: list[Any], keywords: dict[str, Any]) -> Value:
    """A sorted list; `key` and `reverse` as of sorted()."""
    keys = items
    if keywords.get("key") is not None:
        keys = []
        for each in items:
            keys.append((yield from call(machine, keywords["key"], [each], {})))
    weigh(keys)
    if any(isinstance(each, Instance) for each in keys):
        from .special import merged

        order = yield from merged(machine, keys, list(range(len(items))))
        return [items[at] for at in (reversed(order) if keywords.get("reverse") else order)]
    for one, other in pairwise(keys):
        if isinstance(one, Instance) or type_name(one) != type_name(other) and isinstance(one, str):
            raise TypeError(
                f"'<' not supported between instances of '{type_name(other)}' and '{type_name(one)}'"
            )
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=bool(keywords.get("reverse")))
    return [items[at] for at in order]


def function(machine: Machine, name: str, arguments: ast.arguments, body: Any) -> Value:
    """A function as `def` or `lambda` makes it."""
    defaults = yield from values_of(machine, arguments.defaults)
    keyword_defaults = {}
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            keyword_defaults[each.arg] = yield from evaluate(machine, default)
    nodes = body if isinstance(body, list) else [body]
    yields = any(_yields(node) for node in nodes)
    return Function(name, arguments, body, machine.scope, defaults, keyword_defaults, yields=yields)


def _yields(node: ast.AST) -> bool:
    """Whether it has a `yield` of its own, not one of a function in it."""
    if isinstance(node, (ast.Yield, ast.YieldFrom)):
        return True
    if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
        return False
    return any(_yields(each) for each in ast.iter_child_nodes(node))


def _bound_names(called: Function, args: list[Any], keywords: dict[str, Any]) -> dict[str, Any]:
    """The names of a call's arguments. Raises TypeError."""
    wanted, name = called.arguments, called.name
    positional = [each.arg for each in (*wanted.posonlyargs, *wanted.args)]
    if len(args) > len(positional) and wanted.vararg is None:
        least = len(positional) - len(called.defaults)
        takes = f"{len(positional)}" if least == len(positional) else f"from {least} to {len(positional)}"
        plural = "" if takes == "1" else "s"
        verb = "was" if len(args) == 1 else "were"
        raise TypeError(f"{name}() takes {takes} positional argument{plural} but {len(args)} {verb} given")
    names = dict(zip(positional, args, strict=False))
    if wanted.vararg is not None:
        names[wanted.vararg.arg] = tuple(args[len(positional) :])
    known = {*positional, *(each.arg for each in wanted.kwonlyargs)}
    others = {key: value for key, value in keywords.items() if key not in known}
    if others and wanted.kwarg is None:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(others))}'")
    if wanted.kwarg is not None:
        names[wanted.kwarg.arg] = others
    names |= {key: value for key, value in keywords.items() if key in known}
    first = len(positional) - len(called.defaults)
    for at, each in enumerate(called.defaults):
        names.setdefault(positional[first + at], each)
    for key, value in called.keyword_defaults.items():
        names.setdefault(key, value)
    missing = [f"'{each}'" for each in positional if each not in names]
    if missing:
        listed = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
        plural = "" if len(missing) == 1 else "s"
        raise TypeError(f"{name}() missing {len(missing)} required positional argument{plural}: {listed}")
    return names


def _run(machine: Machine, called: Function, args: list[Any], keywords: dict[str, Any]) -> Value:
    names = _bound_names(called, args, keywords)
    scope, machine.depth = machine.scope, machine.depth + 1
    if machine.depth > DEEPEST_CALLS:
        machine.depth -= 1
        raise RecursionError
    machine.scope = Scope(
        names,
        called.scope,
        function=called.name,
        yielded=[] if called.yields else None,
        is_library=called.scope.is_library,
    )
    if called.owner is not None:
        machine.scope.names["__class__"] = called.owner
    try:
        if called.yields and isinstance(called.body, list):
            return Lazy(called.name, block(machine, called.body), machine.scope)
        if isinstance(called.body, ast.expr):
            return (yield from evaluate(machine, called.body))
        ended = yield from block(machine, called.body)
        return ended.value if isinstance(ended, Returned) else None
    except Thrown as thrown:
        if called.scope.is_library:
            thrown.trace.clear()
        thrown.trace.append(("", ast.Pass()))  # The frame of the caller follows.
        raise
    finally:
        machine.scope, machine.depth = scope, machine.depth - 1


def _instance(machine: Machine, made_by: Class, args: list[Any], keywords: dict[str, Any]) -> Value:
    instance = Instance(made_by)
    machine.charge(8 * ELEMENT)
    first = made_by.find("__init__")
    if first is not None:
        yield from call(machine, first, [instance, *args], keywords)
    elif args and not made_by.extends(BaseException):
        raise TypeError(f"{made_by.name}() takes no arguments")
    if made_by.extends(BaseException):
        instance.attributes.setdefault("args", tuple(args))
        return UserError(instance)
    return instance


def _super(machine: Machine) -> Any:
    """`super()` in a method: a view of the instance in which the class before counts."""
    _, owner = machine.scope.find("__class__")
    first = next(iter(machine.scope.names.values()), None)
    if not isinstance(owner, Class):
        raise TypeError("super(): no arguments")
    instance = first.instance if isinstance(first, UserError) else first
    found: dict[str, Any] = {}
    for base in reversed(owner.bases):
        found |= {
            name: Bound(instance, each)
            for name, each in base.attributes.items()
            if isinstance(each, Function)
        }
    found.setdefault("__init__", Native("__init__", lambda machine, args, keywords: None))
    return Record("super", found)


def shown(machine: Machine, value: Any) -> Generator[Any, Any, str]:
    """What `str()` gives, by the program's own methods if it has any."""
    instance = value.instance if isinstance(value, UserError) else value
    if isinstance(instance, Instance):
        for name in ("__str__", "__repr__"):
            if (method := instance.made_by.find(name)) is not None:
                return str((yield from call(machine, method, [instance], {})))
    if isinstance(value, (list, tuple, dict)):
        from .special import represented

        return str((yield from represented(machine, value)))
    return str_of(value)
