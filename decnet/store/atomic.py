"""Replaces files atomically: a reader sees the old content or the new one."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

from decnet.errors import StateBroken
from decnet.wire.fault import place

from .os_errors import translate_os_errors
from .paths import Home

CHUNK = 1 << 20
TEMP_MAX_AGE = 24 * 3600.0
"""Seconds after which a temp file is stale, even if a process has its writer's pid."""

_TEMP = re.compile(r"\..+\.(\d+)\.[0-9a-f]+\.tmp")


def last_copy(path: Path) -> Path:
    """Where the copy of the last committed content of `path` is kept."""
    return path.with_name(f"{path.name}.last")


def read_whole(path: Path) -> bytes | None:
    """The content of a file of ours; None if it does not exist. A link, pipe or folder is refused."""
    with translate_os_errors("read", path):
        try:
            # Without O_NONBLOCK a pipe in the file's place would block forever.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise StateBroken(f"{path} is not a file", hint=f"move {path} away")
            return stream.read()


def write_whole(path: Path, content: bytes, *, fsync: bool = True, keep: bool = False) -> bool:
    """Makes `content` the file's content (0600), and returns whether anything had to be written.

    With `keep`, `<name>.last` gets the same content as a separate file, which survives damage to the first.
    On any error of the system: StateBroken; the temp files are removed, and the file is the old one, or the
    new one if only a step after the rename failed.
    """
    if read_whole(path) == content:
        return False
    temps: list[Path] = []
    with translate_os_errors("write", path):
        try:
            new = _temp(path, temps, content, fsync)
            copy = _temp(last_copy(path), temps, content, False) if keep else None
            place("rename")
            new.replace(path)
            if copy:
                place("rename of the copy")
                copy.replace(last_copy(path))
            if fsync:
                fsync_folder(path.parent)
        except BaseException:
            _remove(temps)
            raise
    return True


def fsync_folder(folder: Path) -> None:
    """Makes the folder's entries durable. Raises OSError."""
    place("fsync of the folder")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def collect_temp(home: Home) -> int:
    """Removes the temp files of killed processes, and returns their number."""
    folders = [home.root, home.records_dir, home.keys, home.agents, home.rollouts]
    removed = 0
    with translate_os_errors("clean up", home.root):
        folders += [each for each in _entries(home.rollouts) if each.is_dir()]
        for path in (path for folder in folders if folder.is_dir() for path in folder.iterdir()):
            if _is_left_over(path):
                removed += _removed(path)
    return removed


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _removed(path: Path) -> bool:
    """Whether this process removed it: its writer may have renamed it just before it ended."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _temp(path: Path, temps: list[Path], content: bytes, fsync: bool) -> Path:
    temp = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    temps.append(temp)
    place("opening of a temp file")
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, content)
        if fsync:
            place("fsync")
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return temp


def write_all(descriptor: int, content: bytes) -> None:
    """Writes all bytes, in several writes if necessary. Raises OSError."""
    rest = memoryview(content)
    while rest:
        place("write")
        rest = rest[os.write(descriptor, rest[:CHUNK]) :]


def _remove(temps: list[Path]) -> None:
    for temp in temps:
        try:
            temp.unlink()
        except OSError:
            pass  # already renamed, or the disk refuses: collect_temp removes it later


def _is_left_over(path: Path) -> bool:
    match = _TEMP.fullmatch(path.name)
    if not match:
        return False
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False  # its writer has renamed it since the listing
    if not stat.S_ISREG(found.st_mode):
        return False
    return not _is_alive(int(match[1])) or abs(time.time() - found.st_mtime) > TEMP_MAX_AGE


def _is_alive(pid: int) -> bool:
    # A killed process that its parent has not waited for is still in /proc.
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return False
