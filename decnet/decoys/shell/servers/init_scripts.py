# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""/etc/init.d and service. With systemd their actions are systemctl's (/lib/lsb/init-functions.d/40-systemd and
service of init-system-helpers 1.65); what else they print is recorded."""

from __future__ import annotations

from ...host.printed import served
from ..process import Command, Process, Running
from ..state import Shell
from ..system.loaded import find
from .common import guarded

FOLDER, UNITS = "/etc/init.d", "/lib/systemd/system"
ACTIONS = {
    "start": "Starting {} (via systemctl)", "stop": "Stopping {} (via systemctl)", "restart": "Restarting {} (via systemctl)",
    "reload": "Reloading {} configuration (via systemctl)", "force-reload": "Reloading {} configuration (via systemctl)",
    "try-restart": "Restarting {} if running (via systemctl)", "status": "",
}  # fmt: skip
OWN = {
    "nginx configtest": "Testing nginx configuration:.\n", "proftpd check-config": "ProFTPD configuration OK\n",
}  # fmt: skip
"""Actions of scripts that are none of systemctl's, and what they print."""
QUIET = {
    "postfix": ("flush", "check", "abort"),
    "udev": (),
    "kmod": (),
    "hwclock.sh": (),
    "screen-cleanup": (),
}
"""Scripts that print nothing with these actions; (): with none."""
USAGE = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n"
SERVICE_OF = {"11": "1.60", "12": "1.65.2+deb12u1", "20.04": "1.57", "22.04": "1.62", "24.04": "1.66ubuntu1"}
"""The version of service by that of the system."""


def unit_of(shell: Shell, script: str) -> str:
    """The unit that systemd has for a script: its name, "" for one that is masked."""
    name = f"{script.removesuffix('.sh')}.service"
    node = shell.lstat(f"{UNITS}/{name}")
    if node is not None and node.target:
        return "" if node.target == "/dev/null" else node.target.rpartition("/")[2]
    return name


def init_script(process: Process) -> Running:
    """A script of /etc/init.d that a package has brought; its name is that of the process."""
    shell = process.shell
    script = shell.real(shell.absolute(process.name)).rpartition("/")[2]
    action = process.args[0] if process.args else ""
    unit = unit_of(shell, script)
    yield 0.0
    if not unit:
        return 0
    if action in ACTIONS:
        return (yield from _redirected(process, script, action, unit))
    if (own := OWN.get(f"{script} {action}")) is not None:
        process.out(own)
        return 0
    if script in QUIET and (action in QUIET[script] or not QUIET[script]):
        return 0
    found = None
    if shell.world.packages is not None:
        system = (shell.world.system.id, shell.world.system.version)
        found = served(system, shell.world.packages, [f"{FOLDER}/{script}"])
    status, out, error = found or (
        1,
        f"Usage: {FOLDER}/{script} {{start|stop|restart|force-reload|status}}\n".encode(),
        b"",
    )
    process.out(out)
    process.err(error)
    return status


def _redirected(process: Process, script: str, action: str, unit: str) -> Running:
    name = f"{script.removesuffix('.sh')}.service"
    if action == "status":
        return (yield from process.call(["systemctl", "--no-pager", "status", unit]))
    process.out(f"{ACTIONS[action].format(script)}: {name}")
    verb = "reload-or-restart" if action == "force-reload" else action
    status: int = yield from process.call(["systemctl", "--no-pager", verb, unit])
    process.out(".\n" if status == 0 else " failed!\n")
    return status


def service(process: Process) -> Running:
    """Start, stop and look at services."""
    shell, words = process.shell, list(process.args)
    yield 0.0
    if not words or words[0] in ("--help", "-h"):
        process.err(USAGE)
        return 0 if words else 1
    if words[0] in ("--version", "-V"):
        process.err(f"service ver. {SERVICE_OF.get(shell.world.system.version, '1.65.2')}\n")
        return 0
    if words == ["--status-all"]:
        _all(process)
        return 0
    name, verb, *rest = [*words, ""]
    verb = "restart" if verb == "--full-restart" else verb
    if shell.world.system.id == "rocky":
        process.err(f"Redirecting to /bin/systemctl {verb} {name}.service\n")
    unit = f"{name.removesuffix('.sh')}.service"
    if verb in ("start", "stop", "restart", "status", "try-restart", "reload", "force-reload"):
        return (yield from process.call(["systemctl", {"force-reload": "reload"}.get(verb, verb), unit]))
    if verb == "force-stop":
        return (yield from process.call(["systemctl", "--signal=KILL", "kill", unit]))
    if shell.node(f"{FOLDER}/{name}") is None:
        process.err(f"{name}: unrecognized service\n")
        return 1
    return (yield from process.call([f"{FOLDER}/{name}", *([verb] if verb else []), *rest[:-1]]))


def _all(process: Process) -> None:
    """--status-all asks each script."""
    shell = process.shell
    for script in sorted(shell.entries(FOLDER)) if shell.node(FOLDER) else []:
        unit = find(shell, name) if (name := unit_of(shell, script)) else None
        process.out(f" [ {'+' if unit is not None and unit.active else '-'} ]  {script}\n")


COMMANDS: dict[str, Command] = guarded({"service": service})
