# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""How the clients of MySQL and MariaDB reach the server of this machine: as root through its socket, else they are
refused. Sources: MariaDB 10.11.18 and MySQL 8.0.46."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from ..net.reach import Clock, ask, attempt, record, resolved
from ..process import Process
from .common import is_root, version_of

PORT = 3306
VALUES = {
    "u": "user", "h": "host", "P": "port", "S": "socket", "D": "database", "e": "execute", "user": "user", "host": "host", "port": "port",
    "socket": "socket", "database": "database", "execute": "execute", "protocol": "", "default-character-set": "", "connect-timeout": "",
    "connect_timeout": "", "defaults-file": "", "defaults-extra-file": "", "delimiter": "", "ssl-mode": "", "prompt": "", "pager": "", "tee": "",
    "init-command": "", "plugin-dir": "", "default-auth": "", "where": "", "result-file": "", "ignore-table": "", "sleep": "", "count": "",
    "max_allowed_packet": "", "max-allowed-packet": "", "login-path": "", "tables": "", "i": "", "c": "", "w": "", "r": "",
}  # fmt: skip
"""Options with a value: the field it goes to, "" for those that change nothing here."""
LONG = {
    "batch": "B", "skip-column-names": "N", "table": "t", "vertical": "E", "html": "H", "xml": "X", "force": "f", "silent": "s", "verbose": "v",
    "raw": "r", "all-databases": "A", "databases": "B", "no-data": "d", "quick": "q", "single-transaction": "", "compress": "", "skip-ssl": "",
    "ssl": "", "no-defaults": "", "no-auto-rehash": "A", "skip-auto-rehash": "A", "auto-rehash": "", "unbuffered": "n", "wait": "w",
    "routines": "R", "triggers": "", "events": "", "add-drop-table": "", "skip-add-locks": "", "skip-lock-tables": "", "lock-tables": "", "opt": "",
    "no-create-info": "t", "no-create-db": "n", "hex-blob": "", "column-names": "", "line-numbers": "", "local-infile": "", "safe-updates": "U", "binary-as-hex": "",
    "skip-comments": "", "compact": "", "skip-triggers": "", "flush-privileges": "", "master-data": "", "no-tablespaces": "", "set-gtid-purged": "", "column-statistics": "",
    "relative": "", "status": "", "keys": "", "sandbox": "", "skip-opt": "", "comments": "", "show-warnings": "", "password": "",
}  # fmt: skip
LETTERS = "BNtEHXfsvrAqnRdUGICKLlxykFaT"


@dataclass
class Wanted:
    """What the options ask for: `letters` are those without a value."""

    user: str = ""
    host: str = "localhost"
    port: str = ""
    socket: str = ""
    database: str = ""
    execute: str | None = None
    password: str | None = None
    asks: bool = False
    letters: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    wrong: str = ""


def wanted_of(process: Process, args: list[str]) -> Wanted:
    """Read the words of a call; `wrong` is the first option that is none."""
    wanted = Wanted(user=process.shell.user)
    at = 0
    while at < len(args):
        word, at = args[at], at + 1
        if not word.startswith("-") or word == "-":
            wanted.words.append(word)
        elif word.startswith("--"):
            at = _long(wanted, word[2:], args, at)
        else:
            at = _short(wanted, word[1:], args, at)
        if wanted.wrong:
            break
    return wanted


def _long(wanted: Wanted, text: str, args: list[str], at: int) -> int:
    name, equals, value = text.partition("=")
    if name == "password":
        wanted.password, wanted.asks = (value, False) if equals else (None, True)
    elif name in VALUES:
        if not equals:
            value, at = (args[at], at + 1) if at < len(args) else ("", at)
        _take(wanted, VALUES[name], value)
    elif name in LONG:
        wanted.letters.add(LONG[name])
        wanted.letters.add(name)
    elif text:
        wanted.wrong = f"--{name}"
    return at


def _short(wanted: Wanted, text: str, args: list[str], at: int) -> int:
    for number, letter in enumerate(text):
        rest = text[number + 1 :]
        if letter == "p":
            wanted.password, wanted.asks = (rest, False) if rest else (None, True)
            return at
        if letter in VALUES and not (letter == "r" and not rest):
            if not rest:
                rest, at = (args[at], at + 1) if at < len(args) else ("", at)
            _take(wanted, VALUES[letter], rest)
            return at
        if letter not in LETTERS:
            wanted.wrong = f"-{letter}"
            return at
        wanted.letters.add(letter)
    return at


def _take(wanted: Wanted, name: str, value: str) -> None:
    if name:
        setattr(wanted, name, value)


class Refused(Exception):
    """The server, or its absence: a code, a state and a text."""

    def __init__(self, code: int, state: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.state, self.text = code, state, text


class Link:
    """One connection to the server of this machine."""

    def __init__(self, process: Process, wanted: Wanted) -> None:
        self.process, self.wanted = process, wanted
        packages = process.shell.world.packages
        self.is_maria = not (
            packages is not None and any(name.startswith("mysql-server") for name in packages)
        )
        self.version = version_of(process.shell, "mariadb-server", "mariadb-server-10.5", "mysql-server-8.0")
        self.facts: dict[str, Any] = {}
        self._client = os.urandom(8).hex()
        self.database = ""

    @property
    def socket(self) -> str:
        """The path of the server's socket, as this client prints it."""
        return self.wanted.socket or (
            "/run/mysqld/mysqld.sock" if self.is_maria else "/var/run/mysqld/mysqld.sock"
        )

    def connect(self) -> Generator[Any, Any, None]:
        """Log in. Raises Refused."""
        wanted, shell = self.wanted, self.process.shell
        local = wanted.host in ("localhost", "")
        if local:
            if shell.node(shell.absolute(self.socket)) is None or not self._serves():
                server = "local server" if self.is_maria else "local MySQL server"
                raise Refused(2002, "HY000", f"Can't connect to {server} through socket '{self.socket}' (2)")
        else:
            yield from self._over_network()
        if not (local and is_root(shell) and wanted.user == "root"):
            raise self._denied()
        yield from self.ask("")
        if not self.facts:
            raise Refused(
                2013,
                "HY000",
                "Lost connection to server at 'handshake: reading initial communication packet', system error: 11",
            )
        if wanted.database:
            yield from self.choose(wanted.database)

    def _serves(self) -> bool:
        return any(
            port == (PORT, "tcp") or port[1] == "tcp"
            for each in self.process.shell.world.services()
            if each.service == "mysql"
            for port in each.ports
        )

    def _over_network(self) -> Generator[Any, Any, None]:
        wanted, process = self.wanted, self.process
        port = int(wanted.port) if wanted.port.isdecimal() and len(wanted.port) < 6 else PORT
        address = resolved(process, wanted.host)
        if not process.shell.world.network.is_own(address):
            record(process, "connect", host=wanted.host, port=port, username=wanted.user)
        if not address:
            yield 10.0
            kind = "server" if self.is_maria else "MySQL server"
            raise Refused(2005, "HY000", f"Unknown {kind} host '{wanted.host}' (-3)")
        found = attempt(process, address, port)
        if found.error:
            yield from Clock().wait(found.seconds)
            number = {"Connection refused": 111, "Connection timed out": 110, "No route to host": 113}.get(
                found.error, 101
            )
            if self.is_maria:
                raise Refused(
                    2002,
                    "HY000",
                    f"Can't connect to server on '{wanted.host}' ({115 if number == 111 else number})",
                )
            raise Refused(
                2003, "HY000", f"Can't connect to MySQL server on '{wanted.host}:{port}' ({number})"
            )

    def _denied(self) -> Refused:
        user, given = self.wanted.user, bool(self.wanted.password)
        who = f"Access denied for user '{user}'@'localhost'"
        if user == "root" or self.is_maria and not given:
            return Refused(1698, "28000", who)
        return Refused(1045, "28000", f"{who} (using password: {'YES' if given else 'NO'})")

    def ask(self, statement: str) -> Generator[Any, Any, dict[str, Any]]:
        """The server's answer to a statement. Raises Refused."""
        ports = [
            number
            for each in self.process.shell.world.services()
            if each.service == "mysql"
            for number, kind in each.ports
            if kind == "tcp"
        ]
        request = {
            "client": self._client,
            "user": self.wanted.user,
            "database": self.database,
            "statement": statement,
        }
        raw = yield from ask(self.process, ports[0] if ports else PORT, json.dumps(request).encode())
        found: dict[str, Any] = json.loads(raw) if raw[:1] == b"{" else {}
        self.facts = found or self.facts
        if "error" in found:
            raise Refused(*found["error"])
        self.database = found.get("database", self.database)
        return found

    def choose(self, name: str) -> Generator[Any, Any, None]:
        """USE. Raises Refused."""
        before, self.database = self.database, name
        try:
            yield from self.ask("")
        except Refused:
            self.database = before
            raise
