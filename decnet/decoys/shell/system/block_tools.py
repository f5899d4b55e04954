# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""losetup, dmsetup, blockdev, findfs, wipefs, mkswap, swaplabel, hwclock and other tools of disks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from ...host.hardware import Block, blocks
from ..process import Command, Process, Running
from ..text.common import Failure, parse
from ..text.packaged import packaged
from .namespaces import util_linux
from .volumes import PAGE, block_of, put_head, reason_of, volume_of, with_swap

QUERIES: dict[str, Callable[[int, Block | None], str]] = {
    "--getsize64": lambda size, block: str(size), "--getsz": lambda size, block: str(size // 512), "--getsize": lambda size, block: str(size // 512),
    "--getss": lambda size, block: "512", "--getpbsz": lambda size, block: "512", "--getbsz": lambda size, block: "4096", "--getro": lambda size, block: str(int(block is not None and block.kind == "rom")),
    "--getiomin": lambda size, block: "512", "--getioopt": lambda size, block: "0", "--getalignoff": lambda size, block: "0", "--getra": lambda size, block: "256",
    "--getfra": lambda size, block: "256", "--getmaxsect": lambda size, block: "1024", "--getdiskseq": lambda size, block: "1", "--getdiscardzeroes": lambda size, block: "0",
}  # fmt: skip
IOCTLS = {
    "--getro": "BLKROGET",
    "--getss": "BLKSSZGET",
    "--getbsz": "BLKBSZGET",
    "--getra": "BLKRAGET",
    "--getiomin": "BLKIOMIN",
    "--getioopt": "BLKIOOPT",
    "--getpbsz": "BLKPBSZGET",
}


@packaged()
def blockdev(process: Process) -> Running:
    """What the kernel knows of block devices."""
    shell = process.shell
    queries = [word for word in process.args if word.startswith("-")]
    yield 0.0
    if "--report" in queries:
        process.out("RO    RA   SSZ   BSZ        StartSec            Size   Device\n")
        if shell.user == "root":
            for each in blocks(shell.world):
                path = f"/dev/mapper/{each.name}" if each.kind == "lvm" else f"/dev/{each.name}"
                process.out(
                    f"{'ro' if each.kind == 'rom' else 'rw'}   256   512  4096 {each.start:>15} {each.size * 1024:>15}   {path}\n"
                )
        return 0
    for path in (word for word in process.args if not word.startswith("-")):
        block = block_of(shell, path)
        if reason := reason_of(process, path):
            raise Failure(f"cannot open {path}: {reason}")
        found = volume_of(shell, path)
        for query in (each for each in queries if each not in ("-v", "-q")):
            if query not in QUERIES:
                if query.startswith(("--set", "--flush", "--reread")):
                    continue
                raise Failure(f"Unknown command: {query}")
            is_size = query in ("--getsize64", "--getsz", "--getsize")
            if block is None and (
                not is_size or (found is not None and found.node is not None and found.node.kind)
            ):
                raise Failure(
                    f"ioctl error on {IOCTLS.get(query, 'BLKGETSIZE64')}: Inappropriate ioctl for device"
                )
            process.out(QUERIES[query](found.size if found else 0, block) + "\n")
    return 0


@packaged()
def findfs(process: Process) -> Running:
    """The device of a label or UUID."""
    word = process.args[0]
    name, equals, value = word.partition("=")
    yield 0.0
    if not equals:
        process.out(f"{word}\n")
        return 0
    for each in blocks(process.shell.world):
        if value and ((name == "UUID" and each.uuid == value) or (name == "PARTUUID" and each.part == value)):
            process.out(f"/dev/mapper/{each.name}\n" if each.kind == "lvm" else f"/dev/{each.name}\n")
            return 0
    raise Failure(f"unable to resolve '{word}'")


SIGNATURES = {
    "swap": ("0xff6", "swap"),
    "ext2": ("0x438", "ext2"),
    "ext3": ("0x438", "ext3"),
    "ext4": ("0x438", "ext4"),
    "xfs": ("0x0", "xfs"),
}


@packaged()
def wipefs(process: Process) -> Running:
    """The signatures of file systems."""
    options = parse(
        process,
        "abfino:O:pqt:JhV",
        "all=a backup=b force=f noheadings=i no-act=n offset:=o output:=O parsable=p quiet=q types:=t json=J help=h version=V lock::",
    )
    rows = []
    yield 0.0
    for path in options.operands:
        if reason := reason_of(process, path):
            raise Failure(f"error: {path}: probing initialization failed: {reason}")
        found = volume_of(process.shell, path)
        if found is None or found.kind not in SIGNATURES:
            continue
        offset, kind = SIGNATURES[found.kind]
        if "a" not in options:
            rows.append([path.rpartition("/")[2], offset, kind, found.uuid, found.label])
            continue
        if found.block is not None:
            raise Failure(f"error: {path}: probing initialization failed: Device or resource busy")
        at = int(offset, 16)
        size = 10 if kind == "swap" else 2
        data = bytearray(found.node.data if found.node else b"")
        shown = " ".join(f"{byte:02x}" for byte in data[at : at + size])
        data[at : at + size] = bytes(size)
        if "n" not in options:
            put_head(process.shell, path, bytes(data[:PAGE]))
        if "q" in options:
            continue
        process.out(f"{path}: {size} bytes were erased at offset 0x{at:08x} ({kind}): {shown}\n")
    if rows:
        table = rows if "i" in options else [["DEVICE", "OFFSET", "TYPE", "UUID", "LABEL"], *rows]
        widths = [max(len(row[at]) for row in table) for at in range(5)]
        process.out(
            "".join(
                " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
                for row in table
            )
        )
    return 0


@packaged()
def mkswap(process: Process) -> Running:
    """Make a swap area in a file."""
    options = parse(
        process,
        "cfp:L:v:U:e:hVq",
        "check=c force=f quiet=q pagesize:=p label:=L swapversion:=v uuid:=U endianness:=e verbose lock:: help=h version=V",
    )
    shell = process.shell
    yield 0.0
    if not options.operands:
        raise Failure("Nowhere to set up swap on?", hint=True)
    path = options.operands[0]
    if reason := reason_of(process, path):
        raise Failure(f"cannot open {path}: {reason}")
    found = volume_of(shell, path)
    assert found is not None
    if found.block is not None:
        raise Failure(
            f"error: {path} is mounted; will not make swapspace"
            if found.block.mounted
            else f"cannot open {path}: Device or resource busy"
        )
    if found.size < 10 * PAGE:
        raise Failure("error: swap area needs to be at least 40 KiB")
    node = found.node
    if node is not None and node.mode & 0o077 and "q" not in options:
        process.err(
            f"mkswap: {path}: insecure permissions {node.mode & 0o7777:04o}, fix with: chmod {node.mode & 0o7700:04o} {path}\n"
        )
    if node is not None and node.owner != "root":
        owner = process.shell.world.accounts.user(node.owner)
        process.err(
            f"mkswap: {path}: insecure file owner {owner.uid if owner else 1000}, fix with: chown 0:0 {path}\n"
        )
    try:
        number = (
            uuid.UUID(options.value("U"))
            if options.value("U") not in ("", "random", "time")
            else uuid.uuid4()
        )
    except ValueError:
        raise Failure("error: parsing UUID failed") from None
    size, label = found.size // PAGE * PAGE, options.value("L")
    if reason := put_head(shell, path, with_swap(size, number, label)):
        raise Failure(f"unable to erase bootbits sectors: {reason}")
    usable = size - PAGE
    process.out(
        f"Setting up swapspace version 1, size = {_human(usable)} ({usable} bytes)\n{f'LABEL={label}' if label else 'no label'}, UUID={number}\n"
    )
    return 0


def _human(size: int) -> str:
    unit = 0
    while size >= 1024 ** (unit + 1) and unit < 6:
        unit += 1
    tenths = size * 10 // 1024**unit
    return f"{tenths // 10}{f'.{tenths % 10}' if tenths % 10 else ''} {['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'][unit]}"


@packaged()
def swaplabel(process: Process) -> Running:
    """The label and UUID of a swap area."""
    options = parse(process, "hVL:U:", "label:=L uuid:=U help=h version=V")
    path = (options.operands or [""])[0]
    yield 0.0
    if reason := reason_of(process, path):
        raise Failure(f"cannot open {path}: {reason}")
    found = volume_of(process.shell, path)
    if found is None or found.kind != "swap":
        raise Failure(f"{path}: not a valid swap partition")
    process.out(f"LABEL: {found.label}\n" if found.label else "")
    process.out(f"UUID:  {found.uuid}\n")
    return 0


@packaged(bare=True)
def hwclock(process: Process) -> Running:
    """The clock of the hardware, which is right."""
    options = parse(
        process,
        "aDf:hrsSuvVwl",
        "show=r get hctosys=s systohc=w systz adjust=a predict localtime=l utc=u rtc:=f directisa date: delay: noadjfile adjfile: test update-drift verbose=v help=h version=V set epoch: getepoch param-get: param-set:",
    )
    yield 0.0
    if "V" in options:
        process.out(util_linux(process))
        return 0
    if process.shell.user != "root":
        process.err(
            "hwclock: Cannot access the Hardware Clock via any known method.\nhwclock: Use the --verbose option to see the details of our search for an access method.\n"
        )
        return 1
    if any(each in options for each in ("s", "w", "a", "systz", "set")):
        return 0
    now = time.time()
    yield 1.0 - now % 1.0  # It waits for the next second.
    now = time.time()
    process.out(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06}+00:00\n")
    return 0


@packaged(bare=True)
def zramctl(process: Process) -> Running:
    """Compressed devices in memory: no module for them is loaded."""
    options = parse(
        process,
        "a:bfno:rs:t:hV",
        "algorithm:=a bytes=b find=f noheadings=n output:=o output-all raw reset=r size:=s streams:=t help=h version=V",
    )
    yield 0.0
    if "f" in options or "r" in options or options.operands:
        raise Failure(
            "no free zram device found"
            if "f" in options
            else f"{(options.operands or [''])[0]}: is not zram device"
            if options.operands
            else "no device specified"
        )
    return 0


TARGETS = {
    "fstrim": ("stat of {0} failed: {1}", 1, "the discard operation is not supported"), "fsfreeze": ("cannot open {0}: {1}", 1, "freeze failed: Operation not supported"),
    "blkdiscard": ("cannot open {0}: {1}", 1, "not a block device"), "cfdisk": ("cannot open {0}: {1}", 1, ""), "partx": ("stat of {0} failed: {1}", 1, "failed to read partition table"),
    "addpart": ("cannot open {0}: {1}", 1, "failed to add partition: Inappropriate ioctl for device"), "delpart": ("cannot open {0}: {1}", 1, "failed to remove partition: Inappropriate ioctl for device"),
    "resizepart": ("cannot open {0}: {1}", 1, "failed to resize partition: Inappropriate ioctl for device"),
    "mkfs.minix": ("stat of {0} failed: {1}", 8, "number of blocks too small"), "fsck.minix": ("cannot open {0}: {1}", 8, "bad magic number in super-block"),
    "mkfs.cramfs": ("stat of {0} failed: {1}", 16, "not a directory"), "mkfs.bfs": ("stat of {0} failed: {1}", 1, "is not a block special device"),
    "fsck.cramfs": ("stat of {0} failed: {1}", 8, "superblock magic not found"), "blkzone": ("cannot open {0}: {1}", 1, "not a block device"),
}  # fmt: skip
"""By program: how it complains of an operand that is not there, with which status, and of one that it cannot use."""
WITH_BANNER = ("fsck.minix",)


@packaged()
def on_device(process: Process) -> Running:
    """A program that works on a device: a disk is in use, and a file is none."""
    name, shell = process.name.rpartition("/")[2], process.shell
    words = [word for word in process.args if not word.startswith("-")]
    path = words[0] if words else ""
    missing, status, unusable = TARGETS[name]
    yield 0.0
    if not path:
        raise Failure(
            "no device specified"
            if name not in ("fstrim", "fsfreeze")
            else "no filename specified"
            if name == "fsfreeze"
            else "no mountpoint specified",
            hint=True,
        )
    found = shell.node(shell.absolute(path))
    reason = "No such file or directory" if found is None else reason_of(process, path)
    if reason:
        if name in WITH_BANNER:
            process.err(f"{util_linux(process)}{missing.format(path, reason)}\n")
            return status
        raise Failure(missing.format(path, reason), status)
    if block_of(shell, path) is not None and name not in ("fstrim", "fsfreeze"):
        raise Failure(
            f"{path}: {'Device or resource busy' if name != 'cfdisk' else 'failed to open terminal'}", status
        )
    raise Failure(
        f"{path}: {unusable}" if unusable else f"cannot open {path}: Inappropriate ioctl for device", status
    )


@packaged()
def isosize(process: Process) -> Running:
    """The size of an ISO 9660 file system."""
    options = parse(process, "d:xhV", "divisor:=d sectors=x help=h version=V")
    status = 0
    yield 0.0
    for path in options.operands:
        if reason := reason_of(process, path):
            process.err(f"isosize: cannot open {path}: {reason}\n")
        else:
            process.err(f"isosize: {path}: might not be an ISO filesystem\nisosize: read error on {path}\n")
        status += 1
    return 0 if not status else 32 if status == len(options.operands) else 64


@packaged()
def fincore(process: Process) -> Running:
    """How much of files is in memory: those that were read."""
    options = parse(process, "bno:rJhV", "bytes=b noheadings=n output:=o raw=r json=J help=h version=V")
    rows, status = [["RES", "PAGES", "SIZE", "FILE"]], 0
    yield 0.0
    for path in options.operands:
        if reason := reason_of(process, path):
            process.err(f"fincore: failed to open: {path}: {reason}\n")
            status = 1
            continue
        node = process.shell.node(process.shell.absolute(path))
        size = node.bytes if node else 0
        pages = -(-size // PAGE)
        shown = [str(pages * PAGE), str(size)] if "b" in options else [_short(pages * PAGE), _short(size)]
        rows.append([shown[0], str(pages), shown[1], path])
    if len(rows) > 1:
        rows = rows[1:] if "n" in options else rows
        widths = [max(len(row[at]) for row in rows) for at in range(3)]
        process.out(
            "".join(
                " ".join([*(cell.rjust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]])
                + "\n"
                for row in rows
            )
        )
    return status


def _short(size: int) -> str:
    from .shown import binary_size

    return f"{size}B" if size < 1024 else binary_size(size // 1024)


COMMANDS: dict[str, Command] = {
    "blockdev": blockdev,
    "findfs": findfs,
    "wipefs": wipefs,
    "mkswap": mkswap,
    "swaplabel": swaplabel,
    "hwclock": hwclock,
    "zramctl": zramctl,
    "isosize": isosize,
    "fincore": fincore,
    **dict.fromkeys(TARGETS, on_device),
}
