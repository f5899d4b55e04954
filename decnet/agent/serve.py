"""Several requests on one channel, for an operator that asks the same worker again and again.

Each is carried out by a process of its own, as if it had been started for it: a copy of this one, in which
Python and the agent's modules are loaded already. Starting both takes longer than most answers. Only verbs
that read are served in this way: a job's process is never the child of an agent that may have been replaced.
"""

from __future__ import annotations

import os
import select

from . import limits
from .home import CURRENT, path
from .identity import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional

VERB = "serve"
SERVED = frozenset({"hello", "facts", "status", "slice", "probe", "events", "logs", "follow"})


def serve(prepare: "Callable[[str], object]", carry_out: "Callable[[str, bytes], int]") -> int:
    """Read requests from standard input, each a line `VERB JSON`, and have `carry_out` answer them in a copy
    of this process. Return when there are no more, when the operator has been silent for long, when one was
    not answered, or when another agent was installed here meanwhile."""
    lines = _Lines()
    while True:
        line = lines.next()
        if line is None or _is_replaced():
            return 0
        verb, _, request = line.partition(b" ")
        name = verb.decode("ascii", "replace")
        if name not in SERVED:
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
        self._content = b""

    def next(self) -> Optional[bytes]:
        """None at the end of the input, after a long silence, and instead of a line that is too long."""
        while b"\n" not in self._content:
            if (
                len(self._content) > limits.SERVED_BYTES
                or not select.select([0], [], [], limits.SERVED_IDLE)[0]
            ):
                return None
            piece = os.read(0, limits.SERVED_BYTES)
            if not piece:
                return None
            self._content += piece
        line, _, self._content = self._content.partition(b"\n")
        return line


def _is_replaced() -> bool:
    current = path(CURRENT)
    return os.path.islink(current) and os.path.realpath(current) != program()
