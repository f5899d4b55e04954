# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""The files of /proc that are about the machine (proc(5)); those of a process are in `proc_pid`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ..machine import Machine
from .hardware import Memory, blocks, load, uuid_for
from .kernel_threads import family_of
from .modules import modules
from .mounts import Mount
from .node import Node
from .processes import ProcessEntry
from .sysctls import sysctls

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


class World(Protocol):
    """What these files show."""

    @property
    def machine(self) -> Machine:
        """The machine."""

    @property
    def mounts(self) -> list[Mount]:
        """What is mounted."""

    def memory(self, now: int) -> Memory:
        """Its memory at a time."""

    @property
    def newest_pid(self) -> int:
        """The number of the process that was started last."""

    def processes(self, now: int) -> list[ProcessEntry]:
        """Its processes at a time."""


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
    found["/proc/mounts"] = Node(0o777, target="self/mounts", changed=boot)
    for path, value in sysctls(world.machine).items():
        found |= _setting(world.machine, path, value, boot)
    return found


def _live(world: World, make: Callable[[World], str], changed: int) -> Node:
    return Node(0o444, live=lambda: make(world).encode(), changed=changed)


def _setting(machine: Machine, name: str, value: str, boot: int) -> dict[str, Node]:
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


def cpuinfo(world: World) -> str:
    """/proc/cpuinfo of x86."""
    machine = world.machine
    model = machine.processor
    level = {79: 20, 85: 22, 106: 27, 158: 22}[model.model]
    out = []
    for number in range(machine.processors):
        if machine.is_virtual:
            physical, siblings, core, cores, apic, speed = number, 1, 0, 1, number * 2, model.megahertz
        else:
            physical, siblings, core, cores = (
                0,
                model.cores * model.threads,
                number % model.cores,
                model.cores,
            )
            apic = core * 2 + number // model.cores
            speed = (
                model.slowest
                + machine.persona.number(f"speed {number} {int(time.time()) // 7}", 0, 400)
                + 0.027 * number
            )
        rows = (
            ("processor", number), ("vendor_id", "GenuineIntel"), ("cpu family", 6), ("model", model.model),
            ("model name", model.name), ("stepping", model.stepping), ("microcode", model.microcode), ("cpu MHz", f"{speed:.3f}"),
            ("cache size", f"{model.l3} KB"), ("physical id", physical), ("siblings", siblings), ("core id", core),
            ("cpu cores", cores), ("apicid", apic), ("initial apicid", apic), ("fpu", "yes"), ("fpu_exception", "yes"),
            ("cpuid level", level), ("wp", "yes"), ("flags", model.flags), ("bugs", model.bugs),
            ("bogomips", f"{model.megahertz * 2:.2f}"), ("clflush size", 64), ("cache_alignment", 64),
            ("address sizes", f"{model.bits} bits physical, 48 bits virtual"), ("power management", ""),
        )  # fmt: skip
        out.append("".join(_row(name, value) for name, value in rows) + "\n")
    return "".join(out)


def _row(name: str, value: object) -> str:
    tabs = (
        ""
        if name in ("power management", "initial apicid", "fpu_exception", "cache_alignment", "address sizes")
        else "\t"
        if len(name) >= 8
        else "\t\t"
    )
    tabs = {"vendor_id": "\t", "cpu family": "\t", "model name": "\t", "microcode": "\t", "cache size": "\t", "physical id": "\t",
            "cpuid level": "\t", "clflush size": "\t", "processor": "\t", "stepping": "\t", "siblings": "\t", "cpu cores": "\t",
            "initial apicid": "\t", "fpu_exception": "\t", "cache_alignment": "\t", "address sizes": "\t", "bogomips": "\t"}.get(name, tabs)  # fmt: skip
    return f"{name}{tabs}:{' ' if value != '' else ''}{value}\n" if value != "" else f"{name}:\n"


def meminfo(world: World) -> str:
    """/proc/meminfo."""
    machine, now = world.machine, world.memory(int(time.time()))
    family = family_of(machine.system.kernel)
    anonymous = max(40_000, (now.total - now.available) * 2 // 3) // 4 * 4
    file = now.cached + now.buffers - now.shared
    active = file * 2 // 5 // 4 * 4
    slab = now.reclaimable + now.total // 120 // 4 * 4
    mapped = min(file // 4, 160_000) // 4 * 4
    tables = 1800 + len(world.processes(int(time.time()))) * 24
    limit = now.swap_total + now.total // 2
    rows: list[tuple[str, int]] = [
        ("MemTotal", now.total), ("MemFree", now.free), ("MemAvailable", now.available), ("Buffers", now.buffers),
        ("Cached", now.cached), ("SwapCached", (now.swap_total - now.swap_free) // 6 // 4 * 4),
        ("Active", active + anonymous // 8), ("Inactive", file - active + anonymous), ("Active(anon)", anonymous // 8),
        ("Inactive(anon)", anonymous), ("Active(file)", active), ("Inactive(file)", file - active),
        ("Unevictable", 0 if machine.system.id == "debian" else 27_648), ("Mlocked", 0 if machine.system.id == "debian" else 27_648),
        ("SwapTotal", now.swap_total), ("SwapFree", now.swap_free),
    ]  # fmt: skip
    if family in ("6.1", "6.8"):
        rows += [("Zswap", 0), ("Zswapped", 0)]
    rows += [
        ("Dirty", int(time.time()) * 7 % 60 * 4), ("Writeback", 0), ("AnonPages", anonymous), ("Mapped", mapped),
        ("Shmem", now.shared), ("KReclaimable", now.reclaimable), ("Slab", slab), ("SReclaimable", now.reclaimable),
        ("SUnreclaim", slab - now.reclaimable), ("KernelStack", 2000 + 16 * machine.processors * 9), ("PageTables", tables),
    ]  # fmt: skip
    if family == "6.8":
        rows.append(("SecPageTables", 0))
    rows += [
        ("NFS_Unstable", 0), ("Bounce", 0), ("WritebackTmp", 0), ("CommitLimit", limit), ("Committed_AS", anonymous * 3),
        ("VmallocTotal", 34_359_738_367), ("VmallocUsed", 20_400 + now.total // 1000), ("VmallocChunk", 0),
        ("Percpu", 900 * machine.processors // 4 * 4 + 640), ("HardwareCorrupted", 0), ("AnonHugePages", anonymous // 5 // 2048 * 2048),
        ("ShmemHugePages", 0), ("ShmemPmdMapped", 0), ("FileHugePages", 0), ("FilePmdMapped", 0),
    ]  # fmt: skip
    out = "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in rows)
    out += "".join(
        f"{name + ':':<16}{0:>8}\n"
        for name in ("HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp")
    )
    small = 90_000 + machine.persona.number("direct map", 0, 60) * 1024
    large = (now.total // 2048 + 20) * 2048 - small // 2048 * 2048
    huge = large // 3 // (1024 * 1024) * 1024 * 1024
    out += "".join(
        f"{name + ':':<16}{value:>8} kB\n"
        for name, value in (
            ("Hugepagesize", 2048),
            ("Hugetlb", 0),
            ("DirectMap4k", small),
            ("DirectMap2M", large - huge),
            ("DirectMap1G", huge),
        )
    )
    return out


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


def partitions(world: World) -> str:
    """/proc/partitions."""
    out = "major minor  #blocks  name\n\n"
    for block in blocks(world.machine):
        name = f"dm-{block.number[1]}" if block.kind == "lvm" else block.name
        out += f"{block.number[0]:>4} {block.number[1]:>8} {block.size:>10} {name}\n"
    return out


def diskstats(world: World) -> str:
    """/proc/diskstats."""
    out = ""
    up = int(time.time()) - world.machine.booted()
    for block in blocks(world.machine):
        name = f"dm-{block.number[1]}" if block.kind == "lvm" else block.name
        small = not block.mounted and block.kind == "part" or block.kind == "rom" or block.system == "swap"
        reads, writes = (96, 0) if small else (18_000 + up // 500, up * 3 // 2)
        row = (
            reads,
            reads // 3,
            reads * 54,
            reads // 2,
            writes,
            writes // 2,
            writes * 21,
            writes,
            0,
            writes // 2,
            writes + reads // 2,
            0,
            0,
            0,
            0,
            0,
            0,
        )
        out += f"{block.number[0]:>4} {block.number[1]:>7} {name} " + " ".join(map(str, row)) + "\n"
    return out


def cmdline(world: World) -> str:
    """The kernel's command line, as the boot loader of the release gives it."""
    machine = world.machine
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


def devices(world: World) -> str:
    """/proc/devices."""
    character = "  1 mem,  4 /dev/vc/0,  4 tty,  4 ttyS,  5 /dev/tty,  5 /dev/console,  5 /dev/ptmx,  7 vcs, 10 misc, 13 input, 21 sg, 29 fb,128 ptm,136 pts,180 usb,189 usb_device,226 drm,241 hidraw,242 vfio,243 bsg,244 watchdog,245 ptp,246 pps,247 cec,248 rtc,249 dax,250 dimmctl,251 ndctl,252 tpm,253 gpiochip"
    block = "  8 sd, 11 sr, 65 sd, 66 sd, 67 sd, 68 sd, 69 sd, 70 sd, 71 sd,128 sd,129 sd,130 sd,131 sd,132 sd,133 sd,134 sd,135 sd,253 device-mapper,254 mdp,259 blkext"
    return (
        "Character devices:\n"
        + character.replace(",", "\n")
        + "\n\nBlock devices:\n"
        + block.replace(",", "\n")
        + "\n"
    )


def file_systems(world: World) -> str:
    """/proc/filesystems."""
    disk = "xfs" if world.machine.system.id == "rocky" else "ext3,ext2,ext4"
    rows = FILE_SYSTEMS.replace("{disk}", disk).split(",")
    return "".join(
        f"{row.replace(' ', chr(9))}\n" if row.startswith("nodev") else f"\t{row}\n" for row in rows
    )


def interrupts(world: World) -> str:
    """/proc/interrupts."""
    machine = world.machine
    count = machine.processors
    up = int(time.time()) - machine.booted()
    out = " " * 12 + "".join(f"CPU{number:<8}" for number in range(count)) + "\n"
    rows = [("0", 9, "IO-APIC   2-edge      timer"), ("1", 9, "IO-APIC   1-edge      i8042"), ("8", 1, "IO-APIC   8-edge      rtc0"),
            ("9", 0, "IO-APIC   9-fasteoi   acpi"), ("12", 15, "IO-APIC  12-edge      i8042"), ("16", up // 3, "IO-APIC  16-fasteoi   vmwgfx, ioc0" if machine.is_virtual else "IO-APIC  16-fasteoi   ehci_hcd:usb1"),
            ("56", up * 9 // 2, f"PCI-MSI 1572864-edge      {machine.interface()}-rxtx-0")]  # fmt: skip
    for name, total, text in rows:
        cells = [total if number == 0 else 0 for number in range(count)]
        out += f"{name:>3}: " + "".join(f"{cell:>10} " for cell in cells) + f"  {text}\n"
    for name, rate, text in (("NMI", 0, "Non-maskable interrupts"), ("LOC", 31, "Local timer interrupts"), ("RES", 2, "Rescheduling interrupts"),
                             ("CAL", 1, "Function call interrupts"), ("TLB", 1, "TLB shootdowns")):  # fmt: skip
        out += (
            f"{name}: "
            + "".join(f"{up * rate // (number + 1):>10} " for number in range(count))
            + f"  {text}\n"
        )
    return out + "ERR:          0\nMIS:          0\n"


def ioports(world: World) -> str:
    """/proc/ioports."""
    rows = "0000-0cf7 : PCI Bus 0000:00,  0000-001f : dma1,  0020-0021 : pic1,  0040-0043 : timer0,  0050-0053 : timer1,  0060-0060 : keyboard,  0064-0064 : keyboard,  0070-0077 : rtc0,  0080-008f : dma page reg,  00a0-00a1 : pic2,  00c0-00df : dma2,  00f0-00ff : fpu,  0170-0177 : ata_piix,  01f0-01f7 : ata_piix,  03c0-03df : vga+,  03f8-03ff : serial,0cf8-0cff : PCI conf1,0d00-feff : PCI Bus 0000:00"
    return "".join(f"{row}\n" for row in rows.split(","))


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
