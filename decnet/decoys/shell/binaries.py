"""Binaries that visitors bring or copy: which the kernel would start, and which are the machine's own."""

from __future__ import annotations

from ..host.devices.device import BEGINNING
from ..host.elf import X86_64_SYSTEM, fits
from ..host.node import Node
from .state import Shell

MOST_OF_SCRIPT = 4096
"""Characters; a shell seldom gets beyond the first lines."""
PROGRAM_FOLDERS = ("/bin", "/usr/bin", "/sbin", "/usr/sbin")


def runs_quietly(shell: Shell, path: str, node: Node) -> bool:
    """Whether a program is taken to do its work in the background: one that a visitor brought, made for the
    machine's processor, or one of a device's own that has no output here."""
    device = shell.world.device
    if device is not None and shell.real(path) not in shell.files.changes:
        return True
    return fits(node.content, X86_64_SYSTEM if device is None else device.architecture)


def as_script(content: str) -> str:
    """What ash and dash read of a binary that the kernel does not start: they take it for a script."""
    return content[:MOST_OF_SCRIPT].replace("\0", "")


def copy_of(shell: Shell, path: str, node: Node) -> str:
    """The name of the machine's own program that a visitor has copied to `path`; "" if it is none."""
    if shell.real(path) not in shell.files.changes:
        return ""
    nodes = shell.world.nodes
    for folder in PROGRAM_FOLDERS:
        for name in nodes.names(folder):
            own = nodes.get(f"{folder}/{name}")
            if (
                own is not None
                and 0 < own.size == node.size
                and own.content[:BEGINNING] == node.content[:BEGINNING]
            ):
                return name
    return ""
