"""The real systems: how their trees are made from packages, and how a command runs in one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .commands import Command
from .masks import Reply

INSIDE, TERMINAL = Path(__file__).with_name("inside.sh"), Path(__file__).with_name("terminal.py")
AFTER_BUILD = Path(__file__).with_name("after_build.sh")
MOST_SECONDS = 100
AT_ONCE = {"exec": 4, "terminal": 10}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
VISITOR = {"SSH_CLIENT": "192.0.2.9 40000 22", "SSH_CONNECTION": "192.0.2.9 40000 192.0.2.7 22"}
SERVER = (
    "linux-image-amd64", "openssh-server", "procps", "iproute2", "net-tools", "iputils-ping", "cron",
    "rsyslog", "curl", "wget", "systemd", "systemd-sysv", "dbus", "sudo", "less", "vim", "nano", "lsof",
    "netcat-openbsd", "psmisc", "dnsutils", "telnet", "locales", "bc", "gpg", "traceroute", "ftp", "screen",
    "rsync", "htop", "unzip", "xxd",
)  # fmt: skip
"""What a server has beyond the packages of priority `standard`."""


@dataclass(frozen=True)
class RealSystem:
    """A distribution's release. `ours`: the release of the catalog that imitates it. `packages`: what is
    installed beyond `variant` (a word of mmdebstrap) from `sources`."""

    name: str
    ours: str
    shell: str
    suite: str
    variant: str
    packages: tuple[str, ...]
    sources: tuple[str, ...]
    installer: tuple[str, ...] = ()
    """Words before `sh` as long as there is none."""

    def build(self, cache: Path) -> Path:
        """The folder of its tree, made if it is not there (a minute or two)."""
        tree = cache / self.name
        if not (tree / "etc/hostname").exists():
            include = "--include=" + ",".join(self.packages)
            argv = ["mmdebstrap", "--mode=root", f"--variant={self.variant}", include, self.suite, str(tree)]
            if self.variant != "extract":
                argv.insert(1, '--aptopt=APT::Install-Recommends "true"')
            subprocess.run([*argv, *self.sources], check=True, stdin=subprocess.DEVNULL)
            subprocess.run(
                ["chroot", tree, *self.installer, "sh", "-s", self.name],
                check=True,
                input=AFTER_BUILD.read_bytes(),
            )
        return tree


DEBIAN, UBUNTU = (os.environ.get(f"{name}_MIRROR", "") for name in ("DEBIAN", "UBUNTU"))
"""Addresses of mirrors, given by the environment."""
NAMED_KERNEL = tuple(each.replace("linux-image-amd64", "linux-image-generic") for each in SERVER)
SYSTEMS = (
    RealSystem(
        "debian12", "debian-12", "bash", "bookworm", "standard", (*SERVER, "grub-pc"),
        (f"deb {DEBIAN} bookworm main",),
    ),
    RealSystem(
        "ubuntu22.04", "ubuntu-22.04", "bash", "jammy", "standard", NAMED_KERNEL,
        tuple(f"deb [trusted=yes] {UBUNTU} {suite} main universe" for suite in ("jammy", "jammy-updates")),
    ),
    RealSystem(
        "busybox", "busybox-camera", "ash", "bookworm", "extract", ("busybox-static",),
        (f"deb {DEBIAN} bookworm main",), ("/bin/busybox",),
    ),
)  # fmt: skip


def environment(shell: str) -> dict[str, str]:
    """The variables that sshd gives to a command of root."""
    place = {"HOME": "/root", "PWD": "/root", "USER": "root", "LOGNAME": "root", "SHELL": f"/bin/{shell}"}
    return {**place, "MAIL": "/var/mail/root", "PATH": PATH, "LANG": "en_US.UTF-8", **VISITOR}


def replies(
    system: RealSystem, tree: Path, commands: Iterable[Command], way: str
) -> Iterator[tuple[Command, Reply]]:
    """What the system answers to each command, each in a fresh copy of it. `way`: exec or terminal."""
    with ThreadPoolExecutor(AT_ONCE[way]) as pool:
        yield from pool.map(lambda each: (each, reply(system, tree, each, way)), commands)


def reply(system: RealSystem, tree: Path, command: Command, way: str) -> Reply:
    """What the system answers to one command, as it would over ssh."""
    variables = [f"{name}={value}" for name, value in environment(system.shell).items()]
    with tempfile.TemporaryDirectory() as mount:
        if way == "exec":
            inner = ["env", "-i", *variables, system.shell, "-c", command.text]
        else:
            typing = [sys.executable, str(TERMINAL), f"{mount}/root", command.text]
            variables += ["TERM=xterm-256color", "SSH_TTY=/dev/pts/0"]
            inner = [*typing, system.shell, *variables]
        inside = ["unshare", "-fpmnui", "--kill-child", "bash", str(INSIDE), str(tree), mount, way]
        outer = ["unshare", "-mn", "bash", "-c", '"${@:1:8}" /proc/$$/ns/net "${@:9}"; exit $?', "outer"]
        return _run([*outer, *inside, *inner])


def _run(argv: list[str]) -> Reply:
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            out, error = process.communicate(timeout=MOST_SECONDS)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, error, status = *process.communicate(), None
    return Reply(out.decode("utf-8", "replace"), error.decode("utf-8", "replace"), status)
