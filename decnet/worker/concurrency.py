"""Limits how many operations the sessions of one command run concurrently."""

from __future__ import annotations

import asyncio

CONNECTS = 1000
WORK = 64


class Concurrency:
    """Limits that all sessions of a command share.

    A machine that does not answer takes only one of the many `connects`, so any number of unreachable workers
    costs one time limit. `logins` and `calls` need processor time and memory; they do not wait for each
    other, so a worker is called right after its login, not after the logins of a thousand others.
    """

    def __init__(self, work: int = WORK, connects: int = CONNECTS) -> None:
        self.connects = asyncio.Semaphore(connects)
        self.logins = asyncio.Semaphore(work)
        self.calls = asyncio.Semaphore(work)
