# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""hostnamectl, timedatectl, localectl and loginctl."""

from __future__ import annotations

import time

from ...host.dmi import firmware
from ...host.hardware import machine_id, uuid_for
from ..paged import SYSTEMD, paged, verb_in
from ..process import Command, Process, Running
from ..text.common import Failure, Options, parse, tool
from ..visit import visits_of
from .logged_errors import complain
from .shown import clock


@tool
def hostnamectl(process: Process) -> Running:
    """The names of the machine, and what it is."""
    options = _systemd_options(process)
    world, words = process.shell.world, options.operands
    yield 0.0
    if words[:1] in (["hostname"], ["set-hostname"]):
        if len(words) == 1:
            process.out(f"{process.shell.hostname}\n" if words[0] == "hostname" else "")
            return 0
        if process.shell.user != "root":
            process.err("Could not set static hostname: Interactive authentication required.\n")
            return 1
        return 0
    if not words and ("static" in options or "transient" in options):
        process.out(f"{process.shell.hostname}\n")
        return 0
    if words and words[0] not in ("status", "icon-name", "chassis", "deployment", "location"):
        complain(process, f"Unknown command verb {words[0]}.")
        return 1
    info, system = firmware(world), world.system
    guest = world.is_virtual
    if words[:1] != ["status"] and words:
        if len(words) == 1:
            names = {
                "icon-name": "computer-vm" if guest else "computer-server",
                "chassis": "vm" if guest else "server",
            }
            process.out(f"{names.get(words[0], '')}\n")
            return 0
        return 0 if process.shell.user == "root" else 1
    chassis = (
        ("vm 🖴" if system.version in ("12", "24.04", "9.4") else "vm")
        if guest
        else ("server 🖳" if system.version in ("12", "24.04", "9.4") else "server")
    )
    rows = [("Static hostname", world.hostname), ("Icon name", "computer-vm" if guest else "computer-server"), ("Chassis", chassis), ("Machine ID", machine_id(world)),
            ("Boot ID", uuid_for(world, f"boot {world.booted()}").replace("-", ""))]  # fmt: skip
    rows += [("Virtualization", "vmware")] if guest else []
    rows.append(("Operating System", system.name))
    if system.id == "rocky":
        rows.append(
            (
                "CPE OS Name",
                f"cpe:/o:rocky:rocky:{system.version.split('.')[0]}{'::baseos' if system.version != '8.10' else ':GA'}",
            )
        )
    rows += [("Kernel", f"Linux {system.kernel}"), ("Architecture", "x86-64")]
    if system.version in ("12", "22.04", "24.04", "9.4"):
        rows += [("Hardware Vendor", info.vendor), ("Hardware Model", info.product)]
    if system.version in ("12", "24.04", "9.4"):
        rows.append(("Firmware Version", info.bios))
    width = 16 if system.version != "8.10" else 18
    process.out("".join(f"{name:>{width}}: {value}\n" for name, value in rows))
    return 0


def _systemd_options(process: Process) -> Options:
    try:
        return parse(
            process,
            "hH:M:alp:",
            "help=h version no-ask-password host:=H machine:=M transient static pretty json: all=a property:=p value no-pager no-legend adjust-system-clock monitor lines: full=l",
        )
    except Failure as failure:
        process.err(f"{process.name}: {failure.message}\n")
        raise Failure("", 1) from None


@tool
def timedatectl(process: Process) -> Running:
    """The clock."""
    options = _systemd_options(process)
    words, now = options.operands, time.time()
    yield 0.0
    rocky = process.shell.world.system.id == "rocky"
    zone = "UTC" if rocky else "Etc/UTC"
    if words[:1] == ["list-timezones"]:
        process.out("".join(f"{each}\n" for each in _zones(process)))
        return 0
    if words[:1] == ["show"]:
        stamp = clock("%a %Y-%m-%d %H:%M:%S UTC", now)
        values = {
            "Timezone": zone,
            "LocalRTC": "no",
            "CanNTP": "yes",
            "NTP": "yes",
            "NTPSynchronized": "yes",
            "TimeUSec": stamp,
            "RTCTimeUSec": stamp,
        }
        wanted = [name for each in options.values("p") for name in each.split(",")]
        for name, value in values.items():
            if not wanted or name in wanted:
                process.out(f"{value}\n" if "value" in options else f"{name}={value}\n")
        return 0
    if (
        words[:1] == ["set-timezone"]
        and len(words) > 1
        and process.shell.node(f"/usr/share/zoneinfo/{words[1]}") is None
    ):
        process.err(f"Failed to set time zone: Invalid or not installed time zone '{words[1]}'\n")
        return 1
    if words and words[0] not in ("status", "timesync-status", "show-timesync"):
        if not words[0].startswith("set-"):
            complain(process, f"Unknown command verb {words[0]}.")
            return 1
        if process.shell.user != "root":
            process.err("Failed to set time: Interactive authentication required.\n")
            return 1
        if words[0] == "set-time":
            process.err("Failed to set time: Automatic time synchronization is enabled\n")
            return 1
        return 0
    stamp = clock("%a %Y-%m-%d %H:%M:%S", now)
    process.out(
        f"               Local time: {stamp} UTC\n           Universal time: {stamp} UTC\n                 RTC time: {stamp}\n                Time zone: {zone} (UTC, +0000)\n"
        "System clock synchronized: yes\n              NTP service: active\n          RTC in local TZ: no\n"
    )
    return 0


def _zones(process: Process) -> list[str]:
    """The names of all time zones, as tzdata has them."""
    rows = (process.shell.read("/usr/share/zoneinfo/tzdata.zi") or "").splitlines()
    found = {words[1] for words in (row.split() for row in rows) if len(words) > 1 and words[0] == "Z"}
    found |= {words[2] for words in (row.split() for row in rows) if len(words) > 2 and words[0] == "L"}
    if not found:
        table = (process.shell.read("/usr/share/zoneinfo/zone1970.tab") or "").splitlines()
        found = {row.split("\t")[2] for row in table if row[:1] != "#" and row.count("\t") > 1}
    areas = (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
    for area in areas if not found else ():
        base = f"/usr/share/zoneinfo/{area}"
        found |= {f"{area}/{name}" for name in process.shell.entries(base) if process.shell.node(base)}
    return sorted({*found, "Etc/UTC", "UTC"})


@tool
def localectl(process: Process) -> Running:
    """The language of the machine."""
    words = _systemd_options(process).operands
    yield 0.0
    if words[:1] == ["list-locales"]:
        process.out("C.UTF-8\nen_US.UTF-8\n")
        return 0
    if words and words[0].startswith("list-"):
        kind = {"list-keymaps": "keymaps", "list-x11-keymap-models": "X11 keyboard mapping list"}.get(
            words[0], "keymaps"
        )
        process.err(f"Failed to read list of {kind}: No such file or directory\n")
        return 1
    if words and words[0] in ("set-locale", "set-keymap", "set-x11-keymap"):
        value = (words[1:] or [""])[0].partition("=")[2] or (words[1:] or [""])[0]
        if process.shell.user != "root":
            process.err("Failed to issue method call: Interactive authentication required.\n")
            return 1
        if words[0] == "set-locale" and value not in ("C.UTF-8", "en_US.UTF-8", "C", "POSIX", "en_US.utf8"):
            process.err(
                f"Failed to issue method call: Can not enable locale generation for invalid locale: {value}\n"
            )
            return 1
        return 0
    if words and words[0] != "status":
        complain(process, f"Unknown command verb {words[0]}.")
        return 1
    lang = process.shell.variables.get("LANG") or "C.UTF-8"
    process.out(
        f"System Locale: LANG={lang}\n    VC Keymap: {'us' if process.shell.world.system.id == 'rocky' else '(unset)'}\n   X11 Layout: us\n    X11 Model: pc105\n"
    )
    return 0


@tool
def loginctl(process: Process) -> Running:
    """The sessions."""
    options = _systemd_options(process)
    shell = process.shell
    verb = options.operands[0] if options.operands else "list-sessions"
    visits = visits_of(shell.world, shell.visit.source)
    accounts = shell.world.accounts
    yield 0.0

    def uid(name: str) -> int:
        return getattr(accounts.user(name), "uid", 1000)

    if verb in (
        "show-user",
        "user-status",
        "terminate-user",
        "kill-user",
        "enable-linger",
        "disable-linger",
    ) and (bad := next((each for each in options.operands[1:] if accounts.user(each) is None), "")):
        process.err(f"Failed to look up user {bad}: No such process\n")
        return 1
    numbers = [str(visit.number) for visit in visits]
    if verb in (
        "session-status",
        "show-session",
        "kill-session",
        "terminate-session",
        "lock-session",
        "unlock-session",
        "activate",
    ) and (unknown := next((each for each in options.operands[1:] if each not in numbers), "")):
        what = {"kill": "Could not kill session", "terminate": "Could not terminate session"}.get(
            verb.partition("-")[0], "Failed to get session path"
        )
        process.err(f"{what}: No session '{unknown}' known\n")
        return 1
    if verb in ("list-seats", "seat-status", "show-seat"):
        process.out(
            "SEAT\nseat0\n\n1 seats listed.\n"
            if verb == "list-seats"
            else "seat0\n"
            if verb == "seat-status"
            else "Id=seat0\nCanGraphical=no\nIdleHint=no\n"
        )
        return 0
    if verb == "list-sessions":
        new = shell.world.system.version in ("24.04",)
        rows = [["SESSION", "UID", "USER", "SEAT", "TTY", *(["STATE", "IDLE", "SINCE"] if new else [])]]
        rows += [
            [
                str(visit.number),
                str(uid(visit.user)),
                visit.user,
                "-" if new else "",
                visit.terminal or ("-" if new else ""),
                *(["active", "no", "-"] if new else []),
            ]
            for visit in visits
        ]
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        for row in rows:
            process.out(
                " ".join(
                    cell.rjust(width) if at < 2 else cell.ljust(width)
                    for at, (cell, width) in enumerate(zip(row, widths, strict=True))
                )
                + "\n"
            )
        process.out(f"\n{len(visits)} sessions listed.\n")
        return 0
    if verb == "list-users":
        names = sorted({(uid(visit.user), visit.user) for visit in visits})
        process.out(
            " UID USER\n"
            + "".join(f"{number:>4} {name}\n" for number, name in names)
            + f"\n{len(names)} users listed.\n"
        )
        return 0
    if verb in ("show-session", "show-user"):
        process.out(_properties(process, options, verb))
        return 0
    if verb in ("session-status", "user-status"):
        visit = shell.visit
        process.out(
            f"{visit.number} - {visit.user} ({uid(visit.user)})\n           Since: {clock('%a %Y-%m-%d %H:%M:%S UTC', visit.began)}\n          Leader: {visit.server} (sshd)\n          Remote: {visit.source}\n         Service: sshd; type tty; class user\n           State: active\n            Unit: session-{visit.number}.scope\n"
        )
        return 0
    if verb.startswith(("terminate-", "kill-", "lock-", "enable-", "disable-")):
        return 0
    complain(process, f"Unknown command verb {verb}.")
    return 1


def _properties(process: Process, options: Options, verb: str) -> str:
    """`loginctl show-session` and `show-user`."""
    visit = process.shell.visit
    account = process.shell.world.accounts.user(visit.user)
    uid, gid = (account.uid, account.gid) if account else (0, 0)
    since = clock("%a %Y-%m-%d %H:%M:%S UTC", visit.began)
    if verb == "show-user":
        rows = [("UID", uid), ("GID", gid), ("Name", visit.user), ("Timestamp", since), ("RuntimePath", f"/run/user/{uid}"), ("Service", f"user@{uid}.service"), ("Slice", f"user-{uid}.slice"),
                ("Display", visit.number), ("State", "active"), ("Sessions", visit.number), ("IdleHint", "no"), ("Linger", "no")]  # fmt: skip
    else:
        rows = [("Id", visit.number), ("User", uid), ("Name", visit.user), ("Timestamp", since), ("VTNr", 0), ("Remote", "yes"), ("RemoteHost", visit.source), ("Service", "sshd"), ("Scope", f"session-{visit.number}.scope"),
                ("Leader", visit.server), ("Type", "tty"), ("Class", "user"), ("Active", "yes"), ("State", "active"), ("IdleHint", "no"), ("LockedHint", "no")]  # fmt: skip
    wanted = [name for each in options.values("p") for name in each.split(",")]
    chosen = [(name, value) for name, value in rows if not wanted or name in wanted]
    return "".join(f"{value}\n" if "value" in options else f"{name}={value}\n" for name, value in chosen)


COMMANDS: dict[str, Command] = {
    "hostnamectl": hostnamectl,
    "timedatectl": timedatectl,
    "localectl": localectl,
    "loginctl": paged(
        loginctl,
        SYSTEMD,
        verb_in(
            "", "list-sessions", "list-users", "list-seats", "session-status", "user-status", "seat-status"
        ),
    ),
}
