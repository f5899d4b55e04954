"""Prompts, and error messages."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from decnet.console.documents import dumps, error_document
from decnet.console.text import cell
from decnet.errors import DecnetError, ReaderGone, UsageError


def ask(question: str) -> bool:
    """A yes or no from the terminal; anything but y or yes is a no.

    Raises UsageError without a terminal, KeyboardInterrupt at once on Ctrl-C and SIGTERM.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{question} This session is not interactive", hint="confirm with --yes")
    with interruptible():
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a prompt: asyncio only notes them, and waits for the answer."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        # End the line of the question.
        print(file=sys.stderr)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def print_error(error: DecnetError, style: str) -> None:
    """One error on stderr: a message and a hint, or one JSON object for a script."""
    if isinstance(error, ReaderGone):
        return
    if style in ("json", "jsonl"):
        print(dumps(error_document(error)), file=sys.stderr)
        return
    for number, line in enumerate(str(error).split("\n")):
        print(("error: " if number == 0 else "       ") + cell(line), file=sys.stderr)
    for number, line in enumerate((error.hint or "").split("\n")):
        if line:
            print(("hint: " if number == 0 else "      ") + cell(line), file=sys.stderr)
