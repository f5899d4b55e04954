"""The check of the state directory before it is used: its owner, its modes, and what it holds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from decnet.errors import StateBroken

from .atomic import collect_temp
from .os_errors import translate_os_errors
from .paths import Home


def open_home(home: Home, *, write: bool = True, read_only: bool = False) -> list[str]:
    """Creates the folders (0700) and checks their contents; returns warnings about what was fixed.

    Temp files of killed commands are removed. A file that others can read is set to 0600, with a warning.
    Raises StateBroken for a symbolic link, another owner, a private key that others can read, and a folder or
    a catalog file that others can write. With `write=False` nothing is created or fixed, and a read-only or
    missing folder is accepted; `read_only` does the same if nothing can be written, and creates no directory
    that does not exist.
    """
    if read_only and not home.root.exists():
        write = False
    if write:
        write = _ensure_folders(home, read_only=read_only)
    warnings: list[str] = []
    for folder in (*_folders(home), home.catalog, home.rollouts):
        _check_folder(folder)
    for path in _catalog(home):
        _check_catalog(path)
    for key in _keys(home):
        _check_key(key)
    for path in _files(home):
        warnings += _check_file(path, fix=write)
    if write:
        collect_temp(home)
    return warnings


def _folders(home: Home) -> tuple[Path, ...]:
    return (
        home.root, home.records_dir, home.events_dir, home.deliveries, home.keys, home.cache, home.agents,
    )  # fmt: skip


def _ensure_folders(home: Home, *, read_only: bool) -> bool:
    """Whether the folders exist and are writable. Only with `read_only` may the answer be no."""
    try:
        _make_folders(home)
    except StateBroken:
        if read_only:
            return False
        raise
    return True


def _make_folders(home: Home) -> None:
    for folder in _folders(home):
        with translate_os_errors("make the folder", folder):
            if folder == home.root:
                _make_parents(folder)
            if not folder.is_symlink() and not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        with translate_os_errors("write in", folder):
            if folder == home.root and not os.access(folder, os.W_OK | os.X_OK):
                _probe_writing(folder)


def _make_parents(folder: Path) -> None:
    """Not writable for others, whatever the umask: who can rename a directory can replace it."""
    for parent in reversed([parent for parent in folder.parents if not parent.exists()]):
        parent.mkdir(mode=0o755, exist_ok=True)


def _probe_writing(folder: Path) -> None:
    # access() gives no reason; a real attempt does.
    probe = folder / f".probe.{os.getpid()}.0.tmp"
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    probe.unlink()


def _check_folder(folder: Path) -> None:
    found = _lstat(folder)
    if found is None:
        return
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISDIR(found.st_mode):
        raise StateBroken(f"{folder} is {_kind(found)}, not a directory", hint=f"move {folder} away")
    _check_owner(folder, found)
    if found.st_mode & 0o022:
        raise StateBroken(
            f"{folder} can be written by other users: nothing in it can be trusted",
            hint=f"check its content, then: chmod 700 {folder}",
        )


def _check_file(path: Path, *, fix: bool) -> list[str]:
    found = _lstat(path)
    if found is None:
        return []
    _check_regular(path, found)
    if not found.st_mode & 0o077:
        return []
    if not fix:
        return [f"{path} can be read by other users (mode {stat.S_IMODE(found.st_mode):04o})"]
    with translate_os_errors("change the mode of", path):
        path.chmod(0o600)
    return [f"{path} could be read by other users: its mode was {stat.S_IMODE(found.st_mode):04o}, now 0600"]


def _check_key(path: Path) -> None:
    found = _lstat(path)
    if found is None:
        return
    _check_regular(path, found)
    if found.st_mode & 0o077 and path.suffix != ".pub":
        raise StateBroken(
            f"the private key {path} can be read by other users (mode {stat.S_IMODE(found.st_mode):04o})",
            hint=f"if no one else has read it: chmod 600 {path}",
        )


def _check_catalog(path: Path) -> None:
    """A file that names images to run. A link to one elsewhere is accepted, and so is a file of root."""
    with translate_os_errors("read", path):
        found = path.stat()
    if found.st_uid not in (0, os.geteuid()):
        _check_owner(path, found)
    if found.st_mode & 0o022:
        raise StateBroken(
            f"{path} can be written by other users, and it names the images to run",
            hint=f"check its content, then: chmod go-w {path}",
        )


def _check_regular(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise StateBroken(f"{path} is {_kind(found)}, not a file", hint=f"move {path} away")
    _check_owner(path, found)


def _check_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise StateBroken(
            f"{path} belongs to user {found.st_uid}, and decnet runs as user {os.geteuid()}",
            hint="run decnet as that user, or set DECNET_HOME to a directory that you own",
        )


def _kind(found: os.stat_result) -> str:
    kinds = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISREG, "a file"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((words for test, words in kinds if test(found.st_mode)), "a device")


def _files(home: Home) -> Iterator[Path]:
    for path in (home.state, home.fleet, home.topologies, home.seen, home.known_hosts, home.audit, home.lock):
        yield path
        yield path.with_name(f"{path.name}.last")
    with translate_os_errors("read", home.records_dir):
        if home.records_dir.is_dir():
            yield from sorted(home.records_dir.iterdir())


def _keys(home: Home) -> list[Path]:
    with translate_os_errors("read", home.keys):
        return sorted(home.keys.iterdir()) if home.keys.is_dir() else []


def _catalog(home: Home) -> list[Path]:
    with translate_os_errors("read", home.catalog):
        return sorted(home.catalog.glob("*.toml")) if home.catalog.is_dir() else []


def _lstat(path: Path) -> os.stat_result | None:
    with translate_os_errors("read", path):
        try:
            return path.lstat()
        except FileNotFoundError:
            return None
