# ruff: noqa: E501 (tables, and what real programs print)
"""Statements: each kind of node with its function."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import calls
from .assigning import assign, delete
from .attributes import attribute_of
from .importing import imported, imported_from
from .iterating import advance, items_of, iterator_of, values_of
from .machine import STATEMENTS, Machine, Returned, Value, block, evaluate
from .special import is_true, operated
from .values import Class, Function, Scope, Thrown, UserError, kind_of, str_of, truth, type_name

BREAK, CONTINUE = "break", "continue"


def _expression(machine: Machine, node: ast.Expr) -> Value:
    value = yield from evaluate(machine, node.value)
    if machine.path == "<stdin>" and machine.interactive and value is not None and not machine.depth:
        from .values import repr_of

        machine.print(repr_of(value) + "\n")
        machine.globals.names["_"] = value


def _assign(machine: Machine, node: ast.Assign) -> Value:
    value = yield from evaluate(machine, node.value)
    for target in node.targets:
        yield from assign(machine, target, value)


def _annotated(machine: Machine, node: ast.AnnAssign) -> Value:
    if node.value is not None:
        yield from assign(machine, node.target, (yield from evaluate(machine, node.value)))


def _augmented(machine: Machine, node: ast.AugAssign) -> Value:
    target = node.target
    before = yield from evaluate(machine, target if not isinstance(target, ast.Name) else ast.Name(target.id, lineno=node.lineno, col_offset=node.col_offset))  # fmt: skip
    change = yield from evaluate(machine, node.value)
    if isinstance(before, list) and isinstance(node.op, ast.Add):
        before += yield from items_of(machine, change)
        machine.hold(before)
        return
    yield from assign(
        machine, target, machine.hold((yield from operated(machine, type(node.op), before, change)))
    )


def _if(machine: Machine, node: ast.If) -> Value:
    chosen = (
        node.body if (yield from is_true(machine, (yield from evaluate(machine, node.test)))) else node.orelse
    )
    return (yield from block(machine, chosen))


def _while(machine: Machine, node: ast.While) -> Value:
    while (yield from is_true(machine, (yield from evaluate(machine, node.test)))):
        ended = yield from block(machine, node.body)
        if ended == BREAK:
            return None
        if isinstance(ended, Returned):
            return ended
    return (yield from block(machine, node.orelse))


def _for(machine: Machine, node: ast.For) -> Value:
    value = yield from evaluate(machine, node.iter)
    iterator = yield from iterator_of(machine, value)
    while True:
        found, item = yield from advance(machine, iterator)
        if not found:
            break
        yield from assign(machine, node.target, item)
        ended = yield from block(machine, node.body)
        if ended == BREAK:
            return None
        if isinstance(ended, Returned):
            return ended
    return (yield from block(machine, node.orelse))


def _decorated(machine: Machine, nodes: list[ast.expr], value: Any) -> Value:
    for each in reversed(nodes):
        if isinstance(each, ast.Name) and each.id in ("staticmethod", "classmethod", "property"):
            value.kind = each.id
        else:
            value = yield from calls.call(machine, (yield from evaluate(machine, each)), [value], {})
    return value


def _function(machine: Machine, node: ast.FunctionDef) -> Value:
    made = yield from calls.function(machine, node.name, node.args, node.body)
    made = yield from _decorated(machine, node.decorator_list, made)
    machine.scope.elsewhere.get(node.name, machine.scope).names[node.name] = made


def _class(machine: Machine, node: ast.ClassDef) -> Value:
    bases = yield from values_of(machine, node.bases)
    native = [each for each in bases if isinstance(each, type)]
    inherited = [each.base for each in bases if isinstance(each, Class) and each.base]
    made = Class(
        node.name,
        [each for each in bases if isinstance(each, Class)],
        next(iter([*native, *inherited]), None),
    )
    scope = machine.scope
    machine.scope = Scope(made.attributes, scope, function=node.name)
    try:
        yield from block(machine, node.body)
    finally:
        machine.scope = scope
    for each in made.attributes.values():
        if isinstance(each, Function):
            each.owner, each.scope = made, scope
    scope.names[node.name] = yield from _decorated(machine, node.decorator_list, made)


def _return(machine: Machine, node: ast.Return) -> Value:
    return Returned(None if node.value is None else (yield from evaluate(machine, node.value)))


def _import(machine: Machine, node: ast.Import) -> Value:
    for each in node.names:
        module = imported(machine, each.name)
        top = module if each.asname else imported(machine, each.name.partition(".")[0])
        machine.scope.names[each.asname or top.name] = top
    return None
    yield


def _import_from(machine: Machine, node: ast.ImportFrom) -> Value:
    for each in node.names:
        found = imported_from(machine, node.module or "", each.name)
        machine.scope.names |= found if each.name == "*" else {each.asname or each.name: found[each.name]}
    return None
    yield


def matches(value: BaseException, wanted: Any) -> bool:
    """Whether `except wanted` catches an exception."""
    if isinstance(wanted, tuple):
        return any(matches(value, each) for each in wanted)
    if isinstance(value, UserError):
        return value.instance.made_by.extends(wanted)
    return isinstance(wanted, type) and isinstance(value, wanted)


def _try(machine: Machine, node: ast.Try) -> Value:
    ended: Any = None
    try:
        try:
            ended = yield from block(machine, node.body)
        except Thrown as thrown:
            handler = yield from _handler(machine, node, thrown)
            if handler is None:
                raise
            ended = yield from _handle(machine, handler, thrown)
        else:
            ended = ended or (yield from block(machine, node.orelse))
    except Thrown:
        last = yield from block(machine, node.finalbody)
        if last is not None:
            return last
        raise
    last = yield from block(machine, node.finalbody)
    return last or ended


def _handler(machine: Machine, node: ast.Try, thrown: Thrown) -> Value:
    for each in node.handlers:
        if each.type is None or matches(thrown.value, (yield from evaluate(machine, each.type))):
            return each
    return None


def _handle(machine: Machine, handler: ast.ExceptHandler, thrown: Thrown) -> Value:
    if handler.name:
        machine.scope.names[handler.name] = thrown.value
    machine.handled.append(thrown)
    try:
        return (yield from block(machine, handler.body))
    except Thrown as other:
        if other is not thrown and other.context is None:
            other.context = thrown
        raise
    finally:
        machine.handled.pop()
        machine.scope.names.pop(handler.name or "", None)


def _raise(machine: Machine, node: ast.Raise) -> Value:
    if node.exc is None:
        if not machine.handled:
            raise Thrown(RuntimeError("No active exception to reraise"))
        raise machine.handled[-1]
    value = yield from evaluate(machine, node.exc)
    if isinstance(value, (type, Class)):
        value = yield from calls.call(machine, value, [], {})
    if not isinstance(value, BaseException):
        raise Thrown(TypeError("exceptions must derive from BaseException"))
    thrown = Thrown(value)
    if node.cause is not None:
        yield from _chain(machine, thrown, (yield from evaluate(machine, node.cause)))
    raise thrown


def _chain(machine: Machine, thrown: Thrown, cause: Any) -> Value:
    """`raise ... from cause`."""
    if isinstance(cause, (type, Class)):
        cause = yield from calls.call(machine, cause, [], {})
    if cause is not None and not isinstance(cause, BaseException):
        raise Thrown(TypeError("exception causes must derive from BaseException"))
    thrown.has_cause = True
    thrown.value.__dict__["__cause__"] = cause
    if cause is not None:
        known = next((each for each in machine.handled if each.value is cause), None)
        thrown.cause = known or Thrown(cause)


def _with(machine: Machine, node: ast.With) -> Value:
    ends = []
    try:
        for each in node.items:
            value = yield from evaluate(machine, each.context_expr)
            try:
                ends.append(attribute_of(machine, value, "__exit__"))
                entered = yield from calls.call(machine, attribute_of(machine, value, "__enter__"), [], {})
            except AttributeError:
                raise TypeError(
                    f"'{type_name(value)}' object does not support the context manager protocol"
                ) from None
            if each.optional_vars is not None:
                yield from assign(machine, each.optional_vars, entered)
        ended = yield from block(machine, node.body)
    except Thrown as thrown:
        while ends:
            found = [kind_of(thrown.value), thrown.value, None]
            if truth((yield from calls.call(machine, ends.pop(), found, {}))):
                break
        else:
            raise
        ended = None
    for each in reversed(ends):
        yield from calls.call(machine, each, [None, None, None], {})
    return ended


def _delete(machine: Machine, node: ast.Delete) -> Value:
    for target in node.targets:
        yield from delete(machine, target)


def _global(machine: Machine, node: ast.Global) -> Value:
    machine.scope.elsewhere |= dict.fromkeys(node.names, machine.globals)
    return None
    yield


def _nonlocal(machine: Machine, node: ast.Nonlocal) -> Value:
    for name in node.names:
        scope = machine.scope.outer
        while scope is not None and name not in scope.names:
            scope = scope.outer
        machine.scope.elsewhere[name] = scope or machine.scope
    return None
    yield


def _assert(machine: Machine, node: ast.Assert) -> Value:
    if not truth((yield from evaluate(machine, node.test))):
        parts = [] if node.msg is None else [str_of((yield from evaluate(machine, node.msg)))]
        raise Thrown(AssertionError(*parts))


def _ending(kind: str | None) -> Callable[[Machine, Any], Value]:
    def run(machine: Machine, node: Any) -> Value:
        return kind
        yield

    return run


STATEMENTS |= {
    ast.Expr: _expression, ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.If: _if,
    ast.While: _while, ast.For: _for, ast.FunctionDef: _function, ast.ClassDef: _class, ast.Return: _return,
    ast.Import: _import, ast.ImportFrom: _import_from, ast.Try: _try, ast.Raise: _raise, ast.With: _with,
    ast.Delete: _delete, ast.Global: _global, ast.Nonlocal: _nonlocal, ast.Assert: _assert, ast.Pass: _ending(None),
    ast.Break: _ending(BREAK), ast.Continue: _ending(CONTINUE),
}  # fmt: skip
