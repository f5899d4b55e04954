"""All the commands that one visitor runs at once: their turns, their waits, their output.

Nothing here waits for anything: `step` runs whatever can run for some milliseconds, and its caller (a
channel's driver) writes the output and waits for input, or for the time at which something wakes up.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any, Protocol

from .descriptors import Broken, End, FileWriter, Screen, Stream
from .limits import OutOfWork
from .process import MOST_AT_ONCE
from .state import Shell

MOST_TASKS = 30
MOST_FRAMES = 1600
"""Of one task: about 200 functions inside each other."""
MOST_FRAMES_IN_ALL = 4000
MOST_WAITING_OUTPUT = 64 * 1024
PIPE, INTERRUPT, SEGMENT, KILL = 13, 2, 11, 9


class Killed(BaseException):
    """A signal ends the task."""

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


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
    """All of these tasks have ended."""

    def __init__(self, tasks: list[Task]) -> None:
        self._tasks = tasks

    def ready(self) -> bool:
        return all(task.done for task in self._tasks)


class Line:
    """A line that the visitor types at a prompt; `text` is None at the end of the input."""

    def __init__(self, prompt: str, shell: Shell) -> None:
        self.prompt = prompt
        self.shell = shell
        self.text: str | None = None
        self.is_there = False

    def ready(self) -> bool:
        return self.is_there


class Task:
    """One command that runs at the same time as others: a stack of generators, the innermost last."""

    def __init__(
        self, pid: int, work: Generator[Any, Any, Any], fds: dict[int, End], text: str, group: int
    ) -> None:
        self.pid = pid
        self.text = text
        self.stack: list[Generator[Any, Any, Any]] = [work]
        self.fds = fds
        self.group = group
        """0 for the foreground, else the number of the job."""
        self.status = 0
        self.done = False
        self.waits: Condition | None = None
        self.wake = 0.0
        self.error: BaseException | None = None
        self.value: Any = None
        self.stopped = False
        self.on_end: list[Callable[[], None]] = []


class Engine:
    """The tasks of one channel."""

    def __init__(self, *, strict: bool = False) -> None:
        self.tasks: list[Task] = []
        self.output: deque[tuple[int, bytes]] = deque()
        self.output_size = 0
        self.strict = strict
        """Whether an error of our own is raised: else it looks like a failed command."""
        self.input = Stream()
        self.jobs: dict[int, list[Task]] = {}
        self.statuses: dict[int, int] = {}
        self.reads_lines: Callable[[str], None] = lambda line: None
        """Called with each line that a shell reads from the visitor's input."""
        self.main: Task | None = None
        self.used = 0.0
        """Seconds of the processor's time in all."""
        self.kills = 0
        self._work = 0
        self._skipped = 0.0
        self._pid = 0

    # Tasks

    def screen(self, number: int) -> Screen:
        """The visitor's channel as an end of a descriptor."""
        return Screen(number, self.print, lambda: self.output_size >= MOST_WAITING_OUTPUT)

    def print(self, number: int, data: bytes) -> None:
        """Add to the channel's output."""
        self.output.append((number, data))
        self.output_size += len(data)

    def take_output(self) -> list[tuple[int, bytes]]:
        """All output that waits, in order; neighbours of one descriptor are joined."""
        taken: list[tuple[int, bytes]] = []
        pieces: list[bytes] = []
        for number, data in self.output:
            if taken and taken[-1][0] == number:
                pieces.append(data)
                continue
            if pieces:
                taken[-1] = (taken[-1][0], b"".join(pieces))
            taken.append((number, data))
            pieces = [data]
        if pieces:
            taken[-1] = (taken[-1][0], b"".join(pieces))
        self.output.clear()
        self.output_size = 0
        return taken

    def next_pid(self, shell: Shell) -> int:
        """The id of a new process."""
        self._pid = max(self._pid, shell.pid + 24) + 1
        return self._pid

    @property
    def is_crowded(self) -> bool:
        """Whether no more processes can be started."""
        return len(self.tasks) >= MOST_TASKS

    def spawn(
        self,
        shell: Shell,
        work: Generator[Any, Any, Any],
        fds: dict[int, End],
        text: str = "",
        group: int = 0,
    ) -> Task:
        """Start a task."""
        task = Task(self.next_pid(shell), work, fds, text, group)
        for end in set(fds.values()):
            end.share()
        self.tasks.append(task)
        return task

    def spend(self, work: int) -> None:
        """Account for steps between two yields. Raises OutOfWork."""
        self._work += work
        if self._work > MOST_AT_ONCE:
            raise OutOfWork

    # Time

    def now(self) -> float:
        """The clock of this engine's waits."""
        return time.monotonic() + self._skipped

    def skip(self, seconds: float) -> None:
        """Act as if this time had passed."""
        self._skipped += seconds

    def next_wake(self) -> float | None:
        """When the next sleeping task goes on, None if none sleeps."""
        times = [task.wake for task in self.tasks if task.wake]
        return min(times, default=None)

    @property
    def can_run(self) -> bool:
        """Whether a task would do something now."""
        now = self.now()
        return any(self._is_ready(task, now) for task in self.tasks)

    def _is_ready(self, task: Task, now: float) -> bool:
        if task.error is not None:
            return True
        if task.stopped:
            return False
        if task.wake:
            return task.wake <= now
        return task.waits is None or task.waits.ready()

    # Running

    def step(self, seconds: float) -> None:
        """Run what can run, for about so long."""
        began = time.perf_counter()
        until = began + seconds
        while time.perf_counter() < until:
            now = self.now()
            ready = [task for task in self.tasks if self._is_ready(task, now)]
            if not ready:
                break
            for task in ready:
                if task.done or not self._is_ready(task, now):
                    continue
                self._advance(task, until, alone=len(ready) == 1)
                if time.perf_counter() >= until:
                    break
            self.tasks.append(self.tasks.pop(0)) if len(self.tasks) > 1 else None
        self.used += time.perf_counter() - began

    def _advance(self, task: Task, until: float, *, alone: bool) -> None:
        """Run one task until it waits, or for its share."""
        task.wake, task.waits = 0.0, None
        stack = task.stack
        steps = 0
        clock = time.perf_counter
        while stack:
            self._work = 0
            try:
                error, task.error = task.error, None
                if error is None:
                    item = stack[-1].send(task.value)
                else:
                    item = stack[-1].throw(error)
                task.value = None
            except StopIteration as stop:
                stack.pop()
                task.value = stop.value
                continue
            except BaseException as raised:  # noqa: BLE001 (it goes on in the caller, which is a generator)
                stack.pop()
                task.error, task.value = raised, None
                continue
            if type(item) is GeneratorType:
                stack.append(item)
                if len(stack) > MOST_FRAMES or (
                    len(stack) % 100 == 0 and self._frames() > MOST_FRAMES_IN_ALL
                ):
                    task.error = Killed(SEGMENT)
            elif item is None or item == 0.0:
                if not alone:
                    return
            elif isinstance(item, int | float):
                task.wake = self.now() + max(0.0, float(item))
                return
            elif not item.ready():
                task.waits = item
                return
            steps += 1
            if steps & 15 == 0 and clock() >= until:
                return
        self._end(task)

    def _frames(self) -> int:
        return sum(len(task.stack) for task in self.tasks)

    def _end(self, task: Task) -> None:
        error, task.error = task.error, None
        task.done = True
        if error is None:
            task.status = task.value if isinstance(task.value, int) else 0
        elif isinstance(error, Killed):
            task.status = 128 + error.signal
        elif isinstance(error, Broken):
            task.status = 128 + PIPE
        elif isinstance(error, OutOfWork):
            task.status = 128 + KILL
            self.kills += 1
        elif self.strict or not isinstance(error, Exception):
            self.tasks.remove(task)
            raise error
        else:
            task.status = 1
        self.tasks.remove(task)
        for end in set(task.fds.values()):
            end.close()
        for call in task.on_end:
            call()
        if task.group:
            self.statuses[task.pid] = task.status
            while len(self.statuses) > 50:
                del self.statuses[next(iter(self.statuses))]

    # Signals

    def interrupt(self) -> None:
        """^C: what is in the foreground ends."""
        for task in self.tasks:
            if not task.group:
                task.error = Killed(INTERRUPT)

    def kill(self, task: Task, signal: int) -> None:
        """Send a signal that ends a task."""
        if task.stopped:
            task.stopped, task.done, task.status = False, True, 128 + signal
        elif not task.done:
            task.error = Killed(signal)

    def close(self) -> None:
        """The visitor has left: everything ends, and what was written is recorded."""
        for task in list(self.tasks):
            for end in task.fds.values():
                if isinstance(end, FileWriter):
                    end.whole = False
            while task.stack:
                try:
                    task.stack.pop().close()
                except (RuntimeError, Broken, OutOfWork):
                    continue
            task.done = True
            for end in set(task.fds.values()):
                end.close()
        self.tasks.clear()

    @property
    def is_over(self) -> bool:
        """Whether the main task has ended, and no other one can still print to the channel."""
        if self.main is None or not self.main.done:
            return False
        return not any(isinstance(end, Screen) for task in self.tasks for end in task.fds.values())
