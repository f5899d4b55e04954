"""Command lines that run a command on a machine of the lab."""

import os
import sys
from pathlib import Path
from typing import IO

from decnet.lab import choice, vm
from decnet.lab.ground import inside
from decnet.lab.layout import Lab, Place, place
from decnet.lab.shell import SYSTEM_PATH, require_outside, run

# These would lead out of the lab, to another engine, or to the fleet of this machine.
UNSET_VARIABLES = (
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "SSH_AUTH_SOCK", "SSH_CONNECTION", "SSH_CLIENT",
    "DECNET_HOME", "DECNET_AGENT_HOME", "DECNET_DOCKER_SOCKET",
    "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "DBUS_SESSION_BUS_ADDRESS", "SUDO_USER", "SUDO_UID", "SUDO_GID",
)  # fmt: skip


def run_argv(lab: Lab, where: str, argv: list[str]) -> list[str]:
    """The full command line that runs `argv` in a place: "w1"..., "operator" or "attacker".

    It is for `os.execvp` and `subprocess`. Each program in it replaces itself with the next one, so the pid
    that you start is the command's: signals reach the command, and you get its exit code. The working folder
    is the caller's, or /root on a worker with a Debian release. Raises Failed if that place is not up. On a
    virtual worker, the pid is that of ssh, and a signal ends the connection.
    """
    require_outside()
    return _command(place(lab, where), argv, terminal=sys.stdin.isatty())


def shell_env(lab: Lab, where: str) -> dict[str, str]:
    """The variables that a command in the place gets in addition to the caller's."""
    return _variables(place(lab, where))


def run_in(where: Place, argv: list[str], *, limit: float = 60, stdin: IO[bytes] | None = None) -> str:
    """Run a command in a place and return its stdout. Raises Failed with the end of its output."""
    return run(_command(where, argv), limit=limit, stdin=stdin)


def _command(where: Place, argv: list[str], *, terminal: bool = False) -> list[str]:
    if choice.of(where).virtual:
        return vm.command(where, argv, terminal=terminal)
    return [*_inside(where), *argv]


def _inside(where: Place) -> list[str]:
    unset = [word for name in UNSET_VARIABLES for word in ("-u", name)]
    variables = [f"{name}={value}" for name, value in _variables(where).items()]
    # Entering a mount namespace changes to its root folder.
    folder = "/root" if choice.of(where).tree else str(Path.cwd())
    return [*inside(where), "env", *unset, "-C", folder, *variables]


def _variables(where: Place) -> dict[str, str]:
    own, rest = str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")
    path = [own, *f"{SYSTEM_PATH}:{rest}:/usr/local/sbin:/usr/local/bin".split(":")]
    return {
        "PATH": ":".join(dict.fromkeys(part for part in path if part)),
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "DECNET_LAB": where.lab.name,
        "DECNET_LAB_PLACE": where.key,
    }
