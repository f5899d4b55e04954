"""One entry of a simulated file system."""

from dataclasses import dataclass


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
