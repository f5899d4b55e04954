"""Tasks of the engine: commands that run at the same time, what they wait for, the signals that end them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

from .descriptors import End, Stream
from .state import Shell

INTERRUPT, QUIT, KILL, SEGMENT, PIPE, TERMINATE = 2, 3, 9, 11, 13, 15
CONTINUE, STOP, TERMINAL_STOP, TERMINAL_INPUT, TERMINAL_OUTPUT = 18, 19, 20, 21, 22
STOPPING = frozenset((STOP, TERMINAL_STOP, TERMINAL_INPUT, TERMINAL_OUTPUT))
ITSELF = -1
"""The process that a program is, for `Killed`."""
HARMLESS = frozenset((17, CONTINUE, 23, 28))
"""CHLD, CONT, URG and WINCH: a process without a trap ignores them."""


class Killed(BaseException):
    """A signal ends the task, or the process `pid` in it."""

    def __init__(self, signal: int, pid: int = 0) -> None:
        super().__init__(signal)
        self.signal, self.pid = signal, pid


class ShellProcess(Protocol):
    """A process that is a shell."""

    shell: Shell
    pending: list[str]
    """Names of signals whose traps are to be executed."""
    is_subshell: bool


class Condition(Protocol):
    """What a task waits for."""

    def ready(self) -> bool:
        """Whether the wait is over."""


class Readable:
    """There is input, or its end; with a delimiter: a whole line."""

    def __init__(self, stream: Stream, delimiter: bytes = b"") -> None:
        self.stream, self.delimiter = stream, delimiter

    def ready(self) -> bool:
        if self.delimiter:
            return self.stream.has_line(self.delimiter)
        return self.stream.is_readable


class Writable:
    """There is room for output."""

    def __init__(self, end: End) -> None:
        self._end = end

    def ready(self) -> bool:
        return not self._end.is_full


class Ended:
    """All of these tasks have ended; with `or_stopped`, or one of them is stopped."""

    def __init__(self, tasks: list[Task], *, or_stopped: bool = False) -> None:
        self._tasks, self._or_stopped = tasks, or_stopped

    def ready(self) -> bool:
        if self._or_stopped and any(task.stopped for task in self._tasks):
            return True
        return all(task.done for task in self._tasks)


class Signalled:
    """Another condition, or a signal for which the shell has a trap."""

    def __init__(self, condition: Condition, context: ShellProcess) -> None:
        self._condition, self._context = condition, context

    def ready(self) -> bool:
        return bool(self._context.pending) or self._condition.ready()


class Within:
    """Another condition, or a time of the engine's clock."""

    def __init__(self, condition: Condition, until: float) -> None:
        self.condition, self.until = condition, until

    def ready(self) -> bool:
        return self.condition.ready()


class Line:
    """A line that the visitor types at a prompt; `text` is None at the end of the input."""

    def __init__(
        self,
        prompt: str,
        shell: Shell,
        *,
        is_first: bool = True,
        is_readline: bool = True,
        completes: Callable[[str], tuple[str, list[str]]] | None = None,
    ) -> None:
        """`is_first`: no line of the same command comes before it; `is_readline`: a paste is marked;
        `completes`: what Tab adds in a program that is no shell (see `Complete`)."""
        self.prompt, self.is_first, self.is_readline = prompt, is_first, is_readline
        self.completes = completes
        self.shell = shell
        self.text: str | None = None
        self.is_there = self.is_interrupted = False
        """Whether it was typed to its end, or given up with ^C."""

    def ready(self) -> bool:
        return self.is_there


class Task:
    """One command that runs at the same time as others: a stack of generators, the innermost last."""

    def __init__(self, pid: int, work: Generator[Any, Any, Any], fds: dict[int, End], text: str) -> None:
        self.pid = pid
        self.text = text
        self.stack: list[Generator[Any, Any, Any]] = [work]
        self.fds = fds
        self.group = pid
        """The process group: the terminal's signals go to all tasks of the one in the foreground."""
        self.context: ShellProcess | None = None
        """The shell that this process is, if it is one."""
        self.status = 0
        self.signal = 0
        """The one that ended it, 0 if none did."""
        self.done = False
        self.waits: Condition | None = None
        self.wake = 0.0
        self.error: BaseException | None = None
        self.value: Any = None
        self.stopped = False
        self.kept = False
        """Whether its status is kept for `wait`."""
        self.on_end: list[Callable[[], None]] = []

    def ready(self, now: float) -> bool:
        """Whether it would do something now."""
        if self.error is not None:
            return True
        if self.stopped:
            return False
        if self.waits is not None and self.waits.ready():
            return True
        if self.wake:
            return self.wake <= now
        return self.waits is None
