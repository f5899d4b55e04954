"""Visits: read commands line by line, and answer as the server would."""

import functools
from typing import TYPE_CHECKING

from ..credentials import Accounts
from ..events import Recorder
from ..persona import Persona
from ..serve import Stop
from ..tcp_server import Line, receive
from ..visitors import VisitorFiles, visitors_of
from .dialects import Dialect, dialect_of
from .logins import Logins
from .session import Session
from .tree import Tree, has_shell, of_guest, of_user

if TYPE_CHECKING:
    from ..host.world import World

GUESTS = {"linux": (True, False, False), "bsd": (True, False), "windows": (True, False, False)}


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    return await receive(persona, recorder, FtpServer(persona).converse)


class FtpServer:
    """One persona's FTP server."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        self._dialect = dialect_of(persona)
        self._accounts = Accounts(persona)
        self._guests = lets_guests_in(persona, self._dialect)
        self._clients = 0

    async def converse(self, line: Line) -> None:
        """One visit."""
        self._clients += 1
        visitors = visitors_of(self._persona)
        logins = Logins(self._accounts, visitors, self._tree, guests=self._guests)
        session = Session(self._dialect, self._persona, logins, line, self._clients)
        try:
            await session.converse()
        finally:
            self._clients -= 1
            await session.close()

    def _tree(self, user: str, files: VisitorFiles) -> Tree:
        """What a user sees."""
        return of_user(self._world, user, files) if has_shell(self._persona) else of_guest(self._persona)

    @functools.cached_property
    def _world(self) -> "World":
        from ..host.world import World

        return World(self._persona)


def lets_guests_in(persona: Persona, dialect: Dialect) -> bool:
    """Whether there is an anonymous login: by the settings or the dialect, else chosen once by the seed."""
    setting = persona.settings.get("anonymous")
    if setting is not None:
        return bool(setting)
    if dialect.guests != "drawn":
        return dialect.guests == "always"
    return persona.choice("ftp guests", GUESTS.get(persona.os, (False,)))
