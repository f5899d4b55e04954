"""mknod, link, pathchk, fallocate, namei, and what runs a command under a lock or as another user."""

from __future__ import annotations

import secrets
import string
import time

from ...host.node import Node
from ..process import Command, Process, Running
from ..text.common import Failure, parse, quoted, size_of, tool
from . import facts
from .making import refused
from .modes import changed_mode

PORTABLE = frozenset(string.ascii_letters + string.digits + "._-/")
LONGEST_PORTABLE = 14
KINDS = {"p": "p", "c": "c", "u": "c", "b": "b"}


@tool
def mknod(process: Process) -> Running:
    """Make a device or a named pipe."""
    options = parse(process, "m:Z", "mode=m context::")
    words, shell = options.operands, process.shell
    wanted = 2 if len(words) > 1 and words[1] == "p" else 4
    if len(words) < wanted:
        after = f" after {quoted(process, words[-1])}" if words else ""
        raise Failure(f"missing operand{after}", hint=True)
    if words[1] not in KINDS:
        raise Failure(f"invalid device type {quoted(process, words[1])}", hint=True)
    where = shell.absolute(words[0])
    reason = "File exists" if shell.lstat(where) else refused(shell, where)
    if not reason and words[1] != "p" and shell.user != "root":
        reason = "Operation not permitted"
    if not reason:
        mode = 0o666 & ~shell.umask
        if "m" in options:
            mode = changed_mode(options.value("m"), 0o666, folder=False, umask=shell.umask) or mode
        numbers = [int(each[:6]) if each.isdecimal() else 0 for each in words[2:4]]
        device = (numbers[0], numbers[1]) if len(numbers) > 1 else (0, 0)
        group = facts.own_group(shell)
        made = Node(
            mode, owner=shell.user, group=group, changed=int(time.time()), kind=KINDS[words[1]], device=device
        )
        reason = shell.change(where, made)
        shell.files.has_fifos = shell.files.has_fifos or words[1] == "p"
    if reason:
        raise Failure(f"{facts.quoted_name(words[0])}: {reason}")
    return 0
    yield


@tool
def link(process: Process) -> Running:
    """A second name for a file."""
    options = parse(process, "")
    words = options.operands
    if len(words) < 2:
        after = f" after {quoted(process, words[0])}" if words else ""
        raise Failure(f"missing operand{after}", hint=True)
    if len(words) > 2:
        raise Failure(f"extra operand {quoted(process, words[2])}", hint=True)
    status, _ = yield from process.output_of(["sh", "-c", 'ln "$@" 2>/dev/null', "sh", "--", *words])
    if status:
        there = process.shell.lstat(process.shell.absolute(words[0]))
        reason = "No such file or directory" if there is None else "File exists"
        one, other = quoted(process, words[1]), quoted(process, words[0])
        raise Failure(f"cannot create link {one} to {other}: {reason}")
    return 0


@tool
def pathchk(process: Process) -> Running:
    """Whether names are portable."""
    options = parse(process, "pP", "portability")
    if not options.operands:
        raise Failure("missing operand", hint=True)
    status = 0
    for path in options.operands:
        portable = "p" in options or "portability" in options
        bad = next((char for char in path if char not in PORTABLE), "") if portable else ""
        long = next((part for part in path.split("/") if portable and len(part) > LONGEST_PORTABLE), "")
        if bad:
            process.err(f"pathchk: nonportable character {quoted(process, bad)} in file name '{path}'\n")
        elif long:
            process.err(f"pathchk: limit {LONGEST_PORTABLE} exceeded by length {len(long)} of file name component {quoted(process, long)}\n")  # fmt: skip  # noqa: E501
        status = status or int(bool(bad or long))
    return status
    yield


@tool
def fallocate(process: Process) -> Running:
    """Space for a file."""
    options = parse(
        process, "cdil:no:pvxzV", "length=l offset=o keep-size=n verbose=v punch-hole=p zero-range=z"
    )
    length = size_of(options.value("l")) if "l" in options else None
    if not options.operands:
        raise Failure("no filename specified")
    if length is None:
        raise Failure("no length argument specified" if "l" not in options else f"failed to parse length: '{options.value('l')}'")  # fmt: skip  # noqa: E501
    status, _ = yield from process.output_of(["truncate", "-s", str(length), options.operands[0]])
    return status


@tool
def namei(process: Process) -> Running:
    """Each part of a path."""
    options = parse(
        process, "hlmnovxV", "long=l modes=m owners=o vertical=v nosymlinks=n mountpoints=x help=h"
    )
    if not options.operands:
        raise Failure("pathname argument is missing")
    status = 0
    for path in options.operands:
        process.out(f"f: {path}\n")
        status |= _parts(
            process, path, "" if path.startswith("/") else process.shell.cwd, 1, options.last("lmo")
        )
        yield 0.0
    return status


def _parts(process: Process, path: str, base: str, depth: int, wide: str) -> int:
    """Print the parts of a path below a folder; whether one of them is missing."""
    where = "" if path.startswith("/") else base.rstrip("/")
    names = (["/"] if path.startswith("/") else []) + [each for each in path.split("/") if each]
    for name in names:
        where = "/" if name == "/" else f"{where.rstrip('/')}/{name}"
        node = process.shell.lstat(where)
        indent = " " * (2 * depth - 1)
        if node is None:
            process.out(f"{indent}  {name} - No such file or directory\n")
            return 1
        process.out(_part(indent, name, node, wide))
        if node.target:
            if depth > 20:
                return 1
            folder = where.rpartition("/")[0] or "/"
            if _parts(process, node.target, folder, depth + 1, wide):
                return 1
            where = process.shell.real(where)
    return 0


def _part(indent: str, name: str, node: Node, wide: str) -> str:
    target = f" -> {node.target}" if node.target else ""
    if wide == "l":
        return f"{facts.mode_text(node)} {node.owner} {node.group_name} {indent[1:]}{name}{target}\n"
    if wide in ("m", "o") and wide:
        shown = facts.mode_text(node) if wide == "m" else f"{node.owner} {node.group_name}"
        return f" {shown} {indent[1:]}{name}{target}\n"
    kind = "l" if node.target else "d" if node.folder else node.kind or "-"
    return f"{indent}{kind} {name}{target}\n"


@tool
def flock(process: Process) -> Running:
    """Run a command under a lock that is always free."""
    options = parse(
        process, "sexnuw:oE:Fc:V", "shared=s exclusive=e unlock=u nonblock=n timeout=w close=o", stop=True
    )
    if not options.operands:
        process.err("flock: not enough arguments\nTry 'flock --help' for more information.\n")
        return 64
    path, *words = options.operands
    if path.isdecimal() and not words:
        return 0
    where = process.shell.absolute(path)
    if process.shell.node(where) is None:
        reason = refused(process.shell, where) or process.shell.write(where, b"")
        if reason:
            raise Failure(f"cannot open lock file {path}: {reason}", 66)
    if words[:1] == ["-c"]:
        words = ["sh", "-c", *words[1:2]]
    if not words:
        raise Failure("requires file descriptor, file or directory", 64)
    return (yield from process.call(words))


@tool
def runuser(process: Process) -> Running:
    """Run a command as another user."""
    options = parse(process, "u:g:G:c:s:lmpfP", "user=u command=c shell=s login=l group=g", stop=True)
    words = list(options.operands)
    user = options.value("u") or (words.pop(0) if words and words[0] != "-" else "root")
    if process.shell.user != "root":
        raise Failure("may not be used by non-root users")
    if process.shell.world.accounts.user(user) is None:
        raise Failure(
            f"user {user} does not exist or the user entry does not contain all the required fields"
        )
    if "c" in options or not words:
        inner = [
            "su",
            "-s",
            options.value("s", "/bin/sh"),
            *(["-c", options.value("c")] if "c" in options else []),
        ]
        return (yield from process.call([*inner, user]))
    return (yield from process.call(["sudo", "-u", user, "--", *words]))


@tool
def mcookie(process: Process) -> Running:
    """A random number."""
    parse(process, "f:m:vhV", "file=f max-size=m verbose=v")
    process.out(f"{secrets.token_hex(16)}\n")
    return 0
    yield


@tool
def nologin(process: Process) -> Running:
    """Refuse a login."""
    process.out("This account is currently not available.\n")
    return 1
    yield


COMMANDS: dict[str, Command] = {
    "mknod": mknod, "link": link, "pathchk": pathchk, "fallocate": fallocate, "namei": namei, "flock": flock,
    "runuser": runuser, "mcookie": mcookie, "nologin": nologin,
}  # fmt: skip
