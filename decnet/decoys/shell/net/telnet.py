# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The client `telnet`: inetutils (Debian 12), netkit (older ones), Rocky's, and BusyBox's; and `ftp`."""

from __future__ import annotations

from collections.abc import Callable

from ..descriptors import Stream
from ..process import Process, Running
from ..text.common import Failure, parse
from .common import port_names
from .netcat import OPEN_SECONDS
from .reach import DNS_SECONDS, NO_NAME, OPEN, Clock, attempt, greeting, record, resolved
from .telnet_help import FTP_USAGE


def telnet(process: Process) -> Running:
    """`telnet`."""
    system = process.shell.world.system
    if process.applet:
        return (yield from _busybox(process))
    new = system.id in ("debian", "ubuntu") and system.version in ("12", "24.04")
    try:
        options = parse(process, "468EKLacdn:rl:xX:b:e:fFk:S:")
    except Failure as failure:
        process.err(f"telnet: {failure.message}\n" + ("Try 'telnet --help' or 'telnet --usage' for more information.\n" if new else
                    "Usage: telnet [-4] [-6] [-8] [-E] [-L] [-a] [-d] [-e char] [-l user]\n\t[-n tracefile] [ -b addr ] [-r] [host-name [port]]\n"))  # fmt: skip
        return 64 if new else 1
    words, clock = options.operands, Clock()
    if not words:
        return (yield from prompted(process, "telnet> ", lambda _: "?Invalid command\n"))
    if len(words) > 2:
        process.err("telnet: too many arguments\n")
        return 1
    host, name = words[0], words[1] if len(words) > 1 else "telnet"
    port = _port(process, name)
    record(process, "telnet", host=host, port=port)
    address = resolved(process, host)
    if not port or not address:
        if not address:
            yield from clock.wait(DNS_SECONDS)
        reason = NO_NAME if not address else "Servname not supported for ai_socktype"
        if new:
            process.out(f"Server lookup failure:  {host}:{name}, {reason}\n")
        else:
            process.err(
                f"telnet: {host}: {reason}\n{host}: Unknown host\n"
                if system.id == "rocky"
                else f"telnet: could not resolve {host}/{name}: {reason}\n"
            )
        return 1
    process.out(f"Trying {address}...\n")
    found = attempt(process, address, port)
    yield from clock.wait(found.seconds)
    if found.error != OPEN:
        process.err(
            f"telnet: connect to address {address}: {found.error}\n"
            if system.id == "rocky"
            else f"telnet: Unable to connect to remote host: {found.error}\n"
        )
        return 1
    process.out(f"Connected to {host}.\nEscape character is '^]'.\n".encode() + greeting(process, port))
    yield from clock.wait(OPEN_SECONDS)
    process.out("Connection closed by foreign host.\n")
    return 1


def _port(process: Process, name: str) -> int:
    if name.isdecimal():
        return int(name[:6]) if int(name[:6]) < 65536 else 0
    names = {found: number for (number, kind), found in port_names(process).items() if kind == "tcp"}
    return names.get(name, 23 if name == "telnet" else 21 if name == "ftp" else 0)


def _busybox(process: Process) -> Running:
    from .busybox import Ended, address_of, connected, usage

    words, clock = [word for word in process.args if not word.startswith("-")], Clock()
    if not words:
        process.err(usage(process, "telnet"))
        return 1
    port = int(words[1][:6]) if len(words) > 1 and words[1].isdecimal() else 23
    if len(words) > 1 and (port > 65535 or not words[1].isdecimal()):
        process.err(f"telnet: bad port '{words[1]}'\n")
        return 1
    record(process, "telnet", host=words[0], port=port)
    try:
        address = yield from address_of(process, clock, words[0])
        yield from connected(process, clock, address, port)
    except Ended as ended:
        process.err(ended.message)
        return ended.status
    process.out(b"\nEntering character mode\nEscape character is '^]'.\n\n" + greeting(process, port))
    yield from clock.wait(OPEN_SECONDS)
    process.out("Connection closed by foreign host\n")
    return 1


def ftp(process: Process) -> Running:
    """`ftp` (tnftp 20210827)."""
    if any(word.startswith("--") and len(word) > 2 for word in process.args):
        process.err(f"ftp: invalid option -- '-'\n{FTP_USAGE}")
        return 1
    try:
        options = parse(process, "46AadefginpRtVvN:o:P:q:r:s:T:x:u:")
    except Failure as failure:
        process.err(f"ftp: {failure.message}\n{FTP_USAGE}")
        return 1
    words, clock = options.operands, Clock()
    if not words:
        return (yield from prompted(process, "ftp> ", _ftp_answer))
    host = words[0]
    port = words[1] if len(words) > 1 else "21"
    if "://" in host:
        record(process, "download", url=host, output=process.shell.absolute(host.rpartition("/")[2] or "."))
        host = host.partition("://")[2].partition("/")[0].rpartition("@")[2]
    else:
        record(process, "ftp", host=host, port=int(port[:6]) if port.isdecimal() else 21)
    address = resolved(process, host)
    shown = "ftp" if port == "21" else port
    if not address:
        yield from clock.wait(DNS_SECONDS)
        process.err(f"ftp: Can't lookup `{host}:{shown}': {NO_NAME}\n")
    else:
        found = attempt(process, address, int(port[:6]) if port.isdecimal() else 21)
        yield from clock.wait(found.seconds)
        if found.error == OPEN:
            process.out(f"Connected to {host}.\n")
            yield from clock.wait(OPEN_SECONDS)
            process.out("421 Service not available, remote server has closed connection.\n")
        else:
            process.err(
                f"ftp: Can't connect to `{address}:{port}': {found.error}\nftp: Can't connect to `{host}:{shown}'\n"
            )
    if process.from_terminal:
        return (yield from prompted(process, "ftp> ", _ftp_answer))
    return 0


NEEDS_A_CONNECTION = (
    "ls",
    "dir",
    "get",
    "put",
    "cd",
    "pwd",
    "mget",
    "mput",
    "delete",
    "user",
    "bin",
    "binary",
    "ascii",
)
"""Commands that ftp answers with "Not connected."."""


def _ftp_answer(word: str) -> str:
    return "Not connected.\n" if word in NEEDS_A_CONNECTION else "?Invalid command.\n"


def prompted(process: Process, prompt: str, answer: Callable[[str], str]) -> Running:
    """The prompt of a program on a terminal, until it is left. `answer`: what a command's first word prints."""
    source = process.context.fds.get(0) if process.context is not None else None
    for _ in range(MOST_LINES):
        process.out(prompt if process.from_terminal or process.name != "ftp" else "")
        yield 0.0
        line = (yield from process.context.read_line(source)) if isinstance(source, Stream) else b""
        word, _, _ = line.decode("utf-8", "replace").strip().partition(" ")
        if not line or word in ("quit", "bye", "exit"):
            process.out("\n" if not line and process.from_terminal else "")
            break
        if word:
            process.out(answer(word))
    return 0


MOST_LINES = 500


COMMANDS = {"telnet": telnet, "ftp": ftp}
