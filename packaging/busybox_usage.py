"""python packaging/busybox_usage.py BUSYBOX > decnet/decoys/shell/busybox/usage.txt

Asks a BusyBox program for what each applet prints about its usage, and how many operands it wants at least. Run it
in a chroot or a container: applets are called without operands."""

from __future__ import annotations

import subprocess
import sys

LEFT_OUT = frozenset(
    "reboot halt poweroff init linuxrc sh ash hush getty login watchdog openvt vi less more top watch yes cttyhack"
    " telnetd udhcpd udhcpc httpd syslogd klogd crond mdev uevent acpid svc svok run-init switch_root pivot_root"
    " nuke resume mim arp route nologin su sulogin".split()
)
"""They act, wait or ask when they are called without operands."""


def main(program: str) -> None:
    """Print the file: a line "@ APPLET LEAST" before each text."""
    for name in _asked(program, "--list")[0].split():
        out, error = _asked(program, name, "--help")
        _, _, text = (out + error).partition("multi-call binary.\n\n")
        if text and name not in ("sh", "ash"):
            sys.stdout.write(f"@ {name} {_least(program, name)}\n{text}")


def _least(program: str, name: str) -> int:
    operands = ([], ["/nonexistent"]) if name not in LEFT_OUT else ()
    count = 0
    for words in operands:
        if not _asked(program, name, *words)[1].startswith("BusyBox v"):
            break
        count += 1
    return count


def _asked(program: str, *words: str) -> tuple[str, str]:
    try:
        done = subprocess.run([program, *words], input=b"", capture_output=True, timeout=2)
    except subprocess.TimeoutExpired:
        return "", ""
    return done.stdout.decode("latin-1"), done.stderr.decode("latin-1")


if __name__ == "__main__":
    main(sys.argv[1])
