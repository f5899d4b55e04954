# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The network applets of BusyBox: wget, tftp, ftpget, ftpput, telnet, nc, nslookup."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..process import Process, Running
from ..text.common import Failure, Options, parse
from .local_http import fetched
from .reach import DNS_SECONDS, OPEN, Clock, attempt, record, resolved
from .urls import Url, split

TFTP_SECONDS = 13.0
"""Its tries: from 0.1 seconds, each time half as much more, ten in all."""
NSLOOKUP_SECONDS = 5.0
QUERIES = ("soa", "ns", "a", "aaaa", "cname", "mx", "txt", "ptr", "srv", "any")
UCLIENT_SECONDS = 30.0
WGET_LONG = """no-check-certificate spider header: post-data: post-file: output-document:=O output-file:=o quiet=q continue=c
server-response=S directory-prefix:=P user-agent:=U timeout:=T tries:=t proxy:=Y passive-ftp no-verbose no-clobber no-host-directories no-parent"""


class Ended(Exception):
    """An applet ends with a message and a status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.message, self.status = message, status


def usage(process: Process, name: str = "") -> str:
    """What an applet prints if it is called without arguments."""
    from ..busybox_titles import title_of
    from ..busybox_usage import usage as text_of

    return f"BusyBox {title_of(process.shell.world)} multi-call binary.\n\n{text_of(name or process.name)[1]}"


def options_of(process: Process, short: str, long: str = "") -> Options:
    """The arguments. Raises Ended."""
    try:
        return parse(process, short, long)
    except Failure as failure:
        raise Ended(f"{process.name}: {failure.message}\n{usage(process)}") from None


def applet(inner: Any) -> Any:
    """An applet whose Ended is printed."""

    def run(process: Process) -> Running:
        try:
            status: int = yield from inner(process)
            return status
        except Ended as ended:
            process.err(ended.message)
            return ended.status

    return run


def address_of(process: Process, clock: Clock, host: str) -> Generator[Any, Any, str]:
    """The address of a host. Raises Ended, after the time of the resolver."""
    found = resolved(process, host)
    if not found:
        yield from clock.wait(DNS_SECONDS)
        raise Ended(f"{process.name}: bad address '{host}'\n")
    return found


def connected(
    process: Process, clock: Clock, address: str, port: int, limit: float = 0.0
) -> Generator[Any, Any, None]:
    """Connect. Raises Ended."""
    found = attempt(process, address, port)
    if limit and found.seconds > limit:
        yield from clock.wait(limit)
        raise Ended(
            "wget: download timed out\n" if process.name == "wget" else f"{process.name}: timed out\n"
        )
    yield from clock.wait(found.seconds)
    if found.error != OPEN:
        raise Ended(f"{process.name}: can't connect to remote host ({address}): {found.error}\n")


@applet
def wget(process: Process) -> Running:
    """`wget`."""
    options = options_of(process, "cqSO:o:P:Y:U:T:t:s", WGET_LONG)
    if not options.operands:
        raise Ended(usage(process))
    for text in options.operands[:100]:
        url = split(text)
        name = (url.file_name if url else "") or "index.html"
        folder = options.value("P").rstrip("/")
        output = options.value("O") or (f"{folder}/{name}" if folder else name)
        record(
            process, "download", url=text, output=output if output == "-" else process.shell.absolute(output)
        )
        if text.endswith("://"):
            raise Ended("wget: bad address ''\n")
        port = text.partition("://")[2].partition("/")[0].rpartition(":")[2]
        if url is None and port.isdecimal():
            raise Ended(f"wget: bad port '{port}'\n")
        if url is None or url.scheme not in ("http", "https", "ftp"):
            raise Ended(f"wget: not an http or ftp url: {text}\n")
        yield from _download(process, options, url, output)
    return 0


def _download(process: Process, options: Options, url: Url, output: str) -> Generator[Any, Any, None]:
    clock = Clock()
    quiet = "q" in options
    shell = process.shell
    if "O" not in options and "c" not in options and shell.node(shell.absolute(output)) is not None:
        raise Ended(f"wget: can't open '{output}': File exists\n")
    address = yield from address_of(process, clock, url.host)
    if not quiet:
        shown = url.host if not url.has_port and url.port in (80, 443, 21) else f"{url.host}:{url.port}"
        process.err(f"Connecting to {shown} ({address}:{url.port})\n")
    limit = options.value("T")
    yield from connected(process, clock, address, url.port, float(limit) if limit.isdecimal() else 900.0)
    if url.scheme != "http":
        raise Ended("wget: error getting response: Connection reset by peer\n")
    agent = options.value("U") or "Wget"
    lines = [
        f"GET {url.path} HTTP/1.1",
        f"Host: {url.authority}",
        f"User-Agent: {agent}",
        *options.values("header"),
        "Connection: close",
    ]
    response = yield from fetched(
        process, url.port, "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
    )
    if response is None:
        raise Ended("wget: error getting response\n")
    if response.status != 200:
        raise Ended(f"wget: server returned error: {response.version} {response.status} {response.reason}\n")
    _save(process, output, response.body, quiet=quiet)


def _save(process: Process, output: str, body: bytes, *, quiet: bool) -> None:
    start, end = (
        ("writing to stdout", "written to stdout")
        if output == "-"
        else (f"saving to '{output}'", f"'{output}' saved")
    )
    if output == "-":
        process.out(body)
    else:
        reason = process.shell.refusal(process.shell.absolute(output)) or process.shell.put(
            process.shell.absolute(output), body, len(body)
        )
        if reason:
            raise Ended(f"wget: can't open '{output}': {reason}\n")
    if not quiet:
        process.err(f"{start}\n{output[:20]:<20} 100% |{'*' * 32}| {len(body):5d}  0:00:00 ETA\n{end}\n")


def uclient_fetch(process: Process) -> Running:
    """OpenWrt's `wget` is uclient-fetch, which waits for 30 seconds."""
    try:
        options = parse(process, "O:P:T:qsc4d:v", WGET_LONG)
    except Failure as failure:
        process.err(f"{process.name}: {failure.message}\n")
        return 1
    if not options.operands:
        process.err("Usage: wget [options] <URL>\n")
        return 1
    text, clock = options.operands[0], Clock()
    url = split(text)
    output = options.value("O") or (url.file_name if url else "") or "index.html"
    record(process, "download", url=text, output=output if output == "-" else process.shell.absolute(output))
    say: Any = (lambda line: None) if "q" in options else (lambda line: process.err(f"{line}\n"))
    say(f"Downloading '{text}'")
    if url is None or url.scheme not in ("http", "https", "ftp"):
        say("Failed to allocate uclient context")
        return 1
    address = resolved(process, url.host)
    if not address:
        yield from clock.wait(DNS_SECONDS)
        say("Failed to send request: Operation not permitted")
        return 4
    say(f"Connecting to {address}:{url.port}")
    found = attempt(process, address, url.port)
    limit = float(options.value("T")) if options.value("T").isdecimal() else UCLIENT_SECONDS
    yield from clock.wait(min(limit, found.seconds))
    if found.error != OPEN or url.scheme != "http":
        say(
            "Connection error: Connection timed out"
            if found.seconds > limit
            else "Connection error: Connection failed"
        )
        return 4
    request = f"GET {url.path} HTTP/1.1\r\nHost: {url.authority}\r\nUser-Agent: uclient-fetch\r\n\r\n"
    response = yield from fetched(process, url.port, request.encode("utf-8", "surrogateescape"))
    if response is None or response.status != 200:
        say(f"HTTP error {response.status}" if response is not None else "Connection reset prematurely")
        return 8
    if output == "-":
        process.out(response.body)
        return 0
    where = process.shell.absolute(output)
    reason = process.shell.refusal(where) or process.shell.put(where, response.body, len(response.body))
    if reason:
        say(f"Cannot open output file: {reason}")
        return 3
    say(
        f"Writing to '{output}'\n\n{output:<20} 100% |{'*' * 31}| {len(response.body):5d}   0:00:00 ETA\nDownload completed ({len(response.body)} bytes)"
    )
    return 0


def _with_command(words: list[str]) -> list[str]:
    """`HOST -c get FILE`, as tftp-hpa takes it, in BusyBox's options."""
    at = words.index("-c") if "-c" in words else len(words)
    if words[at + 1 : at + 2] not in (["get"], ["put"]) or len(words) < at + 3:
        return words
    return [*words[:at], "-g" if words[at + 1] == "get" else "-p", "-r", words[at + 2], *words[at + 3 :]]


@applet
def tftp(process: Process) -> Running:
    """`tftp`."""
    process.args = _with_command(process.args)
    options = options_of(process, "l:r:gpb:")
    words, clock = options.operands, Clock()
    if not words or ("g" in options) == ("p" in options) or not (options.value("r") or options.value("l")):
        raise Ended(usage(process))
    remote = options.value("r") or options.value("l")
    local = options.value("l") or remote.rpartition("/")[2]
    port = words[1] if len(words) > 1 else "69"
    if not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 1 << 16:
        raise Ended(f"tftp: bad port '{port}'\n")
    block = options.value("b")
    if "b" in options and not (block.isdecimal() and 24 <= int(block[:6]) <= 65464):
        raise Ended(f"tftp: bad blocksize '{block}'\n")
    kind = "download" if "g" in options else "upload"
    where = process.shell.absolute(local) if local != "-" else "-"
    record(
        process,
        kind,
        url=f"tftp://{words[0]}{'' if port == '69' else ':' + port}/{remote.lstrip('/')}",
        output=where,
    )
    if kind == "upload" and local != "-" and process.shell.node(where) is None:
        raise Ended(f"tftp: can't open '{local}': No such file or directory\n")
    yield from address_of(process, clock, words[0])
    if kind == "download" and local != "-":
        reason = process.shell.refusal(where) or process.shell.put(where, b"", 0)
        if reason:
            raise Ended(f"tftp: can't open '{local}': {reason}\n")
    yield from clock.wait(TFTP_SECONDS)
    if kind == "download" and local != "-":
        process.shell.change(where, None)
    raise Ended("tftp: timeout\n")


@applet
def ftpget(process: Process) -> Running:
    """`ftpget` and `ftpput`."""
    options = options_of(process, "cvu:p:P:", "continue=c verbose=v username:=u password:=p port:=P")
    words, clock = options.operands, Clock()
    if not 2 <= len(words) <= 3:
        raise Ended(usage(process))
    host, puts = words[0], process.name == "ftpput"
    port = int(options.value("P")) if options.value("P").isdecimal() else 21
    first, second = (words[1], words[2]) if len(words) > 2 else (words[1], words[1])
    local, remote = (second, first) if puts else (first, second)
    user = options.value("u")
    login = f"{user}:{options.value('p')}@" if user else ""
    place = f"{host}:{port}" if port != 21 else host
    record(
        process,
        "upload" if puts else "download",
        url=f"ftp://{login}{place}/{remote.lstrip('/')}",
        output=process.shell.absolute(local),
    )
    address = yield from address_of(process, clock, host)
    if "v" in options:
        process.out(f"Connecting to {host} ({address}:{port})\n")
    yield from connected(process, clock, address, port)
    raise Ended(f"{process.name}: unexpected server response to PASS: 530 Login incorrect.\n")


@applet
def nslookup(process: Process) -> Running:
    """`nslookup`."""
    words = [word for word in process.args if not word.startswith("-")]
    for word in process.args:
        name, equals, kind = word.partition("=")
        if equals and name in ("-type", "-querytype", "-q", "-t", "-ty") and kind.lower() not in QUERIES:
            raise Ended(f'nslookup: invalid query type "{kind}"\n')
    if not words or len(words) > 2:
        raise Ended(usage(process))
    if len(words) > 1:
        server = resolved(process, words[1].partition(":")[0])
        if not server:
            raise Ended(f"nslookup: bad address '{words[1]}'\n")
        if process.shell.world.network.is_own(server):
            process.err(f"nslookup: write to '{words[1]}': Connection refused\n")
    yield from Clock().wait(NSLOOKUP_SECONDS)
    process.out(";; connection timed out; no servers could be reached\n\n")
    return 1


COMMANDS = {"tftp": tftp, "ftpget": ftpget, "ftpput": ftpget}
