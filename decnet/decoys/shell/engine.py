"""All the commands that one visitor runs at once: their turns, their waits, their output.

Nothing here waits for anything: `step` runs whatever can run for some milliseconds, and its caller (a
channel's driver) writes the output and waits for input, or for the time at which something wakes up.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any

from .descriptors import Broken, End, FileWriter, Screen, Stream
from .limits import OutOfWork
from .process import MOST_AT_ONCE
from .signal_numbers import NAMES
from .state import Shell
from .tasks import (
    CONTINUE,
    HARMLESS,
    INTERRUPT,
    KILL,
    PIPE,
    QUIT,
    SEGMENT,
    STOP,
    STOPPING,
    TERMINAL_STOP,
    TERMINATE,
    Killed,
    Readable,
    ShellProcess,
    Task,
    Within,
)

MOST_TASKS = 30
MOST_FRAMES = 1600
"""Of one task: about 200 functions inside each other."""
MOST_FRAMES_IN_ALL = 4000
MOST_WAITING_OUTPUT = 64 * 1024


class Engine:
    """The tasks of one channel."""

    def __init__(self, *, strict: bool = False) -> None:
        self.tasks: list[Task] = []
        self.output: deque[tuple[int, bytes]] = deque()
        self.output_size = 0
        self.strict = strict
        """Whether an error of our own is raised: else it looks like a failed command."""
        self.input = Stream()
        self.size: tuple[int, int] | None = None
        """Rows and columns that a command has set, which the terminal takes."""
        self.foreground = 0
        """The process group that the terminal's keys go to; 0: every one without a job."""
        self.statuses: dict[int, int] = {}
        self.reads_lines: Callable[[str], None] = lambda line: None
        """Called with each line that a shell reads from the visitor's input."""
        self.main: Task | None = None
        self.first: ShellProcess | None = None
        """The shell that the channel was opened for."""
        self.running: Task | None = None
        """The task that is running now."""
        self.used = 0.0
        """Seconds of the processor's time in all."""
        self.kills = 0
        self.loading = 0
        """How many tasks wait for a module: keys stay where they are, for the program that will start."""
        self._work = 0
        self._skipped = 0.0

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
        return shell.world.new_pid()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size."""
        self.size = rows, columns
        for task in self.tasks:
            if task.context is not None:
                task.context.shell.rows, task.context.shell.columns = rows, columns

    @property
    def is_behind(self) -> bool:
        """Whether what runs now is in the background."""
        task = self.running
        if task is None:
            return False
        return task.kept or (self.foreground != 0 and task.group != self.foreground)

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
        context: ShellProcess | None = None,
        group: int = 0,
    ) -> Task:
        """Start a task: the process of that shell, or of another program; `group` is its process group."""
        is_first = self.main is None and not self.tasks
        task = Task(shell.pid if is_first else self.next_pid(shell), work, fds, text)
        task.context = self.first if is_first else context
        task.group = group or (self.running.group if self.running is not None else task.pid)
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
        return any(task.ready(now) for task in self.tasks)

    def reads_input(self, task: Task) -> bool:
        """Whether a task waits for the visitor's input."""
        return not task.stopped and self._would_read(task)

    def _would_read(self, task: Task) -> bool:
        waits = task.waits.condition if isinstance(task.waits, Within) else task.waits
        return isinstance(waits, Readable) and waits.stream is self.input

    # Running

    def step(self, seconds: float) -> None:
        """Run what can run, for about so long."""
        # What others use of the processor does not count.
        began, until = time.thread_time(), time.perf_counter() + seconds
        while time.perf_counter() < until:
            now = self.now()
            ready = [task for task in self.tasks if task.ready(now)]
            if not ready:
                break
            for task in ready:
                if task.done or not task.ready(now):
                    continue
                self.running = task
                self._advance(task, until, alone=len(ready) == 1)
                self.running = None
                if time.perf_counter() >= until:
                    break
            self.tasks.append(self.tasks.pop(0)) if len(self.tasks) > 1 else None
        self.used += time.thread_time() - began

    def _advance(self, task: Task, until: float, *, alone: bool) -> None:
        """Run one task until it waits, or for its share."""
        task.wake, task.waits = 0.0, None
        stack = task.stack
        steps = 0
        clock = time.perf_counter
        while stack:
            steps += 1
            if steps & 3 == 0 and clock() >= until:
                return
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
                if not alone or task.stopped or (item is not None and clock() >= until):
                    return
            elif isinstance(item, int | float):
                task.wake = self.now() + max(0.0, float(item))
                return
            elif not item.ready():
                task.waits = item
                task.wake = item.until if type(item) is Within else 0.0
                if self.foreground and task.kept and self._would_read(task):
                    task.stopped = task.group != self.foreground
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
            task.status, task.signal = 128 + error.signal, error.signal
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
        if task.kept:
            self.statuses[task.pid] = task.status
            while len(self.statuses) > 50:
                del self.statuses[next(iter(self.statuses))]

    # Signals

    def press(self, signal: int) -> None:
        """^C, ^Z or ^\\ on the terminal: a signal for what is in the foreground."""
        for task in list(self.tasks):
            if task.group == self.foreground or (not self.foreground and not task.kept):
                self._press(task, signal)

    def _press(self, task: Task, signal: int) -> None:
        context = task.context
        if context is not None and context.shell.interactive and not context.is_subshell:
            if signal == INTERRUPT:
                task.error = Killed(signal)
        elif context is not None and context.shell.traps.get(NAMES[signal]) == "":
            return
        elif signal == TERMINAL_STOP:
            task.stopped = self.foreground != 0
        else:
            task.error = Killed(signal)

    def signal(self, task: Task, number: int) -> None:
        """`kill`: what a signal does to one process. A trap of a shell waits for the command that it runs."""
        context = task.context
        action = (
            None
            if context is None or number in (KILL, STOP)
            else context.shell.traps.get(NAMES.get(number, ""))
        )
        if number == CONTINUE:
            task.stopped = False
        if task.done or action == "":
            return
        if action is not None and context is not None:
            context.pending.append(NAMES[number])
        elif number in STOPPING:
            task.stopped = not _is_prompting(context)
        elif number not in HARMLESS and not (number in (TERMINATE, QUIT) and _is_prompting(context)):
            self.kill(task, number)

    def kill(self, task: Task, signal: int) -> None:
        """Let a signal end a task, which may have stopped."""
        if not task.done:
            task.stopped, task.error = task.stopped and signal != KILL, Killed(signal)

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
        if self.input.is_terminal:
            return True
        return not any(isinstance(end, Screen) for task in self.tasks for end in task.fds.values())


def _is_prompting(context: ShellProcess | None) -> bool:
    """Whether it is a shell with a prompt, which ignores what would end or stop it."""
    return context is not None and context.shell.interactive and not context.is_subshell
