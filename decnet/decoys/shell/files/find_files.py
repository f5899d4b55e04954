"""Tests of find that compare a file with others: links, times, owners, file systems."""

import re
from dataclasses import replace

from ...host.disk import filesystem_of
from ..text.common import Failure, quoted
from ..text.moments import moment
from . import facts
from .find_tests import Entry, Test, Tests, entry_of, kind_of, pure

NEWER = re.compile(r"-newer([aBcm])([aBcmt])")


class FileTests(Tests):
    """Makes these tests; the methods are found by name."""

    def _on_xdev(self, word: str) -> Test:
        self._search.stays = True
        return pure(lambda entry: True)

    _on_mount = _on_xdev

    def _on_follow(self, word: str) -> Test:
        self._search.follows = "L"
        return pure(lambda entry: True)

    def _known(self, name: str, what: str, *, known: bool) -> None:
        process = self._search.process
        if not process.shell.world.system.busybox and not known and not name.isdecimal():
            raise Failure(f"{quoted(process, name)} is not the name of {what}")

    def _on_user(self, word: str) -> Test:
        name, shell = self._argument(word), self._search.process.shell
        self._known(
            name, "a known user", known=shell.world.accounts.user(name) is not None or self._listed(name)
        )
        return pure(lambda entry: entry.node.owner == name or str(facts.uid_of(shell, entry.node)) == name)

    def _listed(self, name: str) -> bool:
        text = self._search.process.shell.read("/etc/passwd") or ""
        return any(line.startswith(f"{name}:") for line in text.splitlines())

    def _on_group(self, word: str) -> Test:
        name, shell = self._argument(word), self._search.process.shell
        groups = {line.partition(":")[0] for line in (shell.read("/etc/group") or "").splitlines()}
        self._known(name, "an existing group", known=name in groups)
        return pure(
            lambda entry: entry.node.group_name == name or str(facts.gid_of(shell, entry.node)) == name
        )

    def _on_uid(self, word: str) -> Test:
        shell = self._search.process.shell
        return self._number(word, lambda entry: facts.uid_of(shell, entry.node))

    def _on_gid(self, word: str) -> Test:
        shell = self._search.process.shell
        return self._number(word, lambda entry: facts.gid_of(shell, entry.node))

    def _on_nouser(self, word: str) -> Test:
        return pure(lambda entry: entry.node.owner.isdecimal())

    def _on_nogroup(self, word: str) -> Test:
        return pure(lambda entry: entry.node.group_name.isdecimal())

    def _other(self, word: str) -> Entry:
        process, path = self._search.process, self._argument(word)
        other = entry_of(process, path, 0, path, follow=self._search.follows in ("H", "L"))
        if other is None:
            begin = "can't stat " if process.applet else ""
            raise Failure(f"{begin}{quoted(process, path)}: No such file or directory")
        return other

    def _on_newer(self, word: str) -> Test:
        changed = self._other(word).node.changed
        return pure(lambda entry: entry.node.changed > changed)

    _on_anewer = _on_cnewer = _on_newer

    def _newer_than(self, word: str) -> Test:
        """`-newerXY`, where Y may be a time."""
        found = NEWER.fullmatch(word)
        if found is None:
            raise Failure(f"invalid predicate `{word}'")
        if found[2] != "t":
            return self._on_newer(word)
        process, text = self._search.process, self._argument(word)
        try:
            when = moment(process, text, self._search.now)
        except Failure:
            shown = quoted(process, text)
            raise Failure(f"I cannot figure out how to interpret {shown} as a date or time") from None
        return pure(lambda entry: entry.node.changed > when)

    def _inode(self, entry: Entry) -> int:
        return facts.inode_number(entry.where, entry.node)

    def _on_samefile(self, word: str) -> Test:
        number = self._inode(self._other(word))
        return pure(lambda entry: self._inode(entry) == number)

    def _on_inum(self, word: str) -> Test:
        return self._number(word, self._inode)

    def _on_links(self, word: str) -> Test:
        shell, spend = self._search.process.shell, self._search.process.spend

        def links(entry: Entry) -> int:
            spend(500 if entry.node.folder else 1)
            return facts.links_of(shell, entry.where, entry.node)

        return self._number(word, links)

    def _on_fstype(self, word: str) -> Test:
        kind, shell = self._argument(word), self._search.process.shell
        return pure(lambda entry: filesystem_of(shell.mounts(), entry.where).kind == kind)

    def _on_xtype(self, word: str) -> Test:
        """The type of what a link leads to; of a followed one its own."""
        kinds, shell = self._kinds(word), self._search.process.shell

        def check(entry: Entry) -> bool:
            node = entry.node if self._search.follows == "L" else shell.node(entry.where)
            return kind_of(replace(entry, node=node) if node is not None else entry) in kinds

        return pure(check)
