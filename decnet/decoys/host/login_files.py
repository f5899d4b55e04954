"""The files of logins as they are on disk: wtmp, btmp (utmp(5)) and lastlog, of x86-64."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Container, Iterable
from typing import Protocol

from ..machine import Machine
from ..server_logs import Logged, logs_of
from .accounts import Accounts
from .logins import LoginEntry, logins
from .pids import pid_at
from .processes import ProcessEntry


class Visit(Protocol):
    """The login of a visitor. `terminal`: as `who` prints it, or ""; `began`: seconds since the epoch."""

    user: str
    terminal: str
    source: str
    began: float
    server: int


UTMP = struct.Struct("<hxxi32s4s32s256shhiii16s20x")
LASTLOG = struct.Struct("<i32s256s")
RUN_LEVEL, BOOT_TIME, LOGIN_PROCESS, USER_PROCESS, DEAD_PROCESS = 1, 2, 6, 7, 8
GRAPHICAL = 53
"""The number that systemd writes for a run level: its letter."""


def wtmp(machine: Machine, user: str) -> bytes:
    """The records of /var/log/wtmp, the oldest first. `user`: the machine's administrator."""
    records: list[tuple[int, bytes]] = []
    for entry in logins(machine, user, time.time()):
        if entry.user == "reboot":
            records += _boot(machine, entry)
            continue
        pid = pid_at(machine, entry.began)
        records.append(
            (entry.began, _record(USER_PROCESS, pid, entry, entry.user, entry.source, entry.began))
        )
        if entry.ended:
            records.append((entry.ended, _record(DEAD_PROCESS, pid, entry, "", "", entry.ended)))
    return b"".join(record for _, record in sorted(records, key=lambda each: each[0]))


def utmp(machine: Machine, user: str, entries: Iterable[ProcessEntry], visits: Iterable[Visit]) -> bytes:
    """The records of /run/utmp: the boot, the run level (a prompt starts after all units: `Type=idle`), the
    prompt of the console, and who is or was logged in at a terminal."""
    booted, kernel = machine.booted(), machine.system.kernel
    records = [
        _packed(BOOT_TIME, 0, "~", "~~", "reboot", kernel, booted),
        _packed(RUN_LEVEL, GRAPHICAL, "~", "~~", "runlevel", kernel, booted + 9),
    ]
    records += [
        _packed(LOGIN_PROCESS, entry.pid, "tty1", "tty1", "LOGIN", "", entry.started)
        for entry in entries
        if entry.name == "agetty"
    ]
    visits = sorted(visits, key=lambda visit: visit.began)
    for gone in left(machine, user, {each.terminal for each in visits}):
        name = f"ts/{gone.terminal.rpartition('/')[2]}"
        pid = pid_at(machine, gone.began)
        records.append(_packed(DEAD_PROCESS, pid, gone.terminal, name, "", "", gone.ended))
    for each in visits:
        if each.terminal:
            name = f"ts/{each.terminal.rpartition('/')[2]}"
            when = int(each.began)
            records.append(
                _packed(USER_PROCESS, each.server, each.terminal, name, each.user, each.source, when)
            )
    return b"".join(records)


def left(machine: Machine, user: str, taken: Container[str]) -> list[LoginEntry]:
    """Whose records are still there since the machine's start: the last login at each terminal that no one
    has now. `taken`: the terminals of visitors."""
    booted = machine.booted()
    found = [each for each in logins(machine, user, time.time()) if each.began >= booted and each.ended]
    last = {
        each.terminal: each for each in sorted(found, key=lambda each: each.began) if each.user != "reboot"
    }
    return [each for each in last.values() if each.terminal.startswith("pts/") and each.terminal not in taken]


def btmp(machine: Machine) -> bytes:
    """The records of /var/log/btmp: what visitors have failed at in this month."""
    found = []
    for line in failures(machine, time.time()):
        source, _, name = line.text.partition(" ")
        found.append(
            _packed(
                LOGIN_PROCESS,
                line.pid,
                line.program,
                "",
                name[:32],
                source,
                line.when,
                line.at // 1000 % 1_000_000,
            )
        )
    return b"".join(found)


def failures(machine: Machine, now: float) -> list[Logged]:
    """The failed logins since the file was begun, the oldest first."""
    return logs_of(machine.persona.seed).lines("btmp", month_of(now))


def month_of(now: float) -> int:
    """When logrotate began the file: with the month."""
    first = time.gmtime(now)
    return int(now) - (first.tm_mday - 1) * 86400 - first.tm_hour * 3600 - first.tm_min * 60 - first.tm_sec


def _boot(machine: Machine, entry: LoginEntry) -> list[tuple[int, bytes]]:
    kernel, began, ended = machine.system.kernel, entry.began, entry.ended
    found = [
        (began, _packed(BOOT_TIME, 0, "~", "~~", "reboot", kernel, began)),
        (began + 9, _packed(RUN_LEVEL, GRAPHICAL, "~", "~~", "runlevel", kernel, began + 9)),
    ]
    stop = _packed(RUN_LEVEL, 0, "~", "~~", "shutdown", kernel, ended)
    return [*found, *([(ended, stop)] if ended else [])]


def _record(kind: int, pid: int, entry: LoginEntry, user: str, source: str, when: int) -> bytes:
    return _packed(kind, pid, entry.terminal, entry.terminal[-4:], user, source, when)


def _packed(
    kind: int, pid: int, line: str, name: str, user: str, host: str, when: int, fraction: int = -1
) -> bytes:
    try:
        address = socket.inet_aton(host) if kind in (USER_PROCESS, LOGIN_PROCESS) else b""
    except OSError:
        address = b""
    microseconds = when * 7919 % 1_000_000 if fraction < 0 else fraction
    texts = [text.encode() for text in (line, name, user, host)]
    return UTMP.pack(kind, pid, *texts, 0, 0, 0, when, microseconds, address)


def lastlog(machine: Machine, accounts: Accounts, user: str) -> bytes:
    """The content of /var/log/lastlog: a record for each number of a user, up to the last login's."""
    found = bytearray()
    latest = {entry.user: entry for entry in reversed(logins(machine, user, time.time()))}
    for account in accounts.users:
        entry = latest.get(account.name)
        if entry is not None and account.uid < 60_000:
            end = (account.uid + 1) * LASTLOG.size
            found.extend(bytes(max(0, end - len(found))))
            row = LASTLOG.pack(entry.began, entry.terminal.encode(), entry.source.encode())
            found[end - LASTLOG.size : end] = row
    return bytes(found)
