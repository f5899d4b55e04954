"""What the services of a machine send each other about it: a process reports here that it has learned
something."""

from __future__ import annotations

from collections.abc import Callable

_reports: dict[str, Callable[[], None]] = {}
_newest: dict[str, tuple[int, int]] = {}
"""By the seed of the machine: its start, and the highest number that a process has got since."""


def watch(seed: str, report: Callable[[], None] | None) -> None:
    """Call `report` whenever this process learns something that the other services of the machine with this
    seed have to know; None: no longer."""
    if report is None:
        _reports.pop(seed, None)
    else:
        _reports[seed] = report


def changed(seed: str) -> None:
    """There is something that the others have to know."""
    report = _reports.get(seed)
    if report is not None:
        report()


def newest_pid(seed: str) -> tuple[int, int]:
    """The machine's start (seconds since the epoch), and the highest process number since, as far as known
    here."""
    return _newest.get(seed, (0, 0))


def take_pid(seed: str, booted: int, pid: int) -> None:
    """Note that a process has got this number since that start."""
    _newest[seed] = max(newest_pid(seed), (booted, pid))
