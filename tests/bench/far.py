"""A worker at the end of a slow line: what a user waits for there is round trips."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from decnet.lab import heal, slow

from .clients import BARE, SSH_OPTIONS
from .fanout import ground
from .ground import PORT, USER, Ground
from .place import LAB, WORKER, spent
from .rows import Row

SEAT = "operator"
ADDRESS = "198.51.100.11"
"""The practice worker, as the operator of the lab reaches it."""
ROUND_TRIP = 0.080
ROUNDS = 5


@dataclass(frozen=True)
class Waits:
    """Seconds of wall time over the slow line, and over one that is twice as slow."""

    once: float
    twice: float

    @property
    def trips(self) -> float:
        return (self.twice - self.once) / ROUND_TRIP


def far_rows() -> list[Row]:
    """One worker over a line with a round trip of 80 ms, and the round trips that follow from the time over
    one of 160 ms: without a slow line, decnet asks with another program."""
    with ground() as made:
        runs = _clients(made)
        once, twice = (_over(times * ROUND_TRIP, runs) for times in (1, 2))
    waits = {name: Waits(once[name], twice[name]) for name in runs}
    mine = waits.pop("status")
    rows = [
        Row("status over a line of 80 ms, wall", mine.once, other.once, name) for name, other in waits.items()
    ]
    return rows + [
        Row("status, round trips with the login", mine.trips, other.trips, name, 1, "")
        for name, other in waits.items()
    ]


def _over(round_trip: float, runs: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The least wall time of each over a line with that round trip, in seconds."""
    slow(LAB, WORKER, int(round_trip * 1000 / 2))
    try:
        return {name: _least(run) for name, run in runs.items()}
    finally:
        heal(LAB, WORKER)


def _clients(made: Ground) -> dict[str, Callable[[], float]]:
    home = made.fleet(1, at=lambda _: ADDRESS)
    keys = [str(made.folder / "plain"), str(made.folder / "host.pub")]
    known = made.folder / "far"
    known.write_text(f"[{ADDRESS}]:{PORT} {made.host_key}\n")
    ssh = [
        "ssh",
        *SSH_OPTIONS,
        "-i",
        keys[0],
        "-o",
        f"UserKnownHostsFile={known}",
        f"{USER}@{ADDRESS}",
        "true",
    ]
    status = [sys.executable, "-m", "decnet", "status", "-o", "json"]

    def run(argv: list[str], **options: str) -> float:
        return spent(argv, env=options, where=SEAT).wall

    return {
        "status": lambda: run(status, DECNET_HOME=str(home.root)),
        "asyncssh, bare and tuned": lambda: run(
            [sys.executable, str(BARE), *keys, str(PORT), "true", ADDRESS]
        ),
        "OpenSSH": lambda: run(ssh),
    }


def _least(run: Callable[[], float]) -> float:
    run()
    return min(run() for _ in range(ROUNDS))
