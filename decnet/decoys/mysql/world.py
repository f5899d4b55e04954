# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""The databases behind the password, and the server's variables: generated from the seed, read-only."""

import time

from ..machine import Machine
from ..persona import Persona
from .dialects import Dialect

Cell = str | int | None
FIRST = ("Anna", "Mark", "Jens", "Paula", "Lena", "Eva", "Tom", "Ines", "Karl", "Mira", "Otto", "Ruth")
LAST = (
    "Berg",
    "Weber",
    "Novak",
    "Silva",
    "Horn",
    "Keller",
    "Lind",
    "Moser",
    "Ricci",
    "Stone",
    "Vogel",
    "Wolf",
)
CITIES = ("Linz", "Graz", "Bern", "Ghent", "Porto", "Turku", "Lund", "Brno", "Split", "Varna")
APPLICATIONS = ("shop", "crm", "intranet", "billing", "inventory", "webapp")
ADMINISTRATORS = ("root", "admin", "administrator", "dba", "mysql")


class Table:
    """Rows under named columns; a column's type as SHOW COLUMNS prints it."""

    def __init__(self, columns: dict[str, str], rows: list[tuple[Cell, ...]]) -> None:
        self.columns = columns
        self.rows = rows


class World:
    """One server's contents."""

    def __init__(self, persona: Persona, dialect: Dialect) -> None:
        self.persona = persona
        self.machine = Machine(persona)
        self.dialect = dialect
        self.application = persona.choice("mysql application", APPLICATIONS)
        self.databases: dict[str, dict[str, Table]] = {self.application: _application(persona)}
        self.visits = 0
        """Connections and statements of visitors, in addition to those of its application."""
        self.statements = 0
        self._newest = 0

    def started(self) -> int:
        """When the server was started, seconds since the epoch."""
        return self.machine.started("mysql", self.persona.service_since)

    @property
    def queries(self) -> int:
        """Statements since the start."""
        return self.uptime() // self.persona.number("mysql seconds", 2, 60) + 5 + self.statements

    @property
    def threads(self) -> int:
        """Connections since the start."""
        return self.uptime() // self.persona.number("mysql pause", 300, 3600) + 7 + self.visits

    def connected(self) -> int:
        """Count one more connection; the number of its thread, which is higher than all before."""
        self.visits += 1
        self._newest = max(self._newest + 1, self.threads)
        return self._newest

    def uptime(self) -> int:
        """Seconds since then."""
        return max(int(time.time()) - self.started(), 1)

    def schemas(self, user: str) -> list[str]:
        """The databases that this user sees."""
        own = ["mysql", "performance_schema", "sys"] if user in ADMINISTRATORS else []
        if self.dialect.maria and self.dialect.number < (10, 6) and own:
            own.remove("sys")
        names = sorted({"information_schema", self.application, *own})
        if self.dialect.maria:
            names.sort(key=lambda name: name != "information_schema")
        return names

    def table(self, schema: str, name: str, user: str) -> Table | None:
        """One table; those of information_schema are generated on request."""
        if schema.lower() == "information_schema":
            return self._information(name.lower(), user)
        return self.databases.get(schema, {}).get(name)

    def _information(self, name: str, user: str) -> Table | None:
        text = "varchar(64)"
        if name == "schemata":
            rows: list[tuple[Cell, ...]] = [
                ("def", each, "utf8mb4", "utf8mb4_general_ci", None) for each in self.schemas(user)
            ]
            return Table(dict.fromkeys(("CATALOG_NAME", "SCHEMA_NAME", "DEFAULT_CHARACTER_SET_NAME",
                                        "DEFAULT_COLLATION_NAME", "SQL_PATH"), text), rows)  # fmt: skip
        if name == "tables":
            rows = [
                ("def", schema, each, "BASE TABLE", "InnoDB", len(table.rows))
                for schema, tables in self.databases.items() for each, table in tables.items()
            ]  # fmt: skip
            return Table(dict.fromkeys(("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "ENGINE"), text)
                         | {"TABLE_ROWS": "bigint"}, rows)  # fmt: skip
        if name == "columns":
            rows = [
                ("def", schema, each, column, at, kind.split("(")[0], kind)
                for schema, tables in self.databases.items() for each, table in tables.items()
                for at, (column, kind) in enumerate(table.columns.items(), 1)
            ]  # fmt: skip
            return Table({"TABLE_CATALOG": text, "TABLE_SCHEMA": text, "TABLE_NAME": text, "COLUMN_NAME": text,
                          "ORDINAL_POSITION": "bigint", "DATA_TYPE": text, "COLUMN_TYPE": text}, rows)  # fmt: skip
        if name == "user_privileges":
            rows = [(f"'{user}'@'%'", "def", "USAGE", "NO")]
            return Table(
                dict.fromkeys(("GRANTEE", "TABLE_CATALOG", "PRIVILEGE_TYPE", "IS_GRANTABLE"), text), rows
            )
        if name in (
            "processlist",
            "plugins",
            "views",
            "routines",
            "triggers",
            "events",
            "files",
            "partitions",
        ):
            return Table({"NAME": text}, [])
        return None

    def variables(self) -> dict[str, str]:
        """What SHOW VARIABLES and @@ report."""
        dialect, windows = self.dialect, self.persona.os.startswith("windows")
        folder = "C:\\ProgramData\\MySQL\\MySQL Server 8.0\\Data\\" if windows else "/var/lib/mysql/"
        base = "C:\\Program Files\\MySQL\\MySQL Server 8.0\\" if windows else "/usr/"
        collation = "utf8mb4_general_ci" if dialect.maria else "utf8mb4_0900_ai_ci"
        mode = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"
        if not dialect.maria:
            mode = ("ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
                    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION")  # fmt: skip
        found = {
            "auto_increment_increment": "1", "autocommit": "ON", "basedir": base, "bind_address": "0.0.0.0",
            "character_set_client": "utf8mb4", "character_set_connection": "utf8mb4",
            "character_set_database": "utf8mb4", "character_set_results": "utf8mb4",
            "character_set_server": "utf8mb4", "character_set_system": "utf8mb3", "collation_connection": collation,
            "collation_database": collation, "collation_server": collation, "connect_timeout": "10",
            "datadir": folder, "general_log": "OFF", "have_ssl": "DISABLED" if dialect.maria else "YES",
            "hostname": self.machine.hostname, "init_connect": "", "innodb_version": dialect.version.split("-")[0],
            "interactive_timeout": "28800", "license": "GPL", "local_infile": "ON" if dialect.maria else "OFF",
            "log_error": "" if dialect.maria else "/var/log/mysql/error.log", "lower_case_table_names": "1" if windows else "0",
            "max_allowed_packet": "16777216" if dialect.maria else "67108864", "max_connections": "151",
            "net_buffer_length": "16384", "net_write_timeout": "60", "plugin_dir": self._plugins(windows),
            "port": str(next(iter(self.persona.tcp_ports()), 3306)), "protocol_version": "10",
            "query_cache_size": "1048576" if dialect.maria else "0", "query_cache_type": "OFF", "read_only": "ON",
            "secure_file_priv": "" if dialect.maria else "/var/lib/mysql-files/", "server_id": "1",
            "skip_name_resolve": "OFF", "socket": "MySQL" if windows else "/run/mysqld/mysqld.sock", "sql_mode": mode,
            "system_time_zone": "UTC", "time_zone": "SYSTEM", "transaction_isolation": "REPEATABLE-READ",
            "tx_isolation": "REPEATABLE-READ", "version": dialect.version, "version_comment": dialect.comment,
            "version_compile_machine": "x86_64", "version_compile_os": dialect.system, "wait_timeout": "28800",
        }  # fmt: skip
        if not dialect.maria:
            del found["query_cache_size"], found["query_cache_type"], found["tx_isolation"]
        return found

    def _plugins(self, windows: bool) -> str:
        if windows:
            return "C:\\Program Files\\MySQL\\MySQL Server 8.0\\lib\\plugin\\"
        return "/usr/lib/mysql/plugin/"

    def status(self) -> dict[str, str]:
        """What SHOW STATUS reports."""
        return {
            "Aborted_clients": "0", "Connections": str(self.threads), "Queries": str(self.queries),
            "Questions": str(self.queries), "Slow_queries": "0", "Threads_connected": "1", "Threads_running": "1",
            "Uptime": str(self.uptime()),
        }  # fmt: skip


def _application(persona: Persona) -> dict[str, Table]:
    people = [
        (persona.choice(f"db first {at}", FIRST), persona.choice(f"db last {at}", LAST))
        for at in range(persona.number("db people", 9, 24))
    ]
    domain = f"{persona.choice('db domain', LAST).lower()}.local"
    users: list[tuple[Cell, ...]] = []
    customers: list[tuple[Cell, ...]] = []
    for at, (first, last) in enumerate(people, 1):
        mail = f"{first.lower()}.{last.lower()}@{domain}"
        day = f"20{persona.number(f'db year {at}', 19, 24)}-{persona.number(f'db month {at}', 1, 12):02d}-11"
        if at < 6:
            digest = persona.bytes_for(f"db hash {at}", 16).hex()
            users.append((at, f"{first[0]}{last}".lower(), digest, mail, "admin" if at == 1 else "user"))
        customers.append((at, f"{first} {last}", mail, persona.choice(f"db city {at}", CITIES), day))
    orders: list[tuple[Cell, ...]] = [
        (at, persona.number(f"db customer {at}", 1, len(people)), f"{persona.number(f'db total {at}', 900, 90000) / 100:.2f}",
         persona.choice(f"db state {at}", ("open", "paid", "sent")))
        for at in range(1, persona.number("db orders", 14, 40))
    ]  # fmt: skip
    return {
        "customers": Table({"id": "int(11)", "name": "varchar(80)", "email": "varchar(120)", "city": "varchar(60)",
                            "created": "date"}, customers),
        "orders": Table({"id": "int(11)", "customer_id": "int(11)", "total": "decimal(10,2)", "state": "varchar(12)"},
                        orders),
        "users": Table({"id": "int(11)", "login": "varchar(40)", "password": "char(32)", "email": "varchar(120)",
                        "role": "varchar(12)"}, users),
    }  # fmt: skip
