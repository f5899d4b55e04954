"""The agent that this program brings along, and where another one that answers stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from decnet import wire
from decnet.errors import HashRefused, StateBroken
from decnet.model.worker import Hello, Standing

from .agentfile import agent_file, holds
from .zipapp import build_agent


@dataclass(frozen=True)
class OwnAgent:
    """Our agent's bytes and their SHA-256; `folder` keeps every agent that this home ever put anywhere."""

    content: bytes
    sha256: str
    folder: Path
    version: int = wire.AGENT_VERSION

    @classmethod
    def of(cls, folder: Path) -> OwnAgent:
        """Today's agent, kept in `folder` before it goes anywhere. A folder that cannot be written, as on a
        full disk, keeps nobody from asking a worker."""
        try:
            path = agent_file(folder)
            return cls(path.read_bytes(), path.stem, folder)
        except (StateBroken, OSError):
            return cls(*build_agent(), folder)

    def standing(self, hello: Hello, worker: str) -> Standing:
        """Where the worker's agent stands beside ours. One of our own version that is not ours was built
        from other sources: older too, if this home has put it there.

        Raises HashRefused for one that somebody else put there.
        """
        same, order = hello.agent == self.sha256, _order(hello.version, self.version)
        known = not same and order == "same" and self._known(hello.agent)
        match (same, order, known):
            case (True, "same", _):
                return "current"
            case (False, "lower", _) | (False, "same", True):
                return "older"
            case (False, "higher", _):
                return "newer"
        raise HashRefused(
            f"its agent {wire.clean(hello.agent[:12], 40)} (version {hello.version}) was not "
            "installed from here",
            hint=f"if this is expected: decnet worker upgrade --force {worker} replaces it",
            worker=worker,
        )

    def _known(self, sha256: str) -> bool:
        # The name comes from a worker: it must not lead anywhere else.
        if len(sha256) != 64 or not sha256.isalnum():
            return False
        path = self.folder / f"{sha256}.pyz"
        try:
            found = path.lstat()
        except OSError:
            return False
        return _holds(path, sha256, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=16)
def _holds(path: Path, sha256: str, _mtime: int, _size: int, _inode: int) -> bool:
    # Cached by the file's stat: every worker of a fleet names the same few, at every pull.
    return holds(path, sha256)


def _order(theirs: int, ours: int) -> str:
    return "same" if theirs == ours else "lower" if theirs < ours else "higher"
