"""What the installer and the packages' scripts write in /etc."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import runlevel_links, unit_links
from .accounts import gshadow_of
from .etc_texts import etc_texts
from .node import Node
from .written_files import written_files

if TYPE_CHECKING:
    from .model import World
    from .packaged import PackagedFiles

OVERRIDDEN = (
    ("/usr/bin/crontab", 0o2755, "crontab"),
    ("/usr/lib/dbus-1.0/dbus-daemon-launch-helper", 0o4754, "messagebus"),
)
"""As dpkg-statoverride(1) lists them."""
LINKS = (
    ("/var/lib/dbus/machine-id", "/etc/machine-id"),
    ("/etc/mtab", "../proc/self/mounts"),
    ("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
)
STUB = b"nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n"


def etc_files(world: World, files: PackagedFiles) -> dict[str, Node]:
    """Files in /etc that the installer and the packages' scripts write."""
    when = world.installed
    found = {
        path: Node(0o644, content=text.encode(), changed=when + 40 + len(path) * 7)
        for path, text in etc_texts(world, files).items()
    }
    identity = world.persona.bytes_for("machine-id", 16).hex().encode() + b"\n"
    found |= _account_files(world, when)
    found["/etc/machine-id"] = Node(0o444, content=identity, changed=when + 12)
    found["/etc/sudoers"] = _moded(files, "/etc/sudoers", 0o440)
    for path, mode, group in OVERRIDDEN:
        node = files.get(path)
        if node is not None:
            found[path] = replace(node, mode=mode, group=group)
    found |= {path: Node(0o777, target=target, changed=when + 30) for path, target in LINKS}
    if world.system.id == "ubuntu":
        found |= _ubuntu_files(world, when)
    if world.system.id in ("debian", "ubuntu"):
        found |= written_files(world)
    return found | unit_links.files(world, files) | runlevel_links.files(world, files)


def _account_files(world: World, when: int) -> dict[str, Node]:
    """passwd and its like, each with the copy from before its last row was added."""
    found = {"/etc/.pwd.lock": Node(0o600, changed=when + 20)}
    accounts = world.accounts
    for name, text, mode, owner in (
        ("passwd", "".join(f"{each.line}\n" for each in accounts.users), 0o644, ""),
        ("group", "".join(f"{each.line}\n" for each in accounts.groups), 0o644, ""),
        ("shadow", world.shadow, 0o640, "shadow"),
        ("gshadow", gshadow_of(accounts), 0o640, "shadow"),
    ):
        before = "".join(text.splitlines(keepends=True)[:-1])
        found[f"/etc/{name}"] = Node(mode, content=text.encode(), group=owner, changed=when + 700)
        found[f"/etc/{name}-"] = Node(mode, content=before.encode(), group=owner, changed=when + 640)
    return found


def _ubuntu_files(world: World, when: int) -> dict[str, Node]:
    """What systemd-resolved and the console setup have on Ubuntu."""
    resolve, owner, started = "/run/systemd/resolve", "systemd-resolve", world.booted() + 6
    return {
        "/etc/vtrgb": Node(0o777, target="/etc/alternatives/vtrgb", changed=when + 30),
        "/etc/resolv.conf": Node(0o777, target=f"..{resolve}/stub-resolv.conf", changed=when + 30),
        resolve: Node(0o755, True, owner=owner, changed=started),
        f"{resolve}/stub-resolv.conf": Node(owner=owner, content=STUB, changed=started),
    }


def _moded(files: PackagedFiles, path: str, mode: int) -> Node:
    node = files.get(path)
    return Node(mode, content=node.content if node else b"", changed=node.changed if node else 0)
