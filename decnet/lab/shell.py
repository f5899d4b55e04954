"""Runs the machine's programs, always with a time limit and a fixed locale."""

import os
import shutil
import subprocess
from typing import IO, Final

from decnet.errors import DecnetError, Failed, UsageError
from decnet.lab.guard import held

SYSTEM_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"

# program -> the Debian package that contains it
PROGRAMS: Final = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "setsid": "util-linux",
    "mount": "mount",
}


def run(
    argv: list[str],
    *,
    limit: float = 20,
    stdin: str | IO[bytes] | None = None,
    locks: tuple[int, ...] | None = None,
) -> str:
    """Run `argv` for at most `limit` seconds and return its stdout. Raises Failed with the end of its output.

    It inherits `locks`, by default all that this process holds.
    """
    words = stdin if isinstance(stdin, str) else None
    source = None if isinstance(stdin, str) else stdin or subprocess.DEVNULL
    try:
        ended = subprocess.run(
            argv,
            input=words,
            stdin=source,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            env=environment(),
            pass_fds=held() if locks is None else locks,
        )
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{argv[0]} did not end within {limit:g} s") from late
    except OSError as refused:
        raise Failed(f"{argv[0]} cannot be run: {refused.strerror}") from refused
    if ended.returncode:
        words = (ended.stderr.strip() or ended.stdout.strip() or "no message")[-600:]
        raise Failed(f"{' '.join(argv[:6])}: exit {ended.returncode}: {words}")
    return ended.stdout


def environment() -> dict[str, str]:
    """A clean environment: only the distribution's programs, no other Docker engine, English messages."""
    return {"PATH": SYSTEM_PATH, "HOME": "/root", "LC_ALL": "C.UTF-8"}


def require_outside() -> None:
    """Raise unless this process can use labs: it must be root and outside of any lab."""
    if os.environ.get("DECNET_LAB_PLACE"):
        hint = "leave this shell: `decnet lab` commands run outside of the lab"
        raise UsageError("this shell runs inside a lab", hint=hint)
    if os.geteuid() != 0:
        why = "it creates namespaces and runs Docker engines"
        raise DecnetError(f"the lab needs root: {why}", hint="run it with sudo")


def require_programs() -> None:
    """Raise unless this process can change labs: `require_outside`, and all programs are installed."""
    require_outside()
    missing = [name for name in PROGRAMS if not shutil.which(name, path=SYSTEM_PATH)]
    if missing:
        packages = " ".join(sorted({PROGRAMS[name] for name in missing}))
        raise DecnetError(
            f"the lab needs programs that are missing here: {', '.join(missing)}",
            hint=f"apt-get install {packages}",
        )
