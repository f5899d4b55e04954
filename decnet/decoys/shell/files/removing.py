# ruff: noqa: E501 (options and messages)
"""rm, unlink and shred."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ...host.node import Node
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, quoted, tool
from . import facts
from .asking import confirmed, kind_of
from .making import refused

BUSY = ("/proc", "/sys", "/dev", "/run", "/dev/shm", "/dev/pts", "/run/lock", "/boot/efi")


@tool
def rm(process: Process) -> Running:
    """Remove files and folders."""
    options = parse(
        process,
        "dfiIrRv",
        "force=f interactive:: one-file-system no-preserve-root preserve-root:: recursive=r dir=d verbose=v",
    )
    if not options.operands:
        if "f" in options:
            return 0
        raise Failure("missing operand", hint=True)
    status = 0
    if options.last("fiI") == "I" and (len(options.operands) > 3 or options.last("rR")):
        count = len(options.operands)
        how = " recursively" if options.last("rR") else ""
        what = f"rm: remove {count} argument{'s' if count > 1 else ''}{how}? "
        if not (yield from confirmed(process, what)):
            return 0
    for path in options.operands:
        reason = yield from _removed(process, options, path)
        if reason:
            process.err(reason)
            status = 1
        if process.tired:
            yield 0.0
    return status


def _removed(process: Process, options: Options, path: str) -> Generator[Any, Any, str]:
    """Remove one operand; the complete message of the error."""
    shell, name = process.shell, facts.quoted_name(path)
    base = path.rstrip("/").rpartition("/")[2]
    recursive = bool(options.last("rR"))
    if recursive and base in (".", "..") and path.rstrip("/"):
        return f"rm: refusing to remove '.' or '..' directory: skipping {name}\n"
    where = shell.absolute(path)
    if recursive and where == "/" and path and "no-preserve-root" not in options:
        same = "" if path == "/" else " (same as '/')"
        return f"rm: it is dangerous to operate recursively on {name}{same}\nrm: use --no-preserve-root to override this failsafe\n"
    reason = facts.why_missing(shell, path, follow=False)
    node = shell.lstat(where)
    if reason or node is None:
        ignored = "f" in options and reason in (facts.MISSING, facts.NO_FOLDER)
        return "" if ignored else f"rm: cannot remove {name}: {reason}\n"
    if not node.folder:
        if not (yield from _agreed(process, options, node, where, name)):
            return ""
        reason = refused(shell, where) or _sticky(shell, where) or shell.change(where, None)
        if not reason and "v" in options:
            process.out(f"removed {name}\n")
        return f"rm: cannot remove {name}: {reason}\n" if reason else ""
    if not recursive:
        if "d" not in options:
            return f"rm: cannot remove {name}: Is a directory\n"
        reason = (
            "Directory not empty"
            if shell.entries(where)
            else refused(shell, where) or shell.change(where, None)
        )
        return f"rm: cannot remove {name}: {reason}\n" if reason else ""
    return (yield from _whole(process, options, path, where))


def _agreed(
    process: Process, options: Options, node: Node, where: str, name: str
) -> Generator[Any, Any, bool]:
    """Whether it is to be removed: asked with -i, and on a terminal for a file that is write-protected."""
    last = options.last("fiI")
    protected = not node.target and not facts.may(process.shell, where, facts.WRITE, node)
    if last == "f" or (last != "i" and not (protected and process.from_terminal)):
        return True
    what = f"rm: remove {'write-protected ' if protected else ''}{kind_of(node)} {name}? "
    return (yield from confirmed(process, what))


def _whole(process: Process, options: Options, path: str, where: str) -> Generator[Any, Any, str]:
    """Remove a folder with all in it; the messages of what stays."""
    shell, messages = process.shell, ""
    asks = options.last("fiI") == "i"
    if asks and shell.entries(where):
        question = f"rm: descend into directory {facts.quoted_name(path)}? "
        if not (yield from confirmed(process, question)):
            return ""
    kept: list[str] = []
    for shown, place, is_folder in (yield from _depth_first(process, path, where)):
        process.spend(100)
        if process.tired:
            yield 0.0
        reason = ""
        if facts.is_in_memory(place) or place.startswith(("/dev/", "/run/")):
            if facts.is_in_memory(place):
                reason = "Operation not permitted"
            if place in BUSY:
                reason = "Device or resource busy"
        elif place in BUSY or place == "/":
            reason = "Device or resource busy"
        if is_folder and not reason and any(each.startswith(place.rstrip("/") + "/") for each in kept):
            continue
        reason = reason or refused(shell, place) or _sticky(shell, place)
        there = shell.lstat(place) if asks and not reason else None
        if there is not None and not (
            yield from _agreed(process, options, there, place, facts.quoted_name(shown))
        ):
            kept.append(place)
            continue
        if not reason and (is_folder or kept or place in shell.files.changes):
            reason = shell.change(place, None)
        if reason:
            kept.append(place)
            if len(messages) < 65_536:
                messages += f"rm: cannot remove {facts.quoted_name(shown)}: {reason}\n"
        elif "v" in options:
            process.out(f"removed {'directory ' if is_folder else ''}{facts.quoted_name(shown)}\n")
    return messages


def _depth_first(process: Process, path: str, where: str) -> Generator[Any, Any, list[tuple[str, str, bool]]]:
    """All below a folder, the folder last: as shown, where it is, whether it is a folder."""
    shell = process.shell
    found: list[tuple[str, str, bool]] = []
    stack = [(path, where)]
    while stack and len(found) < 5_000:
        shown, place = stack.pop()
        if process.tired:
            yield 0.0
        node = shell.lstat(place)
        if node is None:
            continue
        found.append((shown, place, node.folder))
        if node.folder and place != "/proc":
            stack += [
                (f"{shown.rstrip('/')}/{name}", f"{place.rstrip('/')}/{name}")
                for name in shell.entries(place)
            ]
    return found[::-1]


def _sticky(shell: Shell, where: str) -> str:
    """Whether a folder with the sticky bit keeps another user's file."""
    folder, node = shell.node(facts.parent_of(where)), shell.lstat(where)
    if (
        folder is None
        or node is None
        or not folder.mode & 0o1000
        or shell.user in ("root", node.owner, folder.owner)
    ):
        return ""
    return "Operation not permitted"


@tool
def unlink(process: Process) -> Running:
    """Remove one file."""
    options = parse(process, "")
    if not options.operands:
        raise Failure("missing operand", hint=True)
    if len(options.operands) > 1:
        raise Failure(f"extra operand {quoted(process, options.operands[1])}", hint=True)
    shell, path = process.shell, options.operands[0]
    where = shell.absolute(path)
    node = shell.lstat(where)
    reason = facts.why_missing(shell, path, follow=False) or (
        "Is a directory" if node and node.folder else ""
    )
    reason = reason or refused(shell, where) or _sticky(shell, where) or shell.change(where, None)
    yield 0.0
    if reason:
        raise Failure(f"cannot unlink {facts.quoted_name(path)}: {reason}")
    return 0


@tool
def shred(process: Process) -> Running:
    """Overwrite files, and remove them with -u."""
    options = parse(
        process, "fn:s:uvxz", "force=f iterations=n random-source: size=s remove:: verbose=v exact=x zero=z"
    )
    if not options.operands:
        raise Failure("missing file operand", hint=True)
    shell, status = process.shell, 0
    passes = int(options.value("n", "3")[:4]) if options.value("n", "3").isdecimal() else 3
    for path in options.operands:
        where = shell.absolute(path)
        reason = shell.refusal(where) if shell.node(where) is not None else facts.MISSING
        if reason:
            process.err(f"shred: {facts.shell_name(path)}: failed to open for writing: {reason}\n")
            status = 1
            continue
        shown, total = facts.shell_name(path), min(passes, 35) + ("z" in options)
        for number in range(1, total + 1) if "v" in options else []:
            kind = "000000" if number == total and "z" in options else "random"
            process.err(f"shred: {shown}: pass {number}/{total} ({kind})...\n")
        node = shell.node(where)
        if node is not None:
            shell.put(
                where, b"\0" * min(node.bytes, 4096) if "z" in options else _noise(node.bytes), node.bytes
            )
        if "u" in options or "remove" in options:
            shell.change(where, None)
        yield 0.0
    return status


def _noise(size: int) -> bytes:
    import secrets

    return secrets.token_bytes(min(-(-size // 4096) * 4096, 65_536))


COMMANDS: dict[str, Command] = {"rm": rm, "unlink": unlink, "shred": shred}
