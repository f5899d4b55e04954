"""The environment of a login on Debian and Ubuntu, and the order in which programs see it."""

from __future__ import annotations

from collections.abc import Mapping

from ..host.world import World
from .visit import Visit

MOST_LINES = 100
OF_DASH = 39
"""Lists of dash's variables (VTABSIZE in its var.c)."""
FIRST_OF_DASH = ("MAIL", "MAILPATH", "PATH", "TERM", "HISTSIZE")
"""Exported variables that dash has before it reads its environment."""
OF_SUDO = (
    "LANG", "PATH", "MAIL", "LOGNAME", "USER", "HOME", "SHELL", "TERM",
    "SUDO_COMMAND", "SUDO_USER", "SUDO_UID", "SUDO_GID",
)  # fmt: skip
"""All that sudo's `env_reset` leaves and adds (sudoers(5)), in its order."""
OF_SU = {"HOME", "SHELL", "USER", "LOGNAME", "PATH", "MAIL", "LANG", "TERM", "PWD"}
"""What `su -` leaves and adds (su(1))."""


def of_login(world: World, visit: Visit, environment: str) -> dict[str, str]:
    """What pam_env(8), pam_motd(8), pam_systemd(8) and, by telnet, pam_mail(8) and login(1) set; nothing
    on other systems. `environment`: the text of /etc/environment."""
    if world.packages is None:
        return {}
    account = world.accounts.user(visit.user)
    found = {
        "MOTD_SHOWN": "pam",
        "XDG_SESSION_TYPE": "tty",
        "XDG_SESSION_CLASS": "user",
        "XDG_SESSION_ID": str(visit.number),
        "XDG_RUNTIME_DIR": f"/run/user/{account.uid if account else 0}",
    }
    if visit.telnet:
        found |= {"MAIL": f"/var/mail/{visit.user}", "HUSHLOGIN": "FALSE"}
    return found | _of_file(environment)


def of_sudo(
    world: World, variables: Mapping[str, str], command: str, caller: str, user: str
) -> dict[str, str]:
    """What a command that `caller` starts as `user` by sudo(8) has in its environment and not by its account
    alone. `variables` are those of the shell where it was typed."""
    account = world.accounts.user(caller)
    return {
        "LANG": variables.get("LANG", "en_US.UTF-8"),
        "MAIL": f"/var/mail/{user}",
        "TERM": variables.get("TERM", "unknown"),
        "SUDO_COMMAND": command,
        "SUDO_USER": caller,
        "SUDO_UID": str(account.uid if account else 0),
        "SUDO_GID": str(account.gid if account else 0),
    }


def place_in_dash(name: str) -> tuple[int, bool]:
    """Where dash keeps a variable: which list, and whether its own come before it."""
    value = (ord(name[0]) << 4) + sum(name.encode("utf-8", "surrogateescape"))
    return value % OF_DASH, name not in FIRST_OF_DASH


def _of_file(text: str) -> dict[str, str]:
    """The variables of pam_env's file: NAME=VALUE, also in quotes."""
    lines = (line.strip().removeprefix("export ").partition("=") for line in text.splitlines()[:MOST_LINES])
    return {name: value.strip("\"'") for name, sign, value in lines if sign and name.isidentifier()}
