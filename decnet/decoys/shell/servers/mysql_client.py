# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""mysql and mariadb. Sources: MariaDB 10.11.18 of Debian 12, MySQL 8.0.46 of Ubuntu 22.04."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from ..context import Context, Work
from ..descriptors import Stream
from ..full_screen import on_terminal
from ..printing import serving, started
from ..process import Process, Running
from ..tasks import Line
from .mysql_link import Link, Refused, wanted_of
from .mysql_output import batch, html, table, vertical, xml

MOST_STATEMENTS = 2000
MOST_TEXT = 64 * 1024
INSECURE = "mysql: [Warning] Using a password on the command line interface can be insecure.\n"
MARIA = """Welcome to the MariaDB monitor.  Commands end with ; or \\g.
Your MariaDB connection id is {thread}
Server version: {version} {comment}

Copyright (c) 2000, 2018, Oracle, MariaDB Corporation Ab and others.

Type 'help;' or '\\h' for help. Type '\\c' to clear the current input statement.

"""
MYSQL = """Welcome to the MySQL monitor.  Commands end with ; or \\g.
Your MySQL connection id is {thread}
Server version: {version} {comment}

Copyright (c) 2000, {year}, Oracle and/or its affiliates.

Oracle is a registered trademark of Oracle Corporation and/or its
affiliates. Other names may be trademarks of their respective
owners.

Type 'help;' or '\\h' for help. Type '\\c' to clear the current input statement.

"""


class Client:
    """One run of the client."""

    def __init__(self, process: Process, link: Link) -> None:
        self.process, self.link, self.letters = process, link, link.wanted.letters
        self.status, self.line, self.prompts = 0, 1, False

    def complain(self, refused: Refused, statement: str = "") -> None:
        """Print what the server has refused."""
        where = "" if self.prompts or not statement else f" at line {self.line}"
        echo = (
            f"--------------\n{statement}\n--------------\n\n"
            if statement
            and not self.prompts
            and self.link.is_maria
            and not statement.lower().startswith("use ")
            else ""
        )
        self.process.err(f"{echo}ERROR {refused.code} ({refused.state}){where}: {refused.text}\n")
        self.status = 1

    def text(self, text: str) -> Generator[Any, Any, bool]:
        """Carry out the statements of a text; whether to go on."""
        for line, statement, end in split(text):
            self.line = line
            if not (yield from self.one(statement, end)):
                return False
            if self.status and "f" not in self.letters and not self.prompts:
                return False
        return True

    def one(self, statement: str, end: str) -> Generator[Any, Any, bool]:
        """Carry out one statement; whether to go on."""
        word = statement.split(None, 1)[0].lower() if statement.split() else ""
        if word in ("quit", "exit", "\\q"):
            return False
        try:
            if word in ("status", "\\s") and len(statement.split()) == 1:
                yield from self._status()
            elif word in ("use", "\\u") and len(statement.split()) == 2:
                yield from self.link.choose(statement.split()[1].strip("`"))
                if self.prompts:
                    self.process.out("Database changed\n")
            elif word:
                found = yield from self.link.ask(statement)
                if found.get("pause"):
                    yield float(found["pause"])
                self._show(statement, found, end)
        except Refused as refused:
            self.complain(refused, statement)
        return True

    def _show(self, statement: str, found: dict[str, Any], end: str) -> None:
        out, columns, rows = self.process.out, found.get("columns"), found.get("rows", [])
        took = "0.000 sec" if self.link.is_maria else "0.00 sec"
        if columns is None:
            if self.prompts:
                out(f"Query OK, {found.get('affected', 0)} rows affected ({took})\n\n")
            return
        names = "N" not in self.letters and not ("s" in self.letters and not self.prompts)
        if end == "\\G" or "E" in self.letters:
            out(vertical(columns, rows))
        elif "X" in self.letters:
            out(xml(statement, columns, rows))
        elif "H" in self.letters:
            out(html(columns, rows, names=names))
        elif "t" in self.letters or (
            self.process.to_terminal and "B" not in self.letters and "s" not in self.letters
        ):
            out(table(columns, rows, set(found.get("whole", [])), names=names))
        else:
            out(batch(columns, rows, names=names, raw="r" in self.letters))
        if self.prompts:
            count = f"{len(rows)} row{'s' if len(rows) != 1 else ''} in set" if rows else "Empty set"
            out(f"{count} ({took})\n\n")

    def _status(self) -> Running:
        link = self.link
        found = yield from link.ask("")
        client = (yield from _version(self.process)) or ""
        facts = link.facts
        charset = "utf8mb3" if link.is_maria else "utf8mb4"
        server = "Server:\t\t\tMariaDB\n" if link.is_maria else ""
        self.process.out(
            f"--------------\n{client}\n\nConnection id:\t\t{facts.get('thread', 0)}\nCurrent database:\t{link.database}\nCurrent user:\t\troot@localhost\n"
            f"SSL:\t\t\tNot in use\nCurrent pager:\t\tstdout\nUsing outfile:\t\t''\nUsing delimiter:\t;\n{server}Server version:\t\t{facts.get('version')} {facts.get('comment')}\n"
            f"Protocol version:\t10\nConnection:\t\tLocalhost via UNIX socket\nServer characterset:\tutf8mb4\nDb     characterset:\tutf8mb4\n"
            f"Client characterset:\t{charset}\nConn.  characterset:\t{charset}\nUNIX socket:\t\t{link.socket}\nUptime:\t\t\t{duration(found.get('uptime', 0))}\n\n"
            f"{facts.get('statistics')}\n--------------\n\n"
        )
        return 0


def duration(seconds: int) -> str:
    """A time as the clients print it."""
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [(days, "day"), (hours, "hour"), (minutes, "min")]
    shown = [f"{value} {name}{'s' if value > 1 and name != 'min' else ''}" for value, name in parts if value]
    return " ".join([*shown, f"{seconds % 60} sec"])


def _version(process: Process) -> Generator[Any, Any, str]:
    name = process.name.rpartition("/")[2]
    known = serving(process.shell, [name, "--version"])
    if known is None:
        return ""
    child = Process(process.shell, name, ["--version"])
    yield from started(known, child)
    return b"".join(data for _, data in child.chunks).decode().rstrip("\n")


def split(text: str) -> list[tuple[int, str, str]]:
    """The statements of a text: the line on which each begins, its text, and how it ends (`;`, `\\G`, `\\g`, "")."""
    found: list[tuple[int, int, str]] = []
    start, at, quote = 0, 0, ""
    while at < len(text) and len(found) < MOST_STATEMENTS:
        each = text[at]
        if quote:
            at += 1 if each == "\\" else 0
            quote = "" if each == quote else quote
        elif each in "'\"`":
            quote = each
        elif each == ";" or text[at : at + 2] in ("\\G", "\\g"):
            end = ";" if each == ";" else text[at : at + 2]
            found.append((start, at, end))
            at += len(end) - 1
            start = at + 1
        at += 1
    found.append((start, len(text), ""))
    return [
        (text.count("\n", 0, begin + len(piece) - len(piece.lstrip())) + 1, piece.strip(), end)
        for begin, stop, end in found
        if (piece := text[begin:stop]).strip()
    ]


def mysql(context: Context, process: Process) -> Work:
    """`mysql`, `mariadb`."""
    name = process.name.rpartition("/")[2]
    if (
        process.args
        and (known := serving(process.shell, [name, *process.args]))
        and process.args[0] in ("-V", "--version", "-?", "--help", "-I")
    ):
        return (yield from started(known, process))
    wanted = wanted_of(process, process.args)
    link = Link(process, wanted)
    if wanted.wrong:
        process.err(_unknown(name, wanted.wrong, is_maria=link.is_maria))
        return 2
    wanted.database = wanted.database or (wanted.words[0] if wanted.words else "")
    if wanted.password and not link.is_maria:
        process.err(INSECURE)
    client = Client(process, link)
    source = context.fds.get(0)
    is_typed = on_terminal(context) and source is context.engine.input
    if wanted.asks and is_typed and isinstance(source, Stream):
        context.err("Enter password: ")
        source.echo = False
        try:
            typed = yield from context.read_line(source)
        finally:
            source.echo = True
        process.out("\n")
        wanted.password = typed.decode("utf-8", "replace").rstrip("\r\n")
    try:
        yield from link.connect()
    except Refused as refused:
        client.complain(refused)
        return 1
    if wanted.execute is not None:
        yield from client.text(wanted.execute)
    elif is_typed:
        yield from _prompted(context, client)
    else:
        yield from client.text(process.given[:MOST_TEXT].decode("utf-8", "replace"))
    return client.status


def _unknown(name: str, option: str, *, is_maria: bool) -> str:
    if is_maria:
        return f"{name}: unknown option '{option}'\n"
    short = f"{name}: " if not option.startswith("--") else ""
    return f"{name}: [ERROR] {short}unknown option '{option}'.\n"


def _prompted(context: Context, client: Client) -> Work:
    link, out = client.link, client.process.out
    packages = client.process.shell.world.packages
    package = packages.get("mysql-client-core-8.0") if packages is not None else None
    year = time.gmtime(package.made).tm_year if package else 2024
    out((MARIA if link.is_maria else MYSQL).format(**{"year": year, **link.facts}))
    shell, client.prompts, held = context.fork().shell, True, ""
    shell.history, shell.notes = [], {**shell.notes, "cleared": ""}
    for _ in range(MOST_STATEMENTS):
        place = link.database or "(none)"
        prompt = f"MariaDB [{place}]> " if link.is_maria else "mysql> "
        line = Line("    -> " if held else prompt, shell, is_readline=False)
        yield line
        if line.is_interrupted:
            out("^C\n")
            held = ""
            continue
        if line.text is None:
            out("Bye\n")
            return 0
        shell.history.append(line.text)
        text = (held + line.text)[:MOST_TEXT]
        word = text.strip().rstrip(";").lower()
        if word in ("quit", "exit", "\\q"):
            break
        is_whole = text.rstrip().endswith((";", "\\G", "\\g", "\\s", "\\c")) or word.split(" ")[0] in (
            "use",
            "status",
            "help",
            "clear",
            "",
        )
        held = "" if is_whole else text + "\n"
        if is_whole and not text.rstrip().endswith("\\c") and not (yield from client.text(text)):
            break
    out("Bye\n")
    return 0
