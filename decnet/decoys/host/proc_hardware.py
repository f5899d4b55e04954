# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""The files of /proc about processors, memory and devices (proc(5))."""

from __future__ import annotations

import time
from typing import Protocol

from ..machine import Machine
from .hardware import Memory, blocks
from .kernel_threads import family_of
from .mount import Mount
from .processes import ProcessEntry


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
    return _lines(rows) + _huge_pages(machine, now.total)


def _lines(rows: list[tuple[str, int]]) -> str:
    return "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in rows)


def _huge_pages(machine: Machine, total: int) -> str:
    """The last rows of /proc/meminfo: how the memory (`total` KiB) is mapped."""
    names = ("HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp")
    small = 90_000 + machine.persona.number("direct map", 0, 60) * 1024
    large = (total // 2048 + 20) * 2048 - small // 2048 * 2048
    huge = large // 3 // (1024 * 1024) * 1024 * 1024
    sizes = [("Hugepagesize", 2048), ("Hugetlb", 0)]
    direct = [("DirectMap4k", small), ("DirectMap2M", large - huge), ("DirectMap1G", huge)]
    return "".join(f"{name + ':':<16}{0:>8}\n" for name in names) + _lines([*sizes, *direct])


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
