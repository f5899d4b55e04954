"""Visits: read commands line by line, and answer as the server would."""

from ..credentials import Accounts
from ..events import Recorder
from ..persona import Persona
from ..serve import Stop
from ..tcp_server import Line, receive
from .dialects import Dialect, dialect_of
from .session import Session

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
        session = Session(
            self._dialect, self._persona, self._accounts, line, self._clients, guests=self._guests
        )
        try:
            await session.converse()
        finally:
            self._clients -= 1
            await session.close()


def lets_guests_in(persona: Persona, dialect: Dialect) -> bool:
    """Whether there is an anonymous login: by the settings or the dialect, else chosen once by the seed."""
    setting = persona.settings.get("anonymous")
    if setting is not None:
        return bool(setting)
    if dialect.guests != "drawn":
        return dialect.guests == "always"
    return persona.choice("ftp guests", GUESTS.get(persona.os, (False,)))
