"""Standard streams that may be closed, on a full disk, or a pipe whose reader has ended."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO, cast

from decnet.errors import OutputFailed, ReaderGone

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

READ_ONLY, WRITE_ONLY = os.O_RDONLY, os.O_WRONLY


def prepare_streams() -> None:
    """Make the standard streams of this process safe to use, whatever it was started with.

    Afterwards stdout raises OutputFailed once for what it cannot write, and stderr never raises: what a
    command does, and how it ends, does not depend on someone reading along.
    """
    for descriptor, flags in enumerate((READ_ONLY, READ_ONLY, WRITE_ONLY)):
        _keep_open(descriptor, flags)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: PTH123, SIM115
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Output(1, "w", closefd=False), sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Messages(2, "w", closefd=False), sys.stderr, line_buffering=True)


def _keep_open(descriptor: int, flags: int) -> None:
    """Open /dev/null in place of a closed stream: else the next file that is opened gets its number, and
    with it what was meant for the terminal. stdout is opened for reading, so that writing still fails."""
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, flags)
        if opened == descriptor:
            os.set_inheritable(descriptor, True)
        else:
            os.dup2(opened, descriptor)
            os.close(opened)


def _text(raw: io.FileIO, before: TextIO | None, *, line_buffering: bool = False) -> TextIO:
    """A text stream over `raw`, with the encoding of the stream before it. Characters that this encoding
    lacks are escaped: the name that an attacker logged in with must not end the command."""
    was = cast(io.TextIOWrapper, before) if before is not None else None
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=was.encoding if was else "utf-8",
        errors="backslashreplace",
        newline="\n",
        line_buffering=line_buffering or bool(was and (was.line_buffering or was.write_through)),
    )


class _Blocking(io.FileIO):
    """A descriptor that waits where another program has set it to non-blocking."""

    def write(self, data: ReadableBuffer, /) -> int:
        while (written := super().write(data)) is None:
            select.select([], [self], [])
        return written


class _Output(_Blocking):
    """stdout: the first failure is an error of ours, and nothing is written after it."""

    _failed = False

    def write(self, data: ReadableBuffer, /) -> int:
        if self._failed:
            return len(memoryview(data).cast("B"))
        try:
            return super().write(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            self._failed = True
            raise ReaderGone("the reader of the output has ended") from error
        except OSError as error:
            self._failed = True
            raise OutputFailed(f"cannot write the output: {_reason(error)}") from error


class _Messages(_Blocking):
    """stderr: what cannot be written is dropped."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(memoryview(data).cast("B"))


def _reason(error: OSError) -> str:
    if error.errno == errno.EBADF:
        return "standard output is closed"
    return (error.strerror or "unknown error").lower()
