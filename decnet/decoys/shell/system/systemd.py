# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""systemctl and service."""

from __future__ import annotations

import time

from ...host.processes import ProcessEntry
from ...host.units import ALIASES, DOCS, Unit, units
from ..process import Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, tool
from .journal import lines_of
from .shown import clock

VERSIONS = {
    "11": "systemd 247 (247.3-7+deb11u5)", "12": "systemd 252 (252.26-1~deb12u2)", "20.04": "systemd 245 (245.4-4ubuntu3.24)", "22.04": "systemd 249 (249.11-0ubuntu3.12)",
    "24.04": "systemd 255 (255.4-1ubuntu8.4)", "8.10": "systemd 239 (239-82.el8_10.1)", "9.4": "systemd 252 (252-32.el9_4.7)",
}  # fmt: skip
FEATURES = "+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 -IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY +P11KIT +QRENCODE +TPM2 +BZIP2 +LZ4 +XZ +ZLIB +ZSTD -BPF_FRAMEWORK -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified"
OLD = ("11", "20.04", "22.04", "8.10")
"""Releases with systemd before 250: "vendor preset", and no unit's name in the messages of its start."""
VERBS = [
    "list-units",
    "list-unit-files",
    "list-timers",
    "list-sockets",
    "list-jobs",
    "list-dependencies",
    "status",
    "show",
    "cat",
    "help",
    "start",
    "stop",
    "restart",
    "reload",
    "try-restart",
    "reload-or-restart",
    "kill",
    "is-active",
    "is-failed",
    "is-enabled",
    "enable",
    "disable",
    "mask",
    "unmask",
    "daemon-reload",
    "daemon-reexec",
    "reset-failed",
    "is-system-running",
    "get-default",
    "set-default",
    "reboot",
    "poweroff",
    "halt",
    "edit",
    "isolate",
    "preset",
    "reenable",
    "link",
    "list-machines",
    "show-environment",
    "set-environment",
    "default",
    "rescue",
    "emergency",
    "freeze",
    "thaw",
    "clean",
]
CHANGING = (
    "start",
    "stop",
    "restart",
    "reload",
    "try-restart",
    "reload-or-restart",
    "kill",
    "isolate",
    "freeze",
    "thaw",
)


def units_of(shell: Shell) -> list[Unit]:
    """The services as this visitor sees them: with what he has stopped, and with his own files."""
    world = shell.world
    found = units(world.system.id, world.system.version, world.booted(), world.processes(int(time.time())))
    stopped = set(shell.files.killed)
    shown = []
    for unit in found:
        if unit.main is not None and unit.main.pid in stopped:
            unit = Unit(unit.name, unit.description, unit.path, unit.state, False, unit.since)
        shown.append(unit)
    for name in shell.entries("/etc/systemd/system") if shell.node("/etc/systemd/system") else []:
        if name.endswith((".service", ".timer")) and not any(unit.name == name for unit in shown):
            path = f"/etc/systemd/system/{name}"
            node = shell.lstat(path)
            if node is not None and not node.folder and not node.target:
                shown.append(_own(shell, name, path))
    return sorted(shown, key=lambda unit: unit.name)


def _own(shell: Shell, name: str, path: str) -> Unit:
    """A unit that the visitor has written: it is never started."""
    lines = (shell.read(path) or "").splitlines()
    text = next(
        (line.partition("=")[2].strip() for line in lines if line.strip().startswith("Description=")), name
    )
    enabled = shell.lstat(f"/etc/systemd/system/multi-user.target.wants/{name}") is not None
    state = "enabled" if enabled else "disabled" if any("[Install]" in line for line in lines) else "static"
    return Unit(name, text[:200], path, state, False, int(time.time()))


def find(shell: Shell, word: str) -> Unit | None:
    """The service of this name or alias."""
    base = word.removesuffix(".service")
    if shell.world.system.id in ("debian", "ubuntu"):
        base = ALIASES.get(base, base)
    name = base if base.endswith((".timer", ".socket", ".target", ".mount")) else f"{base}.service"
    return next((unit for unit in units_of(shell) if unit.name == name), None)


@tool
def systemctl(process: Process) -> Running:
    """Look at the units, start and stop them."""
    options = _options(process)
    shell = process.shell
    if "version" in options:
        process.out(f"{VERSIONS.get(shell.world.system.version, 'systemd 252')}\n{FEATURES}\n")
        return 0
    verb, *words = options.operands or ["list-units"]
    yield 0.0
    if verb not in VERBS:
        process.err(
            f"Unknown command verb {verb}.\n"
            if shell.world.system.version not in OLD
            else f"Unknown operation {verb}.\n"
        )
        return 1
    return (yield from _done(process, options, verb, words))


def _options(process: Process) -> Options:
    try:
        return parse(
            process, "aHhlM:n:o:p:PqrsS:t:fT", "all=a failed full=l help=h host:=H lines:=n no-pager no-legend legend: no-block now now quiet=q state: type:=t property:=p value=P output:=o user system global runtime force=f no-reload plain version signal:=s kill-who: recursive=r wait no-ask-password show-types root: preset-mode: job-mode: reverse before after with-dependencies dry-run what: image: mkdir",
        )  # fmt: skip
    except Failure as failure:
        process.err(f"systemctl: {failure.message}\n")
        raise Failure("", 1) from None


def _done(process: Process, options: Options, verb: str, words: list[str]) -> Running:
    shell = process.shell
    if verb in CHANGING:
        return (yield from _change(process, verb, words))
    if verb == "status":
        return _status(process, options, words)
    if verb in ("is-active", "is-failed"):
        return _is_active(process, options, verb, words)
    if verb == "is-enabled":
        return _is_enabled(process, options, words)
    if verb in ("enable", "disable", "mask", "unmask", "reenable"):
        return (yield from _enable(process, options, verb, words))
    listing = {
        "list-units": _list_units,
        "list-unit-files": _list_files,
        "list-timers": _list_timers,
        "list-sockets": _list_sockets,
        "list-dependencies": _list_dependencies,
    }
    if verb in listing:
        process.out(listing[verb](process, options, words))
        return 0
    if verb == "cat":
        return _cat(process, words)
    if verb == "show":
        return _show(process, options, words)
    if verb in ("daemon-reload", "daemon-reexec", "reset-failed"):
        return _allowed(process, verb)
    if verb in ("reboot", "poweroff", "halt"):
        return _allowed(process, verb)
    answers = {"is-system-running": "running\n", "get-default": "graphical.target\n" if shell.world.system.id != "rocky" else "multi-user.target\n", "list-jobs": "No jobs running.\n",
               "show-environment": "LANG=en_US.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"}  # fmt: skip
    process.out(answers.get(verb, ""))
    return 0


def _allowed(process: Process, verb: str) -> int:
    if process.shell.user == "root":
        return 0
    action = {"daemon-reload": "Reload daemon", "daemon-reexec": "Reexecute daemon"}.get(
        verb, f"{verb} system"
    )
    process.err(
        f"Failed to {action.lower()}: Interactive authentication required.\n"
        if verb != "daemon-reload"
        else "Failed to reload daemon: Interactive authentication required.\n"
    )
    return 1


def _change(process: Process, verb: str, words: list[str]) -> Running:
    shell = process.shell
    if not words:
        process.err("Too few arguments.\n")
        return 1
    status = 0
    for word in words:
        name = word if "." in word else f"{word}.service"
        unit = find(shell, word)
        if unit is None:
            if shell.user == "root":
                process.err(
                    f"Failed to {verb} {name}: Unit {name} not {'loaded' if verb in ('stop', 'kill', 'try-restart') else 'found'}.\n"
                )
            else:
                process.err(
                    f"Failed to {verb} {name}: Interactive authentication required.\nSee system logs and 'systemctl status {name}' for details.\n"
                )
            status = 5
        elif shell.user != "root":
            process.err(
                f"Failed to {verb} {unit.name}: Interactive authentication required.\nSee system logs and 'systemctl status {unit.name}' for details.\n"
            )
            status = 1
        else:
            yield 0.08 if verb in ("start", "reload") else 0.25
            status = max(status, _carry_out(process, verb, unit))
    return status


def _carry_out(process: Process, verb: str, unit: Unit) -> int:
    files = process.shell.files
    world = process.shell.world
    running = [entry for entry in world.processes(int(time.time())) if entry.unit == unit.name]
    if unit.path.startswith("/etc/systemd/system/") and verb in ("start", "restart", "reload-or-restart"):
        return _own_start(process, unit)
    if verb in ("stop", "kill"):
        for entry in running:
            files.kill(entry.pid)
    elif verb in ("start", "restart", "reload-or-restart"):
        for entry in running:
            files.killed.discard(entry.pid)
    return 0


def _own_start(process: Process, unit: Unit) -> int:
    """A unit of the visitor: its program does not run on this machine."""
    text = process.shell.read(unit.path) or ""
    if "ExecStart=" not in text:
        process.err(
            f"Failed to start {unit.name}: Unit {unit.name} has a bad unit file setting.\nSee system logs and 'systemctl status {unit.name}' for details.\n"
        )
        return 1
    if "Type=oneshot" in text or "Type=forking" in text:
        process.err(
            f'Job for {unit.name} failed because the control process exited with error code.\nSee "systemctl status {unit.name}" and "journalctl -xeu {unit.name}" for details.\n'
        )
        return 1
    return 0


def _is_active(process: Process, options: Options, verb: str, words: list[str]) -> int:
    status = 3 if verb == "is-active" else 1
    for word in words:
        unit = find(process.shell, word)
        if unit is not None and unit.active and verb == "is-active":
            status = 0
        if "q" not in options:
            process.out(("active" if unit is not None and unit.active else "inactive") + "\n")
    return status


def _is_enabled(process: Process, options: Options, words: list[str]) -> int:
    status = 1
    for word in words:
        unit = find(process.shell, word)
        if unit is None:
            name = word if "." in word else f"{word}.service"
            process.err(f"Failed to get unit file state for {name}: No such file or directory\n")
            continue
        state = (
            "alias"
            if unit.name.removesuffix(".service") != word.removesuffix(".service")
            else _state(process.shell, unit)
        )
        status = 0 if state in ("enabled", "static", "generated", "alias") else status
        if "q" not in options:
            process.out(state + "\n")
    return status


def _state(shell: Shell, unit: Unit) -> str:
    """Whether it is enabled, with what the visitor has changed."""
    changed = shell.files.notes.get(f"unit {unit.name}")
    return changed if changed else unit.state


def _enable(process: Process, options: Options, verb: str, words: list[str]) -> Running:
    shell = process.shell
    if shell.user != "root":
        process.err(f"Failed to {verb} unit: Interactive authentication required.\n")
        return 1
    for word in words:
        unit = find(shell, word)
        name = word if "." in word else f"{word}.service"
        if unit is None:
            process.err(
                f"Failed to {verb} unit, unit {name} does not exist.\n"
                if shell.world.system.version not in OLD and verb == "enable"
                else f"Failed to {verb} unit: Unit file {name} does not exist.\n"
            )
            return 1
        _link(process, verb, unit)
        if "now" in options:
            yield from _change(process, "start" if verb == "enable" else "stop", [unit.name])
    return 0


def _link(process: Process, verb: str, unit: Unit) -> None:
    shell = process.shell
    target = f"/etc/systemd/system/multi-user.target.wants/{unit.name}"
    base = unit.name.removesuffix(".service")
    if (
        shell.node(f"/etc/init.d/{base}") is not None
        and verb in ("enable", "disable")
        and unit.path.startswith(("/lib", "/usr/lib"))
    ):
        tool_path = (
            "/lib/systemd/systemd-sysv-install"
            if unit.path.startswith("/lib")
            else "/usr/lib/systemd/systemd-sysv-install"
        )
        process.err(
            f"Synchronizing state of {unit.name} with SysV service script with {tool_path}.\nExecuting: {tool_path} {verb} {base}\n"
        )
    enabled = _state(shell, unit) == "enabled" and shell.files.notes.get(f"unit {unit.name}") != "disabled"
    if verb in ("enable", "reenable") and (
        not enabled or shell.lstat(target) is None and unit.path.startswith("/etc/systemd")
    ):
        process.err(f"Created symlink {target} → {unit.path}.\n")
        _make_link(shell, target, unit.path)
        shell.files.note(f"unit {unit.name}", "enabled")
    elif verb == "disable" and enabled:
        shown = f'"{target}"' if shell.world.system.version not in OLD else f"{target}"
        process.err(f"Removed {shown}.\n")
        shell.change(target, None)
        shell.files.note(f"unit {unit.name}", "disabled")
    elif verb == "mask":
        process.err(f"Created symlink /etc/systemd/system/{unit.name} → /dev/null.\n")
        shell.files.note(f"unit {unit.name}", "masked")
    elif verb == "unmask":
        process.err(f'Removed "/etc/systemd/system/{unit.name}".\n')
        shell.files.note(f"unit {unit.name}", "disabled")


def _make_link(shell: Shell, path: str, target: str) -> None:
    from ...host.node import Node

    now = int(time.time())
    folder = path.rpartition("/")[0]
    if shell.node(folder) is None:
        shell.change(folder, Node(0o755, folder=True, changed=now))
    shell.change(path, Node(0o777, target=target, changed=now))


# status


def _status(process: Process, options: Options, words: list[str]) -> int:
    shell = process.shell
    if not words:
        process.out(_overview(process))
        return 0
    status = 0
    for at, word in enumerate(words):
        unit = _of_pid(shell, int(word[:9])) if word.isdecimal() else find(shell, word)
        if unit is None:
            name = word if "." in word else f"{word}.service"
            process.err(f"Unit {name} could not be found.\n")
            status = 4
            continue
        process.out(("\n" if at else "") + _one(process, options, unit))
        status = status or (0 if unit.active else 3)
    return status


def _of_pid(shell: Shell, pid: int) -> Unit | None:
    return next((unit for unit in units_of(shell) if any(entry.pid == pid for entry in unit.processes)), None)


def _one(process: Process, options: Options, unit: Unit) -> str:
    shell, now = process.shell, int(time.time())
    version = shell.world.system.version
    preset = "vendor preset" if version in OLD else "preset"
    own = unit.path.startswith("/etc/systemd/system/")
    state = _state(shell, unit)
    loaded = (
        f"loaded ({unit.path}; {state})"
        if state in ("static", "generated")
        else f"loaded ({unit.path}; {state}; {preset}: enabled)"
    )
    out = f"{'●' if unit.active else '○'} {unit.name} - {unit.description}\n     Loaded: {loaded}\n"
    if not unit.active:
        since = (
            ""
            if own or unit.name in ("emergency.service", "rescue.service")
            else f" since {_stamp(now - 4000)}; 1h 6min ago"
            if unit.main is None and unit.state == "static"
            else f" since {_stamp(now - 3)}; 3s ago"
        )
        return out + f"     Active: inactive (dead){since}\n" + _docs(unit)
    sub = "running" if unit.main is not None else "exited"
    out += f"     Active: active ({sub}) since {_stamp(unit.since)}; {ago(now - unit.since)} ago\n" + _docs(
        unit
    )
    if unit.main is None:
        return out + "        CPU: 14ms\n"
    memory = sum(entry.resident for entry in unit.processes) * 0.62
    tasks = sum(entry.threads for entry in unit.processes)
    used = sum(entry.cpu for entry in unit.processes)
    out += f"   Main PID: {unit.main.pid} ({unit.main.name})\n      Tasks: {tasks} (limit: {shell.world.memory_kib // 880})\n     Memory: {memory / 1024:.1f}M\n        CPU: {_used(used)}\n"
    group = f"/system.slice/{'system-getty.slice/' if unit.name.startswith('getty@') else ''}{unit.name}"
    out += f"     CGroup: {group}\n" + _members(unit.processes)
    log = lines_of(process, unit=unit.name)[-10:]
    return out + ("\n" + "".join(log) if log and "n" not in options else "")


def _members(entries: tuple[ProcessEntry, ...]) -> str:
    width = max(len(str(entry.pid)) for entry in entries)
    out = ""
    for at, entry in enumerate(entries):
        sign = "└─" if at == len(entries) - 1 else "├─"
        special = any(char in entry.command for char in ':"\\;[')
        text = '"' + entry.command.replace("\\", "\\\\") + '"' if special else entry.command
        out += f"             {sign}{entry.pid:>{width}} {text}\n"
    return out


def _docs(unit: Unit) -> str:
    docs = DOCS.get(unit.name, ())
    return "".join(
        f"{'       Docs: ' if at == 0 else '             '}{text}\n" for at, text in enumerate(docs)
    )


def _stamp(when: int) -> str:
    return clock("%a %Y-%m-%d %H:%M:%S UTC", when)


def ago(seconds: int) -> str:
    """A duration as systemd shows it in `... ago`: two units."""
    seconds = max(0, seconds)
    if seconds >= 2 * 2_629_800:
        months = seconds // 2_629_800
        days = seconds % 2_629_800 // 86400
        return f"{months} months {days} days"
    if seconds >= 2_629_800:
        return f"1 month {seconds % 2_629_800 // 86400} days"
    if seconds >= 7 * 86400:
        weeks, days = seconds // 604_800, seconds % 604_800 // 86400
        return (
            f"{weeks} week{'s' if weeks > 1 else ''} {days} day{'s' if days != 1 else ''}"
            if days
            else f"{weeks} week{'s' if weeks > 1 else ''}"
        )
    if seconds >= 86400:
        days, hours = seconds // 86400, seconds % 86400 // 3600
        return (
            f"{days} day{'s' if days > 1 else ''} {hours}h"
            if hours
            else f"{days} day{'s' if days > 1 else ''}"
        )
    if seconds >= 3600:
        return f"{seconds // 3600}h {seconds // 60 % 60}min"
    return (
        f"{seconds // 60}min {seconds % 60}s"
        if seconds >= 60 and seconds < 600
        else f"{seconds // 60}min"
        if seconds >= 60
        else f"{seconds}s"
    )


def _used(seconds: float) -> str:
    if seconds < 1:
        return f"{int(seconds * 1000)}ms"
    if seconds < 60:
        return f"{seconds:.3f}s"
    if seconds < 3600:
        return f"{int(seconds) // 60}min {seconds % 60:.3f}s"
    return f"{int(seconds) // 3600}h {int(seconds) // 60 % 60}min {seconds % 60:.3f}s"


def _overview(process: Process) -> str:
    shell, now = process.shell, int(time.time())
    found = units_of(shell)
    booted = shell.world.booted()
    out = f"● {shell.world.hostname}\n    State: running\n    Units: {len(found) + 214} loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: 0 units\n"
    out += f"    Since: {_stamp(booted)}; {ago(now - booted)} ago\n  systemd: {VERSIONS.get(shell.world.system.version, 'systemd 252 (252)').partition('(')[2].rstrip(')')}\n   CGroup: /\n"
    init = next(entry for entry in shell.world.processes(now) if entry.pid == 1)
    out += f"           ├─init.scope\n           │ └─1 {init.command}\n           ├─system.slice\n"
    running = [unit for unit in found if unit.processes]
    for at, unit in enumerate(running):
        last = at == len(running) - 1
        out += f"           │ {'└' if last else '├'}─{unit.name}\n"
        for number, entry in enumerate(unit.processes):
            out += f"           │ {' ' if last else '│'} {'└' if number == len(unit.processes) - 1 else '├'}─{entry.pid} {entry.command}\n"
    own = shell.visit.processes()
    account = shell.world.accounts.user(shell.visit.user)
    out += f"           └─user.slice\n             └─user-{account.uid if account else 0}.slice\n               └─session-{shell.visit.number}.scope\n"
    return out + "".join(
        f"                 {'└' if at == len(own) - 1 else '├'}─{entry.pid} {entry.command}\n"
        for at, entry in enumerate(own)
    )


# Lists


def _list_units(process: Process, options: Options, words: list[str]) -> str:
    states = options.value("state")
    kind = options.value("t")
    found = [unit for unit in units_of(process.shell) if unit.active or "a" in options]
    if "failed" in options or states == "failed" or (kind and kind != "service"):
        found = []
    if states == "running":
        found = [unit for unit in found if unit.main is not None]
    if words:
        wanted = [word if "." in word else f"{word}.service" for word in words]
        found = [unit for unit in found if unit.name in wanted]
    rows = [["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"]]
    rows += [
        [
            unit.name,
            "loaded",
            "active" if unit.active else "inactive",
            "running" if unit.main else "exited" if unit.active else "dead",
            unit.description,
        ]
        for unit in found
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    lines = [
        "  " + " ".join(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)) + " " + row[4]
        for row in rows
    ]
    if "no-legend" in options or options.value("legend") == "false":
        return "".join(
            line.removeprefix("  ") + "\n" if "plain" in options else line + "\n" for line in lines[1:]
        )
    if not found:
        return "  UNIT LOAD ACTIVE SUB DESCRIPTION\n0 loaded units listed.\n"
    legend = "\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n"
    hint = "" if "a" in options else " Pass --all to see loaded but inactive units, too."
    return (
        "".join(f"{line}\n" for line in lines)
        + legend
        + f"{len(found)} loaded units listed.{hint}\nTo show all installed unit files use 'systemctl list-unit-files'.\n"
    )


def _list_files(process: Process, options: Options, words: list[str]) -> str:
    shell = process.shell
    head = ["UNIT FILE", "STATE", "VENDOR PRESET" if shell.world.system.version in OLD else "PRESET"]
    wanted = [word if "." in word else f"{word}.service" for word in words]
    rows = [head]
    for unit in units_of(shell):
        name = "getty@.service" if unit.name.startswith("getty@") else unit.name
        state = _state(shell, unit)
        if (not wanted or name in wanted) and (not options.value("state") or state == options.value("state")):
            rows.append([name, state, "-" if state in ("static", "generated") else "enabled"])
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    body = "".join(
        f"{row[0]:<{widths[0]}} {row[1]:<{widths[1]}} {row[2]}\n"
        for row in (rows[1:] if "no-legend" in options else rows)
    )
    return body if "no-legend" in options else f"{body}\n{len(rows) - 1} unit files listed.\n"


def _list_timers(process: Process, options: Options, words: list[str]) -> str:
    from ...host.units import TIMERS

    shell, now = process.shell, int(time.time())
    rocky = shell.world.system.id == "rocky"
    names = (
        ["systemd-tmpfiles-clean", "dnf-makecache", "logrotate", "unbound-anchor"] if rocky else list(TIMERS)
    )
    rows = [["NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"]]
    found = []
    for name in names:
        period = 7 * 86400 if name in ("fstrim", "e2scrub_all") else 86400
        phase = shell.world.persona.number(f"timer {name}", 0, 21_600)
        last = (now - phase) // period * period + phase
        found.append((last + period, last, name))
    for then, last, name in sorted(found):
        known = last > shell.world.booted()
        rows.append(
            [
                _stamp(then),
                f"{ago(then - now)} left",
                _stamp(last) if known else "-",
                f"{ago(now - last)} ago" if known else "-",
                f"{name}.timer",
                f"{name}.service",
            ]
        )
    widths = [max(len(row[at]) for row in rows) for at in range(6)]
    return (
        "".join(
            " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
            for row in rows
        )
        + f"\n{len(rows) - 1} timers listed.\nPass --all to see loaded but inactive timers, too.\n"
    )


def _list_sockets(process: Process, options: Options, words: list[str]) -> str:
    rows = [("LISTEN", "UNIT", "ACTIVATES"), ("/run/dbus/system_bus_socket", "dbus.socket", "dbus.service"), ("/run/initctl", "systemd-initctl.socket", "systemd-initctl.service"),
            ("/run/systemd/journal/dev-log", "systemd-journald-dev-log.socket", "systemd-journald.service"), ("/run/systemd/journal/socket", "systemd-journald.socket", "systemd-journald.service"),
            ("/run/udev/control", "systemd-udevd-control.socket", "systemd-udevd.service")]  # fmt: skip
    return (
        "".join(f"{a:<28} {b:<31} {c}\n" for a, b, c in rows)
        + f"\n{len(rows) - 1} sockets listed.\nPass --all to see loaded but inactive sockets, too.\n"
    )


def _list_dependencies(process: Process, options: Options, words: list[str]) -> str:
    found = [unit for unit in units_of(process.shell) if unit.state == "enabled"]
    name = words[0] if words else "default.target"
    return f"{name}\n" + "".join(
        f"● {'└' if at == len(found) - 1 else '├'}─{unit.name}\n" for at, unit in enumerate(found)
    )


def _cat(process: Process, words: list[str]) -> int:
    shell, status = process.shell, 0
    for at, word in enumerate(words):
        unit = find(shell, word)
        if unit is None:
            process.err(f"No files found for {word if '.' in word else word + '.service'}.\n")
            status = 1
            continue
        text = shell.read(unit.path) or _unit_file(shell, unit)
        process.out(("\n" if at else "") + f"# {unit.path}\n{text}")
    return status


def _unit_file(shell: Shell, unit: Unit) -> str:
    command = unit.main.command if unit.main is not None else "/bin/true"
    command = command.removeprefix("sshd: ").partition(" [")[0].removeprefix("nginx: master process ")
    return f"[Unit]\nDescription={unit.description}\nAfter=network.target\n\n[Service]\nExecStart={command}\nRestart=on-failure\n\n[Install]\nWantedBy=multi-user.target\n"


def _show(process: Process, options: Options, words: list[str]) -> int:
    wanted = [name for value in options.values("p") for name in value.split(",")]
    for at, word in enumerate(words or [""]):
        unit = find(process.shell, word) if word else None
        main = unit.main if unit else None
        values = {
            "Type": "notify" if main else "oneshot", "Restart": "on-failure", "MainPID": str(main.pid if main else 0), "Id": unit.name if unit else word,
            "Names": unit.name if unit else word, "Description": unit.description if unit else word, "LoadState": "loaded" if unit else "not-found",
            "ActiveState": "active" if unit and unit.active else "inactive", "SubState": "running" if main else "exited" if unit and unit.active else "dead",
            "FragmentPath": unit.path if unit else "", "UnitFileState": _state(process.shell, unit) if unit else "", "ExecMainPID": str(main.pid if main else 0),
            "ActiveEnterTimestamp": _stamp(unit.since) if unit and unit.active else "", "NRestarts": "0", "Result": "success", "ControlGroup": f"/system.slice/{unit.name}" if main and unit else "",
        }  # fmt: skip
        lines = [(name, values[name]) for name in (wanted or values) if name in values]
        process.out(
            ("\n" if at else "")
            + "".join(
                f"{value}\n" if "P" in options or "value" in options else f"{name}={value}\n"
                for name, value in lines
            )
        )
    return 0


@tool
def service(process: Process) -> Running:
    """Start, stop and look at services."""
    words = process.args
    shell = process.shell
    usage = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n"
    yield 0.0
    if not words:
        process.err(usage)
        return 1
    if words[0] in ("--help", "-h"):
        process.out(usage)
        return 0
    if words[0] == "--version":
        process.out("service ver. 1.65.2\n")
        return 0
    if words[0] == "--status-all":
        for unit in units_of(shell):
            base = unit.name.removesuffix(".service")
            if (
                shell.node(f"/etc/init.d/{base}") is not None
                or unit.main is not None
                and not base.startswith(("systemd-", "getty@"))
            ):
                process.out(f" [ {'+' if unit.active else '-'} ]  {base}\n")
        return 0
    if len(words) < 2:
        process.err(usage)
        return 1
    name, verb = words[0], words[1]
    if shell.world.system.id == "rocky":
        process.err(f"Redirecting to /bin/systemctl {verb} {name}.service\n")
    if verb not in ("status", "start", "stop", "restart", "reload", "force-reload", "try-restart"):
        process.err(
            f"Usage: /etc/init.d/{name} {{start|stop|reload|force-reload|restart|try-restart|status}}\n"
        )
        return 1
    return (
        yield from process.call(["systemctl", {"force-reload": "reload"}.get(verb, verb), f"{name}.service"])
    )


COMMANDS = {"systemctl": systemctl, "service": service}
