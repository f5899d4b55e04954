"""Carries out requests to the engine side by side: it gets no faster with more than four clients."""

from __future__ import annotations

from contextlib import contextmanager

from . import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterator, List

    Task = Callable[[], "List[Task]"]
    """Does its work, and returns the tasks that can follow it. It raises nothing."""

TICK = 1.0


def work_off(
    tasks: List[Task], tick: Callable[[], object] = lambda: None, most: int = limits.PARALLEL
) -> None:
    """Carry out all tasks and those that follow them, `most` at a time, followers before others; `tick` is
    called once a second meanwhile."""
    from threading import Condition, Thread

    waiting, turn, running = tasks[::-1], Condition(), [0]

    def work() -> None:
        while True:
            with turn:
                turn.wait_for(lambda: waiting or not running[0])
                if not waiting:
                    return
                task = waiting.pop()
                running[0] += 1
            following: List[Task] = []
            try:
                following = task()
            finally:
                with turn:
                    waiting.extend(reversed(following))
                    running[0] -= 1
                    turn.notify_all()

    threads = [Thread(target=work) for _ in range(limits.PARALLEL)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join(TICK)
            while thread.is_alive():
                tick()
                thread.join(TICK)
    except BaseException:
        waiting.clear()
        raise


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Carry out `work` side by side with the body; both have ended afterwards. It raises nothing."""
    from threading import Thread

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()
