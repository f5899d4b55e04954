"""Prompts, and error messages."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from decnet.console.documents import dumps, error_document
from decnet.console.text import cell, folded, terminal_width
from decnet.console.yaml_text import yaml_text
from decnet.errors import Declined, DecnetError, ReaderGone

LONGEST_ANSWER = 4096
"""Bytes; a terminal's line has no more."""


class QuestionInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM instead of an answer."""


def ask(question: str) -> bool:
    """A yes or no from the terminal; anything but y or yes is a no.

    What was typed before the question is discarded: it cannot be an answer to what was not shown yet. Raises
    UsageError without a terminal, QuestionInterrupted at once on Ctrl-C and SIGTERM.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        from decnet.engine.context import cannot_ask

        raise cannot_ask(question)
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    with _interruptible() as wake_up:
        return _answer(f"{question} [y/N] ", wake_up).strip().lower() in ("y", "yes")


def ask_secret(prompt: str) -> str:
    """A line from the terminal that is not shown. Raises QuestionInterrupted as `ask` does."""
    with _interruptible() as wake_up, _no_echo():
        return _answer(prompt, wake_up).rstrip("\r\n")


def _answer(prompt: str, wake_up: int) -> str:
    """The next line of the terminal, or what there is of it at its end."""
    print(prompt, end="", file=sys.stderr, flush=True)
    descriptor, answer = sys.stdin.fileno(), b""
    # A signal before `select` has made `wake_up` readable; a read would not notice it until the next key.
    while not answer.endswith(b"\n") and len(answer) < LONGEST_ANSWER:
        ready, _, _ = select.select([descriptor, wake_up], [], [])
        if wake_up in ready:
            os.read(wake_up, 64)
        if descriptor in ready:
            read = os.read(descriptor, 1024)
            if not read:
                break
            answer += read
    return answer.decode(errors="replace")


@contextmanager
def _no_echo() -> Iterator[None]:
    """Do not show what is typed; what was typed before is discarded."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    try:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        print(file=sys.stderr)


@contextmanager
def _interruptible() -> Iterator[int]:
    """Let Ctrl-C and SIGTERM end a prompt: asyncio only notes them, and waits for the answer. Yields a
    descriptor that becomes readable when a signal arrives."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    if threading.current_thread() is not threading.main_thread():
        with _closing(readable, writable):
            yield readable
        return
    earlier = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    wake_up = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    try:
        with _closing(readable, writable):
            _refuse_cancelled()
            yield readable
    except KeyboardInterrupt:
        # End the line of the question.
        print(file=sys.stderr)
        raise
    finally:
        signal.set_wakeup_fd(wake_up)
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def _closing(*descriptors: int) -> Iterator[None]:
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _refuse_cancelled() -> None:
    """Raises QuestionInterrupted if a signal has cancelled this command already, before the question."""
    import asyncio

    try:
        task = asyncio.current_task()
    except RuntimeError:
        return
    if task is not None and task.cancelling():
        raise QuestionInterrupted


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise QuestionInterrupted


def print_error(error: DecnetError, style: str) -> None:
    """One error on stderr: a message and a hint, or one JSON object for a script."""
    if isinstance(error, ReaderGone):
        return
    if isinstance(error, Declined) and style not in ("json", "jsonl", "yaml"):
        print(cell(str(error)), file=sys.stderr)
        return
    if style in ("json", "jsonl"):
        print(dumps(error_document(error)), file=sys.stderr)
        return
    if style == "yaml":
        print(yaml_text(error_document(error)), end="", file=sys.stderr)
        return
    _print_paragraph("error: ", str(error))
    if error.hint:
        _print_paragraph("hint: ", error.hint)


def _print_paragraph(label: str, text: str) -> None:
    """Lines on stderr: the first after the label, all others indented as far; folded on a terminal."""
    width = terminal_width(sys.stderr)
    for number, line in enumerate(text.split("\n")):
        start = label if number == 0 else " " * len(label)
        for part in folded(start + cell(line), len(label), width) if line else ():
            print(part, file=sys.stderr)
