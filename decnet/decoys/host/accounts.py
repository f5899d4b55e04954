"""The users and groups of a machine (/etc/passwd, /etc/group)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """One line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str

    @property
    def line(self) -> str:
        """As in the file, without the end of the line."""
        return f"{self.name}:x:{self.uid}:{self.gid}:{self.comment}:{self.home}:{self.shell}"


@dataclass(frozen=True, slots=True)
class Group:
    """One line of /etc/group."""

    name: str
    gid: int
    members: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """As in the file, without the end of the line."""
        return f"{self.name}:x:{self.gid}:{','.join(self.members)}"


@dataclass(frozen=True)
class Accounts:
    """All of them, in the order of the files."""

    users: tuple[Account, ...]
    groups: tuple[Group, ...]

    def user(self, name: str) -> Account | None:
        """The account of this name."""
        return next((each for each in self.users if each.name == name), None)

    def group(self, name: str) -> Group | None:
        """The group of this name."""
        return next((each for each in self.groups if each.name == name), None)

    def user_of(self, uid: int) -> Account | None:
        """The account with this number."""
        return next((each for each in self.users if each.uid == uid), None)

    def group_of(self, gid: int) -> Group | None:
        """The group with this number."""
        return next((each for each in self.groups if each.gid == gid), None)

    def groups_of(self, name: str) -> list[Group]:
        """The groups of a user as `id` lists them: the primary one first."""
        account = self.user(name)
        primary = self.group_of(account.gid) if account else None
        others = [each for each in self.groups if name in each.members and each != primary]
        return ([primary] if primary else []) + sorted(others, key=lambda each: each.gid)
