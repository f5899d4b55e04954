"""What file descriptors refer to: pipes, files, the visitor's channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..uploads import Incoming, record_content, record_file
from ..visitors import MOST_FILE
from .limits import OutOfWork
from .state import Shell

MOST_IN_PIPE = 64 * 1024


def number_of(path: str) -> int | None:
    """Which descriptor of its own process a path means, None for other files."""
    for front in ("/dev/fd/", "/proc/self/fd/"):
        if path.startswith(front) and path[len(front) :].isdecimal() and len(path) < len(front) + 4:
            return int(path[len(front) :])
    return {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}.get(path)


class Broken(Exception):
    """Written to a pipe that no one reads."""


class BadDescriptor(Exception):
    """Written to a descriptor that is not open for writing."""


class End(Protocol):
    """Anything that a descriptor can refer to."""

    is_terminal: bool

    def write(self, data: bytes) -> None:
        """Print. Raises Broken, BadDescriptor."""

    @property
    def is_full(self) -> bool:
        """Whether a writer has to wait."""

    def share(self) -> None:
        """One more command has it open."""

    def close(self) -> None:
        """One less has."""

    whole: bool


class Plain:
    """The common base: open once, never full."""

    whole = True
    """Whether what was written is all that was to be written."""

    is_terminal = False

    def write(self, data: bytes) -> None:
        raise BadDescriptor

    @property
    def is_full(self) -> bool:
        return False

    def share(self) -> None:
        return

    def close(self) -> None:
        return


class Null(Plain):
    """/dev/null for writing."""

    def write(self, data: bytes) -> None:
        return


class Full(Plain):
    """/dev/full."""

    def write(self, data: bytes) -> None:
        raise OSError("No space left on device")


class Refusing(Plain):
    """A file of the kernel that can be opened for writing and not be written."""

    def write(self, data: bytes) -> None:
        raise OSError("Input/output error")


class Stream(Plain):
    """Bytes that are read in their order: a pipe, an input, a file that is open for reading."""

    def __init__(self, content: bytes = b"", *, ended: bool = False, is_terminal: bool = False) -> None:
        self._buffer = bytearray(content)
        self.ended = ended
        self.has_reader = True
        self.is_terminal = is_terminal
        self.raw = False
        """Of a terminal: whether a command gets each key at once, without echo."""
        self.by_key = False
        """Of a terminal: whether a command gets each key at once, with echo."""
        self.echo = True
        self.handles_interrupt = False
        """Whether the command in the foreground goes on after ^C: the shell prints no newline for it."""

    def write(self, data: bytes) -> None:
        if not self.has_reader:
            raise Broken
        self._buffer += data

    @property
    def is_full(self) -> bool:
        return self.has_reader and len(self._buffer) >= MOST_IN_PIPE

    @property
    def is_readable(self) -> bool:
        """Whether a read would not wait."""
        return bool(self._buffer) or self.ended

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return len(self._buffer)

    def clear(self) -> None:
        """Lose what waits."""
        self._buffer.clear()

    def has_line(self, delimiter: bytes = b"\n") -> bool:
        """Whether a whole line can be read, or the last one."""
        return self.ended or delimiter in self._buffer or len(self._buffer) >= MOST_IN_PIPE

    def take_line(self, delimiter: bytes = b"\n") -> bytes:
        """The next line, with its end if it has one."""
        end = self._buffer.find(delimiter)
        return self.take(len(self._buffer) if end < 0 else end + 1)

    def take(self, most: int = 1 << 30) -> bytes:
        """All that is there, up to a number of bytes."""
        taken = bytes(self._buffer[:most])
        del self._buffer[:most]
        if not taken and self.is_terminal:
            self.ended = False
        return taken

    def put_back(self, data: bytes) -> None:
        """What was taken is to be read again."""
        self._buffer[:0] = data


class ReaderAndWriter(Stream):
    """A file that `<>` has opened: bytes are written at the place up to which it was read."""

    def __init__(self, shell: Shell, path: str) -> None:
        node = shell.node(path)
        self._content = bytearray(node.content if node is not None else b"")
        self._at, self._was_written = 0, False
        self._shell, self._path = shell, path
        super().__init__(bytes(self._content), ended=True)

    def take(self, most: int = 1 << 30) -> bytes:
        """Bytes from the present place on."""
        taken = super().take(most)
        self._at += len(taken)
        return taken

    def write(self, data: bytes) -> None:
        end = self._at + len(data)
        self._content[self._at : end] = data
        self.take(len(data))
        self._at = end
        if len(self._content) > MOST_FILE:
            raise OutOfWork
        self._was_written = True
        self._shell.put(self._path, bytes(self._content), len(self._content))

    def close(self) -> None:
        if self._was_written:
            self._was_written = False
            whole = self._shell.has_all_input
            record_content(self._shell.session, self._path, bytes(self._content), whole=whole)


class Collector(Plain):
    """The output of a command substitution."""

    def __init__(self, most: int) -> None:
        self.content = bytearray()
        self._most = most

    def write(self, data: bytes) -> None:
        self.content += data
        if len(self.content) > self._most:
            raise OutOfWork


MOST_RECORDED = 256 * 1024
"""Bytes of a session that are kept."""


class Screen(Plain):
    """The visitor's channel: 1 is its output, 2 its errors."""

    def __init__(self, number: int, print_: Callable[[int, bytes], None], full: Callable[[], bool]) -> None:
        self.number = number
        self._print = print_
        self._full = full

    def write(self, data: bytes) -> None:
        self._print(self.number, data)

    @property
    def is_full(self) -> bool:
        return self._full()


class Recording(Screen):
    """Passes on what is shown, and keeps it with the line ends of a terminal."""

    def __init__(self, shown: End, *, is_terminal: bool) -> None:
        """`is_terminal`: what it passes on to ends the lines itself."""
        self.number, self._shown, self._is_terminal = 1, shown, is_terminal
        self.recorded = bytearray()

    def write(self, data: bytes) -> None:
        as_shown = data.replace(b"\n", b"\r\n")
        self.recorded += as_shown[: max(0, MOST_RECORDED - len(self.recorded))]
        self._shown.write(data if self._is_terminal else as_shown)

    @property
    def is_full(self) -> bool:
        return self._shown.is_full


class FileWriter(Plain):
    """A file that a redirection has opened for writing: recorded when the last command closes it."""

    def __init__(self, shell: Shell, path: str, *, append: bool) -> None:
        self._shell = shell
        self.path = path
        node = shell.node(path)
        old = node.content if node and append else b""
        self._old_size = node.bytes if node and append else 0
        self._content = bytearray()
        self._has_room = True
        self._keep(old)
        self._incoming = Incoming()
        self._incoming.add(old)
        self._users = 1
        self._is_dirty = self._was_written = not append
        shell.files.writers[path] = self

    def write(self, data: bytes) -> None:
        self._incoming.add(data)
        self._keep(data)
        self._is_dirty = self._was_written = True

    def _keep(self, data: bytes) -> None:
        """Keep what others can read, as long as there is room; the rest only counts and is hashed."""
        more = data[: max(0, MOST_FILE - len(self._content))]
        self._has_room = self._has_room and self._shell.files.hold(len(more))
        if self._has_room:
            self._content += more

    def flush(self) -> str:
        """Let others see what was written; the error, "" on success."""
        if not self._is_dirty:
            return ""
        self._is_dirty = False
        return self._shell.put(self.path, bytes(self._content), self._incoming.size)

    def share(self) -> None:
        self._users += 1

    def close(self) -> None:
        self._users -= 1
        if self._users:
            return
        if self._shell.files.writers.get(self.path) is self:
            del self._shell.files.writers[self.path]
        self._shell.files.hold(-len(self._content))
        with self._incoming:
            if self._was_written:
                self.flush()
                whole = self.whole and self._shell.has_all_input
                record_file(self._shell.session, self.path, self._incoming, whole=whole)
