# ruff: noqa: E501 (options and messages)
"""mkdir, rmdir, touch, mktemp, truncate, mkfifo and ln."""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator, Iterator
from dataclasses import replace

from ...host.node import Node
from ...view import READ_ONLY, TOO_LONG
from ...visitors import LONGEST_PATH
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, quoted, size_of, tool
from . import facts
from .asking import confirmed
from .modes import changed_mode


def refused(shell: Shell, where: str) -> str:
    """Why this user cannot make or remove a name, "" if he can."""
    folder = facts.parent_of(where)
    node = shell.node(folder)
    if node is None:
        return facts.MISSING
    if not node.folder:
        return facts.NO_FOLDER
    if facts.is_in_memory(where):
        return facts.MISSING if shell.lstat(where) is None else "Operation not permitted"
    if shell.world.is_read_only(f"{shell.real(folder).rstrip('/')}/{where.rpartition('/')[2]}"):
        return READ_ONLY
    return "" if facts.may(shell, folder, facts.WRITE) else facts.DENIED


def make_folder(shell: Shell, where: str, mode: int) -> str:
    """Make an empty folder; the error. What the machine had there before is not in it."""
    made = Node(mode, folder=True, owner=shell.user, group=facts.own_group(shell), changed=int(time.time()))
    reason = shell.change(where, made)
    for name in shell.entries(where) if not reason else []:
        reason = reason or shell.change(f"{where.rstrip('/')}/{name}", None)
    return reason


@tool
def mkdir(process: Process) -> Running:
    """Make folders."""
    options = parse(process, "m:pvZ", "mode=m parents=p verbose=v context::")
    if not options.operands:
        raise Failure("missing operand", hint=True)
    shell, status = process.shell, 0
    mode = 0o777 & ~shell.umask
    if "m" in options:
        wanted = changed_mode(options.value("m"), 0o777, folder=True, umask=shell.umask)
        if wanted is None:
            raise Failure(f"invalid mode {quoted(process, options.value('m'))}")
        mode = wanted
    for path in options.operands:
        if not (yield from _made(process, options, path, mode)):
            status = 1
        yield 0.0
    return status


def _made(process: Process, options: Options, path: str, mode: int) -> Generator[float, None, bool]:
    shell = process.shell
    if len(path) >= LONGEST_PATH:
        process.err(f"mkdir: cannot create directory {quoted(process, path)}: {TOO_LONG}\n")
        return False
    parts = [part for part in path.split("/") if part]
    first = 1 if "p" in options else len(parts)
    for count in range(max(first, 1), len(parts) + 1):
        yield 0.0
        shown = ("/" if path.startswith("/") else "") + "/".join(parts[:count])
        last = count == len(parts)
        where, there = shell.absolute(shown), shell.node(shell.absolute(shown))
        if there is not None and "p" in options:
            if there.folder:
                continue
            reason = facts.NO_FOLDER if not last else "File exists"
        elif shell.lstat(where) is not None:
            reason = "File exists"
        else:
            reason = facts.why_missing(shell, shown) if not last else ""
            reason = "" if reason == facts.MISSING else reason
            reason = (
                reason
                or refused(shell, where)
                or make_folder(shell, where, mode if last else 0o777 & ~shell.umask)
            )
        if reason:
            process.err(
                f"mkdir: cannot create directory {quoted(process, shown if 'p' in options and not last else path)}: {reason}\n"
            )
            return False
        if "v" in options:
            busybox = process.shell.world.system.busybox
            created = "created directory:" if busybox else "mkdir: created directory"
            ends = "/" if process.applet and not last else ""
            name = f"'{shown}{ends}'" if process.applet else facts.quoted_name(shown)
            process.out(f"{created} {name}\n")
    if not parts:
        if "p" in options and path:
            return True
        reason = "File exists" if path else facts.MISSING
        process.err(f"mkdir: cannot create directory {quoted(process, path)}: {reason}\n")
        return False
    return True


@tool
def rmdir(process: Process) -> Running:
    """Remove empty folders."""
    options = parse(process, "pv", "parents=p verbose=v ignore-fail-on-non-empty=i")
    if not options.operands:
        raise Failure("missing operand", hint=True)
    status = 0
    for path in options.operands:
        for shown in _chain(path, to_root=process.applet) if "p" in options else (path,):
            yield 0.0
            if "v" in options:
                process.out(f"rmdir: removing directory, {facts.quoted_name(shown)}\n")
            reason = _folder_removed(process.shell, shown)
            if reason == "Directory not empty" and "i" in options:
                break
            if reason:
                what = "directory " if shown != path and not process.applet else ""
                reason = "Device or resource busy" if shown == "/" and process.applet else reason
                process.err(f"rmdir: failed to remove {what}{facts.quoted_name(shown)}: {reason}\n")
                status = 1
                break
        yield 0.0
    return status


def _chain(path: str, *, to_root: bool) -> Iterator[str]:
    """A path, and those of the folders above it as far as they are written in it. `to_root`: also the root."""
    yield path
    while "/" in path.strip("/") or (to_root and path.startswith("/") and path != "/"):
        path = path.rstrip("/").rpartition("/")[0] or "/"
        yield path


def _folder_removed(shell: Shell, path: str) -> str:
    where = shell.absolute(path)
    reason = facts.why_missing(shell, path, follow=False)
    node = shell.lstat(where)
    if reason or node is None:
        return reason
    if not node.folder:
        return facts.NO_FOLDER
    if path.rstrip("/").rpartition("/")[2] == ".":
        return "Invalid argument"
    if shell.entries(where):
        return "Directory not empty"
    return _busy(where) or refused(shell, where) or shell.change(where, None)


def _busy(where: str) -> str:
    return (
        "Device or resource busy"
        if where in ("/", "/dev", "/proc", "/sys", "/run", "/dev/shm", "/dev/pts", "/boot/efi")
        else ""
    )


@tool
def touch(process: Process) -> Running:
    """Set times, and make files that do not exist."""
    options = parse(process, "acd:fhmr:t:", "no-create=c date=d no-dereference=h reference=r time:")
    if not options.operands:
        raise Failure("missing file operand", hint=True)
    shell, status = process.shell, 0
    when = _time(process, options)
    for path in options.operands:
        where = shell.absolute(path)
        reason = facts.why_missing(shell, path, follow="h" not in options)
        if not reason:
            node = shell.lstat(where) if "h" in options else shell.node(where)
            place = where if "h" in options else shell.real(where)
            if (
                node is not None
                and shell.user not in ("root", node.owner)
                and not facts.may(shell, where, facts.WRITE)
            ):
                reason = facts.DENIED
            elif node is not None and not facts.is_in_memory(where):
                only_access = "a" in options and "m" not in options
                reason = "" if only_access else shell.change(place, replace(node, changed=when))
        elif reason == facts.MISSING and ("c" in options or "h" in options):
            reason = "" if "c" in options else reason
        elif reason == facts.MISSING and path and not path.endswith("/"):
            reason = refused(shell, where) or shell.write(where, b"", 0o666 & ~shell.umask)
            node = shell.node(where)
            if node is not None and not reason and options.last("drt"):
                shell.change(shell.real(where), replace(node, changed=when))
        if reason:
            verb = (
                "setting times of"
                if "h" in options or reason == facts.NO_FOLDER and path.endswith("/")
                else "cannot touch"
            )
            process.err(f"touch: {verb} {facts.quoted_name(path)}: {reason}\n")
            status = 1
        yield 0.0
    return status


def _time(process: Process, options: Options) -> int:
    if "r" in options:
        path = options.value("r")
        reason = facts.why_missing(process.shell, path)
        node = process.shell.node(process.shell.absolute(path))
        if reason or node is None:
            raise Failure(f"failed to get attributes of {facts.quoted_name(path)}: {reason}")
        return node.changed
    if "t" in options:
        text = options.value("t")
        digits, _, seconds = text.partition(".")
        form = {8: "%m%d%H%M", 10: "%y%m%d%H%M", 12: "%Y%m%d%H%M"}.get(len(digits), "")
        try:
            parts = time.strptime(digits + (seconds or "00"), form + "%S") if form else None
        except ValueError:
            parts = None
        if parts is None:
            raise Failure(f"invalid date format {quoted(process, text)}")
        import calendar

        year = time.gmtime().tm_year if form.startswith("%m") else parts.tm_year
        return calendar.timegm((year, *parts[1:6]))
    if "d" in options:
        from ..text.moments import moment

        try:
            return int(moment(process, options.value("d"), time.time()))
        except Failure:
            raise Failure(f"invalid date format {quoted(process, options.value('d'))}") from None
    return int(time.time())


@tool
def mktemp(process: Process) -> Running:
    """Make a file or a folder with a new name."""
    options = parse(process, "dp:qtuV", "directory=d tmpdir=P:: quiet=q dry-run=u suffix:")
    if len(options.operands) > 1:
        raise Failure("too many templates", hint=True)
    shell = process.shell
    template = options.operands[0] if options.operands else "tmp.XXXXXXXXXX"
    suffix = options.value("suffix")
    if not suffix and "X" in template:
        end = template.rindex("X") + 1
        template, suffix = template[:end], template[end:]
    blanks = len(template) - len(template.rstrip("X"))
    if blanks < 3:
        raise Failure(f"too few X's in template {quoted(process, template + suffix)}")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    name = template[:-blanks] + "".join(secrets.choice(letters) for _ in range(blanks)) + suffix
    base = options.value("p") or options.value("P")
    if options.last("pPt") or not options.operands:
        base = (
            (base if base and "t" not in options else "") or shell.variables.get("TMPDIR") or base or "/tmp"
        )
        name = f"{base.rstrip('/')}/{name}"
        template = f"{base.rstrip('/')}/{template}"
    where = shell.absolute(name)
    reason = refused(shell, where)
    if not reason and "u" not in options:
        reason = make_folder(shell, where, 0o700) if "d" in options else shell.put(where, b"", 0, 0o600)
    yield 0.0
    if reason:
        kind = "directory" if "d" in options else "file"
        message = f"failed to create {kind} via template {quoted(process, template + suffix)}: {reason}"
        raise Failure("" if "q" in options else message)
    process.out(name + "\n")
    return 0


@tool
def truncate(process: Process) -> Running:
    """Set the size of files."""
    options = parse(process, "cor:s:", "no-create=c io-blocks=o reference=r size=s")
    if not options.last("sr"):
        raise Failure(
            f"you must specify either {quoted(process, '--size')} or {quoted(process, '--reference')}",
            hint=True,
        )
    if not options.operands:
        raise Failure("missing file operand", hint=True)
    text = options.value("s", "0")
    sign = text[0] if text[:1] in "+-<>/%" else ""
    number = size_of(text.removeprefix(sign), "kKMGTPEZY")
    if number is None:
        raise Failure(f"Invalid number: {quoted(process, text)}")
    shell, status = process.shell, 0
    if "r" in options:
        reference = shell.node(shell.absolute(options.value("r")))
        if reference is None:
            raise Failure(f"cannot stat {facts.quoted_name(options.value('r'))}: {facts.MISSING}")
        number = reference.bytes
    for path in options.operands:
        where = shell.absolute(path)
        node = shell.node(where)
        if node is None and "c" in options:
            continue
        reason = shell.refusal(where)
        if reason:
            process.err(f"truncate: cannot open {facts.quoted_name(path)} for writing: {reason}\n")
            status = 1
            continue
        size = node.bytes if node else 0
        target = {
            "+": size + number,
            "-": max(0, size - number),
            "<": min(size, number),
            ">": max(size, number),
        }.get(sign, number)
        if sign in ("/", "%") and number:
            target = size // number * number if sign == "/" else -(-size // number) * number
        kept = (node.data if node else b"")[:target]
        shell.put(where, kept.ljust(min(target, 65_536), b"\0"), target, 0o666 & ~shell.umask)
        yield 0.0
    return status


@tool
def mkfifo(process: Process) -> Running:
    """Make named pipes."""
    options = parse(process, "m:Z", "mode=m context::")
    if not options.operands:
        raise Failure("missing operand", hint=True)
    shell, status = process.shell, 0
    for path in options.operands:
        where = shell.absolute(path)
        reason = "File exists" if shell.lstat(where) else refused(shell, where)
        mode = changed_mode(options.value("m", "a=rw"), 0o666, folder=False, umask=shell.umask) or 0o666
        mode = mode if "m" in options else 0o666 & ~shell.umask
        made = Node(mode, owner=shell.user, group=facts.own_group(shell), changed=int(time.time()), kind="p")
        reason = reason or shell.change(where, made)
        shell.files.has_fifos = True
        if reason:
            process.err(f"mkfifo: cannot create fifo {facts.quoted_name(path)}: {reason}\n")
            status = 1
        yield 0.0
    return status


@tool
def ln(process: Process) -> Running:
    """Make links."""
    options = parse(
        process,
        "bdfFiLnPrst:S:TvV",
        "symbolic=s force=f interactive=i no-dereference=n relative=r target-directory=t no-target-directory=T verbose=v backup:: suffix=S physical=P logical=L",
    )
    words = list(options.operands)
    if not words:
        raise Failure("missing file operand", hint=True)
    shell, status = process.shell, 0
    folder = options.value("t")
    if not folder and len(words) > 1 and "T" not in options:
        there = (
            shell.node(shell.absolute(words[-1]))
            if "n" not in options
            else shell.lstat(shell.absolute(words[-1]))
        )
        if there is not None and there.folder:
            folder = words.pop()
        elif len(words) > 2:
            raise Failure(
                f"target {facts.quoted_name(words[-1])}"
                + (": No such file or directory" if there is None else " is not a directory")
            )
    if "T" in options and len(words) < 2:
        raise Failure(f"missing destination file operand after {facts.quoted_name(words[0])}", hint=True)
    pairs = (
        [(words[0], words[1])]
        if len(words) == 2 and not folder
        else [
            (word, f"{(folder or '.').rstrip('/')}/{word.rstrip('/').rpartition('/')[2]}") for word in words
        ]
    )
    for source, target in pairs:
        shown = (
            target.removeprefix("./")
            if not folder and len(words) == 1 and not target.startswith("../")
            else target
        )
        shown = target if len(words) == 1 else shown
        asks = options.last("fi") == "i" and shell.lstat(shell.absolute(shown)) is not None
        if asks and not (yield from confirmed(process, f"ln: replace {facts.quoted_name(shown)}? ")):
            continue
        if not _linked(process, options, source, shown, replaces=options.last("fi") in ("f", "i")):
            status = 1
        yield 0.0
    return status


def _linked(process: Process, options: Options, source: str, target: str, *, replaces: bool) -> bool:
    shell, symbolic = process.shell, "s" in options
    where, text = shell.absolute(target), source
    there = shell.lstat(where)
    kind = "symbolic link" if symbolic else "hard link"
    made: Node | None = None
    if symbolic:
        if "r" in options:
            text = _relative(facts.parent_of(shell.real(where)), shell.absolute(source))
        made = Node(
            0o777, target=text, owner=shell.user, group=facts.own_group(shell), changed=int(time.time())
        )
    else:
        reason = facts.why_missing(shell, source, follow=False)
        made = shell.lstat(shell.absolute(source))
        if reason or made is None:
            process.err(f"ln: failed to access {facts.quoted_name(source)}: {reason}\n")
            return False
        if made.folder:
            process.err(f"ln: {facts.shell_name(source)}: hard link not allowed for directory\n")
            return False
        if not made.target:
            made = replace(made, inode=made.inode or real_name(shell, source))
    if there is not None and not replaces:
        reason = "File exists"
    elif there is not None and there.folder:
        process.err(f"ln: {facts.shell_name(target)}: cannot overwrite directory\n")
        return False
    else:
        reason = (
            (facts.MISSING if symbolic and not text else "")
            or refused(shell, where)
            or shell.change(where, made)
        )
    if reason:
        arrow = f" => {facts.quoted_name(source)}" if not symbolic and reason != "File exists" else ""
        process.err(f"ln: failed to create {kind} {facts.quoted_name(target)}{arrow}: {reason}\n")
        return False
    if "v" in options:
        process.out(f"{facts.quoted_name(target)} {'->' if symbolic else '=>'} {facts.quoted_name(text)}\n")
    return True


def real_name(shell: Shell, path: str) -> str:
    """The path without links in its folders."""
    where = shell.absolute(path)
    folder, _, name = where.rpartition("/")
    return f"{shell.real(folder or '/').rstrip('/')}/{name}"


def _relative(base: str, path: str) -> str:
    one, two = [each.strip("/").split("/") if each != "/" else [] for each in (base, path)]
    same = 0
    while same < min(len(one), len(two)) and one[same] == two[same]:
        same += 1
    return "/".join([".."] * (len(one) - same) + two[same:]) or "."


COMMANDS: dict[str, Command] = {
    "mkdir": mkdir,
    "rmdir": rmdir,
    "touch": touch,
    "mktemp": mktemp,
    "truncate": truncate,
    "mkfifo": mkfifo,
    "ln": ln,
}
