"""The real systems: how their trees are made from packages, and how a command runs in one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from .commands import Command
from .masks import Reply

FOLDER = Path(__file__).parent
BOOT, SESSION, TERMINAL = FOLDER / "boot.sh", FOLDER / "session.sh", FOLDER / "terminal.py"
AFTER_BUILD = FOLDER / "after_build.sh"
GROUPS = "/sys/fs/cgroup/unified" if Path("/sys/fs/cgroup/unified").exists() else "/sys/fs/cgroup"
BOOT_SECONDS = 6.0
ON_TERMINAL = ("TERM=xterm-256color", "SSH_TTY=/dev/pts/0")
MOST_SECONDS = 100
TRIES = 3
"""A terminal that showed nothing has not been there."""
AT_ONCE = {"exec": 4, "terminal": 10}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATHS = {"ubuntu22.04": f"{PATH}:/usr/games:/usr/local/games:/snap/bin"}
"""By system, what pam_env reads in /etc/environment."""
OF_PAM = {
    "MOTD_SHOWN": "pam", "XDG_SESSION_TYPE": "tty", "XDG_SESSION_CLASS": "user", "XDG_SESSION_ID": "7",
    "XDG_RUNTIME_DIR": "/run/user/0",
}  # fmt: skip
"""What a virtual machine of Debian 12 has besides, asked over ssh."""
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
    init: tuple[str, ...] = ("/lib/systemd/systemd", "--log-target=null")
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
        (f"deb {DEBIAN} bookworm main",), ("/bin/busybox", "init"), ("/bin/busybox",),
    ),
)  # fmt: skip


def environment(system: RealSystem) -> dict[str, str]:
    """The variables that sshd gives to a command of root."""
    shell = system.shell
    place = {"HOME": "/root", "PWD": "/root", "USER": "root", "LOGNAME": "root", "SHELL": f"/bin/{shell}"}
    added = OF_PAM if shell == "bash" else {"MAIL": "/var/mail/root"}
    return {**place, **added, "PATH": PATHS.get(system.name, PATH), "LANG": "en_US.UTF-8", **VISITOR}


def replies(
    system: RealSystem, tree: Path, commands: Iterable[Command], way: str
) -> Iterator[tuple[Command, Reply]]:
    """What the booted system answers to each command, each with files of its own. `way`: exec or terminal."""
    with booted(system, tree) as instance, ThreadPoolExecutor(AT_ONCE[way]) as pool:
        yield from pool.map(lambda each: (each, instance.reply(each, way)), commands)


@contextmanager
def booted(system: RealSystem, tree: Path) -> Iterator[Instance]:
    """The system as it runs, in namespaces and a control group of its own."""
    group = Path(GROUPS, f"real-system-{os.getpid()}")
    group.mkdir()
    with tempfile.TemporaryDirectory() as root:
        inside = ["unshare", "-fpmnuiC", "--kill-child", "bash", str(BOOT), str(tree), root]
        joined = 'echo $$ > "$1/cgroup.procs"; "${@:2:7}" /proc/$$/ns/net "${@:9}"; exit $?'
        outer = ["unshare", "-mn", "--kill-child", "-f", "bash", "-c", joined, "outer", str(group)]
        process = subprocess.Popen(
            [*outer, *inside, *system.init], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            yield Instance(system, root, _first_process(group))
        finally:
            (group / "cgroup.kill").write_text("1")
            process.wait()
            while "populated 1" in (group / "cgroup.events").read_text():
                time.sleep(0.05)
            for folder in (*sorted(group.rglob("*/"), reverse=True), group):
                folder.rmdir()


def _first_process(group: Path) -> int:
    """The process of the host that is the system's first, once its services had time to start."""
    time.sleep(BOOT_SECONDS)
    pids = [int(pid) for file in group.rglob("cgroup.procs") for pid in file.read_text().split()]
    return next(pid for pid in pids if _numbers_of(pid)[-1] == 1 and len(_numbers_of(pid)) > 1)


def _numbers_of(pid: int) -> list[int]:
    status = Path(f"/proc/{pid}/status").read_text()
    return [int(each) for each in status.partition("NSpid:")[2].partition("\n")[0].split()]


@dataclass(frozen=True)
class Instance:
    """A booted system. `root`: its root for `pid`, its first process."""

    system: RealSystem
    root: str
    pid: int

    def reply(self, command: Command, way: str) -> Reply:
        """What it answers to one command, as over ssh."""
        shell = self.system.shell
        variables = [f"{name}={value}" for name, value in environment(self.system).items()]
        if way == "exec":
            inner = ["env", "-i", *variables, shell, "-c", command.text]
        else:
            inner = [sys.executable, str(TERMINAL), ".", shell, *variables, *ON_TERMINAL]
        entered = ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-C", "unshare", "-mu"]
        argv = [*entered, "bash", str(SESSION), f"{self.root}/root", way, *inner]
        if way == "exec":
            return _run(argv, b"")
        replies = (_run(argv, command.text.encode()) for _ in range(TRIES))
        return next((each for each in replies if each.out), Reply("", "", None))


def _run(argv: list[str], given: bytes) -> Reply:
    """What a program prints; it and all that it has started are killed when its time is up."""
    with TemporaryFile() as out, TemporaryFile() as error, TemporaryFile() as input_file:
        input_file.write(given)
        input_file.seek(0)
        process = subprocess.Popen(argv, stdin=input_file, stdout=out, stderr=error, start_new_session=True)
        try:
            status: int | None = process.wait(MOST_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = None
        return Reply(_text_of(out), _text_of(error), status)


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
