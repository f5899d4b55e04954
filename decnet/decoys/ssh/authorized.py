"""The keys that log in as a user: the lines of his authorized_keys, with their options.

Source: AUTHORIZED_KEYS FILE FORMAT and StrictModes in sshd(8) and sshd_config(5), and Dropbear's manual.
"""

from __future__ import annotations

import ipaddress
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..wildcards import is_like

if TYPE_CHECKING:
    from ..view import View

FILES = (".ssh/authorized_keys", ".ssh/authorized_keys2")
"""OpenSSH's default, below the home folder; Dropbear has the first one."""
MOST_BYTES, MOST_LINES = 128 * 1024, 8
"""Bytes of a file, and lines that name the key."""
LONGEST_OPTIONS = 4096
KINDS = ("ssh-", "ecdsa-", "sk-")
ACCEPTED = frozenset((
    "agent-forwarding", "environment", "no-agent-forwarding", "no-port-forwarding", "no-touch-required",
    "no-user-rc", "no-x11-forwarding", "permitlisten", "permitopen", "port-forwarding", "principals",
    "tunnel", "user-rc", "verify-required", "x11-forwarding",
))  # fmt: skip
"""Options without an effect here; a line with an unknown one, or of an authority, is ignored."""
OTHERS_MAY_WRITE = 0o022


@dataclass(frozen=True)
class Permit:
    """What a key may do: only this command if it is not None; a terminal or not. `key`: its type and
    fingerprint, "" for a password."""

    command: str | None = None
    has_terminal: bool = True
    key: str = ""


def permit_for(view: View, home: str, blob: bytes, source: str, *, dropbear: bool = False) -> Permit | None:
    """What this key may do as the user of `view`; None if it does not log in from `source`."""
    for name in FILES[: 1 if dropbear else None]:
        path = f"{home.rstrip('/')}/{name}"
        if not is_safe(view, path, home):
            continue
        node = view.node(path)
        content = node.data[:MOST_BYTES].decode("latin-1") if node is not None else ""
        key = b64encode(blob).decode()
        for line in [each for each in content.split("\n") if key in each][:MOST_LINES]:
            permit = _permit(line.strip(" \t\r"), key, source)
            if permit is not None:
                return permit
    return None


def is_safe(view: View, path: str, home: str) -> bool:
    """Whether it is a file that only the user or root can write, as are the folders up to his home."""
    path, home = view.real(path), view.real(home)
    node = view.node(path)
    if node is None or node.type_and_mode & 0o170000 != 0o100000 or not view.allowed(path, 4):
        return False
    while True:
        if node is None or node.owner not in ("root", view.user) or node.mode & OTHERS_MAY_WRITE:
            return False
        if path in (home, "/"):
            return True
        path = path.rpartition("/")[0] or "/"
        node = view.node(path)


def _permit(line: str, key: str, source: str) -> Permit | None:
    """What the key may do by this line; None if it is the line of another key, or none."""
    if line.startswith("#"):
        return None
    options: list[str] = []
    if not line.startswith(KINDS):
        options, line = _options(line)
    words = line.split(None, 2)
    if len(words) < 2 or not words[0].startswith(KINDS) or words[1] != key:
        return None
    return _allowed(options, source)


def _options(line: str) -> tuple[list[str], str]:
    """The options of a line, which are separated by commas outside quotes, and what follows the blank."""
    options, quoted, at = [""], False, 0
    while at < min(len(line), LONGEST_OPTIONS) and (quoted or line[at] not in " \t"):
        letter = line[at]
        if letter == "\\" and line[at + 1 : at + 2] == '"':
            at += 1
            options[-1] += '"'
        elif letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            options.append("")
        else:
            options[-1] += letter
        at += 1
    return options, line[at:].strip()


def _allowed(options: list[str], source: str) -> Permit | None:
    """None if an option is unknown, or excludes this visitor."""
    command, has_terminal = None, True
    for option in options:
        name, _, value = option.partition("=")
        name = name.lower()
        if name == "command":
            command = value
        elif name == "from":
            if not matches(source, value):
                return None
        elif name == "expiry-time":
            if not value[:8].isdecimal() or time.strftime("%Y%m%d%H%M%S")[: len(value)] >= value.rstrip("Z"):
                return None
        elif name in ("pty", "no-pty", "restrict"):
            has_terminal = name == "pty"
        elif name not in ACCEPTED:
            return None
    return Permit(command, has_terminal)


def matches(source: str, patterns: str) -> bool:
    """Whether an address matches a list of addresses, patterns and networks; one after `!` excludes it."""
    found = False
    for pattern in patterns.split(",")[:100]:
        excludes, pattern = pattern[:1] == "!", pattern.removeprefix("!").strip()
        if _is_in(source, pattern) if "/" in pattern else is_like(source, pattern):
            if excludes:
                return False
            found = True
    return found


def _is_in(source: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(source) in ipaddress.ip_network(network)
    except ValueError:
        return False
