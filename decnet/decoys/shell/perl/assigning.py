# ruff: noqa: E501
"""Where values are kept: assignments to variables, elements and lists."""

from __future__ import annotations

from typing import Any

from .lexer import SyntaxProblem
from .machine import Machine, Value
from .parser import Tree
from .values import Reference, check, number_of, text_of, truth


def is_own(name: str) -> bool:
    """Whether `use strict` wants a declaration of a variable."""
    return name.isidentifier() and name not in ("a", "b", "_", "ENV", "ARGV")


def undeclared(machine: Machine, key: str) -> SyntaxProblem:
    text = f'Global symbol "{key}" requires explicit package name (did you forget to declare "my {key}"?)'
    where = f"{machine.name} line {machine.line}.\nExecution of {machine.name} aborted due to compilation errors.\n"
    return SyntaxProblem(f"{text} at {where}")


def container_of(machine: Machine, tree: Tree, sigil: str) -> Value:
    """The list or dictionary that a tree stands for, made where there is none."""
    if tree[0] == "variable" and tree[1] in "@%":
        return machine.container(tree[1], tree[2])
    if tree[0] == "my":
        yield from machine.value(tree)
        return machine.container(tree[1][1], tree[1][2])
    if tree[0] == "list":
        return (yield from machine.values(tree))
    inner = tree[2] if tree[0] == "dereference" else tree
    found = yield from machine.value(inner)
    if found is None:
        found = [] if sigil == "@" else {}
        yield from assign(machine, inner, found)
    if not isinstance(found, list if sigil == "@" else dict):
        raise machine.die(f"Not {'an ARRAY' if sigil == '@' else 'a HASH'} reference")
    return found


def assign(machine: Machine, target: Tree, value: Any) -> Value:
    """Give one place a value."""
    kind = target[0]
    if kind == "variable" and target[1] == "$":
        key = "$" + target[2]
        place = machine.place(key)
        if machine.strict and key not in place and is_own(target[2]):
            raise undeclared(machine, key)
        place[key] = value
    elif kind == "my":
        yield from machine.value(target)
        yield from assign(machine, target[1], value)
    elif kind == "element":
        found = yield from container_of(machine, target[2], "@" if target[1] == "[" else "%")
        key = yield from machine.value(target[3])
        machine.charge(64)
        if target[1] == "{":
            found[text_of(key)] = value
            return
        at = int(number_of(key))
        check(at)
        found.extend([None] * (at + 1 - len(found)))
        found[at] = value
    elif kind == "dereference":
        reference = yield from machine.value(target[2])
        if isinstance(reference, Reference):
            reference.place[reference.name] = value
    elif kind == "if-else":
        chosen = truth((yield from machine.value(target[1])))
        yield from assign(machine, target[2 if chosen else 3], value)
    else:
        raise machine.die("Can't modify constant item in scalar assignment")


def is_plural(target: Tree) -> bool:
    inner = target[1] if target[0] == "my" else target
    return inner[0] in ("list", "slice") or (inner[0] in ("variable", "dereference") and inner[1] in "@%")


def assign_many(machine: Machine, target: Tree, values: list[Any]) -> Value:
    if target[0] == "my":
        yield from machine.value(target)
        target = target[1]
    if target[0] == "slice":
        for key, value in zip((yield from machine.values(target[1][3])), values, strict=False):
            literal = ("number", key) if target[1][1] == "[" else ("string", text_of(key))
            yield from assign(machine, ("element", target[1][1], target[1][2], literal), value)
        return
    rest = list(values)
    for each in target[1] if target[0] == "list" else [target]:
        if is_plural(each):
            sigil = each[1] if each[0] != "my" else each[1][1]
            found = yield from container_of(machine, each, sigil)
            machine.charge(64 * len(rest))
            found.clear()
            if sigil == "@":
                found.extend(rest)
            else:
                found.update(
                    {text_of(key): value for key, value in zip(rest[::2], [*rest[1::2], None], strict=False)}
                )
            rest = []
        else:
            value = rest.pop(0) if rest else None
            if each[0] != "function":
                yield from assign(machine, each, value)
