"""What is mounted on Rocky Linux 8 and 9, in the order of /proc/mounts."""

from __future__ import annotations

from collections.abc import Iterator

from ..machine import Machine
from .disk_mounts import disk_mounts
from .mount import ALL, Mount, autofs, in_memory, inode64, virtual

LABEL = "seclabel"
CONTROLLERS = (
    "systemd", "blkio", "perf_event", "memory", "cpu,cpuacct", "freezer", "devices", "pids", "cpuset",
)  # fmt: skip
AGENT = "xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd"


def rocky_mounts(machine: Machine) -> Iterator[Mount]:
    """All of them; each that SELinux can label has `seclabel`."""
    total, more = machine.memory_kib, inode64(machine)
    proc, sys, dev = virtual("proc", "/proc"), virtual("sysfs", "/sys", f"{ALL},{LABEL}"), _dev(machine)
    yield from (sys, proc, dev) if _is_old(machine) else (proc, sys, dev)
    yield virtual("securityfs", "/sys/kernel/security")
    options = f"rw,nosuid,nodev,{LABEL}{more}"
    yield in_memory("/dev/shm", options, total // 2, inodes=total // 8, used_inodes=1)
    yield virtual("devpts", "/dev/pts", f"rw,nosuid,noexec,relatime,{LABEL},gid=5,mode=620,ptmxmode=000")
    yield _run(machine)
    yield from _control_groups(machine)
    yield virtual("pstore", "/sys/fs/pstore", f"{ALL},{LABEL}")
    yield virtual("bpf", "/sys/fs/bpf", f"{ALL},mode=700")
    yield virtual("configfs", "/sys/kernel/config")
    yield from disk_mounts(machine, only="/")
    yield from _late(machine)
    yield from disk_mounts(machine, but="/")


def _is_old(machine: Machine) -> bool:
    return machine.system.version == "8.10"


def _dev(machine: Machine) -> Mount:
    size = machine.memory_kib // 2 - 16_000 // 4 * 4
    shown = size if _is_old(machine) else 4096
    options = f"rw,nosuid,{LABEL},size={shown}k,nr_inodes={size // 4},mode=755{inode64(machine)}"
    return Mount("devtmpfs", "/dev", "devtmpfs", options, shown, 0, 0, size // 4, 440)


def _run(machine: Machine) -> Mount:
    old = _is_old(machine)
    size = machine.memory_kib // 2 if old else machine.memory_kib // 5
    limit = "" if old else f",size={size}k,nr_inodes=819200"
    used = 8600 + machine.persona.number("run", 0, 900) // 4 * 4
    options = f"rw,nosuid,nodev,{LABEL}{limit},mode=755{inode64(machine)}"
    return in_memory("/run", options, size, used, inodes=819200, used_inodes=760)


def _control_groups(machine: Machine) -> Iterator[Mount]:
    if not _is_old(machine):
        yield virtual("cgroup2", "/sys/fs/cgroup", f"{ALL},{LABEL},nsdelegate,memory_recursiveprot")
        return
    total = machine.memory_kib
    options = f"ro,nosuid,nodev,noexec,{LABEL},mode=755"
    yield in_memory("/sys/fs/cgroup", options, total // 2, inodes=total // 8, used_inodes=17)
    for name in CONTROLLERS:
        controller = AGENT if name == "systemd" else name
        yield virtual("cgroup", f"/sys/fs/cgroup/{name}", f"{ALL},{LABEL},{controller}")


def _late(machine: Machine) -> Iterator[Mount]:
    """What systemd mounts by units."""
    old = _is_old(machine)
    plain = "rw,relatime" if old else ALL
    yield virtual("selinuxfs", "/sys/fs/selinux", "rw,relatime" if old else "rw,nosuid,noexec,relatime")
    yield autofs(machine)
    yield virtual("hugetlbfs", "/dev/hugepages", f"rw,relatime,{LABEL},pagesize=2M")
    yield virtual("mqueue", "/dev/mqueue", f"{plain},{LABEL}")
    yield virtual("debugfs", "/sys/kernel/debug", f"{plain},{LABEL}")
    if not old:
        yield virtual("tracefs", "/sys/kernel/tracing", f"{ALL},{LABEL}")
    yield virtual("fusectl", "/sys/fs/fuse/connections", plain)
