# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""lsblk, fdisk, lspci, lsusb, dmidecode, systemd-detect-virt."""

from __future__ import annotations

from ...host.dmi import Firmware, firmware
from ...host.hardware import Block, blocks, uuid_for
from ...host.printed_versions import version_of
from ..process import Command, Process, Running
from ..text.common import Failure, Options, parse, tool
from .shown import binary_size, human

OLD_COLUMN = ("11", "20.04", "8.10")
"""Releases with util-linux before 2.37, whose lsblk has MOUNTPOINT."""
PCI_GUEST = """00:00.0 Host bridge: Intel Corporation 440BX/ZX/DX - 82443BX/ZX/DX Host bridge (rev 01)
00:01.0 PCI bridge: Intel Corporation 440BX/ZX/DX - 82443BX/ZX/DX AGP bridge (rev 01)
00:07.0 ISA bridge: Intel Corporation 82371AB/EB/MB PIIX4 ISA (rev 08)
00:07.1 IDE interface: Intel Corporation 82371AB/EB/MB PIIX4 IDE (rev 01)
00:07.3 Bridge: Intel Corporation 82371AB/EB/MB PIIX4 ACPI (rev 08)
00:07.7 System peripheral: VMware Virtual Machine Communication Interface (rev 10)
00:0f.0 VGA compatible controller: VMware SVGA II Adapter
00:10.0 SCSI storage controller: Broadcom / LSI 53c1030 PCI-X Fusion-MPT Dual Ultra320 SCSI (rev 01)
00:11.0 PCI bridge: VMware PCI bridge (rev 02)
"""
PCI_SERVER = """00:00.0 Host bridge: Intel Corporation 8th/9th Gen Core Processor Host Bridge / DRAM Registers (rev 0a)
00:01.0 PCI bridge: Intel Corporation 6th-10th Gen Core Processor PCIe Controller (x16) (rev 0a)
00:12.0 Signal processing controller: Intel Corporation Cannon Lake PCH Thermal Controller (rev 10)
00:14.0 USB controller: Intel Corporation Cannon Lake PCH USB 3.1 xHCI Host Controller (rev 10)
00:14.2 RAM memory: Intel Corporation Cannon Lake PCH Shared SRAM (rev 10)
00:16.0 Communication controller: Intel Corporation Cannon Lake PCH HECI Controller (rev 10)
00:17.0 SATA controller: Intel Corporation Cannon Lake PCH SATA AHCI Controller (rev 10)
00:1b.0 PCI bridge: Intel Corporation Cannon Lake PCH PCI Express Root Port #21 (rev f0)
00:1f.0 ISA bridge: Intel Corporation Cannon Point-LP LPC Controller (rev 10)
00:1f.4 SMBus: Intel Corporation Cannon Lake PCH SMBus Controller (rev 10)
00:1f.5 Serial bus controller: Intel Corporation Cannon Lake PCH SPI Controller (rev 10)
01:00.0 RAID bus controller: Broadcom / LSI MegaRAID SAS-3 3008 [Fury] (rev 02)
02:00.0 Ethernet controller: Intel Corporation I350 Gigabit Network Connection (rev 01)
02:00.1 Ethernet controller: Intel Corporation I350 Gigabit Network Connection (rev 01)
03:00.0 VGA compatible controller: Matrox Electronics Systems Ltd. Integrated Matrox G200eW3 Graphics Controller (rev 04)
"""


@tool
def lsblk(process: Process) -> Running:
    """The disks and their parts."""
    options = parse(process, "aAbdDe:E:fhiI:JlMmnNo:OpPrsStTvw:x:zVy", "all=a bytes=b nodeps=d discard=D exclude=e fs=f ascii=i json=J list=l perms=m noheadings=n output=o output-all=O paths=p pairs=P raw=r scsi=S topology=t help=h version=V sort=x")  # fmt: skip # noqa: E501
    world = process.shell.world
    yield 0.0
    found = blocks(world)
    for word in options.operands:
        if word.removeprefix("/dev/").removeprefix("mapper/") not in [block.name for block in found]:
            process.out('{\n   "blockdevices": [\n\n   ]\n}\n' if "J" in options else "")
            raise Failure(f"{word}: not a block device", 32)
    last = "MOUNTPOINT" if world.system.version in OLD_COLUMN else "MOUNTPOINTS"
    names = (
        options.value("o").upper().split(",")
        if "o" in options
        else ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", last]
    )
    if "f" in options:
        names = ["NAME", "FSTYPE", "FSVER", "LABEL", "UUID", "FSAVAIL", "FSUSE%", last]
    rows = [] if "n" in options else [names]
    wanted = [word.removeprefix("/dev/").removeprefix("mapper/") for word in options.operands]
    flat = any(letter in options for letter in "lrdP")
    for prefix, block in _lines(found):
        if ("d" in options and block.parent) or (
            wanted and block.name not in wanted and block.parent not in wanted
        ):
            continue
        path = (
            f"/dev/{'mapper/' if block.kind == 'lvm' else ''}{block.name}" if "p" in options else block.name
        )
        rows.append(
            [_block_cell(process, options, name, block, ("" if flat else prefix) + path) for name in names]
        )
    process.out(_block_table(names, rows, raw="r" in options))
    return 0


def _lines(found: list[Block]) -> list[tuple[str, Block]]:
    lines: list[tuple[str, Block]] = []

    def below(name: str, prefix: str) -> None:
        children = [block for block in found if block.parent == name]
        for at, child in enumerate(children):
            last = at == len(children) - 1
            lines.append((prefix + ("└─" if last else "├─"), child))
            below(child.name, prefix + ("  " if last else "│ "))

    for block in found:
        if not block.parent:
            lines.append(("", block))
            below(block.name, "")
    return lines


def _block_cell(process: Process, options: Options, name: str, block: Block, path: str) -> str:
    version = {"ext4": "1.0", "swap": "1", "vfat": "FAT32", "LVM2_member": "LVM2 001"}.get(block.system, "")
    mount = next(
        (each for each in process.shell.mounts() if each.target == block.mounted and each.size), None
    )
    whole = mount.used + mount.available if mount else 0
    values = {
        "NAME": path, "KNAME": f"dm-{block.number[1]}" if block.kind == "lvm" else block.name, "MAJ:MIN": f"{block.number[0]:>3}:{block.number[1]:<3}",
        "RM": "1" if block.kind == "rom" else "0", "SIZE": str(block.size * 1024) if "b" in options else binary_size(block.size), "RO": "0", "TYPE": block.kind,
        "MOUNTPOINT": block.mounted, "MOUNTPOINTS": block.mounted, "FSTYPE": block.system, "FSVER": version, "LABEL": "", "UUID": block.uuid,
        "PARTUUID": block.part, "FSAVAIL": human(mount.available) if mount else "", "FSUSE%": f"{mount.used * 100 // whole}%" if mount and whole else "",
        "MODEL": ("Virtual disk" if process.shell.world.is_virtual else "PERC H330 Mini") if block.kind == "disk" else "VMware_IDE_CDR00" if block.kind == "rom" else "",
        "PKNAME": block.parent, "ROTA": "1", "SERIAL": "", "VENDOR": "VMware  " if block.kind == "disk" else "",
    }  # fmt: skip
    if name not in values:
        raise Failure(f"unknown column: {name}", 1)
    return values[name]


def _block_table(names: list[str], rows: list[list[str]], *, raw: bool) -> str:
    if raw:
        return "".join(" ".join(cell.strip() for cell in row) + "\n" for row in rows)
    right = {"RM", "SIZE", "RO", "FSAVAIL", "FSUSE%", "MAJ:MIN", "ROTA"}
    widths = [max(len(row[at]) for row in rows) for at in range(len(names))]
    out = ""
    for row in rows:
        cells = [
            cell.rjust(width) if name in right and name != "MAJ:MIN" else cell.ljust(width)
            for name, cell, width in zip(names, row, widths, strict=True)
        ]
        cells[-1] = row[-1]
        out += " ".join(cells) + "\n"
    return out


@tool
def fdisk(process: Process) -> Running:
    """The partition tables."""
    options = parse(
        process, "bBc::C:hH:lLno:s:S:t:u::vVw:W:x", "list=l list-details=x help=h version=V bytes=b"
    )
    world = process.shell.world
    yield 0.0
    if "V" in options or "v" in options:
        process.out(
            f"fdisk from util-linux {version_of(process.shell.world.packages, 'util-linux', '2.38.1')}\n"
        )
        return 0
    if "l" not in options and not options.operands:
        raise Failure("bad usage", 1, hint=True)
    found = blocks(world)
    disks = [block for block in found if block.kind in ("disk", "lvm")]
    status = 0
    for word in options.operands:
        node = process.shell.node(process.shell.absolute(word))
        name = word.removeprefix("/dev/").removeprefix("mapper/")
        if name not in [block.name for block in found]:
            from .partitions import image_table
            from .volumes import volume_of

            image = volume_of(process.shell, word)
            if image is not None and image.node is not None and not image.node.kind and image.size >= 512:
                process.out(image_table(image))
                continue
            process.err(
                f"fdisk: cannot open {word}: {'No such file or directory' if node is None else 'Inappropriate ioctl for device'}\n"
            )
            status = 1
        elif process.shell.user != "root":
            process.err(f"fdisk: cannot open {word}: Permission denied\n")
            status = 1
    if options.operands:
        disks = [block for block in found if f"/dev/{block.name}" in options.operands]
        if not disks:
            return status
    if process.shell.user != "root":
        if not options.operands:
            process.err(
                "".join(
                    f"fdisk: cannot open /dev/{block.name}: Permission denied\n"
                    for block in disks
                    if block.kind == "disk"
                )
            )
        return status or (1 if not options.operands else 0)
    process.out(
        "\n\n".join(
            _table_of(process, block, [each for each in found if each.parent == block.name])
            for block in disks
        )
    )
    return status


def _table_of(process: Process, disk: Block, parts: list[Block]) -> str:
    world = process.shell.world
    path = f"/dev/mapper/{disk.name}" if disk.kind == "lvm" else f"/dev/{disk.name}"
    size = disk.size / 1024 / 1024
    head = f"Disk {path}: {f'{size:.2f}'.rstrip('0').rstrip('.')} GiB, {disk.size * 1024} bytes, {disk.size * 2} sectors\n"
    if disk.kind == "disk":
        head += f"Disk model: {'Virtual disk    ' if world.is_virtual else 'PERC H330 Mini  '}\n"
    head += "Units: sectors of 1 * 512 = 512 bytes\nSector size (logical/physical): 512 bytes / 512 bytes\nI/O size (minimum/optimal): 512 bytes / 512 bytes\n"
    if disk.kind != "disk":
        return head
    gpt = world.system.id == "ubuntu" or not world.is_virtual
    identifier = (
        uuid_for(world, "disk label").upper()
        if gpt
        else f"0x{world.persona.bytes_for('disk label', 4).hex()}"
    )
    head += f"Disklabel type: {'gpt' if gpt else 'dos'}\nDisk identifier: {identifier}\n\n"
    rows = [
        ["Device", "Start", "End", "Sectors", "Size", "Type"]
        if gpt
        else ["Device", "Boot", "Start", "End", "Sectors", "Size", "Id", "Type"]
    ]
    for at, part in enumerate(parts):
        sectors = disk.size * 2 - 2048 - part.start if part.size == 1 else part.size * 2
        end = part.start + sectors - 1
        kind = {
            "ext4": ("83", "Linux filesystem"),
            "xfs": ("83", "Linux filesystem"),
            "vfat": ("ef", "EFI System"),
            "swap": ("82", "Linux swap"),
            "LVM2_member": ("8e", "Linux LVM"),
        }.get(part.system, ("5", "BIOS boot"))
        kib = sectors // 2
        if gpt:
            rows.append(
                [f"/dev/{part.name}", str(part.start), str(end), str(sectors), binary_size(kib), kind[1]]
            )
        else:
            name = {"83": "Linux", "82": "Linux swap / Solaris", "8e": "Linux LVM", "5": "Extended"}.get(
                kind[0], "Linux"
            )
            rows.append(
                [
                    f"/dev/{part.name}",
                    "*" if at == 0 else "",
                    str(part.start),
                    str(end),
                    str(sectors),
                    binary_size(kib),
                    kind[0],
                    name,
                ]
            )
    left = (0, len(rows[0]) - 1) if gpt else (0, 1, len(rows[0]) - 1)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    if not gpt:
        widths[0], widths[5] = widths[0] + 1, max(widths[5], 4) + 1
    return head + "".join(
        " ".join(
            cell.ljust(width) if at in left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        + "\n"
        for row in rows
    )


@tool
def lspci(process: Process) -> Running:
    """The devices of the PCI bus."""
    options = parse(process, "mmvkxbDnqQtPd:s:i:p:A:O:G:F:H:VM", "version")
    yield 0.0
    guest = process.shell.world.is_virtual
    text = PCI_GUEST if guest else PCI_SERVER
    if guest:
        text += "".join(
            f"00:{bus}.{number} PCI bridge: VMware PCI Express Root Port (rev 01)\n"
            for bus in (15, 16, 17, 18)
            for number in range(8)
        )
        text += "0b:00.0 Ethernet controller: VMware VMXNET3 Ethernet Controller (rev 01)\n"
    wanted = options.value("s")
    process.out(
        "".join(
            line + "\n"
            for line in text.splitlines()
            if not wanted or line.startswith(wanted.removeprefix("0000:"))
        )
    )
    return 0


@tool
def lsusb(process: Process) -> Running:
    """The devices of the USB."""
    parse(process, "vs:d:D:tV", "verbose=v tree=t version=V help")
    yield 0.0
    if process.shell.world.is_virtual:
        process.out("")
        return 1
    process.out(
        "Bus 002 Device 001: ID 1d6b:0003 Linux Foundation 3.0 root hub\nBus 001 Device 002: ID 1604:10c0 Tascam Dell Integrated Hub\nBus 001 Device 001: ID 1d6b:0002 Linux Foundation 2.0 root hub\n"
    )
    return 0


@tool
def dmidecode(process: Process) -> Running:
    """What the firmware says of the machine."""
    options = parse(
        process,
        "d:hqs:t:uVH:",
        "dev-mem=d help=h quiet=q string=s type=t handle=H dump=u no-sysfs from-dump: version=V",
        status=2,
    )
    info = firmware(process.shell.world)
    yield 0.0
    if "V" in options:
        process.out("3.4\n")
        return 0
    if process.shell.user != "root":
        process.out("# dmidecode 3.4\n" if "s" not in options else "")
        process.err(
            "/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\nScanning /dev/mem for entry point.\n/dev/mem: Permission denied\n"
        )
        return 1
    if "s" in options:
        return _string(process, info, options.value("s"))
    process.out(_tables(process, info, options.value("t")))
    return 0


def _string(process: Process, info: Firmware, name: str) -> int:
    values = {
        "bios-vendor": info.bios_vendor, "bios-version": info.bios, "bios-release-date": info.bios_date, "system-manufacturer": info.vendor, "system-product-name": info.product,
        "system-version": info.version, "system-serial-number": info.serial, "system-uuid": info.uuid, "baseboard-manufacturer": info.board_vendor,
        "baseboard-product-name": info.board, "baseboard-serial-number": info.board_serial, "chassis-manufacturer": info.chassis, "chassis-type": "Other",
        "processor-manufacturer": "GenuineIntel", "processor-version": process.shell.world.processor.name, "processor-family": "Xeon",
    }  # fmt: skip
    if name not in values:
        process.err(
            f"Invalid string keyword: {name}\nValid string keywords are:\n"
            + "".join(f"  {each}\n" for each in values)
        )
        return 2
    process.out(values[name] + "\n")
    return 0


def _tables(process: Process, info: Firmware, kind: str) -> str:
    world = process.shell.world
    out = f"# dmidecode 3.4\nGetting SMBIOS data from sysfs.\nSMBIOS {info.smbios} present.\n\n"
    tables = {
        "0": f"Handle 0x0000, DMI type 0, 24 bytes\nBIOS Information\n\tVendor: {info.bios_vendor}\n\tVersion: {info.bios}\n\tRelease Date: {info.bios_date}\n\tAddress: 0xE99E0\n\tRuntime Size: 91680 bytes\n\tROM Size: 64 kB\n",
        "1": f"Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: {info.vendor}\n\tProduct Name: {info.product}\n\tVersion: {info.version}\n\tSerial Number: {info.serial}\n\tUUID: {info.uuid}\n\tWake-up Type: Power Switch\n\tSKU Number: Not Specified\n\tFamily: Not Specified\n",
        "2": f"Handle 0x0002, DMI type 2, 15 bytes\nBase Board Information\n\tManufacturer: {info.board_vendor}\n\tProduct Name: {info.board}\n\tVersion: None\n\tSerial Number: {info.board_serial}\n\tAsset Tag: Not Specified\n",
        "3": f"Handle 0x0003, DMI type 3, 21 bytes\nChassis Information\n\tManufacturer: {info.chassis}\n\tType: Other\n\tLock: Not Present\n\tVersion: N/A\n\tSerial Number: None\n",
        "4": f"Handle 0x0004, DMI type 4, 48 bytes\nProcessor Information\n\tSocket Designation: CPU #000\n\tType: Central Processor\n\tFamily: Xeon\n\tManufacturer: GenuineIntel\n\tVersion: {world.processor.name}\n\tMax Speed: 30000 MHz\n\tCurrent Speed: {world.processor.megahertz:.0f} MHz\n\tStatus: Populated, Enabled\n\tCore Count: {1 if world.is_virtual else world.processor.cores}\n",
        "17": f"Handle 0x0012, DMI type 17, 34 bytes\nMemory Device\n\tTotal Width: 32 bits\n\tData Width: 32 bits\n\tSize: {-(-world.memory_kib // 1048576)} GB\n\tForm Factor: DIMM\n\tLocator: RAM slot #0\n\tType: DRAM\n",
    }  # fmt: skip
    names = {"bios": "0", "system": "1", "baseboard": "2", "chassis": "3", "processor": "4", "memory": "17"}
    wanted = [names.get(kind, kind)] if kind else list(tables)
    return out + "".join(tables[number] + "\n" for number in wanted if number in tables)


@tool
def detect_virt(process: Process) -> Running:
    """Whether the machine is virtual."""
    try:
        options = parse(
            process, "cvrqh", "container=c vm=v chroot=r quiet=q private-users list cvm help=h version"
        )
    except Failure as failure:
        raise Failure(failure.message, failure.status) from None
    found = "vmware" if process.shell.world.is_virtual and "c" not in options else "none"
    if "q" not in options:
        process.out(found + "\n")
    yield 0.0
    return 1 if found == "none" else 0


COMMANDS: dict[str, Command] = {
    "lsblk": lsblk,
    "fdisk": fdisk,
    "lspci": lspci,
    "lsusb": lsusb,
    "dmidecode": dmidecode,
    "systemd-detect-virt": detect_virt,
}
