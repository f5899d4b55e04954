"""bash's `/dev/tcp/HOST/PORT` and `/dev/udp/HOST/PORT`."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..descriptors import End, Null, Stream
from ..process import Process
from ..state import Shell
from .common import port_names
from .reach import DNS_SECONDS, NO_NAME, OPEN, attempt, greeting, record, resolved

PREFIXES = ("/dev/tcp/", "/dev/udp/")


def connected(shell: Shell, path: str, *, writes: bool) -> Generator[Any, Any, tuple[End | None, list[str]]]:
    """The end of a connection, or None and the lines that bash prints: those that begin with its name as they
    are, the others after its name and line."""
    _, _, kind, host, name = (*path.split("/", 4), "", "")[:5]
    process = Process(shell, "bash", [])
    record(process, f"/dev/{kind}", host=host, port=int(name[:5]) if name.isdecimal() else 0)
    address = resolved(process, host)
    if not address:
        yield DNS_SECONDS
        return None, [f"{host}: {NO_NAME}", f"{path}: Invalid argument"]
    port = int(name[:6]) if name.isdecimal() else 0
    if not name.isdecimal():
        numbers = {found: number for (number, each), found in port_names(process).items() if each == kind}
        port = numbers.get(name, 0)
        if not port:
            return None, [f"{name}: Servname not supported for ai_socktype", f"{path}: Invalid argument"]
    if kind == "udp":
        return (Null() if writes else Stream(b"", ended=True)), []
    found = attempt(process, address, port)
    if found.seconds:
        yield found.seconds
    if found.error != OPEN:
        return None, [f"{process.shell.script}: connect: {found.error}", f"{path}: {found.error}"]
    return (Null() if writes else Stream(greeting(process, port), ended=True)), []
