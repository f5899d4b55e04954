# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""journalctl, dmesg, logger: the machine's log."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...host.journal_files import sizes
from ...host.kernel_log import kernel_log
from ...host.logins import cron_user, login_port, login_texts, logins
from ...host.pids import pid_at
from ...host.printed_versions import version_of
from ...host.timers import logged
from ...host.units import units
from ...host.world import World
from ...server_logs import logs_of
from ..paged import SYSTEMD, paged
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, tool
from . import journal_boots
from .journal_boots import Entry
from .logged_errors import complain
from .shown import clock

MOST_LINES, MOST_MATCHES = 20_000, 50
OLD = ("11", "20.04", "22.04", "8.10")


def log_of(shell: Shell) -> list[Entry]:
    """The log as this visitor sees it, the oldest first: the kernel's start, services, logins, cron."""
    world, now = shell.world, time.time()
    booted = world.booted()
    found = [Entry(booted + seconds, "kernel", 0, text) for seconds, text in kernel_log(world)]
    processes = world.processes(int(now))
    for unit in units(world.system.id, world.system.version, booted, processes):
        if not unit.active or (unit.main is None and unit.since > booted + 60):
            continue
        name = unit.description if world.system.version in OLD else f"{unit.name} - {unit.description}"
        found.append(Entry(unit.since - 0.4, "systemd", 1, f"Starting {name}...", unit.name))
        if unit.main is not None and unit.name in ("ssh.service", "sshd.service"):
            found += [
                Entry(unit.since, "sshd", unit.main.pid, f"Server listening on {address} port 22.", unit.name)
                for address in ("0.0.0.0", "::")
            ]
        if unit.main is not None and unit.name == "cron.service":
            found += [
                Entry(unit.since, "cron", unit.main.pid, f"(CRON) INFO ({text})", unit.name)
                for text in ("pidfile fd = 3", "Running @reboot jobs")
            ]
        found.append(
            Entry(
                unit.since + 0.1, "systemd", 1, f"{'Started' if unit.main else 'Finished'} {name}.", unit.name
            )
        )
    ssh = "sshd.service" if world.system.id == "rocky" else "ssh.service"
    for login in logins(world, world.user, now):
        if login.user != "reboot":
            pid, port = pid_at(world, login.began), login_port(world, login.began)
            found += _of_login(world, login.user, login.source, login.began, pid, port, ssh, login.ended)
    units_of = {"sshd": ssh, "vsftpd": "vsftpd.service"}
    for log in ("auth", "mail"):
        found += [
            Entry(each.at / 1e9, each.program, each.pid, each.text, _unit_of(each.program, units_of))
            for each in logs_of(world.persona.seed).lines(log)
            if each.program
        ]
    found += _cron(shell, now)
    if world.system.id != "rocky":
        since = max(booted, int(now) - 30 * 3600)
        found += [
            Entry(when, "systemd", 1, text, unit) for when, unit, text in logged(world, since, int(now))
        ]
    return sorted(found, key=lambda entry: entry.when)


def _unit_of(program: str, known: dict[str, str]) -> str:
    return "postfix@-.service" if program.startswith("postfix/") else known.get(program, "")


def _of_login(
    world: World, user: str, source: str, when: int, pid: int, port: int, unit: str, ended: int = 0
) -> list[Entry]:
    came, left = login_texts(world, user, world.number_of(user), source, port)
    found = [Entry(when - 1, "sshd", pid, text, unit) for text in came]
    return found + [Entry(ended, "sshd", pid, text, unit) for text in left if ended]


def _cron(shell: Shell, now: float) -> list[Entry]:
    """The hourly run of cron in the last hours."""
    world = shell.world
    minute = 17 if world.system.id != "rocky" else 1
    first = int(now) // 3600 * 3600 + minute * 60
    found = []
    for hours in range(30):
        when = first - hours * 3600 + 1
        if world.booted() < when < now:
            pid = pid_at(world, when)
            if world.system.id == "rocky":
                found.append(
                    Entry(when, "CROND", pid, "(root) CMD (run-parts /etc/cron.hourly)", "crond.service")
                )
                continue
            found += [
                Entry(
                    when,
                    "CRON",
                    pid,
                    f"pam_unix(cron:session): session opened for user {cron_user(world)}",
                    "cron.service",
                ),
                Entry(
                    when,
                    "CRON",
                    pid + 1,
                    "(root) CMD (cd / && run-parts --report /etc/cron.hourly)",
                    "cron.service",
                ),
                Entry(
                    when, "CRON", pid, "pam_unix(cron:session): session closed for user root", "cron.service"
                ),
            ]
    return found


def lines_of(process: Process, *, unit: str = "") -> list[str]:
    """The lines of a unit in the short format."""
    return [_short(process.shell, entry) for entry in log_of(process.shell) if not unit or entry.unit == unit]


def _short(shell: Shell, entry: Entry, form: str = "%b %d %H:%M:%S") -> str:
    who = entry.source if not entry.pid else f"{entry.source}[{entry.pid}]"
    return f"{clock(form, entry.when)} {shell.world.hostname} {who}: {entry.text}\n"


@tool
def journalctl(process: Process) -> Running:
    """The journal."""
    process.args = journal_boots.joined(list(process.args))
    try:
        options = parse(
            process, "abefhklmn:o:qrt:u:xD:c:F:g:M:NS:U:p::", "all=a boot::=b follow=f help=h dmesg=k lines::=n no-pager output:=o quiet=q reverse=r identifier:=t unit:=u catalog=x since:=S until:=U list-boots disk-usage priority:=p vacuum-size: vacuum-time: vacuum-files: rotate flush sync version grep:=g user system no-hostname no-full utc header field:=F fields=N pager-end=e cursor: facility: user-unit: merge=m directory: file: list-catalog show-cursor no-tail",
        )  # fmt: skip
    except Failure as failure:
        process.err(f"journalctl: {failure.message}\n")
        return 1
    shell = process.shell
    yield 0.0
    if any(name in options for name in ("rotate", "flush", "sync")):
        return 0
    if "disk-usage" in options:
        process.out(f"Archived and active journals take up {_disk_usage(shell)}.0M in the file system.\n")
        return 0
    for name, value in options.given:
        if name == "vacuum-time" and not _is_span(value):
            process.err(f"Failed to parse vacuum time: {value}\n")
            return 1
        if name == "vacuum-size" and not value.rstrip("BKMGTPE").replace(".", "", 1).isdecimal():
            process.err(f"Failed to parse vacuum size: {value}\n")
            return 1
    if any(name.startswith("vacuum") for name, _ in options.given):
        process.out("Vacuuming done, freed 0B of archived journals from /var/log/journal.\n")
        return 0
    if "list-boots" in options:
        journal_boots.list_boots(process)
        return 0
    return (yield from _entries(process, options))


def _disk_usage(shell: Shell) -> int:
    """In MiB."""
    return sum(sizes(shell.world, int(time.time())).values()) >> 20


def _is_span(text: str) -> bool:
    """Whether a text is a time span as systemd reads it."""
    units = (
        "",
        "us",
        "ms",
        "s",
        "sec",
        "m",
        "min",
        "h",
        "hr",
        "d",
        "day",
        "days",
        "w",
        "week",
        "weeks",
        "month",
        "months",
        "M",
        "y",
        "year",
        "years",
    )
    words = text.split()
    return bool(words) and all(word.lstrip("0123456789.") in units and word[:1].isdecimal() for word in words)


def _of_boots(process: Process, options: Options) -> list[Entry] | None:
    """The entries of the chosen start, by default of all; None after an error."""
    world = process.shell.world
    entries = log_of(process.shell)
    if "b" not in options and "k" not in options:
        return sorted([*journal_boots.earlier(world), *entries], key=lambda entry: entry.when)
    wanted = options.value("b") or "0"
    boot = journal_boots.chosen(world, wanted)
    if boot is None:
        process.err(f"Data from the specified boot ({wanted}) is not available: No such boot ID in journal\n")
        return None
    if boot.began != world.booted():
        entries = sorted([*journal_boots.earlier(world), *entries], key=lambda entry: entry.when)
    return journal_boots.of_boot(entries, boot, world)


def _matching(process: Process, words: list[str], entries: list[Entry]) -> list[Entry]:
    """The entries that have the fields of `FIELD=VALUE` words; those of one field are alternatives. Raises Failure."""
    fields: dict[str, set[str]] = {}
    for word in words[:MOST_MATCHES]:
        name, equals, value = word.partition("=")
        if not equals and word != "+" and not word.startswith("/"):
            process.err(
                f"Failed to add match '{word}': Invalid argument\nFailed to add filters: Invalid argument\n"
            )
            raise Failure("")
        fields.setdefault(name, set()).add(value)
    values: dict[str, Callable[[Entry], str]] = {
        "_PID": lambda entry: str(entry.pid), "_SYSTEMD_UNIT": lambda entry: entry.unit, "SYSLOG_IDENTIFIER": lambda entry: entry.source, "_COMM": lambda entry: entry.source,
        "_TRANSPORT": lambda entry: "kernel" if entry.source == "kernel" else "syslog", "_HOSTNAME": lambda entry: process.shell.world.hostname, "_UID": lambda entry: "0",
    }  # fmt: skip
    for name, wanted in fields.items():
        known = values.get(name)
        entries = [entry for entry in entries if known is not None and known(entry) in wanted]
    return entries


def _entries(process: Process, options: Options) -> Running:
    shell = process.shell
    groups = [group.name for group in shell.world.accounts.groups_of(shell.user)]
    if shell.user != "root" and not {"adm", "systemd-journal", "sudo", "wheel"} & set(groups):
        process.err(
            "Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.\nNo journal files were opened due to insufficient permissions.\n"
        )
        return 1
    entries = _of_boots(process, options)
    if entries is None:
        return 1
    if "k" in options:
        entries = [entry for entry in entries if entry.source == "kernel"]
    for wanted in options.values("u"):
        name = wanted if "." in wanted else f"{wanted}.service"
        entries = [entry for entry in entries if entry.unit == name]
    entries = _matching(process, options.operands, entries)
    for wanted in options.values("t"):
        entries = [entry for entry in entries if entry.source == wanted]
    if "g" in options:
        entries = [entry for entry in entries if options.value("g")[:100] in entry.text]
    since = options.value("S")
    if (
        since
        and since not in ("today", "yesterday", "now")
        and not since[:1].isdecimal()
        and since[:1] not in "-+"
    ):
        process.err(f"Failed to parse timestamp: {since}\n")
        return 1
    if since:
        limits = {"today": time.time() // 86400 * 86400, "yesterday": time.time() // 86400 * 86400 - 86400}
        entries = [entry for entry in entries if entry.when >= limits.get(since, time.time() - 3600)]
    lines = options.value("n") or (
        "10" if "n" in options or "f" in options else "1000" if "e" in options else ""
    )
    if lines and lines != "all":
        if not lines.isdecimal():
            complain(process, f"Failed to add match '{lines}': Invalid argument", coloured=True)
            return 1
        entries = entries[-int(lines[:6]) :] if int(lines[:6]) else []
    if "r" in options:
        entries.reverse()
    if not entries:
        process.out("-- No entries --\n" if "q" not in options else "")
        return 0
    form = {"short-iso": "%Y-%m-%dT%H:%M:%S+0000", "short-full": "%a %Y-%m-%d %H:%M:%S UTC", "cat": ""}.get(
        options.value("o"), "%b %d %H:%M:%S"
    )
    for entry in entries[:MOST_LINES]:
        process.out(f"{entry.text}\n" if not form else _short(shell, entry, form))
        if process.tired:
            yield 0.0
    while "f" in options:
        yield 3600.0
    return 0


@tool
def dmesg(process: Process) -> Running:
    """The kernel's log."""
    try:
        options = parse(
            process,
            "CcDdEeF:f:HhJkL::l:n:PprSs:TtuVwWx",
            "clear=C read-clear=c console-off=D show-delta=d ctime=T reltime=e human=H kernel=k color::=L level:=l facility:=f nopager=P raw=r notime=t userspace=u follow=w decode=x help=h version=V time-format: json=J since: until: force-prefix=p",
        )
    except Failure as failure:
        process.err(f"dmesg: {failure.message}\nTry 'dmesg --help' for more information.\n")
        return 1
    shell = process.shell
    yield 0.0
    if "V" in options:
        process.out(
            f"dmesg from util-linux {version_of(process.shell.world.packages, 'util-linux', '2.38.1')}\n"
        )
        return 0
    if shell.user != "root" and shell.world.system.id != "rocky" and not shell.world.system.busybox:
        process.err("dmesg: read kernel buffer failed: Operation not permitted\n")
        return 1
    booted = shell.world.booted()
    if "C" in options:
        shell.files.note("dmesg", str(int(time.time())))
        return 0
    if shell.files.notes.get("dmesg"):
        return 0
    for seconds, text in kernel_log(shell.world):
        if "T" in options:
            head = f"[{clock('%a %b %e %H:%M:%S %Y', booted + seconds)}] "
        else:
            head = "" if "t" in options else f"[{seconds:12.6f}] "
        process.out(f"{head}{text}\n")
        if process.tired:
            yield 0.0
    if "c" in options:
        shell.files.note("dmesg", str(int(time.time())))
    while "w" in options or "W" in options:
        yield 3600.0
    return 0


@tool
def logger(process: Process) -> Running:
    """A line for the log."""
    parse(
        process,
        "def:hin:p:P:sS:t:Tu:V",
        "id:: file:=f priority:=p tag:=t stderr=s server:=n port:=P udp=d tcp=T version=V help=h size:=S socket:=u skip-empty=e no-act",
        stop=True,
    )
    if process.input is None and not process.args:
        process.given  # noqa: B018 (it reads until the end)
    yield 0.0
    return 0


def _is_list(process: Process) -> bool:
    """Whether entries are printed, and the command ends."""
    actions = (
        "--disk-usage",
        "--rotate",
        "--vacuum",
        "--flush",
        "--sync",
        "--verify",
        "--follow",
        "--version",
    )
    return not any(
        word.startswith(actions) or ("f" in word and word[:2] != "--" and word[0] == "-")
        for word in process.args
    )


COMMANDS: dict[str, Command] = {
    "journalctl": paged(journalctl, SYSTEMD, _is_list),
    "dmesg": dmesg,
    "logger": logger,
}
