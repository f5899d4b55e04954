# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""id, groups, whoami, logname, users, getent."""

from __future__ import annotations

from ...host.accounts import Account, Accounts, Group
from ..process import Process, Running
from ..text.common import Failure, Options, parse, quoted, tool
from ..visit import visits_of
from .databases import accounts_of

LONG = "context=Z group=g groups=G name=n real=r user=u zero=z help version"

HINT = "Try `getent --help' or `getent --usage' for more information.\n"


@tool
def id_(process: Process) -> Running:
    """Numbers and names of a user."""
    options = parse(process, "agGnruzZ", LONG)
    shell = process.shell
    kinds = [letter for letter in "ugG" if letter in options]
    if len(kinds) > 1:
        raise Failure('cannot print "only" of more than one choice', hint=False)
    if "Z" in options:
        raise Failure("--context (-Z) works only on an SELinux-enabled kernel")
    if not kinds and ("n" in options or "r" in options):
        raise Failure("cannot print only names or real IDs in default format")
    if not kinds and "z" in options:
        raise Failure("option --zero not permitted in default format")
    accounts = accounts_of(shell)
    status = 0
    for name in options.operands or [shell.user]:
        account = _user(accounts, name)
        if account is None:
            process.err(f"{process.name}: {quoted(process, name)}: no such user\n")
            status = 1
            continue
        _print(process, options, accounts, account, kinds[0] if kinds else "")
    yield 0.0
    return status


def _user(accounts: Accounts, name: str) -> Account | None:
    found = accounts.user(name)
    return found or (accounts.user_of(int(name)) if name.isdecimal() and len(name) < 10 else None)


def _print(process: Process, options: Options, accounts: Accounts, account: Account, kind: str) -> None:
    account = accounts.user_of(account.uid) or account
    groups = accounts.groups_of(account.name) or [Group("", account.gid)]
    names = "n" in options
    end = "\0" if "z" in options else "\n"
    if kind == "u":
        process.out((account.name if names else str(account.uid)) + end)
    elif kind == "g":
        process.out((groups[0].name or str(account.gid) if names else str(account.gid)) + end)
    elif kind == "G":
        gap = "\0" if "z" in options else " "
        process.out(gap.join(group.name if names else str(group.gid) for group in groups) + end)
    else:
        listed = ",".join(_named(group.gid, group.name) for group in groups)
        gid = _named(account.gid, groups[0].name)
        context = ""
        if process.shell.world.system.id == "rocky" and not options.operands:
            context = " context=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
        process.out(f"uid={_named(account.uid, account.name)} gid={gid} groups={listed}{context}\n")


def _named(number: int, name: str) -> str:
    return f"{number}({name})" if name else str(number)


@tool
def groups(process: Process) -> Running:
    """The groups of a user."""
    options = parse(process, "", "help version")
    shell, accounts, status = process.shell, accounts_of(process.shell), 0
    for name in options.operands or [""]:
        found = accounts.groups_of(name or shell.user)
        if name and accounts.user(name) is None:
            process.err(f"{process.name}: {quoted(process, name)}: no such user\n")
            status = 1
            continue
        listed = " ".join(group.name for group in found)
        process.out(f"{name} : {listed}\n" if name else f"{listed}\n")
    yield 0.0
    return status


@tool
def whoami(process: Process) -> Running:
    """The name of the user."""
    options = parse(process, "", "help version")
    if options.operands:
        raise Failure(f"extra operand {quoted(process, options.operands[0])}", hint=True)
    process.out(process.shell.user + "\n")
    yield 0.0
    return 0


@tool
def logname(process: Process) -> Running:
    """The name of the login."""
    if not process.shell.visit.terminal:
        raise Failure("no login name")
    process.out(process.shell.visit.user + "\n")
    yield 0.0
    return 0


@tool
def users(process: Process) -> Running:
    """Who is logged in."""
    visits = visits_of(process.shell.world, process.shell.visit.source)
    names = sorted(visit.user for visit in visits if visit.terminal)
    process.out(" ".join(names) + "\n" if names else "")
    yield 0.0
    return 0


@tool
def getent(process: Process) -> Running:
    """Entries of the databases of names."""
    options = parse(process, "s:i", "service=s no-idn=i")
    if not options.operands:
        process.err("getent: wrong number of arguments\n")
        process.out(HINT)
        return 1
    database, *keys = options.operands
    path = {"passwd": "/etc/passwd", "group": "/etc/group", "shadow": "/etc/shadow", "gshadow": "/etc/gshadow",
            "hosts": "/etc/hosts", "services": "/etc/services", "protocols": "/etc/protocols",
            "networks": "/etc/networks", "rpc": "/etc/rpc", "ethers": "/etc/ethers"}.get(database)  # fmt: skip
    if database in ("ahosts", "ahostsv4", "ahostsv6"):
        path = "/etc/hosts"
    if database == "netgroup" and keys:
        return 2
    if database == "aliases":
        return 2 if keys else 0
    if database == "initgroups" and keys:
        return _initgroups(process, keys)
    if path is None:
        process.err(f"Unknown database: {database}\n")
        process.out(HINT)
        return 1
    shell = process.shell
    text = (shell.read(path) or "") if shell.allowed(path, 4) else ""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    yield 0.0
    if database in ("passwd", "group", "shadow", "gshadow"):
        return _by_key(process, lines, keys, number=database in ("passwd", "group"))
    return _of_words(process, database, lines, keys)


def _initgroups(process: Process, keys: list[str]) -> int:
    """The numbers of the groups that name a user as their member."""
    rows = [line.split(":") for line in (process.shell.read("/etc/group") or "").splitlines()]
    for key in keys:
        numbers = [row[2] for row in rows if len(row) > 3 and key in row[3].split(",")]
        process.out(f"{key:<21}" + "".join(f" {number}" for number in numbers) + "\n")
    return 0


def _by_key(process: Process, lines: list[str], keys: list[str], *, number: bool) -> int:
    if not keys:
        process.out("".join(f"{line}\n" for line in lines))
        return 0
    missing = False
    for key in keys:
        at = 2 if key.isdecimal() and number else 0
        found = next((line for line in lines if line.split(":")[at : at + 1] == [key]), None)
        missing = missing or found is None
        process.out(f"{found}\n" if found is not None else "")
    return 2 if missing else 0


def _of_words(process: Process, database: str, lines: list[str], keys: list[str]) -> int:
    rows = [line.split("#")[0].split() for line in lines]
    rows = [row for row in rows if len(row) > 1]
    status = 0
    for row in rows if not keys else []:
        process.out(_entry(database, row))
    for key in keys:
        found = sorted(
            (row for row in rows if _is_meant(database, row, key)), key=lambda row: ":" not in row[0]
        )
        if not found:
            status = 2
        if database.startswith("ahosts"):
            process.out(_sockets(database, found, key))
        for row in found[:1] if not database.startswith("ahosts") else []:
            process.out(_entry(database, row))
    return status


def _sockets(database: str, rows: list[list[str]], key: str) -> str:
    """The addresses of a name as getaddrinfo(3) has them; only the first row has the name."""
    addresses = [row[0] for row in rows]
    if "::1" in addresses and "127.0.0.1" not in addresses:
        addresses.append("127.0.0.1")
    if database in ("ahostsv4", "ahostsv6"):
        addresses = [each for each in addresses if (":" in each) == (database == "ahostsv6")]
    names = [key] + [""] * len(addresses)
    kinds = ("STREAM", "DGRAM", "RAW")
    return "".join(
        f"{address:<15} {kind:<6} {name if kind == 'STREAM' else ''}\n"
        for address, name in zip(dict.fromkeys(addresses), names, strict=False)
        for kind in kinds
    )


def _is_meant(database: str, row: list[str], key: str) -> bool:
    """Whether a key is a name, an alias or the number of a row."""
    if database == "services":
        number, _, protocol = key.partition("/")
        if number.isdecimal():
            return row[1].partition("/")[0] == number and protocol in ("", row[1].partition("/")[2])
        row = [row[0], *row[2:], *(f"{name}/{row[1].partition('/')[2]}" for name in (row[0], *row[2:]))]
    return key in row


def _entry(database: str, row: list[str]) -> str:
    if database == "rpc":
        aliases = f"  {' '.join(row[2:])}" if len(row) > 2 else ""
        return f"{row[0]:<15} {row[1]}{aliases}\n"
    width = {"hosts": 16, "services": 22, "protocols": 22}.get(database, 22)
    return f"{row[0]:<{width}}{' '.join(row[1:])}\n"


COMMANDS = {
    "id": id_, "groups": groups, "whoami": whoami, "logname": logname, "users": users, "getent": getent,
}  # fmt: skip
