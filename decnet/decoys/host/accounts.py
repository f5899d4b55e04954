# ruff: noqa: E501 (facts of the releases)
"""The users and groups of a machine (/etc/passwd, /etc/group)."""

from __future__ import annotations

from dataclasses import dataclass

from ..machine import Machine
from .account_data import (
    DEVICE,
    GROUPS,
    GROUPS_DEBIAN,
    GROUPS_ROCKY,
    MEMBERS,
    OF_SERVICES,
    OF_SERVICES_ROCKY,
    USERS,
)
from .services import ServiceEntry


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


def accounts_of(machine: Machine, first: str, services: list[ServiceEntry]) -> Accounts:
    """The accounts of a machine: of its system, of its services, and of its first user."""
    system = machine.system
    key = f"{system.id}-{system.version}"
    usual = {"debian": "/usr/sbin/nologin", "ubuntu": "/usr/sbin/nologin"}.get(system.id, "/sbin/nologin")
    root = Account(
        "root", 0, 0, "" if system.busybox and system.id != "dsm" else "root", "/root", system.shell
    )
    users = [root, *(_account(line, usual) for line in USERS.get(key, DEVICE).split("\n") if line)]
    groups = {"root": 0} | _groups(_shared_groups(system.id, system.version) + " " + GROUPS.get(key, ""))
    for entry in services:
        _add(
            users,
            groups,
            (OF_SERVICES_ROCKY if system.id == "rocky" else OF_SERVICES).get(entry.program, ""),
            usual,
        )
    own = 1026 if system.id == "dsm" else 1000
    primary = 100 if system.id == "dsm" else own
    comment = f"{first},,," if system.id == "debian" else first if system.id == "ubuntu" else ""
    home = f"/var/services/homes/{first}" if system.id == "dsm" else f"/home/{first}"
    users.append(Account(first, own, primary, comment, home, system.shell))
    groups.setdefault(first, own) if primary == own else None
    members = MEMBERS.get(system.id, "").split()
    return Accounts(
        tuple(users),
        tuple(Group(name, gid, _members(name, first, members, groups)) for name, gid in groups.items()),
    )


def _members(name: str, first: str, members: list[str], groups: dict[str, int]) -> tuple[str, ...]:
    also = ("syslog",) if name == "adm" and "syslog" in groups else ()
    return (*also, first) if name in members else also


def _account(line: str, shell: str) -> Account:
    name, uid, gid, comment, home, *own = line.split(":")
    return Account(name, int(uid), int(gid), comment, home, own[0] if own else shell)


def _shared_groups(system: str, version: str) -> str:
    if system in ("debian", "ubuntu"):
        return GROUPS_DEBIAN.replace("{gnats}", "gnats:41 " if version in ("11", "20.04", "22.04") else "")
    return GROUPS_ROCKY if system == "rocky" else ""


def _groups(text: str) -> dict[str, int]:
    return {name: int(gid) for name, _, gid in (word.partition(":") for word in text.split())}


def _add(users: list[Account], groups: dict[str, int], line: str, shell: str) -> None:
    """A service's user and group, with the next free numbers."""
    if not line:
        return
    name = line.split(":")[0]
    uid = max((each.uid for each in users if 100 <= each.uid < 900), default=99) + 1
    gid = max((each for each in groups.values() if 100 < each < 900), default=100) + 1
    parts = line.replace("{n}", str(gid)).split(":")
    parts[1] = parts[1] or str(uid)
    users.append(_account(":".join(parts), shell))
    if int(parts[2]) != 65534:
        groups.setdefault(name, int(parts[2]))


LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def shadow_of(machine: Machine, accounts: Accounts, first: str) -> str:
    """/etc/shadow, shadow(5): a password of root and of the first user, none of the others."""
    day = machine.installed // 86400
    lines = []
    for each in accounts.users:
        if each.name in ("root", first):
            password, rest = _hash(machine, each.name), f"{day}:0:99999:7:::"
        elif (
            each.uid >= 100
            and machine.system.version in ("12", "24.04")
            and each.name not in ("_apt", "nobody")
        ):
            password, rest = "!*" if each.uid > 900 else "!", f"{day}::::::"
        elif machine.system.id == "rocky" and each.uid > 13 and each.name != "nobody":
            password, rest = "!!", f"{day}::::::"
        else:
            password, rest = "*", f"{day}:0:99999:7:::"
        lines.append(f"{each.name}:{password}:{rest}\n")
    return "".join(lines)


def gshadow_of(accounts: Accounts) -> str:
    """/etc/gshadow, gshadow(5)."""
    return "".join(
        f"{each.name}:{'!' if each.gid >= 1000 and each.gid != 65534 else '*'}::{','.join(each.members)}\n"
        for each in accounts.groups
    )


def _hash(machine: Machine, name: str) -> str:
    """A password's hash in the format of the release, crypt(5)."""

    def text(purpose: str, count: int) -> str:
        return "".join(LETTERS[byte & 63] for byte in machine.persona.bytes_for(f"{purpose} {name}", count))

    if machine.system.busybox or machine.system.id == "qts":
        return f"$1${text('salt', 8)}${text('hash', 22)}"
    if machine.system.id in ("rocky", "dsm") or machine.system.version == "20.04":
        return f"$6${text('salt', 16)}${text('hash', 86)}"
    return f"$y$j9T${text('salt', 22)}${text('hash', 43)}"
