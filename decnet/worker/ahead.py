"""Agents that are started while the command itself is still being loaded: a login and the start of an agent
take as long as that does. Nothing is asked before the command does: see `series`.

A command keeps the workers of a small fleet in a file below `cache/`, which counts as long as the file of the
fleet is the same. Derived: may be deleted.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from decnet.wire import canonical, parse

from .again import FAR, place_of, ssh_program
from .fleet_keys import FLEET_KEY, OTHER_KEYS
from .started import Started

if TYPE_CHECKING:
    from pathlib import Path

    from decnet.model.worker import Worker

    from .session import Session

    Known = dict[str, dict[str, Any]]
    """By worker_id: `place`, as `again.place_of` has it."""

PROGRAM = "serve"
MOST = 4
"""Workers. The logins of more, and what the agents start with, take too much of the time of the others."""
MAX_BYTES = 16 * 1024
_FILE = "ahead.json"


class Ahead:
    """The programs of one command, by worker_id; `end` must be called."""

    def __init__(self, root: Path, fleet: Path, cache: Path) -> None:
        """Start those of the workers that are known from a command before; what prevents that is no error.
        `root` is the state directory, `fleet` its file with the workers."""
        self._fleet, self._kept = fleet, cache / _FILE
        self._started: dict[str, Started] = {}
        self._sessions: list[tuple[str, dict[str, Any] | None, Session]] = []
        for worker_id, place in known(fleet, self._kept).items():
            try:
                argv, environment = ssh_program(str(root), worker_id, place, PROGRAM)
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
        chosen = near if len(near) <= MOST else {}
        try:
            if self._sessions and chosen != known(self._fleet, self._kept):
                _write(self._fleet, self._kept, chosen)
        except (OSError, ValueError):
            pass


def known(fleet: Path, kept: Path) -> Known:
    """The workers in the file `kept`, if the fleet's file is still the same."""
    try:
        with kept.open("rb") as stream:
            found = parse(stream.read(MAX_BYTES))
        is_current = isinstance(found, dict) and found["fleet"] == _mark(fleet)
        return dict(found["places"]) if is_current else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _mark(fleet: Path) -> list[int]:
    found = fleet.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def _write(fleet: Path, kept: Path, places: Known) -> None:
    temp = kept.with_name(f"{kept.name}.{os.getpid()}.tmp")
    temp.write_bytes(canonical({"fleet": _mark(fleet), "places": places}))
    temp.replace(kept)
