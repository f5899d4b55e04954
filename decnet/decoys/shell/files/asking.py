"""Questions of rm, cp, mv and ln with -i."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ...host.node import Node
from ..descriptors import Stream
from ..process import Process


def confirmed(process: Process, question: str) -> Generator[Any, Any, bool]:
    """Whether the visitor's next line is a yes; the end of the input is none."""
    process.err(question)
    yield 0.0
    source = process.context.fds.get(0) if process.context is not None else None
    if not isinstance(source, Stream):
        return False
    line: bytes = yield from process.context.read_line(source)
    return line[:1] in (b"y", b"Y")


def kind_of(node: Node) -> str:
    """What the question calls a file."""
    if node.folder:
        return "directory"
    if node.target:
        return "symbolic link"
    if node.kind:
        return {"c": "character special file", "b": "block special file", "p": "fifo", "s": "socket"}[
            node.kind
        ]
    return "regular file" if node.bytes else "regular empty file"
