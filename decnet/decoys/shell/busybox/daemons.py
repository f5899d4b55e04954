"""BusyBox's servers, which go to the background and are silent, and logread, getty, rdate and dumpleases."""

from __future__ import annotations

import html
from urllib.parse import unquote

from ..net.reach import DNS_SECONDS, record, resolved
from ..process import Command, Process, Running
from ..text.common import Failure, Options, parse, tool

MISSING = "No such file or directory"
SILENT = {
    "crond": "l:L:fbSc:d:", "syslogd": "m:nO:l:St:D:KR:LC::s:b:", "klogd": "c:n", "telnetd": "f:l:Kip:b:FSw:",
    "ntpd": "nqNxk:wp:S:lI:d46aAbgL", "mdev": "sSdfv", "udhcpd": "fSI:va:", "dnsd": "vsi:c:t:p:d",
    "inetd": "R:feq:", "httpd": "c:d:h:e:r:m:u:p:ifv", "watchdog": "Ft:T:",
}  # fmt: skip
"""Servers and their options as for getopt."""
IN_FRONT = {
    "syslogd": "n", "klogd": "n", "crond": "f", "telnetd": "F", "udhcpd": "f", "inetd": "f", "httpd": "f",
    "ntpd": "n", "watchdog": "F",
}  # fmt: skip
"""The option with which each stays in the foreground."""
LONGEST = 86_400.0
NUMBERS = {"dnsd": "pt"}


@tool
def server(process: Process) -> Running:
    """Start one; its status is that of a server that goes to the background."""
    options = parse(process, SILENT[process.name])
    yield 0.0
    for letter in NUMBERS.get(process.name, ""):
        value = options.value(letter)
        if letter in options and not value.isdecimal():
            process.err(f"{process.name}: invalid number '{value}'\n")
            return 1
    if problem := _problem(process, options):
        process.err(f"{process.name}: {problem}\n")
        return 1
    if process.name == "httpd" and (shown := _shown(options)) is not None:
        process.out(shown)
        return 0
    port = options.value("p")
    if port.rpartition(":")[2].isdecimal():
        record(process, "listen", port=int(port.rpartition(":")[2][:5]))
    if options.last(IN_FRONT.get(process.name, "")):
        yield LONGEST
    return 0


def _problem(process: Process, options: Options) -> str:
    shell, name = process.shell, process.name
    files = {
        "inetd": options.operands[0] if options.operands else "/etc/inetd.conf",
        "dnsd": options.value("c", "/etc/dnsd.conf"),
        "watchdog": (options.operands or [""])[0],
    }
    if name in files and shell.node(shell.absolute(files[name])) is None:
        return "" if name == "watchdog" else f"can't open '{files[name]}': {MISSING}"
    if name == "httpd":
        folder, port = options.value("h", "."), options.value("p", "80")
        if shell.node(shell.absolute(folder)) is None:
            return f"can't change directory to '{folder}': {MISSING}"
        if "p" in options and not port.rpartition(":")[2].isdecimal():
            return f"bad address '{port}'"
    return ""


def _shown(options: Options) -> str | None:
    """What `httpd -d` and `-e` print of a text."""
    if "d" in options:
        return unquote(options.value("d").replace("+", " "), errors="surrogateescape")
    if "e" in options:
        text = options.value("e")
        return "".join(char if char.isalnum() else f"&#{ord(char)};" for char in html.unescape(text))
    return None


@tool
def logread(process: Process) -> Running:
    """`logread`: this device's syslogd writes to a file, and keeps no buffer."""
    parse(process, "fF")
    yield 0.0
    process.err(f"logread: can't find syslogd buffer: {MISSING}\n")
    return 1


@tool
def getty(process: Process) -> Running:
    """`getty BAUD TTY`: no terminal of this device is free."""
    options = parse(process, "I:LH:f:hil:mt:wn")
    words = options.operands
    speeds = words[0].split(",")
    if not all(each.isdecimal() for each in speeds):
        speeds, words = words[1].split(","), [words[1], words[0], *words[2:]]
    yield 0.0
    wrong = next((each for each in speeds if not each.isdecimal()), None)
    if wrong is not None:
        process.err(f"getty: invalid number '{wrong}'\n")
        return 1
    path = words[1] if words[1].startswith("/") else f"/dev/{words[1]}"
    if words[1] != "-" and process.shell.node(path) is None:
        return 1
    yield LONGEST
    return 0


@tool
def rdate(process: Process) -> Running:
    """`rdate HOST`: the network lets no answer in."""
    options = parse(process, "sp")
    host = options.operands[0]
    record(process, "connect/tcp", host=host, port=37)
    found = resolved(process, host)
    yield DNS_SECONDS if not found else 0.0
    if not found:
        process.err(f"rdate: bad address '{host}'\n")
    elif process.shell.world.network.is_own(found):
        process.err(f"rdate: can't connect to remote host ({found}): Connection refused\n")
    else:
        yield 10.0
        process.err("rdate: timeout connecting to time server\n")
    return 1


@tool
def dumpleases(process: Process) -> Running:
    """`dumpleases`: the device gives no leases."""
    options = parse(process, "arf:d", "absolute=a remaining=r file=f decimal=d")
    path = options.value("f", "/var/lib/misc/udhcpd.leases")
    yield 0.0
    if process.shell.content(process.shell.absolute(path)) is None:
        raise Failure(f"can't open '{path}': {MISSING}")
    process.out(
        f"Mac Address       IP Address      Host Name           Expires {'at' if 'a' in options else 'in'}\n"
    )
    return 0


COMMANDS: dict[str, Command] = dict.fromkeys(SILENT, server) | {
    "logread": logread, "getty": getty, "rdate": rdate, "dumpleases": dumpleases,
}  # fmt: skip
