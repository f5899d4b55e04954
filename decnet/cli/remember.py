"""Remembers what a command rested on that found nothing to do: see `repeat`, which makes use of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from decnet.cli.repeat import VERBS
from decnet.engine.asked import Asked
from decnet.engine.progress import Finished
from decnet.store import unchanged

if TYPE_CHECKING:
    from decnet.engine.outcome import Outcome
    from decnet.engine.progress import Emit
    from decnet.store.paths import Home

STYLES = ("table", "name")
"""Others print the time of the last contact, the clocks or the seed."""


class Memory(Asked):
    """A command while it runs, and what it found when it began."""

    def __init__(self, argv: list[str], home: Home) -> None:
        super().__init__()
        self._home = home
        self._basis = unchanged.Basis(argv, str(home.root))
        self._program = unchanged.program_digest()
        self._state = unchanged.state_digest(str(home.root))
        self._audited = _size(home)

    def listening(self, emit: Emit) -> Emit:
        """The same, but a command that reports anything is not repeated."""

        def heard(event: Any) -> None:
            if not isinstance(event, Finished):
                self.spoil()
            emit(event)

        return heard

    def keep(self, output: str) -> None:
        """Remember this output, if the command changed nothing. What cannot be written is not remembered."""
        with suppress(OSError, ValueError):
            if not self.is_repeatable or self._is_changed():
                return
            from decnet.worker.agent_package import agent_file

            unchanged.keep(
                self._basis,
                {
                    "program": self._program,
                    "state": self._state,
                    "files": self.files,
                    "agent": agent_file(self._home.agents).stem,
                    "asked": [
                        {**self.workers[name], "calls": list(calls.values())}
                        for name, calls in self.calls.items()
                    ],
                    "output": output,
                },
            )

    def _is_changed(self) -> bool:
        return self._state != unchanged.state_digest(str(self._home.root)) or self._audited != _size(
            self._home
        )


def memory_of(style: str, home: Home) -> Memory | None:
    """The memory of this command, if it is one of those that are repeated."""
    argv = sys.argv[1:]
    if not argv or argv[0] not in VERBS or style not in STYLES or not unchanged.may_repeat():
        return None
    with suppress(OSError):
        return Memory(argv, home) if unchanged.state_folder() == str(home.root) else None
    return None


@contextmanager
def remembered(outcome: Outcome) -> Iterator[None]:
    """Inside, an outcome is printed; if it is settled, so that it can be printed again."""
    settled = getattr(outcome, "settled", None)
    if not isinstance(settled, Memory) or outcome.exit_code:
        yield
        return
    before, copy = sys.stdout, _Copy(sys.stdout)
    sys.stdout = copy
    try:
        yield
    finally:
        sys.stdout = before
    settled.keep("".join(copy.pieces))


class _Copy:
    """A stream that keeps what is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _size(home: Home) -> int:
    return home.audit.stat().st_size if home.audit.exists() else 0
