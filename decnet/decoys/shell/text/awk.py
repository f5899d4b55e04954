"""awk: mawk 1.3.4 of Debian and Ubuntu, or gawk, by release."""

from collections.abc import Generator

from ..process import Process, Running
from .awk_builtins import mawk_order
from .awk_compiler import Code, Step, compile_program
from .awk_lexer import AwkError, escaped
from .awk_machine import Machine
from .awk_parser import Parser
from .awk_values import Array, Input, Value, is_true, number_of
from .common import Failure, content

MOST_FRAMES = 400
GAWK = ("rocky", "alma", "centos", "rhel", "fedora", "arch", "opensuse")
VERSION = """mawk 1.3.4 20200120
Copyright 2008-2019,2020, Thomas E. Dickey
Copyright 1991-1996,2014, Michael D. Brennan

random-funcs:       srandom/random
regex-funcs:        internal
compiled limits:
sprintf buffer      8192
maximum-integer     2147483647
"""
USAGE = """Usage: mawk [Options] [Program] [file ...]

Program:
    The -f option value is the name of a file containing program text.
    If no -f option is given, a "--" ends option processing; the following
    parameters are the program text.

Options:
    -f program-file  Program  text is read from file instead of from the
                     command-line.  Multiple -f options are accepted.
    -F value         sets the field separator, FS, to value.
    -v var=value     assigns value to program variable var.
    --               unambiguous end of options.

    Implementation-specific options are prefixed with "-W".  They can be
    abbreviated:

    -W version       show version information and exit.
    -W dump          show assembler-like listing of program and exit.
    -W help          show this message and exit.
    -W interactive   set unbuffered output, line-buffered input.
    -W exec file     use file as program as well as last option.
    -W random=number set initial random seed.
    -W sprintf=number adjust size of sprintf buffer.
    -W posix_space   do not consider "\\n" a space.
    -W usage         show this message and exit.
"""
Values = Generator[object, object, Value]


class Leave(Exception):
    """`next`, `nextfile` or `exit`."""


OF_BUSYBOX = frozenset(["systime", "strftime", "mktime", "and", "or", "xor", "compl", "lshift", "rshift"])
"""Functions of gawk that BusyBox has, too."""


def awk(process: Process) -> Running:
    """Status 0, 2 for an error, or that of `exit`."""
    process.name = process.name.rsplit("/", 1)[-1]
    system = process.shell.world.system
    extended = process.name == "gawk" or system.id in GAWK
    try:
        return (yield from _run(process, extended))
    except Failure as failure:
        if failure.message:
            process.err(f"{process.name}: {failure.message}\n")
        return failure.status
    except AwkError as error:
        for line in error.args:
            process.err(f"{process.name}: {line}\n")
        return 2
    except RecursionError:
        process.err(f"{process.name}: program limit exceeded: parser stack overflow\n")
        return 2


def _run(process: Process, extended: bool) -> Running:
    machine = Machine(process, extended=extended)
    words = list(process.args)
    sources, done = _options(process, machine, words)
    if done:
        return 0
    if not sources:
        if not words:
            process.err(USAGE)
            raise Failure("", 0)
        sources = [machine.decoded(words.pop(0).encode("utf-8", "surrogateescape"))]
    text = "\n".join(sources)
    process.spend(len(text))
    program = Parser(text, extended=extended, more=OF_BUSYBOX if process.applet else frozenset()).program
    _prepare(machine, words)
    functions, rules = compile_program(program, machine, text.count("\n") + 2)
    runner = Runner(machine, functions)
    return (yield from runner.program(rules))


def _options(process: Process, machine: Machine, words: list[str]) -> tuple[list[str], bool]:
    """The program files; True if there is nothing more to do."""
    sources: list[str] = []
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word == "--":
            break
        letter, value = word[1:2], word[2:]
        if letter == "W":
            value = value or (words.pop(0) if words else "")
            if not value.startswith("v"):
                process.err(USAGE)
                return sources, True
            head, _, rest = VERSION.partition("\n\n")
            process.out(head + "\n\n")
            process.err(rest)
            return sources, True
        if letter not in "fvF" or not letter:
            raise Failure(f"not an option: {word}", 2)
        if not value:
            if not words:
                raise Failure(f"option requires an argument -- {letter}", 2)
            value = words.pop(0)
        _option(process, machine, letter, value, sources)
    return sources, False


def _option(process: Process, machine: Machine, letter: str, value: str, sources: list[str]) -> None:
    text = machine.decoded(value.encode("utf-8", "surrogateescape"))
    if letter == "f":
        try:
            sources.append(machine.decoded(content(process, value)))
        except Failure as failure:
            text = f"cannot open {value} ({failure.message})"
            raise Failure(f"can't open '{value}': {failure.message}" if process.applet else text, 2) from None
    elif letter == "F":
        machine.variables["FS"] = "\t" if text == "t" and machine.extended else escaped(text)
    else:
        name, equals, assigned = text.partition("=")
        if not equals or not name.isidentifier():
            raise Failure(f"improper assignment: -v {value}", 2)
        machine.set(name, Input(escaped(assigned)))


def _prepare(machine: Machine, words: list[str]) -> None:
    arguments = [machine.process.name, *words]
    encoded = [machine.decoded(word.encode("utf-8", "surrogateescape")) for word in arguments]
    machine.arrays["ARGV"] = {str(at): Input(word) for at, word in enumerate(encoded)}
    machine.variables["ARGC"] = float(len(encoded))
    for name, value in machine.process.shell.environment().items():
        if name.isidentifier():
            machine.arrays["ENVIRON"][name] = Input(value)


class Runner:
    """Executes compiled steps; every loop passes through here, so that it can pause."""

    def __init__(self, machine: Machine, functions: dict[str, Code]) -> None:
        self._machine = machine
        self._functions = functions
        self._status = 0

    def program(self, rules: list[tuple[str, list[Code], Code]]) -> Running:
        """BEGIN, the records, END. The status."""
        machine = self._machine
        try:
            for kind, _, action in rules:
                if kind == "BEGIN":
                    yield from self.run(action)
            if any(kind != "BEGIN" for kind, _, _ in rules):
                yield from self._records([rule for rule in rules if rule[0] not in ("BEGIN", "END")])
        except Leave:
            pass
        try:
            for kind, _, action in rules:
                if kind == "END":
                    yield from self.run(action)
        except Leave:
            pass
        yield from machine.finish()
        return self._status & 255

    def _records(self, rules: list[tuple[str, list[Code], Code]]) -> Values:
        machine = self._machine
        inside: set[int] = set()
        while (record := machine.next_main()) is not None:
            machine.set_record(record)
            machine.counted()
            try:
                for at, rule in enumerate(rules):
                    if (yield from self._applies(at, rule, inside)):
                        yield from self.run(rule[2])
            except Leave as leave:
                if leave.args[0] == "exit":
                    raise
                if leave.args[0] == "nextfile":
                    machine.skip_file()
            if machine.process.tired:
                yield 0.0
        return None

    def _applies(
        self, at: int, rule: tuple[str, list[Code], Code], inside: set[int]
    ) -> Generator[object, object, bool]:
        kind, patterns, _ = rule
        if kind == "always":
            return True
        if kind == "when":
            return is_true((yield from self.run(patterns[0])))
        if at not in inside:
            if not is_true((yield from self.run(patterns[0]))):
                return False
            inside.add(at)
        if is_true((yield from self.run(patterns[1]))):
            inside.discard(at)
        return True

    def run(self, code: Code) -> Values:
        """Execute steps until they return."""
        machine, process = self._machine, self._machine.process
        first = code.steps[0]
        if first.kind == "return" and first.run:
            process.spend(first.cost)
            machine.frame = [None] * code.slots
            return first.run()
        frames: list[tuple[list[Step], int, list[Value | Array], int, int]] = []
        steps, at = code.steps, 0
        machine.frame = [None] * code.slots
        while True:
            step = steps[at]
            at += 1
            process.spend(step.cost)
            if process.tired:
                yield 0.0
            kind, run = step.kind, step.run
            if kind == "do":
                assert run
                run()
            elif kind == "jump":
                at = step.target
            elif kind in ("false", "true"):
                assert run
                if is_true(run()) == (kind == "true"):
                    at = step.target
            elif kind == "store":
                assert run
                machine.frame[step.slot] = run()
            elif kind == "return":
                value = run() if run else None
                if not frames:
                    return value
                steps, at, machine.frame, slot, held = frames.pop()
                machine.held -= held
                machine.frame[slot] = value
            elif kind == "call":
                frames.append((steps, at, machine.frame, step.slot, self._enter(step, len(frames))))
                steps, at = self._functions[step.name].steps, 0
            elif kind == "wait":
                assert step.wait
                frame = machine.frame
                frame[step.slot] = yield from step.wait()
            else:
                at = self._other(step, at)

    def _enter(self, step: Step, depth: int) -> int:
        """Make the frame of a call; how much it holds."""
        machine, code = self._machine, self._functions[step.name]
        if depth >= MOST_FRAMES:
            raise Failure("function call nesting too deep", 2)
        frame: list[Value | Array] = [argument() for argument in step.arguments]
        for at in range(len(frame), code.slots):
            frame.append({} if at in code.arrays else None)
        held = 100 + sum(len(value) for value in frame if isinstance(value, str))
        machine.hold(held)
        machine.frame = frame
        return held

    def _other(self, step: Step, at: int) -> int:
        """Loops over arrays, and what leaves the program; the place of the next step."""
        machine = self._machine
        if step.kind == "keys":
            assert step.array
            keys = list(step.array())
            machine.process.spend(sum(map(len, keys)) * 2)
            keys = keys if machine.extended else mawk_order(keys)
            machine.process.spend(len(keys) // 4)
            machine.frame[step.slot] = dict.fromkeys(reversed(keys))
            return at
        if step.kind == "each":
            left = machine.frame[step.slot]
            assert isinstance(left, dict) and step.assign
            if not left:
                return step.target
            key, _ = left.popitem()
            step.assign(Input(key))
            return at
        if step.kind == "exit":
            self._status = int(number_of(step.run())) if step.run else self._status
            raise Leave("exit")
        raise Leave(step.kind)


COMMANDS = {"awk": awk, "mawk": awk, "gawk": awk}
