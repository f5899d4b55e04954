# ruff: noqa: E501 (tables of paths)
"""What udev makes in /dev: devices, disks and links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .hardware import blocks
from .node import Node

if TYPE_CHECKING:
    from .model import World

DEVICES = """c null 1 3 666 root|c zero 1 5 666 root|c full 1 7 666 root|c random 1 8 666 root|c urandom 1 9 666 root|c tty 5 0 666 tty|c console 5 1 600 tty
|c ptmx 5 2 666 tty|c kmsg 1 11 644 root|c mem 1 1 640 kmem|c port 1 4 640 kmem|c fuse 10 229 666 root|c hpet 10 228 600 root|c rtc0 254 0 600 root|c loop-control 10 237 660 disk
|c ttyS0 4 64 660 dialout|c ttyS1 4 65 660 dialout|c vcs 7 0 660 tty|c vcs1 7 1 660 tty|c vcsa 7 128 660 tty|c vcsa1 7 129 660 tty|c snapshot 10 231 600 root|c uinput 10 223 600 root
|c net/tun 10 200 666 root|c cpu_dma_latency 10 125 600 root|c nvram 10 144 600 root|c mapper/control 10 236 600 root|c vga_arbiter 10 126 600 root|c userfaultfd 10 126 600 root"""


def device_nodes(world: World, booted: int) -> dict[str, Node]:
    """/dev by path, as udev made it. `booted`: seconds since 1970."""
    found = {}
    for line in DEVICES.replace("\n", "").split("|"):
        kind, name, major, minor, mode, group = line.split()
        found[f"/dev/{name}"] = Node(
            int(mode, 8), group=group, kind=kind, device=(int(major), int(minor)), changed=booted + 3
        )
    for number in range(64):
        found[f"/dev/tty{number}"] = Node(
            0o620, group="tty", kind="c", device=(4, number), changed=booted + 3
        )
    for number in range(8):
        found[f"/dev/loop{number}"] = Node(
            0o660, group="disk", kind="b", device=(7, number), changed=booted + 3
        )
    for block in blocks(world.machine):
        if "/" not in block.name and block.kind in ("disk", "part", "rom"):
            found[f"/dev/{block.name}"] = Node(
                0o660,
                group="disk" if block.kind != "rom" else "cdrom",
                kind="b",
                device=block.number,
                changed=booted + 3,
            )
            if block.uuid:
                found[f"/dev/disk/by-uuid/{block.uuid}"] = Node(
                    0o777, target=f"../../{block.name}", changed=booted + 3
                )
    links = { "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "core": "/proc/kcore",
             "log": "/run/systemd/journal/dev-log", "initctl": "/run/initctl", "rtc": "rtc0"}  # fmt: skip
    return found | {
        f"/dev/{name}": Node(0o777, target=target, changed=booted + 3) for name, target in links.items()
    }
