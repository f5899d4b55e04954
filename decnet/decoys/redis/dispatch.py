# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Executes a command: the checks in the server's order, then its handler."""

import sys
from collections.abc import Awaitable
from typing import Any

from ..tcp_server import Gone
from . import (
    credentials,
    on_clients,
    on_collections,
    on_keys,
    on_ordered,
    on_scripts,
    on_server,
    on_strings,
)
from .arguments import SYNTAX, printable, word
from .instance import MOST_SENDING, Client, CommandSet, Handlers, waits
from .keyspace import Wrong, matcher
from .resp import NO_LIST, OK, SILENCE, Failure, Push, Reply, Status, size
from .table import Command

MOST_QUEUED = 2000
MOST_SUBSCRIPTIONS = 200
MOST_SHOWN = 128
OF_KEYS: Handlers = on_keys.HANDLERS | on_strings.HANDLERS | on_collections.HANDLERS | on_ordered.HANDLERS
OTHERS: Handlers = on_clients.HANDLERS | on_server.HANDLERS | on_scripts.HANDLERS
HERE = ("multi", "exec", "discard", "watch", "unwatch", "subscribe", "psubscribe", "unsubscribe",
        "punsubscribe", "publish", "quit")  # fmt: skip
HANDLED = frozenset({*OF_KEYS, *OTHERS, *HERE})
WITHOUT_PASSWORD = ("auth", "hello", "quit", "reset")
WHILE_SUBSCRIBED = ("subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ping", "quit", "reset")
NOT_QUEUED = ("exec", "discard", "multi", "watch", "quit", "reset")


async def perform(client: Client, words: list[bytes]) -> Reply:
    """The answer to one command. Raises Gone where the server ends the connection."""
    reply: Reply = None
    try:
        reply = await _performed(client, words)
    finally:
        if not (client.queue and client.queue[-1] is words):
            credentials.record(client, words, reply)
    return reply


async def _performed(client: Client, words: list[bytes]) -> Reply:
    name = word(words[0])
    if name in ("host:", "post"):
        raise Gone
    try:
        if name == "quit":
            return OK
        command = _checked(client, name, words)
        _stands(client, command, words)
        if client.queue is not None and command.name not in NOT_QUEUED:
            return _queued(client, words)
        if command.name == "exec":
            return await _execute(client)
        return await _ran(client, command, words)
    except Wrong as wrong:
        client.aborted = client.aborted or client.queue is not None
        return wrong.reply
    except (
        LookupError,
        ValueError,
        TypeError,
        ArithmeticError,
    ) as error:  # our own error: the visitor must not see it
        sys.stderr.write(f"{name[:40]!r}: {error!r}"[:500] + "\n")
        return Failure(SYNTAX)


def run(client: Client, command: Command, words: list[bytes]) -> Reply | Awaitable[Reply]:
    """Execute a command that has passed the checks. Raises Wrong and Gone."""
    server = client.server
    part = _part(client, command.name, words)
    if part == "help" and len(words) == 2:
        return [Status(line) for line in server.table.help(command.name)]
    server.calls[f"{command.name}|{part}" if part and server.version >= (7,) else command.name] += 1
    if command.name in HERE:
        return _here(client, command.name, words[1:])
    if command.flags and "w" in command.flags:
        server.keyspace.charge(sum(len(each) + 16 for each in words[1:]))
    return (OF_KEYS.get(command.name) or OTHERS[command.name])(client, words[1:])


async def _ran(client: Client, command: Command, words: list[bytes]) -> Reply:
    reply = run(client, command, words)
    return await reply if waits(reply) else reply  # type: ignore[misc, return-value]


def _checked(client: Client, name: str, words: list[bytes]) -> Command:
    """The requested command, if it exists and has the right number of arguments."""
    server = client.server
    command = server.table.commands.get(name)
    if command is None or (command.name not in HANDLED and server.version < (6,)):
        raise Wrong(_unknown(client, words))
    parts = server.table.parts.get(name) if len(words) > 1 else None
    if parts is not None:
        client.last = f"{name}|{word(words[1])}"
        arity = parts.get(word(words[1]))
        new = server.version >= (7,)
        if arity is None or (not new and not _fits(arity, len(words))):
            raise Wrong(_unknown_part(name, words[1], new))
        if not _fits(arity, len(words)):
            raise Wrong(f"ERR wrong number of arguments for '{client.last}' command")
    else:
        client.last = name
    if not command.fits(len(words)):
        raise Wrong(f"ERR wrong number of arguments for '{name}' command")
    return command


def _fits(arity: int, words: int) -> bool:
    return words == arity if arity >= 0 else words >= -arity


def _part(client: Client, name: str, words: list[bytes]) -> str:
    return word(words[1]) if len(words) > 1 and name in client.server.table.parts else ""


def _unknown(client: Client, words: list[bytes]) -> str:
    new = client.server.version >= (7,)
    shown = ""
    for each in words[1:]:
        if len(shown) >= MOST_SHOWN:
            break
        text = printable(each)[: MOST_SHOWN - len(shown)]
        shown += f"'{text}' " if new else f"`{text}`, "
    name = printable(words[0])[:MOST_SHOWN]
    name = f"'{name}'" if new else f"`{name}`"
    return f"ERR unknown command {name}, with args beginning with: {shown}"


def _unknown_part(name: str, part: bytes, new: bool) -> str:
    shown = printable(part)[:MOST_SHOWN]
    if new:
        return f"ERR unknown subcommand '{shown}'. Try {name.upper()} HELP."
    return f"ERR Unknown subcommand or wrong number of arguments for '{shown}'. Try {name.upper()} HELP."


def _stands(client: Client, command: Command, words: list[bytes]) -> None:
    """Check whether the command is allowed now. Raises Wrong."""
    server = client.server
    if not client.known and command.name not in WITHOUT_PASSWORD:
        raise Wrong("NOAUTH Authentication required.")
    if command.name not in HANDLED:
        rights = (
            f"the '{command.name}' command"
            if server.version >= (7,)
            else f"the '{command.name}' command or its subcommand"
        )
        raise Wrong(f"NOPERM this user has no permissions to run {rights}")
    if "m" in command.flags and server.keyspace.is_full():
        raise Wrong("OOM command not allowed when used memory > 'maxmemory'.")
    if server.master is not None and "w" in command.flags:
        raise Wrong("READONLY You can't write against a read only replica.")
    if client.subscriptions() and client.protocol == 2 and command.name not in WHILE_SUBSCRIBED:
        raise Wrong(_listens(client))


def _listens(client: Client) -> str:
    version = client.server.version
    if version < (6,):
        return "ERR only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT allowed in this context"
    sets = "(P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE" if version >= (7,) else "(P)SUBSCRIBE / (P)UNSUBSCRIBE"
    reset = " / RESET" if version >= (6, 2) else ""
    return f"ERR Can't execute '{client.last}': only {sets} / PING / QUIT{reset} are allowed in this context"


def _queued(client: Client, words: list[bytes]) -> Reply:
    assert client.queue is not None
    if len(client.queue) >= MOST_QUEUED or not client.server.queue(client, words):
        raise Gone
    client.queue.append(words)
    return Status("QUEUED")


async def _execute(client: Client) -> Reply:
    queue, aborted = client.queue, client.aborted
    if queue is None:
        raise Wrong("ERR EXEC without MULTI")
    changed = any(
        client.server.keyspace.databases[index].version(key) != version
        for (index, key), version in client.watched.items()
    )
    _leave(client)
    replies: list[Reply] = []
    held = 0
    try:
        if aborted:
            return Failure("EXECABORT Transaction discarded because of previous errors.")
        if changed:
            return NO_LIST
        for words in queue:
            replies.append(await _inside(client, words))
            credentials.record(client, words, replies[-1])
            held += size(replies[-1])
            if held > MOST_SENDING:
                raise Gone
            await client.line.turn.pass_on()
        return replies
    finally:
        credentials.refuse(client, queue[len(replies) :])


async def _inside(client: Client, words: list[bytes]) -> Reply:
    command = client.server.table.commands[word(words[0])]
    if "b" in command.flags:
        return NO_LIST
    try:
        return await _ran(client, command, words)
    except Wrong as wrong:
        return wrong.reply


def _leave(client: Client) -> None:
    client.server.unqueue(client)
    client.queue, client.aborted = None, False
    client.watched.clear()


def _here(client: Client, name: str, words: list[bytes]) -> Reply:
    """Transactions and subscriptions."""
    if name == "multi":
        if client.queue is not None:
            raise Wrong("ERR MULTI calls can not be nested")
        client.queue = []
    elif name == "discard":
        if client.queue is None:
            raise Wrong("ERR DISCARD without MULTI")
        credentials.refuse(client, client.queue)
        _leave(client)
    elif name == "watch":
        if client.queue is not None:
            raise Wrong("ERR WATCH inside MULTI is not allowed")
        for key in words[:MOST_QUEUED]:
            client.watched[client.index, key] = client.db.version(key)
    elif name == "unwatch":
        client.watched.clear()
    elif name == "publish":
        return _publish(client, words[0], words[1])
    else:
        return _subscribe(client, name, words)
    return OK


def _subscribe(client: Client, name: str, words: list[bytes]) -> Reply:
    listened: dict[bytes, Any] = client.patterns if name.startswith("p") else client.channels
    leaving = "un" in name
    names: list[bytes | None] = list(words)
    if leaving and not names:
        names = list(listened) or [None]
    for each in names:
        if each is not None and leaving:
            listened.pop(each, None)
        elif each is not None:
            if client.subscriptions() >= MOST_SUBSCRIPTIONS:
                raise Gone
            listened[each] = matcher(each) if listened is client.patterns else None
        client.server.send(client, Push([name, each, client.subscriptions()]))
    return SILENCE


def _publish(client: Client, channel: bytes, message: bytes) -> Reply:
    count = 0
    for each in list(client.server.clients.values()):
        if channel in each.channels:
            each.push("message", channel, message)
            count += 1
        for pattern, fits in each.patterns.items():
            if fits(channel):
                each.push("pmessage", pattern, channel, message)
                count += 1
    return count


COMMANDS = CommandSet(HANDLED, frozenset(OF_KEYS), run)
