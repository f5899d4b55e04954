"""What is mounted on Debian and Ubuntu, in the order of /proc/mounts."""

from __future__ import annotations

from collections.abc import Iterator

from ..machine import Machine
from .disk_mounts import disk_mounts
from .mount import ALL, Mount, autofs, in_memory, inode64, virtual

CONTROLLERS = ("systemd", "pids", "memory", "cpu,cpuacct", "freezer", "devices", "blkio", "hugetlb")


def debian_mounts(machine: Machine) -> Iterator[Mount]:
    """All of them; tmpfs have the sizes that systemd derives from the memory."""
    total, more = machine.memory_kib, inode64(machine)
    tenth = total // 10 // 4 * 4
    yield virtual("sysfs", "/sys")
    yield virtual("proc", "/proc")
    yield _udev(machine)
    yield virtual("devpts", "/dev/pts", "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000")
    run = 560 + machine.persona.number("run", 0, 500) // 4 * 4
    options = f"{ALL},size={tenth}k,mode=755{more}"
    yield in_memory("/run", options, tenth, run, inodes=total // 4 // 2, used_inodes=640)
    yield from disk_mounts(machine, only="/")
    yield virtual("securityfs", "/sys/kernel/security")
    yield in_memory("/dev/shm", f"rw,nosuid,nodev{more}", total // 2, inodes=total // 8, used_inodes=1)
    yield in_memory("/run/lock", f"{ALL},size=5120k{more}", 5120, inodes=total // 8, used_inodes=3)
    yield from _control_groups(machine)
    yield virtual("pstore", "/sys/fs/pstore")
    if not machine.is_virtual:
        yield virtual("efivarfs", "/sys/firmware/efi/efivars")
    yield from _late(machine)
    yield from disk_mounts(machine, but="/")


def _udev(machine: Machine) -> Mount:
    version = machine.system.version
    size = machine.memory_kib // 2 - 18_000 // 4 * 4
    plain = "rw,nosuid,noexec,relatime" if version == "20.04" else "rw,nosuid,relatime"
    options = f"{plain},size={size}k,nr_inodes={size // 4},mode=755{inode64(machine)}"
    shown = size if version not in ("22.04", "24.04") else 0
    return Mount("udev", "/dev", "devtmpfs", options, shown, 0, 0, size // 4, 420)


def _control_groups(machine: Machine) -> Iterator[Mount]:
    if machine.system.version != "20.04":
        yield virtual("cgroup2", "/sys/fs/cgroup", f"{ALL},nsdelegate,memory_recursiveprot")
        return
    total = machine.memory_kib
    options = "ro,nosuid,nodev,noexec,mode=755"
    yield in_memory("/sys/fs/cgroup", options, total // 2, inodes=total // 8, used_inodes=18)
    yield virtual("cgroup2", "/sys/fs/cgroup/unified", f"{ALL},nsdelegate")
    for name in CONTROLLERS:
        controller = "xattr,name=systemd" if name == "systemd" else name
        yield virtual("cgroup", f"/sys/fs/cgroup/{name}", f"{ALL},{controller}")


def _late(machine: Machine) -> Iterator[Mount]:
    """What systemd mounts by units."""
    version = machine.system.version
    yield virtual("bpf", "/sys/fs/bpf", f"{ALL},mode=700", "none" if version == "11" else "bpf")
    yield autofs(machine)
    plain = "rw,nosuid,nodev,relatime" if version == "24.04" else "rw,relatime"
    yield virtual("hugetlbfs", "/dev/hugepages", f"{plain},pagesize=2M")
    yield virtual("mqueue", "/dev/mqueue")
    yield virtual("debugfs", "/sys/kernel/debug")
    yield virtual("tracefs", "/sys/kernel/tracing")
    yield virtual("fusectl", "/sys/fs/fuse/connections")
    yield virtual("configfs", "/sys/kernel/config")
