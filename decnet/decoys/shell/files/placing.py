# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What programs that unpack archives share: files made from members, within bounds."""

from __future__ import annotations

from ...host.node import FILE, FOLDER, LINK, Node
from ..state import Shell
from . import facts
from .making import make_folder, refused

MOST_MEMBERS, MOST_UNPACKED = 500, 4 * 1024 * 1024
"""Of one archive: files, and bytes in all of them."""
TYPE = 0o170000


def make_parents(shell: Shell, where: str) -> str:
    """Make the folders above an absolute path; the error."""
    steps = facts.parent_of(where).strip("/").split("/")
    for count in range(1, len(steps) + 1):
        step = "/" + "/".join(steps[:count])
        if shell.node(step) is None and (reason := refused(shell, step) or make_folder(shell, step, 0o755)):
            return reason
    return ""


def placed(shell: Shell, where: str, mode: int, data: bytes, when: int) -> str:
    """Make a folder, link or file by the type in `mode` (st_mode); the error. `when`: seconds since the epoch."""
    from dataclasses import replace

    if reason := refused(shell, where):
        return reason
    kind, bits = mode & TYPE, mode & 0o7777
    if kind == FOLDER:
        node = shell.node(where)
        return "" if node is not None and node.folder else make_folder(shell, where, bits)
    if kind == LINK:
        target = data.decode("utf-8", "surrogateescape")
        return shell.change(
            where, Node(0o777, target=target, owner=shell.user, group=facts.own_group(shell), changed=when)
        )
    if kind not in (FILE, 0):
        return "Operation not permitted"
    reason = shell.write(where, data, bits)
    node = shell.lstat(where)
    if not reason and node is not None:
        reason = shell.change(where, replace(node, changed=when, mode=bits))
    return reason


def inside(name: str) -> str:
    """A member's name without what would lead out of the folder."""
    return "/".join(part for part in name.split("/") if part not in ("", ".", ".."))
