"""What systemd-logind does to a user's processes when their last session ends (logind.conf(5))."""

from __future__ import annotations

import os

SYSTEMD = "/run/systemd/system"
_LINGERING = "/var/lib/systemd/linger"
_LOGINCTL = ("/usr/bin/loginctl", "/bin/loginctl")
_PATIENCE = 3.0


def user_name() -> str:
    """The user of this process."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def has_systemd() -> bool:
    return os.path.isdir(SYSTEMD)


def lingers(user: str) -> bool:
    """Whether the user's systemd instance runs without a session."""
    return has_systemd() and os.path.exists(os.path.join(_LINGERING, user))


def end_with_their_session(user: str) -> bool:
    """Whether systemd ends what the user has started at logout, and nothing can prevent that."""
    if not has_systemd() or lingers(user):
        return False
    known = _settings()
    excluded = known.get("KillExcludeUsers", "root").split()
    only = known.get("KillOnlyUsers", "").split()
    if user in excluded:
        return False
    return user in only if only else known.get("KillUserProcesses") == "yes"


def _settings() -> "dict[str, str]":
    """logind's effective settings; {} if it does not answer."""
    import subprocess

    program = next((each for each in _LOGINCTL if os.access(each, os.X_OK)), None)
    if program is None:
        return {}
    wanted = ("KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")
    try:
        done = subprocess.run(
            [program, "show-session", *("--property=" + name for name in wanted)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return {}
    lines = [line.partition("=") for line in done.stdout.decode("utf-8", "replace").splitlines()]
    return {name: value for name, _, value in lines if name in wanted}
