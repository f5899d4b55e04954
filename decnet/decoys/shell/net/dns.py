# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`dig`, `nslookup` and `host` (BIND 9.18), and BusyBox's nslookup: no server answers."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..process import Process, Running
from .dns_help import DIG_USAGE, HOST_USAGE
from .reach import DNS_SECONDS, Clock, attempt, record, resolved
from .telnet import prompted

VERSIONS = {
    ("debian", "11"): "9.16.50-Debian", ("debian", "12"): "9.18.28-1~deb12u2-Debian", ("ubuntu", "20.04"): "9.18.28-0ubuntu0.20.04.1-Ubuntu",
    ("ubuntu", "22.04"): "9.18.28-0ubuntu0.22.04.1-Ubuntu", ("ubuntu", "24.04"): "9.18.28-0ubuntu0.24.04.1-Ubuntu",
}  # fmt: skip
TRY_SECONDS = 5.0
NO_SERVERS = ";; no servers could be reached\n"


def server_of(process: Process) -> str:
    """The first name server of /etc/resolv.conf."""
    for line in (process.shell.read("/etc/resolv.conf") or "").splitlines()[:100]:
        fields = line.split()
        if len(fields) > 1 and fields[0] == "nameserver":
            return fields[1]
    return "127.0.0.1"


def version_of(process: Process) -> str:
    """BIND's version."""
    system = process.shell.world.system
    return VERSIONS.get((system.id, system.version), "9.18.28-1~deb12u2-Debian")


def _asked(process: Process, server: str, tries: int, seconds: float) -> Generator[Any, Any, None]:
    """The tries that no one answers."""
    refused = process.shell.world.network.is_own(server) and bool(attempt(process, server, 53, "udp").error)
    for _ in range(min(tries, 20)):
        if not refused:
            yield from Clock().wait(seconds)
        process.out(
            f";; communications error to {server}#53: {'connection refused' if refused else 'timed out'}\n"
        )


def dig(process: Process) -> Running:
    """`dig`."""
    if "-v" in process.args:
        process.err(f"DiG {version_of(process)}\n")
        return 0
    if "-h" in process.args:
        process.out(DIG_USAGE)
        return 0
    server = next((word[1:] for word in process.args if word.startswith("@")), "")
    tries, seconds = 3, TRY_SECONDS
    for word in process.args:
        name, _, value = word.partition("=")
        if name in ("+tries", "+retry") and value.isdecimal():
            tries = max(1, int(value[:3]) + (name == "+retry"))
        elif name in ("+time", "+timeout") and value.isdecimal():
            seconds = float(max(1, int(value[:4])))
        elif word.startswith("+") and not word[1:].removeprefix("no").partition("=")[0].isalnum():
            process.err(f"Invalid option: {word}\n{DIG_USAGE}")
            return 1
    name = next((word for word in process.args if word[:1] not in "@+-" and not word.isupper()), "")
    if name:
        record(process, "dns", host=name)
    if server and not resolved(process, server):
        yield from Clock().wait(DNS_SECONDS)
        process.err(f"dig: couldn't get address for '{server}': failure\n")
        return 1
    yield from _asked(process, resolved(process, server) if server else server_of(process), tries, seconds)
    if "+short" not in process.args or "-x" in process.args:
        count = "; (1 server found)\n" if server else ""
        given = f" {' '.join(process.args)}" if process.args else ""
        process.out(f"\n; <<>> DiG {version_of(process)} <<>>{given}\n{count};; global options: +cmd\n")
    process.out(NO_SERVERS)
    return 9


def nslookup(process: Process) -> Running:
    """`nslookup`."""
    if process.applet:
        from .busybox import nslookup as of_busybox

        status: int = yield from of_busybox(process)
        return status
    if process.args[:1] == ["-version"]:
        process.err(f"nslookup {version_of(process)}\n")
        return 0
    words = [word for word in process.args if not word.startswith("-")]
    if not words:
        yield from prompted(process, "> ", lambda _: f"{NO_SERVERS}\n")
        process.out("\n")
        return 1
    record(process, "dns", host=words[0])
    yield from _asked(process, words[1] if len(words) > 1 else server_of(process), 3, TRY_SECONDS)
    process.out(f"{NO_SERVERS}\n")
    return 1


def host(process: Process) -> Running:
    """`host`."""
    words, rest = [], list(process.args)
    if "-V" in rest:
        process.err(f"host {version_of(process)}\n")
        return 0
    while rest:
        word = rest.pop(0)
        if word.startswith("-") and len(word) > 1:
            if word[-1] in "ctNRWmp" and rest:
                rest.pop(0)
        else:
            words.append(word)
    if not words:
        process.err(HOST_USAGE)
        return 1
    record(process, "dns", host=words[0])
    yield from _asked(process, words[1] if len(words) > 1 else server_of(process), 2, TRY_SECONDS)
    process.out(NO_SERVERS)
    return 1


COMMANDS = {"dig": dig, "nslookup": nslookup, "host": host}
