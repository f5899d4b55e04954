"""Connections: greet, exchange keys, log in, serve; every visit is recorded."""

import asyncio
import functools
import gc
import random
from types import ModuleType
from typing import TYPE_CHECKING

from ..credentials import Accounts
from ..events import Recorder, Session, shown
from ..host.services import services
from ..machine import Machine
from ..persona import Persona
from ..serve import Stop
from ..tcp_server import Line, receive
from ..threads import Later, in_thread
from ..visitors import Visitors, visitors_of
from ..waits import at_most
from .auth import authenticate
from .auth_log import AuthLog
from .channels import Connection
from .dialects import dialect_of
from .hostkeys import HostKeys
from .logins import Logins
from .transport import LOGIN_SECONDS, Refused, Transport
from .wire import Malformed

if TYPE_CHECKING:
    from ..host.world import World

UNAUTHENTICATED = (10, 30, 100)
"""OpenSSH's MaxStartups: the number of connections from which some are dropped, their percentage, and the
number from which all are."""
MOST_STARTUPS = 40
MOST_SESSIONS = 100
SOON_SECONDS = (2.0, 20.0)
PREPARE_SECONDS = (10.0, 280.0)
"""Randomized, because a worker starts many deckies at once."""
RSA_BITS = 3072
OLD_RSA_BITS = 2048
SHOWN_KEYS = ("rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519")


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    server = SshServer(persona)
    stop = await receive(persona, recorder, server.converse, admits=server.admits)
    preparing = asyncio.create_task(server.prepare())

    async def end() -> None:
        preparing.cancel()
        await stop()

    return end


class SshServer:
    """One persona's SSH server."""

    def __init__(self, persona: Persona) -> None:
        self._dialect = dialect_of(persona)
        old = not self._dialect.shows_keys or self._dialect.version < (8, 0)
        self._keys = HostKeys(persona, OLD_RSA_BITS if old else RSA_BITS)
        self._accounts = Accounts(persona)
        self._persona = persona
        # For the first login: by then the other services of the decky have been started, and many decoys
        # never have one. In a thread, because the shell takes long to load.
        self._world = Later(lambda: _world_of(persona))
        self._logged_in = Later(lambda: _loaded(persona))
        self._startups = 0
        self._sessions = 0

    async def prepare(self) -> None:
        """Compute the RSA key some time after the start, so that few clients have to wait for it. Services
        that show its file need it soon."""
        self._keys.announce()
        await asyncio.sleep(random.uniform(*SOON_SECONDS))
        others = {each.service for each in services(Machine(self._persona))}
        if not others & {"telnet", "ftp"}:
            await asyncio.sleep(random.uniform(*PREPARE_SECONDS))
        await in_thread(self._keys.prepare)
        self._keys.announce()

    def admits(self) -> bool:
        """Whether to accept one more connection, by OpenSSH's rule."""
        first, percent, full = UNAUTHENTICATED
        if self._startups < first:
            return True
        if self._startups >= MOST_STARTUPS:
            return False
        share = percent + (100 - percent) * (self._startups - first) / (full - first)
        return random.uniform(0, 100) >= share

    async def converse(self, line: Line) -> None:
        """One visit."""
        transport = Transport(line, self._dialect, self._keys)
        try:
            await self._serve(transport, line.session)
        except Refused as refused:
            if refused.reason:
                transport.disconnect(refused.code, refused.reason)
        except Malformed:
            pass
        finally:
            line.summary["client"] = transport.client_version

    async def _serve(self, transport: Transport, session: Session) -> None:
        self._startups += 1
        logins, log = self._logins(session), AuthLog(self._persona, session)
        reason, user = "", None
        try:
            async with at_most(LOGIN_SECONDS):
                await transport.greet()
                await transport.first_exchange()
                user = await authenticate(transport, self._dialect, logins, session, log)
        except Refused as refused:
            reason = shown(refused.reason)
            raise
        finally:
            self._startups -= 1
            if user is None:
                log.ended(transport.client_version, reason)
        if self._sessions >= MOST_SESSIONS:
            raise Refused
        self._sessions += 1
        try:
            shown_keys = list(SHOWN_KEYS) if self._dialect.shows_keys else []
            with self._visitors.visit(session.source) as files:
                logged_in = await self._logged_in.get()
                work = await logged_in.begin(await self._world.get(), user, session, files, logins.permit)
                try:
                    await Connection(
                        transport,
                        session,
                        shown_keys,
                        work.run,
                        has_terminals=logins.permit.has_terminal,
                        subsystems=work.subsystems(dropbear=self._dialect.dropbear),
                    ).serve()
                finally:
                    work.end()
        finally:
            self._sessions -= 1

    def _logins(self, session: Session) -> Logins:
        return Logins(
            self._world.get,
            self._accounts,
            self._visitors,
            session.source,
            self._dialect.dropbear,
            self._logged_in.get,
        )

    @functools.cached_property
    def _visitors(self) -> Visitors:
        return visitors_of(self._persona)


def _world_of(persona: Persona) -> "World":
    from ..host.world import World

    return World(persona)


def _loaded(persona: Persona) -> ModuleType:
    from ..shell.consoles import console_of
    from . import logged_in

    console_of(persona)
    # As at the start: a garbage collection would look at all of it.
    gc.freeze()
    return logged_in
