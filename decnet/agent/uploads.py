"""What visitors upload: moved from the decoys' memory into a bounded store on this machine, each file once.

A decoy's root is read-only, and Docker's API does not see what is mounted in memory: the files are read
through /proc/PID/root, which only root may do. They are stored with every bit inverted: no scanner finds
malware here, and nothing here can be started. A file's name is the SHA-256 of its content.
"""

from __future__ import annotations

import fcntl
import os
import stat

from . import limits, request
from .home import ensure, note_failed_write, open_lock, path, read_whole_json, write_bytes, write_json
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from .containers import Container

FOLDER = "uploads"
DROPPED = "dropped.json"
SOURCE = ("var", "uploads")
"""Where decoys keep them; the same in `decnet.plan.compose`."""

_INVERTED = bytes(255 - value for value in range(256))
_HEX = frozenset("0123456789abcdef")


def collect(containers: List[Container]) -> None:
    """Move the uploads of these containers into the store. One that cannot be read, or a disk that is full,
    stops nothing: the files stay where they are."""
    if not _is_root():
        return
    for container in containers:
        if container.service and container.pid:
            try:
                _take_all(container)
            except (OSError, Refusal) as error:
                if isinstance(error, Refusal):
                    note_failed_write(error)


def is_gone(container: Container, name: Any) -> bool:
    """Whether a file that the container has reported is neither in the store nor in its memory, from which
    only root can collect it."""
    if not (_is_root() and isinstance(name, str) and _is_hash(name)) or os.path.exists(path(FOLDER, name)):
        return False
    try:
        source = _source(container)
    except OSError:
        return True
    try:
        os.stat(name, dir_fd=source, follow_symlinks=False)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    finally:
        os.close(source)
    return False


def files_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """The store's files, oldest first, after another look into the decoys; how many files and bytes were
    dropped from it because it was full; and whether this agent can collect any."""
    from . import docker, identity
    from .containers import fleet_containers

    request.only(args)
    try:
        collect(fleet_containers(identity.require(args)["fleet_id"]))
    except (docker.EngineError, Refusal):
        # What was collected before can be listed without an engine.
        pass
    files = [{"sha256": each[0], "size": each[1], "at": each[2]} for each in held()]
    return {"files": files, "dropped": _dropped(), "collects": _is_root()}


def file_verb(args: Dict[str, Any]) -> Dict[str, Any]:
    """A piece of one file, from `offset`: inverted, as base64. Raises Refusal `usage` for one that is not
    here."""
    import base64

    request.only(args, "sha256", "offset")
    name = request.text(args, "sha256", 64)
    offset = request.whole(args, "offset", 0, limits.UPLOAD_BYTES)
    if not _is_hash(name):
        raise Refusal("usage", "argument sha256: must be 64 hexadecimal digits")
    try:
        with open(path(FOLDER, name), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(offset)
            content = file.read(limits.UPLOAD_PIECE)
    except FileNotFoundError:
        raise Refusal("usage", "the file %s is not here" % name) from None
    return {"size": size, "offset": offset, "content": base64.b64encode(content).decode()}


def held() -> List[Tuple[str, int, float]]:
    """The files of the store, oldest first: SHA-256, size, and when it was taken, by this machine's clock."""
    found = []
    try:
        names = os.listdir(path(FOLDER))
    except OSError:
        return []
    for name in names:
        if _is_hash(name):
            about = os.lstat(path(FOLDER, name))
            found.append((name, about.st_size, about.st_mtime))
    return sorted(found, key=lambda each: (each[2], each[0]))


def _take_all(container: Container) -> None:
    source = _source(container)
    lock = _lock()
    try:
        for name in sorted(os.listdir(source))[: limits.UPLOADS_TAKEN]:
            if _is_hash(name):
                _take(source, name)
    finally:
        os.close(lock)
        os.close(source)


def _take(source: int, name: str) -> None:
    """A program in a decoy may have put anything there: only a file whose content has that hash is kept."""
    import hashlib

    content = _content(source, name)
    if 0 < len(content) <= limits.UPLOAD_BYTES and hashlib.sha256(content).hexdigest() == name:
        _store(name, content)
    try:
        os.unlink(name, dir_fd=source)
    except OSError:
        # A folder takes no place of a file, and goes with the decoy.
        return


def _content(source: int, name: str) -> bytes:
    """b"" for what is not a file."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=source)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limits.UPLOAD_BYTES + 1)
    finally:
        os.close(descriptor)


def _store(name: str, content: bytes) -> None:
    if os.path.exists(path(FOLDER, name)):
        return
    _make_room(len(content))
    write_bytes(content.translate(_INVERTED), FOLDER, name)


def _make_room(size: int) -> None:
    """Drop the oldest files; they are counted first."""
    files = held()
    total = size + sum(each[1] for each in files)
    count = len(files) + 1
    for name, length, _ in files:
        if count <= limits.UPLOADS_KEPT and total <= limits.UPLOADS_BYTES:
            return
        dropped = _dropped()
        write_json({"files": dropped["files"] + 1, "bytes": dropped["bytes"] + length}, FOLDER, DROPPED)
        os.unlink(path(FOLDER, name))
        count, total = count - 1, total - length


def _dropped() -> Dict[str, int]:
    known = read_whole_json(FOLDER, DROPPED)
    known = known if isinstance(known, dict) else {}
    return {key: value if isinstance(value := known.get(key), int) else 0 for key in ("files", "bytes")}


def _source(container: Container) -> int:
    """The folder of a decoy's uploads, which is a file system of its own. Raises OSError."""
    from .containers import start_tick

    here = os.open(_root_of(container.pid), os.O_RDONLY | os.O_DIRECTORY)
    device = os.fstat(here).st_dev
    for part in SOURCE:
        outer = here
        try:
            here = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=outer)
        finally:
            os.close(outer)
    if not _is_mounted(here, device) or start_tick(container.pid) != container.started:
        os.close(here)
        raise FileNotFoundError("it keeps no uploads")
    return here


def _root_of(pid: int) -> str:
    return "/proc/%d/root" % pid


def _is_mounted(folder: int, device: int) -> bool:
    return os.fstat(folder).st_dev != device


def _is_root() -> bool:
    return os.geteuid() == 0


def _lock() -> int:
    ensure(FOLDER)
    lock = open_lock(FOLDER, "lock")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _is_hash(name: str) -> bool:
    return len(name) == 64 and _HEX.issuperset(name)
