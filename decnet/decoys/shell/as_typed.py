"""Filters whose input is typed: what they print for a line is shown before the next one.

A filter gets all of its input at once. So it runs again after each line, also with two lines that could come
next: what it prints in all of these cases is what the real one has printed by now.
"""

from __future__ import annotations

from collections.abc import Callable

from .context import Work
from .descriptors import Screen, Stream
from .process import Command, Process
from .tasks import Readable

FILTERS = frozenset(
    [
        "grep",
        "egrep",
        "fgrep",
        "sed",
        "awk",
        "gawk",
        "mawk",
        "cut",
        "tr",
        "nl",
        "rev",
        "uniq",
        "cat",
        "expand",
        "unexpand",
        "fold",
        "head",
        "od",
        "xxd",
        "hexdump",
        "hd",
        "paste",
        "base64",
        "iconv",
        "dos2unix",
        "unix2dos",
        "strings",
    ]
)
WITH_EFFECTS = ("system", "|", ">", "getline", "END", "close", "rand")
"""What an awk program has that must not run twice, or that belongs to the end."""
ENDS_EARLY = {"grep": ("-q", "-m", "--quiet", "--max-count"), "sed": ("q",)}
MOST_LINES, MOST_TYPED = 200, 16 * 1024
"""Lines and bytes that are answered at once; more are answered at their end."""
NEXT = b"~ another line\n"
Make = Callable[[bytes], Process]


def is_filter(name: str, arguments: list[str]) -> bool:
    """Whether a program answers line by line."""
    short = name.rsplit("/", 1)[-1]
    return short in FILTERS and not (
        short.endswith("awk") and any(sign in word for word in arguments for sign in WITH_EFFECTS)
    )


def answer_lines(command: Command, make: Make, source: Stream, screen: Screen, most_lines: int) -> Work:
    """Print what the filter prints for each line; all of the input, and how much was printed. `make`: a
    process with that input. `most_lines`: how many it reads at most, 0 for all."""
    typed, printed = b"", 0
    while True:
        if not source.is_readable:
            yield Readable(source)
        data = source.take()
        typed += data
        if not data or (most_lines and typed.count(b"\n") >= most_lines):
            return typed, printed
        if typed.count(b"\n") > MOST_LINES or len(typed) > MOST_TYPED or not typed.endswith(b"\n"):
            continue
        outputs = []
        for after in (b"", NEXT, typed[typed.rfind(b"\n", 0, -1) + 1 :]):
            outputs.append((yield from _output_of(command, make(typed + after))))
            yield 0.0
        shown = _common_lines([each for each, _ in outputs])
        if len(shown) > printed:
            screen.write(shown[printed:])
            printed = len(shown)
        if _is_over(make(b""), outputs):
            return typed, printed


def _output_of(command: Command, process: Process) -> Work:
    """The standard output and the status; nothing if it waits for something else."""
    running = command(process)
    if not isinstance(running, int):
        try:
            while (item := next(running)) == 0.0 and isinstance(item, float):
                process.rest()
                yield 0.0
            running.close()
            return b"", -1
        except StopIteration as stop:
            running = stop.value or 0
    return b"".join(data for number, data in process.chunks if number == 1), running


def _common_lines(outputs: list[bytes]) -> bytes:
    """The whole lines with which all begin."""
    first = outputs[0]
    end = next(
        (at for at, signs in enumerate(zip(*outputs, strict=False)) if len(set(signs)) > 1),
        min(map(len, outputs)),
    )
    return first[: first.rfind(b"\n", 0, end) + 1]


def _is_over(process: Process, outputs: list[tuple[bytes, int]]) -> bool:
    """Whether it reads no more: another line changes nothing."""
    signs = ENDS_EARLY.get(process.name.removeprefix("e").removeprefix("f"), ())
    ends = any(
        word.startswith(sign) if sign[0] == "-" else word.endswith(sign)
        for word in process.args
        for sign in signs
    )
    return ends and len(set(outputs)) == 1 and outputs[0][1] == 0
