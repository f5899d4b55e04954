"""Writes attacker events as JSON lines to stdout: bounded, counted, and without blocking the service."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from typing import NamedTuple

from .budget import FADE_STEP, SHARES, Budget, Fold, Folds, logged
from .introductions import Introductions

Field = str | int | float | bool | None

MAX_LINE = 8192
MAX_TEXT = 1000
LONGER = {"headers": 3, "kex_algorithms": 3, "host_key_algorithms": 3, "ciphers": 3, "macs": 3}
"""Fields that may be so many times as long."""

MAX_WAITING = 256 * 1024
STDOUT = 1
LOOK_SECONDS = 1.0
CLOSE_SECONDS = 0.5


class Local(NamedTuple):
    """The decky's own end of a visit; `transport` is tcp or udp."""

    address: str
    port: int
    transport: str


class Recorder:
    """Writes events within a budget of bytes; events beyond it, or without a reader, are counted, and each
    count is written as one event. `n` numbers the events, so that each number is in a written event or in a
    count."""

    def __init__(self, output: int = STDOUT, clock: Callable[[], float] = time.monotonic) -> None:
        self._output = output
        self._clock = clock
        self._run = os.urandom(8).hex()
        self._count = 0
        self._budget = Budget(clock())
        self._folds = Folds()
        self._introductions = Introductions()
        self._looking = False
        self._waiting = bytearray()
        os.set_blocking(output, False)

    def session(self, source: str, port: int, local: Local | None = None) -> "Session":
        """A new visit from this address; it is recorded at once as a `contact`."""
        visit = Session(self, source, port, local)
        visit.record("contact")
        return visit

    def turn_away(self, source: str, port: int, local: Local | None = None) -> None:
        """Record a visit that was refused because no slot was free."""
        self.write("contact", source, port, "", {"refused": True}, local)

    def write(
        self,
        kind: str,
        source: str,
        port: int,
        session: str,
        fields: dict[str, Field],
        local: Local | None = None,
    ) -> None:
        """Record one event."""
        if self._has_room(kind):
            line = self._spell(kind, source, port, session, fields, local)
            if self._budget.take(kind, source, logged(line), self._clock()):
                self._put(line, 1)
                return
        self.count(kind, source)

    def count(self, kind: str, source: str) -> None:
        """Count one event without its details."""
        self._folds.add(kind, source, round(time.time(), 3), self._clock())
        self._look_later()

    def is_new(self, source: str, mark: str) -> bool:
        """Whether this source has not shown this fingerprint within a day."""
        return self._introductions.is_new(source, mark, self._clock())

    async def close(self) -> None:
        """Write all counts, and wait a moment for the reader."""
        for fold in self._folds.due(float("inf")):
            self._put_fold(fold, self._spell_fold(fold))
        deadline = self._clock() + CLOSE_SECONDS
        while self._waiting and self._clock() < deadline:
            self._flush()
            await asyncio.sleep(0.02)

    def _has_room(self, kind: str) -> bool:
        return len(self._waiting) < (MAX_WAITING // 4 if kind in SHARES else MAX_WAITING)

    def _spell(
        self,
        kind: str,
        source: str,
        port: int,
        session: str,
        fields: dict[str, Field],
        local: Local | None = None,
        stands_for: int = 1,
    ) -> bytes:
        event: dict[str, Field] = {
            "run": self._run,
            "n": self._count + stands_for,
            "at": round(time.time(), 3),
            "kind": kind,
        }
        event |= {"src": source, "sport": port, "session": session}
        if local is not None:
            event |= {"dst": local.address, "dport": local.port, "proto": local.transport}
        return _line(event, fields)

    def _put(self, line: bytes, stands_for: int) -> None:
        self._count += stands_for
        self._waiting += line
        self._flush()

    def _look_later(self, seconds: float = LOOK_SECONDS) -> None:
        if not self._looking:
            try:
                asyncio.get_running_loop().call_later(seconds, self._look)
                self._looking = True
            except RuntimeError:
                return

    def _look(self) -> None:
        self._looking = False
        now, pause = self._clock(), LOOK_SECONDS
        for fold in self._folds.due(now):
            line = self._spell_fold(fold)
            if not self._has_room(fold.kind):
                break
            if not self._budget.take_fold(logged(line), now):
                pause = FADE_STEP
                break
            self._put_fold(fold, line)
        if self._folds:
            self._look_later(pause)

    def _spell_fold(self, fold: Fold) -> bytes:
        fields: dict[str, Field] = {"folded": fold.count, "first": fold.first, "last": fold.last}
        return self._spell(fold.kind, fold.source, 0, "", fields, stands_for=fold.count)

    def _put_fold(self, fold: Fold, line: bytes) -> None:
        self._folds.remove(fold)
        self._put(line, fold.count)

    def _flush(self) -> None:
        while self._waiting:
            try:
                done = os.write(self._output, self._waiting[:65536])
            except BlockingIOError:
                self._wait()
                return
            except OSError:
                self._waiting.clear()
                return
            del self._waiting[:done]
        self._stop_waiting()

    def _wait(self) -> None:
        try:
            asyncio.get_running_loop().add_writer(self._output, self._flush)
        except (RuntimeError, OSError):
            return

    def _stop_waiting(self) -> None:
        try:
            asyncio.get_running_loop().remove_writer(self._output)
        except (RuntimeError, OSError):
            return


class Session:
    """One visit: all events of one connection, under one session id."""

    def __init__(self, recorder: Recorder, source: str, port: int, local: Local | None = None) -> None:
        self.name = os.urandom(6).hex()
        self.source = source
        self.port = port
        self.local = local
        self.server = 0
        """The number of the process that serves it, as the machine shows it; 0: none has been given yet."""
        self.key = ""
        """Type and fingerprint of the key that logged in, "" for a password."""
        self._recorder = recorder
        self._commands = 0
        self._began = time.monotonic()
        self._ended = False

    def record(self, kind: str, **fields: Field) -> None:
        """Record one action of this visitor."""
        self._commands += kind == "command"
        self._recorder.write(kind, self.source, self.port, self.name, fields, self.local)

    def count(self, kind: str) -> None:
        """Count one more action of this kind by this visitor, without its details."""
        self._commands += kind == "command"
        self._recorder.count(kind, self.source)

    def introduce(self, mark: str, **fields: Field) -> None:
        """Record what a client's handshake reveals; once a day if its source shows the same fingerprint with
        each connection."""
        if self._recorder.is_new(self.source, mark):
            self.record("request", request="handshake", **fields)

    def end(self, **fields: Field) -> None:
        """Record the end of the visit, once: with its duration, and how many commands it had."""
        if not self._ended:
            self._ended = True
            seconds = round(time.monotonic() - self._began, 3)
            self.record("disconnect", **{"seconds": seconds, "commands": self._commands, **fields})


def shown(raw: bytes) -> str:
    """Untrusted bytes as text: UTF-8, with other bytes as \\xNN."""
    return raw[: 4 * MAX_TEXT].decode("utf-8", "backslashreplace")


def _line(event: dict[str, Field], fields: dict[str, Field]) -> bytes:
    """One line, cut so that it fits: escapes can make one character twelve bytes."""
    limit = MAX_TEXT
    while True:
        cut = {
            name: value[: limit * LONGER.get(name, 1)] if isinstance(value, str) else value
            for name, value in fields.items()
        }
        line = json.dumps({**event, "fields": cut}, separators=(",", ":")).encode() + b"\n"
        if len(line) <= MAX_LINE or limit == 0:
            return line
        limit //= 2
