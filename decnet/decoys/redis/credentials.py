"""Passwords in commands: those for logging in, and those to set, here or for another server."""

import re
from collections.abc import Iterable, Iterator

from ..credentials import record_login
from .arguments import word
from .instance import Client
from .resp import Failure, Reply

MOST = 20
"""Limits: recorded credentials of one command, and commands in unparsable bytes."""
SETTINGS = ("requirepass", "masterauth", "auth-pass", "sentinel-pass")
ARRAY, LENGTH = re.compile(rb"\*-?\d*"), re.compile(rb"\$-?\d*")

Credential = tuple[str, dict[str, bytes]]
"""Its method, and the fields of its login event."""


def record(client: Client, words: list[bytes], reply: Reply) -> None:
    """Record the credentials of a command whose handler has not recorded them; the reply shows the result."""
    judged, client.judged = client.judged, 0
    accepted = reply is not None and not isinstance(reply, Failure)
    for method, fields in sent(words)[judged:]:
        record_login(client.line.session, method, success=accepted, **fields)


def refuse(client: Client, commands: Iterable[list[bytes]]) -> None:
    """Record the credentials of commands that were never carried out."""
    for words in commands:
        record(client, words, None)


def sent(words: list[bytes]) -> list[Credential]:
    """The credentials in a command of any form."""
    finder = FINDERS.get(word(words[0][:16])) if words else None
    return list(finder(words))[:MOST] if finder else []


def salvaged(words: list[bytes], raw: bytes) -> list[list[bytes]]:
    """The commands in bytes that could not be parsed; the first continues `words`."""
    commands = [list(words)]
    in_array = bool(words)
    for line in re.split(rb"\r?\n", raw.rstrip(b"\r\n")):
        if ARRAY.fullmatch(line):
            in_array = True
            commands.append([])
        elif LENGTH.fullmatch(line):
            in_array = True
        elif in_array:
            commands[-1].append(line)
        else:
            commands.append(line.split())
    return [each for each in commands if each][:MOST]


def _auth(words: list[bytes]) -> Iterator[Credential]:
    if len(words) == 2:
        yield "auth", {"username": b"default", "password": words[1]}
    elif len(words) > 2:
        yield "auth", {"username": words[1], "password": b" ".join(words[2:])}


def _hello(words: list[bytes]) -> Iterator[Credential]:
    at = 1
    while at < len(words):
        option = word(words[at])
        if option == "auth" and at + 1 < len(words):
            yield "auth", {"username": words[at + 1]} | _password(words[at + 2 : at + 3])
        at += {"auth": 3, "setname": 2}.get(option, 1)


def _settings(words: list[bytes]) -> Iterator[Credential]:
    for name, value in zip(words[1:], words[2:], strict=False):
        if word(name) in SETTINGS:
            user = b"default" if word(name) == "requirepass" else b""
            yield f"{word(words[0])} set {word(name)}", {"username": user, "password": value}


def _rules(words: list[bytes]) -> Iterator[Credential]:
    if len(words) > 3 and word(words[1]) == "setuser":
        for rule in words[3:]:
            if rule[:1] in (b">", b"<"):
                yield "acl setuser", {"username": words[2], "password": rule[1:]}
            elif rule[:1] in (b"#", b"!"):
                yield "acl setuser", {"username": words[2], "hash": rule[1:]}


def _migrate(words: list[bytes]) -> Iterator[Credential]:
    for at, each in enumerate(words[6:], 7):
        if word(each) == "auth" and at < len(words):
            yield "migrate", {"username": b"default", "password": words[at]}
        elif word(each) == "auth2" and at < len(words):
            yield "migrate", {"username": words[at]} | _password(words[at + 1 : at + 2])


def _password(words: list[bytes]) -> dict[str, bytes]:
    return {"password": words[0]} if words else {}


FINDERS = {
    "auth": _auth,
    "hello": _hello,
    "config": _settings,
    "sentinel": _settings,
    "acl": _rules,
    "migrate": _migrate,
}
