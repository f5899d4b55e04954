# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The users and groups as a visitor's programs find them: in /etc/passwd and /etc/group, which he may change."""

from __future__ import annotations

from ...host.accounts import Account, Accounts, Group
from ..state import Shell

MOST_LINES = 2000


def accounts_of(shell: Shell) -> Accounts:
    """The accounts in the files as this visitor sees them; lines that are not valid are skipped."""
    files = ("/etc/passwd", "/etc/group")
    if not any(path in shell.files.changes for path in files):
        return shell.world.accounts
    users, groups = (parsed(shell.read(path) or "", width) for path, width in zip(files, (7, 4), strict=True))
    return Accounts(
        tuple(
            Account(row[0], int(row[2]), int(row[3]), row[4], row[5], row[6])
            for row in users
            if row[2].isdecimal() and row[3].isdecimal()
        ),
        tuple(
            Group(row[0], int(row[2]), tuple(name for name in row[3].split(",") if name))
            for row in groups
            if row[2].isdecimal()
        ),
    )


def parsed(text: str, width: int) -> list[list[str]]:
    """The lines of such a file that have `width` fields."""
    rows = [line.split(":") for line in text.splitlines()[:MOST_LINES]]
    return [row for row in rows if len(row) == width and all(len(cell) < 300 for cell in row)]
