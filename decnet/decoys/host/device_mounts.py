# ruff: noqa: E501 (mount options are one line)
"""What is mounted on devices and on other systems than the distributions of Linux, as /proc/mounts has it."""

from __future__ import annotations

from collections.abc import Iterator

from ..machine import Machine
from .hardware import GIB
from .mount import Mount

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

SIZES = {"/tmp": 29_680, "/run": 29_680, "/dev/shm": 29_680, "/dev": 512, "/overlay": 10_496, "/": 10_496, "/rom": 3_328,
         "/mnt/mtd": 1_024, "/volume1": 3_744_292_864 // 2, "/share/CACHEDEV1_DATA": 3_826_404_352 // 2,
         "/mnt/HDA_ROOT": 505_648}  # fmt: skip
"""KiB, where a system has no other size."""
SIZES_OF = {
    "freebsd": {"/": 19 * GIB},
    "dsm": {"/": 2_385_528, "/dev": 895_004, "/tmp": 1_000_000, "/run": 1_000_000, "/dev/shm": 1_000_000},
    "qts": {"/": 409_600, "/dev": 3_889_152, "/tmp": 65_536, "/dev/shm": 3_900_000},
}


def device_mounts(machine: Machine) -> Iterator[Mount] | None:
    """The mounts of a device, in order; None for a distribution of Linux."""
    text = CAMERA_MOUNTS if machine.system.version == "2018.02" else DEVICES.get(machine.system.id)
    return None if text is None else _parsed(machine, text)


def _parsed(machine: Machine, text: str) -> Iterator[Mount]:
    sizes = SIZES | SIZES_OF.get(machine.system.id, {})
    for line in text.strip().splitlines():
        source, target, kind, options = line.split(" ")
        size = sizes.get(target, 0) if kind not in ("proc", "sysfs", "devpts") else 0
        yield Mount(source, target, kind, options, size, size * _share(machine, target, kind) // 100)


def _share(machine: Machine, target: str, kind: str) -> int:
    """How much of it is used, in percent."""
    if kind == "squashfs":
        return 100
    return LITTLE[target] if target in LITTLE else machine.persona.number(f"used {target}", 1, 60)
