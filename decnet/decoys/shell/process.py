"""One running command: its arguments, its input, and what it prints.

A command is a function of a `Process`. It returns its exit status, or it is a generator that yields seconds
to wait (0.0: no wait, only the others' turn) and returns the status:

    def nproc(process: Process) -> int:
        process.out(f"{process.shell.world.processors}\\n")
        return 0

    def yes(process: Process) -> Running:
        while True:
            process.out("y\\n" * 1024)
            yield 0.0

A command that needs more than a few milliseconds is such a generator, and does
`if process.tired: yield 0.0` in its loops.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from .limits import OutOfWork
from .state import Shell

__all__ = ["Call", "Command", "NeedsInput", "OutOfWork", "Process", "Running"]

Running = Generator[Any, Any, int]
"""What a command that takes time returns: it yields seconds, and returns its status."""
Command = Callable[["Process"], "int | Running"]

TIRED_SECONDS = 0.004
MOST_AT_ONCE = 400_000
"""Units of work between two yields; a unit is a step of a loop in Python, about 0.1 microseconds."""
COPIED_AT_ONCE = 64
"""Characters that are copied as a whole, by one built-in call, for one unit."""
MOST_PRINTED = 1024 * 1024
"""Bytes printed between two yields."""


class NeedsInput(Exception):
    """A command reads its standard input, which is not complete: it starts again when that is."""


@dataclass(frozen=True)
class Call:
    """What a command yields to run another one. `given` is the input of that, None for this one's own.

    `captured`: its standard output is not printed but returned; the answer to the yield is (status, output)
    instead of the status. The output is bounded as in `$(...)`."""

    words: list[str]
    given: bytes | None = None
    variables: dict[str, str] | None = None
    captured: bool = False
    seconds: float = 0.0
    """When the command gets a signal; 0.0: never. The answer is then (status, whether it got one)."""
    signal: int = 15
    kill_after: float = 0.0
    clean: bool = False
    """Whether only `variables` are in its environment."""
    """Seconds from that signal to KILL; 0.0: none."""


@dataclass
class Process:
    """One running command. Text that is not UTF-8 is in the arguments as with `surrogateescape`."""

    shell: Shell
    name: str
    args: list[str]
    input: bytes | None = b""
    """All of its standard input; None: not there yet."""
    to_terminal: bool = False
    """Whether its standard output is the visitor's terminal."""
    columns: int = 80
    from_terminal: bool = False
    """Whether its standard input is the visitor's terminal."""
    context: Any = None
    """The evaluator that runs it, for programs that are shells or read their input as it comes."""
    pid: int = 0
    """Its number; 0 outside of a shell."""
    chunks: list[tuple[int, bytes]] = field(default_factory=list)
    """What it has printed and is not passed on yet: file descriptor (1 or 2) and bytes, in order."""
    skipped: int = 0
    """Bytes of its standard output that are already shown."""
    applet: bool = False
    """Whether BusyBox runs it."""
    _work: int = 0
    _printed: int = 0
    _tired_at: float = field(default_factory=lambda: time.perf_counter() + TIRED_SECONDS)

    @property
    def given(self) -> bytes:
        """All of its standard input. The command may start again from its beginning at the first use: it does
        nothing that stays before that. Raises NeedsInput."""
        if self.input is None:
            raise NeedsInput
        return self.input

    def out(self, text: str | bytes) -> None:
        """Print. Raises OutOfWork beyond MOST_PRINTED without a yield."""
        self._print(1, text)

    def err(self, text: str | bytes) -> None:
        """Print to standard error. Raises OutOfWork."""
        self._print(2, text)

    def _print(self, number: int, text: str | bytes) -> None:
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        if not data:
            return
        self._printed += len(data)
        self.spend(1 + len(data) // COPIED_AT_ONCE)
        if self._printed > MOST_PRINTED:
            raise OutOfWork
        if number == 1 and self.skipped:
            data, self.skipped = data[self.skipped :], max(0, self.skipped - len(data))
        self.chunks.append((number, data))

    def spend(self, work: int) -> None:
        """Account for steps of work. Raises OutOfWork beyond MOST_AT_ONCE without a yield."""
        self._work += work
        if self._work > MOST_AT_ONCE:
            raise OutOfWork

    @property
    def tired(self) -> bool:
        """Whether it is time for `yield 0.0`."""
        return time.perf_counter() > self._tired_at or self._printed > MOST_PRINTED // 16

    def rest(self) -> int:
        """It has yielded: its counts begin again. The work since the last time."""
        work, self._work, self._printed = self._work, 0, 0
        self._tired_at = time.perf_counter() + TIRED_SECONDS
        return work

    def call(
        self, words: list[str], given: bytes | None = None, variables: dict[str, str] | None = None
    ) -> Running:
        """Run another command (xargs, find -exec, env, timeout), which prints where this one does:
        `status = yield from process.call(["ls", "-l"])`. `variables` are added to its environment."""
        status: int = yield Call(words, given, variables)
        return status

    def output_of(
        self, words: list[str], given: bytes | None = None
    ) -> Generator[Any, Any, tuple[int, bytes]]:
        """Run another command and take its output (awk's getline): `status, data = yield from ...`."""
        answer: tuple[int, bytes] = yield Call(words, given, captured=True)
        return answer
