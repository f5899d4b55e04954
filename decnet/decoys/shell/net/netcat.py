# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`nc` of OpenBSD (Debian's 1.219), and BusyBox's."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..process import Process, Running
from ..text.common import Failure, Options, parse
from .common import port_names
from .netcat_help import COMMANDS_HELP, USAGE
from .reach import (
    DNS_SECONDS,
    NO_NAME,
    OPEN,
    TIMED_OUT,
    Clock,
    attempt,
    greeting,
    is_numeric,
    record,
    resolved,
)

MOST_PORTS = 200
LONGEST_SECONDS = 86_400.0
"""How long a listener waits for someone."""
OPEN_SECONDS = 10.0
"""How long a service of this machine waits for its visitor to say something."""


def _patch_level(process: Process) -> str:
    packages = process.shell.world.packages
    package = packages.get("netcat-openbsd") if packages is not None else None
    return package.version if package is not None else "1.219-1"


def nc(process: Process) -> Running:
    """`nc`."""
    if process.applet:
        return (yield from _busybox(process))
    try:
        options = parse(process, "46bCDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zz")
    except Failure as failure:
        process.err(f"nc: {failure.message}\n{USAGE}")
        return 1
    if "h" in options:
        process.err(f"OpenBSD netcat (Debian patchlevel {_patch_level(process)})\n{USAGE}{COMMANDS_HELP}")
        return 0
    if "w" in options and not options.value("w").isdecimal():
        process.err(f"nc: timeout invalid: {options.value('w')}\n")
        return 1
    words = options.operands
    if "l" in options:
        return (yield from _listen(process, options, words))
    if not words:
        process.err(USAGE)
        return 1
    if len(words) < 2:
        process.err("nc: missing port number\n")
        return 1
    ports = _ports(process, words[1])
    if ports is None:
        process.err(f"nc: port number invalid: {words[1]}\n")
        return 1
    return (yield from _connect(process, options, words[0], ports))


def _ports(process: Process, text: str) -> list[int] | None:
    low, dash, high = text.partition("-")
    if low.isdecimal() and 0 < int(low[:6]) < 65536:
        if not dash:
            return [int(low)]
        if high.isdecimal() and 0 < int(high[:6]) < 65536:
            first, last = sorted((int(low), int(high)))
            return list(range(first, last + 1))[:MOST_PORTS]
        return None
    return next(([number] for (number, _), name in port_names(process).items() if name == text), None)


def _listen(process: Process, options: Options, words: list[str]) -> Running:
    port = options.value("p") or (words[-1] if words else "")
    if not port:
        process.err("nc: missing port number\n")
        return 1
    if not port.isdecimal():
        process.err(f"nc: port number invalid: {port}\n")
        return 1
    record(process, "listen", port=int(port[:6]))
    if any(each.port == int(port[:6]) and each.state == "LISTEN" for each in process.shell.world.sockets()):
        process.err("nc: Address already in use\n")
        return 1
    if int(port[:6]) < 1024 and process.shell.user != "root":
        process.err("nc: Permission denied\n")
        return 1
    if "n" not in options:
        yield from Clock().wait(DNS_SECONDS)  # It looks up the name of 0.0.0.0.
    if "v" in options:
        process.err(f"Listening on 0.0.0.0 {port}\n")
    yield from Clock().wait(LONGEST_SECONDS)
    return 1


def _connect(process: Process, options: Options, host: str, ports: list[int]) -> Running:
    clock, kind = Clock(), "udp" if "u" in options else "tcp"
    record(process, f"connect/{kind}", host=host, port=ports[0])
    address = resolved(process, host) if "n" not in options or is_numeric(host) else ""
    if not address:
        if "n" not in options:
            yield from clock.wait(DNS_SECONDS)
        reason = "Name or service not known" if "n" in options else NO_NAME
        process.err(f'nc: getaddrinfo for host "{host}" port {ports[0]}: {reason}\n')
        return 1
    status = 1
    for port in ports:
        opened = yield from _one(process, options, clock, host, address, port, kind)
        status = 0 if opened else status
        if opened and "z" not in options:
            return (yield from _talk(process, clock, options, port, kind))
    return status


def _one(
    process: Process, options: Options, clock: Clock, host: str, address: str, port: int, kind: str
) -> Generator[Any, Any, bool]:
    found = attempt(process, address, port, kind)
    limit = float(options.value("w") or 0)
    shown = host if host == address else f"{host} ({address})"
    if kind == "udp" and found.error == TIMED_OUT:
        found = type(found)(OPEN, 0.0)
    if limit and found.seconds > limit:
        yield from clock.wait(limit)
        _tell(
            process,
            options,
            f"nc: connect to {shown} port {port} ({kind}) timed out: Operation now in progress\n",
        )
        return False
    yield from clock.wait(found.seconds)
    if found.error != OPEN:
        _tell(process, options, f"nc: connect to {shown} port {port} ({kind}) failed: {found.error}\n")
        return False
    name = port_names(process).get((port, kind), "*") if "n" not in options else "*"
    _tell(process, options, f"Connection to {shown} {port} port [{kind}/{name}] succeeded!\n")
    return True


def _tell(process: Process, options: Options, text: str) -> None:
    if "v" in options:
        process.err(text)


def _talk(process: Process, clock: Clock, options: Options, port: int, kind: str) -> Running:
    """With a service of this machine, or with no one by UDP."""
    process.out(greeting(process, port) if kind == "tcp" else b"")
    limit = float(options.value("w") or 0)
    if kind == "udp" and not limit:
        process.given  # noqa: B018 (it ends with its input)
        yield from clock.wait(LONGEST_SECONDS)
    yield from clock.wait(min(limit, OPEN_SECONDS) if limit else OPEN_SECONDS)
    return 0


def _without_program(process: Process) -> Process:
    """What stands before `-e`: all behind it is the program."""
    if "-e" in process.args:
        process.args = process.args[: process.args.index("-e")]
    return process


def _busybox(process: Process) -> Running:
    from .busybox import Ended, address_of, connected, usage

    try:
        options = parse(_without_program(process), "i:w:lp:f:n")
    except Failure as failure:
        process.err(f"nc: {failure.message}\n{usage(process, 'nc')}")
        return 1
    words, clock = options.operands, Clock()
    for letter in "wi":
        if letter in options and not options.value(letter).isdecimal():
            process.err(f"nc: invalid number '{options.value(letter)}'\n")
            return 1
    if "l" in options:
        port = options.value("p") or (words[0] if words else "0")
        if not port.isdecimal() or len(port) > 5 or int(port) > 65535:
            process.err(f"nc: bad port '{port}'\n")
            return 1
        record(process, "listen", port=int(port))
        limit = int(options.value("w")[:6] or "0")
        yield from clock.wait(limit or LONGEST_SECONDS)
        process.err("nc: timed out\n" if limit else "")
        return 1
    if "f" in options:
        process.err(f"nc: can't open '{options.value('f')}': No such file or directory\n")
        return 1
    if not words or len(words) > 2:
        process.err(usage(process, "nc"))
        return 1
    if len(words) < 2:
        words.append("0")
    port_number = int(words[1][:6]) if words[1].isdecimal() else 65536
    if port_number > 65535:
        process.err(f"nc: bad port '{words[1]}'\n")
        return 1
    record(process, "connect/tcp", host=words[0], port=port_number)
    try:
        address = yield from address_of(process, clock, words[0])
        yield from connected(process, clock, address, port_number, float(options.value("w") or 0))
    except Ended as ended:
        process.err(ended.message)
        return ended.status
    process.out(greeting(process, port_number))
    yield from clock.wait(OPEN_SECONDS)
    return 0


COMMANDS = {"nc": nc, "netcat": nc}
