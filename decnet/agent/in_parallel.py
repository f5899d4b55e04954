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


def work_off(tasks: List[Task], tick: Callable[[], object] = lambda: None, *, in_turn: bool = False) -> None:
    """Carry out all tasks and those that follow them, four at a time, followers before others, or with
    `in_turn` after those that wait already; `tick` is called once a second meanwhile. What `tick` raises ends
    it: after the tasks that have begun."""
    from threading import Thread

    if not tasks:
        return
    queue = _Queue(tasks, in_turn)
    threads: List[Thread] = []
    try:
        for _ in range(limits.PARALLEL):
            thread = Thread(target=queue.work)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join(TICK)
            while thread.is_alive():
                tick()
                thread.join(TICK)
    finally:
        queue.end()
        for thread in threads:
            thread.join()


class _Queue:
    """The tasks that wait for a thread."""

    def __init__(self, tasks: List[Task], in_turn: bool) -> None:
        from collections import deque
        from threading import Condition

        self._waiting = deque(tasks)
        self._in_turn = in_turn
        self._turn = Condition()
        self._running = 0
        self._ended = False

    def work(self) -> None:
        """Carry out tasks until none waits, and none runs that could have followers."""
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._waiting or not self._running)
                if not self._waiting:
                    return
                task = self._waiting.popleft()
                self._running += 1
            following: List[Task] = []
            try:
                following = task()
            finally:
                with self._turn:
                    self._add(following)
                    self._running -= 1
                    self._turn.notify_all()

    def end(self) -> None:
        """Begin no other task."""
        with self._turn:
            self._ended = True
            self._waiting.clear()

    def _add(self, following: List[Task]) -> None:
        if self._ended:
            return
        if self._in_turn:
            self._waiting.extend(following)
        else:
            self._waiting.extendleft(reversed(following))


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
