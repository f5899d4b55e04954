# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""The few statements that visitors try first, answered from a read-only simulated database."""

import re
import time
from collections.abc import Callable

from .packets import Failed
from .results import Done, Rows
from .shows import PLACE, Shows, like
from .world import ADMINISTRATORS, Cell

MOST_READ = 4096
MOST_UNDERSTOOD = 512
"""Longer statements are not parsed: parsing takes time."""
LONGEST_SLEEP = 10.0

COMMENTS = re.compile(r"/\*!\d*(.*?)\*/|/\*.*?\*/|(?:^|(?<=\s))--(?:\s[^\n]*|$)|#[^\n]*", re.DOTALL)
SELECT = re.compile(
    rf"select\s++(?:distinct\s+|sql_no_cache\s+)?(.+?)\s+from\s+{PLACE}(?:\s+(?:as\s+)?(?!where|order|limit|group|union)\w+)?"
    r"(?:\s+where\s+(.+?))?(?:\s+order\s+by\s+.+?)?(?:\s+limit\s+(\d+)(?:\s*(,|offset)\s*(\d+))?)?",
    re.DOTALL | re.IGNORECASE,
)
CONSTANT = re.compile(r"select\s++(.+?)(?:\s+from\s+dual)?(?:\s+limit\s+\d+)?", re.DOTALL | re.IGNORECASE)
EQUALS = re.compile(
    r"\s*`?(?:\w+\.)?`?(\w+)`?\s*(?:=|like)\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+)|(database\(\)|schema\(\)))\s*",
    re.IGNORECASE,
)
QUIET = re.compile(
    r"(set|commit|rollback|start\s+transaction|begin|flush\s+status|unlock\s+tables|lock\s+tables|savepoint|do)\b",
    re.IGNORECASE,
)
WRITES = re.compile(
    rf"(insert|replace|update|delete|create|drop|alter|truncate|rename|grant|revoke|load|install|uninstall)\b(?:.*?\b(?:into|from|table|update|view|index|on)\s+(?:if\s+(?:not\s+)?exists\s+)?{PLACE})?",
    re.IGNORECASE | re.DOTALL,
)
NEEDS = {
    "reset": "RELOAD", "flush": "RELOAD", "shutdown": "SHUTDOWN", "kill": "SUPER", "change": "SUPER", "purge": "SUPER",
    "install": "INSERT", "uninstall": "DELETE", "handler": "SELECT",
}  # fmt: skip


class Desk(Shows):
    """The statements of one visitor, and the answers."""

    def fields(self, name: str) -> tuple[dict[str, str], tuple[str, str]]:
        """The columns of a table of the chosen database, and its place. Raises Failed."""
        if not self.database:
            raise Failed(1046, "3D000", "No database selected")
        table = self.world.table(self.database, name, self.visitor.user)
        if table is None:
            raise self.no_table(self.database, name[:64])
        return table.columns, (self.database, name)

    def answer(self, text: str) -> Rows | Done:
        """The result of one statement. Raises Failed."""
        self.pause = 0.0
        statement = COMMENTS.sub(lambda found: f" {found.group(1) or ''} ", text[:MOST_READ])
        statement = statement.strip().rstrip(";").strip()
        if not statement:
            raise Failed(1065, "42000", "Query was empty")
        verb = statement.split(None, 1)[0].lower()
        handler: Callable[[str], Rows | Done] | None = {
            "select": self._select, "show": self.show, "desc": self._describe, "describe": self._describe,
            "explain": self._describe, "use": self._use,
        }.get(verb)  # fmt: skip
        if handler and len(statement) <= MOST_UNDERSTOOD:
            return handler(statement)
        if QUIET.match(statement):
            return Done()
        if WRITES.match(statement):
            raise self._refused(statement)
        if verb in NEEDS:
            raise self.needs(NEEDS[verb])
        raise self.wrong(text, statement)

    def _use(self, statement: str) -> Done:
        return self.choose(statement[3:].strip().strip("`"))

    def _refused(self, statement: str) -> Failed:
        """Every write is refused."""
        found = WRITES.match(statement)
        assert found is not None
        verb = found.group(1).upper()
        if self.visitor.user in ADMINISTRATORS:
            option = "--read-only" if self.world.dialect.maria else "--super-read-only"
            return Failed(
                1290,
                "HY000",
                f"The {self.world.dialect.name} server is running with the {option} option so it cannot execute this statement",
            )
        if verb in ("CREATE", "DROP") and re.match(r"\w+\s+(?:database|schema)\b", statement, re.IGNORECASE):
            name = statement.split()[-1].strip("`")[:64]
            return Failed(
                1044, "42000", f"Access denied for user '{self.visitor.user}'@'%' to database '{name}'"
            )
        if verb in ("GRANT", "REVOKE", "LOAD", "INSTALL", "UNINSTALL") or not found.group(3):
            return self.needs("CREATE USER" if verb in ("GRANT", "REVOKE", "CREATE") else "FILE")
        return self.denied(
            verb if verb not in ("REPLACE", "TRUNCATE") else "INSERT" if verb == "REPLACE" else "DROP",
            found.group(2) or self.database,
            found.group(3),
        )

    def _select(self, statement: str) -> Rows | Done:
        if re.search(r"\binto\s+(?:out|dump)file\b", statement, re.IGNORECASE):
            if self.visitor.user in ADMINISTRATORS:
                return self._raise(self._refused("insert"))
            raise Failed(
                1045, "28000", f"Access denied for user '{self.visitor.user}'@'%' (using password: YES)"
            )
        found = SELECT.fullmatch(statement)
        if found and found.group(3).lower() != "dual":
            return self._from_table(statement, found)
        constant = CONSTANT.fullmatch(statement)
        if constant is None or re.search(r"\bunion\b|\bfrom\b", statement, re.IGNORECASE):
            raise self.wrong(statement, statement)
        return self._constants(constant.group(1))

    def _raise(self, failed: Failed) -> Done:
        raise failed

    def _from_table(self, statement: str, found: re.Match[str]) -> Rows:
        what, schema, name, where, limit, comma, second = found.groups()
        schema = schema or self.database
        if not schema:
            raise Failed(1046, "3D000", "No database selected")
        table = self.world.table(schema, name, self.visitor.user)
        if table is None:
            raise self.no_table(schema, name)
        names = list(table.columns)
        rows = self._filtered(table.rows, names, where, statement)
        wanted = [part.strip() for part in what.split(",")]
        if len(wanted) == 1 and re.fullmatch(r"count\s*\(.*\)", wanted[0], re.IGNORECASE):
            return Rows([wanted[0]], [(len(rows),)], frozenset((0,)))
        if limit:
            start, count = (int(limit), int(second)) if comma == "," else (int(second or 0), int(limit))
            rows = rows[start : start + count]
        places = [place for part in wanted for place in self._places(part, names)]
        picked = [tuple(row[place] for place in places) for row in rows]
        whole = frozenset(
            at for at, place in enumerate(places) if "int" in list(table.columns.values())[place]
        )
        return Rows([names[place] for place in places], picked, whole, (schema, name))

    def _places(self, part: str, names: list[str]) -> list[int]:
        column = part.split(".")[-1].strip("` ")
        if column == "*":
            return list(range(len(names)))
        column = column.split()[0].strip("`") if column.split() else column
        found = [at for at, name in enumerate(names) if name.lower() == column.lower()]
        if not found:
            clause = (
                "SELECT"
                if self.world.dialect.maria and self.world.dialect.number >= (10, 12)
                else "field list"
            )
            raise Failed(1054, "42S22", f"Unknown column '{column[:64]}' in '{clause}'")
        return found

    def _filtered(
        self, rows: list[tuple[Cell, ...]], names: list[str], where: str | None, statement: str
    ) -> list[tuple[Cell, ...]]:
        for part in re.split(r"\s+and\s+", where, flags=re.IGNORECASE) if where else ():
            if re.fullmatch(r"\s*(\d+)\s*=\s*\1\s*", part):
                continue
            found = EQUALS.fullmatch(part)
            if found is None:
                return []
            column, one, other, digits, here = found.groups()
            value = self.database if here else next(v for v in (one, other, digits) if v is not None)
            place = next((at for at, name in enumerate(names) if name.lower() == column.lower()), None)
            if place is None:
                raise Failed(
                    1054,
                    "42S22",
                    f"Unknown column '{column[:64]}' in '{'WHERE' if self.world.dialect.number >= (11,) else 'where clause'}'",
                )
            fits = like(value)
            rows = [row for row in rows if fits(str(row[place]))]
        return rows

    def _constants(self, text: str) -> Rows:
        names: list[str] = []
        values: list[Cell] = []
        for part in _split(text):
            expression, alias = part.strip(), ""
            found = re.fullmatch(
                r"(.+?)\s+(?:as\s+)?[`'\"]?(\w+)[`'\"]?", expression, re.IGNORECASE | re.DOTALL
            )
            if found and not expression.endswith(")") and found.group(1)[-1] not in "+-*/(,":
                expression, alias = found.group(1).strip(), found.group(2)
            names.append((alias or expression.strip("'\""))[:64])
            values.append(self._value(expression))
        whole = frozenset(at for at, value in enumerate(values) if isinstance(value, int))
        return Rows(names, [tuple(values)], whole)

    def _value(self, expression: str) -> Cell:
        low = expression.lower().replace(" ", "")
        if low.startswith("@@"):
            return self._variable(expression)
        if re.fullmatch(r"-?\d{1,18}", low):
            return int(low)
        quoted = re.fullmatch(r"'([^']*)'|\"([^\"]*)\"", expression)
        if quoted:
            return quoted.group(1) if quoted.group(1) is not None else quoted.group(2)
        sleep = re.fullmatch(r"sleep\((\d+(?:\.\d+)?)\)", low)
        if sleep:
            self.pause = min(float(sleep.group(1)), LONGEST_SLEEP)
            return 0
        return self._function(expression, low)

    def _function(self, expression: str, low: str) -> Cell:
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        user = f"{self.visitor.user}@{self.visitor.source}"
        values: dict[str, Cell] = {
            "version()": self.world.dialect.version, "user()": user, "session_user()": user, "system_user()": user,
            "current_user()": self.visitor.account, "current_user": self.visitor.account,
            "database()": self.database or None, "schema()": self.database or None, "connection_id()": self.thread,
            "now()": now, "current_timestamp": now, "current_timestamp()": now, "sysdate()": now, "curdate()": now[:10],
            "current_date": now[:10], "unix_timestamp()": int(time.time()), "null": None, "true": 1, "false": 0,
            "last_insert_id()": 0, "row_count()": -1, "found_rows()": 1,
        }  # fmt: skip
        if low in values:
            return values[low]
        sums = re.fullmatch(r"(\d{1,9})([-+*])(\d{1,9})", low)
        if sums:
            one, sign, other = int(sums.group(1)), sums.group(2), int(sums.group(3))
            return one + other if sign == "+" else one - other if sign == "-" else one * other
        if low.startswith("load_file("):
            return None
        if low.startswith(("benchmark(", "get_lock(", "release_lock(")):
            return 0
        called = re.match(r"([a-z_]\w*)\(", low)
        if called:
            place = f"{self.database}." if self.database else ""
            raise Failed(1305, "42000", f"FUNCTION {place}{called.group(1)} does not exist")
        if re.fullmatch(r"`?[a-z_]\w*`?", low):
            raise Failed(1054, "42S22", f"Unknown column '{expression.strip('`')}' in 'field list'")
        raise self.wrong(expression, expression)

    def _variable(self, expression: str) -> Cell:
        name = re.sub(r"^@@(?:global\.|session\.|local\.)?", "", expression.strip().lower()).strip("`")
        variables = self.world.variables()
        if name not in variables:
            raise Failed(1193, "HY000", f"Unknown system variable '{name[:64]}'")
        value = variables[name]
        if value in ("ON", "OFF"):
            return int(value == "ON")
        return int(value) if value.isdigit() and name != "version" else value


def _split(text: str) -> list[str]:
    """The expressions of a list, at commas outside of brackets and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for at, each in enumerate(text):
        if quote:
            quote = "" if each == quote else quote
        elif each in "'\"`":
            quote = each
        elif each in "()":
            depth += 1 if each == "(" else -1
        elif each == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
