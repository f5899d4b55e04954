"""One entry of a simulated file system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

KINDS = {"c": 0o020000, "b": 0o060000, "p": 0o010000, "s": 0o140000}
OPENED = (0o500, 0o300, 0o700)
"""The modes of links in /proc/PID/fd: for reading, for writing, for both."""
FOLDER, LINK, FILE = 0o040000, 0o120000, 0o100000


@dataclass(frozen=True, slots=True)
class Node:
    """One file, folder, link or device.

    `changed` (the modification time) is seconds since the epoch; `mode` the permission bits. A file's
    content is `content`; for a file like those of /proc it is what `live` returns at each reading. `size`
    is the length in bytes if that is not the content's: the content of a program is only its beginning, and
    `digests` has the known sums of the whole by algorithm ("md5", "sha1", "sha256"); those of a packaged
    program are in `live`."""

    mode: int = 0o644
    folder: bool = False
    content: bytes = b""
    owner: str = "root"
    changed: int = 0
    target: str = ""
    size: int = -1
    group: str = ""
    """"": the group that has the owner's name."""
    kind: str = ""
    """"c" or "b" a device, "p" a named pipe, "s" a socket, "" anything else."""
    device: tuple[int, int] = (0, 0)
    """Major and minor number of a device."""
    live: Callable[[], bytes] | None = None
    digests: tuple[tuple[str, str], ...] = ()
    inode: str = ""
    """The first path of a file that has several names (hard links); "": its own."""
    links: int = 1
    """How many names a package has given it."""

    @property
    def data(self) -> bytes:
        """What a reader gets."""
        return self.live() if self.live is not None else self.content

    @property
    def sums(self) -> tuple[tuple[str, str], ...]:
        """The known sums of the whole content."""
        return self.digests or getattr(self.live, "digests", ())

    @property
    def bytes(self) -> int:
        """Its length as `ls` shows it."""
        if self.folder:
            return self.size if self.size >= 0 else 4096
        if self.kind or (self.live is not None and self.size < 0):
            return 0
        return self.size if self.size >= 0 else len(self.target or self.content)

    @property
    def group_name(self) -> str:
        """Its group."""
        return self.group or self.owner

    @property
    def permissions(self) -> int:
        """Its mode as lstat(2) has it: 0777 for a link, but in /proc/PID/fd how the file was opened."""
        return 0o777 if self.target and self.mode not in OPENED else self.mode

    @property
    def type_and_mode(self) -> int:
        """st_mode of stat(2)."""
        if self.folder:
            return FOLDER | self.mode
        if self.target:
            return LINK | self.permissions
        return KINDS.get(self.kind, FILE) | self.mode
