# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Statements of the clients on the machine itself: the ssh decoy asks with datagrams (host/insiders.py).

A request is a JSON object with `client` (a name), `user`, `database` and `statement` ("" for nothing but the facts below).
The answer has `columns` and `rows` (of cells: text, number or null), or `affected`, or `error` (code, state, text); and
always `thread`, `uptime`, `version`, `comment` and `statistics`. These are not visits: nothing is recorded."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from ..host.insiders import MOST_BYTES, Answers
from ..persona import Persona
from .dialects import Dialect
from .login import Visitor
from .packets import Failed
from .results import Done, Rows
from .sql import Desk
from .world import Cell, Table, World

MOST_CLIENTS = 40
"""That are remembered; of others the earliest is forgotten."""
MOST_CELLS = 20_000
MARIA_USERS = (
    ("mariadb.sys", "localhost", "mysql_native_password", ""),
    ("root", "localhost", "mysql_native_password", "invalid"),
    ("mysql", "localhost", "mysql_native_password", "invalid"),
)
MYSQL_USERS = (("debian-sys-maint", "localhost", "caching_sha2_password", ""), ("mysql.infoschema", "localhost", "caching_sha2_password", ""), ("mysql.session", "localhost", "caching_sha2_password", ""), ("mysql.sys", "localhost", "caching_sha2_password", ""), ("root", "localhost", "auth_socket", ""))  # fmt: skip
GRANTS = (
    "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket WITH GRANT OPTION",
    "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
)
MYSQL_GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, SHUTDOWN, PROCESS, FILE, REFERENCES, INDEX, ALTER, SHOW DATABASES, SUPER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE TABLESPACE, CREATE ROLE, DROP ROLE ON *.* TO `root`@`localhost` WITH GRANT OPTION",
    "GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION",
)


class LocalVisitor(Visitor):
    """Someone who came through the server's socket."""

    @property
    def account(self) -> str:
        """The account as CURRENT_USER() names it."""
        return f"{self.user}@localhost"


class LocalDesk(Desk):
    """The statements of root on the machine: the accounts are shown to him."""

    def answer(self, text: str) -> Rows | Done:
        """The result of one statement. Raises Failed."""
        words = text.lower().split()
        if words[:2] == ["show", "grants"] and len(words) == 2:
            grants = GRANTS if self.world.dialect.maria else MYSQL_GRANTS
            return Rows([f"Grants for {self.visitor.account}"], [(each,) for each in grants])
        found = super().answer(text)
        if isinstance(found, Rows) and found.columns[:3] == ["Id", "User", "Host"]:
            progress = (0.0,) if self.world.dialect.maria else ()
            rows = [
                (*row[:2], "localhost", *row[3:], *(f"{each:.3f}" for each in progress)) for row in found.rows
            ]
            return Rows([*found.columns, *(["Progress"] if progress else [])], rows, found.whole)
        return found

    def no_table(self, schema: str, name: str) -> Failed:
        """The refusal for a table that is not there."""
        if schema.lower() == "information_schema":
            return super().no_table(schema, name)
        return Failed(1146, "42S02", f"Table '{schema}.{name}' doesn't exist")


class LocalWorld:
    """The server's contents with its own tables, which root sees."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def table(self, schema: str, name: str, user: str) -> Table | None:
        """One table."""
        if (schema.lower(), name.lower()) != ("mysql", "user"):
            return self._world.table(schema, name, user)
        is_maria = self._world.dialect.maria
        names = ("User", "Host", "plugin", "authentication_string")
        rows: list[tuple[Cell, ...]] = list(MARIA_USERS if is_maria else MYSQL_USERS)
        columns = {
            each if is_maria else each.lower() if each in ("User", "Host") else each: "char(80)"
            for each in names
        }
        return Table(columns, rows)


class Counter:
    """Answers such requests for one server."""

    def __init__(self, persona: Persona, dialect: Dialect, world: World) -> None:
        self._persona, self._dialect, self._world = persona, dialect, world
        self._desks: OrderedDict[str, LocalDesk] = OrderedDict()

    @property
    def answers(self) -> Answers:
        """As answer_insiders wants it."""
        return self._answer

    def _answer(self, request: bytes, port: int) -> bytes:
        try:
            asked = json.loads(request)
            client, user, database, text = (
                str(asked.get(each, "")) for each in ("client", "user", "database", "statement")
            )
        except (ValueError, AttributeError, RecursionError):
            return b""
        desk = self._desk(client[:32], user[:80])
        found: dict[str, Any] = {}
        try:
            if database and database != desk.database:
                desk.choose(database)
            if text:
                self._world.statements += 1
                found = _shown(desk.answer(text))
        except Failed as failed:
            found = {"error": [failed.code, failed.state, failed.text]}
        except (LookupError, ValueError, TypeError, ArithmeticError):
            found = {"error": [1047, "08S01", "Unknown command"]}
        return self._packed(desk, found)

    def _packed(self, desk: LocalDesk, found: dict[str, Any]) -> bytes:
        up, queries = self._world.uptime(), self._world.queries
        flush = "" if self._dialect.maria else "Flush tables: 3  "
        facts = {
            "thread": desk.thread, "uptime": up, "version": self._dialect.version, "comment": self._dialect.comment, "database": desk.database,
            "pause": desk.pause,
            "statistics": f"Threads: {1 if self._dialect.maria else 2}  Questions: {queries}  Slow queries: 0  Opens: 63  {flush}Open tables: 52  Queries per second avg: {queries / up:.3f}",
        }  # fmt: skip
        data = json.dumps({**found, **facts}).encode()
        while len(data) > MOST_BYTES and found.get("rows"):
            found["rows"] = found["rows"][: len(found["rows"]) // 2]
            data = json.dumps({**found, **facts}).encode()
        return data

    def _desk(self, client: str, user: str) -> LocalDesk:
        desk = self._desks.get(client)
        if desk is None or desk.visitor.user != user:
            world: Any = LocalWorld(self._world)
            desk = LocalDesk(world, LocalVisitor(user, "localhost", 0, 0), self._world.connected())
            self._desks[client] = desk
        self._desks.move_to_end(client)
        while len(self._desks) > MOST_CLIENTS:
            self._desks.popitem(last=False)
        return desk


def _shown(result: Rows | Done) -> dict[str, Any]:
    if isinstance(result, Done):
        return {"affected": result.affected}
    most = max(1, MOST_CELLS // max(1, len(result.columns)))
    return {
        "columns": result.columns,
        "rows": [list(row) for row in result.rows[:most]],
        "whole": sorted(result.whole),
    }
