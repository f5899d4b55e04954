"""Files of JSON lines: only whole lines are appended, torn ones are repaired, and files are rotated by
size."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from decnet.wire.fault import place

from .atomic import fsync_folder, write_all
from .os_errors import translate_os_errors

MAX_LINE = 64 * 1024
"""Bytes of one line including its end; longer lines are not ours and are skipped."""

_BLOCK = 32 * 1024


def append_lines(path: Path, content: bytes, *, limit: int, keep: int) -> None:
    """Appends whole lines durably. A partial line of a killed writer is cut off first.

    A file of more than `limit` bytes is first renamed to `<name>.1`, that one to `.2`, up to `keep`. Raises
    StateBroken on any error of the system, with nothing appended.
    """
    with translate_os_errors("write", path), _locked(path) as descriptor:
        size = os.fstat(descriptor).st_size
        if size <= limit:
            _append(descriptor, content)
            return
        _rotate(path, keep)
        with _locked(path) as fresh:
            _append(fresh, content)
        fsync_folder(path.parent)


def read_lines(
    path: Path,
    is_behind: Callable[[bytes], bool] | None = None,
    spans: Callable[[int], Iterable[tuple[int, int | None]]] | None = None,
) -> Iterator[bytes]:
    """Every whole line once, oldest first, including rotated files.

    No file stays open between two lines, so that many logs can be read concurrently. If the lines are sorted,
    most of those for which `is_behind` is false are skipped without being read. `spans` has the parts to read
    of a file (by its inode): from and to which byte, None for its end.
    """
    with translate_os_errors("read", path):
        inodes = list(dict.fromkeys(found.stat().st_ino for found in files_of(path)))
    # Listed from the newest: a rotation meanwhile can only show a file twice, never hide one.
    for inode in reversed(inodes):
        if is_behind:
            yield from _lines_of(path, inode, _start(path, inode, is_behind), None)
            continue
        for start, stop in spans(inode) if spans else [(0, None)]:
            yield from _lines_of(path, inode, start, stop)


def last_lines(path: Path, size: int = 4 * MAX_LINE) -> list[bytes]:
    """The last whole lines, newest first, of the newest file that has any; about `size` bytes of them."""
    with translate_os_errors("read", path):
        for found in files_of(path):
            with found.open("rb") as stream:
                end = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, end - size))
                pieces = stream.read(size).split(b"\n")
            # The last piece is empty or torn; the first one may begin in the middle of a line.
            whole = pieces[:-1] if end <= size else pieces[1:-1]
            if whole:
                return whole[::-1]
    return []


def files_of(path: Path) -> list[Path]:
    """The file and its rotated ones that exist, newest first."""
    prefix = f"{path.name}."
    found = [entry for entry in _entries(path.parent) if entry.name.startswith(prefix)]
    numbered = sorted((int(entry.suffix[1:]), entry) for entry in found if entry.suffix[1:].isdecimal())
    return [entry for _, entry in [(0, path), *numbered] if entry.is_file() and not entry.is_symlink()]


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    while True:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Another writer may have rotated the file between our opening and our lock.
            if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
                if is_new:
                    fsync_folder(path.parent)
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _append(descriptor: int, content: bytes) -> None:
    end = _end_of_whole_lines(descriptor)
    os.ftruncate(descriptor, end)
    try:
        write_all(descriptor, content)
        place("fsync")
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def _end_of_whole_lines(descriptor: int) -> int:
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - _BLOCK)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _rotate(path: Path, keep: int) -> None:
    def numbered(number: int) -> Path:
        return path.with_name(f"{path.name}.{number}")

    # Only up to the first free number, which an interrupted rotation leaves.
    free = next((number for number in range(1, keep) if not numbered(number).exists()), keep)
    for number in range(free, 1, -1):
        place("rename")
        numbered(number - 1).replace(numbered(number))
    place("rename")
    path.replace(numbered(1))


def _start(path: Path, inode: int, is_behind: Callable[[bytes], bool]) -> int:
    """The start of a line at or before the first one for which `is_behind` holds, by bisection."""
    low, high, start = 0, _size(path, inode), 0
    while high - low > _BLOCK:
        middle = (low + high) // 2
        before, end, rest = _block(path, inode, middle).partition(b"\n")
        line, whole, _ = rest.partition(b"\n")
        if whole and not is_behind(line):
            low, start = middle, middle + len(before + end)
        else:
            high = middle
    return start


def _size(path: Path, inode: int) -> int:
    with translate_os_errors("read", path):
        sizes = (found.stat() for found in files_of(path))
        return next((each.st_size for each in sizes if each.st_ino == inode), 0)


def _lines_of(path: Path, inode: int, offset: int, stop: int | None) -> Iterator[bytes]:
    rest = b""
    while (stop is None or offset < stop) and (block := _block(path, inode, offset)):
        block = block if stop is None else block[: stop - offset]
        offset += len(block)
        *lines, rest = (rest + block).split(b"\n")
        yield from (line for line in lines if len(line) < MAX_LINE)
        if len(rest) > MAX_LINE:
            rest = rest[: MAX_LINE + 1]


def _block(path: Path, inode: int, offset: int) -> bytes:
    with translate_os_errors("read", path):
        for found in files_of(path):
            if found.stat().st_ino == inode:
                with found.open("rb") as stream:
                    stream.seek(offset)
                    return stream.read(_BLOCK)
    return b""
