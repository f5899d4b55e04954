"""The jobs of one shell: what runs in the background or is stopped."""

from __future__ import annotations

from dataclasses import dataclass

from .dialect import Dialect
from .tasks import Task

ENDS = {1: "Hangup", 2: "Interrupt", 3: "Quit", 6: "Aborted", 9: "Killed", 14: "Alarm clock",
        15: "Terminated", 10: "User defined signal 1", 11: "Segmentation fault",
        12: "User defined signal 2"}  # fmt: skip
"""What glibc calls the signals that end a job."""


@dataclass
class Job:
    """One pipeline. `asked` counts up when it goes to the background or stops: the order of `+` and `-`."""

    number: int
    tasks: list[Task]
    text: str
    asked: int = 0
    is_foreign: bool = False
    """Whether it belongs to the shell that this one was forked from."""
    is_mentioned: bool = False
    """Whether `exit` has warned of it."""

    @property
    def done(self) -> bool:
        return all(task.done for task in self.tasks)

    @property
    def stopped(self) -> bool:
        return not self.done and any(task.stopped for task in self.tasks)

    @property
    def pid(self) -> int:
        """Of its first process, which is the number of its group."""
        return self.tasks[0].pid

    @property
    def status(self) -> int:
        return self.tasks[-1].status

    @property
    def end(self) -> str:
        """The name of the signal that ended it, "" if it exited."""
        signal = self.tasks[-1].signal
        return ENDS.get(signal, f"Signal {signal}") if signal else ""

    def state(self, dialect: Dialect) -> str:
        """As `jobs` shows it."""
        last = self.tasks[-1]
        if self.stopped:
            return "Stopped"
        if not self.done:
            return "Running"
        if last.signal:
            return self.end
        if not last.status:
            return "Done"
        return f"Exit {last.status}" if dialect.bash else f"Done({last.status})"


class Jobs:
    """All jobs of a shell, by number."""

    def __init__(self) -> None:
        self.by_number: dict[int, Job] = {}
        self._asked = 0

    def copy(self) -> Jobs:
        """For a forked shell: it sees the jobs, and they are not its children."""
        copied = Jobs()
        for number, job in self.by_number.items():
            copied.by_number[number] = Job(number, job.tasks, job.text, job.asked, True)
        copied._asked = self._asked
        return copied

    def add(self, tasks: list[Task], text: str) -> Job:
        """A new one, with the next number."""
        job = Job(max(self.by_number, default=0) + 1, tasks, text)
        self.by_number[job.number] = job
        self.ask(job)
        return job

    def ask(self, job: Job) -> None:
        """It becomes the current one."""
        self._asked += 1
        job.asked = self._asked

    def remove(self, job: Job) -> None:
        self.by_number.pop(job.number, None)

    def forget_done(self) -> None:
        """Drop those that have ended."""
        for number in [number for number, job in self.by_number.items() if job.done]:
            del self.by_number[number]

    def in_order(self) -> list[Job]:
        """The current one first: stopped jobs come before running ones."""
        return sorted(self.by_number.values(), key=lambda job: (job.stopped, job.asked), reverse=True)

    def mark(self, job: Job) -> str:
        """`+` for the current one, `-` for the one before."""
        order = self.in_order()
        return "+" if job is order[0] else "-" if len(order) > 1 and job is order[1] else " "

    def found(self, word: str) -> Job | None:
        """By `%1`, `%+`, `%-`, `%text`, `%?text`, or the id of a process."""
        if not word.startswith("%"):
            number = int(word) if word.isdecimal() and len(word) < 9 else -1
            return next(
                (job for job in self.by_number.values() if any(task.pid == number for task in job.tasks)),
                None,
            )
        rest, order = word[1:], self.in_order()
        if rest in ("", "%", "+"):
            return order[0] if order else None
        if rest == "-":
            return order[min(1, len(order) - 1)] if order else None
        if rest.isdecimal():
            return self.by_number.get(int(rest[:5]))
        fitting = self._fitting(rest, order)
        return fitting[0] if len(fitting) == 1 else None

    def is_ambiguous(self, word: str) -> bool:
        """Whether a text names several jobs."""
        rest = word.removeprefix("%")
        is_text = rest not in ("", "%", "+", "-") and not rest.isdecimal() and rest != word
        return is_text and len(self._fitting(rest, self.in_order())) > 1

    @staticmethod
    def _fitting(rest: str, jobs: list[Job]) -> list[Job]:
        if rest.startswith("?"):
            return [job for job in jobs if rest[1:] in job.text]
        return [job for job in jobs if job.text.startswith(rest)]
