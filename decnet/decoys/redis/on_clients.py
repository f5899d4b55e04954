# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Commands on connections, permissions and the command table."""

import hashlib
import os

from ..credentials import record_login
from .arguments import SYNTAX, printable, whole, word
from .credentials import refuse
from .instance import Client, Handlers
from .keyspace import Wrong
from .resp import OK, SILENCE, NoList, Reply, Status, Verbatim
from .table import CATEGORIES


def auth(client: Client, words: list[bytes]) -> Reply:
    server = client.server
    if len(words) > (2 if server.version >= (6,) else 1):
        raise Wrong(SYNTAX)
    user, password = (words[0], words[1]) if len(words) > 1 else (b"default", words[0])
    if len(words) == 1 and not server.password:
        raise Wrong(
            "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
            "configuration is correct?" if server.version >= (6,) else "ERR Client sent AUTH, but no password is set"
        )  # fmt: skip
    if not log_in(client, user, password):
        raise Wrong(_wrong_pair(server.version))
    return OK


def log_in(client: Client, user: bytes, password: bytes) -> bool:
    """Whether this pair logs in. A server without a password accepts any for its default user."""
    expected = client.server.password
    accepted = user == b"default" and (not expected or password == expected)
    record_login(client.line.session, "auth", username=user, password=password, success=accepted)
    client.judged += 1
    client.known = client.known or accepted
    return accepted


def _wrong_pair(version: tuple[int, ...]) -> str:
    if version < (6,):
        return "ERR invalid password"
    tail = " or user is disabled." if version >= (6, 2) else ""
    return f"WRONGPASS invalid username-password pair{tail}"


def hello(client: Client, words: list[bytes]) -> Reply:
    server = client.server
    protocol = client.protocol
    if words:
        protocol = whole(words[0], "ERR Protocol version is not an integer or out of range")
        if protocol not in (2, 3):
            raise Wrong("NOPROTO unsupported protocol version")
    rest, name = words[1:], client.name
    while rest:
        option = word(rest[0])
        if option == "auth" and len(rest) > 2:
            if not log_in(client, rest[1], rest[2]):
                raise Wrong(_wrong_pair(server.version))
            rest = rest[3:]
        elif option == "setname" and len(rest) > 1:
            name, rest = _name(rest[1]), rest[2:]
        else:
            raise Wrong(f"ERR Syntax error in HELLO option '{printable(rest[0])}'")
    if not client.known:
        raise Wrong(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
            "<user> <pass> option can be used to authenticate the client and select the RESP protocol version at "
            "the same time"
        )
    client.protocol, client.name = protocol, name
    return {
        "server": "redis", "version": server.version_text.split("-")[0], "proto": protocol,
        "id": client.number, "mode": "standalone", "role": "replica" if server.master else "master", "modules": [],
    }  # fmt: skip


def _name(text: bytes) -> bytes:
    if any(not 0x21 <= byte <= 0x7E for byte in text):
        raise Wrong("ERR Client names cannot contain spaces, newlines or special characters.")
    return text[:200]


def about_client(client: Client, words: list[bytes]) -> Reply:
    """CLIENT."""
    what, rest = word(words[0]), words[1:]
    if what == "setname":
        client.name = _name(rest[0])
        return OK
    if what in ("setinfo", "no-evict", "no-touch", "unpause", "caching", "tracking"):
        return OK
    if what == "reply":
        return _replies(client, word(rest[0]))
    if what == "pause":
        whole(rest[0], "ERR timeout is not an integer or out of range")
        return OK
    if what == "kill":
        return _kill(client, rest)
    if what == "unblock":
        whole(rest[0])
        return 0
    answers: dict[str, Reply] = {
        "id": client.number, "getname": client.name or None, "info": Verbatim(client.describe() + "\n"),
        "getredir": -1, "trackinginfo": {"flags": [b"off"], "redirect": -1, "prefixes": []},
        "list": Verbatim("".join(f"{each.describe()}\n" for each in _shown(client))),
    }  # fmt: skip
    return answers[what]


def _shown(client: Client) -> list[Client]:
    """The clients that this one may see: only those of its own address."""
    source = client.line.session.source
    return [each for each in client.server.clients.values() if each.line.session.source == source]


def _replies(client: Client, how: str) -> Reply:
    if how not in ("on", "off", "skip"):
        raise Wrong(SYNTAX)
    client.silent = {"on": 0, "off": -1, "skip": 2}[how]
    return OK if how == "on" else SILENCE


def _kill(client: Client, words: list[bytes]) -> Reply:
    chosen = _shown(client)
    if len(words) == 1:
        found = [each for each in chosen if each.address == printable(words[0])]
        if not found:
            raise Wrong("ERR No such client")
    else:
        found = _filtered(client, chosen, words)
    for each in found:
        if each is not client:
            each.line.writer.close()
    return OK if len(words) == 1 else len([each for each in found if each is not client])


def _filtered(client: Client, chosen: list[Client], words: list[bytes]) -> list[Client]:
    if len(words) % 2:
        raise Wrong(SYNTAX)
    for name, value in zip(words[::2], words[1::2], strict=True):
        if word(name) == "id":
            number = whole(value, "ERR client-id should be greater than 0")
            if number < 1:
                raise Wrong("ERR client-id should be greater than 0")
            chosen = [each for each in chosen if each.number == number]
        elif word(name) == "addr":
            chosen = [each for each in chosen if each.address == printable(value)]
        elif word(name) not in ("type", "user", "laddr", "skipme"):
            raise Wrong(SYNTAX)
    return chosen


def about_commands(client: Client, words: list[bytes]) -> Reply:
    """COMMAND."""
    table, version = client.server.table, client.server.version
    what = word(words[0]) if words else ""
    names = [word(name) for name in words[1:]]
    if what in ("", "info"):
        chosen = names or list(table.commands) if version >= (7,) or what == "" else names
        return [_entry(client, name) for name in chosen]
    if what == "count":
        return len(table.commands)
    if what == "list":
        return [*table.commands, *(f"{name}|{part}" for name, parts in table.parts.items() for part in parts)]
    if what == "docs":
        return {name: dict(docs) for name, docs in table.docs(names or list(table.commands))}
    return _keys_of(client, words[1:])


def _entry(client: Client, name: str) -> Reply:
    command, version = client.server.table.commands.get(name), client.server.version
    if command is None:
        return NoList()
    entry: list[Reply] = [
        name, command.arity, [Status(flag) for flag in command.flag_names(version)], *command.keys
    ]  # fmt: skip
    if version >= (6,):
        entry.append([Status(f"@{category}") for category in command.categories()])
    if version >= (7,):
        entry += [[], [], []]
    return entry


def _keys_of(client: Client, words: list[bytes]) -> Reply:
    command = client.server.table.commands.get(word(words[0]))
    if command is None:
        raise Wrong("ERR Invalid command specified")
    if not command.fits(len(words)):
        raise Wrong("ERR Invalid number of arguments specified for command")
    first, last, step = command.keys
    if not first:
        raise Wrong("ERR The command has no key arguments")
    return list(
        words[first : (last + 1) or None : step] if last >= 0 else words[first : last + 1 or None : step]
    )


def acl(client: Client, words: list[bytes]) -> Reply:
    what, rest = word(words[0]), words[1:]
    server = client.server
    if what == "genpass":
        return os.urandom(32).hex()
    if what == "cat":
        return _categories(client, [word(name) for name in rest])
    if what == "getuser":
        return _user(client) if rest[0] == b"default" else None
    if what == "deluser":
        if b"default" in rest:
            raise Wrong("ERR The 'default' user cannot be removed")
        return 0
    if what in ("save", "load"):
        raise Wrong(
            "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the "
            "ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) "
            "in order to store users in the Redis configuration."
        )
    rules = f"user default on {_secret(client)} {server.rules()}"
    answers: dict[str, Reply] = {
        "whoami": "default",
        "users": ["default"],
        "list": [rules],
        "log": [],
        "setuser": OK,
    }
    return answers.get(what, OK)


def _secret(client: Client) -> str:
    password = client.server.password
    return f"#{hashlib.sha256(password).hexdigest()}" if password else "nopass"


def _user(client: Client) -> Reply:
    server = client.server
    patterns, channels, commands = server.rules().split(" ", 2)
    new = server.version >= (7,)
    flags = ["on", *([] if new else ["allkeys", "allcommands"]), *([] if server.password else ["nopass"])]
    user: dict[Reply, Reply] = {
        "flags": list(flags), "passwords": [_secret(client)[1:]] if server.password else [], "commands": commands,
        "keys": patterns if new else [patterns[1:]], "channels": channels if new else [channels[1:]],
    }  # fmt: skip
    return user | {"selectors": []} if new else user


def _categories(client: Client, names: list[str]) -> Reply:
    commands = client.server.table.commands.values()
    if not names:
        return list(CATEGORIES)
    found: list[Reply] = [command.name for command in commands if names[0] in command.categories()]
    if not found:
        raise Wrong(f"ERR Unknown category '{names[0]}'")
    return found


def reset(client: Client, words: list[bytes]) -> Reply:
    refuse(client, client.queue or ())
    client.reset()
    client.known = not client.server.password
    client.name = b""
    return Status("RESET")


HANDLERS: Handlers = {
    "auth": auth, "hello": hello, "client": about_client, "command": about_commands, "acl": acl, "reset": reset,
}  # fmt: skip
