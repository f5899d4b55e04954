# ruff: noqa: E501 (formats)
"""The logs of a machine: what dpkg has done, and what the daemons wrote since the last rotation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from . import boot_log, login_files, package_logs, timers
from .logins import cron_user, login_port, login_texts, logins
from .node import Node
from .packages import Packages
from .processes import pid_at

if TYPE_CHECKING:
    from .model import World

WEEK = 7 * 86_400
MOST_LINES = 2_000
MOST_OLD = 12
"""Logs of former weeks that are kept in memory."""

_old: WeakKeyDictionary[World, dict[tuple[str, int], tuple[object, bytes]]] = WeakKeyDictionary()


def files(world: World, packages: Packages) -> dict[str, Node]:
    """The nodes of /var/log by their names. Logs of the current week are written until now; older ones were compressed."""
    found: dict[str, Node] = {}
    _dpkg(world, packages, found)
    now = int(time.time())
    rotated = _rotated(world, now)
    owner = "syslog" if world.system.id == "ubuntu" else "root"
    for name, size in (
        ("syslog", 190_000),
        ("auth.log", 52_000),
        ("kern.log", 21_000),
        ("cron.log", 15_000),
        ("user.log", 2_000),
        ("mail.log", 0),
        ("daemon.log", 60_000),
        ("messages", 30_000),
        ("debug", 9_000),
    ):
        if not _has(world, name):
            continue
        if name in ("syslog", "auth.log", "kern.log", "cron.log", "user.log", "mail.log"):
            found[f"{name}"] = Node(
                0o640,
                owner=owner,
                group="adm",
                live=partial(current, world, name, rotated),
                size=_size(world, name, rotated),
                changed=_last(world, name),
            )
        for number in range(1, 5):
            before = rotated - (number - 1) * WEEK
            if not size or before - WEEK < world.installed:
                continue
            length = world.persona.number(f"{name} {before}", size // 2, size) // (1 if number == 1 else 11)
            suffix = f".{number}" + (".gz" if number > 1 else "")
            from .packaged import unknown_content

            live = (
                partial(old, world, name, before - WEEK)
                if number == 1
                else partial(
                    unknown_content, f"/var/log/{name}{suffix}", f"{before} {world.persona.seed}", b"", length
                )
            )
            found[f"{name}{suffix}"] = Node(
                0o640,
                owner=owner,
                group="adm",
                live=live,
                size=len(old(world, name, before - WEEK)) if number == 1 else length,
                changed=before,
            )
    records = partial(login_files.wtmp, world.machine, world.user)
    last_ones = partial(login_files.lastlog, world.machine, world.accounts, world.user)
    rows: tuple[tuple[str, int, str, Callable[[], bytes] | None], ...] = (
        ("wtmp", 0o664, "utmp", records),
        ("btmp", 0o660, "utmp", None),
        ("lastlog", 0o664, "utmp", last_ones),
        ("faillog", 0o644, "", None),
    )
    for name, mode, group, making in rows:
        size = len(making()) if making is not None else 0
        entries = logins(world.machine, world.user, now)
        last = max((each.ended or each.began for each in entries), default=world.booted())
        when = world.installed + 30 if making is None else max(min(last, now), world.installed)
        found[name] = Node(mode, group=group, size=size, live=making, changed=when)
    return found


def with_own(world: World, node: Node, own: list[tuple[int, str]]) -> Node:
    """The current auth.log with lines of a visitor's logins, each with its time."""
    rotated = _rotated(world, int(time.time()))
    own = [(when, f"{_stamp(world, when)} {world.hostname} {text}") for when, text in own if when >= rotated]
    if not own:
        return node
    content = current(world, "auth.log", rotated, own)
    return replace(node, live=None, content=content, size=-1, changed=max(node.changed, own[-1][0]))


def _rotated(world: World, now: int) -> int:
    """When the current logs were begun."""
    return max((now - 4 * 86_400) // WEEK * WEEK + 4 * 86_400 - 20, world.installed)


def _has(world: World, name: str) -> bool:
    if name in ("cron.log", "user.log"):
        return world.system.version == "12"
    if name in ("daemon.log", "messages", "debug"):
        return world.system.version == "11"
    return name != "mail.log" or any(each.program == "master" for each in world.services())


def _stamp(world: World, moment: int) -> str:
    if world.system.version in ("12", "24.04"):
        fraction = moment * 7919 % 1_000_000
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{fraction:06}+00:00"
    return time.strftime("%b %e %H:%M:%S", time.gmtime(moment))


def _events(world: World, name: str, since: int, until: int) -> list[tuple[int, str]]:
    """The lines of a log: what cron and systemd do every hour and every day."""
    host = world.hostname
    lines = _logins(world, since, until) if name == "auth.log" else []
    lines += _starts(world, name, since, until)
    if name in ("syslog", "daemon.log"):
        lines += [
            (when, f"{_stamp(world, when)} {host} systemd[1]: {text}")
            for when, _, text in timers.logged(world, since, until)
        ]
    hour = -(-since // 3600) * 3600 + 17 * 60 + 1 - 3600
    while (hour := hour + 3600) <= until and len(lines) < MOST_LINES:
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


def current(world: World, name: str, rotated: int, own: list[tuple[int, str]] | None = None) -> bytes:
    """A log since its rotation."""
    lines = _events(world, name, rotated, int(time.time())) + (own or [])
    return "".join(f"{line}\n" for _, line in sorted(lines, key=lambda line: line[0])).encode()


def _starts(world: World, name: str, since: int, until: int) -> list[tuple[int, str]]:
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


def old(world: World, name: str, since: int) -> bytes:
    """The log of the week before."""
    known, restarts = _old.setdefault(world, {}), world.machine.restarts
    if (name, since) not in known or known[name, since][0] != restarts:
        if len(known) >= MOST_OLD:
            known.clear()
        lines = _events(world, name, since, since + WEEK)
        known[name, since] = restarts, "".join(f"{line}\n" for _, line in lines).encode()
    return known[name, since][1]


def _size(world: World, name: str, rotated: int) -> int:
    return len(current(world, name, rotated))


def _last(world: World, name: str) -> int:
    now = int(time.time())
    hour = (now - 17 * 60 - 1) // 3600 * 3600 + 17 * 60 + 1
    booted = world.booted()
    lines = _logins(world, booted, now) if name == "auth.log" else []
    last = booted + 5 if name in ("kern.log", "mail.log") or not world.machine.was_up(hour) else hour
    return max(last, world.installed, *(when for when, _ in lines))


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
    if world.system.version in ("12", "24.04"):
        found["README"] = Node(
            0o777, target="../../usr/share/doc/systemd/README.logs", changed=world.installed + 30
        )


def apt_files(world: World, packages: Packages) -> dict[str, Node]:
    """/var/log/apt by name."""
    last = max((when for each in packages.values() for _, when in each.installed), default=world.installed)
    month = time.strftime("%Y-%m", time.gmtime(last))
    emptied = month != time.strftime("%Y-%m", time.gmtime())
    return package_logs.apt_files(world, packages, _next_month(month, world) if emptied else 0)


def _next_month(month: str, world: World) -> int:
    if not month:
        return world.installed
    import calendar

    year, number = int(month[:4]), int(month[5:])
    return calendar.timegm((year + number // 12, number % 12 + 1, 1, 0, 0, 7))
