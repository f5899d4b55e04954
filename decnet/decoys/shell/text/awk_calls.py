"""awk's functions, getline and system() as closures."""

from collections.abc import Callable, Generator

from .awk_builtins import COUNTS, FUNCTIONS, match, sort, split, substitute
from .awk_closures import Expressions
from .awk_lexer import AwkError
from .awk_machine import Get
from .awk_tree import LVALUES, Tree
from .awk_values import Input, Value


class Closures(Expressions):
    """Makes closures for all that never waits, and generators for what does."""

    # Functions ---------------------------------------------------------------------------------------------

    def _builtin(self, tree: Tree) -> Get:
        name, parts, machine = tree.text, tree.parts, self._machine
        least, most = COUNTS[name]
        if not least <= len(parts) <= most:
            raise AwkError(f"line {tree.line}: wrong number of arguments in call to {name}")
        if name == "length":
            return self._length(parts)
        if name in ("sub", "gsub"):
            return self._substitution(tree)
        if name == "split":
            return self._split(parts)
        if name == "match":
            text, pattern = self.text(parts[0]), self.pattern(parts[1])
            return lambda: match(machine, text(), pattern())
        if name in ("asort", "asorti"):
            source, target = self.array(parts[0].text), self.array(parts[-1].text)
            return lambda: sort(machine, source(), target(), keys=name == "asorti")
        getters = [self.pattern(part) if part.kind == "regex" else self.value(part) for part in parts]
        function = FUNCTIONS[name]
        return lambda: function(machine, [get() for get in getters])

    def _length(self, parts: list[Tree]) -> Get:
        machine = self._machine
        if parts and parts[0].kind == "name":
            name = parts[0].text
            slot = self._scope.slots.get(name, -1)
            if slot in self._scope.arrays or (slot < 0 and name in machine.arrays):
                array = self.array(name)
                return lambda: float(len(array()))
        text = self.text(parts[0]) if parts else machine.record
        return lambda: float(len(text()))

    def _substitution(self, tree: Tree) -> Get:
        parts, machine, every = tree.parts, self._machine, tree.text == "gsub"
        pattern, target = self.pattern(parts[0]), self.text(parts[1])
        place = parts[2] if len(parts) > 2 else Tree("field", [Tree("number")])
        if place.kind not in LVALUES:
            text = self.text(place)
            return lambda: float(substitute(machine, pattern(), target(), text(), every=every)[1])
        resolve, get, assign = self.reference(place)

        def change() -> Value:
            key = resolve()
            new, count = substitute(machine, pattern(), target(), machine.text(get(key)), every=every)
            if count:
                assign(key, new)
            return float(count)

        return change

    def _split(self, parts: list[Tree]) -> Get:
        machine = self._machine
        text, array = self.text(parts[0]), self.array(parts[1].text)
        if len(parts) > 2 and parts[2].kind == "regex":
            pattern = self.pattern(parts[2])
            return lambda: split(machine, text(), array(), None, pattern())
        separator: Get = self.value(parts[2]) if len(parts) > 2 else lambda: machine.variables["FS"]
        return lambda: split(machine, text(), array(), separator(), None)

    def waiting(self, tree: Tree) -> Callable[[], Generator[object, object, Value]]:
        """A getline, system() or close()."""
        if tree.kind == "getline":
            return self._getline(tree)
        machine = self._machine
        text = self.text(tree.parts[0]) if tree.parts else lambda: ""

        def wait() -> Generator[object, object, Value]:
            if tree.text == "close":
                return (yield from machine.close(text()))
            yield from machine.flush()
            if tree.text == "fflush":
                return 0.0
            command = machine.encoded(text()).decode("utf-8", "surrogateescape")
            return float((yield from machine.process.call(["sh", "-c", command])))

        return wait

    def _getline(self, tree: Tree) -> Callable[[], Generator[object, object, Value]]:
        machine = self._machine
        source = self.text(tree.parts[0]) if tree.text else None
        target = tree.parts[1:] if tree.text else tree.parts
        place = self.reference(target[0]) if target else None

        def wait() -> Generator[object, object, Value]:
            record: str | int | None
            if source is None:
                record = machine.next_main()
            elif tree.text == "<":
                record = machine.from_file(source())
            else:
                record = yield from machine.from_command(source())
            if not isinstance(record, str):
                return float(record or 0)
            if tree.text != "<":
                machine.counted()
            if place:
                place[2](place[0](), Input(record))
            else:
                machine.set_record(record)
            return 1.0

        return wait
