"""The agent as one file: builds and keeps it, and compares it with a worker's agent."""

from __future__ import annotations

import atexit
import errno
import hashlib
import io
import os
import secrets
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from decnet import wire
from decnet.errors import HashRefused, StateBroken
from decnet.model.worker import Compatibility, Hello
from decnet.wire.fault import place

ROOMS: Final = ("agent", "wire")
MAIN: Final = b"""import os
import sys

# Started through a link that an upgrade moves: what is imported later has to come from this very file.
sys.path[0] = os.path.realpath(sys.path[0])

from decnet.agent.program import main

sys.exit(main(sys.argv[1:]))
"""
INIT: Final = b"""import marshal
import sys

# Where agent/compiled.py keeps byte code for this very Python; without it the modules come from the sources.
_FILE = __path__[0][: -len(".pyz/decnet")]
COMPILED = "%s-%s-%x.code" % (_FILE, sys.implementation.cache_tag, sys.hexversion)
try:
    with open(COMPILED, "rb") as _compiled:
        exec(marshal.load(_compiled), {"__file__": COMPILED})
except (OSError, EOFError, TypeError, ValueError):
    pass
"""
_STAMP: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class AgentPackage:
    """Our agent's bytes and their SHA-256; `folder` keeps every agent ever installed from here."""

    content: bytes
    sha256: str
    folder: Path
    version: int = wire.AGENT_VERSION

    @classmethod
    def of(cls, folder: Path) -> AgentPackage:
        """This installation's agent, kept in `folder` before it is sent anywhere. A folder that cannot be
        written, as on a full disk, is not an error: workers can still be read."""
        try:
            path = agent_file(folder)
            return cls(path.read_bytes(), path.stem, folder)
        except (StateBroken, OSError):
            return cls(*build_agent(), folder)

    def compatibility(self, hello: Hello, worker: str) -> Compatibility:
        """How the worker's agent compares with ours. A different agent of the same version was built from
        other sources: it counts as older if it was installed from here.

        Raises HashRefused for one that was not installed from here.
        """
        same, order = hello.agent == self.sha256, _order(hello.version, self.version)
        known = not same and order == "same" and self._was_installed(hello.agent)
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

    def _was_installed(self, sha256: str) -> bool:
        # The name comes from a worker: it must not lead out of the folder.
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
    # Cached by the file's stat: all workers of a fleet report the same few agents, at every pull.
    return holds(path, sha256)


def _order(theirs: int, ours: int) -> str:
    return "same" if theirs == ours else "lower" if theirs < ours else "higher"


def agent_file(folder: Path) -> Path:
    """The path of `<folder>/<sha256>.pyz`, this installation's agent, written if missing. Without the state
    directory around `folder`, which not every command may create, it is in a temporary one. StateBroken."""
    if not folder.parent.is_dir():
        folder = _temporary_folder()
    payload, sha256 = build_agent()
    path = folder / f"{sha256}.pyz"
    try:
        if not holds(path, sha256):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_whole(path, payload)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "the disk is full: free some space and run the command again" if full else None
        raise StateBroken(f"{error.filename or folder}: {error.strerror}", hint=hint) from error
    return path


@lru_cache(maxsize=1)
def _temporary_folder() -> Path:
    """A directory that exists until this process ends."""
    made = Path(tempfile.mkdtemp(prefix="decnet-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def holds(path: Path, sha256: str) -> bool:
    """Whether the path is a regular file with that content."""
    try:
        return not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except FileNotFoundError:
        return False


def _write_whole(path: Path, content: bytes) -> None:
    # Named like the store's temp files, so that those of a killed command are removed with them.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    place("opening of a temp file")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            place("write")
            file.write(content)
            file.flush()
            place("fsync")
            os.fsync(file.fileno())
        place("rename")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def build_agent() -> tuple[bytes, str]:
    """The agent's bytes and their SHA-256: the same for the same sources, whichever Python builds them.

    Sources only, because byte code is specific to a Python version. Nothing is compressed: another zlib would
    give other bytes.
    """
    parcel = io.BytesIO()
    with zipfile.ZipFile(parcel, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(_sources().items()):
            archive.writestr(_entry(name), content)
    content = parcel.getvalue()
    return content, hashlib.sha256(content).hexdigest()


def _sources() -> dict[str, bytes]:
    package = Path(__file__).resolve().parent.parent
    sources = {"__main__.py": MAIN, "decnet/__init__.py": INIT}
    for room in ROOMS:
        for source in (package / room).glob("*.py"):
            sources[f"decnet/{room}/{source.name}"] = source.read_bytes()
    return sources


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _STAMP)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED
    entry.create_system = 3
    return entry
