"""What all consoles have in common."""

from typing import Protocol

from ...events import Session
from ...host.world import World
from ..state import Answer


class Console(Protocol):
    """The interface between a terminal and a command line."""

    session: Session
    history: list[str]
    variables: dict[str, str]
    columns: int
    leaving: bool
    echoes: bool
    """Whether the next line is shown while it is typed."""
    page: int
    """Lines that are printed at once; 0: all."""

    @property
    def more(self) -> str:
        """What stands below a page that is not the last."""

    def prompt(self) -> str:
        """The prompt."""

    def run(self, line: str, given: str = "") -> Answer:
        """Execute one line."""

    def execute(self, line: str) -> Answer:
        """Execute the one line of a connection without a prompt."""

    def help(self, line: str) -> str | None:
        """What `?` prints behind this text; None where it is a character like any other."""

    def complete(self, line: str) -> tuple[str, list[str]]:
        """What the tabulator key adds, and the choices that it shows."""


class Plain:
    """The common base of the consoles."""

    more = " --More-- "

    def __init__(self, world: World, user: str, session: Session) -> None:
        self.world = world
        self.user = user
        self.session = session
        self.history: list[str] = []
        self.variables = {"?": "0"}
        self.columns = 80
        self.leaving = False
        self.echoes = True
        self.page = 0

    def run(self, line: str, given: str = "") -> Answer:
        raise NotImplementedError

    def execute(self, line: str) -> Answer:
        """The same as at the prompt."""
        return self.run(line)

    def help(self, line: str) -> str | None:
        """There is no such key."""
        return None

    def complete(self, line: str) -> tuple[str, list[str]]:
        """There is no completion."""
        return "", []
