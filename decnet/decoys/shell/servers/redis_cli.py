# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""redis-cli: asks the redis of this machine, if it has one, and no other. Source: redis-cli 7.0.15."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from ..context import Context, Work
from ..full_screen import on_terminal
from ..net.reach import Clock, ask, attempt, record, resolved
from ..process import Process, Running
from ..tasks import Line
from .common import recorded, version_of
from .redis_keys import biggest, scan
from .redis_replies import Broken, Parser, Reply, as_csv, as_json, for_people, for_scripts

UNSAFE = "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.\n"
MOST_LINES = 2000
AS_THEY_ARE = (
    "info", "lolwut", "debug htstats", "memory malloc-stats", "memory doctor", "cluster nodes", "cluster info", "client list", "client info",
    "latency graph", "latency doctor",
)  # fmt: skip
"""Commands with texts for people."""
WITH_VALUE = [
    "-h",
    "-p",
    "-s",
    "-a",
    "-u",
    "-r",
    "-i",
    "-n",
    "-d",
    "-D",
    "-t",
    "--user",
    "--pass",
    "--sni",
    "--cacert",
    "--cert",
    "--key",
    "--pattern",
    "--quoted-pattern",
    "--eval",
    "--rdb",
    "--intrinsic-latency",
    "--lru-test",
    "--memkeys-samples",
]
PLAIN = [
    "-x",
    "-X",
    "-c",
    "-e",
    "-2",
    "-3",
    "--raw",
    "--no-raw",
    "--csv",
    "--json",
    "--quoted-json",
    "--quoted-input",
    "--no-auth-warning",
    "--askpass",
    "--scan",
    "--bigkeys",
    "--memkeys",
    "--hotkeys",
    "--stat",
    "--latency",
    "--latency-history",
    "--latency-dist",
    "--pipe",
    "--verbose",
    "--tls",
    "--insecure",
    "--show-pushes",
    "--functions-rdb",
    "--replica",
    "--slave",
    "--ldb",
    "--ldb-sync-mode",
]


@dataclass
class Wanted:
    """What the options ask for."""

    host: str = "127.0.0.1"
    port: int = 6379
    socket: str = ""
    password: str = ""
    user: str = ""
    database: int = 0
    times: int = 1
    pause: float = 0.0
    flags: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    pattern: str = "*"
    wrong: str = ""


def _wanted(args: list[str]) -> Wanted:
    wanted, at = Wanted(), 0
    while at < len(args) and args[at].startswith("-") and len(args[at]) > 1:
        word = args[at]
        value = args[at + 1] if at + 1 < len(args) else None
        if word in WITH_VALUE and value is not None:
            _take(wanted, word, value)
            at += 1
        elif word in PLAIN:
            wanted.flags.add(word)
        else:
            wanted.wrong = word
            return wanted
        at += 1
    wanted.words = args[at:]
    return wanted


def _take(wanted: Wanted, word: str, value: str) -> None:
    number = int(value) if value.lstrip("-").isdecimal() and len(value) < 9 else 0
    if word == "-h":
        wanted.host = value
    elif word == "-p":
        wanted.port = number
    elif word == "-s":
        wanted.socket = value
    elif word in ("-a", "--pass"):
        wanted.password = value
    elif word == "--user":
        wanted.user = value
    elif word == "-n":
        wanted.database = number
    elif word == "-r":
        wanted.times = number if number >= 0 else MOST_LINES
    elif word == "-i":
        wanted.pause = float(value) if value.replace(".", "", 1).isdecimal() and len(value) < 8 else 0.0
    elif word == "--pattern":
        wanted.pattern = value
    elif word == "-u":
        _take_url(wanted, value)


def _take_url(wanted: Wanted, url: str) -> None:
    rest = url.partition("://")[2]
    secret, at, place = rest.rpartition("@")
    host, _, tail = place.partition("/")
    name, _, port = host.partition(":")
    wanted.host, wanted.port = name or wanted.host, int(port) if port.isdecimal() and len(port) < 6 else 6379
    wanted.database = int(tail) if tail.isdecimal() and len(tail) < 6 else 0
    if at:
        wanted.user, _, wanted.password = secret.rpartition(":")


class Client:
    """One run of redis-cli."""

    def __init__(self, process: Process, wanted: Wanted) -> None:
        self.process, self.wanted = process, wanted
        self._name = os.urandom(8).hex()
        self.is_old = version_of(process.shell, "redis-tools").startswith("5.")
        raw = "--raw" in wanted.flags or not process.to_terminal and "--no-raw" not in wanted.flags
        self._is_raw = raw

    def connect(self) -> Generator[Any, Any, bool]:
        """Whether the server is there; complains if it is not."""
        wanted, process = self.wanted, self.process
        if wanted.socket:
            process.err(f"Could not connect to Redis at {wanted.socket}: No such file or directory\n")
            return False
        address = resolved(process, wanted.host)
        place = f"{wanted.host}:{wanted.port}"
        if not address:
            yield 10.0
            process.err(f"Could not connect to Redis at {place}: Temporary failure in name resolution\n")
            return False
        found = attempt(process, address, wanted.port)
        if not process.shell.world.network.is_own(address):
            record(process, "connect", host=wanted.host, port=wanted.port)
        if found.error:
            yield from Clock().wait(found.seconds)
            process.err(f"Could not connect to Redis at {place}: {found.error}\n")
            return False
        return (yield from self._greet())

    def _greet(self) -> Generator[Any, Any, bool]:
        wanted = self.wanted
        if wanted.password:
            replies = yield from self.ask(["AUTH", *([wanted.user] if wanted.user else []), wanted.password])
            if replies and replies[0].mark == "-":
                self.process.err(f"AUTH failed: {replies[0].value.decode('latin-1')}\n")
        if wanted.database:
            yield from self.ask(["SELECT", str(wanted.database)])
        if "-3" in wanted.flags or "--json" in wanted.flags:
            yield from self.ask(["HELLO", "3"])
        return True

    def ask(self, words: list[str]) -> Generator[Any, Any, list[Reply]]:
        """The replies to one command."""
        raw = [word.encode("utf-8", "surrogateescape") for word in words]
        command = b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in raw)
        data = yield from ask(self.process, self.wanted.port, self._name.encode() + b"\n" + command)
        try:
            return Parser(data).all()
        except (Broken, ValueError):
            return []

    def run(self, words: list[str]) -> Running:
        """Carry out one command, and print its reply; the status."""
        replies = yield from self.ask(words)
        if not replies:
            self.process.err("Error: Server closed the connection\n")
            return 1
        for reply in replies:
            self.show(reply, words)
        return 1 if "-e" in self.wanted.flags and replies[-1].mark == "-" else 0

    def show(self, reply: Reply, words: list[str]) -> None:
        """Print a reply to a command."""
        flags, process = self.wanted.flags, self.process
        name = " ".join(words[:2]).lower()
        if name.startswith(AS_THEY_ARE) and reply.mark != "-":
            process.out(for_scripts(reply))
        elif "--csv" in flags:
            process.out(as_csv(reply) + "\n")
        elif "--json" in flags or "--quoted-json" in flags:
            process.out(as_json(reply) + "\n")
        elif self._is_raw:
            process.out(for_scripts(reply) + b"\n")
        else:
            process.out(for_people(reply, old=self.is_old))


def redis_cli(context: Context, process: Process) -> Work:
    """`redis-cli`."""
    wanted = _wanted(process.args)
    if wanted.wrong:
        if wanted.wrong in ("-v", "--version", "--help", "-h", "-?", "-V"):
            return (yield from recorded(process, {"-?": "-h"}.get(wanted.wrong, wanted.wrong)))
        process.err(f"Unrecognized option or bad number of args for: '{wanted.wrong}'\n")
        return 1
    if (
        wanted.password
        and "--no-auth-warning" not in wanted.flags
        and "-a" in process.args + ["-a"] * ("-u" in process.args)
    ):
        process.err(UNSAFE)
    client = Client(process, wanted)
    source = context.fds.get(0)
    is_typed = on_terminal(context) and source is context.engine.input
    if not (yield from client.connect()):
        if is_typed and not wanted.words and not wanted.flags:
            return (yield from _prompted(context, client, connected=False))
        return 1
    if "--scan" in wanted.flags:
        return (yield from scan(client.ask, client.wanted.pattern, client.process.out))
    if wanted.flags & {"--bigkeys", "--memkeys", "--hotkeys"}:
        return (yield from biggest(client.ask, client.wanted.pattern, client.process.out))
    if wanted.words:
        words = [
            *wanted.words,
            *([process.given.decode("utf-8", "surrogateescape")] if "-x" in wanted.flags else []),
        ]
        return (yield from _repeated(client, words))
    if is_typed:
        return (yield from _prompted(context, client, connected=True))
    return (yield from _piped(client))


def _repeated(client: Client, words: list[str]) -> Running:
    status = 0
    for number in range(min(client.wanted.times, MOST_LINES)):
        if number and client.wanted.pause:
            yield client.wanted.pause
        status = yield from client.run(words)
        if words[0].lower() in ("monitor", "subscribe", "psubscribe"):
            yield 86_400.0
    return status


def _piped(client: Client) -> Running:
    """Commands in the lines of the input."""
    status = 0
    for line in client.process.given.decode("utf-8", "surrogateescape").split("\n")[:MOST_LINES]:
        words = _split(client, line)
        if words and words[0].lower() in ("quit", "exit"):
            break
        if words:
            status = yield from client.run(words)
    return status


def _split(client: Client, line: str) -> list[str]:
    from ...redis.resp import Malformed, split

    try:
        words = split(line.encode("utf-8", "surrogateescape"))
    except Malformed:
        client.process.out("Invalid argument(s)\n")
        return []
    return [word.decode("utf-8", "surrogateescape") for word in words]


def _prompted(context: Context, client: Client, *, connected: bool) -> Work:
    """Commands at a prompt."""
    shell, wanted = context.fork().shell, client.wanted
    shell.history, shell.notes = [], {**shell.notes, "cleared": ""}
    database = wanted.database
    for _ in range(MOST_LINES):
        place = (
            f"{wanted.host}:{wanted.port}{f'[{database}]' if database else ''}"
            if connected
            else "not connected"
        )
        line = Line(f"{place}> ", shell, is_readline=False)
        yield line
        if line.is_interrupted or line.text is None:
            return 0
        if not line.text.strip():
            continue
        shell.history.append(line.text)
        words = _split(client, line.text)
        if not words:
            continue
        name = words[0].lower()
        if name in ("quit", "exit"):
            return 0
        if name == "clear":
            client.process.out("\x1b[H\x1b[2J")
            continue
        if not connected:
            connected = yield from client.connect()
            continue
        replies = yield from client.ask(words)
        if not replies:
            connected = False
            client.process.out(
                f"Could not connect to Redis at {wanted.host}:{wanted.port}: Connection refused\n"
            )
            continue
        for reply in replies:
            client.show(reply, words)
        if name == "select" and replies[0].mark == "+" and words[-1].isdecimal():
            database = int(words[-1])
    return 1
