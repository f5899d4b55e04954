# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""cpio: copy files to and from archives (GNU cpio)."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ...host.node import Node
from ..process import Command, Process, Running
from ..text.common import Failure, Options, content, parse
from ..text.packaged import packaged
from . import facts
from .cpio_members import CRC, NEW, OLD, PORTABLE, BadArchive, Member, members, packed, trailer
from .placing import MOST_MEMBERS, MOST_UNPACKED, inside, make_parents, placed

LONG = """append=A block-size:= dot=V create=o extract=i pass-through=p list=t verbose=v quiet make-directories=d
unconditional=u preserve-modification-time=m no-absolute-filenames absolute-filenames format:=H file:=F null=0
link=l dereference=L reset-access-time=a rename=r numeric-uid-gid=n nonmatching=f pattern-file:=E sparse
only-verify-crc force-local no-preserve-owner owner:=R to-stdout io-size:=C swap=b device-independent reproducible
rsh-command: help=? version usage directory:=D"""
FORMS = {"bin": OLD, "odc": PORTABLE, "newc": NEW, "crc": CRC}
BLOCK = 512


@packaged(refuses=False)
def cpio(process: Process) -> Running:
    """Make, list or unpack an archive, or copy files to a folder."""
    options = parse(process, "0aAbBcC:dD:E:fF:H:iI:klLmM:noO:prR:sStuvV", LONG, status=2)
    action = options.last("oip") or ("i" if "t" in options else "")
    yield 0.0
    if not action:
        raise Failure("You must specify one of -oipt options.", 2, hint=True)
    form = FORMS.get(options.value("H"), PORTABLE if "c" in options else OLD)
    if "H" in options and options.value("H") not in FORMS:
        name = options.value("H")
        raise Failure(
            f"invalid archive format '{name}'; valid formats are:\n"
            "crc newc odc bin ustar tar (all-caps also recognized)",
            2,
        )
    if action == "o":
        return (yield from _out(process, options, form))
    return (yield from (_pass(process, options) if action == "p" else _in(process, options)))


def _names(process: Process, options: Options) -> list[str]:
    mark = "\0" if "0" in options else "\n"
    text = process.given.decode("utf-8", "surrogateescape")
    return [name for name in text.split(mark)[:MOST_MEMBERS] if name]


def _found(process: Process, name: str) -> Node | None:
    shell = process.shell
    reason = facts.why_missing(shell, name, follow=False)
    if reason:
        process.err(f"{process.name}: {name}: Cannot stat: {reason}\n")
        return None
    return shell.lstat(shell.absolute(name))


def _member(process: Process, name: str, node: Node) -> Member:
    shell, where = process.shell, process.shell.absolute(name)
    data = b"" if node.folder or node.kind else node.target.encode() if node.target else node.data
    return Member(
        name, node.type_and_mode, facts.uid_of(shell, node), facts.gid_of(shell, node),
        facts.links_of(shell, where, node), node.changed, data, facts.inode_of(where) & 0xFFFFFFFF,
    )  # fmt: skip


def _out(process: Process, options: Options, form: str) -> Running:
    made, status = bytearray(), 0
    for name in _names(process, options):
        node = _found(process, name)
        if node is None:
            status = 2
            continue
        shown = name if name in (".", "/") else name.removeprefix("./")
        made += packed(_member(process, name, node), form)[: MOST_UNPACKED - len(made)]
        if "v" in options:
            process.err(f"{shown}\n")
        process.spend(2_000)
        if process.tired:
            yield 0.0
    made += trailer(form)
    made += b"\0" * (-len(made) % BLOCK)
    path = options.value("F") or options.value("O")
    if path:
        where = process.shell.absolute(path)
        if reason := process.shell.write(where, bytes(made)):
            raise Failure(f"Cannot open {path}: {reason}", 2)
    else:
        process.out(bytes(made))
    _blocks(process, options, len(made))
    return status


def _blocks(process: Process, options: Options, size: int) -> None:
    if "quiet" not in options:
        count = -(-size // BLOCK)
        process.err(f"{count} block{'' if count == 1 else 's'}\n")


def _pass(process: Process, options: Options) -> Running:
    if len(options.operands) != 1:
        raise Failure("Too few arguments" if not options.operands else "Too many arguments", 2, hint=True)
    base, status, size = options.operands[0], 0, 0
    for name in _names(process, options):
        node = _found(process, name)
        if node is None:
            status = 2
            continue
        size += node.bytes if not node.folder else 0
        member = _member(process, name, node)
        status = max(status, _unpack(process, options, member, f"{base}/{inside(name)}"))
        if "v" in options:
            process.err(f"{base}/{name}\n")
        process.spend(2_000)
        if process.tired:
            yield 0.0
    _blocks(process, options, size)
    return status


def _in(process: Process, options: Options) -> Running:
    path = options.value("F") or options.value("I")
    try:
        data = content(process, path) if path else process.given
    except Failure as failure:
        raise Failure(f"Cannot open {path}: {failure.message}", 2) from None
    status, end = 0, 0
    try:
        for member in _wanted(process, options, data):
            if "t" in options:
                process.out(_listed(process, member) if "v" in options else f"{member.name}\n")
            elif "to-stdout" in options:
                process.out(member.data)
            else:
                status = max(status, _unpack(process, options, member, member.name))
                if "v" in options:
                    process.err(f"{member.name}\n")
            process.spend(2_000)
            if process.tired:
                yield 0.0
    except BadArchive:
        process.err(f"{process.name}: premature end of archive\n")
        return 2
    end = len(data.rstrip(b"\0")) + 1
    _blocks(process, options, end)
    return status


def _wanted(process: Process, options: Options, data: bytes) -> Iterator[Member]:
    from ..text.common import glob

    patterns = [glob(each, process.spend) for each in options.operands]
    for number, member in enumerate(members(data)):
        if number >= MOST_MEMBERS:
            return
        if not patterns or any(each.search(member.name) for each in patterns) != ("f" in options):
            yield member


def _listed(process: Process, member: Member) -> str:
    accounts = process.shell.world.accounts
    owner = next((each.name for each in accounts.users if each.uid == member.uid), str(member.uid))
    group = accounts.group_of(member.gid)
    is_link = member.mode & 0o170000 == 0o120000
    node = Node(member.mode & 0o7777, member.mode & 0o170000 == 0o040000, target="x" if is_link else "")
    when = time.strftime(
        "%b %e %H:%M" if time.time() - member.when < 15_778_476 else "%b %e  %Y", time.gmtime(member.when)
    )
    shown = f"{member.name} -> {member.data.decode('utf-8', 'replace')}" if is_link else member.name
    name = group.name if group else str(member.gid)
    return f"{facts.mode_text(node)} {member.links:>3} {owner:<8} {name:<8} {len(member.data):>8} {when} {shown}\n"


def _unpack(process: Process, options: Options, member: Member, name: str) -> int:
    shell = process.shell
    where = shell.absolute(name)
    if "p" in options or "d" in options:
        make_parents(shell, where)
    there = shell.lstat(where)
    if there is not None and not there.folder and "u" not in options and there.changed >= member.when:
        process.err(f"{process.name}: {name} not created: newer or same age version exists\n")
        return 0
    when = member.when if "m" in options else int(time.time())
    mode = member.mode & ~shell.umask if member.mode & 0o170000 != 0o040000 else member.mode
    reason = placed(shell, where, mode, member.data, when)
    if reason:
        process.err(f"{process.name}: {name}: Cannot open: {reason}\n")
        return 2
    return 0


COMMANDS: dict[str, Command] = {"cpio": cpio}
