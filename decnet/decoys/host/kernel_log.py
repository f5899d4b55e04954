# ruff: noqa: E501 (what the kernel prints is not broken into shorter lines)
"""What the kernel of a machine prints at its start: dmesg, journalctl -k, kern.log."""

from __future__ import annotations

from collections.abc import Iterator

from .dmi import firmware
from .hardware import Block, blocks
from .proc import cmdline, version
from .proc_hardware import World

AUDIT = "(now)"
"""Stands for the time in a line of audit(8), in seconds since 1970."""
OEM = {"Dell Inc.": "DELL  ", "HPE": "HPE   ", "Lenovo": "LENOVO", "Supermicro": "SUPERM"}
"""What the ACPI tables have as their maker."""


def kernel_log(world: World, start: int = 0) -> list[tuple[float, str]]:
    """Seconds since the start and lines, in order. `start`: the time of that start, by default the last one's."""
    machine = world.machine
    start = start or machine.booted()
    seconds, lines = 0.0, []
    for at, (step, text) in enumerate(_lines(world)):
        seconds += step * machine.persona.number(f"kernel {at}", 50, 170) / 100
        lines.append((seconds, text.replace(AUDIT, f"{start + seconds:.3f}")))
    return lines


def _lines(world: World) -> Iterator[tuple[float, str]]:
    for part in (_memory, _processors, _drivers, _disks, _userspace, _link):
        yield from part(world)


def _memory(world: World) -> Iterator[tuple[float, str]]:
    machine, info = world.machine, firmware(world.machine)
    model, total = machine.processor, machine.memory_kib
    yield 0, version(world).rstrip("\n")
    yield 0, "Command line: " + cmdline(world).rstrip("\n")
    yield 0, "x86/fpu: Supporting XSAVE feature 0x001: 'x87 floating point registers'"
    yield 0, "x86/fpu: Supporting XSAVE feature 0x002: 'SSE registers'"
    yield 0, "x86/fpu: Supporting XSAVE feature 0x004: 'AVX registers'"
    yield 0, "signal: max sigframe size: 1776"
    yield 0, "BIOS-provided physical RAM map:"
    yield 0, "BIOS-e820: [mem 0x0000000000000000-0x000000000009ebff] usable"
    yield 0, "BIOS-e820: [mem 0x000000000009ec00-0x000000000009ffff] reserved"
    yield 0, "BIOS-e820: [mem 0x00000000000dc000-0x00000000000fffff] reserved"
    yield 0, f"BIOS-e820: [mem 0x0000000000100000-0x{min(total, 3 * 1024 * 1024) * 1024 - 1:016x}] usable"
    yield 0, "NX (Execute Disable) protection: active"
    yield 0, f"SMBIOS {info.smbios} present."
    yield 0, f"DMI: {info.vendor} {info.product}/{info.board}, BIOS {info.bios} {info.bios_date}"
    if machine.is_virtual:
        yield 0, "vmware: hypercall mode: 0x01"
        yield 0, "Hypervisor detected: VMware"
        yield 0, f"vmware: TSC freq read from hypervisor : {model.megahertz:.3f} MHz"
        yield 0, "vmware: Host bus clock speed read from hypervisor : 66000000 Hz"
        yield 0, "vmware: using clock offset of 9154321456 ns"
    yield 0.00002, f"tsc: Detected {model.megahertz:.3f} MHz processor"
    yield 0.0012, f"last_pfn = 0x{total // 4 + 0x40000:x} max_arch_pfn = 0x400000000"
    yield 0.006, "found SMP MP-table at [mem 0x000f6a70-0x000f6a7f]"
    yield 0.004, "ACPI: Early table checksum verification disabled"
    yield (
        0.00001,
        f"ACPI: RSDP 0x00000000000F6A00 000024 (v02 {'PTLTD ' if machine.is_virtual else OEM.get(info.vendor, 'INTEL ')})",
    )
    yield 0.008, "No NUMA configuration found"
    yield 0.003, "Zone ranges:"
    yield 0.00001, "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]"
    yield 0.00001, "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]"


def _processors(world: World) -> Iterator[tuple[float, str]]:
    machine, model = world.machine, world.machine.processor
    yield 0.02, f"smpboot: Allowing {machine.processors} CPUs, 0 hotplug CPUs"
    yield 0.01, f"Kernel command line: {cmdline(world).rstrip()}"
    yield 0.01, "mem auto-init: stack:off, heap alloc:on, heap free:off"
    yield (
        0.05,
        f"Memory: {machine.memory_kib - 120_000}K/{machine.memory_kib + 40_000}K available (14342K kernel code, 2332K rwdata, 9060K rodata, 2796K init, 17404K bss, 160000K reserved, 0K cma-reserved)",
    )
    yield 0.002, f"SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs={machine.processors}, Nodes=1"
    yield 0.01, "rcu: Hierarchical RCU implementation."
    yield 0.008, "Console: colour VGA+ 80x25"
    yield 0.0002, "printk: console [tty0] enabled"
    yield (
        0.012,
        f"Calibrating delay loop (skipped) preset value.. {model.megahertz * 2:.2f} BogoMIPS (lpj={int(model.megahertz * 2000)})",
    )
    yield (
        0.004,
        "LSM: Security Framework initializing" if machine.system.id != "rocky" else "SELinux:  Initializing.",
    )
    if machine.system.id != "rocky":
        yield 0.0001, "AppArmor: AppArmor initialized"
    yield (
        0.01,
        f"smpboot: CPU0: {model.name} (family: 0x6, model: 0x{model.model:x}, stepping: 0x{model.stepping:x})",
    )
    yield 0.02, f"smp: Brought up 1 node, {machine.processors} CPU{'s' if machine.processors > 1 else ''}"
    yield (
        0.001,
        f"smpboot: Total of {machine.processors} processors activated ({model.megahertz * 2 * machine.processors:.2f} BogoMIPS)",
    )


def _drivers(world: World) -> Iterator[tuple[float, str]]:
    machine = world.machine
    yield 0.02, "devtmpfs: initialized"
    yield 0.01, "NET: Registered PF_NETLINK/PF_ROUTE protocol family"
    yield 0.03, "PCI: Using configuration type 1 for base access"
    yield 0.1, "SCSI subsystem initialized"
    yield 0.02, "clocksource: Switched to clocksource tsc-early"
    yield 0.06, "NET: Registered PF_INET protocol family"
    yield 0.03, "Trying to unpack rootfs image as initramfs..."
    yield 0.4, "Freeing initrd memory: 38412K"
    yield 0.05, "Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled"
    yield 0.02, "i8042: PNP: PS/2 Controller [PNP0303:KBC,PNP0f13:MOUS] at 0x60,0x64 irq 1,12"
    yield 0.06, "NET: Registered PF_INET6 protocol family"
    yield 0.08, "Run /init as init process"
    if machine.is_virtual:
        yield (
            0.3,
            "VMware PVSCSI driver - version 1.0.7.0-k"
            if machine.system.id == "rocky"
            else "Fusion MPT base driver 3.04.20",
        )
        yield 0.02, "VMware vmxnet3 virtual NIC driver - version 1.7.0.0-k-NAPI"
        yield 0.02, f"vmxnet3 0000:0b:00.0 {machine.interface()}: renamed from eth0"
    else:
        yield 0.3, "megaraid_sas 0000:01:00.0: FW now in Ready state"
        yield 0.1, f"igb 0000:02:00.0 {machine.interface()}: renamed from eth0"


def _disks(world: World) -> Iterator[tuple[float, str]]:
    machine = world.machine
    disk = next((block for block in blocks(machine) if block.kind == "disk"), None)
    if disk is not None:
        sectors = disk.size * 2
        yield (
            0.2,
            f"sd 2:0:0:0: [sda] {sectors} 512-byte logical blocks: ({sectors * 512 / 1e9:.1f} GB/{disk.size / 1048576:.1f} GiB)",
        )
        yield 0.001, "sd 2:0:0:0: [sda] Write Protect is off"
        parts = " ".join(block.name for block in blocks(machine) if block.kind == "part")
        yield 0.01, f" sda: {parts}"
        yield 0.001, "sd 2:0:0:0: [sda] Attached SCSI disk"
    root = _root(world)
    if root is not None and root.system == "ext4":
        yield 0.4, f"EXT4-fs ({root.name}): mounted filesystem with ordered data mode. Quota mode: none."
    elif root is not None:
        yield 0.4, "XFS (dm-0): Mounting V5 Filesystem"
        yield 0.1, "XFS (dm-0): Ending clean mount"


def _userspace(world: World) -> Iterator[tuple[float, str]]:
    machine = world.machine
    root = _root(world)
    pid = 300 + machine.persona.number("apparmor", 0, 90)
    if machine.system.id in ("debian", "ubuntu", "rocky"):
        yield 0.5, "systemd[1]: Inserted module 'autofs4'"
        yield (
            0.05,
            f"systemd[1]: Detected virtualization {'vmware' if machine.is_virtual else 'none'}."
            if machine.is_virtual
            else "systemd[1]: Detected architecture x86-64.",
        )
        yield 0.01, f"systemd[1]: Hostname set to <{machine.hostname}>."
    if root is not None and root.system == "ext4":
        yield 0.6, f"EXT4-fs ({root.name}): re-mounted. Quota mode: none."
    swap = next((block for block in blocks(machine) if block.system == "swap"), None)
    if swap is not None:
        yield (
            0.3,
            f"Adding {swap.size - 4}k swap on /dev/{swap.name}.  Priority:-2 extents:1 across:{swap.size - 4}k FS",
        )
    if machine.system.id != "rocky":
        yield (
            0.4,
            f'audit: type=1400 audit({AUDIT}:2): apparmor="STATUS" operation="profile_load" profile="unconfined" name="lsb_release" pid={pid} comm="apparmor_parser"',
        )


def _link(world: World) -> Iterator[tuple[float, str]]:
    machine = world.machine
    card = machine.interface()
    if machine.is_virtual:
        yield (
            0.9,
            f"vmxnet3 0000:0b:00.0 {card}: intr type 3, mode 0, {machine.processors + 1} vectors allocated",
        )
        yield 0.01, f"vmxnet3 0000:0b:00.0 {card}: NIC Link is Up 10000 Mbps"
    else:
        yield (
            2.9,
            f"igb 0000:02:00.0 {card}: igb: {card} NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX/TX",
        )
    yield 0.01, f"IPv6: ADDRCONF(NETDEV_CHANGE): {card}: link becomes ready"


def _root(world: World) -> Block | None:
    return next((block for block in blocks(world.machine) if block.mounted == "/"), None)
