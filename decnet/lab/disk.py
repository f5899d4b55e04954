"""The disk image of a Debian release that virtual workers start from: created once, then only read.

A worker's own files (name, addresses, keys) are in a folder of the machine. At its first start, the worker
copies them over its file system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from decnet.lab.guard import exclusive
from decnet.lab.shell import run
from decnet.lab.trees import CACHE, Recipe, make_tree, remove_tree, remove_unused

PACKAGES: Final = ("systemd-sysv", "dbus", "udev", "libpam-systemd")
SIZE: Final = "8G"
SEED_UNIT: Final = """\
[Unit]
Description=Name, addresses and keys of this worker
DefaultDependencies=no
ConditionPathExists=!/etc/lab-seeded
After=local-fs.target
Before=sysinit.target systemd-networkd.service

[Service]
Type=oneshot
ExecStart=/bin/sh -ec 'mount -t hostfs none /mnt; cp -a /mnt/. /; umount /mnt; touch /etc/lab-seeded'

[Install]
WantedBy=sysinit.target
"""
FILES: Final = {
    "etc/fstab": "/dev/root / ext4 defaults 0 1\n",
    "etc/resolv.conf": "",
    "etc/machine-id": "",
    # systemd has nothing to update at the first start.
    "etc/.updated": "",
    "var/.updated": "",
    "etc/systemd/network/10-eth0.link": "[Match]\nOriginalName=vec0\n[Link]\nName=eth0\n",
    "etc/systemd/network/10-mgmt0.link": "[Match]\nOriginalName=vec1\n[Link]\nName=mgmt0\n",
    "etc/systemd/system/lab-seed.service": SEED_UNIT,
}
ENABLED: Final = ("lab-seed", "systemd-networkd", "ssh", "docker", "containerd")
MASKED: Final = (
    "getty@tty1.service", "serial-getty@ttyS0.service", "apt-daily.timer", "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer", "fstrim.timer", "e2scrub_all.timer", "systemd-networkd-wait-online.service",
)  # fmt: skip


def make_disk(recipe: Recipe, emit: Callable[[str], None]) -> Path:
    """The release's disk image, created if there is none. Raises trees.Unavailable."""
    bootable = Recipe(f"disk-{recipe.name}", recipe.suite, (*recipe.packages, *PACKAGES))
    key = hashlib.sha256(repr((bootable, SIZE, FILES, ENABLED, MASKED)).encode()).hexdigest()[:12]
    image = CACHE / f"{bootable.name}-{key}.img"
    with exclusive("cache/disks", limit=1800):
        if not image.exists():
            remove_unused(f"{bootable.name}-*.img")
            tree = make_tree(bootable, emit)
            _prepare(tree)
            _write(tree, image)
            remove_tree(tree)
    return image


def _prepare(tree: Path) -> None:
    for name, text in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    # Otherwise, all workers would have the same host keys.
    for key in (tree / "etc" / "ssh").glob("ssh_host_*"):
        key.unlink()
    (tree / "usr" / "sbin" / "policy-rc.d").unlink(missing_ok=True)
    run(["chroot", str(tree), "systemctl", "--quiet", "enable", *ENABLED])
    run(["chroot", str(tree), "systemctl", "--quiet", "mask", *MASKED])


def _write(tree: Path, image: Path) -> None:
    part = image.with_name(f"part-{image.name}")
    part.unlink(missing_ok=True)
    run(["truncate", "-s", SIZE, str(part)])
    late = "lazy_itable_init=1,lazy_journal_init=1"
    run(["mkfs.ext4", "-q", "-F", "-E", late, "-d", str(tree), str(part)], limit=600)
    part.replace(image)
