# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""useradd, userdel, usermod."""

from __future__ import annotations

import re

from ...host.node import Node
from ..process import Process, Running
from ..state import Shell
from ..text.common import Failure, Options, tool
from .account_files import add_row, free_ids, remove_row, rows_of, set_field, set_members
from .databases import accounts_of
from .passwords import options_or_usage, today
from .usages import USAGES

NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}\$?")


def need_root(process: Process, path: str = "/etc/passwd") -> None:
    """Only root may change the files. Raises Failure."""
    if process.shell.user != "root":
        raise Failure(
            f"Permission denied.\n{process.name}: cannot lock {path}; try again later.",
            1 if path == "/etc/passwd" else 10,
        )


@tool
def useradd(process: Process) -> Running:
    """Add a user."""
    if process.name == "adduser":
        process.name = "useradd"
    options = options_or_usage(
        process,
        "b:c:d:De:f:Fg:G:hk:K:lmMNop:rR:P:s:u:UZ:",
        "badname base-dir=b comment=c home-dir=d defaults=D expiredate=e inactive=f gid=g groups=G help=h skel=k key=K no-log-init=l create-home=m no-create-home=M no-user-group=N non-unique=o password=p system=r shell=s uid=u user-group=U",
    )
    shell, words = process.shell, options.operands
    yield 0.0
    if "D" in options:
        process.out(
            "GROUP=100\nHOME=/home\nINACTIVE=-1\nEXPIRE=\nSHELL=/bin/sh\nSKEL=/etc/skel\nCREATE_MAIL_SPOOL=no\nLOG_INIT=yes\n"
        )
        return 0
    if len(words) != 1:
        process.err(_usage(process))
        return 2
    name = words[0]
    if not NAME.fullmatch(name) and "badname" not in options:
        raise Failure(f"invalid user name '{name}': use --badname to ignore", 3)
    accounts = accounts_of(shell)
    if accounts.user(name) is not None:
        raise Failure(f"user '{name}' already exists", 9)
    need_root(process)
    return _add_user(process, options, name)


def _is_old(process: Process) -> bool:
    """Whether the release has shadow before 4.9."""
    return process.shell.world.system.version in ("11", "20.04", "22.04", "8.10")


def _usage(process: Process) -> str:
    """The usage of useradd, as that of the release."""
    text = USAGES["useradd"]
    if not _is_old(process):
        return text
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("  -F,")]
    if process.shell.world.system.id == "ubuntu":
        lines.insert(-1, "      --extrausers              Use the extra users database\n")
    return "".join(lines).replace("--badname                 do", "--badnames                do")


def _add_user(process: Process, options: Options, name: str) -> int:
    shell = process.shell
    accounts = accounts_of(shell)
    system = "r" in options
    uid, gid = free_ids(accounts, system=system)
    if "u" in options:
        if not options.value("u").isdecimal():
            raise Failure(f"invalid user ID '{options.value('u')}'", 3)
        uid = int(options.value("u")[:9])
        if accounts.user_of(uid) is not None and "o" not in options:
            raise Failure(f"UID {uid} is not unique", 4)
    for group in [name for name in options.value("G").split(",") if name]:
        if accounts.group(group) is None:
            raise Failure(f"group '{group}' does not exist", 6)
    gid = _group_of(process, options, name, gid)
    if not system and not 1000 <= uid <= 60000 and not _is_old(process):
        process.err(
            f"useradd warning: {name}'s uid {uid} outside of the UID_MIN 1000 and UID_MAX 60000 range.\n"
        )
    rocky = shell.world.system.id == "rocky"
    home = options.value("d") or f"{options.value('b') or '/home'}/{name}"
    login = options.value("s") or ("/bin/bash" if rocky else "/bin/sh")
    comment, password = options.value("c").replace(":", ""), options.value("p") or ("!!" if rocky else "!")
    ages = ["", "", ""] if system else ["0", "99999", "7"]
    add_row(shell, "/etc/passwd", [name, "x", str(uid), str(gid), comment, home, login])
    add_row(shell, "/etc/shadow", [name, password, today(), *ages, "", "", ""])
    if "g" not in options and "N" not in options:
        add_row(shell, "/etc/group", [name, "x", str(gid), ""])
        add_row(shell, "/etc/gshadow", [name, "!", "", ""])
    if options.value("G"):
        set_members(shell, name, options.value("G").split(","), append=True)
    if "m" in options or (rocky and "M" not in options and not system):
        make_home(shell, name, home, 0o700 if rocky else 0o755)
    return 0


def _group_of(process: Process, options: Options, name: str, own: int) -> int:
    """The number of a new user's first group; `own`: of one that has his name. Raises Failure."""
    accounts = accounts_of(process.shell)
    if "g" in options:
        wanted = options.value("g")
        found = accounts.group_of(int(wanted[:9])) if wanted.isdecimal() else accounts.group(wanted)
        if found is None:
            raise Failure(f"group '{wanted}' does not exist", 6)
        return found.gid
    if "N" in options:
        return 100
    if accounts.group(name) is not None:
        raise Failure(f"group {name} exists - if you want to add this user to that group, use -g.", 9)
    return own


def make_home(shell: Shell, name: str, home: str, mode: int) -> None:
    """A home with the files of /etc/skel."""
    import time

    where, now = shell.absolute(home), int(time.time())
    if shell.node(where) is not None:
        return
    shell.change(where, Node(mode, folder=True, owner=name, changed=now))
    source = "/etc/skel" if shell.node("/etc/skel") is not None else "/root"
    for file in (".bash_logout", ".bashrc", ".profile", ".bash_profile"):
        node = shell.node(f"{source}/{file}")
        if node is not None and not node.folder:
            shell.change(f"{where}/{file}", Node(0o644, content=node.data, owner=name, changed=now))


@tool
def userdel(process: Process) -> Running:
    """Remove a user."""
    options = options_or_usage(process, "fhrR:P:Z", "force=f help=h remove=r root=R selinux-user=Z")
    shell = process.shell
    yield 0.0
    if len(options.operands) != 1:
        process.err(USAGES["userdel"])
        return 2
    name = options.operands[0]
    account = accounts_of(shell).user(name)
    if account is None:
        raise Failure(f"user '{name}' does not exist", 6)
    need_root(process)
    if name == "root" or name == shell.visit.user:
        raise Failure(f"user {name} is currently used by process {1 if name == 'root' else shell.pid}", 8)
    remove_user(shell, name)
    if "r" in options:
        process.err(f"userdel: {name} mail spool (/var/mail/{name}) not found\n")
        if shell.node(account.home) is None:
            process.err(f"userdel: {name} home directory ({account.home}) not found\n")
            return 0
        remove_folder(shell, account.home)
    return 0


def remove_user(shell: Shell, name: str) -> None:
    """Remove a user from the files, and his own group."""
    for path in ("/etc/passwd", "/etc/shadow"):
        remove_row(shell, path, name)
    set_members(shell, name, [], append=False)
    group = accounts_of(shell).group(name)
    if group is not None and not group.members:
        for path in ("/etc/group", "/etc/gshadow"):
            remove_row(shell, path, name)


def remove_folder(shell: Shell, path: str) -> None:
    """Remove a folder with all that is in it, bounded."""
    stack, found = [path], list[str]()
    while stack and len(found) < 500:
        where = stack.pop()
        found.append(where)
        node = shell.lstat(where)
        if node is not None and node.folder:
            stack += [f"{where}/{name}" for name in shell.entries(where)]
    for where in reversed(found):
        shell.change(where, None)


@tool
def usermod(process: Process) -> Running:
    """Change a user."""
    options = options_or_usage(
        process,
        "abc:d:e:f:g:G:hl:Lmop:rR:s:u:Uv:V:w:W:Z:P:",
        "append=a badname=b comment=c home=d expiredate=e inactive=f gid=g groups=G help=h login=l lock=L move-home=m non-unique=o password=p remove=r shell=s uid=u unlock=U",
    )
    shell = process.shell
    yield 0.0
    if len(options.operands) != 1 or not options.given:
        process.err(USAGES["usermod"])
        return 2
    name = options.operands[0]
    accounts = accounts_of(shell)
    if accounts.user(name) is None:
        raise Failure(f"user '{name}' does not exist", 6)
    need_root(process)
    groups = [group for group in options.value("G").split(",") if group]
    for group in groups:
        if accounts.group(group) is None:
            raise Failure(f"group '{group}' does not exist", 6)
    if "G" in options:
        set_members(shell, name, groups, append="a" in options)
    if "g" in options:
        wanted = options.value("g")
        found = accounts.group_of(int(wanted[:9])) if wanted.isdecimal() else accounts.group(wanted)
        if found is None:
            raise Failure(f"group '{wanted}' does not exist", 6)
        set_field(shell, "/etc/passwd", name, 3, str(found.gid))
    for letter, at in (("u", 2), ("c", 4), ("d", 5), ("s", 6)):
        if letter in options:
            set_field(shell, "/etc/passwd", name, at, options.value(letter).replace(":", "")[:200])
    password = next((row[1] for row in rows_of(shell, "/etc/shadow") if row[0] == name and len(row) > 1), "")
    if "p" in options:
        set_field(shell, "/etc/shadow", name, 1, options.value("p")[:200].replace(":", ""))
    if "L" in options:
        set_field(shell, "/etc/shadow", name, 1, "!" + password.lstrip("!"))
    if "U" in options:
        set_field(shell, "/etc/shadow", name, 1, password.lstrip("!"))
    if "l" in options and NAME.fullmatch(options.value("l")):
        for path in ("/etc/passwd", "/etc/shadow"):
            set_field(shell, path, name, 0, options.value("l"))
    return 0


COMMANDS = {"useradd": useradd, "userdel": userdel, "usermod": usermod}
