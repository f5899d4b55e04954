# ruff: noqa: E501 (tables, and what real programs print)
"""Open files, and the standard streams."""

from __future__ import annotations

import io
from collections.abc import Generator
from typing import Any

from ..state import Shell
from .values import check

MOST_FILE = 1024 * 1024
"""Bytes that are kept of a file that is written."""
ERRNO = {
    "No such file or directory": 2, "Permission denied": 13, "File exists": 17, "Not a directory": 20,
    "Is a directory": 21, "Read-only file system": 30, "No space left on device": 28, "File name too long": 36,
    "Directory not empty": 39, "Operation not permitted": 1,
}  # fmt: skip
FIRST_DESCRIPTOR = 3


def os_error(reason: str, path: Any = None) -> OSError:
    """An error of the system with its number."""
    error = OSError(ERRNO.get(reason, 5), reason)
    return error if path is None else type(error)(ERRNO.get(reason, 5), reason, path)


class File:
    """An open file. `stream`: "in", "out" or "err" for a standard stream."""

    METHODS = frozenset(
        [
            "read",
            "readline",
            "readlines",
            "write",
            "writelines",
            "close",
            "flush",
            "fileno",
            "isatty",
            "seek",
            "tell",
            "__enter__",
            "__exit__",
        ]
    )
    ATTRIBUTES = frozenset(["name", "mode", "closed", "buffer", "encoding"])

    def __init__(self, name: str, mode: str, data: bytes = b"", stream: str = "") -> None:
        self.name, self.mode, self.stream = name, mode, stream
        self.closed, self.encoding = False, "utf-8"
        self._content = io.BytesIO(data)
        if "a" in mode:
            self._content.seek(0, io.SEEK_END)
        self._changed = "w" in mode or "x" in mode

    @property
    def binary(self) -> bool:
        """Whether it reads and writes bytes."""
        return "b" in self.mode

    @property
    def buffer(self) -> File:
        """The bytes below a standard stream."""
        return File(self.name, self.mode + "b", stream=self.stream)

    def _text(self, data: bytes) -> Any:
        return data if self.binary else data.decode("utf-8", "surrogateescape")

    def line(self, machine: Any) -> Generator[Any, Any, Any]:
        """The next line, empty at the end."""
        data = (yield from machine.line()) if self.stream else self._content.readline()
        return self._text(data)

    def read(self, machine: Any, most: int | None = None) -> Generator[Any, Any, Any]:
        """The rest, or so many bytes of it."""
        if self.stream:
            return self._text((yield from machine.all_input()))
        if "r" not in self.mode and "+" not in self.mode:
            raise io.UnsupportedOperation("not readable")
        data = self._content.read(-1 if most is None or most < 0 else most)
        check(len(data))
        return self._text(data)

    def write(self, machine: Any, text: Any) -> int:
        """Write; how much was written."""
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        if not isinstance(text, (bytes, bytearray) if self.binary else str):
            wanted = f"a bytes-like object is required, not '{type(text).__name__}'"
            raise TypeError(
                wanted if self.binary else f"write() argument must be str, not {type(text).__name__}"
            )
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else bytes(text)
        if self.stream == "err":
            machine.process.err(data)
        elif self.stream:
            machine.print(data)
        elif not set(self.mode) & set("wax+"):
            raise io.UnsupportedOperation("not writable")
        else:
            if self._content.tell() + len(data) > MOST_FILE:
                raise os_error("No space left on device")
            self._content.write(data)
            self._changed = True
        return len(text)

    def seek(self, where: int, whence: int = 0) -> int:
        """Go to another place."""
        check(where)
        return self._content.seek(where, whence)

    def tell(self) -> int:
        """The place in it."""
        return self._content.tell()

    def save(self, shell: Shell) -> None:
        """Write the changes to the file system."""
        if self._changed and not self.stream:
            self._changed = False
            reason = shell.write(shell.absolute(self.name), self._content.getvalue())
            if reason:
                raise os_error(reason, self.name)

    def close(self, shell: Shell) -> None:
        """Save and close it."""
        if not self.closed:
            self.closed = True
            self.save(shell)


def open_file(machine: Any, path: Any, mode: str = "r") -> File:
    """`open(path, mode)`. Raises OSError."""
    if isinstance(path, int) or not isinstance(path, str):
        raise TypeError(f"expected str, bytes or os.PathLike object, not {type(path).__name__}")
    if len([each for each in mode if each in "rwax"]) != 1 or set(mode) - set("rwaxbt+U"):
        raise ValueError(f"invalid mode: '{mode}'")
    shell = machine.process.shell
    machine.save()
    where = shell.absolute(path)
    node, special = shell.node(where), where in ("/dev/null", "/dev/zero", "/dev/urandom")
    if node is not None and node.folder:
        raise os_error("Is a directory", path)
    if "r" in mode or ("a" in mode and node is not None):
        reason = (
            "No such file or directory"
            if node is None
            else ""
            if shell.allowed(where, 4)
            else "Permission denied"
        )
        if reason:
            raise os_error(reason, path)
        data = (shell.read(where) or "").encode("utf-8", "surrogateescape")
        check(len(data) // 4)
        return File(path, mode, data)
    if "x" in mode and node is not None:
        raise os_error("File exists", path)
    reason = "" if special else shell.refusal(where)
    if reason:
        raise os_error(reason, path)
    return File(path, mode, stream="out" if path == "/dev/stdout" else "")
