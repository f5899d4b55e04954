"""Renders the engine's events: bars on a terminal, lines in a log, only warnings for a script."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from decnet.console.plans import plan_lines
from decnet.console.text import cell, terminal_width
from decnet.engine.progress import (
    Event,
    Finished,
    ImagesSent,
    ImageStep,
    JobProgress,
    JobStarted,
    Message,
    Planned,
    RolloutMoved,
    RolloutPlanned,
    StepDone,
)
from decnet.errors import WorkerFailure
from decnet.model.counted import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from decnet.plan.rollout import Preview


class Monitor(Protocol):
    """Draws the engine's events."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None: ...


def monitor(style: str, *, quiet: bool = False) -> Monitor:
    """The monitor for this output, chosen once by the format and by whether stderr is a terminal."""
    if quiet or style not in ("table", "wide"):
        return Warnings()
    return Bars() if sys.stderr.isatty() else Lines()


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def event_line(event: Event) -> str:
    """An event as one line, or "" if it has none."""
    match event:
        case Message(text, worker, level):
            start = f"{worker}: " if worker else ""
            return f"{'warning: ' if level == 'warning' else ''}{start}{cell(text)}"
        case ImageStep(phase):
            return phase
        case ImagesSent(worker, 0, total):
            return f"{worker}: about {total} MiB of images are sent"
        case ImagesSent(worker, done, total) if done == total:
            return f"{worker}: its images have arrived"
        case JobStarted(worker, _, total):
            return f"{worker}: accepted {counted(total, 'step')}"
        case StepDone(worker, _, operation, status):
            # The reason of a failure stands in the report at the end.
            return f"{cell(event.label)} on {worker}: {operation} {status}"
        case WorkerFailure(_, _, _, hint):
            return cell(str(event)) + (f" (hint: {cell(hint)})" if hint else "")
    return ""


def _preview(preview: Preview) -> list[str]:
    from decnet.console.rollouts import preview_lines

    return preview_lines(preview)


class Warnings:
    """For scripts and cron: only failures and warnings."""

    def __call__(self, event: Event) -> None:
        if isinstance(event, WorkerFailure) or (isinstance(event, Message) and event.level == "warning"):
            _print(event_line(event))

    def close(self) -> None:
        return


class Lines:
    """For a log: one line per event, no line twice in a row."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, event: Event) -> None:
        if isinstance(event, Planned):
            for line in plan_lines(event.plan, terminal_width(sys.stderr)):
                _print(line)
            return
        if isinstance(event, RolloutPlanned):
            for line in _preview(event.preview):
                _print(line)
            return
        text = event_line(event)
        if text and text != self._last:
            self._last = text
            _print(text)

    def close(self) -> None:
        return


class Bars:
    """For a terminal: a bar per worker and per image, lines above them for finished steps."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case Planned(plan):
                for line in plan_lines(plan, terminal_width(sys.stderr)):
                    self._line(line)
            case RolloutPlanned(preview):
                for line in _preview(preview):
                    self._line(line)
            case RolloutMoved(done, total, how):
                self._bar("rollout", "rollout", how, done, total)
            case ImageStep(phase, done, total):
                self._bar("image", "image", phase, done, total)
            case ImagesSent(worker, done, total):
                what = "images, in MiB" if done < total else "images have arrived"
                self._bar(f"images {worker}", worker, what, done, total)
            case JobStarted(worker, _, total):
                self._bar(worker, worker, "accepted", 0, total)
            case JobProgress(worker, done, total, current):
                self._bar(worker, worker, cell(current), done, total)
            case Finished():
                self.close()
            case _:
                self._line(event_line(event))

    def _line(self, text: str) -> None:
        from rich.text import Text

        if self._progress is not None:
            self._progress.console.print(Text(text))
        else:
            _print(text)

    def _bar(self, key: str, title: str, what: str, done: int, total: int) -> None:
        progress = self._started()
        if key not in self._tasks:
            self._tasks[key] = progress.add_task(title, total=total or None, what="")
        progress.update(self._tasks[key], completed=done, total=total or None, what=what[:60])

    def _started(self) -> Progress:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[what]}", markup=False),
                console=Console(stderr=True, markup=False, highlight=False, emoji=False),
                transient=True,
            )
            self._progress.start()
        return self._progress

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
        self._progress = None
        self._tasks.clear()
