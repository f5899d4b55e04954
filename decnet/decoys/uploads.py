"""What visitors upload: counted, hashed, and kept for the worker's agent in a small file system in memory.

Nothing in it is run or shown to a visitor. Without that file system (it is mounted with `noexec`) nothing is
kept. A file that is complete has its SHA-256 as its name.
"""

import hashlib
import os
from types import TracebackType
from typing import Protocol, Self

FOLDER = os.environ.get("UPLOADS", "/var/uploads")
MOST_FILES = 200
"""Each takes memory of the kernel in addition to its content."""
MOST_PATCHED = 2 * 1024 * 1024
PIECE = 64 * 1024


class Incoming:
    """A file that arrives in pieces. What is not kept at the end of the block is removed."""

    def __init__(self, *, keeps: bool = True) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._is_patched = False
        self._draft = f"{FOLDER}/{os.urandom(8).hex()}.part"
        self._file = _open(self._draft) if keeps else -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    @property
    def sha256(self) -> str:
        """The hash of what has arrived; of what was changed afterwards, if that is in the file system."""
        if self._is_patched and self._file >= 0:
            self._digest, self._is_patched = hashlib.sha256(), False
            for at in range(0, self.size, PIECE):
                self._digest.update(os.pread(self._file, PIECE, at))
        return self._digest.hexdigest()

    def add(self, piece: bytes) -> None:
        """Take the next bytes."""
        at = self.size
        self.size += len(piece)
        self._digest.update(piece)
        self._write(at, piece)

    def _write(self, at: int, piece: bytes) -> None:
        try:
            while piece and self._file >= 0:
                done = os.pwrite(self._file, piece, at)
                at, piece = at + done, piece[done:]
        except OSError:
            self._discard()

    def patch(self, offset: int, piece: bytes) -> None:
        """Take bytes that belong to any place: what was there is replaced, and a gap is zeros."""
        self.size, self._is_patched = max(self.size, offset + len(piece)), True
        self._limit_patches()
        self._write(offset, piece)

    def cut(self, size: int) -> None:
        """Remove what is beyond `size` bytes, or add zeros."""
        self.size, self._is_patched = size, True
        self._limit_patches()
        try:
            if self._file >= 0:
                os.ftruncate(self._file, size)
        except OSError:
            self._discard()

    def _limit_patches(self) -> None:
        """A file is hashed again after such changes, in one turn."""
        if self.size > MOST_PATCHED:
            self._discard()

    def content(self) -> bytes:
        """All that has arrived; b"" if it does not fit into the file system."""
        return os.pread(self._file, self.size, 0) if self._file >= 0 else b""

    def keep(self) -> bool:
        """Keep what has arrived. Whether that was possible."""
        if self._file < 0 or not self.size:
            return False
        os.close(self._file)
        self._file = -1
        try:
            os.rename(self._draft, f"{FOLDER}/{self.sha256}")  # noqa: PTH104 - pathlib takes memory
        except OSError:
            return False
        return True

    def _discard(self) -> None:
        if self._file < 0:
            return
        os.close(self._file)
        self._file = -1
        try:
            os.unlink(self._draft)  # noqa: PTH108 - as above
        except OSError:
            return


class Witness(Protocol):
    """A visit whose events are recorded."""

    def record(self, kind: str, **fields: str | int | bool) -> None:
        """Record one action of this visitor."""


def record_file(witness: Witness, path: str, incoming: Incoming, *, whole: bool = True) -> None:
    """Keep what has arrived, and record it: the content first, so that the agent finds it when it reads the
    event."""
    kept = incoming.keep()
    witness.record("file", path=path, size=incoming.size, sha256=incoming.sha256, whole=whole, kept=kept)


def record_content(witness: Witness, path: str, content: bytes, *, whole: bool = True) -> None:
    """The same for a file whose content has arrived."""
    with Incoming() as incoming:
        incoming.add(content)
        record_file(witness, path, incoming, whole=whole)


def kept_piece(sha256: str, offset: int, count: int) -> bytes:
    """Bytes of a kept file from a place on; b"" at its end, and once the agent has collected it."""
    if not sha256:
        return b""
    try:
        file = os.open(f"{FOLDER}/{sha256}", os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.pread(file, count, offset)
    finally:
        os.close(file)


def _open(draft: str) -> int:
    """-1 if there is no place for one more."""
    try:
        if len(os.listdir(FOLDER)) >= MOST_FILES:  # noqa: PTH208 - as above
            return -1
        return os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return -1
