"""Remembers what a command rested on that found nothing to do: see `repeat`, which makes use of it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from decnet.cli.repeat import VERBS, given
from decnet.engine.asked import Asked
from decnet.engine.progress import Finished
from decnet.store import unchanged

if TYPE_CHECKING:
    from decnet.engine.outcome import Outcome
    from decnet.engine.progress import Emit
    from decnet.store.paths import Home

STYLES = ("table", "name")
"""Others print the time of the last contact, the clocks or the seed. Of `status -o json`, the clocks are set
anew."""
_SKEW = re.compile(r'"skew": -?[0-9.]+')


class Memory(Asked):
    """A command while it runs, and what it found when it began."""

    def __init__(self, argv: list[str], home: Home, *, is_json: bool) -> None:
        super().__init__()
        self.given = given
        self._is_json = is_json
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
        with suppress(OSError, ValueError, LookupError):
            if not self.is_repeatable or self._is_changed():
                return
            from decnet.worker.agent_package import agent_file

            output, skews = _without_skews(output, self.workers) if self._is_json else (output, [])

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
                    "skews": skews,
                },
            )

    def _is_changed(self) -> bool:
        return self._state != unchanged.state_digest(str(self._home.root)) or self._audited != _size(
            self._home
        )


def memory_of(style: str, home: Home) -> Memory | None:
    """The memory of this command, if it is one of those that are repeated."""
    argv = sys.argv[1:]
    is_json = argv[:1] == ["status"] and style == "json"
    if not argv or argv[0] not in VERBS or not (is_json or style in STYLES) or not unchanged.may_repeat():
        return None
    with suppress(OSError):
        is_usual = unchanged.state_folder() == str(home.root)
        return Memory(argv, home, is_json=is_json) if is_usual else None
    return None


def _without_skews(output: str, workers: Mapping[str, Mapping[str, Any]]) -> tuple[str, list[list[Any]]]:
    """A status as JSON without the numbers of its skews, and where they were: [index, worker_id]. No string
    in it can look like one, because its quotes are escaped. Raises ValueError."""
    found = list(_SKEW.finditer(output))
    names = [row["name"] for row in json.loads(output)["workers"]]
    pieces, places, at, length = [], [], 0, 0
    for match, name in zip(found, names, strict=True):
        end = match.start() + len('"skew": ')
        pieces.append(output[at:end])
        length += end - at
        places.append([length, workers[name]["worker_id"]])
        at = match.end()
    return "".join([*pieces, output[at:]]), places


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
