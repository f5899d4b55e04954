# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Connections: reads commands, sends replies, and records every command."""

import time

from ..events import Recorder, shown
from ..host.insiders import answer_insiders
from ..persona import Persona
from ..serve import Stop
from ..tcp_server import Line, receive
from .arguments import word
from .credentials import refuse, salvaged, sent
from .dispatch import COMMANDS, perform
from .insiders import Desk
from .instance import Client, Instance
from .resp import SILENCE, Failure, Malformed, Reader, Status

MOST_RECORDED = 500
"""Commands of one visit that are recorded one by one; further ones are counted."""
LOUD = frozenset(
    [
        "config",
        "slaveof",
        "replicaof",
        "module",
        "eval",
        "evalsha",
        "script",
        "debug",
        "shutdown",
        "flushall",
        "flushdb",
        "save",
        "bgsave",
        "migrate",
        "psync",
        "sync",
        "acl",
        "failover",
        "function",
        "restore",
        "cluster",
    ]
)
"""Commands that are recorded beyond that limit, up to ten times as many."""
HIDDEN = frozenset(("auth", "hello"))


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    server = Instance(persona, COMMANDS)

    async def converse(line: Line) -> None:
        await _converse(server, line)

    stop_visits = await receive(persona, recorder, converse)
    stop_insiders = await answer_insiders(persona.tcp_ports(), Desk(server).answers)

    async def stop() -> None:
        stop_insiders()
        await stop_visits()

    return stop


async def _converse(server: Instance, line: Line) -> None:
    reader = Reader(line, server.incoming)
    client = Client(server, line, reader, server.connected())
    server.clients[client.number] = client
    commands = 0
    late = b""
    try:
        while not line.writer.is_closing():
            words = await reader.command(known=client.known)
            await line.turn.pass_on()
            commands += 1
            _record(client, words, commands)
            await _answer(client, words)
    except Malformed as malformed:
        line.session.record("error", error=str(malformed))
        await server.answer(client, Failure(f"ERR Protocol error: {malformed}"))
        late = await line.linger()
    finally:
        words, rest = reader.unfinished()
        unread = rest + late + await line.unread()
        refuse(client, [*(client.queue or ()), *salvaged(words, unread)])
        line.summary["commands"] = commands
        server.received += reader.received
        del server.clients[client.number]
        server.unqueue(client)
        reader.close()


async def _answer(client: Client, words: list[bytes]) -> None:
    server = client.server
    client.active = time.time()
    server.sessions.renew(server.keyspace.databases[0])
    watching = [each for each in server.clients.values() if each.monitoring]
    index = client.index
    reply = await perform(client, words)
    if client.silent:
        client.silent -= client.silent > 0
    elif reply is not SILENCE:
        await server.answer(client, reply)
    for each in watching:
        _show(each, client, index, words)
    if word(words[0]) == "quit":
        await client.line.linger()
        client.line.writer.close()


def _show(watcher: Client, client: Client, index: int, words: list[bytes]) -> None:
    """A line of MONITOR. A client sees the commands from its own address."""
    command = client.server.table.commands.get(word(words[0]))
    if (
        command is None
        or set(command.flags) & {"M", "a"}
        or watcher.line.session.source != client.line.session.source
    ):
        return
    line = " ".join(quoted(each) for each in words)
    watcher.server.send(watcher, Status(f"{time.time():.6f} [{index} {client.address}] {line}"))


def _record(client: Client, words: list[bytes], number: int) -> None:
    name = word(words[0][:32])
    if name in HIDDEN and sent(words):
        return
    if number > MOST_RECORDED * (10 if name in LOUD else 1):
        client.line.session.count("command")
        return
    client.line.session.record("command", input=render(words))


def render(words: list[bytes]) -> str:
    """A command as a user would type it."""
    out: list[str] = []
    length = 0
    for each in words:
        plain = each and all(0x21 <= byte <= 0x7E and byte not in b"\"'\\" for byte in each[:1000])
        out.append(shown(each) if plain else quoted(each[:1000]))
        length += len(out[-1])
        if length > 1000:
            break
    return " ".join(out)


def quoted(text: bytes) -> str:
    """Bytes in quotes as redis-cli shows them."""
    escapes = {0x5C: "\\\\", 0x22: '\\"', 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x07: "\\a", 0x08: "\\b"}
    return (
        '"'
        + "".join(
            escapes.get(byte) or (chr(byte) if 0x20 <= byte <= 0x7E else f"\\x{byte:02x}") for byte in text
        )
        + '"'
    )
