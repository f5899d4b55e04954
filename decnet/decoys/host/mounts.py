# ruff: noqa: E501 (mount options are one line)
"""What is mounted on a machine, and how full it is: for mount, df, /proc/mounts and findmnt."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..machine import Machine
from .hardware import GIB, MIB, Block, blocks

ALL = "rw,nosuid,nodev,noexec,relatime"
DEVICE_MOUNTS = """
/dev/root / squashfs ro,relatime
proc /proc proc rw,relatime
tmpfs /dev tmpfs rw,relatime
devpts /dev/pts devpts rw,relatime,mode=600
sysfs /sys sysfs rw,relatime
tmpfs /dev/shm tmpfs rw,relatime,mode=777
tmpfs /tmp tmpfs rw,relatime
tmpfs /run tmpfs rw,nosuid,nodev,relatime,mode=755
/dev/mtdblock3 /mnt/mtd jffs2 rw,relatime
"""
CAMERA_MOUNTS = DEVICE_MOUNTS.replace("squashfs ro", "jffs2 rw")
"""A device whose root can be written."""
OPENWRT_MOUNTS = """
/dev/root /rom squashfs ro,relatime
proc /proc proc rw,nosuid,nodev,noexec,noatime
sysfs /sys sysfs rw,nosuid,nodev,noexec,noatime
cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate
tmpfs /tmp tmpfs rw,nosuid,nodev,noatime
/dev/mtdblock6 /overlay jffs2 rw,noatime
overlayfs:/overlay / overlay rw,noatime,lowerdir=/,upperdir=/overlay/upper,workdir=/overlay/work
tmpfs /dev tmpfs rw,nosuid,relatime,size=512k,mode=755
devpts /dev/pts devpts rw,nosuid,noexec,relatime,mode=600,ptmxmode=000
debugfs /sys/kernel/debug debugfs rw,noatime
"""
DSM_MOUNTS = """
/dev/md0 / ext4 rw,noatime,data=ordered
none /dev devtmpfs rw,nosuid,noexec,relatime,size=895004k,nr_inodes=223751,mode=755
none /dev/pts devpts rw,nosuid,noexec,relatime,gid=4,mode=620,ptmxmode=000
none /proc proc rw,nosuid,nodev,noexec,relatime
none /sys sysfs rw,nosuid,nodev,noexec,relatime
/tmp /tmp tmpfs rw,nosuid,nodev,noexec,relatime
/run /run tmpfs rw,nosuid,nodev,relatime,mode=755
/dev/shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime
none /sys/fs/cgroup tmpfs rw,relatime,size=4k,mode=755
/dev/mapper/cachedev_0 /volume1 btrfs rw,nodev,relatime,ssd,synoacl,space_cache=v2,auto_reclaim_space,metadata_ratio=50,block_group_cache_tree,syno_allocator,subvolid=256,subvol=/@syno
"""
QTS_MOUNTS = """
none / tmpfs rw,relatime,size=409600k,mode=755
devtmpfs /dev devtmpfs rw,relatime,size=3889152k,nr_inodes=972288,mode=755
/proc /proc proc rw,relatime
devpts /dev/pts devpts rw,relatime,mode=600,ptmxmode=000
sysfs /sys sysfs rw,relatime
tmpfs /tmp tmpfs rw,relatime,size=65536k
tmpfs /dev/shm tmpfs rw,relatime
/dev/md9 /mnt/HDA_ROOT ext3 rw,relatime,data=ordered
/dev/mapper/cachedev1 /share/CACHEDEV1_DATA ext4 rw,usrjquota=aquota.user,jqfmt=vfsv1,user_xattr,data=ordered,delalloc,acl
"""
FREEBSD_MOUNTS = """
/dev/da0p2 / ufs rw
devfs /dev devfs rw
"""
LITTLE = {"/dev": 0, "/dev/shm": 0, "/run": 1}
"""Of a device's file systems in memory, the share in percent that is used."""
DEVICES = {
    "freebsd": FREEBSD_MOUNTS,
    "openwrt": OPENWRT_MOUNTS,
    "buildroot": DEVICE_MOUNTS,
    "dsm": DSM_MOUNTS,
    "qts": QTS_MOUNTS,
}


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


def mounts(machine: Machine) -> list[Mount]:
    """All mounts, in the order of /proc/mounts."""
    text = DEVICES.get(machine.system.id)
    if machine.system.version == "2018.02":
        text = CAMERA_MOUNTS
    if text is not None:
        return list(_of_device(machine, text))
    return list(_rocky(machine) if machine.system.id == "rocky" else _debian(machine))


def targets(machine: Machine) -> list[tuple[str, bool]]:
    """Where something is mounted, the innermost first, and whether it is mounted `ro`."""
    found = {each.target: each.options.split(",")[0] == "ro" for each in mounts(machine)}
    return sorted(found.items(), key=lambda each: -len(each[0]))


def is_below_read_only(found: list[tuple[str, bool]], path: str) -> bool:
    """Whether the file system that a path is on can only be read; `found` as of `targets`."""
    return next(
        (ro for target, ro in found if target == "/" or path == target or path.startswith(target + "/")),
        False,
    )


def user_mount(machine: Machine, uid: int, gid: int) -> Mount:
    """/run/user/UID of a user who is logged in."""
    size = machine.memory_kib // 10 // 4 * 4
    more = "seclabel," if machine.system.id == "rocky" else ""
    owner = f",uid={uid},gid={gid}" if uid else ""
    nodes = f",nr_inodes={size // 4}" if machine.system.version not in ("11", "20.04", "8.10") else ""
    options = f"rw,nosuid,nodev,relatime,{more}size={size}k{nodes},mode=700{owner}{_inode64(machine)}"
    return Mount("tmpfs", f"/run/user/{uid}", "tmpfs", options, size, 0, 0, size // 4, 24)


def _inode64(machine: Machine) -> str:
    return "" if machine.system.version in ("11", "20.04", "8.10") else ",inode64"


def _debian(machine: Machine) -> Iterator[Mount]:
    total, inode64 = machine.memory_kib, _inode64(machine)
    device = total // 2 - 18_000 // 4 * 4
    nodes, tenth = device // 4, total // 10 // 4 * 4
    yield Mount("sysfs", "/sys", "sysfs", ALL)
    yield Mount("proc", "/proc", "proc", ALL)
    plain = "rw,nosuid,relatime" if machine.system.version not in ("20.04",) else "rw,nosuid,noexec,relatime"
    yield Mount(
        "udev",
        "/dev",
        "devtmpfs",
        f"{plain},size={device}k,nr_inodes={nodes},mode=755{inode64}",
        device if machine.system.version not in ("22.04", "24.04") else 0,
        0,
        0,
        nodes,
        420,
    )
    yield Mount("devpts", "/dev/pts", "devpts", "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000")
    run = 560 + machine.persona.number("run", 0, 500) // 4 * 4
    yield Mount(
        "tmpfs",
        "/run",
        "tmpfs",
        f"{ALL},size={tenth}k,mode=755{inode64}",
        tenth,
        run,
        0,
        total // 4 // 2,
        640,
    )
    yield from _real(machine, only="/")
    yield Mount("securityfs", "/sys/kernel/security", "securityfs", ALL)
    yield Mount("tmpfs", "/dev/shm", "tmpfs", f"rw,nosuid,nodev{inode64}", total // 2, 0, 0, total // 8, 1)
    yield Mount("tmpfs", "/run/lock", "tmpfs", f"{ALL},size=5120k{inode64}", 5120, 0, 0, total // 8, 3)
    if machine.system.version == "20.04":
        yield Mount(
            "tmpfs",
            "/sys/fs/cgroup",
            "tmpfs",
            "ro,nosuid,nodev,noexec,mode=755",
            total // 2,
            0,
            0,
            total // 8,
            18,
        )
        yield Mount("cgroup2", "/sys/fs/cgroup/unified", "cgroup2", f"{ALL},nsdelegate")
        for name in ("systemd", "pids", "memory", "cpu,cpuacct", "freezer", "devices", "blkio", "hugetlb"):
            yield Mount(
                "cgroup",
                f"/sys/fs/cgroup/{name}",
                "cgroup",
                f"{ALL},{'xattr,name=systemd' if name == 'systemd' else name}",
            )
    else:
        yield Mount("cgroup2", "/sys/fs/cgroup", "cgroup2", f"{ALL},nsdelegate,memory_recursiveprot")
    yield Mount("pstore", "/sys/fs/pstore", "pstore", ALL)
    if not machine.is_virtual:
        yield Mount("efivarfs", "/sys/firmware/efi/efivars", "efivarfs", ALL)
    yield Mount("bpf" if machine.system.version != "11" else "none", "/sys/fs/bpf", "bpf", f"{ALL},mode=700")
    yield _autofs(machine)
    yield Mount(
        "hugetlbfs",
        "/dev/hugepages",
        "hugetlbfs",
        f"{'rw,nosuid,nodev,relatime' if machine.system.version == '24.04' else 'rw,relatime'},pagesize=2M",
    )
    yield Mount("mqueue", "/dev/mqueue", "mqueue", ALL)
    yield Mount("debugfs", "/sys/kernel/debug", "debugfs", ALL)
    yield Mount("tracefs", "/sys/kernel/tracing", "tracefs", ALL)
    yield Mount("fusectl", "/sys/fs/fuse/connections", "fusectl", ALL)
    yield Mount("configfs", "/sys/kernel/config", "configfs", ALL)
    yield from _real(machine, but="/")


def _rocky(machine: Machine) -> Iterator[Mount]:
    total, inode64 = machine.memory_kib, _inode64(machine)
    old = machine.system.version == "8.10"
    label = "seclabel"
    device = total // 2 - 16_000 // 4 * 4
    dev = Mount("devtmpfs", "/dev", "devtmpfs", f"rw,nosuid,{label},size={device if old else 4096}k,nr_inodes={device // 4},mode=755{inode64}",
                device if old else 4096, 0, 0, device // 4, 440)  # fmt: skip
    proc = Mount("proc", "/proc", "proc", ALL)
    sys = Mount("sysfs", "/sys", "sysfs", f"{ALL},{label}")
    yield from (sys, proc, dev) if old else (proc, sys, dev)
    yield Mount("securityfs", "/sys/kernel/security", "securityfs", ALL)
    yield Mount(
        "tmpfs", "/dev/shm", "tmpfs", f"rw,nosuid,nodev,{label}{inode64}", total // 2, 0, 0, total // 8, 1
    )
    yield Mount(
        "devpts", "/dev/pts", "devpts", f"rw,nosuid,noexec,relatime,{label},gid=5,mode=620,ptmxmode=000"
    )
    size = total // 2 if old else total // 5
    limit = "" if old else f",size={size}k,nr_inodes=819200"
    run = 8600 + machine.persona.number("run", 0, 900) // 4 * 4
    yield Mount(
        "tmpfs",
        "/run",
        "tmpfs",
        f"rw,nosuid,nodev,{label}{limit},mode=755{inode64}",
        size,
        run,
        0,
        819200,
        760,
    )
    if old:
        yield Mount(
            "tmpfs",
            "/sys/fs/cgroup",
            "tmpfs",
            f"ro,nosuid,nodev,noexec,{label},mode=755",
            total // 2,
            0,
            0,
            total // 8,
            17,
        )
        for name in (
            "systemd",
            "blkio",
            "perf_event",
            "memory",
            "cpu,cpuacct",
            "freezer",
            "devices",
            "pids",
            "cpuset",
        ):
            more = (
                "xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd"
                if name == "systemd"
                else name
            )
            yield Mount("cgroup", f"/sys/fs/cgroup/{name}", "cgroup", f"{ALL},{label},{more}")
    else:
        yield Mount("cgroup2", "/sys/fs/cgroup", "cgroup2", f"{ALL},{label},nsdelegate,memory_recursiveprot")
    yield Mount("pstore", "/sys/fs/pstore", "pstore", f"{ALL},{label}")
    yield Mount("bpf", "/sys/fs/bpf", "bpf", f"{ALL},mode=700")
    yield Mount("configfs", "/sys/kernel/config", "configfs", ALL)
    yield from _real(machine, only="/")
    yield Mount(
        "selinuxfs", "/sys/fs/selinux", "selinuxfs", "rw,nosuid,noexec,relatime" if not old else "rw,relatime"
    )
    yield _autofs(machine)
    yield Mount("hugetlbfs", "/dev/hugepages", "hugetlbfs", f"rw,relatime,{label},pagesize=2M")
    yield Mount("mqueue", "/dev/mqueue", "mqueue", f"{ALL if not old else 'rw,relatime'},{label}")
    yield Mount("debugfs", "/sys/kernel/debug", "debugfs", f"{ALL if not old else 'rw,relatime'},{label}")
    if not old:
        yield Mount("tracefs", "/sys/kernel/tracing", "tracefs", f"{ALL},{label}")
    yield Mount("fusectl", "/sys/fs/fuse/connections", "fusectl", ALL if not old else "rw,relatime")
    yield from _real(machine, but="/")


def _autofs(machine: Machine) -> Mount:
    inode = 10_000 + machine.persona.number("autofs", 0, 9000)
    descriptor = {"20.04": 28, "11": 30, "8.10": 31, "9.4": 32}.get(machine.system.version, 30)
    return Mount("systemd-1", "/proc/sys/fs/binfmt_misc", "autofs",
                 f"rw,relatime,fd={descriptor},pgrp=1,timeout=0,minproto=5,maxproto=5,direct,pipe_ino={inode}")  # fmt: skip


def _real(machine: Machine, only: str = "", but: str = "") -> Iterator[Mount]:
    """File systems on the disk."""
    for block in sorted(blocks(machine), key=lambda each: each.mounted):
        if block.mounted.startswith("/") and block.mounted != but and (not only or block.mounted == only):
            yield _on_disk(machine, block)


def _on_disk(machine: Machine, block: Block) -> Mount:
    source = f"/dev/mapper/{block.name}" if block.kind == "lvm" else f"/dev/{block.name}"
    share = (
        machine.persona.number("disk used", 12, 61)
        if block.mounted == "/"
        else machine.persona.number(f"used {block.mounted}", 2, 20)
    )
    if block.system == "vfat":
        options = "rw,relatime,fmask=0077,dmask=0077,codepage=437,iocharset=ascii,shortname=mixed,utf8,errors=remount-ro"
        if machine.system.id == "ubuntu":
            options = (
                options.replace("fmask=0077,dmask=0077", "fmask=0022,dmask=0022")
                .replace("ascii", "iso8859-1")
                .replace(",utf8", "")
            )
        return Mount(source, block.mounted, "vfat", options, block.size - 1024, 6220)
    if block.system == "xfs":
        size = block.size - (69_632 if block.size > GIB else 10_240 * 6)
        used = max(
            2_300 * MIB if block.mounted == "/" else 330 * MIB if block.mounted == "/boot" else 50 * MIB,
            size * share // 100,
        )
        options = "rw,relatime,seclabel,attr2,inode64,logbufs=8,logbsize=32k,noquota"
        return Mount(
            source,
            block.mounted,
            "xfs",
            options,
            size,
            used // 4 * 4,
            0,
            size // 2,
            34_000 if block.mounted == "/" else 340,
        )
    size = (block.size - block.size // 64 - 131_072 - block.size // 417) // 4 * 4
    options = "rw,relatime,errors=remount-ro" if machine.system.id == "debian" else "rw,relatime"
    grown = (int(time.time()) - machine.installed) // 3600 * 2
    used = max(1_900 * MIB, size * share // 100 + grown) // 4 * 4
    files = 44_000 + machine.persona.number("files", 0, 60_000)
    return Mount(
        source,
        block.mounted,
        "ext4",
        options,
        size,
        used,
        block.size // 20,
        block.size // 16 // 8192 * 8192,
        files,
    )


def _of_device(machine: Machine, text: str) -> Iterator[Mount]:
    sizes = {"/tmp": 29_680, "/run": 29_680, "/dev/shm": 29_680, "/dev": 512, "/overlay": 10_496, "/": 10_496, "/rom": 3_328, "/mnt/mtd": 1_024,
             "/volume1": 3_744_292_864 // 2, "/share/CACHEDEV1_DATA": 3_826_404_352 // 2, "/mnt/HDA_ROOT": 505_648}  # fmt: skip
    if machine.system.id == "freebsd":
        sizes |= {"/": 19 * GIB}
    if machine.system.id == "dsm":
        sizes |= {
            "/": 2_385_528,
            "/dev": 895_004,
            "/tmp": 1_000_000,
            "/run": 1_000_000,
            "/dev/shm": 1_000_000,
        }
    if machine.system.id == "qts":
        sizes |= {"/": 409_600, "/dev": 3_889_152, "/tmp": 65_536, "/dev/shm": 3_900_000}
    for line in text.strip().splitlines():
        source, target, kind, options = line.split(" ")
        size = sizes.get(target, 0) if kind not in ("proc", "sysfs", "devpts") else 0
        share = (
            100
            if kind == "squashfs"
            else LITTLE[target]
            if target in LITTLE
            else machine.persona.number(f"used {target}", 1, 60)
        )
        yield Mount(source, target, kind, options, size, size * share // 100)
