# ruff: noqa: E501 (options and messages)
"""file, lsattr, chattr, getfattr, getcap and whereis."""

from __future__ import annotations

from ...host.node import Node
from ..process import Command, Process, Running
from ..text.common import Failure, Options, content, parse, text_of, tool
from . import facts
from .kinds import encoding_of, kind_of_content

USAGE = """\
Usage: file [-bcCdEhikLlNnprsSvzZ0] [--apple] [--extension] [--mime-encoding]
            [--mime-type] [-e <testname>] [-F <separator>]  [-f <namefile>]
            [-m <magicfiles>] [-P <parameter=value>] [--exclude-quiet]
            <file> ...
       file -C [-m <magicfiles>]
       file [--help]
"""
MIME_OF_NODE = {"c": "inode/chardevice", "b": "inode/blockdevice", "p": "inode/fifo", "s": "inode/socket"}


@tool
def file(process: Process) -> Running:
    """What kind of content files have."""
    try:
        options = parse(
            process,
            "bciLhikmpNnrsSvzZ0CdElf:F:m:e:P:",
            "brief=b mime=i mime-type mime-encoding dereference=L no-dereference=h version=v no-pad=N print0=0 "
            "separator=F files-from=f special-files=s uncompress=z keep-going=k exclude=e extension raw=r",
        )
    except Failure as failure:
        raise Failure(f"{failure.message}\n{USAGE.rstrip()}") from None
    if "v" in options:
        process.out("file-5.44\nmagic file from /etc/magic:/usr/share/misc/magic\n")
        return 0
    paths = options.operands
    if "f" in options:
        paths = [*text_of(content(process, options.value("f"))).split("\n"), *paths]
        paths = [path for path in paths if path]
    if not paths:
        process.err(USAGE)
        return 1
    names = ["/dev/stdin" if path == "-" else path for path in paths]
    width = max(map(len, names))
    sign = options.value("F", ":")
    for path, name in zip(paths, names, strict=True):
        space = "" if "N" in options else " " * (width - len(name))
        front = (
            "" if "b" in options else f"{name}\0{sign} {space}" if "0" in options else f"{name}{sign} {space}"
        )
        process.out(f"{front}{_kind(process, path, options)}\n")
        yield 0.0
    return 0


def _kind(process: Process, path: str, options: Options) -> str:
    shell, data = process.shell, b""
    where = shell.absolute(path)
    if path == "-":
        return _shown(*kind_of_content(process.given, None), encoding_of(process.given), options)
    follow = "L" in options
    reason = facts.why_missing(shell, path, follow=follow)
    node = shell.node(where) if follow else shell.lstat(where)
    if reason or node is None:
        return f"cannot open `{path}' ({reason})"
    if node.folder:
        return _shown(f"{_bits(node)}directory", "inode/directory", "binary", options)
    if node.target:
        broken = "broken " if shell.node(where) is None else ""
        return _shown(f"{broken}symbolic link to {node.target}", "inode/symlink", "binary", options)
    if node.kind and "s" in options and where == "/dev/null":
        return _shown("empty", "inode/x-empty", "binary", options)
    if node.kind:
        names = {"c": "character special", "b": "block special", "p": "fifo (named pipe)", "s": "socket"}
        number = f" ({node.device[0]}/{node.device[1]})" if node.kind in ("c", "b") else ""
        return _shown(names[node.kind] + number, MIME_OF_NODE[node.kind], "binary", options)
    if not facts.may(shell, where, facts.READ, node):
        return "regular file, no read permission"
    data = node.data
    text, mime = kind_of_content(data, node)
    return _shown(_bits(node).rstrip(", ") + " " * bool(_bits(node)) + text, mime, encoding_of(data), options)


def _shown(text: str, mime: str, encoding: str, options: Options) -> str:
    if "mime-encoding" in options:
        return encoding
    if "mime-type" in options:
        return mime
    if "extension" in options:
        return "???"
    is_binary = not mime.startswith(("text/", "application/json", "application/javascript"))
    return f"{mime}; charset={'binary' if is_binary else encoding}" if "i" in options else text


def _bits(node: Node) -> str:
    bits = ((0o4000, "setuid"), (0o2000, "setgid"), (0o1000, "sticky"))
    return "".join(f"{name}, " for bit, name in bits if node.mode & bit)


@tool
def lsattr(process: Process) -> Running:
    """The attributes of an ext4 file system."""
    options = parse(process, "RVadlpv")
    shell, status = process.shell, 0
    for path in options.operands or ["."]:
        where = shell.absolute(path)
        node = shell.lstat(where)
        if node is None:
            process.err(f"lsattr: {facts.MISSING} while trying to stat {path}\n")
            status = 1
            continue
        names = [path]
        if node.folder and "d" not in options:
            names = [
                f"{path.rstrip('/')}/{name}"
                for name in shell.entries(where)
                if "a" in options or not name.startswith(".")
            ]
        for name in names:
            found = shell.lstat(shell.absolute(name))
            if found is not None and not found.target and not found.kind:
                immutable = "i" if shell.notes.get(f"immutable {shell.absolute(name)}") else "-"
                process.out(f"----{immutable}---------e------- {name}\n")
        yield 0.0
    return status


@tool
def chattr(process: Process) -> Running:
    """Set attributes; +i and -i are remembered for lsattr."""
    words = [word for word in process.args if word not in ("-R", "-V", "-f")]
    changes = [word for word in words if word[:1] in "+-=" and len(word) > 1]
    paths = [word for word in words if word not in changes]
    yield 0.0
    if not changes or not paths:
        process.err("Usage: chattr [-RVf] [-+=aAcCdDeijPsStTuFx] [-p project] [-v version] files...\n")
        return 1
    shell, status = process.shell, 0
    for path in paths:
        if shell.node(shell.absolute(path)) is None:
            process.err(f"chattr: {facts.MISSING} while trying to stat {path}\n")
            status = 1
        elif shell.user != "root":
            process.err(f"chattr: Operation not permitted while setting flags on {path}\n")
            status = 1
        else:
            for change in changes:
                if "i" in change and len(shell.notes) < 100:
                    shell.notes[f"immutable {shell.absolute(path)}"] = "" if change[0] == "-" else "i"
    return status


@tool
def whereis(process: Process) -> Running:
    """Programs, their sources and manual pages."""
    options = parse(process, "bmsulfB:M:S:")
    shell = process.shell
    for name in options.operands:
        found = [f"{folder}/{name}" for folder in ("/usr/bin", "/usr/sbin", "/usr/lib", "/etc", "/usr/games", "/usr/local/bin", "/usr/share")
                 if shell.node(f"{folder}/{name}") is not None] if not options.last("ms") or "b" in options else []  # fmt: skip
        if not options.last("bs") or "m" in options:
            found += [
                f"/usr/share/man/man{section}/{name}.{section}.gz"
                for section in range(1, 9)
                if shell.node(f"/usr/share/man/man{section}/{name}.{section}.gz") is not None
            ]
        process.out(f"{name}:" + "".join(f" {path}" for path in found) + "\n")
        yield 0.0
    return 0


@tool
def getfattr(process: Process) -> Running:
    """No file has extended attributes."""
    status = 0
    for path in (word for word in process.args if not word.startswith("-")):
        if process.shell.node(process.shell.absolute(path)) is None:
            process.err(f"getfattr: {path}: {facts.MISSING}\n")
            status = 1
    yield 0.0
    if not process.args:
        raise Failure("", 1)
    return status


COMMANDS: dict[str, Command] = {
    "file": file,
    "lsattr": lsattr,
    "chattr": chattr,
    "whereis": whereis,
    "getfattr": getfattr,
}
