"""Runs the parts of the benchmark one after the other; what cannot be run is a row of the table."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from decnet.lab import down, provide_images, up

from .place import LAB, on_worker
from .report import Part, Results, header, read, write
from .rows import Result, Skipped

Measure = Callable[[], Sequence[Result]]


class Run:
    """Keeps the results in a file that is written after each part."""

    def __init__(self, path: Path, *, keep: bool = False) -> None:
        """With `keep`, the parts of an earlier run that are not run now stay in the file."""
        self.path = path
        self.results = Results(header(), read(path).parts if keep and path.exists() else {})

    def parts(self, parts: Mapping[str, Measure], chosen: set[str]) -> None:
        for name, measure in parts.items():
            if name in chosen:
                self.part(name, measure)

    def part(self, name: str, measure: Measure) -> None:
        """Its rows, or one that shows why there are none."""
        began = time.monotonic()
        try:
            rows = _apart(measure)
        except (Exception, SystemExit) as error:
            rows = [Skipped(name, _reason(error))]
        taken = round(time.monotonic() - began, 1)
        self.results.parts[name] = Part(taken, rows)
        print(f"{name}: {taken:.0f} s", file=sys.stderr, flush=True)
        write(self.path, self.results)

    def in_the_lab(
        self, on_a_worker: Mapping[str, Measure], with_images: Mapping[str, Measure], chosen: set[str]
    ) -> None:
        """One practice worker for all of these, with images if one of the parts needs them."""
        down(LAB)
        try:
            if self._prepared("practice worker", lambda: up(LAB, workers=1)):
                self.parts(on_a_worker, chosen)
                images = lambda: provide_images(LAB, lambda line: print(line, file=sys.stderr))  # noqa: E731
                if chosen & set(with_images) and self._prepared("images", images):
                    self.parts(with_images, chosen)
                    on_worker("decnet", "teardown", "--all", "--yes", "--max-remove", "100")
        finally:
            down(LAB)

    def _prepared(self, name: str, prepare: Callable[[], object]) -> bool:
        """Whether it could be done; its time counts as a part."""
        self.part(name, lambda: (prepare(), ())[1])
        return not self.results.parts[name].rows


def _apart(measure: Measure) -> list[Result]:
    """The rows from a process of its own: the memory of one part is not measured as that of the next one's
    commands, whose process starts as a copy."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(measure, theirs))
    process.start()
    theirs.close()
    try:
        found: list[Result] | str = ours.recv()
    except EOFError:
        found = "ended without a result"
    process.join()
    if isinstance(found, str):
        raise SystemExit(found)
    return found


def _send(measure: Measure, to: Connection) -> None:
    try:
        to.send(list(measure()))
    except (Exception, SystemExit) as error:
        to.send(_reason(error))


def _reason(error: BaseException) -> str:
    """The end of an error's text, with its class unless it is a message for people."""
    text = " ".join(str(error).split())[-200:]
    return text if isinstance(error, SystemExit) else f"{type(error).__name__}: {text}"
