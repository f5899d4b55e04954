"""Who has logged in to a machine, and when it was started: what wtmp(5) and lastlog(8) have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..machine import Machine

MOST_LOGINS = 12


@dataclass(frozen=True, slots=True)
class LoginEntry:
    """One login of an administrator, or a start of the machine (user `reboot`). Times are seconds since the
    epoch; `ended` 0: not yet."""

    user: str
    terminal: str
    source: str
    began: int
    ended: int = 0


def usual_login(machine: Machine, now: float) -> tuple[int, str]:
    """When an administrator was last here before `now` (seconds since the epoch), and from where: every few
    days, and the same until the next time."""
    desk = machine.address.rsplit(".", 1)[0] + f".{machine.persona.number('admin desk', 20, 240)}"
    return next(_visits(machine, int(now) - 3600)), desk


def _visits(machine: Machine, before: int) -> Iterator[int]:
    """When an administrator came, backwards: once in each period, on a day and at a time of its own."""
    number = machine.persona.number
    period = number("admin visits", 2, 14)
    at = before // 86_400 // period
    while True:
        day = at * period + number(f"admin day {at}", 0, period - 1)
        when = day * 86_400 + number(f"admin time {at}", 6 * 3600, 18 * 3600)
        if when <= before:
            yield when
        at -= 1


def login_port(machine: Machine, began: int) -> int:
    """The port that a client had for a login."""
    return machine.persona.number(f"login port {began}", 32_768, 60_999)


def cron_user(machine: Machine) -> str:
    """How pam_unix names the user for whom cron opens a session."""
    return "root by (uid=0)" if machine.system.version == "20.04" else "root(uid=0) by (uid=0)"


def login_texts(machine: Machine, user: str, uid: int, source: str, port: int) -> tuple[list[str], list[str]]:
    """What sshd logs when a user comes and when he leaves."""
    account = user if machine.system.version == "20.04" else f"{user}(uid={uid})"
    return [
        f"Accepted password for {user} from {source} port {port} ssh2",
        f"pam_unix(sshd:session): session opened for user {account} by (uid=0)",
    ], [
        f"Received disconnect from {source} port {port}:11: disconnected by user",
        f"Disconnected from user {user} {source} port {port}",
        f"pam_unix(sshd:session): session closed for user {user}",
    ]


def wtmp_began(machine: Machine, now: float) -> int:
    """When the file was begun: logrotate begins another one each month, if it is large enough. It has the
    last start before that."""
    first = time.gmtime(now)
    month = int(now) - (first.tm_mday - 1) * 86400 - first.tm_hour * 3600 - first.tm_min * 60 - first.tm_sec
    return max(machine.installed, machine.start_at(month + machine.persona.number("rotated", 20, 900)))


def logins(machine: Machine, user: str, now: float) -> list[LoginEntry]:
    """What the file has, the newest first, without the visitors."""
    _, desk = usual_login(machine, now)
    began = wtmp_began(machine, now)
    found = [
        LoginEntry("reboot", "system boot", machine.system.kernel, start, ended)
        for start, ended in machine.starts(began)
    ]
    visits = 0
    for when in _visits(machine, int(now) - 3600):
        if when < began or visits >= MOST_LOGINS:
            break
        if not machine.was_up(when):
            continue
        visits += 1
        name = user if machine.persona.number(f"login by {when}", 0, 2) else "root"
        lasted = machine.persona.number(f"login lasted {when}", 40, 5400)
        ended = min(when + lasted, machine.stopped_after(when) or when + lasted)
        found.append(LoginEntry(name, "pts/0", desk, when, ended))
    return sorted(found, key=lambda entry: -entry.began)


def last_login(machine: Machine, user: str, first: str, now: float) -> LoginEntry | None:
    """The last login of a user before the visitors, None if there was none."""
    return next((entry for entry in logins(machine, first, now) if entry.user == user), None)
