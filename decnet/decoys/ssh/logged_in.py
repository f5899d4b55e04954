"""What a visitor does once logged in. Loads the shell."""

from __future__ import annotations

from ..events import Session
from ..homes import settle
from ..host.world import World
from ..shell.arrivals import log_out
from ..shell.consoles import has_console
from ..shell.terminal import run_command, run_shell
from ..shell.transfers import SFTP_SERVERS, WHERE_DROPBEAR_LOOKS
from ..threads import in_thread
from ..visitors import VisitorFiles
from .authorized import Permit
from .channels import Channel


class LoggedIn:
    """One user's login from one source."""

    def __init__(
        self, world: World, user: str, session: Session, files: VisitorFiles, permit: Permit
    ) -> None:
        self._world = world
        self._user = user
        self._session = session
        self._files = files
        self._permit = permit

    async def run(self, channel: Channel) -> int:
        """Run what a channel requests, or what the key's line says instead; the exit status."""
        forced, session, files = self._permit.command, self._session, self._files
        command = channel.command if forced is None else forced
        if command is None:
            return await run_shell(self._world, self._user, session, channel, files)
        typed = forced is not None or not channel.is_subsystem
        return await run_command(self._world, self._user, session, channel, command, files, is_typed=typed)

    def end(self) -> None:
        """The connection has ended."""
        log_out(self._world, self._session)

    def subsystems(self, *, dropbear: bool) -> dict[str, str]:
        """The program of each subsystem; a console has none. Dropbear looks for one that devices lack."""
        if has_console(self._world.persona):
            return {}
        path = WHERE_DROPBEAR_LOOKS if dropbear else SFTP_SERVERS.get(self._world.system.id)
        return {"sftp": path} if path is not None else {}


async def begin(world: World, user: str, session: Session, files: VisitorFiles, permit: Permit) -> LoggedIn:
    """Prepare the machine for this user."""
    if not has_console(world.persona):
        await in_thread(world.make_files)
        settle(world, files, user)
    session.key = permit.key
    return LoggedIn(world, user, session, files, permit)
