"""awk's expressions as closures over the machine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from .awk_builtins import held_by
from .awk_lexer import AwkError
from .awk_machine import Get, Machine
from .awk_tree import Tree
from .awk_values import Array, Value, calculate, compare, divided, formatted, is_true, number_of
from .common import Failure

Resolve = Callable[[], object]
Reference = tuple[Resolve, Callable[[object], Value], Callable[[object, Value], None]]
"""How a variable is found (once), read and assigned."""


@dataclass
class Scope:
    """The parameters of a function by slot, and which of them are arrays."""

    slots: dict[str, int] = field(default_factory=dict)
    arrays: set[int] = field(default_factory=set)


class Expressions:
    """Makes closures for trees that never wait."""

    def __init__(self, machine: Machine, scope: Scope) -> None:
        self._machine = machine
        self._scope = scope

    def statement(self, tree: Tree) -> Get:
        """A print, a delete or an expression."""
        if tree.kind in ("print", "printf"):
            return self._print(tree)
        if tree.kind == "delete":
            return self._delete(tree)
        return self.value(tree.parts[0])

    def value(self, tree: Tree) -> Get:
        """An expression."""
        maker = getattr(self, "_" + tree.kind)
        made: Get = maker(tree)
        return made

    def text(self, tree: Tree) -> Callable[[], str]:
        """An expression as a string."""
        if tree.kind == "string":
            constant = tree.text
            return lambda: constant
        get, text = self.value(tree), self._machine.text
        return lambda: text(get())

    def number(self, tree: Tree) -> Callable[[], float]:
        """An expression as a number."""
        if tree.kind == "number":
            constant = tree.number
            return lambda: constant
        get = self.value(tree)
        return lambda: number_of(get())

    def array(self, name: str) -> Callable[[], Array]:
        """An array by its name."""
        machine = self._machine
        slot = self._scope.slots.get(name)
        if slot is not None:
            if slot not in self._scope.arrays:
                raise AwkError(f"line 1: illegal reference to local variable {name}")
            return lambda: cast(Array, machine.frame[slot])
        if name in machine.variables:
            raise AwkError(f"line 1: illegal reference to variable {name}")
        arrays = machine.arrays
        arrays.setdefault(name, {})
        return lambda: arrays[name]

    def reference(self, tree: Tree) -> Reference:
        """A variable, a field or an element."""
        machine = self._machine
        if tree.kind == "field":
            number = self.number(tree.parts[0])
            return (
                number,
                lambda key: machine.field(cast(float, key)),
                lambda key, value: machine.set_field(cast(float, key), value),
            )
        if tree.kind == "index":
            return self._element(tree)
        name = tree.text
        slot = self._scope.slots.get(name)
        if slot is not None:
            if slot in self._scope.arrays:
                raise AwkError(f"line {tree.line or 1}: illegal reference to array {name}")

            def assign(key: object, value: Value) -> None:
                machine.frame[slot] = value

            return lambda: None, lambda key: cast(Value, machine.frame[slot]), assign
        if name in machine.arrays:
            raise AwkError(f"line {tree.line or 1}: illegal reference to array {name}")
        machine.variables.setdefault(name, None)
        return lambda: None, lambda key: machine.get(name), lambda key, value: machine.set(name, value)

    def _element(self, tree: Tree) -> Reference:
        machine = self._machine
        array = self.array(tree.parts[0].text)
        key_of = self._key(tree.parts[1])

        def get(key: object) -> Value:
            held, name = cast(tuple[Array, str], key)
            if name not in held:
                machine.hold(100 + len(name))
                held[name] = None
            # mawk's lists have the element that was used last at their front, which its loops show.
            held[name] = value = held.pop(name)
            return value

        def assign(key: object, value: Value) -> None:
            held, name = cast(tuple[Array, str], key)
            if name in held:
                machine.hold(held_by(value) - held_by(held[name]))
            else:
                machine.hold(held_by(value) + len(name))
            held[name] = value

        return lambda: (array(), key_of()), get, assign

    def _key(self, tree: Tree) -> Callable[[], str]:
        """A subscript as text."""
        return self.text(tree)

    # Values ------------------------------------------------------------------------------------------------

    def _temp(self, tree: Tree) -> Get:
        machine, slot = self._machine, int(tree.number)
        return lambda: cast(Value, machine.frame[slot])

    def _number(self, tree: Tree) -> Get:
        constant = tree.number
        return lambda: constant

    def _string(self, tree: Tree) -> Get:
        constant = tree.text
        return lambda: constant

    def _regex(self, tree: Tree) -> Get:
        machine = self._machine
        regex = machine.regex(tree.text)
        return lambda: 1.0 if regex.test(machine.record()) else 0.0

    def _group(self, tree: Tree) -> Get:
        return self.value(tree.parts[0])

    def _name(self, tree: Tree) -> Get:
        _, get, _ = self.reference(tree)
        return lambda: get(None)

    def _field(self, tree: Tree) -> Get:
        field_, number = self._machine.field, self.number(tree.parts[0])
        return lambda: field_(number())

    def _index(self, tree: Tree) -> Get:
        resolve, get, _ = self.reference(tree)
        return lambda: get(resolve())

    def _subscript(self, tree: Tree) -> Get:
        parts, machine = [self.text(part) for part in tree.parts], self._machine
        return lambda: machine.text(machine.variables["SUBSEP"]).join([part() for part in parts])

    def _in(self, tree: Tree) -> Get:
        key, array = self._key(tree.parts[0]), self.array(tree.parts[1].text)
        return lambda: 1.0 if key() in array() else 0.0

    def _and(self, tree: Tree) -> Get:
        left, right = (self.value(part) for part in tree.parts)
        return lambda: 1.0 if is_true(left()) and is_true(right()) else 0.0

    def _or(self, tree: Tree) -> Get:
        left, right = (self.value(part) for part in tree.parts)
        return lambda: 1.0 if is_true(left()) or is_true(right()) else 0.0

    def _not(self, tree: Tree) -> Get:
        inner = self.value(tree.parts[0])
        return lambda: 0.0 if is_true(inner()) else 1.0

    def _sign(self, tree: Tree) -> Get:
        inner = self.number(tree.parts[0])
        return (lambda: -inner()) if tree.text == "-" else (lambda: inner())

    def _ternary(self, tree: Tree) -> Get:
        condition, yes, no = (self.value(part) for part in tree.parts)
        return lambda: yes() if is_true(condition()) else no()

    def _binary(self, tree: Tree) -> Get:
        left, right = (self.number(part) for part in tree.parts)
        operator = tree.text
        if operator == "+":
            return lambda: left() + right()
        if operator in ("/", "%") and self._machine.process.applet:
            return lambda: divided(operator, left(), right())
        return lambda: calculate(operator, left(), right())

    def _concat(self, tree: Tree) -> Get:
        parts: list[Tree] = []
        while tree.kind == "concat":
            parts.insert(0, tree.parts[1])
            tree = tree.parts[0]
        getters = [self.text(part) for part in [tree, *parts]]
        checked = self._machine.checked
        return lambda: checked("".join([get() for get in getters]))

    def _compare(self, tree: Tree) -> Get:
        left, right = (self.value(part) for part in tree.parts)
        operator, text = tree.text, self._machine.text
        return lambda: 1.0 if compare(left(), right(), text, operator) else 0.0

    def pattern(self, tree: Tree) -> Callable[[], str]:
        """The text of a pattern: a regex, or any expression."""
        if tree.kind == "regex":
            constant = tree.text
            self._machine.regex(constant)
            return lambda: constant
        return self.text(tree)

    def _match(self, tree: Tree) -> Get:
        text, pattern = self.text(tree.parts[0]), self.pattern(tree.parts[1])
        machine, wanted = self._machine, tree.text != "!"
        return lambda: 1.0 if machine.regex(pattern()).test(text()) == wanted else 0.0

    def _assign(self, tree: Tree) -> Get:
        resolve, get, assign = self.reference(tree.parts[0])
        operator = tree.text
        if not operator:
            value = self.value(tree.parts[1])

            def plain() -> Value:
                key, new = resolve(), value()
                assign(key, new)
                return new

            return plain
        number = self.number(tree.parts[1])

        def combined() -> Value:
            key, right = resolve(), number()
            new = calculate(operator, number_of(get(key)), right)
            assign(key, new)
            return new

        return combined

    def _before(self, tree: Tree) -> Get:
        return self._changed(tree, after=False)

    def _after(self, tree: Tree) -> Get:
        return self._changed(tree, after=True)

    def _changed(self, tree: Tree, *, after: bool) -> Get:
        resolve, get, assign = self.reference(tree.parts[0])
        step = 1.0 if tree.text == "+" else -1.0

        def change() -> Value:
            key = resolve()
            old = number_of(get(key))
            assign(key, old + step)
            return old if after else old + step

        return change

    # Statements --------------------------------------------------------------------------------------------

    def _print(self, tree: Tree) -> Get:
        machine = self._machine
        getters = [self.value(part) for part in tree.parts[0].parts]
        target = self.text(tree.parts[1]) if len(tree.parts) > 1 else lambda: ""
        operator, whole = tree.text, tree.kind == "print"

        def line() -> str:
            if not whole:
                values = [get() for get in getters]
                return machine.checked(
                    formatted(machine.text(values[0]), values[1:], wide=machine.extended) if values else ""
                )
            end = machine.text(machine.variables["ORS"])
            if not getters:
                return machine.record() + end
            between = machine.text(machine.variables["OFS"])
            return between.join([machine.text(get(), "OFMT") for get in getters]) + end

        def write() -> Value:
            try:
                machine.write(operator, target(), line())
            except Failure as failure:
                if "not enough arguments" in failure.message:
                    failure.message += machine.place()
                raise
            return None

        return write

    def _delete(self, tree: Tree) -> Get:
        machine, array = self._machine, self.array(tree.parts[0].text)
        if len(tree.parts) == 1:

            def clear() -> Value:
                machine.held -= sum(held_by(value) for value in array().values())
                array().clear()
                return None

            return clear
        key = self._key(tree.parts[1])

        def remove() -> Value:
            name, held = key(), array()
            if name in held:
                machine.held -= held_by(held.pop(name)) + len(name)
            return None

        return remove
