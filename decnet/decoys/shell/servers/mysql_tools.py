# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""mysqladmin, mysqldump, mysqlshow and mysqlcheck. Sources: MariaDB 10.11.18 of Debian 12, MySQL 8.0.46 of Ubuntu 22.04."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from ..printing import serving, started
from ..process import Command, Process, Running
from .common import guarded
from .mysql_client import duration
from .mysql_link import Link, Refused, wanted_of
from .mysql_output import table

HEAD = """{sandbox}-- {name} dump {number}  Distrib {distrib}, for {system} (x86_64)
--
-- Host: localhost    Database: {database}
-- ------------------------------------------------------
-- Server version\t{version}

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
{names}
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
"""
TAIL = """/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on {now}
"""
USAGE = """Usage: {0} [OPTIONS] database [tables]
OR     {0} [OPTIONS] --databases DB1 [DB2 DB3...]
OR     {0} [OPTIONS] --all-databases
{more}For more options, use {0} --help
"""
ABOUT = ("-V", "--version", "-?", "--help", "-I")
OWN = ("information_schema", "performance_schema", "sys")
COMMANDS_OF_ADMIN = frozenset(
    [
        "create",
        "drop",
        "debug",
        "extended-status",
        "flush-hosts",
        "flush-logs",
        "flush-status",
        "flush-tables",
        "flush-privileges",
        "kill",
        "password",
        "ping",
        "processlist",
        "reload",
        "refresh",
        "shutdown",
        "status",
        "start-slave",
        "stop-slave",
        "start-replica",
        "stop-replica",
        "variables",
        "version",
        "flush-all-statistics",
        "flush-binary-log",
    ]
)  # fmt: skipdef _begun(process: Process) -> Generator[Any, Any, Link | int]:


def _begun(process: Process) -> Generator[Any, Any, Link | int]:
    """A link to the server, or the status with which the program ends before that."""
    name = process.name.rpartition("/")[2]
    if process.args[:1] and process.args[0] in ABOUT or not process.args:
        known = serving(process.shell, [name, *process.args])
        if known is not None:
            return (yield from started(known, process))
    wanted = wanted_of(process, process.args)
    link = Link(process, wanted)
    if wanted.wrong:
        process.err(
            f"{name}: {'[ERROR] ' if not link.is_maria else ''}unknown option '{wanted.wrong}'{'' if link.is_maria else '.'}\n"
        )
        return 2
    if wanted.password and not link.is_maria:
        process.err(f"{name}: [Warning] Using a password on the command line interface can be insecure.\n")
    return link


def mysqladmin(process: Process) -> Running:
    """Ask the server how it is."""
    link = yield from _begun(process)
    if isinstance(link, int):
        return link
    name, words = process.name.rpartition("/")[2], link.wanted.words
    try:
        yield from link.connect()
        for at, word in enumerate(words):
            if at and words[at - 1] in ("create", "drop", "kill", "password"):
                continue
            if word not in COMMANDS_OF_ADMIN:
                process.err(f"{name}: Unknown command: '{word}'\n")
                return 1
            yield from _administered(process, link, word, words[at + 1] if at + 1 < len(words) else "")
    except Refused as refused:
        if not link.facts:
            process.err(
                f"{name}: connect to server at '{link.wanted.host}' failed\nerror: '{refused.text}'\n"
            )
            if refused.code == 2002:
                process.err(
                    f"Check that {'mariadbd' if link.is_maria else 'mysqld'} is running and that the socket: '{link.socket}' exists!\n"
                )
        else:
            process.err(
                f"{name}: {words[0].upper()} DATABASE failed; error: '{refused.text}'\n"
                if words[0] in ("create", "drop")
                else f"{name}: {words[0]} failed; error: '{refused.text}'\n"
            )
        return 1
    return 0


def _administered(process: Process, link: Link, word: str, operand: str) -> Running:
    facts, out = link.facts, process.out
    if word == "ping":
        out("mysqld is alive\n")
    elif word == "status":
        out(f"Uptime: {facts['uptime']}  {facts['statistics']}\n")
    elif word == "version":
        yield from _version(process, link)
    elif word in ("processlist", "variables", "extended-status"):
        statement = {
            "processlist": "show processlist",
            "variables": "show variables",
            "extended-status": "show status",
        }[word]
        found = yield from link.ask(statement)
        out(table(found["columns"], found["rows"], set(), null=""))
    elif word in ("create", "drop"):
        yield from link.ask(f"{word} database `{operand}`")
    elif word in ("shutdown", "password", "kill"):
        yield from link.ask(word)
    return 0


def _version(process: Process, link: Link) -> Running:
    name, facts = process.name.rpartition("/")[2], link.facts
    known = serving(process.shell, [name, "--version"])
    if known is not None:
        yield from started(known, process)
    packages = process.shell.world.packages
    package = packages.get("mysql-client-core-8.0") if packages is not None else None
    rights = (
        "Copyright (c) 2000, 2018, Oracle, MariaDB Corporation Ab and others.\n\n" if link.is_maria
        else f"Copyright (c) 2000, {time.gmtime(package.made).tm_year if package else 2024}, Oracle and/or its affiliates.\n\nOracle is a registered trademark of Oracle Corporation and/or its\naffiliates. Other names may be trademarks of their respective\nowners.\n\n"
    )  # fmt: skip
    process.out(
        f"{rights}Server version\t\t{facts['version']}\nProtocol version\t10\nConnection\t\tLocalhost via UNIX socket\nUNIX socket\t\t{link.socket}\n"
        f"Uptime:\t\t\t{duration(facts['uptime'])}\n\n{facts['statistics']}\n"
    )
    return 0


def mysqldump(process: Process) -> Running:
    """Write databases as statements."""
    link = yield from _begun(process)
    if isinstance(link, int):
        return link
    name, wanted = process.name.rpartition("/")[2], link.wanted
    every = "all-databases" in wanted.letters or "A" in wanted.letters
    several = "databases" in wanted.letters or "B" in wanted.letters
    if not wanted.words and not every:
        more = f"OR     {name} [OPTIONS] --system=[SYSTEMOPTIONS]]\n" if link.is_maria else ""
        process.out(USAGE.format(name, more=more))
        return 1
    try:
        yield from link.connect()
        names = yield from _databases(link) if every else _given(wanted.words)
        title = "" if every else wanted.words[0]
        process.out(_head(link, title))
        for database in names if several or every else names[:1]:
            yield from link.choose(database)
            if several or every:
                process.out(
                    f"\n--\n-- Current Database: `{database}`\n--\n\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `{database}` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n\nUSE `{database}`;\n"
                )
            found = yield from link.ask("show tables")
            tables = [row[0] for row in found["rows"]]
            for each in [one for one in tables if every or several or len(names) < 2 or one in names[1:]]:
                yield from _dumped(process, link, each)
    except Refused as refused:
        when = "when selecting the database" if link.facts else "when trying to connect"
        text = f'"{refused.text}"' if link.is_maria else refused.text
        process.err(f"{name}: Got error: {refused.code}: {text} {when}\n")
        return 2
    process.out(TAIL.format(now=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()).replace(" 0", "  ")))
    return 0


def _given(words: list[str]) -> Generator[Any, Any, list[str]]:
    yield 0.0
    return words


def _databases(link: Link) -> Generator[Any, Any, list[str]]:
    found = yield from link.ask("show databases")
    return [row[0] for row in found["rows"] if row[0] not in OWN]


def _head(link: Link, database: str) -> str:
    version = str(link.facts["version"])
    plain = version.partition("-")[0]
    if link.is_maria:
        names, values = (
            "/*!40101 SET NAMES utf8mb4 */;",
            ("MariaDB", "10.19", f"{plain}-MariaDB", "debian-linux-gnu"),
        )
    else:
        names, values = "/*!50503 SET NAMES utf8mb4 */;", ("MySQL", "10.13", plain, "Linux")
    name, number, distrib, system = values
    sandbox = "/*!999999\\- enable the sandbox mode */ \n" if link.is_maria else ""
    return HEAD.format(
        sandbox=sandbox,
        name=name,
        number=number,
        distrib=distrib,
        system=system,
        database=database,
        version=version,
        names=names,
    )


def _dumped(process: Process, link: Link, name: str) -> Running:
    made = yield from link.ask(f"show create table `{name}`")
    process.out(
        f"\n--\n-- Table structure for table `{name}`\n--\n\nDROP TABLE IF EXISTS `{name}`;\n/*!40101 SET @saved_cs_client     = @@character_set_client */;\n"
        f"/*!40101 SET character_set_client = utf8 */;\n{made['rows'][0][1]};\n/*!40101 SET character_set_client = @saved_cs_client */;\n"
    )
    if "d" in link.wanted.letters:
        return 0
    found = yield from link.ask(f"select * from `{name}`")
    rows = ",\n".join("(" + ",".join(_literal(cell) for cell in row) + ")" for row in found["rows"])
    process.out(
        f"\n--\n-- Dumping data for table `{name}`\n--\n\nLOCK TABLES `{name}` WRITE;\n/*!40000 ALTER TABLE `{name}` DISABLE KEYS */;\n"
        + (
            f"INSERT INTO `{name}` VALUES\n{rows};\n"
            if link.is_maria
            else f"INSERT INTO `{name}` VALUES {rows.replace('),' + chr(10), '),')};\n"
        )
        + f"/*!40000 ALTER TABLE `{name}` ENABLE KEYS */;\nUNLOCK TABLES;\n"
    )
    return 0


def _literal(cell: Any) -> str:
    if cell is None:
        return "NULL"
    return (
        str(cell)
        if isinstance(cell, int)
        else "'" + str(cell).replace("\\", "\\\\").replace("'", "\\'") + "'"
    )


def mysqlshow(process: Process) -> Running:
    """The databases, or the tables of one."""
    link = yield from _begun(process) if process.args else _opened(process)
    if isinstance(link, int):
        return link
    name, words = process.name.rpartition("/")[2], link.wanted.words
    try:
        yield from link.connect()
        if not words:
            found = yield from link.ask("show databases")
            process.out(_framed("Databases", [row[0] for row in found["rows"]]))
        else:
            yield from link.choose(words[0])
            found = yield from link.ask("show tables")
            process.out(f"Database: {words[0]}\n" + _framed("Tables", [row[0] for row in found["rows"]]))
    except Refused as refused:
        process.err(f"{name}: {refused.text}\n")
        return 1
    return 0


def _opened(process: Process) -> Generator[Any, Any, Link | int]:
    yield 0.0
    return Link(process, wanted_of(process, []))


def _framed(title: str, names: list[str]) -> str:
    width = max([len(title), *map(len, names)])
    left = (width - len(title)) // 2
    rule = "+" + "-" * (width + 2) + "+\n"
    return (
        rule
        + f"| {' ' * left}{title}{' ' * (width - len(title) - left)} |\n"
        + rule
        + "".join(f"| {name:<{width}} |\n" for name in names)
        + rule
    )


def mysqlcheck(process: Process) -> Running:
    """Whether tables are in order: they are."""
    link = yield from _begun(process)
    if isinstance(link, int):
        return link
    name, wanted = process.name.rpartition("/")[2], link.wanted
    try:
        yield from link.connect()
        every = wanted.letters & {"all-databases", "A"}
        for database in (yield from _databases(link)) if every else wanted.words[:1]:
            yield from link.choose(database)
            found = yield from link.ask("show tables")
            for row in found["rows"]:
                process.out(f"{database + '.' + row[0]:<50} OK\n")
    except Refused as refused:
        process.err(
            f"{name}: Got error: {refused.code}: {refused.text} {'when selecting the database' if link.facts else 'when trying to connect'}\n"
        )
        return 2
    return 0


COMMANDS: dict[str, Command] = guarded({
    **dict.fromkeys(("mysqladmin", "mariadb-admin"), mysqladmin), **dict.fromkeys(("mysqldump", "mariadb-dump"), mysqldump),
    **dict.fromkeys(("mysqlshow", "mariadb-show"), mysqlshow), **dict.fromkeys(("mysqlcheck", "mariadb-check", "mysqlanalyze", "mysqlrepair", "mysqloptimize"), mysqlcheck),
})  # fmt: skip
