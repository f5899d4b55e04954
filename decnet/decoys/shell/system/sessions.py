# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""last, lastb, lastlog."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ...host.login_files import failures, month_of
from ...host.logins import last_login, logins, wtmp_began
from ..process import Process, Running
from ..text.common import Failure, Options, parse, tool
from ..visit import visits_of
from .databases import accounts_of
from .shown import clock


@dataclass(frozen=True)
class Row:
    """One line; `ended` 0: still there."""

    user: str
    terminal: str
    source: str
    began: float
    ended: float = 0.0
    is_down: bool = False
    """Whether it has ended with a stop of the machine."""


@tool
def last(process: Process) -> Running:
    """The logins, the newest first."""
    words = process.args
    process.args = [f"-n{word[1:]}" if word[:1] == "-" and word[1:].isdecimal() else word for word in words]
    options = parse(process, "adFf:hiIn:p:Rs:t:Vwx", "hostlast=a dns=d file=f fulltimes=F help=h ip=i limit=n nohostname=R since=s until=t present=p fullnames=w version=V system=x time-format:")  # fmt: skip # noqa: E501
    yield 0.0
    now = time.time()
    failed = process.name == "lastb" or options.value("f").endswith("btmp")
    if failed and process.shell.user != "root":
        process.err("lastb: cannot open /var/log/btmp: Permission denied\n")
        return 1
    name = options.value("f", "/var/log/btmp" if failed else "/var/log/wtmp").rpartition("/")[2]
    if "f" in options and process.shell.node(process.shell.absolute(options.value("f"))) is None:
        raise Failure(f"cannot open {options.value('f')}: No such file or directory")
    limit = options.value("n", "100000")
    if not limit.isdecimal():
        raise Failure(f"failed to parse number: '{limit}'")
    rows = _failures(process, now) if failed else _rows(process, now)
    if options.operands:
        rows = [row for row in rows if row.user in options.operands or row.terminal in options.operands]
    for row in rows[: int(limit[:6])]:
        process.out(_line(options, row, now))
    began = wtmp_began(process.shell.world, now)
    if failed:
        began = min((int(row.began) for row in _failures(process, now)), default=month_of(now))
    process.out(f"\n{name} begins {clock('%a %b %e %H:%M:%S %Y', began)}\n")
    return 0


def _rows(process: Process, now: float) -> list[Row]:
    shell = process.shell
    world = shell.world
    source = shell.visit.source
    visits = [visit for visit in visits_of(world, source) if visit.terminal]
    rows = [Row(visit.user, visit.terminal, source, visit.began) for visit in visits]
    current = {int(visit.came or visit.began) for visit in visits}
    for login in shell.files.logins():
        began = login.began
        if int(began) not in current and now - began > 2:
            stopped = world.stopped_after(int(began))
            ended = login.ended or stopped or min(began + 97, now - 1)
            rows.append(Row(login.user, login.terminal, source, began, ended, 0 < stopped <= ended + 5))
    rows += [
        Row(each.user, each.terminal, each.source, each.began, each.ended)
        for each in logins(world, world.user, now)
    ]
    return sorted(rows, key=lambda row: -row.began)


def _failures(process: Process, now: float) -> list[Row]:
    """Each record of btmp ends at once."""
    found = []
    for each in failures(process.shell.world.machine, now):
        source, _, user = each.text.partition(" ")
        found.append(Row(user, each.program, source, each.when, each.when))
    return found[::-1]


def _line(options: Options, row: Row, now: float) -> str:
    full = "F" in options
    form = "%a %b %e %H:%M:%S %Y" if full else "%a %b %e %H:%M"
    source = row.source if "w" in options else row.source[:16]
    head = f"{row.user[: None if 'w' in options else 8]:<8} {row.terminal[:12]:<12} "
    middle = "" if "R" in options else f"{source:<16} "
    if row.ended:
        end = clock("%a %b %e %H:%M:%S %Y" if full else "%H:%M", row.ended)
        seconds = int(row.ended - row.began)
        days, rest = divmod(seconds // 60, 1440)
        length = f"({days}+{rest // 60:02}:{rest % 60:02})" if days else f"({rest // 60:02}:{rest % 60:02})"
        end = f"{'down':<{len(end)}}" if row.is_down else end
        tail = f"- {end}  {length}" if days == 0 else f"- {end} {length}"
    else:
        tail = "  still running" if row.user == "reboot" else "  still logged in"
    return f"{head}{middle}{clock(form, row.began)} {tail}\n"


@tool
def lastlog(process: Process) -> Running:
    """The last login of each user."""
    options = parse(process, "b:Chr:R:St:u:", "before=b clear=C help=h root=R set=S time=t user=u")
    shell, now = process.shell, time.time()
    accounts = accounts_of(shell)
    yield 0.0
    names = [account.name for account in accounts.users]
    if "u" in options:
        if accounts.user(options.value("u")) is None:
            raise Failure(f"Unknown user or range: {options.value('u')}")
        names = [options.value("u")]
    process.out(f"{'Username':<16} {'Port':<8} {'From':<{_width(process)}} Latest\n")
    for name in names:
        process.out(_latest(process, name, now))
        process.spend(200)
    return 0


def _width(process: Process) -> int:
    """Of the column for addresses: those of IPv6 have room from shadow 4.9 on."""
    return 16 if process.shell.world.system.version in ("11", "20.04", "22.04", "8.10") else 42


def _latest(process: Process, name: str, now: float) -> str:
    shell = process.shell
    own = max((login.began for login in shell.files.logins(name)), default=0.0)
    entry = last_login(shell.world, name, shell.world.user, now)
    if own:
        port, source, when = "pts/0", shell.visit.source, own
    elif entry is not None:
        port, source, when = entry.terminal, entry.source, float(entry.began)
    else:
        return f"{name:<16} {'':<8} {'':<{_width(process)}} **Never logged in**\n"
    return f"{name:<16} {port:<8} {source:<{_width(process)}} {clock('%a %b %e %H:%M:%S +0000 %Y', when)}\n"


COMMANDS = {"last": last, "lastb": last, "lastlog": lastlog}
