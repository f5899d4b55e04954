"""What a verb works with: where files are, what can be imitated, whom to tell, what time it is."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

from decnet.engine.progress import Emit, Said
from decnet.errors import UsageError

if TYPE_CHECKING:
    from decnet.engine.connections import Connections, Sessions
    from decnet.images import ImageNames
    from decnet.model.catalog import Catalog
    from decnet.store.lock import Lock
    from decnet.store.paths import Home
    from decnet.store.records import Records
    from decnet.worker.enrol import Enrolment


def _nobody_asked(question: str) -> bool:
    raise UsageError(f"{question} This session is not interactive", hint="confirm with --yes")


async def _sleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


@dataclass(frozen=True)
class Context:
    """Everything of the outside that a verb may touch.

    `confirm` asks the user one question; `now` is the clock (seconds since the epoch), `monotonic` the one
    that nobody sets, by which waiting is measured, `sleep` the pause between two polls; `dice` is the only
    source of chance, `identifier` makes a new random UUID. `sessions` opens the session to a worker; None
    is the real way: SSH, or a subprocess for `local`. `enroller` does what needs the operator's own login;
    None is `decnet.worker.enrol` over SSH.
    """

    home: Home
    catalog: Catalog
    emit: Emit
    command: str = "decnet"
    user: str = "unknown"
    lock_timeout: float = 10.0
    confirm: Callable[[str], bool] = _nobody_asked
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = _sleep
    dice: Random = field(default_factory=Random)
    identifier: Callable[[], str] = lambda: str(uuid4())
    sessions: Sessions | None = None
    images: ImageNames | None = None
    """The images that new deckies are made of; None: those of this installation."""
    enroller: Enrolment | None = None
    kept: Connections | None = None
    """Connections that a command with several rounds keeps open between them."""

    @cached_property
    def records(self) -> Records:
        """The one record store of this command: what it has read is guarded against other writers."""
        from decnet.store.records import Records

        return Records(self.home)

    @property
    def enrolment(self) -> Enrolment:
        """What is done on a machine with the operator's own login: enrolment and its end."""
        from decnet.worker.enrol import Enrolment

        return self.enroller or Enrolment()

    @asynccontextmanager
    async def connections(self, fleet_id: str) -> AsyncIterator[Connections]:
        """The fleet's connections: the kept ones, or new ones that are closed afterwards."""
        if self.kept is not None:
            yield await self.kept.serve(fleet_id)
            return
        from decnet.engine.connections import Connections

        async with Connections(self.home, fleet_id, self.sessions) as opened:
            yield opened

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[Context]:
        """This context with connections that stay open from round to round, whatever fleet there is then."""
        from decnet.engine.connections import Connections

        async with Connections(self.home, "", self.sessions) as connections:
            yield replace(self, kept=connections)

    def lock(self, *, looks: bool = False) -> Lock:
        """The lock of the state folder, to be held while anything is changed. A command that only
        `looks` goes without it in a home that cannot be written."""
        from decnet.store.lock import Lock

        return Lock(self.home, self.command, self.lock_timeout, looks=looks)

    def note(self, text: str, worker: str = "") -> None:
        self.emit(Said(text, worker))

    def warn(self, text: str, worker: str = "") -> None:
        self.emit(Said(text, worker, "warning"))
