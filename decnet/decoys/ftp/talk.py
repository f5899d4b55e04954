"""One visit's state, and its replies in the server's texts."""

from typing import Any

from ..persona import Persona
from ..tcp_server import Line
from .dialects import Dialect
from .server_log import ServerLog
from .tree import Tree


class Talk:
    """The state between two commands, and how replies are sent."""

    def __init__(self, dialect: Dialect, persona: Persona, line: Line, always: dict[str, object]) -> None:
        self.log = ServerLog(persona, line.session.source)
        self.dialect = dialect
        self.persona = persona
        self.line = line
        self.address: str = line.writer.get_extra_info("sockname")[0]
        self.tree: Tree | None = None
        self.named = ""
        self.guest = False
        self.cwd = "/"
        self.text = True
        self.over = False
        self.renames = ""
        """The path that RNFR has named."""
        self.verb, self.argument, self.typed = "", "", ""
        self._always = always

    @property
    def inside(self) -> Tree:
        """The files, for commands that need a login."""
        assert self.tree is not None
        return self.tree

    def path(self, argument: str) -> str:
        """The absolute path that an argument means."""
        return self.inside.absolute(argument, self.cwd)

    async def reply(self, occasion: str, which: str = "", **more: Any) -> None:
        """Send the server's text for this occasion."""
        fields: dict[str, object] = {
            "verb": self.verb, "argument": self.argument, "line": self.typed, "name": self.argument,
            "user": self.named, "path": self.cwd, "type": "ASCII" if self.text else "BINARY",
            "reason": "Permission denied",
        }  # fmt: skip
        await self.send(self.dialect.text(occasion, which, {**self._always, **fields, **more}))

    async def send(self, text: str) -> None:
        """Send this text."""
        await self.line.send((text + "\r\n").encode("utf-8", "surrogateescape"))


def printed(text: str) -> str:
    """A command's text as it is recorded: bytes that are no text as \\xNN."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
