"""Changing /etc/passwd, /etc/group, /etc/shadow and /etc/gshadow as the programs of shadow do."""

from __future__ import annotations

import hashlib
import time

from ...host.accounts import Accounts
from ..state import Shell
from .databases import accounts_of

MODES = {"/etc/passwd": 0o644, "/etc/group": 0o644, "/etc/shadow": 0o640, "/etc/gshadow": 0o640}
LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MOST_ID = 60_000


def rows_of(shell: Shell, path: str) -> list[list[str]]:
    """The lines of a file, in their fields."""
    return [line.split(":") for line in (shell.read(path) or "").splitlines()]


def save_rows(shell: Shell, path: str, rows: list[list[str]]) -> None:
    """Write such a file; its backup has the former content."""
    before = (shell.read(path) or "").encode("utf-8", "surrogateescape")
    shell.put(f"{path}-", before, len(before), 0o644)
    data = "".join(":".join(row) + "\n" for row in rows).encode("utf-8", "surrogateescape")
    shell.put(path, data, len(data), MODES[path])


def set_field(shell: Shell, path: str, name: str, at: int, value: str) -> bool:
    """Set one field of the line of this name; False if there is no such line."""
    rows = rows_of(shell, path)
    row = next((row for row in rows if row[0] == name and len(row) > at), None)
    if row is None:
        return False
    row[at] = value
    save_rows(shell, path, rows)
    return True


def add_row(shell: Shell, path: str, row: list[str]) -> None:
    """Add a line."""
    save_rows(shell, path, [*rows_of(shell, path), row])


def remove_row(shell: Shell, path: str, name: str) -> None:
    """Remove the line of this name."""
    save_rows(shell, path, [row for row in rows_of(shell, path) if row[0] != name])


def free_ids(accounts: Accounts, *, system: bool) -> tuple[int, int]:
    """The next free numbers of a user and of a group."""
    low, high = (100, 999) if system else (1000, MOST_ID)
    users = [each.uid for each in accounts.users if low <= each.uid <= high]
    groups = [each.gid for each in accounts.groups if low <= each.gid <= high]
    if system:
        taken = {*users, *groups}
        free = next((number for number in range(high, low, -1) if number not in taken), high)
        return free, free
    return max(users, default=low - 1) + 1, max(groups, default=low - 1) + 1


def set_members(shell: Shell, user: str, groups: list[str], *, append: bool) -> None:
    """Make a user a member of these groups, and of no other if not `append`."""
    for path in ("/etc/group", "/etc/gshadow"):
        rows = rows_of(shell, path)
        for row in rows:
            if len(row) < 4:
                continue
            members = [name for name in row[3].split(",") if name]
            if row[0] in groups and user not in members:
                members.append(user)
            elif row[0] not in groups and not append and user in members:
                members.remove(user)
            row[3] = ",".join(members)
        save_rows(shell, path, rows)


def set_password(shell: Shell, user: str, password: str) -> None:
    """Set a user's password: it logs him in from now on, and his line has another hash."""
    digest = hashlib.shake_256(
        f"{shell.world.persona.seed}:{user}:{password}:{time.time()}".encode("utf-8", "replace")
    )
    text = "".join(LETTERS[byte & 63] for byte in digest.digest(65))
    set_field(shell, "/etc/shadow", user, 1, f"$y$j9T${text[:22]}${text[22:]}")
    set_field(shell, "/etc/shadow", user, 2, str(int(time.time()) // 86400))
    shell.files.set_password(user, password)


def known_user(shell: Shell, name: str) -> bool:
    """Whether there is such a user."""
    return accounts_of(shell).user(name) is not None
