"""Processes of a shell: pipes, jobs in the background, traps."""

from __future__ import annotations

from typing import Any, Protocol

from .builtins_jobs import job_line, report_done
from .compounds import Compounds
from .context import Context, Leave, Work
from .jobs import ENDS
from .tasks import INTERRUPT, PIPE, TERMINAL_STOP, Ended, Killed, Task


class JobControl(Compounds, Protocol):
    """The part of the evaluator that starts other tasks and waits for them."""

    becomes: Task | None
    _in_traps: set[str]

    def start(self, child: Any, work: Work, text: str = "") -> Work:
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
        task = self.engine.spawn(self.shell, child.whole(work), child.fds, text, child)
        child.shell.own_pid = task.pid
        visit, shell = self.shell.visit, self.shell
        visit.enter(task.pid, shell.own_pid, shell.user, [shell.script], behind=self.engine.is_behind)
        task.on_end.append(lambda: visit.leave(task.pid))
        return task

    def own_pid_of(self, child: Context) -> None:
        """Give a shell that this one starts its process id: a new one, unless it is all that a task does."""
        task, self.becomes = self.becomes, None
        child.shell.notes[" parent"] = str(self.shell.own_pid if task is None else self.shell.pid)
        if task is None:
            child.shell.own_pid = child.shell.pid = self.program_pid or self.engine.next_pid(self.shell)
            return
        child.shell.own_pid = child.shell.pid = task.pid
        task.context = child

    def in_foreground(self, tasks: list[Task], text: str) -> Work:
        """Wait for the tasks of a job that has the terminal: until they end, or ^Z stops them."""
        engine, own = self.engine, self.engine.foreground
        engine.foreground = tasks[0].group
        try:
            yield Ended(tasks, or_stopped=True)
        finally:
            engine.foreground = own
        if any(task.stopped for task in tasks):
            for task in tasks:
                task.stopped, task.kept = not task.done, True
            job = self.jobs.found(str(tasks[0].pid)) or self.jobs.add(tasks, text)
            self.jobs.ask(job)
            self.err("\n" * (self.shell.dialect.name != "ash") + job_line(self, job))
            self.shell.status = 128 + TERMINAL_STOP
            return self.shell.status
        self.shell.status = tasks[-1].status
        if self.shell.dialect.bash and self.shell.interactive and not self.is_subshell:
            report_done(self)
        signal = tasks[-1].signal
        if signal == INTERRUPT:
            raise Killed(INTERRUPT)
        if signal and signal != PIPE:
            self.err(ENDS.get(signal, f"Signal {signal}") + "\n")
        return self.shell.status

    def run_trap(self, name: str) -> Work:
        """Execute what `trap` has set for this; the status stays. That of EXIT is executed once."""
        action = self.shell.traps.get(name, "")
        if name == "EXIT":
            self.shell.traps.pop(name, None)
        if action and name not in self._in_traps:
            status = self.shell.status
            self._in_traps.add(name)
            try:
                yield self.evaluate(action, "trap")
            finally:
                self._in_traps.discard(name)
            self.shell.status = status

    def _run_pending(self) -> Work:
        """The traps of the signals that have come."""
        while self.pending:
            yield self.run_trap(self.pending.pop(0))
