# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""The files of /proc that are about the machine (proc(5)); those of a process are made by the shell."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial

from ..machine import Machine
from .hardware import blocks, load, uuid_for
from .modules import modules
from .node import Node
from .proc_drivers import texts
from .proc_hardware import World, cpuinfo, devices, diskstats, interrupts, ioports, meminfo, partitions
from .sysctls import sysctls

UNREAD = """buddyinfo cgroups consoles dma execdomains fb iomem key-users kpagecgroup kpagecount kpageflags locks mtrr pagetypeinfo
schedstat softirqs timer_list vmallocinfo zoneinfo"""
FOLDERS = "acpi bus driver dynamic_debug fs irq pressure scsi sys sysvipc tty"
"""What else a kernel of a distribution has; no one reads it here."""
JIFFIES = 100
"""Per second: USER_HZ."""
VERSIONS = {
    "debian-11": "(debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1 20210110, GNU ld (GNU Binutils for Debian) 2.35.2)",
    "debian-12": "(debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40)",
    "ubuntu-20.04": "(buildd@lcy02-amd64-041) (gcc version 9.4.0 (Ubuntu 9.4.0-1ubuntu1~20.04.2))",
    "ubuntu-22.04": "(buildd@lcy02-amd64-075) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0, GNU ld (GNU Binutils for Ubuntu) 2.38)",
    "ubuntu-24.04": "(buildd@lcy02-amd64-100) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0-23ubuntu4) 13.2.0, GNU ld (GNU Binutils for Ubuntu) 2.42)",
    "rocky-8.10": "(mockbuild@iad1-prod-build001.bld.equ.rockylinux.org) (gcc version 8.5.0 20210514 (Red Hat 8.5.0-22) (GCC))",
    "rocky-9.4": "(mockbuild@iad1-prod-build001.bld.equ.rockylinux.org) (gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3), GNU ld version 2.35.2-43.el9)",
    "openwrt-21.02.3": "(builder@buildhost) (mips-openwrt-linux-musl-gcc (OpenWrt GCC 8.4.0 r16554-1d4dea6d4f) 8.4.0)",
    "dsm-7.2": "(root@build9) (gcc version 12.2.0 (GCC))",
    "qts-5.1.8": "(root@6f7c1d1a2b3c) (gcc (crosstool-NG) 8.3.0, GNU ld 2.32)",
}  # fmt: skip
FILE_SYSTEMS = """nodev sysfs,nodev tmpfs,nodev bdev,nodev proc,nodev cgroup,nodev cgroup2,nodev cpuset,nodev devtmpfs,nodev configfs,nodev debugfs,nodev tracefs,nodev securityfs,nodev sockfs,nodev bpf,nodev pipefs,nodev ramfs,nodev hugetlbfs,nodev devpts,nodev mqueue,nodev pstore,{disk},nodev autofs,nodev efivarfs,nodev binfmt_misc"""


def files(world: World) -> dict[str, Node]:
    """Paths and nodes; all are made at each reading."""
    made: dict[str, Callable[[World], str]] = {
        "meminfo": meminfo, "version": version, "uptime": uptime, "loadavg": loadavg, "stat": stat, "swaps": swaps,
        "partitions": partitions, "diskstats": diskstats, "cmdline": cmdline, "modules": _modules, "devices": devices,
        "filesystems": file_systems, "interrupts": interrupts, "ioports": ioports, "mdstat": mdstat, "misc": misc,
        "vmstat": vmstat, "crypto": crypto,
    }  # fmt: skip
    if world.machine.system.id in ("debian", "ubuntu", "rocky"):
        made["cpuinfo"] = cpuinfo
    boot = world.machine.booted()
    found = {f"/proc/{name}": _live(world, make, boot) for name, make in made.items()}
    for name in ("kmsg", "kcore", "kallsyms", "keys", "sysrq-trigger", "slabinfo"):
        found[f"/proc/{name}"] = Node(0o400, changed=boot)
    if world.machine.system.id in ("debian", "ubuntu", "rocky"):
        found |= {f"/proc/{name}": Node(0o444, changed=boot) for name in UNREAD.split()}
        found |= {f"/proc/{name}": Node(0o555, True, changed=boot) for name in FOLDERS.split()}
    if world.machine.system.id == "debian" and world.machine.system.version == "12":
        found |= _drivers(world, boot)
    found["/proc/mounts"] = Node(0o777, target="self/mounts", changed=boot)
    return found


def _drivers(world: World, boot: int) -> dict[str, Node]:
    def text(name: str, world: World) -> str:
        return texts(int(time.time()) - world.machine.booted())[name]

    return {f"/proc/{name}": _live(world, partial(text, name), boot) for name in texts(0)}


def settings(machine: Machine) -> dict[str, Node]:
    """What is below /proc/sys, with its folders."""
    boot = machine.booted()
    found: dict[str, Node] = {}
    for path, value in sysctls(machine).items():
        found |= _setting(path, value, boot)
    return found


def setting_folders(machine: Machine) -> dict[str, Callable[[], dict[str, Node]]]:
    """The same by folder, made when one of them is looked at: hardly any visitor does."""

    @cache
    def made() -> dict[str, dict[str, Node]]:
        found: dict[str, dict[str, Node]] = {}
        for path, node in settings(machine).items():
            folder, _, name = path.rpartition("/")
            found.setdefault(folder, {})[name] = node
        return found

    def inside(folder: str) -> dict[str, Node]:
        return made()[folder]

    folders = {path.rpartition("/")[0] for path in settings(machine)}
    return {folder: partial(inside, folder) for folder in folders}


def _live(world: World, make: Callable[[World], str], changed: int) -> Node:
    return Node(0o444, live=lambda: make(world).encode(), changed=changed)


def _setting(name: str, value: str, boot: int) -> dict[str, Node]:
    """One file below /proc/sys, with its folders."""
    path = "/proc/sys/" + name.replace(".", "/").replace("|", ".")
    parts = path.split("/")
    found = {
        "/".join(parts[:count]): Node(0o555, folder=True, changed=boot) for count in range(3, len(parts))
    }
    if name == "kernel.random.uuid":
        found[path] = Node(0o444, live=_random_uuid, changed=boot)
    else:
        found[path] = Node(0o644, live=lambda: value.encode() + b"\n", changed=boot)
    return found


def _random_uuid() -> bytes:
    import uuid

    return f"{uuid.uuid4()}\n".encode()


def version(world: World) -> str:
    """/proc/version."""
    system = world.machine.system
    build = VERSIONS.get(
        f"{system.id}-{system.version}", "(root@localhost) (gcc version 5.4.0 (Buildroot 2018.02))"
    )
    return f"Linux version {system.kernel} {build} {system.build}\n"


def uptime(world: World) -> str:
    """/proc/uptime: seconds since the boot, and idle seconds of all processors."""
    up = time.time() - world.machine.booted()
    return f"{up:.2f} {up * world.machine.processors * 0.9871:.2f}\n"


def loadavg(world: World) -> str:
    """/proc/loadavg."""
    now = int(time.time())
    entries = world.processes(now)
    averages = " ".join(f"{value:.2f}" for value in load(world.machine, now))
    threads = sum(entry.threads for entry in entries) + 4
    return f"{averages} 1/{threads} {world.newest_pid}\n"


def stat(world: World) -> str:
    """/proc/stat: times in jiffies, by processor."""
    machine = world.machine
    up = int((time.time() - machine.booted()) * JIFFIES)
    lines = [_times(machine, number, up) for number in range(machine.processors)]
    whole = [sum(row[at] for row in lines) for at in range(10)]
    out = "cpu  " + " ".join(map(str, whole)) + "\n"
    out += "".join(f"cpu{number} " + " ".join(map(str, row)) + "\n" for number, row in enumerate(lines))
    switches, forks = up * 3, world.newest_pid
    soft = [up // 30, 1, up // 6, up // 900, up // 300, 0, up // 700, up // 4, 0, up // 9]
    return (
        f"{out}intr {up * 2} 9 {up // 90000} 0 0 0 0 0 0 0 0 0 0 0 0 {up // 90}\nctxt {switches}\nbtime {machine.booted()}\n"
        f"processes {forks}\nprocs_running 1\nprocs_blocked 0\nsoftirq {sum(soft)} {' '.join(map(str, soft))}\n"
    )


def _times(machine: Machine, number: int, up: int) -> list[int]:
    def share(purpose: str, low: int, high: int) -> int:
        return up * machine.persona.number(f"{purpose} {number}", low, high) // 100_000

    user, nice, system, wait, soft = (
        share("user", 300, 620),
        share("nice", 1, 9),
        share("system", 210, 430),
        share("wait", 8, 60),
        share("soft", 4, 20),
    )
    return [user, nice, system, max(0, up - user - nice - system - wait - soft), wait, 0, soft, 0, 0, 0]


def swaps(world: World) -> str:
    """/proc/swaps."""
    now = world.memory(int(time.time()))
    out = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    if not now.swap_total:
        return out
    name, kind = swap_area(world.machine)
    used = now.swap_total - now.swap_free
    return (
        out
        + f"{name:<40}{kind:<16}{now.swap_total}\t{'' if now.swap_total >= 10_000_000 else chr(9)}{used}\t\t-2\n"
    )


def swap_area(machine: Machine) -> tuple[str, str]:
    """Path and type of the swap area."""
    area = next((block for block in blocks(machine) if block.system == "swap"), None)
    if area is None:
        return "/swap.img", "file"
    return (f"/dev/{area.name}", "partition") if area.kind == "part" else ("/dev/dm-1", "partition")


def cmdline(world: World) -> str:
    """/proc/cmdline."""
    return command_line(world.machine)


def command_line(machine: Machine) -> str:
    """The kernel's command line, as the boot loader of the release gives it."""
    kernel, root = (
        machine.system.kernel,
        next((block for block in blocks(machine) if block.mounted == "/"), None),
    )
    if machine.system.id == "rocky":
        more = (
            "crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M"
            if machine.system.version != "8.10"
            else "crashkernel=auto"
        )
        disk = "(hd0,msdos1)" if machine.is_virtual else "(hd0,gpt2)"
        return f"BOOT_IMAGE={disk}/vmlinuz-{kernel} root=/dev/mapper/rl-root ro {more} resume=/dev/mapper/rl-swap rd.lvm.lv=rl/root rd.lvm.lv=rl/swap rhgb quiet\n"
    if root is None:
        devices = {
            "dsm": "root=/dev/md0 netif_num=2 syno_hw_version=DS920+ console=ttyS2,115200n8",
            "openwrt": "console=ttyS0,115200 rootfstype=squashfs,jffs2",
        }
        return (
            devices.get(
                machine.system.id,
                "console=ttyS1,115200n8 mem=39M@0x0 root=/dev/mtdblock2 rootfstype=squashfs init=/linuxrc",
            )
            + "\n"
        )
    quiet = "" if machine.system.id == "ubuntu" else " quiet"
    return f"BOOT_IMAGE=/boot/vmlinuz-{kernel} root=UUID={root.uuid} ro{quiet}\n"


def _modules(world: World) -> str:
    return "".join(
        f"{each.name} {each.size} {each.uses} {','.join(each.by) + ',' if each.by else '-'} Live 0x0000000000000000\n"
        for each in modules(world.machine)
    )


def file_systems(world: World) -> str:
    """/proc/filesystems."""
    disk = "xfs" if world.machine.system.id == "rocky" else "ext3,ext2,ext4"
    rows = FILE_SYSTEMS.replace("{disk}", disk).split(",")
    return "".join(
        f"{row.replace(' ', chr(9))}\n" if row.startswith("nodev") else f"\t{row}\n" for row in rows
    )


def mdstat(world: World) -> str:
    """/proc/mdstat: there is no software RAID but on a storage box."""
    if world.machine.system.id != "dsm":
        return "Personalities : \nunused devices: <none>\n"
    return (
        "Personalities : [raid1] \nmd2 : active raid1 sata1p3[0] sata2p3[1]\n      1942787584 blocks super 1.2 [2/2] [UU]\n      \n"
        "md1 : active raid1 sata1p2[0] sata2p2[1]\n      2097088 blocks [4/2] [UU__]\n      \n"
        "md0 : active raid1 sata1p1[0] sata2p1[1]\n      2490176 blocks [4/2] [UU__]\n      \nunused devices: <none>\n"
    )


def misc(world: World) -> str:
    """/proc/misc."""
    return "".join(
        f"{number:>3} {name}\n"
        for number, name in (
            (231, "snapshot"),
            (236, "device-mapper"),
            (144, "nvram"),
            (183, "hw_random"),
            (227, "mcelog"),
            (228, "hpet"),
            (235, "autofs"),
            (1, "psaux"),
        )
    )


def vmstat(world: World) -> str:
    """/proc/vmstat: pages."""
    now, up = world.memory(int(time.time())), int(time.time()) - world.machine.booted()
    rows = (("nr_free_pages", now.free // 4), ("nr_zone_inactive_file", now.cached // 7), ("nr_zone_active_file", now.cached // 10), ("nr_mapped", 30_000),
            ("nr_file_pages", (now.cached + now.buffers) // 4), ("nr_dirty", up % 60), ("nr_writeback", 0), ("nr_shmem", now.shared // 4),
            ("pgpgin", 900_000 + up // 9), ("pgpgout", up * 33 // 2), ("pswpin", 0), ("pswpout", (now.swap_total - now.swap_free) // 4),
            ("pgfault", up * 90), ("pgmajfault", 3000 + up // 900), ("oom_kill", 0))  # fmt: skip
    return "".join(f"{name} {value}\n" for name, value in rows)


def crypto(world: World) -> str:
    """/proc/crypto, its first entries."""
    names = (
        ("crc32c", "crc32c-intel", "crc32c_intel", 200),
        ("aes", "aes-generic", "kernel", 100),
        ("sha256", "sha256-generic", "kernel", 100),
    )
    return "".join(
        f"name         : {name}\ndriver       : {driver}\nmodule       : {module}\npriority     : {priority}\nrefcnt       : 2\nselftest     : passed\ninternal     : no\ntype         : shash\nblocksize    : 1\ndigestsize   : 4\n\n"
        for name, driver, module, priority in names
    )


def boot_id(machine: Machine) -> str:
    """/proc/sys/kernel/random/boot_id: another one after each boot."""
    return uuid_for(machine, f"boot {machine.booted()}")
