"""Home folders, with what /etc/skel and base-files give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .archive import DATA
from .node import Node

if TYPE_CHECKING:
    from .model import World
    from .packaged import PackagedFiles

OF_ROOT = (
    ("/root/.bashrc", "/usr/share/base-files/dot.bashrc"),
    ("/root/.profile", "/usr/share/base-files/dot.profile"),
)
SKELETON = (".bashrc", ".profile", ".bash_logout")


def home_files(world: World, files: PackagedFiles) -> dict[str, Node]:
    """Home folders with what /etc/skel and base-files give."""
    user = world.user
    home = world.home(user)
    made = world.changed(f"home {user}", 20_000_000)
    found = {home: Node(_mode(world), True, owner=user, changed=made)}
    for path, source in (*OF_ROOT, *((f"{home}/{name}", f"/etc/skel/{name}") for name in SKELETON)):
        node = files.get(source)
        if node is None:
            continue
        if path == "/root/.bashrc" and world.system.id == "ubuntu":
            node = replace(node, content=_ubuntu_bashrc())
        if path.startswith("/root"):
            found[path] = Node(0o644, content=node.content, owner="root", changed=node.changed)
        else:
            found[path] = Node(0o644, content=node.content, owner=user, changed=world.installed + 690)
    for owner, place in (("root", "/root"), (user, home)):
        changed = world.changed(f"history of {owner}", 25_000_000)
        history = Node(0o600, content=world.history(owner), owner=owner, changed=changed)
        found[f"{place}/.bash_history"] = history
    return found


def _mode(world: World) -> int:
    """That of a home folder: HOME_MODE of login.defs, or DIR_MODE of adduser."""
    if world.system.id == "ubuntu" and world.system.version != "20.04":
        return 0o750
    return 0o700 if world.system.version == "12" else 0o755


def _ubuntu_bashrc() -> bytes:
    """/usr/share/base-files/dot.bashrc of Ubuntu."""
    return DATA.joinpath("ubuntu.bashrc.txt").read_bytes()
