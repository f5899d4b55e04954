# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The programs of e2fsprogs, and mkfs and fsck of util-linux: a file system in an image is its superblock."""

from __future__ import annotations

import time
import uuid

from ...host.hardware import blocks
from ..process import Command, Process, Running
from ..text.common import Failure, Options, parse
from ..text.packaged import packaged
from .namespaces import util_linux
from .volumes import Volume, block_of, put_head, reason_of, version_of, volume_of, with_ext

DATES = {"1.47.0": "5-Feb-2023", "1.46.5": "30-Dec-2021", "1.46.2": "28-Feb-2021", "1.45.5": "07-Jan-2020"}
NO_SUPERBLOCK = "Couldn't find valid filesystem superblock.\n"
SHORT_READ = "Attempt to read block from filesystem resulted in short read"
BAD_MAGIC = "Bad magic number in super-block"
EXT = ("ext2", "ext3", "ext4")


def banner(process: Process, name: str) -> str:
    """`mke2fs 1.47.0 (5-Feb-2023)`"""
    version = version_of(process.shell, "e2fsprogs", "1.47.0")
    return f"{name} {version} ({DATES.get(version, '5-Feb-2023')})\n"


def _name(process: Process) -> str:
    return process.name.rpartition("/")[2]


def why_not_ext(process: Process, path: str) -> str:
    """Why no ext file system can be opened there, as libext2fs has it; "" if one can be."""
    if reason := reason_of(process, path):
        return reason
    found = volume_of(process.shell, path)
    if found is None or found.kind in EXT:
        return "" if found else "No such file or directory"
    return SHORT_READ if found.size < 2048 else BAD_MAGIC


@packaged()
def mke2fs(process: Process) -> Running:
    """Make an ext2, ext3 or ext4 file system in an image; devices are in use."""
    options = parse(process, "b:C:cd:D:E:e:FG:g:I:i:J:jL:l:M:m:N:nO:o:qr:ST:t:U:VvKz:")
    name, shell = _name(process), process.shell
    kind = options.value("t") or (name.partition(".")[2] if "." in name else "ext2")
    yield 0.0
    quiet = "q" in options
    if not options.operands:
        return (yield from process.call([name], b""))
    path = options.operands[0]
    if not quiet or volume_of(shell, path) is None:
        process.err(banner(process, "mke2fs"))
    found = volume_of(shell, path)
    if found is None:
        process.err(f"The file {path} does not exist and no size was specified.\n")
        return 1
    if reason := reason_of(process, path):
        process.err(f"mke2fs: {reason} while trying to determine filesystem size\n")
        return 1
    if found.block is not None and (
        found.block.mounted or any(each.parent == found.block.name for each in blocks(process.shell.world))
    ):
        process.err(
            f"{path} is {'mounted' if found.block.mounted else 'apparently in use by the system'}; will not make a filesystem here!\n"
        )
        return 1
    if found.size < 65_536:
        process.err(f"{path}: Not enough space to build proposed filesystem while setting up superblock\n")
        return 1
    return _make(process, options, found, kind)


def _make(process: Process, options: Options, found: Volume, kind: str) -> int:
    small = found.size < 512 * 1024 * 1024 and process.shell.world.system.id != "ubuntu"
    given = options.value("b")
    block = int(given) if given in ("1024", "2048", "4096") else 1024 if small else 4096
    try:
        number = uuid.UUID(options.value("U")) if "U" in options else uuid.uuid4()
    except ValueError:
        number = uuid.uuid4()
    if found.node is not None:
        head = with_ext(
            found.node.data, kind, found.size, number, options.value("L"), int(time.time()), block=block
        )
        if reason := put_head(process.shell, found.path, head):
            process.err(f"mke2fs: {reason} while setting up superblock\n")
            return 1
    if "q" in options:
        return 0
    count, inodes = found.size // block, max(16, found.size // (4096 if block == 1024 else 16384) // 8 * 8)
    done = "done                            \n"
    process.out(
        f"Discarding device blocks: {done}Creating filesystem with {count} {block // 1024}k blocks and {inodes} inodes\n"
    )
    process.out("" if count < 8192 * 2 else f"Filesystem UUID: {number}\n")
    process.out(f"\nAllocating group tables: {done}Writing inode tables: {done}")
    process.out(
        f"Creating journal ({max(1024, min(count // 16, 4096))} blocks): done\n" if kind != "ext2" else ""
    )
    process.out("Writing superblocks and filesystem accounting information: done\n\n")
    return 0


@packaged()
def mkfs(process: Process) -> Running:
    """Run the program that makes file systems of a kind."""
    options = parse(process, "t:VvhclL:q", "type=t verbose=V help=h version=v", stop=True)
    kind, words = options.value("t", "ext2"), list(options.operands)
    yield 0.0
    if "V" in options and not words:
        process.out(util_linux(process))
        return 0
    if not words:
        raise Failure("no device specified", hint=True)
    program = f"mkfs.{kind}"
    if process.context.where(program) is None:
        raise Failure(f"failed to execute {program}: No such file or directory")
    return (yield from process.call([program, *words]))


@packaged()
def tune2fs(process: Process) -> Running:
    """Show or set what is in a superblock."""
    options = parse(process, "c:C:e:E:fg:i:I:J:jlL:m:M:o:O:pQ:r:s:T:u:U:z:")
    name, path = _name(process), (options.operands or [""])[0]
    yield 0.0
    process.out(banner(process, name) if name == "tune2fs" else "")
    if reason := why_not_ext(process, path):
        process.err(f"{name}: {reason} while trying to open {path}\n{NO_SUPERBLOCK}")
        return 1
    found = volume_of(process.shell, path)
    assert found is not None
    label = (
        options.value("L")
        if name == "tune2fs"
        else (options.operands[1] if len(options.operands) > 1 else "")
    )
    if "L" in options or (name == "e2label" and len(options.operands) > 1):
        return _set_label(process, found, label)
    if name == "e2label":
        process.out(f"{found.label}\n")
    elif "l" in options:
        process.out(superblock(process, found))
    return 0


def _set_label(process: Process, found: Volume, label: str) -> int:
    if found.node is None:
        return 0
    head = bytearray(found.node.data[:2048])
    head[1144:1160] = label.encode("utf-8", "replace")[:16].ljust(16, b"\0")
    reason = put_head(process.shell, found.path, bytes(head))
    process.err(f"{_name(process)}: {reason} while trying to open {found.path}\n" if reason else "")
    return int(bool(reason))


def superblock(process: Process, found: Volume) -> str:
    """The first lines of `tune2fs -l`."""
    count, size = found.size // found.block_size, found.block_size
    mounted = found.block.mounted if found.block else ""
    features = "has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg sparse_super large_file huge_file dir_nlink extra_isize metadata_csum"
    rows = (
        ("Filesystem volume name:", found.label or "<none>"), ("Last mounted on:", mounted or "<not available>"), ("Filesystem UUID:", found.uuid),
        ("Filesystem magic number:", "0xEF53"), ("Filesystem revision #:", "1 (dynamic)"),
        ("Filesystem features:", features if found.kind == "ext4" else "ext_attr resize_inode dir_index filetype sparse_super large_file"),
        ("Filesystem flags:", "signed_directory_hash "), ("Default mount options:", "user_xattr acl"), ("Filesystem state:", "clean"), ("Errors behavior:", "Continue"),
        ("Filesystem OS type:", "Linux"), ("Inode count:", str(max(16, found.size // 16384 // 8 * 8))), ("Block count:", str(count)), ("Reserved block count:", str(count // 20)),
        ("Free blocks:", str(count - count // 10)), ("First block:", str(int(size == 1024))), ("Block size:", str(size)), ("Fragment size:", str(size)),
        ("Blocks per group:", str(size * 8)), ("Inode size:\t         ", "256"), ("Journal inode:", "8"),
    )  # fmt: skip
    return "".join(f"{name:<25} {value}\n" for name, value in rows)


@packaged()
def dumpe2fs(process: Process) -> Running:
    """Show a superblock."""
    options = parse(process, "bfghimxVo:")
    path = (options.operands or [""])[0]
    yield 0.0
    process.err(banner(process, _name(process)))
    if reason := why_not_ext(process, path):
        process.err(f"{_name(process)}: {reason} while trying to open {path}\n")
        process.out(NO_SUPERBLOCK)
        return 2 if _name(process) == "dumpe2fs" else 1
    found = volume_of(process.shell, path)
    process.out(superblock(process, found) if found and _name(process) == "dumpe2fs" else "")
    return 0


@packaged()
def e2fsck(process: Process) -> Running:
    """Check a file system: an image is clean, and a mounted one is not touched."""
    options = parse(process, "acb:B:C:dDE:fFj:k:l:L:npP:rsStvVyz:x")
    path = (options.operands or [""])[0]
    yield 0.0
    process.err(banner(process, "e2fsck"))
    unattended = options.last("apny")
    if not unattended and not process.from_terminal:
        process.err("e2fsck: need terminal for interactive repairs\n")
        return 8
    if reason := why_not_ext(process, path):
        process.err(f"e2fsck: {reason} while trying to open {path}\n")
        found = volume_of(process.shell, path)
        if reason == SHORT_READ:
            process.out("Could this be a zero-length partition?\n")
        elif found is None:
            process.out("Possibly non-existent device?\n")
        elif reason == BAD_MAGIC:
            process.out("\n" + ALTERNATE + "\n")
        return 8
    block = block_of(process.shell, path)
    if block is not None and block.mounted:
        process.out(f"{path} is mounted.\n")
        if unattended != "n":
            process.err("e2fsck: Cannot continue, aborting.\n\n\n")
            return 8
    found = volume_of(process.shell, path)
    assert found is not None
    inodes, count = (
        max(16, found.size // (4096 if found.block_size == 1024 else 16384) // 8 * 8),
        found.size // found.block_size,
    )
    process.out(f"{found.label or path}: clean, 11/{inodes} files, {count // 10}/{count} blocks\n")
    return 0


ALTERNATE = """The superblock could not be read or does not describe a valid ext2/ext3/ext4
filesystem.  If the device is valid and it really contains an ext2/ext3/ext4
filesystem (and not swap or ufs or something else), then the superblock
is corrupt, and you might try running e2fsck with an alternate superblock:
    e2fsck -b 8193 <device>
 or
    e2fsck -b 32768 <device>
"""


@packaged(bare=True)
def fsck(process: Process) -> Running:
    """Run the program that checks file systems of a kind."""
    options = parse(process, "AC::lMNPRrsTt:Vnapyfv", "help version")
    process.out(util_linux(process).replace("fsck from", "fsck from"))
    yield 0.0
    status = 0
    for path in options.operands:
        found = volume_of(process.shell, path)
        kind = options.value("t") or (found.kind if found and found.kind else "ext2")
        if "N" in options:
            process.out(f"[/usr/sbin/fsck.{kind} (1) -- {path}] fsck.{kind} {path} \n")
            continue
        if process.context.where(f"fsck.{kind}") is None:
            continue
        passed = [f"-{letter}" for letter, _ in options.given if letter in "napyfv"]
        status |= yield from process.call([f"fsck.{kind}", *passed, path])
    return status


@packaged()
def resize2fs(process: Process) -> Running:
    """Resize: a file system already has the size of its device."""
    options = parse(process, "d:fFMpPbsS:z:")
    path = (options.operands or [""])[0]
    yield 0.0
    process.err(banner(process, "resize2fs"))
    if reason_of(process, path):
        process.err(f"open: {reason_of(process, path)} while opening {path}\n")
        return 1
    if reason := why_not_ext(process, path):
        process.err(f"resize2fs: {reason} while trying to open {path}\n{NO_SUPERBLOCK}")
        return 1
    found = volume_of(process.shell, path)
    assert found is not None
    size = found.block_size
    process.out(
        f"The filesystem is already {found.size // size} ({size // 1024}k) blocks long.  Nothing to do!\n\n"
    )
    return 0


@packaged()
def debugfs(process: Process) -> Running:
    """Look into a file system by its own means: only the requests of -R, and none is answered."""
    options = parse(process, "b:cCDf:iR:s:V:wz:n")
    path = (options.operands or [""])[0]
    yield 0.0
    process.err(banner(process, "debugfs"))
    reason = why_not_ext(process, path) if path else ""
    if path and reason:
        process.err(f"debugfs: {reason} while trying to open {path}\n")
    words = options.value("R").split()
    if words and (reason or not path):
        process.err(f"{words[0]}: Filesystem not open\n")
    return 0


@packaged()
def badblocks(process: Process) -> Running:
    """Look for bad blocks: there are none."""
    options = parse(process, "b:c:d:e:fi:no:p:sSt:vwX")
    path = (options.operands or [""])[0]
    yield 0.0
    if reason := reason_of(process, path):
        process.err(f"badblocks: {reason} while trying to determine device size\n")
        return 1
    return 0


@packaged(bare=True)
def mklost_found(process: Process) -> Running:
    """Make the folder lost+found."""
    process.err(banner(process, "mklost+found"))
    return (yield from process.call(["mkdir", "-m", "700", "lost+found"]))


@packaged()
def filefrag(process: Process) -> Running:
    """How many pieces a file has."""
    from ..text.common import why_not

    status = 0
    for path in (word for word in process.args if not word.startswith("-")):
        reason = why_not(process, path)
        if reason and reason != "Is a directory":
            process.err(f"open: {reason}\n")
            status = 1
            continue
        node = process.shell.node(process.shell.absolute(path))
        count = 1 if node is not None and node.bytes else 0
        process.out(f"{path}: {count} extent{'' if count == 1 else 's'} found\n")
    yield 0.0
    return status


@packaged()
def e4defrag(process: Process) -> Running:
    """Put files together: they are."""
    process.out(banner(process, "e4defrag"))
    yield 0.0
    for path in (word for word in process.args if not word.startswith("-")):
        if process.shell.node(process.shell.absolute(path)) is None:
            process.err(f'Failed to get file information: No such file or directory\n "{path}"\n')
            return 1
    return 0


@packaged()
def e2freefrag(process: Process) -> Running:
    """Free space of a file system."""
    path = process.args[-1]
    yield 0.0
    if reason := why_not_ext(process, path):
        process.err(f"{path}: {reason} while opening filesystem\n")
        return 1
    return 0


@packaged()
def e2undo(process: Process) -> Running:
    """Take back changes, of which none is kept."""
    words = [word for word in process.args if not word.startswith("-")]
    yield 0.0
    path = words[0] if words else ""
    process.err(
        f"e2undo: {reason_of(process, path) or 'Not an undo file'} while opening undo file `{path}'\n\n"
    )
    return 1


@packaged()
def logsave(process: Process) -> Running:
    """Run a command, and keep its output."""
    words = [word for word in process.args if word not in ("-a", "-s", "-v")]
    yield 0.0
    if len(words) < 2:
        process.err("Usage: logsave [-asv] logfile cmd_prog\n")
        return 1
    path, command = words[0], words[1:]
    began = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime())
    status, data = yield from process.output_of(command or ["true"])
    process.out(data)
    head = f"Log of {' '.join(command)}\n{began}\n\n".encode()
    end = f"\n{time.strftime('%a %b %e %H:%M:%S %Y', time.gmtime())}\n----------------\n".encode()
    shell = process.shell
    before = (shell.content(shell.absolute(path)) or b"") if "-a" in process.args else b""
    shell.write(shell.absolute(path), before + head + data + end)
    return status


COMMANDS: dict[str, Command] = {
    **dict.fromkeys(("mke2fs", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4"), mke2fs), "mkfs": mkfs, "fsck": fsck,
    "tune2fs": tune2fs, "e2label": tune2fs, "dumpe2fs": dumpe2fs, "e2image": dumpe2fs, "e2mmpstatus": dumpe2fs,
    **dict.fromkeys(("e2fsck", "fsck.ext2", "fsck.ext3", "fsck.ext4"), e2fsck), "resize2fs": resize2fs,
    "debugfs": debugfs, "badblocks": badblocks, "mklost+found": mklost_found, "filefrag": filefrag,
    "e4defrag": e4defrag, "e2freefrag": e2freefrag, "e2undo": e2undo, "logsave": logsave,
}  # fmt: skip
