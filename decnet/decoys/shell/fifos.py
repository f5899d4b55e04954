"""Named pipes: who opens one waits for the other side, as fifo(7) says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .descriptors import Plain, Stream

if TYPE_CHECKING:
    from collections.abc import Generator

    from .state import Shell


class Fifo:
    """What is in one named pipe while it is open."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.readers = self.writers = 0
        self.was_read = self.was_written = False
        """Whether anyone has opened it so far."""


class OtherSide:
    """The other side of a named pipe is open."""

    def __init__(self, fifo: Fifo, *, writes: bool) -> None:
        self._fifo, self._writes = fifo, writes

    def ready(self) -> bool:
        return self._fifo.was_read if self._writes else self._fifo.was_written


class FifoWriter(Plain):
    """A named pipe that is open for writing."""

    def __init__(self, shell: Shell, path: str, fifo: Fifo) -> None:
        self._shell, self._path, self._fifo, self._users = shell, path, fifo, 1

    def write(self, data: bytes) -> None:
        self._fifo.stream.write(data)

    @property
    def is_full(self) -> bool:
        return self._fifo.stream.is_full

    def share(self) -> None:
        self._users += 1

    def close(self) -> None:
        self._users -= 1
        if self._users:
            return
        self._fifo.writers -= 1
        if not self._fifo.writers:
            self._fifo.stream.ended = True
            self._forget()

    def _forget(self) -> None:
        """Who opens it from now on meets someone else."""
        if self._shell.files.fifos.get(self._path) is self._fifo:
            del self._shell.files.fifos[self._path]


def is_fifo(shell: Shell, path: str) -> bool:
    """Whether an absolute path is that of a named pipe."""
    node = shell.node(path) if path else None
    return node is not None and node.kind == "p"


def open_fifo(shell: Shell, path: str, operator: str) -> Generator[Any, Any, Stream | FifoWriter]:
    """Open a named pipe, by the operator of a redirection, once the other side is open."""
    real = shell.real(path)
    fifo: Fifo = shell.files.fifos.setdefault(real, Fifo())
    if operator == "<>":
        fifo.readers, fifo.writers = fifo.readers + 1, fifo.writers + 1
        fifo.was_read = fifo.was_written = True
        return fifo.stream
    if operator == "<":
        fifo.readers, fifo.was_read = fifo.readers + 1, True
    else:
        fifo.writers, fifo.was_written = fifo.writers + 1, True
    writes = operator != "<"
    try:
        if not OtherSide(fifo, writes=writes).ready():
            yield OtherSide(fifo, writes=writes)
    except BaseException:
        fifo.readers, fifo.writers = fifo.readers - (not writes), fifo.writers - writes
        fifo.was_read, fifo.was_written = fifo.readers > 0, fifo.writers > 0
        raise
    return FifoWriter(shell, real, fifo) if writes else fifo.stream
