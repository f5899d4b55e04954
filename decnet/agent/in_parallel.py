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


def work_off(tasks: List[Task], tick: Callable[[], object] = lambda: None) -> None:
    """Carry out all tasks and those that follow them, four at a time, followers before others; `tick` is
    called once a second meanwhile. What `tick` raises ends it: after the tasks that have begun."""
    from threading import Condition, Thread

    if not tasks:
        return
    waiting, turn, running, ended = tasks[::-1], Condition(), [0], [False]

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
                    waiting.extend([] if ended[0] else reversed(following))
                    running[0] -= 1
                    turn.notify_all()

    threads: List[Thread] = []
    try:
        for _ in range(limits.PARALLEL):
            thread = Thread(target=work)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join(TICK)
            while thread.is_alive():
                tick()
                thread.join(TICK)
    finally:
        with turn:
            ended[0] = True
            waiting.clear()
        for thread in threads:
            thread.join()


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
