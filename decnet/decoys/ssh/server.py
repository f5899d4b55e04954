"""Connections: greet, exchange keys, log in, serve; every visit is recorded."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from ..accounts import Accounts
from ..aside import aside
from ..events import Recorder, Session
from ..persona import Persona
from ..shell.terminal import run_command, run_shell
from ..shell.world import World
from ..visits import listen
from .auth import authenticate
from .channels import Channel, Connection
from .hostkeys import HostKeys
from .profile import profile_of
from .transport import Gone, Refused, Transport
from .wire import Malformed

LOGIN_SECONDS = 120.0
UNAUTHENTICATED = (10, 30, 100)
"""OpenSSH's MaxStartups: from so many on some are dropped, so many percent of them, and at so many all."""
MOST_STARTUPS = 40
MOST_SESSIONS = 40
PREPARE_SECONDS = (30.0, 300.0)
"""Spread out, because a worker starts many deckies at once."""
RSA_BITS = 3072
OLD_RSA_BITS = 2048
SHOWN_KEYS = ("rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519")


async def start(persona: Persona, recorder: Recorder) -> Callable[[], Awaitable[None]]:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    server = SshServer(persona, recorder)
    listeners = await listen(persona.tcp_ports(), server.visit)

    async def stop() -> None:
        for listener in listeners:
            listener.close()
        await server.end()

    return stop


class SshServer:
    """One persona's SSH server."""

    def __init__(self, persona: Persona, recorder: Recorder) -> None:
        self._recorder = recorder
        self._profile = profile_of(persona)
        old = self._profile.dropbear or self._profile.version < (8, 0)
        self._keys = HostKeys(persona, OLD_RSA_BITS if old else RSA_BITS)
        self._accounts = Accounts(persona)
        self._world = World(persona)
        self._visits: set[asyncio.Task[None]] = set()
        self._startups = 0
        self._sessions = 0
        self._preparing = asyncio.create_task(self._prepare())

    async def _prepare(self) -> None:
        """Work out the RSA key some time after the start, so that hardly anybody has to wait for it."""
        await asyncio.sleep(random.uniform(*PREPARE_SECONDS))
        await aside(self._keys.prepare)

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first to its last byte."""
        task = asyncio.current_task()
        peer = writer.get_extra_info("peername")
        if task is None or not peer or self._drops():
            writer.close()
            return
        self._visits.add(task)
        session = self._recorder.session(peer[0], peer[1])
        transport = Transport(reader, writer, self._profile, self._keys)
        try:
            await self._converse(transport, session)
        except Refused as refused:
            if refused.reason:
                transport.disconnect(refused.code, refused.reason)
        except (Gone, Malformed, OSError, asyncio.CancelledError):
            pass
        finally:
            session.end(client=transport.client_version)
            writer.close()
            self._visits.discard(task)

    async def end(self) -> None:
        """Cut every connection off."""
        self._preparing.cancel()
        for task in list(self._visits):
            task.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _converse(self, transport: Transport, session: Session) -> None:
        self._startups += 1
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                await transport.greet()
                await transport.first_exchange()
                user = await authenticate(transport, self._profile, self._accounts, session)
        finally:
            self._startups -= 1
        if self._sessions >= MOST_SESSIONS:
            raise Refused
        self._sessions += 1
        try:
            shown = [] if self._profile.dropbear else list(SHOWN_KEYS)
            await Connection(transport, session, shown, self._runner(user, session)).serve()
        finally:
            self._sessions -= 1

    def _runner(self, user: str, session: Session) -> Callable[[Channel], Awaitable[int]]:
        async def run(channel: Channel) -> int:
            if channel.command is not None:
                return await run_command(self._world, user, session, channel, channel.command)
            return await run_shell(self._world, user, session, channel)

        return run

    def _drops(self) -> bool:
        """Whether this connection is dropped at once, by OpenSSH's rule."""
        first, percent, full = UNAUTHENTICATED
        if self._startups < first:
            return False
        if self._startups >= MOST_STARTUPS:
            return True
        share = percent + (100 - percent) * (self._startups - first) / (full - first)
        return random.uniform(0, 100) < share
