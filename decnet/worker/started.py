"""A program that was started before it is needed, with a stream to it."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

from .answers import SIGKILL, become

if TYPE_CHECKING:
    from collections.abc import Mapping


class Started:
    """A program that waits for requests to a worker at this place."""

    def __init__(self, place: Mapping[str, Any], argv: list[str], environment: dict[str, str]) -> None:
        """Raises OSError."""
        self.place = dict(place)
        self.stream, other = socket.socketpair()
        with other:
            self._pid: int | None = os.fork()
            if self._pid == 0:
                become(argv, environment, other.fileno(), other.fileno())

    def kill(self) -> None:
        """End the program, once; the agent ends with its channel."""
        pid, self._pid = self._pid, None
        if pid is not None:
            try:
                os.killpg(pid, SIGKILL)
            except ProcessLookupError:
                # It has no session of its own yet.
                os.kill(pid, SIGKILL)
            os.waitpid(pid, 0)

    def end(self) -> None:
        """The same, and close the stream."""
        self.kill()
        self.stream.close()
