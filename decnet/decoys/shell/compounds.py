"""Compound commands: loops, conditions, groups, functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from . import variables
from .conditions import holds
from .context import ExpansionError, Jump, Returned, Work
from .descriptors import Stream
from .extended_patterns import fits_pattern
from .menus import menu
from .running import Running
from .state import ENTERED, Call
from .syntax import (
    Calculation,
    Case,
    Condition,
    Coprocess,
    CountingFor,
    For,
    Function,
    Group,
    If,
    Loop,
    Sequence,
    Subshell,
    Word,
)  # fmt: skip
from .tasks import Killed
from .variables import value_of

OUTPUT_OF_COPROCESS, INPUT_OF_COPROCESS = 63, 60
"""Descriptors that bash gives the first coprocess."""


class Compounds(Running, Protocol):
    """The part of the evaluator that runs compound commands."""

    loops: int

    def _subshell(self, node: Subshell) -> Work:
        child = self.fork()
        # Traces have another sign for substitutions only.
        child.shell.notes[ENTERED] = str(int(child.shell.notes.get(ENTERED, "0")) + 1)
        visit, shell = self.shell.visit, self.shell
        pid = child.shell.own_pid = self.engine.next_pid(shell)
        visit.enter(pid, shell.own_pid, shell.user, [shell.script])
        try:
            shell.status = yield child.whole(child.sequence(node.body))
        except Killed as killed:
            if killed.pid != pid:
                raise
            shell.status = self._report_end(killed.signal, pid)
        finally:
            visit.leave(pid)
        return shell.status

    def _group(self, node: Group) -> Work:
        return self.sequence(node.body)

    def _if(self, node: If) -> Work:
        for condition, body in node.branches:
            if (yield self._condition_status(condition)) == 0:
                yield self.sequence(body)
                return self.shell.status
        self.shell.status = 0
        if node.otherwise is not None:
            yield self.sequence(node.otherwise)
        return self.shell.status

    def _condition_status(self, condition: Sequence) -> Work:
        self.guards += 1
        try:
            yield self.sequence(condition)
        finally:
            self.guards -= 1
        return self.shell.status

    def _loop(self, node: Loop) -> Work:
        status = 0
        while ((yield self._condition_status(node.condition)) == 0) != node.until:
            goes_on = yield self._body(node.body)
            status = self.shell.status
            if not goes_on:
                break
        self.shell.status = status
        return status

    def _body(self, body: Sequence) -> Work:
        """One turn of a loop; whether there may be another one."""
        self.loops += 1
        try:
            yield self.sequence(body)
        except Jump as jump:
            self.shell.status = int(jump.kind == "failed")
            if jump.count > 1 and self.loops > 1:
                raise Jump(jump.kind, jump.count - 1) from None
            return jump.kind == "continue"
        finally:
            self.loops -= 1
        yield None
        return True

    def _for(self, node: For) -> Work:
        words = list(self.shell.positional)
        if node.words is not None:
            words = yield from self.expansion.words(node.words)
        if node.select:
            yield self._select(node, words)
            return self.shell.status
        self.shell.status = 0
        for word in words:
            variables.assign(self.shell, node.name, word)
            if "x" in self.shell.options and self.shell.dialect.bash:
                shown = [each.raw for each in node.words] if node.words is not None else ['"$@"']
                self.trace([" ".join(["for", node.name, "in", *shown])], quoted=True)
            if not (yield self._body(node.body)):
                break
        return self.shell.status

    def _select(self, node: For, words: list[str]) -> Work:
        """A menu of which a line's number chooses; an empty line shows it again."""
        stream, shows = self.fds.get(0), True
        while words:
            self.err(menu(words, self.shell.columns) * shows + (value_of(self.shell, "PS3") or "#? "))
            if not isinstance(stream, Stream):
                return 1
            line = (yield from self.read_line(stream)).decode("utf-8", "surrogateescape")
            if not line:
                self.out("\n")
                self.shell.status = 1
                return 1
            reply = line.rstrip("\n")
            shows = not reply or not self.shell.dialect.bash
            if not reply:
                continue
            number = int(reply) if reply.strip().isdecimal() and len(reply) < 6 else 0
            variables.assign(self.shell, "REPLY", reply)
            variables.assign(self.shell, node.name, words[number - 1] if 0 < number <= len(words) else "")
            if not (yield self._body(node.body)):
                return 0
        return 0

    def _counting_for(self, node: CountingFor) -> Work:
        yield from self._calculated(node.first)
        while (yield from self._calculated(node.test, default=1)):
            if not (yield self._body(node.body)):
                break
            yield from self._calculated(node.step)
        return self.shell.status

    def _calculated(self, word: Word | None, default: int = 0) -> Work:
        text = yield from self.expansion.single(word, tilde="")
        return self.expansion.calculate(text) if text.strip() else default

    def _calculation(self, node: Calculation) -> Work:
        if "x" in self.shell.options and self.shell.dialect.bash:
            self.trace([f"(( {node.word.raw} ))"], quoted=True)
        try:
            value = yield from self._calculated(node.word)
        except ExpansionError as error:
            self.complain(f"((: {error}")
            value = 0
        self.shell.status = int(value == 0)
        return self.shell.status

    def _case(self, node: Case) -> Work:
        if "x" in self.shell.options and self.shell.dialect.bash:
            self.trace([f"case {node.word.raw} in"], quoted=True)
        text = yield from self.expansion.single(node.word)
        self.shell.status = 0
        falls = False
        for patterns, body, end in node.items:
            fits = falls
            for word in patterns if not falls else ():
                pattern = yield from self.expansion.pattern(word)
                self.spend(1 + len(text) // 4)
                if fits_pattern(self.shell, pattern, text, self.spend):
                    fits = True
                    break
            if fits:
                yield self.sequence(body)
                if end == ";;":
                    break
            falls = fits and end == ";&"
        return self.shell.status

    def _function(self, node: Function) -> Work:
        if len(self.shell.functions) < 300:
            shell = self.shell
            node.source = shell.file or {"f": shell.script, "c": "environment"}.get(shell.mode, "main")
            shell.functions[node.name] = node
        self.shell.status = 0
        yield None
        return 0

    def _coprocess(self, node: Coprocess) -> Work:
        """A command in the background whose input and output are two of this shell's descriptors."""
        given, shown, child = Stream(), Stream(), self.fork()
        child.guards = 0
        child.fds[0], child.fds[1] = given, shown
        task = yield self.start(child, child.command(node.body), node.text)
        task.kept = True
        task.on_end.append(lambda: setattr(shown, "ended", True))
        job = self.jobs.add([task], node.text)
        if self.controls_jobs:
            self.err(f"[{job.number}] {task.pid}\n")
        self.fds[OUTPUT_OF_COPROCESS], self.fds[INPUT_OF_COPROCESS] = shown, given
        self.shell.arrays[node.name] = {0: str(OUTPUT_OF_COPROCESS), 1: str(INPUT_OF_COPROCESS)}
        variables.assign(self.shell, f"{node.name}_PID", str(task.pid))
        self.shell.last_background, self.shell.status = task.pid, 0
        return 0

    def _test(self, node: Condition) -> Work:
        try:
            self.shell.status = 0 if node.test is None or (yield from holds(self, node.test)) else 1
        except ExpansionError as error:
            if error.status != 2:
                raise
            if str(error):
                self.complain(str(error))
            self.shell.status = 2
        return self.shell.status

    def call(self, function: Function, words: list[str]) -> Work:
        """Call a function."""
        shell = self.shell
        if shell.depth + len(shell.calls) > 400:
            raise Killed(11)
        before, shell.positional = shell.positional, words[1:]
        shell.calls.append(Call(function.name, shell.line, shell.file))
        if shell.dialect.bash:
            shell.file = function.source
        loops, self.loops = self.loops, 0
        try:
            returns = shell.traps.get("RETURN")
            yield self.command(function.body)
            if shell.traps.get("RETURN") != returns or "T" in shell.options:
                yield self.run_trap("RETURN")
        except Returned as returned:
            shell.status = returned.args[0]
        finally:
            self.loops = loops
            shell.positional = before
            call = shell.calls.pop()
            shell.file = call.caller
            variables.restore(shell, call.hidden)
        return shell.status


COMPOUND: dict[type, Callable[[Compounds, Any], Work]] = {
    Subshell: Compounds._subshell, Group: Compounds._group, If: Compounds._if, Loop: Compounds._loop,
    For: Compounds._for, CountingFor: Compounds._counting_for, Case: Compounds._case,
    Function: Compounds._function, Coprocess: Compounds._coprocess, Condition: Compounds._test,
    Calculation: Compounds._calculation,
}  # fmt: skip
