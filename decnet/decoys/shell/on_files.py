# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Commands about files and folders."""

import time
from dataclasses import replace

from ..host.node import Node
from .state import Answer, Command, Shell


def ls(shell: Shell, arguments: list[str], given: str) -> Answer:
    flags = "".join(word[1:] for word in arguments if word.startswith("-") and not word.startswith("--"))
    paths = [word for word in arguments if not word.startswith("-")] or ["."]
    error, files, folders = "", [], []
    for path in paths:
        where = shell.absolute(path)
        node = shell.node(where)
        if node is None:
            error += f"ls: cannot access '{path}': No such file or directory\n"
        elif not shell.allowed(where, 4):
            error += f"ls: cannot open directory '{path}': Permission denied\n"
        elif node.folder and "d" not in flags:
            title = f"{path}:\n" if len(paths) > 1 else ""
            folders.append(title + _listing(shell, where, flags))
        else:
            files.append((path, node))
    parts = [_lines(shell, files, flags), *folders] if files else folders
    return Answer("\n".join(parts), error, 2 if error else 0)


def _listing(shell: Shell, where: str, flags: str) -> str:
    names = [
        name for name in shell.entries(where) if "a" in flags or "A" in flags or not name.startswith(".")
    ]
    if "a" in flags:
        names = [".", "..", *names]
    rows = [(name, shell.node(shell.absolute(f"{where}/{name}")) or Node()) for name in names]
    if "t" in flags:
        rows.sort(key=lambda row: -row[1].changed)
    if "r" in flags:
        rows.reverse()
    head = f"total {4 * len(rows)}\n" if "l" in flags else ""
    return head + _lines(shell, rows, flags)


def _lines(shell: Shell, rows: list[tuple[str, Node]], flags: str) -> str:
    if "l" not in flags:
        names = [name for name, _ in rows]
        if not names:
            return ""
        return (
            _columns(names, shell.columns)
            if shell.to_terminal and "1" not in flags
            else "\n".join(names) + "\n"
        )
    width = max((len(str(node.bytes)) for _, node in rows), default=1)
    out = ""
    for name, node in rows:
        when = time.strftime("%b %e %H:%M", time.gmtime(node.changed or shell.world.installed))
        if time.time() - node.changed > 180 * 86400:
            when = time.strftime("%b %e  %Y", time.gmtime(node.changed or shell.world.installed))
        links = 2 if node.folder else 1
        out += f"{_mode(node)} {links} {node.owner:<4} {node.owner:<4} {node.bytes:>{width}} {when} {name}\n"
    return out


def _columns(names: list[str], columns: int) -> str:
    width = max(len(name) for name in names) + 2
    if sum(len(name) + 2 for name in names) <= columns:
        return "  ".join(names) + "\n"
    across = max(1, columns // width)
    rows = -(-len(names) // across)
    return "".join(
        "".join(name.ljust(width) for name in names[row::rows]).rstrip() + "\n" for row in range(rows)
    )  # fmt: skip


def _mode(node: Node) -> str:
    bits = "".join(letter if node.mode >> 8 - at & 1 else "-" for at, letter in enumerate("rwxrwxrwx"))
    if node.mode & 0o1000:
        bits = bits[:-1] + "t"
    return ("d" if node.folder else "l" if node.target else "-") + bits


def read(shell: Shell, path: str) -> tuple[str, str]:
    """A file's text, and the error if it cannot be read."""
    where = shell.absolute(path)
    node = shell.node(where)
    if node is None:
        return "", "No such file or directory"
    if node.folder:
        return "", "Is a directory"
    if not shell.allowed(where, 4):
        return "", "Permission denied"
    return shell.read(where) or "", ""


def mkdir(shell: Shell, arguments: list[str], given: str) -> Answer:
    error = ""
    deep = any(word.startswith("-") and "p" in word for word in arguments)
    for path in (word for word in arguments if not word.startswith("-")):
        where = shell.absolute(path)
        parent = shell.node(where.rsplit("/", 1)[0] or "/")
        reason = ""
        if shell.node(where) is not None:
            reason = "" if deep else "File exists"
        elif (parent is None or not parent.folder) and not deep:
            reason = "No such file or directory"
        elif not shell.allowed(where.rsplit("/", 1)[0] or "/", 2):
            reason = "Permission denied"
        else:
            made = Node(0o755, folder=True, owner=shell.user, changed=int(time.time()))
            parts = where.strip("/").split("/")
            for count in range(1, len(parts) + 1):
                step = "/" + "/".join(parts[:count])
                reason = reason or ("" if shell.node(step) else shell.change(step, made))
        error += f"mkdir: cannot create directory '{path}': {reason}\n" if reason else ""
    return Answer(error=error, status=1 if error else 0)


def rm(shell: Shell, arguments: list[str], given: str) -> Answer:
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    error = ""
    for path in (word for word in arguments if not word.startswith("-")):
        where = shell.absolute(path)
        node = shell.node(where)
        reason = ""
        if node is None:
            reason = "" if "f" in flags else "No such file or directory"
        elif node.folder and "r" not in flags.lower():
            reason = "Is a directory"
        elif not shell.allowed(where.rsplit("/", 1)[0] or "/", 2) or where in ("/proc", "/sys", "/dev"):
            reason = "Permission denied"
        elif where == "/":
            return Answer(error="rm: it is dangerous to operate recursively on '/'\n", status=1)
        else:
            reason = shell.change(where, None)
        error += f"rm: cannot remove '{path}': {reason}\n" if reason else ""
    return Answer(error=error, status=1 if error else 0)


def touch(shell: Shell, arguments: list[str], given: str) -> Answer:
    error = ""
    for path in (word for word in arguments if not word.startswith("-")):
        where = shell.absolute(path)
        reason = "" if shell.node(where) else shell.write(where, b"")
        error += f"touch: cannot touch '{path}': {reason}\n" if reason else ""
    return Answer(error=error, status=1 if error else 0)


def cp(shell: Shell, arguments: list[str], given: str) -> Answer:
    return _copied(shell, [word for word in arguments if not word.startswith("-")], "cp", move=False)


def mv(shell: Shell, arguments: list[str], given: str) -> Answer:
    return _copied(shell, [word for word in arguments if not word.startswith("-")], "mv", move=True)


def _copied(shell: Shell, paths: list[str], name: str, *, move: bool) -> Answer:
    if len(paths) < 2:
        return Answer(
            error=f"{name}: missing file operand\nTry '{name} --help' for more information.\n", status=1
        )
    source, target = shell.absolute(paths[0]), shell.absolute(paths[-1])
    node, there = shell.node(source), shell.node(target)
    if node is None:
        return Answer(error=f"{name}: cannot stat '{paths[0]}': No such file or directory\n", status=1)
    if there is not None and there.folder:
        target = f"{target.rstrip('/')}/{source.rsplit('/', 1)[-1]}"
    if not shell.allowed(target.rsplit("/", 1)[0] or "/", 2):
        return Answer(
            error=f"{name}: cannot create regular file '{paths[-1]}': Permission denied\n", status=1
        )
    reason = shell.change(target, replace(node, owner=shell.user)) or (
        shell.change(source, None) if move else ""
    )
    return Answer(error=f"{name}: {reason}\n" if reason else "", status=1 if reason else 0)


def chmod(shell: Shell, arguments: list[str], given: str) -> Answer:
    words = [word for word in arguments if not word.startswith("-R")]
    if len(words) < 2:
        return Answer(error="chmod: missing operand\nTry 'chmod --help' for more information.\n", status=1)
    error = ""
    for path in words[1:]:
        node = shell.node(shell.absolute(path))
        if node is None:
            error += f"chmod: cannot access '{path}': No such file or directory\n"
            continue
        mode = (
            int(words[0], 8) & 0o7777
            if words[0].isdigit() and not set(words[0]) & set("89")
            else node.mode | 0o111
        )
        shell.change(shell.absolute(path), replace(node, mode=mode))
    return Answer(error=error, status=1 if error else 0)


def nothing(shell: Shell, arguments: list[str], given: str) -> Answer:
    return Answer()


def stat(shell: Shell, arguments: list[str], given: str) -> Answer:
    out, error = "", ""
    for path in (word for word in arguments if not word.startswith("-")):
        node = shell.node(shell.absolute(path))
        if node is None:
            error += f"stat: cannot statx '{path}': No such file or directory\n"
            continue
        kind = "directory" if node.folder else "regular file"
        out += f"  File: {path}\n  Size: {node.bytes:<10}\tBlocks: 8          IO Block: 4096   {kind}\n"
        out += f"Access: ({node.mode:04o}/{_mode(node)})  Uid: (    0/{node.owner:>8})   Gid: (    0/{node.owner:>8})\n"
    return Answer(out, error, 1 if error else 0)


def find(shell: Shell, arguments: list[str], given: str) -> Answer:
    from fnmatch import fnmatchcase

    start = arguments[0] if arguments and not arguments[0].startswith("-") else "."
    where = shell.absolute(start)
    if shell.node(where) is None:
        return Answer(error=f"find: '{start}': No such file or directory\n", status=1)
    name = arguments[arguments.index("-name") + 1] if "-name" in arguments[:-1] else "*"
    paths = sorted(
        path for path in shell.world.nodes if path == where or path.startswith(where.rstrip("/") + "/")
    )
    shown = (start + path[len(where.rstrip("/")) :] if where != "/" else path for path in paths)
    return Answer(
        "".join(path + "\n" for path in shown if fnmatchcase(path.rsplit("/", 1)[-1], name)), delay=0.2
    )


COMMANDS: dict[str, Command] = {
    "ls": ls, "dir": ls, "mkdir": mkdir, "rm": rm, "rmdir": rm, "touch": touch, "cp": cp, "mv": mv, "chmod": chmod,
    "chown": nothing, "chattr": nothing, "ln": nothing, "sync": nothing, "stat": stat, "find": find,
}  # fmt: skip
