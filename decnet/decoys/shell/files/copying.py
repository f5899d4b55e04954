# ruff: noqa: E501 (options and messages)
"""cp, mv and install."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from ...host.node import Node
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, quoted, tool
from . import facts
from .asking import confirmed
from .making import make_folder, refused
from .modes import changed_mode
from .removing import BUSY, _sticky

CP = "attributes-only archive=a backup:: copy-contents force=f interactive=i link=l dereference=L no-clobber=n no-dereference=P parents preserve:: no-preserve: recursive=R reflink:: remove-destination sparse: strip-trailing-slashes symbolic-link=s suffix=S target-directory=t no-target-directory=T update::u verbose=v one-file-system=x context:: debug"
MV = "backup:: force=f interactive=i no-clobber=n strip-trailing-slashes suffix=S target-directory=t no-target-directory=T update:: verbose=v context=Z debug"
Copied = Generator[Any, Any, bool]


@tool
def cp(process: Process) -> Running:
    """Copy files and folders."""
    options = parse(process, "abdfHiLlnPpRrsS:t:TuvxZ", CP.replace("update::u", "update::"))
    return (yield from _all(process, options, _copy_one))


@tool
def mv(process: Process) -> Running:
    """Move files and folders."""
    options = parse(process, "bfinS:t:TuvZ", MV)
    return (yield from _all(process, options, _move_one))


def _all(process: Process, options: Options, one: Any) -> Running:
    shell, words, status = process.shell, list(options.operands), 0
    folder = options.value("t")
    if not words:
        raise Failure("missing file operand", hint=True)
    if not folder and len(words) == 1:
        raise Failure(f"missing destination file operand after {facts.quoted_name(words[0])}", hint=True)
    if folder:
        there = shell.node(shell.absolute(folder))
        if there is None or not there.folder:
            reason = facts.why_missing(shell, folder) or facts.NO_FOLDER
            raise Failure(f"target directory {facts.quoted_name(folder)}: {reason}")
    elif "T" not in options:
        there = shell.node(shell.absolute(words[-1])) if words[-1] else None
        if there is not None and there.folder:
            folder = words.pop()
        elif len(words) > 2 and process.applet:
            folder = words.pop()  # BusyBox finds out with each of them that there is no such folder.
        elif len(words) > 2:
            reason = facts.why_missing(shell, words[-1]) or facts.NO_FOLDER
            if shell.world.system.version in ("11", "20.04", "22.04"):
                raise Failure(f"target {facts.quoted_name(words[-1])} is not a directory")
            raise Failure(f"target {facts.quoted_name(words[-1])}: {reason}")
    elif len(words) > 2:
        raise Failure(f"extra operand {facts.quoted_name(words[2])}", hint=True)
    for source in words if folder else words[:1]:
        name = source if "parents" in options else source.rstrip("/").rpartition("/")[2] or source
        target = f"{folder.rstrip('/') or ''}/{name}" if folder else words[1]
        if not target:
            what = f"move {facts.quoted_name(source)} to" if process.name == "mv" else "create regular file"
            process.err(f"{process.name}: cannot {what} '': No such file or directory\n")
            status = 1
            continue
        there = shell.lstat(shell.absolute(target)) if options.last("nfi") == "i" else None
        question = f"{process.name}: overwrite {facts.quoted_name(target)}? "
        if there is not None and not there.folder and not (yield from confirmed(process, question)):
            continue
        if not (yield from one(process, options, source, target)):
            status = 1
        yield 0.0
    return status


def _skips(process: Process, options: Options, source: Node, there: Node | None) -> bool:
    """Whether -n or -u leave what is there."""
    if there is None:
        return False
    return options.last("nfi") == "n" or ("u" in options and there.changed >= source.changed)


def _copy_one(process: Process, options: Options, source: str, target: str) -> Copied:
    shell = process.shell
    recursive = bool(options.last("rRa"))
    follow = not (
        options.last("PdaL") in ("P", "d", "a") or (recursive and "L" not in options and "H" not in options)
    )
    reason = facts.why_missing(shell, source, follow=follow)
    where, place = shell.absolute(source), shell.absolute(target)
    node = shell.node(where) if follow else shell.lstat(where)
    if reason or node is None:
        process.err(f"cp: cannot stat {facts.quoted_name(source)}: {reason}\n")
        return False
    if node.folder:
        if not recursive:
            process.err(f"cp: -r not specified; omitting directory {facts.quoted_name(source)}\n")
            return False
        if (place + "/").startswith(where.rstrip("/") + "/"):
            if place == where:
                process.err(
                    f"cp: {facts.quoted_name(source)} and {facts.quoted_name(target)} are the same file\n"
                )
            else:
                process.err(
                    f"cp: cannot copy a directory, {facts.quoted_name(source)}, into itself, {facts.quoted_name(target)}\n"
                )
            return False
        return (yield from _copy_folder(process, options, source, target, node))
    return _copy_file(process, options, source, target, node)


def _copy_folder(process: Process, options: Options, source: str, target: str, node: Node) -> Copied:
    shell, good = process.shell, True
    stack = [(source, target, node)]
    count = 0
    while stack:
        shown, into, each = stack.pop()
        process.spend(300)
        count += 1
        if process.tired:
            yield 0.0
        if not each.folder:
            good = _copy_file(process, options, shown, into, each) and good
            continue
        place, from_ = shell.absolute(into), shell.absolute(shown)
        there = shell.node(place)
        if there is not None and not there.folder:
            process.err(
                f"cp: cannot overwrite non-directory {facts.quoted_name(into)} with directory {facts.quoted_name(shown)}\n"
            )
            good = False
            continue
        if not facts.may(shell, from_, facts.READ):
            process.err(f"cp: cannot access {facts.quoted_name(shown)}: {facts.DENIED}\n")
            good = False
            continue
        if there is None:
            reason = refused(shell, place) or make_folder(shell, place, each.mode & ~shell.umask)
            if reason:
                process.err(f"cp: cannot create directory {facts.quoted_name(into)}: {reason}\n")
                good = False
                continue
            if "v" in options:
                process.out(f"{facts.quoted_name(shown)} -> {facts.quoted_name(into)}\n")
            if _preserves(options):
                shell.change(place, each)
        names = shell.entries(from_) if count < 3_000 else []
        for name in reversed(names):
            child = shell.lstat(f"{from_.rstrip('/')}/{name}")
            if child is not None:
                stack.append((f"{shown.rstrip('/')}/{name}", f"{into.rstrip('/')}/{name}", child))
    return good


def _preserves(options: Options) -> bool:
    return bool(options.last("ap")) or "preserve" in options


def _copy_file(process: Process, options: Options, source: str, target: str, node: Node) -> bool:
    shell = process.shell
    where, place = shell.absolute(source), shell.absolute(target)
    there = shell.node(place)
    name = facts.quoted_name(target)
    if not facts.may(shell, where, facts.READ, node) and not node.target:
        process.err(f"cp: cannot open {facts.quoted_name(source)} for reading: {facts.DENIED}\n")
        return False
    if there is not None and shell.real(place) == shell.real(where):
        process.err(f"cp: {facts.quoted_name(source)} and {name} are the same file\n")
        return False
    if there is not None and there.folder:
        process.err(
            f"cp: cannot overwrite directory {name} with non-directory\n"
            if "T" in options or "r" in options
            else f"cp: cannot overwrite directory {name} with non-directory {facts.quoted_name(source)}\n"
        )
        return False
    if _skips(process, options, node, there):
        return True
    if target.endswith("/") and there is None:
        process.err(f"cp: cannot create regular file {name}: Not a directory\n")
        return False
    if "s" in options or "l" in options:
        made = (
            Node(
                0o777, target=source, owner=shell.user, group=facts.own_group(shell), changed=int(time.time())
            )
            if "s" in options
            else node
        )
        reason = "File exists" if there else refused(shell, place) or shell.change(place, made)
        if reason:
            process.err(
                f"cp: cannot create {'symbolic' if 's' in options else 'hard'} link {name}: {reason}\n"
            )
        return not reason
    if there is None:
        reason = refused(shell, place)
    else:
        reason = "" if facts.may(shell, place, facts.WRITE, there) else facts.DENIED
        if facts.is_in_memory(place):
            reason = "Permission denied" if not there.mode & 0o222 else "Invalid argument"
        if reason and "f" in options:
            reason = refused(shell, place)
    reason = reason or shell.change(
        shell.real(place) if there else place, _copy_of(shell, options, node, there)
    )
    if reason:
        process.err(f"cp: cannot create regular file {name}: {reason}\n")
        return False
    if "v" in options:
        process.out(f"{facts.quoted_name(source)} -> {name}\n")
    return True


def _copy_of(shell: Shell, options: Options, node: Node, there: Node | None) -> Node:
    content = node.data if node.live is not None else node.content
    made = replace(node, live=None, content=content, digests=node.sums)
    if node.live is not None:
        made = replace(made, size=-1)
    if _preserves(options):
        return made if shell.user == "root" else replace(made, owner=shell.user, group=facts.own_group(shell))
    mode = there.mode if there else node.mode & 0o777 & ~shell.umask
    owner, group = (there.owner, there.group_name) if there else (shell.user, facts.own_group(shell))
    return replace(made, mode=mode, owner=owner, group=group, changed=int(time.time()))


def _move_one(process: Process, options: Options, source: str, target: str) -> Copied:
    shell = process.shell
    where, place = shell.absolute(source), shell.absolute(target)
    reason = facts.why_missing(shell, source, follow=False)
    node, there = shell.lstat(where), shell.lstat(place)
    if reason or node is None:
        process.err(f"mv: cannot stat {facts.quoted_name(source)}: {reason}\n")
        return False
    if place == where and process.applet:
        return True
    if place == where:
        process.err(f"mv: {facts.quoted_name(source)} and {facts.quoted_name(target)} are the same file\n")
        return False
    if node.folder and (place + "/").startswith(where.rstrip("/") + "/"):
        process.err(
            f"mv: cannot move {facts.quoted_name(source)} to a subdirectory of itself, {facts.quoted_name(target)}\n"
        )
        return False
    reason = _obstacle(shell, node, there, source, target, place)
    if reason:
        process.err(f"mv: {reason}\n")
        return False
    if _skips(process, options, node, there):
        return True
    if where in BUSY or facts.is_in_memory(where):
        reason = "Device or resource busy"
    if target.endswith("/") and not node.folder and there is None:
        reason = facts.NO_FOLDER
    reason = reason or refused(shell, where) or _sticky(shell, where) or refused(shell, place)
    if not reason and there is not None and "b" in options:
        reason = yield from _moved(process, place, place + options.value("S", "~"), there)
    if not reason:
        reason = yield from _moved(process, where, place, node)
    if reason:
        process.err(f"mv: cannot move {facts.quoted_name(source)} to {facts.quoted_name(target)}: {reason}\n")
        return False
    if "v" in options:
        renamed = "" if shell.world.system.busybox else "renamed "
        process.out(f"{renamed}{facts.quoted_name(source)} -> {facts.quoted_name(target)}\n")
    return True


def _obstacle(shell: Shell, node: Node, there: Node | None, source: str, target: str, place: str) -> str:
    """Why the target cannot be replaced."""
    if there is None:
        return ""
    name = facts.quoted_name(target)
    if there.folder and not node.folder:
        return f"cannot overwrite directory {name} with non-directory"
    if node.folder and not there.folder:
        return f"cannot overwrite non-directory {name} with directory {facts.quoted_name(source)}"
    if there.folder and shell.entries(place):
        return f"cannot move {facts.quoted_name(source)} to {name}: Directory not empty"
    return ""


def _moved(process: Process, where: str, place: str, node: Node) -> Generator[Any, Any, str]:
    """Move a node and all below it; the error."""
    shell = process.shell
    pairs = [(where, place, node)]
    for from_, into, each in pairs:
        process.spend(100)
        if len(pairs) > 1_000:
            return "No space left on device"
        if each.folder:
            for name in shell.entries(from_):
                child = shell.lstat(f"{from_}/{name}")
                if child is not None:
                    pairs.append((f"{from_}/{name}", f"{into}/{name}", child))
        if process.tired:
            yield 0.0
    for _, into, each in pairs:
        reason = shell.change(into, each)
        if reason:
            return reason
    for from_, _, _ in reversed(pairs):
        if from_ == where or from_ in shell.files.changes:
            shell.change(from_, None)
    return ""


@tool
def install(process: Process) -> Running:
    """Copy files with a mode and an owner, or make folders."""
    options = parse(
        process,
        "bcCdDg:m:o:ps:S:t:TvZ",
        "backup:: directory=d group=g mode=m owner=o preserve-timestamps=p strip=s suffix=S target-directory=t no-target-directory=T verbose=v compare=C",
    )
    shell, words, status = process.shell, list(options.operands), 0
    mode = changed_mode(options.value("m", "755"), 0, folder=False, umask=0)
    if mode is None:
        raise Failure(f"invalid mode {quoted(process, options.value('m'))}")
    if not words:
        raise Failure("missing file operand", hint=True)
    owner = options.value("o") or shell.user
    group = options.value("g") or (owner if "o" in options else facts.own_group(shell))
    if "d" in options:
        for path in words:
            status |= yield from process.call(["mkdir", "-p", *(["-v"] if "v" in options else []), path], b"")
            node = shell.node(shell.absolute(path))
            if node is not None:
                shell.change(shell.absolute(path), replace(node, mode=mode, owner=owner, group=group))
        return status
    folder = options.value("t")
    if not folder and len(words) == 1:
        raise Failure(f"missing destination file operand after {facts.quoted_name(words[0])}", hint=True)
    last = shell.node(shell.absolute(words[-1])) if not folder else None
    if last is not None and last.folder and "T" not in options:
        folder = words.pop()
    elif not folder and len(words) > 2:
        raise Failure(
            f"target {facts.quoted_name(words[-1])}: {facts.why_missing(shell, words[-1]) or facts.NO_FOLDER}"
        )
    if "D" in options:
        into = folder or words[-1].rpartition("/")[0]
        if into:
            yield from process.call(["mkdir", "-p", into], b"")
    for source in words if folder else words[:1]:
        target = f"{folder.rstrip('/')}/{source.rpartition('/')[2]}" if folder else words[1]
        status |= _installed(process, options, source, target, (mode, owner, group))
        yield 0.0
    return status


def _installed(
    process: Process, options: Options, source: str, target: str, marks: tuple[int, str, str]
) -> int:
    shell = process.shell
    reason = facts.why_missing(shell, source)
    node = shell.node(shell.absolute(source))
    if reason or node is None:
        process.err(f"install: cannot stat {facts.quoted_name(source)}: {reason}\n")
        return 1
    if node.folder:
        process.err(f"install: omitting directory {facts.quoted_name(source)}\n")
        return 1
    place = shell.absolute(target)
    reason = refused(shell, place)
    when = node.changed if "p" in options else int(time.time())
    made = replace(
        node,
        mode=marks[0],
        owner=marks[1],
        group=marks[2],
        changed=when,
        live=None,
        content=node.data,
        digests=node.sums,
    )
    reason = reason or shell.change(place, made)
    if reason:
        process.err(f"install: cannot create regular file {facts.quoted_name(target)}: {reason}\n")
        return 1
    if "v" in options:
        process.out(f"{facts.quoted_name(source)} -> {facts.quoted_name(target)}\n")
    return 0


COMMANDS: dict[str, Command] = {"cp": cp, "mv": mv, "install": install}
