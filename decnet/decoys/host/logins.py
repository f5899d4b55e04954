"""Who has logged in to a machine, and when it was started: what wtmp(5) and lastlog(8) have."""

from __future__ import annotations

import time
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
    number = machine.persona.number
    period = number("admin visits", 50_000, 1_200_000)
    desk = machine.address.rsplit(".", 1)[0] + f".{number('admin desk', 20, 240)}"
    before = int(now) - 3600
    return before - (before - number("admin visited", 0, 1_200_000)) % period, desk


def wtmp_began(machine: Machine, now: float) -> int:
    """When the file was begun: logrotate begins another one each month, if it is large enough."""
    first = time.gmtime(now)
    month = int(now) - (first.tm_mday - 1) * 86400 - first.tm_hour * 3600 - first.tm_min * 60 - first.tm_sec
    return max(machine.installed, min(machine.booted(), month + machine.persona.number("rotated", 20, 900)))


def logins(machine: Machine, user: str, now: float) -> list[LoginEntry]:
    """What the file has, the newest first, without the visitors."""
    period = machine.persona.number("admin visits", 50_000, 1_200_000)
    when, desk = usual_login(machine, now)
    began, booted = wtmp_began(machine, now), machine.booted()
    found = [LoginEntry("reboot", "system boot", machine.system.kernel, booted)] if booted >= began else []
    while when >= began and len(found) < MOST_LOGINS:
        name = user if machine.persona.number(f"login by {when}", 0, 2) else "root"
        lasted = machine.persona.number(f"login lasted {when}", 40, 5400)
        found.append(LoginEntry(name, "pts/0", desk, when, when + lasted))
        when -= period
    return sorted(found, key=lambda entry: -entry.began)


def last_login(machine: Machine, user: str, first: str, now: float) -> LoginEntry | None:
    """The last login of a user before the visitors, None if there was none."""
    return next((entry for entry in logins(machine, first, now) if entry.user == user), None)
