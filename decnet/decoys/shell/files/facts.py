"""What the commands about files share: what stat(2) gives, permissions, quoted names."""

from __future__ import annotations

import zlib
from collections.abc import Generator
from itertools import groupby

from ...host.node import Node
from ...view import TOO_LONG
from ...visitors import LONGEST_PATH
from ..process import Process
from ..state import Shell

READ, WRITE, SEARCH = 4, 2, 1
CAPABLE = ("/usr/bin/ping", "/bin/ping", "/usr/bin/mtr-packet")
"""Programs that may open raw sockets."""
MISSING = "No such file or directory"
DENIED = "Permission denied"
NO_FOLDER = "Not a directory"
PLAIN = frozenset("%+,-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz{}")
SHORT = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r"}
TYPES = {"c": "c", "b": "b", "p": "p", "s": "s"}


def letter_of(node: Node) -> str:
    """The first letter of `ls -l`."""
    if node.folder:
        return "d"
    return "l" if node.target else TYPES.get(node.kind, "-")


def mode_text(node: Node) -> str:
    """`drwxr-xr-x`."""
    mode = node.permissions
    bits = ["rwx"[at % 3] if mode >> 8 - at & 1 else "-" for at in range(9)]
    for bit, at, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if mode & bit:
            bits[at] = letter if bits[at] == "x" else letter.upper()
    return letter_of(node) + "".join(bits)


def is_in_memory(where: str) -> bool:
    """Whether a path is on a file system without blocks (proc, sysfs)."""
    return where.startswith(("/proc/", "/sys/")) or where in ("/proc", "/sys")


def size_of(where: str, node: Node) -> int:
    """st_size."""
    if node.folder and is_in_memory(where):
        return 0
    return node.bytes


def blocks_of(shell: Shell, where: str, node: Node) -> int:
    """st_blocks: units of 512 bytes, on a file system with blocks of 4096."""
    if is_in_memory(where) or (node.target and len(node.target) < 60) or node.kind:
        return 0
    if node.folder and (shell.world.device is not None or f"{where}/".startswith(("/run/", "/dev/"))):
        return 0  # As squashfs, jffs2 and tmpfs have it.
    return -(-node.bytes // 4096) * 8


def inode_of(where: str) -> int:
    """st_ino: the same for a path at all times."""
    if where == "/":
        return 2
    if is_in_memory(where):
        return 4_026_531_840 + zlib.crc32(where.encode("utf-8", "surrogateescape")) % 1_000
    return 131_073 + zlib.crc32(where.encode("utf-8", "surrogateescape")) % 1_700_000


def inode_number(where: str, node: Node | None) -> int:
    """st_ino of what is at a path: names of one file have the same."""
    return inode_of(node.inode or where if node is not None else where)


def _names_of(shell: Shell, where: str, node: Node) -> int:
    """How many names visitors have given a file besides this one."""
    first = node.inode or where
    others = (path for path, each in shell.files.changes.items() if each is not None and each.inode == first)
    own = sum(path not in (where, first) for path in others)
    is_other = where != first and where in shell.files.changes
    return own + (is_other and shell.lstat(first) is not None)


def _links_of_process(where: str) -> int:
    """Those of a folder of a process in /proc, proc(5); 0 for another place."""
    parts = where.split("/")
    if len(parts) < 3 or parts[1] != "proc" or not parts[2].isdecimal():
        return 0
    if len(parts) > 3 and parts[3] == "task":
        return {4: 3, 5: 7}.get(len(parts), 2)
    return 9 if len(parts) == 3 else 2


def links_of(shell: Shell, where: str, node: Node) -> int:
    """st_nlink: a folder has its own, its name's, and one of each folder in it."""
    if not node.folder:
        return node.links + _names_of(shell, where, node)
    if known := _links_of_process(where):
        return known
    names = shell.entries(where)
    inside = (shell.lstat(f"{where.rstrip('/')}/{name}") for name in names)
    return 2 + sum(1 for each in inside if each is not None and each.folder)


def links_in_steps(process: Process, where: str, node: Node) -> Generator[float, None, int]:
    """The same, with pauses: a folder can have thousands of entries."""
    shell = process.shell
    if not node.folder or _links_of_process(where):
        return links_of(shell, where, node)
    count = 2
    for name in shell.entries(where):
        if process.tired:
            yield 0.0
        inside = shell.lstat(f"{where.rstrip('/')}/{name}")
        count += inside is not None and inside.folder
    return count


def uid_of(shell: Shell, node: Node) -> int:
    """st_uid."""
    account = shell.world.accounts.user(node.owner)
    return account.uid if account else int(node.owner) if node.owner.isdecimal() else 1000


def gid_of(shell: Shell, node: Node) -> int:
    """st_gid."""
    group = shell.world.accounts.group(node.group_name)
    if group is not None:
        return group.gid
    return int(node.group_name) if node.group_name.isdecimal() else uid_of(shell, node)


def own_group(shell: Shell) -> str:
    """The group that a new file of this user gets."""
    account = shell.world.accounts.user(shell.user)
    group = shell.world.accounts.group_of(account.gid) if account else None
    return group.name if group else shell.user


def may(shell: Shell, where: str, want: int, node: Node | None = None) -> bool:
    """Whether this user may do that with what is at a path."""
    node = node or shell.node(where)
    if shell.user == "root" or node is None:
        return True
    shift = 6 if node.owner == shell.user else 3 if _is_member(shell, node.group_name) else 0
    return bool(node.mode >> shift & want)


def _is_member(shell: Shell, group: str) -> bool:
    return any(each.name == group for each in shell.world.accounts.groups_of(shell.user))


def why_missing(shell: Shell, path: str, *, follow: bool = True) -> str:
    """Why there is nothing at a path as the user wrote it, as strerror(3) has it; "" if there is."""
    if not path:
        return MISSING
    if len(path) >= LONGEST_PATH:
        return TOO_LONG
    where = shell.absolute(path)
    passed, above = shell.passed(parent_of(where))
    for folder in (*passed, above):
        if folder is None:
            return MISSING
        if not folder.folder:
            return NO_FOLDER
        if not may(shell, where, SEARCH, folder):
            return DENIED
    node = shell.node(where) if follow or path.endswith("/") else shell.lstat(where)
    if node is None:
        link = shell.lstat(where)
        return "Too many levels of symbolic links" if link and shell.loops(where) else MISSING
    return NO_FOLDER if path.endswith("/") and not node.folder else ""


def parent_of(where: str) -> str:
    """The folder of an absolute path."""
    return where.rpartition("/")[0] or "/"


def quoted_name(text: str) -> str:
    """A name in quotes as coreutils show it in their errors (shell-escape-always)."""
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        return _escaped(text)
    if "'" in text and not set(text) & set('"$`\\!'):
        return f'"{text}"'
    return "'" + text.replace("'", "'\\''") + "'"


def shell_name(text: str) -> str:
    """A name as coreutils show it on a terminal: in quotes only if it needs them."""
    if text and not set(text) - PLAIN and text[0] not in "#~":
        return text
    if text and all(char in PLAIN or ord(char) > 127 for char in text):
        return text
    if (
        text
        and not set(text) & set(" \t\n!\"$&'()*;<=>?[\\^`|")
        and text[0] not in "#~"
        and text.isprintable()
    ):
        return text
    return quoted_name(text)


def _escaped(text: str) -> str:
    out = ""
    for is_control, group in groupby(text, lambda char: ord(char) < 32 or ord(char) == 127):
        if is_control:
            codes = "".join("\\" + SHORT.get(ord(char), f"{ord(char):03o}") for char in group)
            out = (out or "''") + f"$'{codes}'"
        else:
            out += "'" + "".join(group).replace("'", "'\\''") + "'"
    return out
