"""The loops of Perl."""

from __future__ import annotations

from .machine import EVALUATES, Machine, Value
from .parser import Tree
from .values import Jump, truth


def _while(machine: Machine, tree: Tree) -> Value:
    _, test, body = tree
    if test[0] == "readline":
        test = ("function", "defined", (("assign", "=", ("variable", "$", "_"), test),), 0)
    elif test[0] == "assign" and test[3][0] == "readline":
        test = ("function", "defined", (test,), 0)
    while truth((yield from machine.value(test))):
        if (yield from _round(machine, body)):
            break


def _round(machine: Machine, body: list[Tree]) -> Value:
    """One run of a loop's body; whether it was the last."""
    machine.process.spend(4)
    if machine.process.tired:
        yield 0.0
    try:
        yield from machine.block(body)
    except Jump as jump:
        if jump.kind not in ("last", "next"):
            raise
        return jump.kind == "last"
    return False


def _for(machine: Machine, tree: Tree) -> Value:
    _, variable, items_tree, body = tree
    items = yield from machine.values(items_tree)
    array = (
        machine.container("@", items_tree[2])
        if items_tree[0] == "variable" and items_tree[1] == "@"
        else None
    )
    key = "$" + variable[2]
    place = machine.globals if key == "$_" else {}
    before = place.get(key)
    if place is not machine.globals:
        machine.scopes.append(place)
    try:
        for at, item in enumerate(items):
            place[key] = item
            is_last = yield from _round(machine, body)
            if array is not None and at < len(array):
                array[at] = place[key]  # The variable is another name of the element.
            if is_last:
                break
    finally:
        place[key] = before
        if place is not machine.globals:
            machine.scopes.remove(place)


def _counted_for(machine: Machine, tree: Tree) -> Value:
    _, first, test, step, body = tree
    machine.scopes.append({})
    try:
        if first:
            yield from machine.value(first)
        while truth((yield from machine.value(test))):
            if (yield from _round(machine, body)):
                break
            if step:
                yield from machine.value(step)
    finally:
        machine.scopes.pop()


EVALUATES |= {"while": _while, "for": _for, "cfor": _counted_for}
