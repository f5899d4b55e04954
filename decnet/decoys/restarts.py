"""When visitors have restarted a machine. A restart concerns all of its services and visitors: a second
address, the SNMP agent and redis would contradict an uptime that only one of them sees."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import NamedTuple

from .facts import changed

MOST_KNOWN = 16
"""Restarts of one machine that its logs show; the earliest are forgotten."""
LATEST = 4 * 3600
"""No machine stays away for more seconds."""


class Restart(NamedTuple):
    """One restart: when the machine stopped, and when its kernel started again. Seconds since the epoch."""

    down: int
    up: int


class Restarts(NamedTuple):
    """All restarts of one machine: how many there were, and the last ones, the earliest first."""

    total: int = 0
    last: tuple[Restart, ...] = ()

    def started(self, when: float) -> int:
        """The last start up to that time; 0 if there was none."""
        return max((each.up for each in self.last if each.up <= when), default=0)

    def next_stop(self, when: float) -> float:
        """When it will be stopped after that time, as far as that is planned; else infinite."""
        return min((each.down for each in self.last if each.down > when), default=inf)

    def is_down(self, when: float) -> bool:
        """Whether the machine was stopped at that time."""
        return any(each.down <= when < each.up for each in self.last)


_known: dict[str, Restarts] = {}
"""By the seed of the machine: a process serves one, tests have several."""
_watching: dict[str, Callable[[], None]] = {}


def restarts_of(seed: str) -> Restarts:
    """The restarts of the machine with this seed."""
    return _known.get(seed, NONE)


def restart(seed: str, seconds: float, away: float) -> None:
    """Stop the machine in so many seconds, and start it `away` seconds later, unless it is stopping
    already."""
    known, now = restarts_of(seed), int(time.time())
    if known.last and known.last[-1].up > now:
        return
    down = now + int(seconds)
    _known[seed] = Restarts(known.total + 1, (*known.last, Restart(down, down + int(away)))[-MOST_KNOWN:])
    _changed(seed)
    changed(seed)


def call_off(seed: str) -> bool:
    """Take back a restart that has not begun; whether there was one."""
    known = restarts_of(seed)
    if not known.last or known.last[-1].down <= time.time():
        return False
    _known[seed] = Restarts(known.total + 1, known.last[:-1])
    _changed(seed)
    changed(seed)
    return True


def take(seed: str, found: Restarts) -> None:
    """Take what another service of the machine knows."""
    known = restarts_of(seed)
    if (found.total, found.last) > (known.total, known.last):
        _known[seed] = found
        _changed(seed)


def watch(seed: str, wake: Callable[[], None] | None) -> None:
    """Call `wake` whenever the restarts of this machine change; None: no longer."""
    if wake is None:
        _watching.pop(seed, None)
    else:
        _watching[seed] = wake


def _changed(seed: str) -> None:
    wake = _watching.get(seed)
    if wake is not None:
        wake()


NONE = Restarts()
