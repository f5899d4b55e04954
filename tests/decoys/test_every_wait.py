"""Every place at which a decoy waits for a visitor: it ends with the visitor or its time, and costs nothing.

A wait that is new in the source fails here until `waits` knows how to get there: where a decoy really waits
is read from its own process.
"""

from __future__ import annotations

import functools
import logging
import os
import signal
import socket
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from awaits import Await, inventory
from process import SAFETY_SECONDS, Decoy
from waits import GROUPS
from waits.base import PROMPT_SECONDS, Group, Held, Wait, steadily

PROGRAM = (str(Path(__file__).with_name("waiting_visits.py")),)
LONGEST_WAIT = 3.0
MOST_GROWTH = 4.0
"""MiB."""
AT_ONCE = 6
Task = list[tuple[str, int, str]]
"""File, line and function of each coroutine, the outermost first."""
Place = tuple[str, int, str]
"""File, line, and the function that is awaited there, "" for one that is none of ours."""


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@pytest.mark.parametrize("name", [group.name for group in GROUPS])
def test_no_wait_outlasts_its_visitor_or_its_time(name: str) -> None:
    assert walked(name).wrong == []


def test_every_wait_in_the_source_has_a_visitor_who_waits_there() -> None:
    places = frozenset().union(*(walked(group.name).places for group in GROUPS))

    assert sorted(str(each) for each in inventory() if not is_among(each, places)) == []


def is_among(one: Await, places: frozenset[Place]) -> bool:
    lines = range(one.lines[0], one.lines[1] + 1)
    return any(
        file == one.file and line in lines and (not one.callee or not inner or inner == one.callee)
        for file, line, inner in places
    )


class Walk:
    """What was found at the waits of one group."""

    def __init__(self, group: Group) -> None:
        self.wrong: list[str] = []
        self.places: frozenset[Place] = frozenset()
        with running(group) as server, steadily(group.steady, server.port) as slowest:
            for wait in group.waits:
                if not wait.impatient:
                    self._leave(server, wait)
            self._expect(slowest() < PROMPT_SECONDS, f"another visitor waited {slowest():.1f} s")
        with running(group, longest_wait=LONGEST_WAIT) as server:
            for at in range(0, len(group.waits), AT_ONCE):
                self._fall_silent(server, group.waits[at : at + AT_ONCE])

    def _leave(self, server: Decoy, wait: Wait) -> None:
        """In every way in which a visitor can leave; the first visit is there for what is only made once."""
        first = wait.reach(server.port)
        self._arrives(server, wait, first)
        close(first)
        self._is_over(server, wait, "close", first)
        before = server.memory()
        ways = {"close": close, "reset": reset} | ({} if wait.output else {"half-close": half_close})
        for way, leave in ways.items():
            held = wait.reach(server.port)
            self._arrives(server, wait, held)
            leave(held)
            self._is_over(server, wait, way, held)
            close(held)
        grown = server.memory() - before
        self._expect(grown < MOST_GROWTH, f"{wait.what}: {grown:.1f} MiB more")

    def _fall_silent(self, server: Decoy, waits: tuple[Wait, ...]) -> None:
        held = [(wait, wait.reach(server.port)) for wait in waits]
        for wait, each in held:
            if wait.output:
                half_close(each)
        for wait, each in held:
            if wait.impatient:
                self._arrives(server, wait, each)
            self._is_over(server, wait, "silence", each)
            close(each)

    def _arrives(self, server: Decoy, wait: Wait, held: Held) -> None:
        """Wait until the visit is where it should be, and note every place of it."""
        before, deadline = None, time.monotonic() + SAFETY_SECONDS
        while time.monotonic() < deadline:
            tasks = [task for port, task in waiting_visits(server) if port == held.port]
            there = any(wait.at in [f"{file}:{name}" for file, _, name in task] for task in tasks)
            if there and tasks == before:
                self.places |= {place for task in tasks for place in places_of(task)}
                return
            before = tasks
        self.wrong.append(f"{wait.what}: the visit does not wait in {wait.at}")

    def _is_over(self, server: Decoy, wait: Wait, way: str, held: Held) -> None:
        self._expect(disconnected(server, held.port), f"{wait.what}, {way}: the visit does not end")

    def _expect(self, right: bool, what: str) -> None:
        if not right:
            self.wrong.append(what)


@functools.cache
def walked(name: str) -> Walk:
    return Walk(next(group for group in GROUPS if group.name == name))


@contextmanager
def running(group: Group, longest_wait: float | None = None) -> Iterator[Decoy]:
    with tempfile.TemporaryDirectory() as folder:
        server = Decoy(
            Path(folder), group.service, group.persona(), program=PROGRAM, longest_wait=longest_wait
        )
        try:
            yield server
        finally:
            server.stop()


def waiting_visits(server: Decoy) -> list[tuple[int, Task]]:
    """Every task, with the port that its visitor comes from, 0 where it has none."""
    report = server.log.with_name("waiting")
    report.unlink(missing_ok=True)
    os.kill(server.process.pid, signal.SIGUSR1)
    deadline = time.monotonic() + SAFETY_SECONDS
    while not report.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    return [task_of(*line.split()) for line in report.read_text().splitlines()]


def task_of(port: str, *places: str) -> tuple[int, Task]:
    split = (place.split(":") for place in places)
    return int(port), [(file, int(line), name) for file, line, name in split]


def places_of(task: Task) -> Iterator[Place]:
    inner = [*(name for _, _, name in task[1:]), ""]
    for (file, line, _), name in zip(task, inner, strict=False):
        yield file, line, name


def disconnected(server: Decoy, port: int) -> bool:
    """Whether the end of the visit from this port is recorded, sooner or later."""
    deadline = time.monotonic() + SAFETY_SECONDS
    while time.monotonic() < deadline:
        if any(event["sport"] == port for event in server.events("disconnect")):
            return True
        time.sleep(0.02)
    return False


def close(held: Held) -> None:
    for line in held.lines:
        line.close()


def half_close(held: Held) -> None:
    for line in held.lines:
        with suppress(OSError):  # the decoy may have ended it
            line.shutdown(socket.SHUT_WR)


def reset(held: Held) -> None:
    for line in held.lines:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
