"""How a figure grows with what it is measured over."""

from __future__ import annotations

import gc
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from decnet.cli import COLLECTED_AFTER

ROUNDS = 2
MOST = 1.05
"""The highest exponent of what grows with its size and no faster: 1, and what the clock is wrong by."""


@dataclass(frozen=True)
class Growth:
    """A figure at three sizes or more: (size, value). `of` is what the size counts: "workers", "events"."""

    what: str
    points: tuple[tuple[float, float], ...]
    of: str
    unit: str = "s"
    aim: float = MOST

    @property
    def exponent(self) -> float:
        """The slope of log(value) over log(size), by least squares: 1 is proportional, 0 does not grow."""
        logs = [(math.log(size), math.log(value)) for size, value in self.points]
        x, y = (sum(column) / len(logs) for column in zip(*logs, strict=True))
        return sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, _ in logs)

    @property
    def missed(self) -> bool:
        return round(self.exponent, 2) > self.aim


def grown(
    what: str,
    of: str,
    sizes: Iterable[int],
    made: Callable[[int], Callable[[], object]],
    rounds: int = ROUNDS,
) -> Growth:
    """Processor seconds of `made(size)()`, the least of some rounds. `made` prepares and is not measured. The
    rounds go through all sizes, so that other work on the machine slows all of them."""
    works = {size: made(size) for size in sizes}
    taken: dict[int, float] = dict.fromkeys(works, math.inf)
    with _collected_as_by_a_command():
        for _ in range(rounds):
            for size, work in works.items():
                began = time.process_time()
                work()
                taken[size] = min(taken[size], time.process_time() - began)
    growth = Growth(what, tuple(taken.items()), of)
    print(f"{what}: ^{growth.exponent:.2f}", file=sys.stderr, flush=True)
    return growth


@contextmanager
def _collected_as_by_a_command() -> Iterator[None]:
    """Garbage is collected as by the command line, and not among what was prepared."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
