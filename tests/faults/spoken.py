"""A fleet in one process whose workers say what a test puts into their mouths, through the real client."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from fakefleet import FakeProgram
from liars import LyingFleet
from nearby import SHARED_MEMORY

from decnet.catalog import load as load_catalog
from decnet.console.progress import Lines
from decnet.console.prompts import print_error
from decnet.engine.context import Context
from decnet.errors import DecnetError
from decnet.model.event import AttackerEvent
from decnet.store.events import read_events
from decnet.wire import PROTOCOL
from decnet.worker.exchange import converse

NOW = 1_700_000_100.0
Say = Callable[[str, str, dict[str, Any], bytes], bytes]
"""Worker, verb, arguments and marker to the very bytes that the agent writes on its stdout."""


def asked(say: Callable[[dict[str, Any], bytes], bytes]) -> Callable[[bytes], bytes]:
    """What gives an answer for a request's bytes, of what gives one for its arguments and marker."""

    def answer(content: bytes) -> bytes:
        request = json.loads(content)
        return say(request["args"], request["marker"].encode())

    return answer


class ProgramSession:
    noise = 0
    protocol = PROTOCOL

    def __init__(self, worker: str, say: Say, size: int) -> None:
        self.worker = worker
        self._say = say
        self._size = size

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        program = FakeProgram(
            asked(lambda args, marker: self._say(self.worker, verb, args, marker)), self._size
        )
        return await converse(program, self.worker, verb, args, stream)

    async def close(self) -> None:
        return


class Screen(io.StringIO):
    """What goes to a terminal, or to a pipe."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


class SpokenFleet:
    """A lying fleet's home, and the commands run in this process; every run begins with the same home."""

    def __init__(self, *lies: str) -> None:
        folder = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="decnet-spoken-", dir=folder))
        self.fleet = LyingFleet(self.folder / "fleet", dict.fromkeys(lies, "honest"))
        self.home = self.fleet.home
        self.catalog = load_catalog()
        self.truth = {name: self.fleet.truth(name) for name in self.fleet.workers}

    def honest(self, worker: str, verb: str, args: dict[str, Any], marker: bytes) -> bytes:
        return framed(marker, {"v": PROTOCOL, "ok": True, "result": self.truth[worker][verb]})

    def run(self, command: Callable[[Context], Any], say: Say, *, size: int = 65536) -> tuple[Any, str]:
        """The command's outcome, and its output on stderr."""
        for each in (self.home.records_dir, self.home.events_dir):
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir(mode=0o700)
        screen = Screen()
        with redirect_stderr(screen):
            context = Context(
                home=self.home,
                catalog=self.catalog,
                emit=Lines(),
                now=lambda: NOW,
                sessions=lambda worker: ProgramSession(worker.name, say, size),
            )
            try:
                outcome = asyncio.run(command(context))
            except DecnetError as error:
                outcome = error
                print_error(error, "table")
                print_error(error, "json")
        return outcome, screen.getvalue()

    def events(self) -> list[tuple[str, AttackerEvent]]:
        """What the last command has stored, with the names of the workers."""
        names = {each.worker_id: name for name, each in self.fleet.workers.items()}
        return [(names[row.worker], row.event) for row in read_events(self.home)]

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def framed(marker: bytes, answer: Any) -> bytes:
    payload = json.dumps(answer).encode()
    return b"\n%s %d\n" % (marker, len(payload)) + payload


def shown(draw: Callable[[str], None]) -> str:
    """What is drawn in every style, for a pipe and for a terminal, without our own colours."""
    whole = []
    for style in ("table", "json", "jsonl", "name", "terminal"):
        screen = Screen(terminal=style == "terminal")
        with redirect_stdout(screen):
            draw("table" if style == "terminal" else style)
        whole.append(screen.getvalue())
    return "".join(whole)


def steering(text: str) -> set[str]:
    """The characters of a text that a terminal or a log would obey, but newlines and our own colours."""
    import re

    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return {char for char in plain if not char.isprintable() and char != "\n"}
