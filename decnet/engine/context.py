"""What a verb works with: the state directory, the catalog, the output, the clock and the connections."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from decnet.engine.progress import Emit, Message
from decnet.errors import UsageError

if TYPE_CHECKING:
    from decnet.engine.asked import Asked
    from decnet.engine.connections import Connections, Sessions
    from decnet.images import ImageNames
    from decnet.model.catalog import Catalog
    from decnet.store.lock import Lock
    from decnet.store.paths import Home
    from decnet.store.records import Records
    from decnet.worker.ahead import Ahead
    from decnet.worker.enrol import Enrolment


@dataclass
class Traces:
    """What a command has done so far: whether it has changed anything, and whether it may have sent jobs."""

    changes: bool = False
    jobs: bool = False
    repeats: bool = False
    """Whether it repeats passes until it is ended: that is reported only if jobs of this pass were sent."""


def cannot_ask(question: str) -> UsageError:
    """The error for a question in a session that is not interactive."""
    return UsageError(
        f"cannot ask, because this session is not interactive: {question}", hint="confirm with --yes"
    )


def _not_interactive(question: str) -> bool:
    raise cannot_ask(question)


async def _sleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


@dataclass(frozen=True)
class Context:
    """Everything outside of the engine that a verb may use.

    `confirm` asks the user one question. `now` is the wall clock (seconds since the epoch), `monotonic` the
    clock that measures waiting, `sleep` the pause between two polls, `rng` the only random source,
    `identifier` a new random UUID. `sessions` opens the session to a worker; the default is SSH, or a
    subprocess for `local`. `enrolment_override` does what needs the operator's own login; the default is
    `decnet.worker.enrol` over SSH.
    """

    home: Home
    catalog: Catalog
    emit: Emit
    command: str = "decnet"
    user: str = "unknown"
    lock_timeout: float = 10.0
    confirm: Callable[[str], bool] = _not_interactive
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = _sleep
    rng: Random = field(default_factory=Random)
    identifier: Callable[[], str] = lambda: str(uuid4())
    sessions: Sessions | None = None
    images: ImageNames | None = None
    """The images that new deckies are made of; None: those of this installation."""
    first_fleet_id: UUID | None = None
    """The id of a fleet that is created now; None: a random one."""
    enrolment_override: Enrolment | None = None
    reused: Connections | None = None
    """Connections that a command with several rounds keeps open between rounds."""
    traces: Traces = field(default_factory=Traces)
    asked: Asked | None = None
    """Collects what this command rests on, if it may be repeated."""
    ahead: Ahead | None = None
    """The agents that were started when the command began."""

    @cached_property
    def records(self) -> Records:
        """The only record store of this command: it refuses to overwrite newer records."""
        from decnet.store.records import Records

        return Records(self.home)

    @property
    def enrolment(self) -> Enrolment:
        """Enrolment and its removal, which need the operator's own login."""
        from decnet.worker.enrol import Enrolment

        return self.enrolment_override or Enrolment()

    @asynccontextmanager
    async def connections(self, fleet_id: str) -> AsyncIterator[Connections]:
        """The fleet's connections: the ones in reuse, or new ones that are closed afterwards."""
        if self.reused is not None:
            yield await self.reused.switch_fleet(fleet_id)
            return
        from decnet.engine.connections import Connections

        async with Connections(self.home, fleet_id, self.sessions, self.asked, self.ahead) as opened:
            yield opened

    @asynccontextmanager
    async def reusing_connections(self) -> AsyncIterator[Context]:
        """This context with connections that stay open between rounds, also if the fleet changes."""
        from decnet.engine.connections import Connections

        async with Connections(self.home, "", self.sessions) as connections:
            yield replace(self, reused=connections, asked=None)

    def lock(self, *, read_only: bool = False) -> Lock:
        """The lock of the state directory, to be held during any change. A `read_only` command
        does without it if the state directory cannot be written."""
        from decnet.store.lock import Lock

        return Lock(self.home, self.command, self.lock_timeout, read_only=read_only)

    def new_seed(self) -> int:
        """A seed for random choices, below 2**53: scripts read it from JSON, and jq rounds larger numbers."""
        return self.rng.getrandbits(53)

    def note(self, text: str, worker: str = "") -> None:
        self.emit(Message(text, worker))

    def warn(self, text: str, worker: str = "") -> None:
        self.emit(Message(text, worker, "warning"))
