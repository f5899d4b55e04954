"""The one place that translates errors of the operating system into messages for the user."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from decnet.errors import StateBroken

NO_LOCKS = "its file system has no file locks (flock): set DECNET_HOME to a directory on a local disk"
_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and run the command again",
    errno.EDQUOT: "the disk quota is used up: free some space and run the command again",
    errno.EIO: "the disk reports errors: look at the kernel's log (dmesg) and at your backups",
    errno.EROFS: "the file system is mounted read-only",
    errno.EACCES: "run decnet as the user who owns the directory, or set DECNET_HOME to another one",
    errno.EPERM: "run decnet as the user who owns the directory, or set DECNET_HOME to another one",
    errno.ELOOP: "it is a symbolic link: replace it with the file",
    errno.ENOTDIR: "a part of the path is not a directory",
    errno.EISDIR: "it is a directory, not a file",
    errno.ENOLCK: NO_LOCKS,
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
}


@contextmanager
def translate_os_errors(doing: str, path: Path) -> Iterator[None]:
    """Raises StateBroken for any OSError inside; `doing` is "read", "write" or the like."""
    try:
        yield
    except OSError as error:
        raise StateBroken(
            f"cannot {doing} {path}: {error.strerror or error}", hint=_HINTS.get(error.errno or 0)
        ) from error
