"""An awk program as steps: expressions become closures, and what may wait or loop becomes steps of its own,
so that a program can be paused anywhere."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from .awk_calls import Closures
from .awk_closures import Scope
from .awk_lexer import AwkError
from .awk_machine import Get, Machine
from .awk_tree import Function, Program, Tree
from .awk_values import Array, Value

Wait = Callable[[], Generator[object, object, Value]]
WAITING = ("system", "close", "fflush")


@dataclass
class Step:
    """kind: do, jump, false, true (jump if the value is so), store (the value in a slot), call, wait, each
    (the next key of a loop), keys, return, exit, next, nextfile, getline."""

    kind: str
    run: Get | None = None
    target: int = -1
    slot: int = -1
    cost: int = 1
    wait: Wait | None = None
    name: str = ""
    arguments: list[Callable[[], Value | Array]] = field(default_factory=list)
    array: Callable[[], Array] | None = None
    assign: Callable[[Value], None] | None = None


@dataclass
class Code:
    """Steps, and how many slots their frame needs."""

    steps: list[Step] = field(default_factory=list)
    slots: int = 0
    parameters: int = 0
    arrays: frozenset[int] = frozenset()


def compile_program(
    program: Program, machine: Machine, lines: int
) -> tuple[dict[str, Code], list[tuple[str, list[Code], Code]]]:
    """The functions, and the rules: (kind, patterns, action). Raises AwkError."""
    arrays = array_parameters(program)
    functions = {
        name: Compiler(machine, program, arrays, lines, function).function(function)
        for name, function in program.functions.items()
    }
    rules = []
    for kind, patterns, action in program.rules:
        whole = action if action is not None else Tree("print", [Tree("list", [])])
        _check_control(whole, inside=kind not in ("BEGIN", "END"))
        compiled = [Compiler(machine, program, arrays, lines).condition(pattern) for pattern in patterns]
        rules.append((kind, compiled, Compiler(machine, program, arrays, lines).action(whole)))
    return functions, rules


def _check_control(tree: Tree, *, inside: bool) -> None:
    """`return` belongs into functions, `next` to rules for records."""
    stack = [tree]
    while stack:
        each = stack.pop()
        stack += each.parts
        if each.kind == "return":
            raise AwkError(f"line {each.line}: return outside function body")
        if each.kind in ("next", "nextfile") and not inside:
            raise AwkError(f"line {each.line}: improper use of {each.kind}")


def array_parameters(program: Program) -> dict[str, set[int]]:
    """Which parameters of each function are arrays, found by how they are used."""
    found: dict[str, set[int]] = {name: set() for name in program.functions}
    for _ in range(len(program.functions) + 1):
        changed = False
        for name, function in program.functions.items():
            used = _array_names(function.body, found)
            positions = {at for at, parameter in enumerate(function.parameters) if parameter in used}
            changed = changed or positions != found[name]
            found[name] = positions
        if not changed:
            break
    return found


def _array_names(tree: Tree, functions: dict[str, set[int]]) -> set[str]:
    names: set[str] = set()
    stack = [tree]
    while stack:
        each = stack.pop()
        stack += each.parts
        named = [part.text if part.kind == "name" else "" for part in each.parts]
        if each.kind in ("index", "delete"):
            names.add(named[0])
        elif (
            each.kind in ("in", "for in")
            or each.kind == "builtin"
            and each.text == "split"
            and len(named) > 1
        ):
            names.add(named[1])
        elif each.kind == "builtin" and each.text in ("asort", "asorti"):
            names.update(named)
        elif each.kind == "call":
            names.update(named[at] for at in functions.get(each.text, ()) if at < len(named))
    return names - {""}


class Compiler:
    """Compiles one function, action or pattern."""

    def __init__(
        self,
        machine: Machine,
        program: Program,
        arrays: dict[str, set[int]],
        lines: int,
        function: Function | None = None,
    ) -> None:
        self._machine, self._program, self._arrays, self._lines = machine, program, arrays, lines
        names = function.parameters if function else []
        own = arrays[function.name] if function else set()
        self._scope = Scope({name: at for at, name in enumerate(names)}, own)
        self._closures = Closures(machine, self._scope)
        self._code = Code(slots=len(names), parameters=len(names), arrays=frozenset(own))
        self._steps = self._code.steps
        self._breaks: list[list[int]] = []
        self._continues: list[list[int]] = []

    def function(self, function: Function) -> Code:
        """The code of a function."""
        self._statement(function.body)
        self._add(Step("return"))
        return self._code

    def action(self, tree: Tree) -> Code:
        """The code of a rule's action."""
        self._statement(tree)
        self._add(Step("return"))
        return self._code

    def condition(self, tree: Tree) -> Code:
        """The code of a pattern: it returns its value."""
        self._add(Step("return", self._value(tree), cost=_size(tree)))
        return self._code

    def _add(self, step: Step) -> int:
        self._steps.append(step)
        return len(self._steps) - 1

    def _slot(self) -> int:
        self._code.slots += 1
        return self._code.slots - 1

    def _statement(self, tree: Tree) -> None:
        if tree.kind == "block":
            for part in tree.parts:
                self._statement(part)
        elif tree.kind in ("if", "while", "do", "for", "for in"):
            getattr(self, "_" + tree.kind.replace(" ", "_"))(tree)
        elif tree.kind in ("break", "continue"):
            waiting = self._breaks if tree.kind == "break" else self._continues
            if not waiting:
                raise AwkError(f"line {tree.line}: {tree.kind} statement outside of a loop")
            waiting[-1].append(self._add(Step("jump")))
        elif tree.kind in ("next", "nextfile"):
            self._add(Step(tree.kind))
        elif tree.kind in ("exit", "return"):
            run = self._value(tree.parts[0]) if tree.parts else None
            self._add(Step(tree.kind, run, cost=_size(tree)))
        else:
            pure = self._hoisted(tree)
            self._add(Step("do", self._closures.statement(pure), cost=_size(tree)))

    def _test(self, tree: Tree, kind: str = "false") -> int:
        return self._add(Step(kind, self._value(tree), cost=_size(tree)))

    def _if(self, tree: Tree) -> None:
        test = self._test(tree.parts[0])
        self._statement(tree.parts[1])
        if len(tree.parts) > 2:
            end = self._add(Step("jump"))
            self._steps[test].target = len(self._steps)
            self._statement(tree.parts[2])
            self._steps[end].target = len(self._steps)
        else:
            self._steps[test].target = len(self._steps)

    def _loop(self, body: Tree) -> tuple[list[int], list[int]]:
        self._breaks.append([])
        self._continues.append([])
        self._statement(body)
        return self._breaks.pop(), self._continues.pop()

    def _land(self, jumps: list[int], target: int) -> None:
        for jump in jumps:
            self._steps[jump].target = target

    def _while(self, tree: Tree) -> None:
        start = len(self._steps)
        test = self._test(tree.parts[0])
        breaks, continues = self._loop(tree.parts[1])
        self._add(Step("jump", target=start))
        self._land(continues, start)
        self._land([test, *breaks], len(self._steps))

    def _do(self, tree: Tree) -> None:
        start = len(self._steps)
        breaks, continues = self._loop(tree.parts[0])
        self._land(continues, len(self._steps))
        self._steps[self._test(tree.parts[1], "true")].target = start
        self._land(breaks, len(self._steps))

    def _for(self, tree: Tree) -> None:
        first, condition, after, body = tree.parts
        self._statement(first)
        start = len(self._steps)
        test = self._test(condition)
        breaks, continues = self._loop(body)
        self._land(continues, len(self._steps))
        self._statement(after)
        self._add(Step("jump", target=start))
        self._land([test, *breaks], len(self._steps))

    def _for_in(self, tree: Tree) -> None:
        name, array, body = tree.parts
        slot = self._slot()
        self._add(Step("keys", array=self._closures.array(array.text), slot=slot))
        _, _, assign = self._closures.reference(name)
        start = self._add(Step("each", slot=slot, assign=lambda value: assign(None, value), cost=2))
        breaks, continues = self._loop(body)
        self._add(Step("jump", target=start))
        self._land(continues, start)
        self._land([start, *breaks], len(self._steps))

    # Expressions -------------------------------------------------------------------------------------------

    def _value(self, tree: Tree) -> Get:
        return self._closures.value(self._hoisted(tree))

    def _waits(self, tree: Tree) -> bool:
        stack = [tree]
        while stack:
            each = stack.pop()
            if each.kind in ("call", "getline") or (each.kind == "builtin" and each.text in WAITING):
                return True
            stack += each.parts
        return False

    def _stored(self, tree: Tree) -> Tree:
        """A value kept in a slot, so that it is computed before what comes next."""
        if tree.kind in ("temp", "number", "string"):
            return tree
        slot = self._slot()
        self._add(Step("store", self._closures.value(tree), slot=slot, cost=_size(tree)))
        return Tree("temp", number=slot)

    def _hoisted(self, tree: Tree) -> Tree:
        """The same expression with everything that may wait done by steps before it."""
        if not self._waits(tree):
            return tree
        if tree.kind in ("and", "or"):
            return self._choice(tree)
        if tree.kind == "ternary":
            return self._ternary(tree)
        if tree.kind == "call":
            return self._call(tree)
        last = max((at for at, part in enumerate(tree.parts) if self._waits(part)), default=-1)
        parts = [self._part(tree, at, part) if at <= last else part for at, part in enumerate(tree.parts)]
        made = Tree(tree.kind, parts, tree.text, tree.line, tree.number)
        if tree.kind == "getline" or (tree.kind == "builtin" and tree.text in WAITING):
            slot = self._slot()
            self._add(Step("wait", wait=self._closures.waiting(made), slot=slot, cost=4))
            return Tree("temp", number=slot)
        return made

    def _part(self, tree: Tree, at: int, part: Tree) -> Tree:
        changes = tree.kind in ("assign", "before", "after") and at == 0
        changes = changes or (tree.kind == "getline" and at == len(tree.parts) - 1 and _has_target(tree))
        changes = changes or (tree.kind == "builtin" and tree.text in ("sub", "gsub") and at == 2)
        named = part.kind == "name" and (tree.kind in ("index", "in", "delete"))
        if named or part.kind == "regex" or (tree.kind == "builtin" and tree.text == "split" and at == 1):
            return part
        if tree.kind in ("list", "subscript") or part.kind in ("list", "subscript"):
            return (
                self._hoisted(part)
                if part.kind in ("list", "subscript")
                else self._stored(self._hoisted(part))
            )
        if changes:
            if part.kind == "index":
                return Tree(
                    "index", [part.parts[0], self._stored(self._hoisted(part.parts[1]))], line=part.line
                )
            return (
                Tree("field", [self._stored(self._hoisted(part.parts[0]))]) if part.kind == "field" else part
            )
        return self._stored(self._hoisted(part))

    def _choice(self, tree: Tree) -> Tree:
        slot = self._slot()
        left = self._value(tree.parts[0])
        test = Tree("not", [Tree("not", [Tree("temp", number=slot)])])
        self._add(Step("store", left, slot=slot, cost=_size(tree)))
        kind = "false" if tree.kind == "and" else "true"
        jump = self._add(Step(kind, self._closures.value(Tree("temp", number=slot))))
        right = self._value(tree.parts[1])
        self._add(Step("store", right, slot=slot, cost=_size(tree)))
        self._steps[jump].target = len(self._steps)
        return test

    def _ternary(self, tree: Tree) -> Tree:
        slot = self._slot()
        test = self._test(tree.parts[0])
        self._add(Step("store", self._value(tree.parts[1]), slot=slot))
        end = self._add(Step("jump"))
        self._steps[test].target = len(self._steps)
        self._add(Step("store", self._value(tree.parts[2]), slot=slot))
        self._steps[end].target = len(self._steps)
        return Tree("temp", number=slot)

    def _call(self, tree: Tree) -> Tree:
        function = self._program.functions.get(tree.text)
        if function is None:
            raise AwkError(f"line {self._lines}: function {tree.text} never defined")
        if len(tree.parts) > len(function.parameters):
            raise AwkError(f"line {tree.line}: too many arguments in call to {tree.text}")
        arrays = self._arrays[tree.text]
        arguments: list[Callable[[], Value | Array]] = []
        for at, part in enumerate(tree.parts):
            if at in arrays:
                if part.kind != "name":
                    raise AwkError(f"line {tree.line}: type error in arg({at + 1}) in call to {tree.text}")
                arguments.append(self._closures.array(part.text))
            else:
                arguments.append(self._closures.value(self._stored(self._hoisted(part))))
        slot = self._slot()
        self._add(Step("call", name=tree.text, arguments=arguments, slot=slot, cost=4))
        return Tree("temp", number=slot)


def _has_target(tree: Tree) -> bool:
    return len(tree.parts) == (2 if tree.text else 1)


def _size(tree: Tree) -> int:
    count, stack = 0, [tree]
    while stack and count < 1000:
        count += 3
        stack += stack.pop().parts
    return count
