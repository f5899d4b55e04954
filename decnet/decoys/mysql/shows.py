# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""SHOW and DESCRIBE, and the errors that statements share."""

import re
from collections.abc import Callable

from .login import Visitor
from .packets import Failed
from .results import Done, Rows
from .world import ADMINISTRATORS, Cell, World

MOST_SHOWN = 80
NAME = r"`?([\w$]+)`?"
PLACE = rf"(?:{NAME}\s*\.\s*)?{NAME}"
LIKE = re.compile(r"(?:like|where\s+`?variable_name`?\s*(?:=|like))\s*['\"]([^'\"]*)['\"]", re.IGNORECASE)


class Shows:
    """One visitor's view of the server."""

    def __init__(self, world: World, visitor: Visitor, thread: int) -> None:
        self.world = world
        self.visitor = visitor
        self.thread = thread
        self.database = ""
        self.pause = 0.0

    def choose(self, name: str) -> Done:
        """USE. Raises Failed."""
        if name.lower() != "information_schema" and name not in self.world.schemas(self.visitor.user):
            if self.visitor.user in ADMINISTRATORS:
                raise Failed(1049, "42000", f"Unknown database '{name[:64]}'")
            account = f"'{self.visitor.user}'@'%'"
            raise Failed(1044, "42000", f"Access denied for user {account} to database '{name[:64]}'")
        self.database = name
        return Done()

    def show(self, statement: str) -> Rows | Done:
        words = re.sub(
            r"^show\s+(?:full\s+|global\s+|session\s+|extended\s+)*", "", statement, flags=re.IGNORECASE
        )
        what = words.split(None, 1)[0].lower() if words.split() else ""
        pattern = LIKE.search(statement)
        fits = like(pattern.group(1) if pattern else "%")
        if what in ("databases", "schemas"):
            return Rows(
                ["Database"], [(each,) for each in self.world.schemas(self.visitor.user) if fits(each)]
            )
        if what in ("variables", "status"):
            found = self.world.variables() if what == "variables" else self.world.status()
            return Rows(["Variable_name", "Value"], [pair for pair in found.items() if fits(pair[0])])
        if what == "tables":
            return self._tables(words, fits)
        if what in ("columns", "fields"):
            return self.columns(words)
        if what == "create":
            return self._create(words)
        return self._small(what, statement)

    def _small(self, what: str, statement: str) -> Rows:
        visitor, engine = (
            self.visitor,
            "Supports transactions, row-level locking, foreign keys and encryption for tables",
        )
        grants = [
            f"GRANT USAGE ON *.* TO `{visitor.user}`@`%`",
            f"GRANT SELECT ON `{self.world.application}`.* TO `{visitor.user}`@`%`",
        ]
        if visitor.user in ADMINISTRATORS:
            grants = [f"GRANT ALL PRIVILEGES ON *.* TO `{visitor.user}`@`%` WITH GRANT OPTION"]
        answers: dict[str, Rows] = {
            "grants": Rows([f"Grants for {visitor.account}"], [(each,) for each in grants]),
            "warnings": Rows(["Level", "Code", "Message"], []), "errors": Rows(["Level", "Code", "Message"], []),
            "processlist": Rows(
                ["Id", "User", "Host", "db", "Command", "Time", "State", "Info"],
                [(self.thread, visitor.user, f"{visitor.source}:0", self.database or None, "Query", 0, "starting", statement[:100])], frozenset((0, 5)),
            ),
            "engines": Rows(["Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"],
                            [("InnoDB", "DEFAULT", engine, "YES", "YES", "YES")]),
            "plugins": Rows(["Name", "Status", "Type", "Library", "License"], [(self.world.dialect.plugin, "ACTIVE", "AUTHENTICATION", None, "GPL")]),
            "collation": Rows(["Collation", "Charset", "Id", "Default", "Compiled", "Sortlen"],
                              [("utf8mb4_general_ci", "utf8mb4", 45, "Yes", "Yes", 1)], frozenset((2, 5))),
            "character": Rows(["Charset", "Description", "Default collation", "Maxlen"],
                              [("utf8mb4", "UTF-8 Unicode", "utf8mb4_general_ci", 4)], frozenset((3,))),
            "triggers": Rows(["Trigger", "Event", "Table"], []), "events": Rows(["Db", "Name"], []),
        }  # fmt: skip
        if what in ("master", "slave", "binary", "replica", "replicas"):
            raise self.needs("SUPER, REPLICATION CLIENT")
        if what not in answers:
            raise self.wrong(statement, statement)
        return answers[what]

    def _place(self, text: str) -> tuple[str, str]:
        found = re.search(rf"\b(?:from|in|table)\s+{PLACE}(?:\s+(?:from|in)\s+{NAME})?", text, re.IGNORECASE)
        if found is None:
            return self.database, ""
        schema, table, other = found.groups()
        return schema or other or self.database, table

    def _tables(self, words: str, fits: Callable[[str], object]) -> Rows:
        schema = self._place(words)[1] or self.database
        if not schema:
            raise Failed(1046, "3D000", "No database selected")
        before, self_database = self.database, schema
        self.choose(schema)
        self.database = before
        names = [name for name in sorted(self.world.databases.get(self_database, {})) if fits(name)]
        return Rows([f"Tables_in_{schema}"], [(name,) for name in names])

    def _describe(self, statement: str) -> Rows:
        found = re.fullmatch(rf"\w+\s+{PLACE}", statement, re.IGNORECASE)
        if found is None:
            raise self.wrong(statement, statement)
        return self.columns(
            f"columns from {found.group(1) or self.database}.{found.group(2)}"
            if found.group(1) or self.database
            else "columns from x"
        )

    def columns(self, words: str) -> Rows:
        schema, name = self._place(words)
        if not schema:
            raise Failed(1046, "3D000", "No database selected")
        table = self.world.table(schema, name, self.visitor.user)
        if table is None:
            raise self.no_table(schema, name)
        rows: list[tuple[Cell, ...]] = [
            (
                column,
                kind,
                "NO" if column == "id" else "YES",
                "PRI" if column == "id" else "",
                None,
                "auto_increment" if column == "id" else "",
            )
            for column, kind in table.columns.items()
        ]
        return Rows(["Field", "Type", "Null", "Key", "Default", "Extra"], rows)

    def _create(self, words: str) -> Rows:
        schema, name = self._place(words)
        table = self.world.table(schema, name, self.visitor.user) if schema else None
        if table is None:
            raise self.no_table(schema, name) if schema else Failed(1046, "3D000", "No database selected")
        lines = [
            f"  `{column}` {kind}" + (" NOT NULL AUTO_INCREMENT" if column == "id" else " DEFAULT NULL")
            for column, kind in table.columns.items()
        ]
        text = (
            f"CREATE TABLE `{name}` (\n"
            + ",\n".join([*lines, "  PRIMARY KEY (`id`)"])
            + "\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
        )
        return Rows(["Table", "Create Table"], [(name, text)])

    def needs(self, right: str) -> Failed:
        return Failed(
            1227,
            "42000",
            f"Access denied; you need (at least one of) the {right} privilege(s) for this operation",
        )

    def denied(self, verb: str, schema: str, table: str) -> Failed:
        dialect = self.world.dialect
        place = f"`{schema}`.`{table}`" if dialect.maria and dialect.number >= (10, 7) else f"'{table}'"
        who = f"'{self.visitor.user}'@'{self.visitor.source}'"
        return Failed(1142, "42000", f"{verb} command denied to user {who} for table {place}")

    def wrong(self, text: str, statement: str) -> Failed:
        near = (
            text[text.find(statement[:20]) :][:MOST_SHOWN]
            if statement[:20] in text
            else statement[:MOST_SHOWN]
        )
        name = self.world.dialect.name
        return Failed(
            1064, "42000",
            f"You have an error in your SQL syntax; check the manual that corresponds to your {name} server version "
            f"for the right syntax to use near '{near.rstrip(';')}' at line 1",
        )  # fmt: skip

    def no_table(self, schema: str, name: str) -> Failed:
        if schema.lower() == "information_schema":
            return Failed(1109, "42S02", f"Unknown table '{name}' in information_schema")
        if schema not in self.world.databases:
            return self.denied("SELECT", schema, name)
        return Failed(1146, "42S02", f"Table '{schema}.{name}' doesn't exist")


def like(pattern: str) -> Callable[[str], object]:
    """Whether a text fits a pattern of LIKE, without regard to case."""
    pieces = [".*" if each == "%" else "." if each == "_" else re.escape(each) for each in pattern[:100]]
    text = "".join(pieces)
    while ".*.*" in text:
        text = text.replace(".*.*", ".*")
    return re.compile(text, re.IGNORECASE | re.DOTALL).fullmatch
