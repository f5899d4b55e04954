# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""systemctl and service."""

from __future__ import annotations

import time

from ...host.printed_versions import FEATURES
from ...host.units import Unit
from ..paged import SYSTEMD, paged, verb_in
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, tool
from .loaded import find
from .logged_errors import complain, log
from .stopping import go_down
from .unit_dependencies import list_dependencies
from .unit_files import SUFFIXES, unit_file
from .unit_finding import OLD, state_of, systemd_version
from .unit_lists import LISTS, list_files, list_units
from .unit_status import cat, show, status

VERBS = [
    "list-units",
    "list-unit-files",
    "list-timers",
    "list-sockets",
    "list-automounts",
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


@tool
def systemctl(process: Process) -> Running:
    """Look at the units, start and stop them."""
    options = _options(process)
    shell = process.shell
    if "version" in options:
        own = systemd_version(shell.world)
        process.out(f"{own}\n{FEATURES.get(own.split()[1], FEATURES['252'])}\n")
        return 0
    verb, *words = options.operands or ["list-units"]
    yield 0.0
    if verb not in VERBS:
        kind = "operation" if shell.world.system.version in ("11", "20.04", "8.10") else "command verb"
        complain(process, f"Unknown {kind} {verb}.")
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
        return status(process, options, words)
    if verb in ("is-active", "is-failed"):
        return _is_active(process, options, verb, words)
    if verb == "is-enabled":
        return _is_enabled(process, options, words)
    if verb in ("enable", "disable", "mask", "unmask", "reenable"):
        return (yield from _enable(process, options, verb, words))
    if verb == "list-units":
        return (yield from list_units(process, options, words))
    if verb == "list-unit-files":
        return (yield from list_files(process, options, words))
    if verb == "list-dependencies":
        return (yield from list_dependencies(process, options, words))
    if verb == "edit" and not process.to_terminal:
        process.err("Cannot edit units if not on a tty.\n")
        return 1
    if verb in LISTS:
        process.out(LISTS[verb](process, options, words))
        return 0
    if verb == "cat":
        return cat(process, words)
    if verb == "show":
        return show(process, options, words)
    if verb in ("daemon-reload", "daemon-reexec", "reset-failed"):
        return _allowed(process, verb)
    if verb in ("reboot", "poweroff", "halt"):
        refused = _allowed(process, verb)
        return refused or (yield from go_down(process, is_off=verb != "reboot"))
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


IS_ENABLED = ("enabled", "enabled-runtime", "static", "generated", "alias", "indirect", "transient")
"""States for which the status of is-enabled is 0."""


def _is_enabled(process: Process, options: Options, words: list[str]) -> int:
    shell, status = process.shell, 1
    for word in words:
        name = word if word.endswith(SUFFIXES) else f"{word}.service"
        file = unit_file(shell, name)
        state = shell.files.notes.get(f"unit {name}") or (file.state if file is not None else "")
        unit = find(shell, word) if not state else None
        if unit is not None:
            state = state_of(shell, unit) if unit.name == name else "alias"
        if not state:
            process.err(f"Failed to get unit file state for {name}: No such file or directory\n")
            continue
        status = 0 if state in IS_ENABLED else status
        if "q" not in options:
            process.out(state + "\n")
    return status


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
    enabled = state_of(shell, unit) == "enabled" and shell.files.notes.get(f"unit {unit.name}") != "disabled"
    if verb in ("enable", "reenable") and (
        not enabled or shell.lstat(target) is None and unit.path.startswith("/etc/systemd")
    ):
        log(process, f"Created symlink {target} → {unit.path}.")
        _make_link(shell, target, unit.path)
        shell.files.note(f"unit {unit.name}", "enabled")
    elif verb == "disable" and enabled:
        shown = f'"{target}"' if shell.world.system.version not in OLD else f"{target}"
        log(process, f"Removed {shown}.")
        shell.change(target, None)
        shell.files.note(f"unit {unit.name}", "disabled")
    elif verb == "mask":
        log(process, f"Created symlink /etc/systemd/system/{unit.name} → /dev/null.")
        shell.files.note(f"unit {unit.name}", "masked")
    elif verb == "unmask":
        log(process, f'Removed "/etc/systemd/system/{unit.name}".')
        shell.files.note(f"unit {unit.name}", "disabled")


def _make_link(shell: Shell, path: str, target: str) -> None:
    from ...host.node import Node

    now = int(time.time())
    folder = path.rpartition("/")[0]
    if shell.node(folder) is None:
        shell.change(folder, Node(0o755, folder=True, changed=now))
    shell.change(path, Node(0o777, target=target, changed=now))


COMMANDS: dict[str, Command] = {
    "systemctl": paged(
        systemctl,
        SYSTEMD,
        verb_in(
            "",
            "status",
            "show",
            "cat",
            "show-environment",
            "list-units",
            "list-unit-files",
            "list-dependencies",
            *LISTS,
        ),
    ),
}
