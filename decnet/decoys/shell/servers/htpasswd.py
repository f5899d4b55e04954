# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""htpasswd. Source: apache2-utils 2.4.68 of Debian 12."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Generator

from ..process import Command, Process, Running
from ..text.common import parse
from ..text.password_hashes import md5, sha
from .common import guarded, recorded

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PLAIN = "Warning: storing passwords as plain text might just not work on this platform.\n"
LONGEST = 255


def _salt(length: int) -> str:
    return "".join(ALPHABET[byte % 64] for byte in os.urandom(length))


def _crypted(password: str, kind: str, salt: str) -> Generator[float, None, str]:
    """The hash of crypt(5), with pauses."""
    raw, found = password.encode("utf-8", "surrogateescape"), ""
    for each in md5(raw, salt.encode(), kind) if kind == "apr1" else sha(raw, salt.encode(), kind):
        found = each
        yield 0.0
    return found


def hashed(password: str, kind: str) -> Generator[float, None, str]:
    """A password as a line of the file has it; `kind` is the letter of the option."""
    if kind == "s":
        digest = hashlib.sha1(password.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
        return "{SHA}" + base64.b64encode(digest).decode()
    if kind == "p":
        return password
    mark, length = {"2": ("5", 16), "5": ("6", 16)}.get(kind, ("apr1", 8))
    return (yield from _crypted(password, mark, _salt(length)))


def _fits(password: str, known: str) -> Generator[float, None, bool]:
    if known.startswith("{SHA}"):
        return (yield from hashed(password, "s")) == known
    kind, _, rest = known[1:].partition("$")
    return (
        kind in ("apr1", "5", "6") and (yield from _crypted(password, kind, rest.partition("$")[0])) == known
    )


def htpasswd(process: Process) -> Running:
    """Keep a file of users and passwords for Apache."""
    options = parse(process, "cimB25dpsDvnbC:r:")
    words = options.operands
    batch, shows = "b" in options, "n" in options
    wanted = (0 if shows else 1) + 1 + int(batch)
    if len(words) != wanted:
        yield from recorded(process)
        return 2
    path, (user, *rest) = ("", words) if shows else (words[0], words[1:])
    if ":" in user or len(user) > LONGEST:
        process.err(
            "htpasswd: username contains illegal character ':'\n"
            if ":" in user
            else f"htpasswd: username too long (> {LONGEST})\n"
        )
        return 6 if ":" in user else 5
    yield 0.0
    if "D" in options:
        return _without(process, path, user)
    password = rest[0] if batch else process.given.decode("utf-8", "replace").split("\n")[0]
    kind = options.last("m25spdB") or "m"
    if kind in "dB":
        process.err(
            f"htpasswd: Unable to encode with {'bcrypt' if kind == 'B' else 'crypt'}: Cannot allocate memory\n"
        )
        return 8
    if "v" in options:
        return (yield from _verified(process, path, user, password))
    process.err(PLAIN if kind == "p" else "")
    entry = yield from hashed(password, kind)
    if shows:
        process.out(f"{user}:{entry}\n\n")
        return 0
    return _stored(process, path, user, entry, new="c" in options)


def _lines(process: Process, path: str) -> list[str] | None:
    text = process.shell.read(process.shell.absolute(path))
    return None if text is None else text.splitlines()


def _save(process: Process, path: str, lines: list[str]) -> int:
    shell, data = process.shell, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    if refused := shell.put(shell.absolute(path), data, len(data)):
        process.err(
            f"htpasswd: cannot create file {path}\n"
            if "denied" not in refused
            else f"htpasswd: cannot modify file {path}\n"
        )
        return 1
    return 0


def _stored(process: Process, path: str, user: str, entry: str, *, new: bool) -> int:
    lines = [] if new else _lines(process, path)
    if lines is None:
        process.err(f"htpasswd: cannot modify file {path}; use '-c' to create it\n")
        return 1
    places = [at for at, line in enumerate(lines) if line.partition(":")[0] == user]
    if places:
        lines[places[0]] = f"{user}:{entry}"
    else:
        lines.append(f"{user}:{entry}")
    status = _save(process, path, lines)
    process.err(f"{'Updating' if places else 'Adding'} password for user {user}\n" if status == 0 else "")
    return status


def _without(process: Process, path: str, user: str) -> int:
    lines = _lines(process, path)
    if lines is None:
        process.err(f"htpasswd: cannot modify file {path}; use '-c' to create it\n")
        return 1
    left = [line for line in lines if line.partition(":")[0] != user]
    if len(left) == len(lines):
        process.err(f"User {user} not found\n")
        return 0
    process.err(f"Deleting password for user {user}\n")
    return _save(process, path, left)


def _verified(process: Process, path: str, user: str, password: str) -> Running:
    known = next(
        (line.partition(":")[2] for line in _lines(process, path) or [] if line.partition(":")[0] == user),
        None,
    )
    if known is None:
        process.err(f"User {user} not found\n")
        return 6
    if not (yield from _fits(password, known)):
        process.err("password verification failed\n")
        return 3
    process.err(f"Password for user {user} correct.\n")
    return 0


COMMANDS: dict[str, Command] = guarded({"htpasswd": htpasswd})
