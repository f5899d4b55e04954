"""What a visitor's programs may do with the files of the machine, with the errors of its system calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ...host.node import Node
from ...view import LONGEST_NAME, READ_ONLY, TOO_LONG
from ...visitors import LONGEST_PATH, MOST_CHANGES
from ..state import Shell
from .handles import Update

MISSING, DENIED, EXISTS = "No such file or directory", "Permission denied", "File exists"
IS_FOLDER, NO_FOLDER = "Is a directory", "Not a directory"
INVALID, NOT_PERMITTED, NOT_EMPTY = "Invalid argument", "Operation not permitted", "Directory not empty"
FULL, UNSUPPORTED = "No space left on device", "Operation not supported"
LOOP = "Too many levels of symbolic links"
Changed = Callable[[Node], Node]


class Failed(Exception):
    """An operation that the system refuses; `text` is strerror(3)'s."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Files:
    """The files as the user of a shell may use them. Paths are absolute, or from the shell's folder."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def stat(self, path: str) -> Node:
        """The node; links are followed. Raises Failed."""
        where = self._reached(path)
        node = self._shell.node(where)
        if node is None:
            raise Failed(LOOP if self._is_own_target(where) else MISSING)
        return node

    def lstat(self, path: str) -> Node:
        """The same for the link itself."""
        node = self._shell.lstat(self._reached(path))
        if node is None:
            raise Failed(MISSING)
        return node

    def real(self, path: str) -> str:
        """The absolute path without links; its last part need not exist. Raises Failed."""
        where = self._reached(path or ".")
        return self._shell.real(where)

    def names(self, path: str) -> list[str]:
        """The names in a folder, without the two dots. Raises Failed."""
        node = self.stat(path)
        if not node.folder:
            raise Failed(NO_FOLDER)
        self._expect(self._shell.allowed(self._shell.absolute(path), 4))
        return self._shell.entries(self._shell.absolute(path))

    def readable(self, path: str) -> tuple[str, Node]:
        """The real path and the node of a file or folder that may be read. Raises Failed."""
        node = self.stat(path)
        where = self._shell.real(self._shell.absolute(path))
        self._expect(self._shell.allowed(where, 4))
        return where, node

    def update(
        self, path: str, mode: int, *, create: bool = True, truncate: bool = True, exclusive: bool = False
    ) -> Update:
        """Open a file for writing. Raises Failed."""
        shell, where = self._shell, self._reached(path)
        there = shell.node(where)
        if there is not None and create and exclusive:
            raise Failed(EXISTS)
        if there is None and not create:
            raise Failed(MISSING)
        if path.endswith("/"):
            raise Failed(IS_FOLDER if there is None or there.folder else NO_FOLDER)
        where = shell.real(where)
        if there is None and shell.node(where.rpartition("/")[0] or "/") is None:
            raise Failed(MISSING)
        if there is not None and there.kind:
            raise Failed(DENIED)
        self._done(shell.refusal(where))
        if there is None:
            self._done(shell.put(where, b"", 0, mode & 0o7777 & ~shell.umask))
        update = Update(shell, where, truncate=truncate)
        self._done(update.flush())
        return update

    def make_folder(self, path: str, mode: int) -> None:
        """mkdir(2)."""
        where = self._reached(path)
        if self._shell.lstat(where) is not None:
            raise Failed(EXISTS)
        self._alter(where)
        self._set(where, self._new(mode & 0o7777 & ~self._shell.umask, folder=True))

    def remove(self, path: str) -> None:
        """unlink(2)."""
        where = self._reached(path)
        if self.lstat(path).folder:
            raise Failed(IS_FOLDER)
        self._alter(where)
        self._set(where, None)

    def remove_folder(self, path: str) -> None:
        """rmdir(2)."""
        where = self._reached(path)
        if not self.lstat(path).folder:
            raise Failed(NO_FOLDER)
        self._alter(where)
        if self._shell.entries(where):
            raise Failed(NOT_EMPTY)
        self._set(where, None)

    def rename(self, old: str, new: str) -> None:
        """rename(2). A folder moves with all that is in it, up to what a visitor may change."""
        node, source, goal = self.lstat(old), self._reached(old), self._reached(new)
        there = self._shell.lstat(goal)
        if there is not None and there.folder != node.folder:
            raise Failed(IS_FOLDER if there.folder else NO_FOLDER)
        if node.folder and (goal + "/").startswith(source + "/"):
            raise Failed(INVALID)
        if there is not None and there.folder and self._shell.entries(goal):
            raise Failed(NOT_EMPTY)
        self._alter(source)
        self._alter(goal)
        self._move(self._entry(source), self._entry(goal), node)

    def link(self, target: str, path: str) -> None:
        """symlink(2)."""
        where = self._reached(path)
        if not target:
            raise Failed(MISSING)
        if self._shell.lstat(where) is not None:
            raise Failed(EXISTS)
        self._alter(where)
        self._set(where, replace(self._new(0o777), target=target))

    def hard_link(self, old: str, new: str) -> None:
        """link(2): the content is shared until one of the two is changed."""
        node, where = self.lstat(old), self._reached(new)
        if self._shell.lstat(where) is not None:
            raise Failed(EXISTS)
        if node.folder:
            raise Failed(NOT_PERMITTED)
        self._alter(where)
        self._set(where, node)

    def target(self, path: str) -> str:
        """readlink(2)."""
        node = self.lstat(path)
        if not node.target:
            raise Failed(INVALID)
        return node.target

    def set_mode(self, path: str, mode: int) -> None:
        """chmod(2)."""
        self._own(path)
        self._change(path, lambda node: replace(node, mode=mode))

    def set_time(self, path: str, modified: int) -> None:
        """utimes(2)."""
        self._own(path)
        self._change(path, lambda node: replace(node, changed=modified))

    def set_owner(self, path: str, owner: int, group: int) -> None:
        """chown(2)."""
        shell, node = self._shell, self.stat(path)
        if (owner, group) == self.numbers(node):
            return
        if shell.user != "root":
            raise Failed(NOT_PERMITTED)
        accounts = shell.world.accounts
        user, of = accounts.user_of(owner), accounts.group_of(group)
        name, group_name = user.name if user else str(owner), of.name if of else str(group)
        self._change(path, lambda node: replace(node, owner=name, group=group_name))

    def truncate(self, path: str, size: int) -> None:
        """truncate(2)."""
        update = self.update(path, 0, create=False, truncate=False)
        try:
            self._done(update.set_size(size))
        finally:
            update.close()

    def numbers(self, node: Node) -> tuple[int, int]:
        """The numbers of its user and group."""
        world = self._shell.world
        group = world.accounts.group(node.group_name)
        owner = int(node.owner) if node.owner.isdecimal() else world.number_of(node.owner)
        if group is not None:
            return owner, group.gid
        return owner, int(node.group_name) if node.group_name.isdecimal() else owner

    # Parts of these

    def _reached(self, path: str) -> str:
        """The absolute path, if the user may pass all folders on the way."""
        shell = self._shell
        if not path:
            raise Failed(MISSING)
        if len(path) >= LONGEST_PATH or any(len(each) > LONGEST_NAME for each in path.split("/")):
            raise Failed(TOO_LONG)
        where = shell.absolute(path)
        if where != "/":
            passed, folder = shell.passed(where.rpartition("/")[0] or "/")
            for each in [*passed, *([folder] if folder is not None else [])]:
                if not each.folder:
                    raise Failed(NO_FOLDER)
                self._expect(shell.may_enter(each))
            if folder is None:
                raise Failed(MISSING)
        return where

    def _is_own_target(self, where: str) -> bool:
        """Whether a link leads to itself."""
        node = self._shell.lstat(where)
        return node is not None and node.target in (where, where.rpartition("/")[2])

    def _alter(self, where: str) -> None:
        """The entry of a folder is to be made or removed. Raises Failed."""
        shell = self._shell
        folder = where.rpartition("/")[0] or "/"
        above = shell.node(folder)
        if where == "/" or above is None:
            raise Failed("Device or resource busy" if where == "/" else MISSING)
        if shell.real(folder).startswith(("/proc", "/sys")):
            raise Failed(NOT_PERMITTED)
        self._expect(shell.allowed(folder, 2) and shell.allowed(folder, 1))
        there = shell.lstat(where)
        if there is not None and above.mode & 0o1000 and shell.user not in ("root", there.owner, above.owner):
            raise Failed(NOT_PERMITTED)

    def _own(self, path: str) -> None:
        if self._shell.user not in ("root", self.stat(path).owner):
            raise Failed(NOT_PERMITTED)

    def _entry(self, where: str) -> str:
        """The path of a folder's entry, without links in that of the folder."""
        folder, _, name = where.rpartition("/")
        return f"{self._shell.real(folder or '/').rstrip('/')}/{name}"

    def _move(self, source: str, goal: str, node: Node) -> None:
        """Move an entry and, of a folder, all that is in it, without more paths than may be changed."""
        moved = [("", node)]
        if node.folder:
            inner = self._shell.below(source, MOST_CHANGES)
            if inner is None:
                raise Failed(FULL)
            moved += inner
        for name, each in moved:
            self._set_at_once(goal, name, each)
        for name, _ in reversed(moved):
            self._set_at_once(source, name, None)

    def _set_at_once(self, folder: str, name: str, node: Node | None) -> None:
        """Set a node below a folder whose path has no links."""
        path = folder + name
        if len(path) > LONGEST_PATH:
            raise Failed(TOO_LONG)
        if self._shell.world.is_read_only(path):
            raise Failed(READ_ONLY)
        hides = path in self._shell.world.nodes
        self._done("" if self._shell.files.put(path, node, hides=hides) else FULL)

    def _change(self, path: str, changed: Changed) -> None:
        where = self._shell.real(self._reached(path))
        self._set(where, changed(self.stat(path)))

    def _set(self, where: str, node: Node | None) -> None:
        self._done(self._shell.change(where, node))

    def _new(self, mode: int, *, folder: bool = False) -> Node:
        shell = self._shell
        return Node(mode, folder=folder, owner=shell.user, changed=int(time.time()))

    def _done(self, reason: str) -> None:
        if reason:
            raise Failed(reason)

    def _expect(self, allowed: bool) -> None:
        if not allowed:
            raise Failed(DENIED)
