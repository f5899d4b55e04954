# ruff: noqa: E501 (tables)
"""What each kind of tree does."""

from __future__ import annotations

from typing import Any

from .assigning import assign, assign_many, container_of, is_own, is_plural, undeclared
from .calculating import calculated, next_text, texts_between
from .lexer import Lexer, SyntaxProblem
from .machine import EVALUATES, FUNCTIONS, Machine, Value, listed
from .matching import matched, substituted, translated
from .parser import Parser, Tree
from .values import Code, Died, Reference, number_of, text_of, truth

MOST_BITS = 4000
LONGEST_TEXT = 4096
"""Characters that `eval` parses."""


def _nothing(machine: Machine, tree: Tree) -> Value:
    return None
    yield


def _literal(machine: Machine, tree: Tree) -> Value:
    return tree[1]
    yield


def _text(machine: Machine, tree: Tree) -> Value:
    return (yield from machine.interpolated(tree[1]))


def _variable(machine: Machine, tree: Tree) -> Value:
    _, sigil, name = tree
    if sigil == "$" and name.isdigit() and name != "0":
        return machine.groups[int(name)] if int(name) < len(machine.groups) else None
    if sigil == "$" and name == "&":
        return machine.groups[0] if machine.groups else None
    if sigil == "$#":
        return len(machine.container("@", name)) - 1
    if sigil in "@%":
        return machine.container(sigil, name)
    key = sigil + name
    place = machine.place(key)
    if machine.strict and key not in place and is_own(name):
        raise undeclared(machine, key)
    return place.get(key)
    yield


def _list(machine: Machine, tree: Tree) -> Value:
    return listed((yield from machine.values(tree)))


def _my(machine: Machine, tree: Tree) -> Value:
    many, inner = machine.many, tree[1]
    for each in inner[1] if inner[0] == "list" else [inner]:
        if each[0] == "variable":
            sigil, name = each[1], each[2]
            scope = machine.globals if tree[2] == "our" else machine.scopes[-1]
            before = machine.place(sigil + name).get(sigil + name)
            scope[sigil + name] = (
                []
                if sigil == "@"
                else {}
                if sigil == "%"
                else before
                if tree[2] in ("our", "local")
                else None
            )
    machine.many = many
    return (yield from EVALUATES[inner[0]](machine, inner))


def _element(machine: Machine, tree: Tree) -> Value:
    _, kind, owner, key_tree = tree
    found = yield from container_of(machine, owner, "@" if kind == "[" else "%")
    key = yield from machine.value(key_tree)
    if kind == "{":
        return found.get(text_of(key))
    at = int(number_of(key))
    return found[at] if -len(found) <= at < len(found) else None


def _slice(machine: Machine, tree: Tree) -> Value:
    _, kind, owner, key_tree = tree[1]
    found = yield from container_of(machine, owner, "@" if kind == "[" else "%")
    keys = yield from machine.values(key_tree)
    if kind == "{":
        return listed([found.get(text_of(each)) for each in keys])
    places = [int(number_of(each)) for each in keys]
    return listed([found[at] if -len(found) <= at < len(found) else None for at in places])


def _assign(machine: Machine, tree: Tree) -> Value:
    _, sign, target, source = tree
    many = machine.many
    if sign == "=" and is_plural(target):
        values = yield from machine.values(source)
        yield from assign_many(machine, target, values)
        return listed(values) if many else len(values)
    if sign == "=":
        value = yield from machine.value(source)
        yield from assign(machine, target, value)
        return value
    if sign in ("||=", "&&=", "//="):
        before = yield from machine.value(target)
        keeps = {"||=": truth(before), "&&=": not truth(before), "//=": before is not None}[sign]
        value = before if keeps else (yield from machine.value(source))
    elif target[0] in ("variable", "my") and is_plural(target) and sign == "x=":
        raise machine.die("Can't modify array in repeat (x)")
    else:
        before = yield from machine.value(target)
        value = calculated(machine, sign[:-1], before, (yield from machine.value(source)))
    yield from assign(machine, target, value)
    return value


def _change(machine: Machine, tree: Tree) -> Value:
    _, sign, target, first = tree
    before = yield from machine.value(target)
    if sign == "++" and isinstance(before, str) and before.isalnum() and not before[0].isdigit():
        after: Any = next_text(before)
    else:
        after = number_of(before) + (1 if sign == "++" else -1)
    yield from assign(machine, target, after)
    return after if first else (0 if before is None else before)


def _binary(machine: Machine, tree: Tree) -> Value:
    _, sign, left, right = tree
    many = machine.many
    if sign in ("..", "..."):
        first, last = (yield from machine.value(left)), (yield from machine.value(right))
        if isinstance(first, str) and not first.lstrip("-").isdecimal() and first:
            return listed(texts_between(first, text_of(last)))
        start, end = int(number_of(first)), int(number_of(last))
        machine.charge(8 * max(0, end - start))
        return listed(list(range(start, end + 1)))
    if sign == "x" and left[0] == "list" and many:
        items, times = (yield from machine.values(left)), int(number_of((yield from machine.value(right))))
        machine.charge(8 * len(items) * max(0, times))
        return listed(items * times)
    one = yield from machine.value(left)
    return calculated(machine, sign, one, (yield from machine.value(right)))


def _logic(machine: Machine, tree: Tree) -> Value:
    kind, left, right = tree
    many = machine.many
    value = yield from machine.value(left)
    stays = {"and": not truth(value), "or": truth(value), "defined-or": value is not None}[kind]
    if stays:
        return value
    return listed((yield from machine.values(right))) if many else (yield from machine.value(right))


def _not(machine: Machine, tree: Tree) -> Value:
    return "" if truth((yield from machine.value(tree[1]))) else 1


def _sign(machine: Machine, tree: Tree) -> Value:
    value = yield from machine.value(tree[2])
    if tree[1] == "-" and isinstance(value, str) and value[:1].isalpha():
        return "-" + value
    if tree[1] == "+":
        return value
    return -number_of(value) if tree[1] == "-" else ~int(number_of(value)) & 0xFFFFFFFFFFFFFFFF


def _choice(machine: Machine, tree: Tree) -> Value:
    many = machine.many
    chosen = tree[2 if truth((yield from machine.value(tree[1]))) else 3]
    return listed((yield from machine.values(chosen))) if many else (yield from machine.value(chosen))


def _if(machine: Machine, tree: Tree) -> Value:
    _, test, body, otherwise = tree
    value = yield from machine.value(test)
    if truth(value):
        return listed((yield from _block(machine, ("block", body))) or [])
    return listed((yield from _block(machine, ("block", otherwise))) or []) if otherwise else value


def _block(machine: Machine, tree: Tree) -> Value:
    return (yield from machine.block(tree[1]))


def _sub(machine: Machine, tree: Tree) -> Value:
    machine.subroutines[tree[1]] = Code(tree[2], list(machine.scopes))
    return None
    yield


def _anonymous(machine: Machine, tree: Tree) -> Value:
    return Code(tree[1], list(machine.scopes))
    yield


def _call(machine: Machine, tree: Tree) -> Value:
    code = machine.subroutines.get(tree[1])
    if code is None:
        raise machine.die(f"Undefined subroutine &main::{tree[1]} called")
    return listed((yield from machine.call(code, (yield from machine.values(("list", tree[2]))))))


def _arrow_call(machine: Machine, tree: Tree) -> Value:
    code = yield from machine.value(tree[1])
    if not isinstance(code, Code):
        raise machine.die("Not a CODE reference")
    return listed((yield from machine.call(code, (yield from machine.values(("list", tree[2]))))))


def _method(machine: Machine, tree: Tree) -> Value:
    owner = yield from machine.value(tree[1])
    yield from machine.values(("list", tree[3]))
    if tree[2] in ("autoflush", "close", "binmode"):
        return 1
    name = text_of(owner)
    if isinstance(owner, str):
        raise machine.die(
            f'Can\'t locate object method "{tree[2]}" via package "{name}" (perhaps you forgot to load "{name}"?)'
        )
    raise machine.die(
        f'Can\'t call method "{tree[2]}" on {"an undefined value" if owner is None else "unblessed reference"}'
    )


def _array(machine: Machine, tree: Tree) -> Value:
    found = yield from machine.values(tree[1])
    machine.charge(64 * (len(found) + 1))
    return list(found)


def _hash(machine: Machine, tree: Tree) -> Value:
    found = yield from machine.values(tree[1])
    machine.charge(64 * (len(found) + 1))
    return {text_of(key): value for key, value in zip(found[::2], [*found[1::2], None], strict=False)}


def _reference(machine: Machine, tree: Tree) -> Value:
    inner = tree[1]
    if inner[0] == "variable" and inner[1] in "@%":
        return machine.container(inner[1], inner[2])
    if inner[0] == "variable" and inner[1] == "$":
        return Reference(machine.place("$" + inner[2]), "$" + inner[2])
    if inner[0] == "call":
        return machine.subroutines.get(inner[1])
    return Reference({"$": (yield from machine.value(inner))}, "$")


def _dereference(machine: Machine, tree: Tree) -> Value:
    _, sigil, inner = tree
    if sigil in "@%":
        return (yield from container_of(machine, tree, sigil))
    found = yield from machine.value(inner)
    if sigil == "$#":
        return len(found) - 1 if isinstance(found, list) else -1
    if sigil == "&" and isinstance(found, Code):
        return listed((yield from machine.call(found, machine.container("@", "_"))))
    if not isinstance(found, Reference):
        raise machine.die("Not a SCALAR reference")
    return found.place.get(found.name)


def _do(machine: Machine, tree: Tree) -> Value:
    return listed((yield from machine.block(tree[1])) or [])


def _eval(machine: Machine, tree: Tree) -> Value:
    scopes, depth = list(machine.scopes), machine.depth
    try:
        found = yield from machine.block(tree[1])
    except Died as died:
        machine.scopes, machine.depth = scopes, depth
        machine.globals["$@"] = died.value
        return None
    machine.globals["$@"] = ""
    return listed(found or [])


def _eval_text(machine: Machine, arguments: tuple[Tree, ...]) -> Value:
    """`eval` of a text."""
    value = (yield from machine.value(arguments[0])) if arguments else machine.globals["$_"]
    text = text_of(value)
    try:
        if len(text) > LONGEST_TEXT:
            raise SyntaxProblem("Out of memory!\n")
        body = Parser(Lexer(text, "(eval 1)").all(), "(eval 1)").program()
    except (SyntaxProblem, RecursionError, IndexError) as problem:
        machine.globals["$@"] = str(problem) if isinstance(problem, SyntaxProblem) else "syntax error\n"
        return None
    yield 0.0
    return (yield from _eval(machine, ("eval", body)))


def _function(machine: Machine, tree: Tree) -> Value:
    _, name, arguments, line = tree
    many = machine.many
    machine.line = line or machine.line
    if name in machine.subroutines:
        return listed(
            (
                yield from machine.call(
                    machine.subroutines[name], (yield from machine.values(("list", arguments)))
                )
            )
        )
    run = FUNCTIONS.get(name) or FUNCTIONS.get(name.rpartition("::")[2])
    if name == "eval":
        return (yield from _eval_text(machine, arguments))
    if run is None:
        raise machine.die(f"Undefined subroutine &main::{name} called", line)
    return (yield from run(machine, arguments, many))


def _bare(machine: Machine, tree: Tree) -> Value:
    if tree[1] in machine.subroutines or tree[1] in FUNCTIONS:
        return (yield from _function(machine, ("function", tree[1], (), tree[2])))
    if machine.strict and not tree[1][:1].isupper():
        text = (
            f'Bareword "{tree[1]}" not allowed while "strict subs" in use at {machine.name} line {tree[2]}.\n'
        )
        raise SyntaxProblem(f"{text}Execution of {machine.name} aborted due to compilation errors.\n")
    return tree[1]


def _match(machine: Machine, tree: Tree) -> Value:
    many = machine.many
    target = ("variable", "$", "_")
    return (yield from matched(machine, target, tree, many=many))


def _bind(machine: Machine, tree: Tree) -> Value:
    many = machine.many
    _, target, pattern = tree
    if target[0] == "list" and len(target[1]) == 1:
        target = target[1][0]
    if target[0] == "assign":
        yield from machine.value(target)
        target = target[2]
    elif target[0] == "my":
        yield from machine.value(target)
    if target[0] == "my":
        target = target[1]
    if pattern[0] == "subst":
        return (yield from substituted(machine, target, pattern, assign))
    if pattern[0] == "trans":
        return (yield from translated(machine, target, pattern, assign))
    return (yield from matched(machine, target, pattern, many=many))


def _alone(run: Any) -> Any:
    def evaluate(machine: Machine, tree: Tree) -> Value:
        return (yield from run(machine, ("variable", "$", "_"), tree, assign))

    return evaluate


EVALUATES |= {
    "nothing": _nothing, "use": _nothing, "string": _literal, "number": _literal, "text": _text, "variable": _variable, "list": _list, "my": _my,
    "element": _element, "slice": _slice, "assign": _assign, "change": _change, "binary": _binary, "and": _logic, "or": _logic,
    "defined-or": _logic, "not": _not, "sign": _sign, "if-else": _choice, "if": _if, "block": _block,     "sub": _sub, "anonymous": _anonymous, "call": _call, "arrow-call": _arrow_call, "method": _method,
    "array": _array, "hash": _hash, "reference": _reference, "dereference": _dereference, "do": _do, "eval": _eval,
    "function": _function, "bare": _bare, "match": _match, "pattern": _literal, "bind": _bind, "subst": _alone(substituted),
    "trans": _alone(translated),
}  # fmt: skip
