"""Executes the tree of a script: every method is a generator that the engine drives, so none holds it up."""

from __future__ import annotations

from collections.abc import Callable

from .ash_builtins import as_error
from .builtins import BUILTINS
from .builtins_jobs import report_signalled
from .compounds import COMPOUND
from .context import Discard, ExpansionError, Jump, Leave, NotRedirected, Returned, Words, Work, fatal
from .descriptors import BadDescriptor, End, Stream
from .dialect import SPECIAL_BUILTINS
from .engine import Engine
from .expansion import Expansion
from .jobs import Jobs
from .limits import OutOfWork
from .redirecting import opened
from .signal_numbers import NAMES
from .state import Shell
from .substituting import Substituting
from .syntax import (
    AndOr,
    Literal,
    Node,
    Pipeline,
    Sequence,
    Simple,
    Substitution,
    Word,
)  # fmt: skip
from .tasks import KILL, TERMINATE, Ended, Killed, Task
from .variables import NotAssigned
from .written import written

MOST_DEPTH = 60
"""Subshells, scripts and substitutions inside each other."""


class Evaluator(Substituting):
    """Executes commands in one shell."""

    def __init__(self, engine: Engine, shell: Shell, fds: dict[int, End]) -> None:
        self.engine = engine
        engine.first = engine.first or self
        self.shell = shell
        self.fds = fds
        self.unredirected = fds
        """The descriptors without the redirections of the command that runs."""
        self.expansion: Words = Expansion(self)
        self.guards = 0
        """How many conditions this is in: there `set -e` does not count."""
        self.loops = 0
        self.keeps_redirections = False
        self.is_subshell = False
        self.jobs = Jobs()
        self.pending: list[str] = []
        self.becomes: Task | None = None
        self.program_pid = 0
        self.replaced_by: Simple | None = None
        self.is_replaced = False
        self.pipeline: Pipeline | None = None
        """The last one that began."""
        self.streams: list[str] = []
        """Paths of process substitutions of the commands that run."""
        self.sinks: dict[str, tuple[Substitution, dict[int, End]]] = {}
        """Those of `>(...)`, by path, with the descriptors that they get."""
        self.pipes: list[Stream] = []
        """What `exec > >(...)` has opened: its reader ends with this shell."""
        self._in_traps: set[str] = set()

    @property
    def controls_jobs(self) -> bool:
        """Whether programs get process groups of their own: in a shell with a prompt on a terminal."""
        return self.shell.interactive and not self.is_subshell and self.engine.input.is_terminal

    @property
    def text(self) -> str:
        """The pipeline that runs, as `jobs` shows it."""
        return self._shown(self.pipeline) if self.pipeline is not None else ""

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
        child.jobs = self.jobs.copy()
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
        if end is None and data and number == 1:
            raise BadDescriptor
        if end is not None and data:
            self.spend(1 + len(data) // 64)
            end.write(data)

    def complain(self, text: str) -> None:
        """Print an error of the shell itself."""
        shell = self.shell
        if shell.dialect.name == "ash":
            self.err(f"{as_error(text, shell.script, shell.name, shell.in_builtin)}\n")
        else:
            self.err(f"{shell.name}: {text}\n")

    # Lists

    def sequence(self, node: Sequence) -> Work:
        """Commands one after the other."""
        for item in node.items:
            if "n" in self.shell.options and not self.shell.interactive:
                break
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
            if counts and self.shell.status and not self.guards:
                yield self._failed()
        return self.shell.status

    def _failed(self) -> Work:
        """A command has failed where `set -e` and the trap of ERR count."""
        if "ERR" in self.shell.traps and (not self.shell.calls or "E" in self.shell.options):
            yield self.run_trap("ERR")
        if "e" in self.shell.options:
            raise Leave(self.shell.status)
        yield None

    def _background(self, node: AndOr) -> Work:
        """`command &`."""
        child = self.fork()
        child.guards = 0
        if not self.shell.interactive:
            child.fds[0] = Stream(ended=True)
        task = yield self.start(child, child._and_or(node), node.text)
        child.becomes = task if _is_one_command(node) else None
        task.kept = True
        words = [self.shell.script]
        self.shell.visit.enter(task.pid, self.shell.own_pid, self.shell.user, words, behind=True)
        task.group = task.pid if self.controls_jobs else task.group
        job = self.jobs.add([task], self._shown(node))
        self.shell.last_background = task.pid
        if self.shell.interactive and not self.is_subshell and self.shell.dialect.name != "ash":
            self.err(f"[{job.number}] {task.pid}\n")
        self.shell.status = 0
        return 0

    def _shown(self, node: AndOr | Pipeline | Simple) -> str:
        """A command's text as this shell shows it."""
        return written(node) if self.shell.dialect.bash else node.text

    def whole(self, work: Work) -> Work:
        """A subshell from its begin to its end; its status."""
        try:
            try:
                value = yield work
                if isinstance(value, int):
                    self.shell.status = value
            except Leave as leave:
                self.shell.status = leave.status
            except (Returned, Jump):
                pass
            except Killed as killed:
                if killed.signal != KILL and not self.shell.interactive:
                    yield self.run_trap("EXIT")
                raise
            except NotAssigned as error:
                self.complain(f"{error.args[0]}: {error.args[1]}")
                self.shell.status = 1
            yield self.run_trap("EXIT")
        except Leave as leave:
            self.shell.status = leave.status
        finally:
            for pipe in self.pipes:
                pipe.ended = True
        return self.shell.status

    # Pipelines

    def _pipeline(self, node: Pipeline) -> Work:
        began, self.pipeline = self.engine.now(), node
        if len(node.commands) == 1:
            self.guards += node.negated
            try:
                yield self.command(node.commands[0])
            finally:
                self.guards -= node.negated
        elif node.commands:
            yield self._pipe(node)
        if len(node.commands) == 1 and self.shell.dialect.bash:
            self.shell.arrays["PIPESTATUS"] = {0: str(self.shell.status)}
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
            if after is None and "lastpipe" in self.shell.shopts and not self.controls_jobs:
                yield self._last_of_pipe(command, before, tasks)
                return self.shell.status
            task = yield self.start(child, child.command(command), node.text)
            task.on_end.append(_ends(before, after))
            tasks.append(task)
            if self.controls_jobs:
                task.group = tasks[0].pid
            if isinstance(command, Simple):
                child.becomes = task
                words = _plain_words(command)
                if words and words[0] not in BUILTINS and words[0] not in self.shell.functions:
                    self.shell.visit.enter(task.pid, self.shell.own_pid, self.shell.user, words)
            before = after
        try:
            if self.controls_jobs:
                yield self.in_foreground(tasks, self._shown(node))
            else:
                yield Ended(tasks)
        except BaseException:
            for task in tasks:
                self.engine.kill(task, TERMINATE)
            raise
        if any(task.stopped for task in tasks):
            return self.shell.status
        statuses = [task.status for task in tasks]
        if self.shell.dialect.bash:
            self.shell.arrays["PIPESTATUS"] = dict(enumerate(map(str, statuses)))
        failed = [status for status in statuses if status]
        self.shell.status = (failed or [0])[-1] if "pipefail" in self.shell.options else statuses[-1]
        return self.shell.status

    def _last_of_pipe(self, command: Node, source: Stream | None, tasks: list[Task]) -> Work:
        """`shopt -s lastpipe`: the last command of a pipe runs in this shell."""
        before = self.fds
        self.fds = {**before, 0: source} if source is not None else before
        try:
            yield self.command(command)
        finally:
            self.fds = before
            _ends(source, None)()
        yield Ended(tasks)
        statuses = [*(task.status for task in tasks), self.shell.status]
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
        self.shell.line, before = node.line, len(self.streams)
        outer, self.unredirected = self.unredirected, self.fds
        try:
            yield work
        except Killed as killed:
            self._survive(killed)
        except ExpansionError as error:
            self._report(error)
        except NotRedirected as error:
            self.complain(str(error))
            self.shell.status = 2 if self.shell.dialect.name == "dash" else 1
            if not self.shell.dialect.bash and isinstance(node, Simple) and _is_special(node):
                raise fatal(self, self.shell.status) from None
        except NotAssigned as error:
            self.complain(f"{error.args[0]}: {error.args[1]}")
            self._give_up(1 if self.shell.dialect.bash else 2)
        except OutOfWork:
            self._report_killed(node)
        finally:
            self.unredirected = outer
            sinks = self.drop_streams(before) if len(self.streams) > before else []
        if sinks:
            yield self.feed(sinks)
        if self.pending:
            yield self._run_pending()
        if self.jobs.by_number and isinstance(node, Simple):
            report_signalled(self)
        return self.shell.status

    def _survive(self, killed: Killed) -> None:
        """A signal that has ended what this shell was executing: with a trap, the shell goes on."""
        name = NAMES.get(killed.signal, "")
        if (
            killed.signal == KILL
            or not self.shell.traps.get(name)
            or killed.pid not in (0, self.shell.own_pid)
        ):
            raise killed
        self.shell.status = 128 + killed.signal
        self.pending.append(name)

    def _report_killed(self, node: Node) -> None:
        self.shell.status = 137
        self.engine.kills += 1
        if self.engine.kills > 20:
            raise Leave(137)
        text = self._shown(node) if isinstance(node, Simple) else ""
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


def _is_one_command(node: AndOr) -> bool:
    """Whether it is a single simple command: a program takes the place of its subshell."""
    commands = node.parts[0][1].commands
    return len(node.parts) == 1 and len(commands) == 1 and isinstance(commands[0], Simple)


def _is_special(node: Simple) -> bool:
    """Whether its errors end a POSIX shell."""
    first = node.words[0] if node.words else None
    return isinstance(first, Word) and first.literal in SPECIAL_BUILTINS


def _plain_words(node: Simple) -> list[str]:
    """The words of a command that has no expansions: what `ps` shows before it has begun; else []."""
    found = []
    for word in node.words:
        parts = word.parts if isinstance(word, Word) else []
        if not parts or not all(isinstance(part, Literal) for part in parts):
            return []
        found.append("".join(part.text for part in parts if isinstance(part, Literal)))
    return found


def _ends(before: Stream | None, after: Stream | None) -> Callable[[], None]:
    """What happens to the pipes at the end of one of the commands."""

    def end() -> None:
        if before is not None:
            before.has_reader = False
            before.take()
        if after is not None:
            after.ended = True

    return end
