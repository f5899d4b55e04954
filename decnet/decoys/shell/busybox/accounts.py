# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""BusyBox's passwd, adduser, addgroup, deluser and delgroup (loginutils of 1.27 to 1.35)."""

from __future__ import annotations

import string
from collections.abc import Generator
from typing import Any

from ..process import Command, Process, Running
from ..state import Shell
from ..system.account_files import rows_of, set_field, set_password
from ..system.databases import accounts_of
from ..system.passwords import asked, record_given
from ..tasks import INTERRUPT, Killed
from ..text.common import Failure, Options, parse, tool
from .applets import complain

SHORTEST = 6
FULL_LENGTH = SHORTEST + 8
"""Characters of a password of one kind; two fewer for each kind that it has."""
KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
ADDUSER = "Usage: adduser [OPTIONS] USER [GROUP]\n\nCreate new user, or add USER to GROUP\n\n\t-h DIR\t\tHome directory\n\t-g GECOS\tGECOS field\n\t-s SHELL\tLogin shell\n\t-G GRP\t\tGroup\n\t-S\t\tCreate a system user\n\t-D\t\tDon't assign a password\n\t-H\t\tDon't create home directory\n\t-u UID\t\tUser id\n\t-k SKEL\t\tSkeleton directory (/etc/skel)\n"
ADDGROUP = "Usage: addgroup [-g GID] [-S] [USER] GROUP\n\nAdd a group or add a user to a group\n\n\t-g GID\tGroup id\n\t-S\tCreate a system group\n"
USAGES = {
    "deluser": "Usage: deluser [--remove-home] USER\n\nDelete USER from the system\n\n\t--remove-home\tRemove home directory\n",
    "delgroup": "Usage: delgroup [USER] GROUP\n\nDelete group GROUP from the system or user USER from group GROUP\n",
}
NOT_ROOT = "permission denied (are you root?)"


@tool
def passwd(process: Process) -> Running:
    """Change a password, which is recorded, and logs in from now on."""
    options = parse(process, "a:dlu")
    shell = process.shell
    user = options.operands[0] if options.operands else shell.user
    yield 0.0
    if accounts_of(shell).user(user) is None:
        process.err(f"passwd: unknown user {user}\n")
        return 1
    if user != shell.user and shell.user != "root":
        process.err(f"passwd: {shell.user} can't change password for {user}\n")
        return 1
    if any(letter in options for letter in "dlu"):
        return _marked(process, user, next(letter for letter in "dlu" if letter in options))
    return (yield from _asked_twice(process, user))


def _asked_twice(process: Process, user: str) -> Running:
    """`passwd` ignores ^C but for the line that is typed."""
    try:
        return (yield from _changed(process, user))
    except Killed as killed:
        if killed.signal != INTERRUPT:
            raise
        process.out("\n" if process.from_terminal else "")
        process.err(f"passwd: password for {user} is unchanged\n")
        return 1


def _changed(process: Process, user: str) -> Running:
    process.out(f"Changing password for {user}\n")
    first = yield from _line(process, "New password: ")
    weak = _weakness(process.shell, user, first or "")
    if first and weak:
        process.out(f"Bad password: {weak}\n")
        if process.shell.user != "root":
            first = None
    second = (yield from _line(process, "Retype password: ")) if first else None
    if not first or first != second:
        process.out("Passwords don't match\n" if first else "")
        record_given(process, [first, second], success=False)
        process.err(f"passwd: password for {user} is unchanged\n")
        return 1
    record_given(process, [first], success=True)
    if process.shell.world.is_read_only("/etc/passwd"):
        process.err("passwd: can't update password file /etc/passwd\n")
        return 1
    set_password(process.shell, user, first)
    process.err(f"passwd: password for {user} changed by {process.shell.user}\n")
    return 0


def _line(process: Process, prompt: str) -> Generator[Any, Any, str | None]:
    process.out(prompt)
    line: str | None = yield from asked(process, "")
    process.out("" if process.from_terminal else "\n")
    return line


def _weakness(shell: Shell, user: str, password: str) -> str:
    """What BusyBox's obscure.c finds: "" for a good one."""
    low = password.lower()
    if len(password) < SHORTEST:
        return "too short"
    for name, what in ((user, "username"), (shell.world.hostname, "hostname")):
        if low and (low in name.lower() or name.lower() in low or low[::-1] == name.lower()):
            return f"similar to {what}"
    if any(password.count(char) > len(password) // 2 for char in set(password[:256])):
        return "too many similar characters"
    kinds = sum(any(char in kind for char in password) for kind in KINDS)
    kinds += any(not char.isalnum() for char in password)
    return "too weak" if len(password) < FULL_LENGTH - 2 * kinds else ""


def _marked(process: Process, user: str, letter: str) -> int:
    shell = process.shell
    if shell.user != "root":
        process.err(f"passwd: {NOT_ROOT}\n")
        return 1
    row = next((row for row in rows_of(shell, "/etc/shadow") if row[0] == user), ["", ""])
    locked = row[1].startswith("!")
    if (letter == "l" and locked) or (letter == "u" and not locked):
        process.err(f"passwd: password for {user} is already {'' if locked else 'un'}locked\n")
        return 1
    if shell.world.is_read_only("/etc/passwd"):
        process.err("passwd: can't update password file /etc/passwd\n")
        return 1
    new = {"d": "", "l": "!" + row[1], "u": row[1].lstrip("!")}[letter]
    set_field(shell, "/etc/shadow", user, 1, new)
    if letter == "d":
        shell.files.set_password(user, "")
    process.err(f"passwd: password for {user} changed by {shell.user}\n")
    return 0


def _options(process: Process, short: str, usage: str, most: int) -> Options | int:
    try:
        options = parse(process, short, "remove-home")
    except Failure as failure:
        return complain(process, failure.message, usage)
    if not 0 < len(options.operands) <= most:
        return complain(process, "", usage)
    if process.shell.user != "root":
        process.err(f"{process.name}: {NOT_ROOT}\n")
        return 1
    return options


def adduser(process: Process) -> Running:
    """Add a user, and a group of the same name."""
    options = _options(process, "h:g:s:G:DSHu:k:", ADDUSER, 2)
    yield 0.0
    if isinstance(options, int):
        return options
    shell, name = process.shell, options.operands[0]
    accounts = accounts_of(shell)
    if accounts.user(name) is not None:
        process.err(f"adduser: user '{name}' in use\n")
        return 1
    used = {each.uid for each in accounts.users}
    low = 100 if "S" in options else 1000
    number = next(uid for uid in range(low, 60_000) if uid not in used)
    home = options.value("h", f"/home/{name}")
    line = f"{name}:x:{number}:{number}:{options.value('g', 'Linux User,,,')}:{home}:{options.value('s', '/bin/sh')}\n"
    if not _appended(shell, "/etc/passwd", line):
        return 1
    _appended(shell, "/etc/shadow", f"{name}:!:0:0:99999:7:::\n")
    _appended(shell, "/etc/group", f"{name}:x:{number}:\n")
    if "D" in options or "S" in options:
        return 0
    return (yield from _asked_twice(process, name))


def addgroup(process: Process) -> int:
    """Add a group."""
    options = _options(process, "g:S", ADDGROUP, 2)
    if isinstance(options, int):
        return options
    shell, name = process.shell, options.operands[-1]
    accounts = accounts_of(shell)
    if len(options.operands) == 1 and accounts.group(name) is not None:
        process.err(f"addgroup: group '{name}' in use\n")
        return 1
    used = {each.gid for each in accounts.groups}
    number = next(gid for gid in range(100 if "S" in options else 1000, 60_000) if gid not in used)
    return 0 if _appended(shell, "/etc/group", f"{name}:x:{number}:\n") else 1


def remove(process: Process) -> int:
    """`deluser` and `delgroup`."""
    options = _options(process, "", USAGES[process.name], 2)
    if isinstance(options, int):
        return options
    shell, name = process.shell, options.operands[-1]
    kind = process.name.removeprefix("del")
    files = {"user": ("/etc/passwd", "/etc/shadow"), "group": ("/etc/group",)}[kind]
    if name not in {row[0] for row in rows_of(shell, files[0])}:
        process.err(f"{process.name}: unknown {kind} {name}\n")
        return 1
    for path in files:
        kept = [row for row in rows_of(shell, path) if row[0] != name]
        if shell.write(path, "".join(":".join(row) + "\n" for row in kept).encode()):
            return 1
    return 0


def _appended(shell: Shell, path: str, line: str) -> bool:
    """Whether a line could be added to a file."""
    return not shell.write(path, ((shell.read(path) or "") + line).encode("utf-8", "surrogateescape"))


COMMANDS: dict[str, Command] = {
    "passwd": passwd,
    "adduser": adduser,
    "addgroup": addgroup,
    "deluser": remove,
    "delgroup": remove,
}
