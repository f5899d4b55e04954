# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Simple commands: builtins, functions, programs, scripts; and where a shell's lines come from."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any, Protocol, cast

from . import variables
from .builtins import BUILTINS
from .commands import command_of
from .context import Context, Discard, ExpansionError, Leave
from .descriptors import BadDescriptor, Broken, Collector, End, Screen, Stream
from .dialect import ASH, BASH, DASH, BadSyntax, Dialect, Incomplete, error_text
from .engine import Killed, Readable, Writable
from .limits import OutOfWork
from .parser import Parser
from .passwords import record_passwords
from .process import Call as Called
from .process import Command, NeedsInput, Process
from .programs import PROGRAMS, enter
from .prompts import converse
from .quoting import if_needed
from .redirecting import opened
from .syntax import Assignment, Simple, Word

Work = Generator[Any, Any, Any]
MOST_GIVEN = 1024 * 1024
"""Bytes of a command's input."""
PATIENCE_SECONDS = 1.5
"""Processor's time that is given to the commands before in a pipe that never ends."""
MOST_LINES = 4000
"""Lines that are joined to one command."""
SYSTEM_FOLDERS = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/")
SHEBANGS: dict[str, Dialect | None] = {"sh": None, "bash": BASH, "dash": DASH, "ash": ASH}
SPECIAL_BUILTINS = frozenset(
    (
        "break",
        ":",
        ".",
        "continue",
        "eval",
        "exec",
        "exit",
        "export",
        "readonly",
        "return",
        "set",
        "shift",
        "trap",
        "unset",
    )
)


class Running(Context, Protocol):
    """The part of the evaluator that runs simple commands."""

    fds: dict[int, End]

    def simple(self, node: Simple) -> Work:
        """A simple command."""
        self.expansion.status = None
        words = yield from self._words(node)
        if not words:
            yield self._only_assignments(node)
            return self.shell.status
        before, here = self.fds, list[End]()
        self.keeps_redirections = False
        try:
            if node.redirections:
                self.fds = yield from opened(self, node.redirections, here)
            hidden = yield from self._assign_for_command(node, words[0])
            if "x" in self.shell.options:
                self.trace([_as_source(each) if isinstance(each, Assignment) else each for each in words])
            try:
                yield self.invoke(words, node)
            finally:
                self._restore_assigned(hidden)
        except (Killed, GeneratorExit):
            for end in here:
                end.whole = False
            raise
        finally:
            if self.keeps_redirections:
                self.keeps_redirections = False
            else:
                self.fds = before
                for end in here:
                    end.close()
        out = self.fds.get(1)
        if out is not None and out.is_full:
            yield Writable(out)
        return self.shell.status

    def _words(self, node: Simple) -> Work:
        """The expanded words; assignments among a declaration's words stay what they are."""
        words: list[Any] = []
        for word in node.words:
            if isinstance(word, Assignment):
                words.append(word)
            else:
                words += yield from self.expansion.words([word])
        return words

    def _only_assignments(self, node: Simple) -> Work:
        here: list[End] = []
        if node.redirections:
            before = self.fds
            self.fds = yield from opened(self, node.redirections, here)
            self.fds = before
        for assignment in node.assignments:
            yield from self.assign(assignment, trace=True)
        for end in here:
            end.close()
        self.shell.status = self.expansion.status or 0
        return self.shell.status

    def assign(self, assignment: Assignment, *, trace: bool = False, name: str = "") -> Work:
        """Execute one assignment."""
        shell, name = self.shell, name or assignment.name
        if assignment.items is not None:
            yield from self._assign_items(name, assignment)
            return
        value = yield from self.expansion.single(assignment.value, tilde="assignment")
        key: Any = None
        if assignment.index is not None:
            key = yield from self.expansion.key_of(name, assignment.index)
            if isinstance(key, int) and key < 0:
                key += max((k for k in shell.arrays.get(name, {}) if isinstance(k, int)), default=-1) + 1
        kinds = shell.kinds.get(name, "")
        if assignment.append:
            old = (
                variables.value_of(shell, name)
                if key is None
                else variables.elements_of(shell, name).get(key)
            )
            value = (
                str(self.expansion.calculate(f"{old or 0}+({value})"))
                if "i" in kinds
                else (old or "") + value
            )
        elif "i" in kinds:
            value = str(self.expansion.calculate(value))
        if trace and "x" in shell.options:
            self.trace([f"{name}={if_needed(value) if value else ''}"], quoted=True)
        variables.assign(shell, name, value, key)

    def _assign_items(self, name: str, assignment: Assignment) -> Work:
        """`name=(values)`."""
        shell = self.shell
        if name in shell.readonly:
            raise variables.NotAssigned(name, "readonly variable")
        is_map = "A" in shell.kinds.get(name, "")
        items: list[tuple[Any, str]] = []
        at = (
            max((k for k in variables.elements_of(shell, name) if isinstance(k, int)), default=-1) + 1
            if assignment.append
            else 0
        )
        for word in assignment.items or []:
            raw = word.raw
            if (
                raw.startswith("[")
                and "]=" in raw
                and (found := Parser("x" + raw, shell.dialect).next_command())
            ):
                inner = cast("Simple", found.items[0].parts[0][1].commands[0])
                one = inner.assignments[0] if inner.assignments else None
                if one is not None and one.index is not None:
                    key = yield from self.expansion.key_of(name, one.index)
                    items.append((key, (yield from self.expansion.single(one.value, tilde="assignment"))))
                    at = key + 1 if isinstance(key, int) else at
                    continue
            for value in (yield from self.expansion.words([word])):
                items.append((str(at) if is_map else at, value))
                at += 1
        if not assignment.append:
            kinds = shell.kinds.get(name)
            exported = name in shell.exported
            variables.unset(shell, name)
            if kinds:
                shell.kinds[name] = kinds
            if exported:
                shell.exported.add(name)
        shell.arrays.setdefault(name, {})
        for key, value in items:
            variables.assign(shell, name, value, key)

    def _assign_for_command(self, node: Simple, name: Any) -> Work:
        """`name=value command`: the values before, for `_restore_assigned`."""
        if not node.assignments:
            return None
        keeps = (name in SPECIAL_BUILTINS and not self.shell.dialect.bash) or name == "exec"
        if isinstance(name, str) and name in BUILTINS and keeps:
            for assignment in node.assignments:
                yield from self.assign(assignment, trace=True)
            return None
        hidden: dict[str, tuple[object, ...]] = {}
        for assignment in node.assignments:
            key = assignment.name
            if key not in hidden:
                array = self.shell.arrays.get(key)
                hidden[key] = (self.shell.variables.get(key), array, self.shell.kinds.get(key),
                               key in self.shell.exported, False)  # fmt: skip
            yield from self.assign(assignment, trace=True)
            self.shell.exported.add(key)
        return hidden

    def _restore_assigned(self, hidden: dict[str, tuple[object, ...]] | None) -> None:
        if hidden:
            variables.restore(self.shell, hidden)

    def trace(self, words: list[str], *, quoted: bool = False) -> None:
        """The line of `set -x`."""
        mark = self.shell.variables.get("PS4", "+ ")
        if self.shell.dialect.bash and self.shell.depth:
            mark = mark[:1] * min(self.shell.depth, 20) + mark
        shown = words if quoted or self.shell.dialect.name == "dash" else [if_needed(word) for word in words]
        self.err(mark + " ".join(shown) + "\n")

    # What a name stands for

    def invoke(self, words: list[Any], node: Simple | None = None, *, functions: bool = True) -> Work:
        """Run a command by its words, which are expanded; its status."""
        name = words[0]
        shell = self.shell
        function = shell.functions.get(name) if functions else None
        if function is not None and not (name in SPECIAL_BUILTINS and not shell.dialect.bash):
            yield self.call(function, words)
            return shell.status
        builtin = BUILTINS.get(name)
        if (
            builtin is not None
            and builtin.dialects[shell.dialect.name]
            and name not in shell.notes.get(" off", "").split()
        ):
            try:
                found = builtin.run(self, words)
                status = (yield found) if isinstance(found, Generator) else found
                shell.status = status
            except BadDescriptor:
                self.complain(f"{name}: write error: Bad file descriptor")
                shell.status = 1
            except OSError as error:
                self.complain(f"{name}: write error: {error}")
                shell.status = 1
            return shell.status
        shell.status = yield self.program(
            [str(word) if isinstance(word, str) else _as_source(word) for word in words]
        )
        return shell.status

    def program(self, words: list[str]) -> Work:
        """Run a program by its name or path; its status."""
        if words[0].rsplit("/", 1)[-1] in ("passwd", "chpasswd"):
            return (yield self._with_passwords(words))
        return (yield self._found_program(words))

    def _with_passwords(self, words: list[str]) -> Work:
        """A command that reads passwords: what it is fed is recorded."""
        source, given = self.fds.get(0), b""
        if isinstance(source, Stream) and not source.is_terminal:
            given = yield from self._all_input(source)
            self.fds = {**self.fds, 0: Stream(given, ended=True)}
        status: int = yield self._found_program(words)
        text = given.decode("utf-8", "surrogateescape")
        record_passwords(self.shell.session, self.shell.user, words, text, success=status == 0)
        return status

    def _found_program(self, words: list[str]) -> Work:
        name, shell = words[0], self.shell
        if "/" not in name:
            command = self.found_command(name)
            if command is not None:
                return (yield self.process(command, name, words[1:]))
            path = self.path_of(name)
            if path is None:
                return self._not_found(name)
            return (yield self._file(path, words))
        path = shell.absolute(name)
        folder, _, base = path.rpartition("/")
        node = shell.node(path)
        is_ours = f"{folder}/" in SYSTEM_FOLDERS and path not in shell.files.changes
        command = self._known(base) if is_ours else None
        if command is not None:
            return (yield self.process(command, name, words[1:]))
        if node is None:
            reason = "No such file or directory" if shell.dialect.bash else "not found"
            self.complain(f"{name}: {reason}")
            return 127
        return (yield self._file(path, words))

    def found_command(self, name: str) -> Command | None:
        """The machine's own program of this name, if it is in the PATH."""
        if not any(
            f"{folder}/" in SYSTEM_FOLDERS for folder in self.shell.variables.get("PATH", "").split(":")
        ):
            return None
        return self._known(name)

    def _known(self, name: str) -> Command | None:
        if name in PROGRAMS and PROGRAMS[name].exists(self.shell):
            return PROGRAMS[name].run_by(self)
        return command_of(name)

    def where(self, name: str) -> str | None:
        """The path of a program, None if there is none."""
        shell = self.shell
        if "/" in name:
            path = shell.absolute(name)
            node = shell.node(path)
            folder, _, base = path.rpartition("/")
            if node is None and f"{folder}/" in SYSTEM_FOLDERS and self._known(base) is not None:
                return name
            return name if node is not None and not node.folder and node.mode & 0o111 else None
        own = self.path_of(name)
        if own is not None:
            return own
        if self.found_command(name) is None:
            return None
        return f"/bin/{name}" if shell.world.system.busybox else f"/usr/bin/{name}"

    def applet(self, command: Command, name: str, arguments: list[str]) -> Work:
        """Run a command of this machine by another program."""
        return self.process(command, name, arguments)

    def path_of(self, name: str) -> str | None:
        """The file of this name in the PATH that can be executed."""
        shell = self.shell
        for folder in shell.variables.get("PATH", "").split(":"):
            path = shell.absolute(f"{folder or '.'}/{name}")
            node = shell.node(path)
            if node is not None and not node.folder and node.mode & 0o111:
                return path
        return None

    def _not_found(self, name: str) -> int:
        text = "command not found" if self.shell.dialect.bash else "not found"
        if self.shell.dialect.bash and not self.shell.variables.get("PATH"):
            text = "No such file or directory"
        self.complain(f"{name}: {text}")
        return 127

    def _file(self, path: str, words: list[str]) -> Work:
        """A program of the visitor: a script is interpreted, a binary does not run on this machine."""
        shell, name = self.shell, words[0]
        node = shell.node(path)
        assert node is not None
        bash = shell.dialect.bash
        if node.folder:
            self.complain(f"{name}: Is a directory" if bash else f"{name}: Permission denied")
            return 126
        if not node.mode & 0o111:
            self.complain(f"{name}: Permission denied")
            return 126
        content = shell.read(path) or ""
        if content.startswith("\x7fELF") or "\0" in content[:80]:
            text = "cannot execute binary file: Exec format error" if bash else "Exec format error"
            if shell.dialect.name == "ash":
                text = "Exec format error" if False else "not found"
            self.complain(f"{name}: {text}")
            return 126
        first = content.split("\n", 1)[0]
        dialect: Dialect | None = shell.dialect
        if first.startswith("#!"):
            parts = first[2:].split()
            interpreter = parts[0].rsplit("/", 1)[-1] if parts else ""
            if interpreter == "env" and len(parts) > 1:
                interpreter = parts[1]
            if interpreter not in SHEBANGS:
                return (yield self._interpreted(parts, path, words))
            dialect = SHEBANGS[interpreter]
        script = path if "/" not in name else name
        return (yield self.child_script(content, script, words[1:], dialect))

    def _interpreted(self, parts: list[str], path: str, words: list[str]) -> Work:
        command = self._known(parts[0].rsplit("/", 1)[-1]) if parts else None
        if command is None:
            where = parts[0] if parts else ""
            if self.shell.dialect.bash:
                where = f"{words[0]}: cannot execute: required file not found"
                self.complain(where)
            else:
                self.complain(f"{words[0]}: not found")
            return 127
        return (yield self.process(command, parts[0], [*parts[1:], path, *words[1:]]))

    def child_script(
        self, text: str, script: str, arguments: list[str], dialect: Dialect | None, mode: str = "f"
    ) -> Work:
        """Run a script in a shell of its own: only what is exported goes there."""
        child = self.fork()
        enter(child.shell, script, arguments, dialect, mode)
        child.shell.own_pid = child.shell.pid = self.engine.next_pid(self.shell)
        child.is_subshell = False
        child.guards = child.loops = 0
        return (yield child.whole(child.script(text)))

    # Programs

    def process(self, command: Command, name: str, arguments: list[str]) -> Work:
        """Run a command of this machine; its status."""
        given: bytes | None = None
        source = self.fds.get(0)
        if not isinstance(source, Stream):
            given = b""
        while True:
            process = self._new_process(name, arguments, given)
            try:
                return (yield from self._drive(command, process))
            except NeedsInput:
                lines = _lines_of_head(arguments) if name.rsplit("/", 1)[-1] == "head" else 0
                given = yield from self._all_input(cast("Stream", source), lines)
            except (BadDescriptor, OSError) as error:
                reason = "Bad file descriptor" if isinstance(error, BadDescriptor) else str(error)
                self.err(f"{name.rsplit('/', 1)[-1]}: write error: {reason}\n")
                return 1
            except Exception:
                if self.engine.strict or isinstance(_current(), PASSED_ON):
                    raise
                return 1

    def _new_process(self, name: str, arguments: list[str], given: bytes | None) -> Process:
        screen, source = self.fds.get(1), self.fds.get(0)
        on_terminal = self.engine.input.is_terminal and isinstance(screen, Screen)
        self.shell.files.read = 0
        from_terminal = source is not None and source.is_terminal
        short = name.rsplit("/", 1)[-1]
        return Process(self.shell, short, arguments, given, on_terminal, self.shell.columns, from_terminal)

    def _drive(self, command: Command, process: Process) -> Work:
        running = command(process)
        if isinstance(running, int):
            yield from self._drain(process)
            return running
        value: Any = None
        try:
            while True:
                try:
                    item = running.send(value)
                except StopIteration as stop:
                    yield from self._drain(process)
                    return stop.value or 0
                value = None
                yield from self._drain(process)
                process.rest()
                self.shell.files.read = 0
                value = yield self._called(item) if isinstance(item, Called) else item
        finally:
            running.close()

    def _drain(self, process: Process) -> Work:
        """Pass on what the command has printed."""
        chunks, process.chunks = process.chunks, []
        for number, data in chunks:
            end = self.fds.get(number)
            if end is None:
                if number == 1:
                    raise BadDescriptor
                continue
            end.write(data)
            if end.is_full:
                yield Writable(end)

    def _called(self, item: Called) -> Work:
        """A command that another one runs."""
        child = self.fork()
        if item.given is not None:
            child.fds[0] = Stream(item.given, ended=True)
        for name, value in (item.variables or {}).items():
            variables.assign(child.shell, name, value)
            child.shell.exported.add(name)
        if not item.captured:
            return (yield child.whole(child.program(item.words)))
        collector = child.fds[1] = Collector(MOST_GIVEN // 4)
        status = yield child.whole(child.program(item.words))
        return status, bytes(collector.content)

    def _all_input(self, source: Stream, most_lines: int = 0) -> Work:
        """Everything up to the end of the standard input, bounded; of a pipe, so many lines are enough."""
        kept, size, began = bytearray(), 0, self.engine.used
        from_visitor = source is self.engine.input
        while True:
            if not source.is_readable:
                yield Readable(source)
            data = source.take()
            if not data:
                break
            size += len(data)
            kept += data[: max(0, MOST_GIVEN - len(kept))]
            enough = most_lines and kept.count(b"\n") >= most_lines
            if not from_visitor and (
                enough or size > MOST_GIVEN or self.engine.used - began > PATIENCE_SECONDS
            ):
                source.has_reader = False
                break
        if from_visitor:
            self.shell.has_all_input = self.shell.has_all_input and size == len(kept)
        return bytes(kept)

    def read_line(self, source: Stream, delimiter: bytes = b"\n") -> Work:
        """The next line of a descriptor, b"" at its end."""
        if not source.has_line(delimiter):
            yield Readable(source, delimiter)
        return source.take_line(delimiter)

    # Scripts

    def script(self, text: str, *, inner: bool = False) -> Work:
        """Execute a text: `-c`, a file, backquotes. The shell's end, unless it is `inner`."""
        work = self._run_text(text, self._head())
        if inner:
            yield work
            return self.shell.status
        return (yield self.whole(work))

    def _head(self) -> str:
        if self.shell.dialect.bash and self.shell.mode == "c":
            return f"{self.shell.script}: -c"
        return self.shell.script

    def evaluate(self, text: str, word: str) -> Work:
        """Execute a text in this shell: `eval`, `trap`."""
        try:
            yield self._run_text(
                text,
                f"{self.shell.script}: {word}" if self.shell.dialect.bash else self.shell.script,
                first=self.shell.line,
            )
        except Discard:
            if self.shell.mode == "c":
                raise
        return self.shell.status

    def _run_text(self, text: str, head: str, *, first: int = 1) -> Work:
        first = first if self.shell.dialect.bash else 1
        parser = Parser(text, self.shell.dialect, first, self.aliases())
        while True:
            try:
                parser.aliases = self.aliases()
                node = parser.next_command()
            except BadSyntax as error:
                self.err(error_text(error, self.shell.dialect, head, "\n" * (first - 1) + text))
                self.shell.status = (
                    2 if not self.shell.dialect.bash or self.shell.mode != "c" or ": eval" not in head else 1
                )
                if not self.shell.dialect.bash:
                    raise Leave(2) from None
                return self.shell.status
            if node is None:
                return self.shell.status
            try:
                yield self.sequence(node)
            except Discard as discard:
                self.shell.status = discard.status
                if self.shell.mode == "c":
                    raise

    def aliases(self) -> dict[str, str]:
        """The aliases that count: bash expands none in scripts."""
        if (
            self.shell.dialect.bash
            and not self.shell.interactive
            and "expand_aliases" not in self.shell.shopts
        ):
            return {}
        return self.shell.aliases

    def from_input(self) -> Work:
        """Execute the lines of the standard input."""
        return (yield self.whole(self._lines()))

    def _lines(self) -> Work:
        source = self.fds.get(0)
        if not isinstance(source, Stream):
            return 0
        pending, first, line_number = "", 1, 0
        is_channel = source is self.engine.input
        while True:
            raw = yield from self.read_line(source)
            if raw:
                line_number += 1
                line = raw.decode("utf-8", "surrogateescape")
                if is_channel and line.strip():
                    self.engine.reads_lines(line.rstrip("\r\n"))
                line = line.replace("\r\n", "\n") if is_channel else line
                pending = pending + line if pending else line
                first = first if pending != line else line_number
            if not pending:
                return self.shell.status
            found = self._parsed(pending, first, at_end=not raw)
            if found is None:
                continue
            pending = ""
            for node in found:
                try:
                    yield self.sequence(node)
                except Discard as discard:
                    self.shell.status = discard.status

    def _parsed(self, text: str, first: int, *, at_end: bool) -> list[Any] | None:
        """The commands of some lines; None if more lines belong to them."""
        parser = Parser(text, self.shell.dialect, first, self.aliases(), complete=at_end)
        found = []
        try:
            while (node := parser.next_command()) is not None:
                found.append(node)
        except BadSyntax as error:
            if isinstance(error, Incomplete) and not at_end and text.count("\n") < MOST_LINES:
                return None
            self.err(error_text(error, self.shell.dialect, self.shell.script, "\n" * (first - 1) + text))
            self.shell.status = 2
            if not self.shell.dialect.bash:
                raise Leave(2) from None
        else:
            if text.endswith("\\\n") and not at_end:
                return None
        return found

    def interactive(self) -> Work:
        """A shell with a prompt, up to its end."""
        return (yield self.whole(converse(self)))


def _lines_of_head(arguments: list[str]) -> int:
    """How many lines `head` needs at most; 0 for all."""
    if any(word.startswith(("-c", "--")) for word in arguments):
        return 0
    found = re.search(r"-n? ?(\d+)", " ".join(arguments))
    return int(found[1][:7]) if found else 10


def _as_source(assignment: Any) -> str:
    if isinstance(assignment, Assignment):
        return f"{assignment.name}={assignment.value.raw if isinstance(assignment.value, Word) else ''}"
    return str(assignment)


def _current() -> BaseException | None:
    import sys

    return sys.exc_info()[1]


PASSED_ON = (Broken, OutOfWork, ExpansionError, Killed)
