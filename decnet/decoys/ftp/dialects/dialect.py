"""What differs from one FTP server to the next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..tree import Node

Listing = Callable[[list[tuple[str, Node]], float], str]
"""Entries and the time now, as `LIST` shows them, each line ended."""

READS = ("PWD", "XPWD", "CWD", "XCWD", "CDUP", "XCUP", "LIST", "NLST", "RETR", "SIZE", "MDTM", "STAT")
SETTINGS = ("TYPE", "MODE", "STRU", "REST", "PASV", "EPSV", "PORT", "EPRT", "ABOR", "ALLO")
WRITES = ("STOR", "APPE", "STOU", "DELE", "RMD", "XRMD", "MKD", "XMKD", "RNFR", "RNTO")
OTHERS = ("USER", "PASS", "QUIT", "SYST", "HELP", "NOOP", "SITE")
COMMON = frozenset((*READS, *SETTINGS, *WRITES, *OTHERS))


@dataclass(frozen=True)
class Dialect:
    """One server's replies and behaviour. Times in seconds.

    A text is stored under its occasion, or under
    occasion and verb where that verb has one of its own ("denied STOR").
    """

    texts: Mapping[str, str]
    listing: Listing
    known: frozenset[str] = COMMON
    free: frozenset[str] = frozenset(("USER", "PASS", "QUIT"))
    """Commands that need no login."""
    unimplemented: frozenset[str] = frozenset()
    argument: frozenset[str] = frozenset()
    """Commands that are refused without a login."""
    bare: frozenset[str] = frozenset()
    """Commands that are refused after a login."""
    hides_unknown: bool = False
    """Whether, before a login, an unknown command is refused like every other."""
    blank: str = "unknown"
    """The occasion of an empty line; "" if it is ignored."""
    longest: int = 4096
    tries: int = 3
    delay: tuple[float, float] = (0.1, 0.4)
    idle: float = 300.0
    ports: tuple[int, int] = (49152, 65535)
    ascii: bool = True
    """Whether text is sent with the line ends of a network."""
    open_door: bool = False
    """Whether every login is accepted, as at a printer."""
    takes_files: bool = False
    """Whether it takes every file, as a printer does."""
    stores_files: bool = False
    """Whether an account may store files where it may write, as on a NAS."""
    unique: str = ""
    """How the names begin that STOU makes up; "": they are those that were sent, with a number."""
    guests: str = "drawn"
    """Whether there is an anonymous login: "always", "never", or chosen once by the seed (the value
    "drawn")."""
    guest_owner: str = "root"
    """The owner of anonymous visitors' files."""
    denies_root: bool = False

    facts: Callable[[Node, str, str], str] | None = None
    """A node, its kind and its unique name as MLSD lists them; None where there is no MLSD."""

    @property
    def names_files(self) -> bool:
        """Whether its errors name the file and the reason."""
        return "{name}" in self.texts["no_file"]

    def has_text(self, occasion: str) -> bool:
        """Whether it has its own text for an occasion."""
        return occasion in self.texts

    def text(self, occasion: str, which: str, fields: Mapping[str, object]) -> str:
        """The text for an occasion, without the last line's end."""
        return (self.texts.get(f"{occasion} {which}") or self.texts[occasion]).format(**fields)


def permissions(node: Node) -> str:
    """A mode as `ls` shows it."""
    kind = "l" if node.target else "d" if node.folder else "-"
    bits = "".join(letter if node.mode >> (8 - at) & 1 else "-" for at, letter in enumerate("rwxrwxrwx"))
    return kind + (bits[:8] + "t" if node.mode & 0o1000 else bits)


def shown_name(name: str, node: Node) -> str:
    """A name, with its target where it is a link."""
    return f"{name} -> {node.target}" if node.target else name
