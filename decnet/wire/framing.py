"""Frames an answer within a noisy stream: the marker that the request named, a length, the bytes."""

from __future__ import annotations

from .limits import MAX_ANSWER_BYTES, MAX_PREAMBLE_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


class FrameError(ValueError):
    """The stream holds no answer, or one outside its bounds."""


def frame(marker: str, payload: bytes) -> bytes:
    """The payload behind a line `\\n<marker> <length>\\n`; a shell's noise may precede it."""
    return b"\n%s %d\n" % (marker.encode("ascii"), len(payload)) + payload


class Unframer:
    """Finds one framed answer in a stream that is fed piece by piece, in bounded memory.

    `feed` returns the payload once it is whole, else None; bytes after it are ignored.
    """

    def __init__(
        self,
        marker: str,
        max_preamble: int = MAX_PREAMBLE_BYTES,
        max_answer: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._head = b"\n" + marker.encode("ascii") + b" "
        self._max_preamble = max_preamble
        self._max_answer = max_answer
        self._buffer = bytearray(b"\n")
        self._length: Optional[int] = None
        self.preamble = b""

    def feed(self, piece: bytes) -> Optional[bytes]:
        """Take the next piece of the stream. Raises FrameError as soon as a bound is broken."""
        self._buffer += piece
        if self._length is None:
            self._find_head()
        if self._length is None or len(self._buffer) < self._length:
            return None
        with memoryview(self._buffer) as whole:
            payload = bytes(whole[: self._length])
        self._buffer.clear()
        return payload

    def _find_head(self) -> None:
        start = self._buffer.find(self._head)
        if start < 0:
            if len(self._buffer) > self._max_preamble:
                raise FrameError("more than %d bytes before the answer" % self._max_preamble)
            return
        if start > self._max_preamble:
            raise FrameError("more than %d bytes before the answer" % self._max_preamble)
        end = self._buffer.find(b"\n", start + len(self._head), start + len(self._head) + 12)
        if end < 0:
            if len(self._buffer) > start + len(self._head) + 12:
                raise FrameError("the answer's length is not a number")
            return
        digits = bytes(self._buffer[start + len(self._head) : end])
        if not digits.isdigit():
            raise FrameError("the answer's length is not a number")
        self._length = int(digits)
        if self._length > self._max_answer:
            raise FrameError("an answer of %d bytes, %d at the most" % (self._length, self._max_answer))
        self.preamble = bytes(self._buffer[1:start])
        del self._buffer[: end + 1]
