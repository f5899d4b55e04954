"""The output of commands as text or as a file."""

from __future__ import annotations

from typing import Any, Protocol

from ..host.node import Node
from .context import Work
from .descriptors import Collector
from .expansion import MOST_WORD
from .job_control import JobControl
from .limits import OutOfWork
from .redirecting import opened
from .syntax import (
    Sequence,
    Simple,
    Substitution,
)  # fmt: skip

MOST_STREAMS = 8
"""Outputs of process substitutions that are kept at once."""


class Substituting(JobControl, Protocol):
    """The part of the evaluator that substitutes commands."""

    streams: list[str]

    def substitute(self, part: Substitution) -> Work:
        """The output of `$(...)` without its last newlines, and its status."""
        collector = Collector(MOST_WORD)
        child = self.fork({**self.fds, 1: collector})
        if "e" in self.shell.options and self.shell.dialect.bash:
            child.shell.options.discard("e")
        work = child.sequence(part.body) if part.body is not None else child.script(part.text, inner=True)
        quick = self._quick_read(part)
        if quick is not None:
            yield from opened(child, quick, [])
            path = yield from child.expansion.single(quick[0].target)
            content = (self.shell.read(self.shell.absolute(path)) or "").replace("\0", "")
            return content.rstrip("\n"), 0
        status = yield child.whole(work)
        text = bytes(collector.content).replace(b"\0", b"").decode("utf-8", "surrogateescape")
        return text.rstrip("\n"), status

    def _quick_read(self, part: Substitution) -> Any:
        """The redirection of `$(< file)`."""
        items = part.body.items if part.body is not None else []
        if not self.shell.dialect.bash or len(items) != 1 or len(items[0].parts) != 1:
            return None
        commands = items[0].parts[0][1].commands
        node = commands[0] if len(commands) == 1 else None
        if (
            isinstance(node, Simple)
            and not node.words
            and not node.assignments
            and len(node.redirections) == 1
        ):
            return node.redirections if node.redirections[0].operator == "<" else None
        return None

    def process_substitution(self, part: Substitution) -> Work:
        """`<(...)`: its output as a file; the path of that."""
        if part.kind == ">":
            return "/dev/null"
        collector = Collector(MOST_WORD)
        child = self.fork({**self.fds, 1: collector})
        yield child.whole(child.sequence(part.body or Sequence()))
        path = next(
            (
                f"/dev/fd/{n}"
                for n in range(63, 63 - MOST_STREAMS, -1)
                if f"/dev/fd/{n}" not in self.shell.streams
            ),
            "",
        )
        if not path:
            raise OutOfWork
        self.shell.streams[path] = Node(0o600, content=bytes(collector.content), owner=self.shell.user)
        self.streams.append(path)
        return path
