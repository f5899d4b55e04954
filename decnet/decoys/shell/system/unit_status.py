# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`systemctl status`, `cat` and `show`."""

from __future__ import annotations

import time

from ...host.processes import ProcessEntry
from ...host.units import DOCS, Unit
from ..process import Process
from ..state import Shell
from ..text.common import Options
from .journal import lines_of
from .loaded import find, sub_state
from .unit_files import WITHOUT_PRESET, unit_file
from .unit_finding import OLD, ago, stamp, state_of, systemd_version, units_of
from .unit_settings import Settings
from .unit_shown import properties


def status(process: Process, options: Options, words: list[str]) -> int:
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
    state, file = state_of(shell, unit), unit_file(shell, unit.name)
    usual = file.preset if file is not None and file.preset != "-" else "enabled"
    if state == "masked":
        loaded = f"masked (Reason: Unit {unit.name} is masked.)"
    elif not unit.path:
        loaded = "loaded"
    elif state in WITHOUT_PRESET:
        loaded = f"loaded ({unit.path}; {state})"
    else:
        loaded = f"loaded ({unit.path}; {state}; {preset}: {usual})"
    out = f"{'●' if unit.active else '○'} {unit.name} - {unit.description}\n     Loaded: {loaded}\n"
    if not unit.active:
        since = (
            ""
            if own or not unit.since or unit.sub or unit.name in ("emergency.service", "rescue.service")
            else f" since {stamp(now - 4000)}; 1h 6min ago"
            if unit.main is None and unit.state == "static"
            else f" since {stamp(now - 3)}; 3s ago"
        )
        return out + f"     Active: inactive (dead){since}\n" + _docs(shell, unit)
    sub = "" if sub_state(unit) == "active" else f" ({sub_state(unit)})"
    out += f"     Active: active{sub} since {stamp(unit.since)}; {ago(now - unit.since)} ago\n" + _docs(
        shell, unit
    )
    if unit.main is None:
        return out + ("        CPU: 14ms\n" if unit.name.endswith(".service") else "")
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


def _docs(shell: Shell, unit: Unit) -> str:
    docs = Settings(shell, unit.name).words("Documentation") or DOCS.get(unit.name, ())
    return "".join(
        f"{'       Docs: ' if at == 0 else '             '}{text}\n" for at, text in enumerate(docs)
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
    out += f"    Since: {stamp(booted)}; {ago(now - booted)} ago\n  systemd: {systemd_version(shell.world).partition('(')[2].rstrip(')')}\n   CGroup: /\n"
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


def cat(process: Process, words: list[str]) -> int:
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


def show(process: Process, options: Options, words: list[str]) -> int:
    """Print properties, all or those of -p, in the order of systemd."""
    wanted = [name for value in options.values("p") for name in value.split(",")]
    for at, word in enumerate(words or [""]):
        lines = properties(process.shell, word, all_of_them="a" in options)
        shown = [(name, value) for name, value in lines if not wanted or name in wanted]
        process.out(
            ("\n" if at else "")
            + "".join(
                f"{value}\n" if "P" in options or "value" in options else f"{name}={value}\n"
                for name, value in shown
                if value or wanted or "a" in options
            )
        )
    return 0
