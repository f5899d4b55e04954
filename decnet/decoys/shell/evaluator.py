"""Executes the tree of a script: every method is a generator that the engine drives, so none holds it up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from . import variables
from .conditions import holds
from .context import Discard, ExpansionError, Jump, Leave, NotRedirected, Returned, Words
from .descriptors import Collector, End, Stream
from .engine import Ended, Engine, Killed, Task
from .expansion import MOST_WORD, Expansion
from .limits import OutOfWork
from .patterns import compiled
from .redirecting import opened
from .running import SPECIAL_BUILTINS, Running
from .state import Call, Shell
from .syntax import (
    AndOr,
    Calculation,
    Case,
    Condition,
    CountingFor,
    For,
    Function,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Sequence,
    Simple,
    Subshell,
    Substitution,
    Word,
)  # fmt: skip
from .variables import NotAssigned

Work = Generator[Any, Any, Any]
MOST_DEPTH = 60
"""Subshells, scripts and substitutions inside each other."""


class Evaluator(Running):
    """Executes commands in one shell."""

    def __init__(self, engine: Engine, shell: Shell, fds: dict[int, End]) -> None:
        self.engine = engine
        self.shell = shell
        self.fds = fds
        self.expansion: Words = Expansion(self)
        self.guards = 0
        """How many conditions this is in: there `set -e` does not count."""
        self.loops = 0
        self.keeps_redirections = False
        self.is_subshell = False

    def spend(self, work: int) -> None:
        """Account for steps. Raises OutOfWork."""
        self.engine.spend(work)

    def fork(self, fds: dict[int, End] | None = None) -> Evaluator:
        """The evaluator of a subshell. Raises OutOfWork."""
        if self.shell.depth > MOST_DEPTH:
            raise OutOfWork
        child = Evaluator(self.engine, self.shell.fork(), dict(self.fds) if fds is None else fds)
        child.guards = self.guards
        child.loops = self.loops
        child.is_subshell = True
        return child

    # Output

    def out(self, text: str | bytes) -> None:
        """Print. Raises Broken and others."""
        self._write(1, text)

    def err(self, text: str | bytes) -> None:
        """Print to standard error."""
        self._write(2, text)

    def _write(self, number: int, text: str | bytes) -> None:
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        end = self.fds.get(number)
        if end is not None and data:
            self.spend(1 + len(data) // 64)
            end.write(data)

    def complain(self, text: str) -> None:
        """Print an error of the shell itself."""
        self.err(f"{self.shell.name}: {text}\n")

    # Lists

    def sequence(self, node: Sequence) -> Work:
        """Commands one after the other."""
        for item in node.items:
            if item.background:
                yield self._background(item)
            else:
                yield self._and_or(item)
        return self.shell.status

    def _and_or(self, node: AndOr) -> Work:
        last = len(node.parts) - 1
        for at, (operator, pipeline) in enumerate(node.parts):
            if operator and (operator == "&&") != (self.shell.status == 0):
                continue
            self.guards += at < last
            try:
                yield self._pipeline(pipeline)
            finally:
                self.guards -= at < last
            counts = at == last and not pipeline.negated
            if counts and self.shell.status and "e" in self.shell.options and not self.guards:
                raise Leave(self.shell.status)
        return self.shell.status

    def _background(self, node: AndOr) -> Work:
        """`command &`."""
        child = self.fork()
        child.guards = 0
        if not self.shell.interactive:
            child.fds[0] = Stream(ended=True)
        task = yield self.start(child, child._and_or(node), node.text, background=True)
        if task is None:
            return 0
        number = max(self.engine.jobs, default=0) + 1
        task.group = number
        self.engine.jobs[number] = [task]
        self.shell.last_background = task.pid
        if self.shell.interactive and not self.is_subshell:
            self.err(f"[{number}] {task.pid}\n")
        self.shell.status = 0
        return 0

    def start(self, child: Evaluator, work: Work, text: str = "", *, background: bool = False) -> Work:
        """Start a task, once there is room for one; None if there is none for long."""
        for seconds in (1.0, 2.0, 4.0, 8.0):
            if not self.engine.is_crowded:
                break
            if self.shell.dialect.bash:
                self.complain("fork: retry: Resource temporarily unavailable")
                yield seconds
            else:
                break
        if self.engine.is_crowded:
            text = "fork: Resource temporarily unavailable" if self.shell.dialect.bash else "Cannot fork"
            self.complain(
                text if self.shell.dialect.name != "ash" else "can't fork: Resource temporarily unavailable"
            )
            raise Leave(254 if self.shell.dialect.bash else 2)
        task = self.engine.spawn(self.shell, child.whole(work), child.fds, text)
        child.shell.own_pid = task.pid
        return task

    def whole(self, work: Work) -> Work:
        """A subshell from its begin to its end; its status."""
        try:
            try:
                yield work
            except Leave as leave:
                self.shell.status = leave.status
            except (Returned, Jump):
                pass
            except NotAssigned as error:
                self.complain(f"{error.args[0]}: {error.args[1]}")
                self.shell.status = 1
            yield self.run_trap("EXIT")
        except Leave as leave:
            self.shell.status = leave.status
        return self.shell.status

    def run_trap(self, name: str) -> Work:
        """Execute what `trap` has set for this; the status stays."""
        action = self.shell.traps.pop(name, "")
        if action:
            status = self.shell.status
            yield self.evaluate(action, "trap")
            self.shell.status = status

    # Pipelines

    def _pipeline(self, node: Pipeline) -> Work:
        began = self.engine.now()
        if len(node.commands) == 1:
            self.guards += node.negated
            try:
                yield self.command(node.commands[0])
            finally:
                self.guards -= node.negated
        elif node.commands:
            yield self._pipe(node)
        if node.negated:
            self.shell.status = int(self.shell.status == 0)
        if node.timed:
            self._show_time(self.engine.now() - began, posix=node.timed == "-p")
        return self.shell.status

    def _show_time(self, seconds: float, *, posix: bool) -> None:
        used = min(seconds, 0.003)
        if posix:
            self.err(f"real {seconds:.2f}\nuser {used:.2f}\nsys 0.00\n")
        else:
            self.err(f"\nreal\t0m{seconds:.3f}s\nuser\t0m{used:.3f}s\nsys\t0m0.000s\n")

    def _pipe(self, node: Pipeline) -> Work:
        tasks: list[Task] = []
        before: Stream | None = None
        for at, command in enumerate(node.commands):
            child = self.fork()
            after = Stream() if at < len(node.commands) - 1 else None
            if before is not None:
                child.fds[0] = before
            if after is not None:
                child.fds[1] = after
            task = yield self.start(child, child.command(command), node.text)
            task.on_end.append(_ends(before, after))
            tasks.append(task)
            before = after
        try:
            yield Ended(tasks)
        except BaseException:
            for task in tasks:
                self.engine.kill(task, 15)
            raise
        statuses = [task.status for task in tasks]
        if self.shell.dialect.bash:
            self.shell.arrays["PIPESTATUS"] = dict(enumerate(map(str, statuses)))
        failed = [status for status in statuses if status]
        self.shell.status = (failed or [0])[-1] if "pipefail" in self.shell.options else statuses[-1]
        return self.shell.status

    # Commands

    def command(self, node: Node) -> Work:
        """One command with its redirections; its status."""
        if isinstance(node, Simple):
            yield self._guarded(self.simple(node), node)
        else:
            yield self._guarded(self._compound(node), node)
        return self.shell.status

    def _guarded(self, work: Work, node: Node) -> Work:
        """With the shell's own errors reported."""
        self.shell.line = node.line
        try:
            yield work
        except ExpansionError as error:
            self._report(error)
        except NotRedirected as error:
            self.complain(str(error))
            self.shell.status = 2 if self.shell.dialect.name == "dash" else 1
            if not self.shell.dialect.bash and isinstance(node, Simple) and _is_special(node):
                raise Leave(self.shell.status) from None
        except NotAssigned as error:
            self.complain(f"{error.args[0]}: {error.args[1]}")
            self._give_up(1 if self.shell.dialect.bash else 2)
        except OutOfWork:
            self._report_killed(node)
        return self.shell.status

    def _report_killed(self, node: Node) -> None:
        self.shell.status = 137
        self.engine.kills += 1
        if self.engine.kills > 20:
            raise Leave(137)
        text = node.text if isinstance(node, Simple) else ""
        pid = self.engine.next_pid(self.shell)
        if self.shell.dialect.bash and self.shell.mode != "i":
            self.complain(f"{pid:>5} Killed                  {text}")
        else:
            self.err("Killed\n")

    def _report(self, error: ExpansionError) -> None:
        self.complain(str(error))
        if error.fatal:
            self._give_up(error.status)
        raise Discard(error.status)

    def _give_up(self, status: int) -> None:
        """An error after which a shell without prompt ends."""
        self.shell.status = status
        if self.shell.interactive and not self.is_subshell:
            raise Discard(status)
        raise Leave(status)

    def _compound(self, node: Node) -> Work:
        run = COMPOUND[type(node)]
        if not node.redirections:
            yield run(self, node)
            return self.shell.status
        before, opened_here = self.fds, list[End]()
        self.fds = yield from opened(self, node.redirections, opened_here)
        try:
            yield run(self, node)
        except (Killed, GeneratorExit):
            for end in opened_here:
                end.whole = False
            raise
        finally:
            self.fds = before
            for end in opened_here:
                end.close()
        return self.shell.status

    def _subshell(self, node: Subshell) -> Work:
        child = self.fork()
        self.shell.status = yield child.whole(child.sequence(node.body))
        return self.shell.status

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
                self.trace(["for", node.name, "in", *(each.raw for each in node.words or [])])
            if not (yield self._body(node.body)):
                break
        return self.shell.status

    def _select(self, node: For, words: list[str]) -> Work:
        """A menu of which a line's number chooses."""
        stream = self.fds.get(0)
        while True:
            self.err("".join(f"{at}) {word}\n" for at, word in enumerate(words, 1)) + "#? ")
            if not isinstance(stream, Stream):
                return 1
            line = (yield from self.read_line(stream)).decode("utf-8", "surrogateescape")
            if not line:
                self.out("\n")
                self.shell.status = 1
                return 1
            reply = line.rstrip("\n")
            number = int(reply) if reply.strip().isdecimal() and len(reply) < 6 else 0
            variables.assign(self.shell, "REPLY", reply)
            variables.assign(self.shell, node.name, words[number - 1] if 0 < number <= len(words) else "")
            if not (yield self._body(node.body)):
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
        try:
            value = yield from self._calculated(node.word)
        except ExpansionError as error:
            self.complain(f"((: {error}")
            value = 0
        self.shell.status = int(value == 0)
        return self.shell.status

    def _case(self, node: Case) -> Work:
        text = yield from self.expansion.single(node.word)
        self.shell.status = 0
        falls = False
        for patterns, body, end in node.items:
            fits = falls
            for word in patterns if not falls else ():
                pattern = yield from self.expansion.pattern(word)
                self.spend(1 + len(text) // 4)
                if compiled(pattern).matches(text, self.spend):
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
            self.shell.functions[node.name] = node
        self.shell.status = 0
        yield None
        return 0

    def _test(self, node: Condition) -> Work:
        try:
            self.shell.status = 0 if node.test is None or (yield from holds(self, node.test)) else 1
        except ExpansionError as error:
            if error.status != 2:
                raise
            self.complain(str(error))
            self.shell.status = 2
        return self.shell.status

    def call(self, function: Function, words: list[str]) -> Work:
        """Call a function."""
        shell = self.shell
        if shell.depth + len(shell.calls) > 400:
            raise Killed(11)
        before, shell.positional = shell.positional, words[1:]
        shell.calls.append(Call(function.name, shell.line))
        loops, self.loops = self.loops, 0
        try:
            yield self.command(function.body)
        except Returned as returned:
            shell.status = returned.args[0]
        finally:
            self.loops = loops
            shell.positional = before
            variables.restore(shell, shell.calls.pop().hidden)
        return shell.status

    # Substitutions

    def substitute(self, part: Substitution) -> Work:
        """The output of `$(...)` without its last newlines, and its status."""
        collector = Collector(MOST_WORD)
        child = self.fork({**self.fds, 1: collector})
        if "e" in self.shell.options and self.shell.dialect.bash:
            child.shell.options.discard("e")
        work = child.sequence(part.body) if part.body is not None else child.script(part.text, inner=True)
        quick = self._quick_read(part)
        if quick is not None:
            yield from opened(child, quick, [])
            path = yield from child.expansion.single(quick[0].target)
            content = (self.shell.read(self.shell.absolute(path)) or "").replace("\0", "")
            return content.rstrip("\n"), 0
        status = yield child.whole(work)
        text = bytes(collector.content).replace(b"\0", b"").decode("utf-8", "surrogateescape")
        return text.rstrip("\n"), status

    def _quick_read(self, part: Substitution) -> Any:
        """The redirection of `$(< file)`."""
        items = part.body.items if part.body is not None else []
        if not self.shell.dialect.bash or len(items) != 1 or len(items[0].parts) != 1:
            return None
        commands = items[0].parts[0][1].commands
        node = commands[0] if len(commands) == 1 else None
        if (
            isinstance(node, Simple)
            and not node.words
            and not node.assignments
            and len(node.redirections) == 1
        ):
            return node.redirections if node.redirections[0].operator == "<" else None
        return None

    def process_substitution(self, part: Substitution) -> Work:
        """`<(...)`: its output as a file; the path of that."""
        if part.kind == ">":
            return "/dev/null"
        collector = Collector(MOST_WORD)
        child = self.fork({**self.fds, 1: collector})
        yield child.whole(child.sequence(part.body or Sequence()))
        number = next(n for n in range(63, 0, -1) if f"/dev/fd/{n}" not in self.shell.files.changes)
        path = f"/dev/fd/{number}"
        self.shell.put(path, bytes(collector.content), len(collector.content), 0o600)
        return path


def _is_special(node: Simple) -> bool:
    """Whether its errors end a POSIX shell."""
    first = node.words[0] if node.words else None
    return isinstance(first, Word) and first.literal in SPECIAL_BUILTINS


def _ends(before: Stream | None, after: Stream | None) -> Callable[[], None]:
    """What happens to the pipes at the end of one of the commands."""

    def end() -> None:
        if before is not None:
            before.has_reader = False
            before.take()
        if after is not None:
            after.ended = True

    return end


COMPOUND: dict[type, Callable[[Evaluator, Any], Work]] = {
    Subshell: Evaluator._subshell, Group: Evaluator._group, If: Evaluator._if, Loop: Evaluator._loop,
    For: Evaluator._for, CountingFor: Evaluator._counting_for, Case: Evaluator._case,
    Function: Evaluator._function, Condition: Evaluator._test, Calculation: Evaluator._calculation,
}  # fmt: skip
