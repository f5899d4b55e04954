"""Several requests on one channel, for an operator that asks the same worker again and again.

Each is carried out by a process of its own, as if it had been started for it: a copy of this one, in which
Python and the agent's modules are loaded already. Starting both takes longer than most answers. Verbs after
which another agent is here, and those with a stream, are not served in this way.
"""

from __future__ import annotations

import os
import select

from decnet.wire import MAX_REQUEST_BYTES

from . import limits
from .home import CURRENT, path
from .identity import program

PIECE = 256 * 1024
LONGEST_VERB = 64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional

VERB = "serve"
SERVED = frozenset({"hello", "facts", "status", "slice", "probe", "events", "logs", "follow"})
JOBS = frozenset({"apply", "confirm", "teardown"})
"""Served too: a job leaves the process of its verb, and the operator may repeat these."""
BEFOREHAND = ("status", "apply", "creation", "uploads", "events", "scans")
"""What a command that changes something needs. It is loaded while such a command itself is."""


def serve(prepare: "Callable[[str], object]", carry_out: "Callable[[str, bytes], int]") -> int:
    """Read requests from standard input, each a line `VERB JSON`, and have `carry_out` answer them in a copy
    of this process. Return when there are no more, when the operator has been silent for long, when one was
    not answered, or when another agent was installed here meanwhile."""
    lines = _Lines()
    for module in BEFOREHAND:
        if not lines.wait(0.0):
            __import__("%s.%s" % (__package__, module))
    while True:
        line = lines.next()
        if line is None or _is_replaced():
            return 0
        verb, _, request = line.partition(b" ")
        name = verb.decode("ascii", "replace")
        if name not in SERVED | JOBS:
            return 2
        prepare(name)
        child = os.fork()
        if not child:
            os._exit(carry_out(name, request))
        if os.waitpid(child, 0)[1]:
            return 1


class _Lines:
    """The lines of standard input, which are bounded in length and time."""

    def __init__(self) -> None:
        self._content = bytearray()

    def wait(self, seconds: float) -> bool:
        """Whether something has arrived, or the input has ended, within that time."""
        return bool(self._content or select.select([0], [], [], seconds)[0])

    def next(self) -> Optional[bytes]:
        """None at the end of the input, after a long silence, and instead of a line that is too long."""
        end = self._content.find(b"\n")
        while end < 0:
            known = len(self._content)
            if (
                known > MAX_REQUEST_BYTES + LONGEST_VERB
                or not select.select([0], [], [], limits.SERVED_IDLE)[0]
            ):
                return None
            piece = os.read(0, PIECE)
            if not piece:
                return None
            self._content += piece
            end = self._content.find(b"\n", known)
        line = bytes(self._content[:end])
        del self._content[: end + 1]
        return line


def _is_replaced() -> bool:
    current = path(CURRENT)
    return os.path.islink(current) and os.path.realpath(current) != program()
