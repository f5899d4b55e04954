"""One mounted file system, and the kinds of them that Linux has without a disk."""

from __future__ import annotations

from dataclasses import dataclass

from ..machine import Machine

ALL = "rw,nosuid,nodev,noexec,relatime"


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system. Sizes in KiB: `size` and `used` as df counts them, `reserved` for root; files:
    `inodes` and `used_inodes`. A size of 0: df shows it only with -a."""

    source: str
    target: str
    kind: str
    options: str
    size: int = 0
    used: int = 0
    reserved: int = 0
    inodes: int = 0
    used_inodes: int = 0

    @property
    def available(self) -> int:
        """What a user may still fill."""
        return max(0, self.size - self.used - self.reserved)


def virtual(kind: str, target: str, options: str = ALL, source: str = "") -> Mount:
    """A file system of the kernel, which has no size."""
    return Mount(source or kind, target, kind, options)


def in_memory(target: str, options: str, size: int, used: int = 0, *, inodes: int, used_inodes: int) -> Mount:
    """A tmpfs; sizes in KiB."""
    return Mount("tmpfs", target, "tmpfs", options, size, used, 0, inodes, used_inodes)


def inode64(machine: Machine) -> str:
    """The option that file systems in memory have since Linux 5.15."""
    return "" if machine.system.version in ("11", "20.04", "8.10") else ",inode64"


def autofs(machine: Machine) -> Mount:
    """Where systemd mounts binfmt_misc when it is needed."""
    inode = 10_000 + machine.persona.number("autofs", 0, 9000)
    descriptor = {"20.04": 28, "11": 30, "8.10": 31, "9.4": 32}.get(machine.system.version, 30)
    options = f"rw,relatime,fd={descriptor},pgrp=1,timeout=0,minproto=5,maxproto=5,direct,pipe_ino={inode}"
    return virtual("autofs", "/proc/sys/fs/binfmt_misc", options, "systemd-1")
