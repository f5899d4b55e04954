"""Files that the scripts of packages write when they are installed, pam-auth-update(8) for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .archive import DATA
from .node import Node

if TYPE_CHECKING:
    from .model import World

WITHOUT_YESCRYPT = ("20.04",)
LINKS = (
    ("/usr/local/man", "share/man"),
    ("/var/lock", "/run/lock"),
    ("/var/run", "/run"),
)
EMPTY = (("/etc/security/opasswd", 0o600), ("/etc/subgid-", 0o644), ("/etc/subuid-", 0o644))
LOCALES = """# This file lists locales that you wish to have built. You can find a list
# of valid supported locales at /usr/share/i18n/SUPPORTED, and you can add
# user defined locales to /usr/local/share/i18n/SUPPORTED. If you change
# this file, you need to rerun locale-gen.


en_US.UTF-8 UTF-8
"""


def written_files(world: World) -> dict[str, Node]:
    """The files of this release, those of /etc/pam.d with the modules of its packages."""
    when = world.installed + 90
    found = {path: Node(0o777, target=target, changed=when) for path, target in LINKS}
    found |= {path: Node(mode, changed=when) for path, mode in EMPTY}
    found["/etc/dpkg/origins/default"] = Node(0o777, target=world.system.id, changed=when)
    found["/etc/opt"] = Node(0o755, True, changed=when)
    found["/etc/locale.gen"] = Node(0o644, content=LOCALES.encode(), changed=when)
    for part in _parts():
        name, _, body = part.partition("\n")
        system, _, path = name.rpartition(":")
        if system in ("", world.system.id):
            found[path] = Node(0o644, content=_text(world, body).encode(), changed=when)
    return found


def _parts() -> list[str]:
    text = DATA.joinpath("written.txt").read_text("utf-8")
    return ("\n" + text).split("\n==")[1:]


def _text(world: World, body: str) -> str:
    lines = "".join(_line(world, line) for line in f"{body}\n".splitlines(keepends=True))
    return (
        lines.replace("obscure yescrypt", "obscure sha512")
        if world.system.version in WITHOUT_YESCRYPT
        else lines
    )


def _line(world: World, line: str) -> str:
    """A line without its condition, `%PACKAGE` or `%ubuntu`; "" if that is not met."""
    if not line.startswith("%"):
        return line
    name, _, rest = line[1:].partition(" ")
    return rest if name == world.system.id or name in (world.packages or {}) else ""
