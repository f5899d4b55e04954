"""Executes a line without any wait, for callers that have no channel."""

from __future__ import annotations

from .descriptors import End, Stream
from .engine import Engine
from .evaluator import Evaluator
from .state import MOST_OUTPUT, Answer, Shell

AT_ONCE_SECONDS = 2.0
"""Limit of the processor's time."""


def run_at_once(shell: Shell, line: str, given: str = "") -> Answer:
    """Execute a line without any wait: pauses are added up, and nothing more can be typed."""
    engine = Engine(strict=True)
    engine.input = Stream(given.encode("utf-8", "surrogateescape"), ended=True)
    fds: dict[int, End] = {0: engine.input, 1: engine.screen(1), 2: engine.screen(2)}
    evaluator = Evaluator(engine, shell, fds)
    task = engine.main = engine.spawn(shell, evaluator.script(line), fds)
    out, err, delay = bytearray(), bytearray(), 0.0
    shell.files.read = 0
    while not engine.is_over and engine.used < AT_ONCE_SECONDS and delay < 60.0:
        engine.step(0.05)
        for number, data in engine.take_output():
            (out if number == 1 else err).extend(data)
        if len(out) + len(err) > MOST_OUTPUT:
            break
        wake = engine.next_wake()
        if not engine.can_run and not engine.is_over:
            if wake is None:
                break
            seconds = max(0.0, wake - engine.now())
            delay += seconds
            engine.skip(seconds)
    engine.close()
    text = out[:MOST_OUTPUT].decode("utf-8", "surrogateescape")
    return Answer(text, err[:MOST_OUTPUT].decode("utf-8", "surrogateescape"), task.status, round(delay, 3))
