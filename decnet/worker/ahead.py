"""Agents that are started while the command itself is still being loaded: a login and the start of an agent
take as long as that does. Nothing is asked before the command does: see `series`.

A command keeps the workers of a small fleet in a file below `cache/`, which counts as long as the file of the
fleet is the same. Derived: may be deleted.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

from decnet.wire import canonical, parse

from .again import FAR, place_of, ssh_program
from .answers import SIGKILL, become
from .fleet_keys import FLEET_KEY, OTHER_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from decnet.model.worker import Worker
    from decnet.store.paths import Home

    from .session import Session

    Known = dict[str, dict[str, Any]]
    """By worker_id: `place`, as `again.place_of` has it."""

PROGRAM = "serve"
MOST = 4
"""Workers. The logins of more, and what the agents start with, take too much of the time of the others."""
MAX_BYTES = 16 * 1024
_FILE = "ahead.json"


class Started:
    """A program that waits for requests to a worker at this place."""

    def __init__(self, place: Mapping[str, Any], argv: list[str], environment: dict[str, str]) -> None:
        """Raises OSError."""
        self.place = dict(place)
        self.stream, other = socket.socketpair()
        with other:
            self._pid: int | None = os.fork()
            if self._pid == 0:
                become(argv, environment, other.fileno(), other.fileno())

    def kill(self) -> None:
        """End the program, once; the agent ends with its channel."""
        pid, self._pid = self._pid, None
        if pid is not None:
            try:
                os.killpg(pid, SIGKILL)
            except ProcessLookupError:
                # It has no session of its own yet.
                os.kill(pid, SIGKILL)
            os.waitpid(pid, 0)

    def end(self) -> None:
        """The same, and close the stream."""
        self.kill()
        self.stream.close()


class Ahead:
    """The programs of one command, by worker_id; `end` must be called."""

    def __init__(self, home: Home) -> None:
        """Start those of the workers that are known from a command before. Whatever prevents that is no
        error."""
        self._home = home
        self._started: dict[str, Started] = {}
        self._sessions: list[tuple[str, dict[str, Any] | None, Session]] = []
        for worker_id, place in _known(home).items():
            try:
                argv, environment = ssh_program(str(home.root), worker_id, place, PROGRAM)
                self._started[worker_id] = Started(place, argv, environment)
            except (OSError, ValueError, LookupError, TypeError):
                continue

    def session(self, worker: Worker, usual: Session) -> Session:
        """The session to a worker: over the program that was started for it, once, if that leads there."""
        place = place_of(worker, OTHER_KEYS.get(worker.key_type, FLEET_KEY))
        self._sessions.append((worker.worker_id, place, usual))
        started = self._started.pop(worker.worker_id, None)
        if started is None:
            return usual
        if started.place != place:
            started.end()
            return usual
        from .series import SeriesSession

        return SeriesSession(usual, started)

    def end(self) -> None:
        """End what was not used, and keep the workers of this command for the next one."""
        while self._started:
            self._started.popitem()[1].end()
        near = {
            worker_id: place
            for worker_id, place, usual in self._sessions
            if place and float(getattr(usual, "round_trip", 0.0)) <= FAR
        }
        known = near if len(near) <= MOST else {}
        try:
            if self._sessions and known != _known(self._home):
                _write(self._home, known)
        except (OSError, ValueError):
            pass


def _mark(home: Home) -> list[int]:
    found = home.fleet.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def _known(home: Home) -> Known:
    """What was kept, if it is ours and the fleet's file is the same."""
    try:
        with (home.cache / _FILE).open("rb") as stream:
            found = parse(stream.read(MAX_BYTES))
        is_current = isinstance(found, dict) and found["fleet"] == _mark(home)
        return dict(found["places"]) if is_current else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _write(home: Home, places: Known) -> None:
    path = home.cache / _FILE
    temp = path.with_name(f"{_FILE}.{os.getpid()}.tmp")
    temp.write_bytes(canonical({"fleet": _mark(home), "places": places}))
    temp.replace(path)
