"""Runs inside of the namespaces, before the change of the root: a shell on a terminal of its own devpts.

Words: the tree's root, the shell's name, and its variables. The input is the command to type. Prints what was
shown; its status is that of the command."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import sys
import termios
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from real_systems.at_prompt import typed  # noqa: E402 (run as a file)

TIOCSPTLCK, TIOCGPTN = 0x40045431, 0x80045430
IUTF8 = 0o40000
"""As a client of ssh asks for."""
NO_STATUS = 255
"""The shell has left, or what was typed still waits."""


def main(root: str, text: str, shell: str, variables: list[str]) -> None:
    """Type one command and print the screen's bytes."""
    master = os.open(f"{root}/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(master, TIOCSPTLCK, struct.pack("i", 0))
    (number,) = struct.unpack("I", fcntl.ioctl(master, TIOCGPTN, struct.pack("I", 0)))
    modes = termios.tcgetattr(master)
    modes[0] |= IUTF8
    termios.tcsetattr(master, termios.TCSANOW, modes)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    if os.fork() == 0:
        _become(root, number, shell, dict(each.split("=", 1) for each in variables))

    def read(seconds: float) -> bytes:
        if not select.select([master], [], [], seconds)[0]:
            return b""
        try:
            return os.read(master, 65536)
        except OSError:
            raise EOFError from None

    shown, status = typed(read, lambda data: (os.write(master, data), None)[1], text)
    sys.stdout.write(shown)
    sys.stdout.flush()
    os._exit(NO_STATUS if status is None else status)


def _become(root: str, number: int, shell: str, variables: dict[str, str]) -> None:
    os.setsid()
    slave = os.open(f"{root}/dev/pts/{number}", os.O_RDWR)
    os.fchown(slave, 0, 5)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for channel in (0, 1, 2):
        os.dup2(slave, channel)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it.
    os.chroot(root)
    os.chdir("/root")
    os.execve(f"/bin/{shell}", [f"-{shell}"], variables)


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.read(), sys.argv[2], sys.argv[3:])
