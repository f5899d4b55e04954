"""Accounts of users who log in although the machine does not have them: they get one for their visitor."""

from __future__ import annotations

from dataclasses import replace

from .host.node import Node
from .host.world import World
from .view import UserView
from .visitors import VisitorFiles

FIRST_ID = 1000
LAST_ID = 60000
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
LONGEST_NAME = 32
DOTFILES = (".bash_logout", ".bashrc", ".profile", ".bash_profile")


def settle(world: World, files: VisitorFiles, user: str) -> None:
    """Add the user to the files of accounts, with a home folder, unless he is there."""
    if world.accounts.user(user) or not set(user) <= LETTERS or not 0 < len(user) <= LONGEST_NAME:
        return
    view = UserView(world, "root", files)
    lines = [line.split(":") for line in (view.read("/etc/passwd") or "").splitlines()]
    if not lines or any(line[0] == user for line in lines):
        return
    taken = {int(line[2]) for line in lines if len(line) > 2 and line[2].isdecimal() and len(line[2]) < 9}
    number = next((each for each in range(FIRST_ID, LAST_ID) if each not in taken), LAST_ID)
    home = world.home(user)
    _append(view, "/etc/passwd", f"{user}:x:{number}:{number}::{home}:{world.system.shell}\n")
    _append(view, "/etc/group", f"{user}:x:{number}:\n")
    _append(view, "/etc/shadow", f"{user}:*:{world.installed // 86400}:0:99999:7:::\n")
    _make_home(world, view, user, home)


def _append(view: UserView, path: str, line: str) -> None:
    content = view.content(path)
    if content is not None:
        content += line.encode()
        view.put(path, content, len(content))


def _make_home(world: World, view: UserView, user: str, home: str) -> None:
    if view.node(home) is not None or view.node(home.rpartition("/")[0] or "/") is None:
        return
    view.change(home, Node(0o755, folder=True, owner=user, changed=world.installed))
    for name in DOTFILES:
        node = view.node(f"/etc/skel/{name}") or view.node(f"{world.home(world.user)}/{name}")
        if node is not None:
            view.change(f"{home}/{name}", replace(node, owner=user, group="", changed=world.installed))
