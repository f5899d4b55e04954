# ruff: noqa: E501 (formats)
"""The logs of a machine: what dpkg has done, and what the daemons wrote since the last rotation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..machine import day
from ..server_logs import logs_of
from . import boot_log, gzipped, login_files, package_logs, timers, visited_logs
from .logins import cron_user, login_port, login_texts, logins
from .node import Node
from .packages import Packages
from .pids import pid_at
from .visited_logs import WEEK, rotations

if TYPE_CHECKING:
    from .model import World

LOGS = (
    "syslog", "auth.log", "kern.log", "cron.log", "user.log", "mail.log", "daemon.log", "messages", "debug", "mail.info",
    "mail.warn", "mail.err",
)  # fmt: skip
PARTS = {
    "daemon.log": " systemd[1]: ", "messages": " kernel: ", "debug": "", "mail.info": " postfix/", "mail.warn": ": warning: ",
    "mail.err": "",
}  # fmt: skip
"""What other logs of Debian 11 have of syslog: the lines with this."""
RSYSLOG = {"11": "8.2102.0", "12": "8.2302.0", "20.04": "8.2001.0", "22.04": "8.2112.0", "24.04": "8.2312.0"}
OF_VISITORS = {"auth.log": "auth", "mail.log": "mail", "syslog": "mail"}
"""What visitors cause in a log of rsyslog's."""
MOST_LINES = 2_000
MOST_KEPT = 4
"""Former weeks of a log."""
MOST_OLD = 40
"""Logs of former weeks that are kept in memory, compressed."""

_old: WeakKeyDictionary[World, dict[tuple[str, int], tuple[object, Old]]] = WeakKeyDictionary()


def files(world: World, packages: Packages) -> dict[str, Node]:
    """The nodes of /var/log by their names. Logs of the current week are written until now; older ones were compressed."""
    found: dict[str, Node] = {}
    _dpkg(world, packages, found)
    now, exactly = int(time.time()), time.time()
    for name in LOGS:
        if _has(world, name):
            found |= _weekly(world, name, exactly)
    if any(each.program == "vsftpd" for each in world.services()):
        written = visited_logs.files(world, "ftp", "vsftpd.log", WEEK, Node(0o600))
        # vsftpd creates its log with the first visit.
        found |= written if any(each.content for each in written.values()) else {}
    records = partial(login_files.wtmp, world.machine, world.user)
    last_ones = partial(login_files.lastlog, world.machine, world.accounts, world.user)
    rows: tuple[tuple[str, int, str, Callable[[], bytes] | None], ...] = (
        ("wtmp", 0o664, "utmp", records),
        ("btmp", 0o660, "utmp", partial(login_files.btmp, world.machine)),
        ("lastlog", 0o664, "utmp", last_ones),
        ("faillog", 0o644, "", None),
    )
    for name, mode, group, making in rows:
        size = len(making()) if making is not None else 0
        entries = logins(world.machine, world.user, now)
        last = max((each.ended or each.began for each in entries), default=world.booted())
        when = world.installed + 30 if making is None else max(min(last, now), world.installed)
        if name == "btmp":
            when = max(
                (line.when for line in login_files.failures(world.machine, now)),
                default=login_files.month_of(now),
            )
            when = max(when, world.installed + 30)
        found[name] = Node(mode, group=group, size=size, live=making, changed=when)
    return found


def _weekly(world: World, name: str, now: float) -> dict[str, Node]:
    """A log of rsyslog's. One that is empty is not rotated."""
    usual = Node(0o640, owner="syslog" if world.system.id == "ubuntu" else "root", group="adm")
    bounds = [*rotations(world, WEEK, int(now)), world.installed]
    lines = _events(world, name, bounds[0], now)
    size, last = sum(len(line.encode()) + 1 for _, line in lines), lines[-1][0] if lines else bounds[0]
    found = {
        name: replace(usual, live=partial(current, world, name, bounds[0], now), size=size, changed=last)
    }
    number = 0
    for since, until in zip(bounds[1 : MOST_KEPT + 1], bounds, strict=False):
        former = old(world, name, since, until)
        if former.last:
            number += 1
            made = partial(_old_content, world, name, since, until, packs=number > 1)
            size = len(made()) if number == 1 else len(former.packed)
            found[f"{name}.{number}" + (".gz" if number > 1 else "")] = replace(
                usual, live=made, size=size, changed=former.last
            )
    return found


def _has(world: World, name: str) -> bool:
    if name in ("cron.log", "user.log"):
        return world.system.version == "12"
    if name in ("daemon.log", "messages", "debug"):
        return world.system.version == "11"
    if name in ("mail.info", "mail.warn", "mail.err") and world.system.version != "11":
        return False
    return not name.startswith("mail.") or any(each.program == "master" for each in world.services())


def _stamp(world: World, moment: int, fraction: int = -1) -> str:
    if world.system.version in ("12", "24.04"):
        fraction = moment * 7919 % 1_000_000 if fraction < 0 else fraction
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{fraction:06}+00:00"
    return time.strftime("%b %e %H:%M:%S", time.gmtime(moment))


def _events(world: World, name: str, since: int, until: float) -> list[tuple[int, str]]:
    """The lines of a log: what cron and systemd do every hour and every day."""
    if name in PARTS:
        part = PARTS[name]
        return (
            [(when, line) for when, line in _events(world, "syslog", since, until) if part in line]
            if part
            else []
        )
    host = world.hostname
    lines = _logins(world, since, int(until)) if name == "auth.log" else []
    lines += _restarts_of_log(world, since, int(until)) if name == "syslog" else []
    lines += _of_visitors(world, name, since, until)
    lines += _starts(world, name, since, until)
    if name == "syslog":
        lines += [
            (when, f"{_stamp(world, when)} {host} systemd[1]: {text}")
            for when, _, text in timers.logged(world, since, int(until))
        ]
    most = len(lines) + MOST_LINES
    hour = -(-since // 3600) * 3600 + 17 * 60 + 1 - 3600
    while (hour := hour + 3600) <= until and len(lines) < most:
        if hour < since or not world.machine.was_up(hour):
            continue
        pid = pid_at(world.machine, hour)
        if name == "auth.log":
            uid = cron_user(world.machine)
            lines += [
                (hour, f"{_stamp(world, hour)} {host} CRON[{pid}]: pam_unix(cron:session): session {text}")
                for text in (f"opened for user {uid}", "closed for user root")
            ]
        elif name in ("syslog", "cron.log"):
            text = "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)"
            lines.append((hour, f"{_stamp(world, hour)} {host} CRON[{pid + 1}]: {text}"))
    return sorted(lines, key=lambda line: line[0])


def _restarts_of_log(world: World, since: int, until: int) -> list[tuple[int, str]]:
    """What rsyslogd logs when it begins another file."""
    pid = next((each.pid for each in world.processes(int(time.time())) if each.name == "rsyslogd"), 0)
    version = RSYSLOG.get(world.system.version)
    text = f'rsyslogd: [origin software="rsyslogd" swVersion="{version}" x-pid="{pid}" x-info="https://www.rsyslog.com"] rsyslogd was HUPed'
    found = [(when, text) for when in rotations(world, WEEK, until) if pid and version and since <= when]
    return [(when, f"{_stamp(world, when)} {world.hostname} {line}") for when, line in found]


def _logins(world: World, since: int, until: int) -> list[tuple[int, str]]:
    """What sshd logged of the administrators."""
    lines = []
    for login in logins(world.machine, world.user, time.time()):
        account = world.accounts.user(login.user)
        if login.user == "reboot" or account is None:
            continue
        front = f"{world.hostname} sshd[{pid_at(world.machine, login.began)}]"
        port = login_port(world.machine, login.began)
        texts = login_texts(world.machine, login.user, account.uid, login.source, port)
        for when, group in ((login.began - 1, texts[0]), (login.ended, texts[1])):
            if since <= when <= until:
                lines += [(when, f"{_stamp(world, when)} {front}: {text}") for text in group]
    return lines


def current(world: World, name: str, rotated: int, until: float) -> bytes:
    """A log since its rotation."""
    return "".join(f"{line}\n" for _, line in _events(world, name, rotated, until)).encode()


def _of_visitors(world: World, name: str, since: int, until: float) -> list[tuple[int, str]]:
    """What the servers have logged of visitors: mail.log also goes to syslog."""
    log = OF_VISITORS.get(name)
    if log is None:
        return []
    return [
        (line.when, f"{_stamp(world, line.when, line.at // 1000 % 1_000_000)} {world.hostname} {line.program}{f'[{line.pid}]' if line.pid else ''}: {line.text}")
        for line in logs_of(world.persona.seed).lines(log, since, until)
        if line.program
    ]  # fmt: skip


def _starts(world: World, name: str, since: int, until: float) -> list[tuple[int, str]]:
    """What is logged when the machine stops and starts."""
    lines = []
    for start, ended in world.machine.starts(world.machine.start_at(since)):
        found = boot_log.started(world, name, start) + (boot_log.stopped(world, name, ended) if ended else [])
        lines += [
            (int(when), f"{_stamp(world, int(when))} {world.hostname} {text}")
            for when, text in found
            if since <= when <= until
        ]
    return lines


@dataclass(frozen=True)
class Old:
    """A log of a former week: the time of its last line, 0 if it has none; compressed."""

    last: int
    packed: bytes


def old(world: World, name: str, since: int, until: int) -> Old:
    """The log of a former week."""
    own = logs_of(world.persona.seed).lines(OF_VISITORS.get(name, "ftp"), since, until)
    known, key = _old.setdefault(world, {}), (name, since)
    state = world.machine.restarts, len(own)
    if key not in known or known[key][0] != state:
        if len(known) >= MOST_OLD:
            known.clear()
        lines = _events(world, name, since, until - 1)
        last = lines[-1][0] if lines else 0
        text = "".join(f"{line}\n" for _, line in lines).encode()
        known[key] = state, Old(last, gzipped.packed(text, last))
    return known[key][1]


def _old_content(world: World, name: str, since: int, until: int, *, packs: bool) -> bytes:
    packed = old(world, name, since, until).packed
    return packed if packs else gzipped.unpacked(packed)


def _dpkg(world: World, packages: Packages, found: dict[str, Node]) -> None:
    """/var/log/dpkg.log: a file per month in which something was done, the last one not compressed."""
    months: dict[str, list[tuple[int, str]]] = {}
    for package in packages.values():
        before = "<none>"
        for version, when in package.installed:
            what = "install" if before == "<none>" else "upgrade"
            label = f"{package.name}:{package.architecture}"
            steps = [(0, f"{what} {label} {before} {version}"), (0, f"status half-installed {label} {before if what == 'upgrade' else version}"),
                     (1, f"status unpacked {label} {version}"), (20, f"configure {label} {version} <none>"), (20, f"status half-configured {label} {version}"), (21, f"status installed {label} {version}")]  # fmt: skip
            month = time.strftime("%Y-%m", time.gmtime(when))
            months.setdefault(month, []).extend((when + later, text) for later, text in steps)
            before = version
    latest = max(months, default="")
    this = time.strftime("%Y-%m", time.gmtime())
    if latest:
        lines = sorted(months[latest])
        text = "".join(
            f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(when))} {line}\n" for when, line in lines
        ).encode()
        name = "dpkg.log" if latest == this else "dpkg.log.1"
        found[name] = Node(content=text, changed=lines[-1][0])
    found.setdefault("dpkg.log", Node(changed=_next_month(latest, world)))


def apt_files(world: World, packages: Packages) -> dict[str, Node]:
    """/var/log/apt by name."""
    last = max((when for each in packages.values() for _, when in each.installed), default=world.installed)
    month = time.strftime("%Y-%m", time.gmtime(last))
    emptied = month != time.strftime("%Y-%m", time.gmtime())
    return package_logs.apt_files(world, packages, _next_month(month, world) if emptied else 0)


def _next_month(month: str, world: World) -> int:
    if not month:
        return world.installed
    year, number = int(month[:4]), int(month[5:])
    return day(f"{year + number // 12}-{number % 12 + 1}-1") + 7
