"""What a test needs to know of a place at which a visit waits."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from clients import persona_of

WAIT_SECONDS = 30.0
PROMPT_SECONDS = 10.0
"""A longer wait for an answer, on any machine, means that another visitor blocks the decoy."""


@dataclass
class Held:
    """A visitor's lines, the first one to the service's port; `more` is kept as long as they are."""

    lines: list[socket.socket]
    more: object = None

    def __post_init__(self) -> None:
        self.port = int(self.lines[0].getsockname()[1])


@dataclass(frozen=True)
class Wait:
    """`reach` leads a new visitor there; the visit then waits in the function `at` ("file.py:name")."""

    what: str
    at: str
    reach: Callable[[int], Held]
    output: bool = False
    """Whether it waits for the visitor to read: then the end of the other direction is not noticed."""
    impatient: bool = False
    """Whether a visit comes there only when a time is up."""


Steady = Callable[[int], AbstractContextManager[Callable[[], object]]]
"""Opens a session that does one thing for each call."""


@dataclass(frozen=True)
class Group:
    """Waits of one machine."""

    name: str
    service: str
    release: str
    steady: Steady
    waits: tuple[Wait, ...]
    settings: tuple[tuple[str, Any], ...] = ()

    def persona(self) -> dict[str, Any]:
        return persona_of(self.service, self.release, settings=dict(self.settings))


@contextmanager
def steadily(steady: Steady, port: int) -> Iterator[Callable[[], float]]:
    """Another visitor, who asks again and again; the call gives the seconds that an answer took at most."""
    times, over, has_begun = [0.0], threading.Event(), threading.Event()

    def ask_on() -> None:
        with steady(port) as ask:
            # The first answer loads what all visits share.
            ask()
            has_begun.set()
            while not over.wait(0.1):
                began = time.monotonic()
                ask()
                times.append(time.monotonic() - began)

    asking = threading.Thread(target=ask_on)
    asking.start()
    has_begun.wait(WAIT_SECONDS)
    try:
        yield lambda: max(times) if asking.is_alive() else float("inf")
    finally:
        over.set()
        asking.join(WAIT_SECONDS)


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), WAIT_SECONDS, source_address=(source, 0))


def until(line: socket.socket, *ends: bytes) -> bytes:
    """Read until one of these comes."""
    said = b""
    while not any(end in said for end in ends):
        piece = line.recv(4096)
        assert piece, said
        said += piece
    return said


def saying(*words: bytes | tuple[bytes, bytes]) -> Callable[[int], Held]:
    """A visitor who sends these; a pair is what it first receives, and then sends."""

    def reach(port: int) -> Held:
        line = connect(port)
        for word in words:
            if isinstance(word, tuple):
                until(line, word[0])
            line.sendall(word if isinstance(word, bytes) else word[1])
        return Held([line])

    return reach


def asking(greeting: bytes, question: bytes, answer: bytes) -> Steady:
    """A session of one question that is always answered alike."""

    @contextmanager
    def steady(port: int) -> Iterator[Callable[[], object]]:
        with connect(port) as line:
            if greeting:
                until(line, greeting)
            yield lambda: line.sendall(question) or until(line, answer)

    return steady
