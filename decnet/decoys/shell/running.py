# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Simple commands: builtins, functions, programs, scripts; and where a shell's lines come from."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol

from .ash_builtins import wrong_option
from .assigning import Assigning
from .builtins import BUILTINS
from .context import Discard, ExpansionError, Leave, Work
from .descriptors import BadDescriptor, End
from .dialect import SPECIAL_BUILTINS
from .launching import Launching
from .parser import Parser
from .quoting import if_needed, if_needed_in_ash
from .redirecting import opened
from .scripts import Scripts
from .state import ENTERED
from .syntax import Assignment, Simple, Word
from .tasks import Killed, Writable


class Running(Assigning, Launching, Scripts, Protocol):
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
        self.is_replaced = node is self.replaced_by and not (node.redirections or self.shell.traps)
        try:
            if node.redirections:
                self.fds = yield from self._opened(node, words, here)
            hidden = yield from self._assign_for_command(node, words[0])
            if "x" in self.shell.options:
                self.trace([_as_source(each) if isinstance(each, Assignment) else each for each in words])
            try:
                if "DEBUG" in self.shell.traps:
                    yield self._debug(node)
                yield self.invoke(words, node)
            finally:
                self._restore_assigned(hidden)
                if self.shell.dialect.bash and isinstance(words[-1], str):
                    self.shell.variables["_"] = words[-1]
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

    def _opened(self, node: Simple, words: list[Any], here: list[End]) -> Work:
        """The descriptors of a command. /proc/self in the name of a file is the program that will read it."""
        name, shell = words[0], self.shell
        is_program = isinstance(name, str) and name not in BUILTINS and name not in shell.functions
        if not is_program or not any("/proc/self" in each.target.raw for each in node.redirections):
            return (yield from opened(self, node.redirections, here))
        visit, pid = shell.visit, self.engine.next_pid(shell)
        before = visit.current
        visit.enter(pid, shell.own_pid, shell.user, [str(word) for word in words])
        visit.current = pid
        try:
            return (yield from opened(self, node.redirections, here))
        finally:
            visit.current = before
            visit.leave(pid)

    def _debug(self, node: Simple) -> Work:
        """The trap of DEBUG, which functions do not have."""
        if not self.shell.calls or "T" in self.shell.options:
            self.shell.notes[" command"] = node.text
            yield self.run_trap("DEBUG")
        yield None

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
        if "DEBUG" in self.shell.traps:
            yield self._debug(node)
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

    def trace(self, words: list[str], *, quoted: bool = False) -> None:
        """The line of `set -x`."""
        mark = self._mark_of_trace()
        depth = self.shell.depth - int(self.shell.notes.get(ENTERED, "0"))
        if self.shell.dialect.bash and depth > 0:
            mark = mark[:1] * min(depth, 20) + mark
        quote = if_needed_in_ash if self.shell.dialect.name == "ash" else if_needed
        shown = words if quoted or self.shell.dialect.name == "dash" else [quote(word) for word in words]
        self.err(mark + " ".join(shown) + "\n")

    def _mark_of_trace(self) -> str:
        """PS4 with what it has of variables; one that needs a command stays as it is."""
        text = self.shell.variables.get("PS4", "+ ")
        if "$" not in text and "\\" not in text:
            return text
        status = self.shell.status
        if "\\" in text:
            from .prompts import decoded

            text = decoded(self.shell, text)
        body = Parser(text, self.shell.dialect)._inside(text, self.shell.line)
        try:
            next(self.expansion.single(body, tilde=""))
        except StopIteration as done:
            text = done.value
        except ExpansionError:
            pass
        self.shell.status = status
        return text

    def _is_refused(self, name: str, words: list[Any]) -> bool:
        """Whether an option of ash's builtin is wrong. Raises Leave if that ends the shell."""
        wrong = wrong_option(name, [str(word) for word in words[1:]])
        if wrong:
            self.complain(f"{name}: illegal option {wrong}")
            self.shell.status = 2
            if name in SPECIAL_BUILTINS:
                raise Discard(2) if self.shell.mode == "i" else Leave(2)
        return bool(wrong)

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
            if shell.dialect.name == "ash" and self._is_refused(name, words):
                return 2
            try:
                found = builtin.run(self, words)
                status = (yield found) if isinstance(found, Generator) else found
                shell.status = status
            except BadDescriptor:
                front = "" if shell.dialect.name == "ash" and name != "printf" else f"{name}: "
                self.complain(f"{front}write error: Bad file descriptor")
                shell.status = 1
            except OSError as error:
                is_dash = shell.dialect.name == "dash"
                self.complain(f"{name}: {f'{name}: I/O error' if is_dash else f'write error: {error}'}")
                shell.status = 1
            return shell.status
        shell.status = yield self.program(
            [str(word) if isinstance(word, str) else _as_source(word) for word in words]
        )
        return shell.status


def _as_source(assignment: Any) -> str:
    if isinstance(assignment, Assignment):
        return f"{assignment.name}={assignment.value.raw if isinstance(assignment.value, Word) else ''}"
    return str(assignment)
