# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""mount, umount, findmnt, swapon."""

from __future__ import annotations

import time
from dataclasses import replace

from ...host.hardware import blocks
from ...host.mount import Mount
from ...host.printed_versions import version_of
from ..process import Process, Running
from ..text.common import Failure, Options, parse, tool
from .shown import human

LONG_OF_MOUNT = """all=a no-canonicalize=c fake=f fork=F fstab=T internal-only=i show-labels=l mkdir:: no-mtab=n options=o
options-mode: options-source: options-source-force read-only=r types=t source: target: target-prefix: verbose=v
read-write=w rw=w namespace=N bind=B move=M rbind=R make-shared make-slave make-private make-unbindable help=h version=V"""

WITHOUT_HINT = ("11", "20.04", "22.04", "8.10", "9.4")
"""Releases with util-linux before 2.38."""
HINT = "       dmesg(1) may have more information after failed mount system call.\n"


def _hint(process: Process) -> str:
    return "" if process.shell.world.system.version in WITHOUT_HINT else HINT


VIRTUAL = ("tmpfs", "proc", "sysfs", "ramfs")
"""File systems without a device."""


@tool
def mount(process: Process) -> Running:
    """Show what is mounted; nothing more can be."""
    options = parse(process, "acfFT:ilno:rt:L:U:vwN:BMRhV", LONG_OF_MOUNT)
    shell = process.shell
    yield 0.0
    if "V" in options:
        own = version_of(shell.world.packages, "util-linux", "2.38.1")
        features = "selinux, smack, btrfs, verity, namespaces, assert, debug"
        process.out(f"mount from util-linux {own} (libmount {own}: {features})\n")
        return 0
    if not options.operands and not any(name in options for name in ("a", "o", "L", "U", "B")):
        types = options.value("t").split(",") if "t" in options else []
        for each in shell.mounts():
            if not types or each.kind in types:
                process.out(f"{each.source} on {each.target} type {each.kind} ({each.options})\n")
        return 0
    if shell.user != "root":
        if not options.operands:
            raise Failure("only root can do that")
        where = shell.absolute(options.operands[-1])
        raise Failure(f"{where}: must be superuser to use mount.\n{_hint(process)}".rstrip("\n"))
    if "a" in options:
        return 0
    return _refused(process, options)


def _refused_by_busybox(process: Process, options: Options, *, is_there: bool) -> int:
    """The same in BusyBox's words."""
    shell, (source, target) = process.shell, options.operands[:2]
    kind, binds = options.value("t"), "bind" in options.value("o")
    has_source = kind in VIRTUAL or shell.node(shell.absolute(source)) is not None
    if is_there and (kind in VIRTUAL or (binds and has_source)):
        return 0
    missing = not is_there or (source.startswith("/") and not has_source) or (binds and not has_source)
    reason = "No such file or directory" if missing else "No such device" if kind else "Invalid argument"
    process.err(f"mount: mounting {source} on {target} failed: {reason}\n")
    return 255


def _refused(process: Process, options: Options) -> int:
    """A mount by root: what is there is mounted already, and the kernel knows no other device."""
    shell, words = process.shell, options.operands
    if len(words) == 1:
        where = shell.absolute(words[0])
        known = next((each for each in shell.mounts() if where in (each.target, each.source)), None)
        if known is None:
            table = "/proc/mounts" if process.applet and "remount" in options.value("o") else "/etc/fstab"
            process.err(
                f"mount: can't find {words[0]} in {table}\n"
                if process.applet
                else f"mount: {where}: can't find in /etc/fstab.\n"
            )
            return 1
        if "remount" in options.value("o"):
            return 0
        process.err(f"mount: {known.target}: {known.source} already mounted on {known.target}.\n")
        return 32
    if len(words) < 2:
        raise Failure("bad usage", 1, hint=True)
    source, target = words[0], shell.absolute(words[1])
    node = shell.node(target)
    if process.applet:
        return _refused_by_busybox(process, options, is_there=node is not None)
    if node is None:
        process.err(f"mount: {target}: mount point does not exist.\n{_hint(process)}")
        return 32
    kind = options.value("t")
    if kind in VIRTUAL or "B" in options or "bind" in options.value("o"):
        return 0
    if shell.node(shell.absolute(source)) is None and source.startswith("/"):
        process.err(f"mount: {target}: special device {source} does not exist.\n{_hint(process)}")
        return 32
    process.err(f"mount: {target}: {source} is not a block device.\n{_hint(process)}" if source.startswith("/")
                else f"mount: {target}: can't find in /etc/fstab.\n")  # fmt: skip
    return 32


@tool
def umount(process: Process) -> Running:
    """Unmount: what is mounted is in use."""
    options = parse(
        process,
        "aAcdfilnrR:O:qt:vhV",
        "all=a force=f lazy=l recursive=R types=t verbose=v help=h version=V quiet=q",
    )
    yield 0.0
    if not options.operands and "a" not in options:
        raise Failure("bad usage", 1, hint=True)
    shell = process.shell
    targets = {each.target: each for each in shell.mounts()}
    status = 0
    for word in options.operands:
        path = shell.absolute(word)
        found = targets.get(path) or next((each for each in targets.values() if each.source == word), None)
        if found is None:
            reason = "not mounted." if shell.node(path) is not None else "no mount point specified."
            process.err(f"umount: {path}: {reason}\n")
        elif shell.user != "root":
            process.err(f"umount: {found.target}: must be superuser to unmount.\n")
        else:
            process.err(f"umount: {found.target}: target is busy.\n")
        status = 32
    return status


@tool
def findmnt(process: Process) -> Running:
    """The mounts as a tree, or as a list."""
    options = parse(
        process, "aAcDefFhiJklmM:nN:o:O:pPrRsS:t:T:UuvVx",
        "all=A ascii=a df=D first-only=f json=J list=l mountpoint=M noheadings=n output=o pairs=P raw=r real pseudo source=S target=T types=t help=h version=V fstab=s kernel=k",
    )  # fmt: skip
    yield 0.0
    found = _wanted(process, options)
    if not found:
        return 1
    names = (options.value("o") or "TARGET,SOURCE,FSTYPE,OPTIONS").upper().split(",")
    values = {"TARGET": "target", "SOURCE": "source", "FSTYPE": "kind", "OPTIONS": "options"}
    if "D" in options:
        names = ["SOURCE", "FSTYPE", "SIZE", "USED", "AVAIL", "USE%", "TARGET"]
    rows = [] if "n" in options else [names]
    tree = (
        not any(name in options for name in ("l", "r", "D", "P", "M", "T", "S", "t", "n"))
        and not options.operands
    )
    lines = _tree(found) if tree else [("", each) for each in found]
    for prefix, each in lines:
        row = [getattr(each, values[name]) if name in values else _number(name, each) for name in names]
        row = [
            prefix + cell if name == "TARGET" and tree else cell
            for name, cell in zip(names, row, strict=True)
        ]
        rows.append(row)
    if "r" in options:
        process.out("".join(" ".join(row) + "\n" for row in rows))
        return 0
    widths = [max(len(row[at]) for row in rows) for at in range(len(names))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        process.out(" ".join(cells).rstrip() + "\n")
    return 0


def _number(name: str, mount: Mount) -> str:
    sizes = {"SIZE": mount.size, "USED": mount.used, "AVAIL": mount.available}
    if name in sizes:
        return human(sizes[name])
    whole = mount.used + mount.available
    return f"{-(-mount.used * 100 // whole)}%" if name == "USE%" and whole else ""


def _wanted(process: Process, options: Options) -> list[Mount]:
    every = process.shell.mounts()
    words = [*options.operands, *options.values("M"), *options.values("S")]
    types = [kind for value in options.values("t") for kind in value.split(",")]
    if options.values("T"):
        where = process.shell.real(process.shell.absolute(options.value("T")))
        over = [
            each for each in every if where == each.target or where.startswith(each.target.rstrip("/") + "/")
        ]
        return [max(over, key=lambda each: len(each.target))]
    found = [each for each in every if not types or each.kind in types]
    if "D" in options:
        found = [each for each in found if each.size]
    return [each for each in found if not words or each.target in words or each.source in words]


def _tree(mounts: list[Mount]) -> list[tuple[str, Mount]]:
    parents: dict[str, list[Mount]] = {}
    for each in mounts:
        if each.target != "/":
            above = [
                other.target for other in mounts if each.target.startswith(other.target.rstrip("/") + "/")
            ]
            parents.setdefault(max(above, key=len), []).append(each)
    root = next(each for each in mounts if each.target == "/")
    lines: list[tuple[str, Mount]] = [("", root)]

    def below(target: str, prefix: str) -> None:
        children = parents.get(target, [])
        for at, child in enumerate(children):
            last = at == len(children) - 1
            lines.append((prefix + ("└─" if last else "├─"), child))
            below(child.target, prefix + ("  " if last else "│ "))

    below("/", "")
    return [(prefix, replace(each)) for prefix, each in lines]


def _swap_on(process: Process, path: str) -> int:
    """Root wants another swap area: a file with the right header, or what is in use already."""
    from .volumes import reason_of, volume_of

    shell = process.shell
    found = volume_of(shell, path)
    if reason := reason_of(process, path):
        raise Failure(f"cannot open {path}: {reason}", 255)
    where = shell.absolute(path)
    if found is not None and found.block is None:
        node = found.node
        if node is not None and node.mode & 0o077:
            process.err(
                f"swapon: {where}: insecure permissions {node.mode & 0o7777:04o}, {node.mode & 0o7700:04o} suggested.\n"
            )
        if found.kind != "swap":
            raise Failure(f"{where}: read swap header failed", 255)
        return 0
    raise Failure(f"{where}: swapon failed: Device or resource busy", 255)


@tool
def swapon(process: Process) -> Running:
    """Show the swap areas."""
    options = parse(
        process, "ad::efp:shvV", "all=a show:: noheadings raw bytes summary=s verbose=v help=h version=V"
    )
    world = process.shell.world
    yield 0.0
    areas = [block for block in blocks(world) if block.system == "swap"]
    now = world.memory(int(time.time()))
    name = (
        f"/dev/{areas[0].name}"
        if areas and areas[0].kind == "part"
        else "/dev/dm-1"
        if areas
        else "/swap.img"
    )
    kind = "partition" if areas else "file"
    used = now.swap_total - now.swap_free
    if "s" in options:
        process.out("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
        process.out(f"{name:<40}{kind:<16}{now.swap_total}\t\t{used}\t\t-2\n")
        return 0
    if "show" not in options and not options.operands and "a" not in options and not now.swap_total:
        return 0
    if options.operands:
        if process.shell.user != "root":
            raise Failure(f"cannot open {options.operands[0]}: Permission denied", 255)
        return _swap_on(process, options.operands[0])
    rows = [
        ["NAME", "TYPE", "SIZE", "USED", "PRIO"],
        [name, kind, human(now.swap_total), f"{used * 1024}B" if not used else human(used), "-2"],
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    for row in rows:
        process.out(
            f"{row[0]:<{widths[0]}} {row[1]:<{widths[1]}} {row[2]:>{widths[2]}} {row[3]:>{widths[3]}} {row[4]:>{widths[4]}}\n"
        )
    return 0


COMMANDS = {"mount": mount, "umount": umount, "findmnt": findmnt, "swapon": swapon}
