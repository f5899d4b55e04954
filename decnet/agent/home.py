"""The agent's state directory on the worker, and atomic writes of its files."""

from __future__ import annotations

import errno
import os
import time

from decnet.wire import decode_json, encode_json
from decnet.wire.fault import place

from . import limits
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

DEFAULT = "/var/lib/decnet-agent"
AGENTS = "agents"
CURRENT = "current"
"""The link to the agent in use, which is in the folder AGENTS."""
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
HELD = (errno.EAGAIN, errno.EACCES)
"""What flock(2) fails with if another process holds the lock."""
UNWRITABLE_HINT = "free disk space on the worker, or make it writable"
_failed_writes: List[str] = []


class Unwritable(Refusal):
    """A file or folder of the agent that cannot be written."""

    def __init__(self, message: str) -> None:
        super().__init__("failed", message, UNWRITABLE_HINT)


class Damaged(Refusal):
    """A file of the agent whose content is not JSON, or a folder in its place."""

    def __init__(self, message: str) -> None:
        super().__init__("failed", message)


def home() -> str:
    """Absolute path of the agent's state directory: $DECNET_AGENT_HOME, else the default."""
    return os.path.abspath(os.environ.get("DECNET_AGENT_HOME") or DEFAULT)


def path(*parts: str) -> str:
    return os.path.join(home(), *parts)


def ensure(*parts: str) -> str:
    """A folder of the state directory, created with mode 0700 if it is missing. A file in its place is set
    aside."""
    folder = path(*parts)
    try:
        for end in range(1, len(parts) + 1):
            if os.path.isfile(path(*parts[:end])):
                _set_aside(path(*parts[:end]))
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise Unwritable("cannot make the folder %s: %s" % (folder, error.strerror)) from error
    return folder


def read_json(*parts: str) -> Any:
    """The file's value; None if there is no file. Raises Damaged for one that is not JSON, and Refusal for
    one that cannot be read."""
    target = path(*parts)
    try:
        with open(target, "rb") as file:
            return decode_json(file.read().decode())
    except FileNotFoundError:
        return None
    except (IsADirectoryError, ValueError, RecursionError) as error:
        raise Damaged("the agent's file %s is damaged: %s" % (target, error)) from error
    except OSError as error:
        if isinstance(error, NotADirectoryError) and os.path.isdir(home()):
            return None
        raise _unreadable(target, error) from error


def _unreadable(target: str, error: OSError) -> Refusal:
    message = "the agent's file %s cannot be read: %s" % (target, (error.strerror or "unknown error").lower())
    if not isinstance(error, PermissionError):
        return Refusal("failed", message)
    return Refusal("failed", message, "root's agent is on this machine: use sudo; over SSH, log in as root")


def read_whole_json(*parts: str) -> Any:
    """`read_json`, where a damaged file counts as a missing one."""
    try:
        return read_json(*parts)
    except Damaged:
        return None


def write_json(value: Any, *parts: str) -> None:
    """Replace the file's content with this value, atomically and durably."""
    write_bytes(encode_json(value).encode(), *parts)


def write_if_possible(value: Any, *parts: str) -> None:
    """`write_json` of what the agent can do without: no verb that only reads fails on a full disk."""
    try:
        write_json(value, *parts)
    except (Unwritable, OSError) as error:
        note_failed_write(error)


def write_cache(value: Any, name: str) -> None:
    """The same for what is asked again if it is missing or empty: a disk may take longer for an fsync than
    the engine for that."""
    try:
        write_bytes(encode_json(value).encode(), name, is_durable=False)
    except (Unwritable, OSError) as error:
        note_failed_write(error)


def note_failed_write(error: Exception) -> None:
    """Let `trouble` report it."""
    if isinstance(error, OSError):
        error = Unwritable("cannot write %s: %s" % (error.filename or home(), error.strerror))
    _failed_writes.append(str(error))


def trouble() -> str:
    """Why the state directory cannot be written, as far as this process knows; "" if it can."""
    return _disk_trouble() or (_failed_writes[0] if _failed_writes else "")


def write_bytes(content: bytes, *parts: str, mode: int = 0o600, is_durable: bool = True) -> None:
    """Replace the file's content through a temporary file in its folder, with fsync of both; without it for
    what may be empty after a power cut."""
    target = path(*parts)
    folder = ensure(*parts[:-1])
    draft = "%s.%d.tmp" % (target, os.getpid())
    try:
        place("opening of a temp file")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        with open(descriptor, "wb") as file:
            place("write")
            file.write(content)
            file.flush()
            if is_durable:
                place("fsync")
                os.fsync(file.fileno())
        place("rename")
        if os.path.isdir(target) and not os.path.islink(target):
            _set_aside(target)
        os.rename(draft, target)
    except OSError as error:
        _forget(draft)
        raise Unwritable("cannot write %s: %s" % (target, error.strerror)) from error
    if is_durable:
        sync_folder(folder)
    _collect(folder)


def open_lock(*parts: str) -> int:
    """The descriptor of a lock file, which is created if it is missing."""
    target = path(*parts)
    if os.path.isdir(target) and not os.path.islink(target):
        _set_aside(target)
    return os.open(target, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def sync_folder(folder: str) -> None:
    """Make renames and new files in the folder durable."""
    place("fsync of the folder")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_aside(target: str) -> None:
    """Rename what should not be there: it may be someone's work."""
    os.rename(target, "%s.damaged-%d" % (target, time.time()))


def _disk_trouble() -> str:
    try:
        disk = os.statvfs(home())
    except OSError:
        return ""
    if disk.f_flag & os.ST_RDONLY:
        return "the disk of %s is read-only" % home()
    free = (disk.f_bavail if os.geteuid() else disk.f_bfree) * disk.f_frsize
    if free < limits.LEAST_DISK:
        return "the disk of %s is full (%d KiB free)" % (home(), free >> 10)
    if disk.f_files and not disk.f_favail:
        return "the disk of %s has no room for another file" % home()
    return ""


def _collect(folder: str) -> None:
    """Remove the temporary files of killed processes."""
    for name in os.listdir(folder):
        if name.endswith(".tmp"):
            pid = name[:-4].rpartition(".")[2]
            if pid.isdigit() and not _lives(pid):
                _forget(os.path.join(folder, name))


def _lives(pid: str) -> bool:
    """A killed process that its parent has not waited for is still in /proc."""
    try:
        with open("/proc/%s/stat" % pid, "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return False


def _forget(draft: str) -> None:
    try:
        os.unlink(draft)
    except OSError:
        pass
