"""The machine behind the prompt: its users, files and addresses, all of them made up from the seed."""

from dataclasses import dataclass

from ..machine import Machine
from ..persona import Persona
from . import files


@dataclass(frozen=True)
class Node:
    """One file, folder or link. `changed` is seconds since the epoch."""

    mode: int = 0o644
    folder: bool = False
    content: bytes = b""
    owner: str = "root"
    changed: int = 0
    target: str = ""
    size: int = -1

    @property
    def bytes(self) -> int:
        """Its length as `ls` shows it."""
        if self.folder:
            return 4096
        return self.size if self.size >= 0 else len(self.target or self.content)


class World(Machine):
    """One machine as a shell shows it; what sessions change they keep to themselves."""

    def __init__(self, persona: Persona) -> None:
        super().__init__(persona)
        self.user = self.persona.choice(
            "first user", ("admin", "jens", "mark", "sysop", "paul", "anna", "deploy")
        )
        self.nodes: dict[str, Node] = files.tree(self)

    def home(self, user: str) -> str:
        """A user's home folder."""
        return "/root" if user == "root" else f"/home/{user}"

    def number_of(self, user: str) -> int:
        """A user's id."""
        return 0 if user == "root" else 1000
