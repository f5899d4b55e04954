"""Connections: greet, exchange keys, log in, serve; every visit is recorded."""

import asyncio
import functools
import random
from collections.abc import Awaitable, Callable

from ..credentials import Accounts
from ..events import Recorder, Session
from ..homes import settle
from ..host.services import services
from ..host.world import World
from ..machine import Machine
from ..persona import Persona
from ..serve import Stop
from ..shell.consoles import console_of
from ..shell.terminal import run_command, run_shell
from ..shell.transfers import SFTP_SERVERS, WHERE_DROPBEAR_LOOKS
from ..tcp_server import Line, receive
from ..threads import in_thread
from ..visitors import VisitorFiles, Visitors, visitors_of
from ..waits import at_most
from .auth import authenticate
from .authorized import Permit
from .channels import Channel, Connection
from .dialects import dialect_of
from .hostkeys import HostKeys
from .logins import Logins
from .transport import LOGIN_SECONDS, Refused, Transport
from .wire import Malformed

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
        logins = self._logins(session)
        try:
            async with at_most(LOGIN_SECONDS):
                await transport.greet()
                await transport.first_exchange()
                user = await authenticate(transport, self._dialect, logins, session)
        finally:
            self._startups -= 1
        if self._sessions >= MOST_SESSIONS:
            raise Refused
        self._sessions += 1
        try:
            shown = list(SHOWN_KEYS) if self._dialect.shows_keys else []
            with self._visitors.visit(session.source) as files:
                if console_of(self._world.persona) is None:
                    await in_thread(self._world.make_files)
                    settle(self._world, files, user)
                run, permit = self._runner(user, session, files, logins.permit), logins.permit
                await Connection(
                    transport,
                    session,
                    shown,
                    run,
                    has_terminals=permit.has_terminal,
                    subsystems=self._subsystems(),
                ).serve()
        finally:
            self._sessions -= 1

    def _subsystems(self) -> dict[str, str]:
        """The program of each subsystem; a console has none. Dropbear looks for one that devices lack."""
        if console_of(self._world.persona) is not None:
            return {}
        if self._dialect.dropbear:
            return {"sftp": WHERE_DROPBEAR_LOOKS}
        path = SFTP_SERVERS.get(self._world.system.id)
        return {"sftp": path} if path is not None else {}

    def _runner(
        self, user: str, session: Session, files: VisitorFiles, permit: Permit
    ) -> Callable[[Channel], Awaitable[int]]:
        async def run(channel: Channel) -> int:
            command = channel.command if permit.command is None else permit.command
            typed = permit.command is not None or not channel.is_subsystem
            if command is not None:
                return await run_command(self._world, user, session, channel, command, files, is_typed=typed)
            return await run_shell(self._world, user, session, channel, files)

        return run

    def _logins(self, session: Session) -> Logins:
        return Logins(
            lambda: self._world, self._accounts, self._visitors, session.source, self._dialect.dropbear
        )

    @functools.cached_property
    def _world(self) -> World:
        """Made for the first login: by then the other services of the decky have been started."""
        return World(self._persona)

    @functools.cached_property
    def _visitors(self) -> Visitors:
        return visitors_of(self._persona)
