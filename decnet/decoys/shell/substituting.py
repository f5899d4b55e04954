"""The output of commands as text or as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ..host.node import Node
from .context import Work
from .descriptors import Collector, End, FileWriter, Stream
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


@dataclass(frozen=True)
class Sink:
    """A `>(...)` whose command has ended: its descriptors, and what was written to it."""

    path: str
    part: Substitution
    fds: dict[int, End]
    content: bytes


class Substituting(JobControl, Protocol):
    """The part of the evaluator that substitutes commands."""

    streams: list[str]
    sinks: dict[str, tuple[Substitution, dict[int, End]]]
    pipes: list[Stream]
    fds: dict[int, End]

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
        """`<(...)`: its output as a file, or `>(...)`: a file that becomes its input; the path of that."""
        content = b"" if part.kind == ">" else (yield from self._collected(part))
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
        self.shell.streams[path] = Node(0o600, content=content, owner=self.shell.user)
        self.streams.append(path)
        if part.kind == ">":
            self.sinks[path] = part, self.fds
        return path

    def _collected(self, part: Substitution) -> Work:
        collector = Collector(MOST_WORD)
        child = self.fork({**self.fds, 1: collector})
        yield child.whole(child.sequence(part.body or Sequence()))
        return bytes(collector.content)

    def drop_streams(self, before: int) -> list[Sink]:
        """Forget the newest process substitutions; those that read what a command has written, and that."""
        found = []
        while len(self.streams) > before:
            path = self.streams.pop()
            node, sink = self.shell.streams.pop(path, None), self.sinks.pop(path, None)
            if node is not None and sink is not None:
                found.append(Sink(path, *sink, node.content))
        return found

    def feed(self, sinks: list[Sink]) -> Work:
        """Run what reads the output of a command that has ended, or of this shell from now on (`exec`)."""
        status = self.shell.status
        for sink in sinks:
            body = sink.part.body or Sequence()
            kept = [
                number
                for number, end in self.fds.items()
                if isinstance(end, FileWriter) and end.path == sink.path
            ]
            stream = Stream(sink.content, ended=not kept)
            child = self.fork({**sink.fds, 0: stream})
            if kept:
                yield self.start(child, child.sequence(body))
                self.pipes.append(stream)
                self.fds.update(dict.fromkeys(kept, stream))
            else:
                yield child.whole(child.sequence(body))
        self.shell.status = status
        return status
