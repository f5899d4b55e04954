# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""groupadd, groupdel, gpasswd."""

from __future__ import annotations

from ..process import Process, Running
from ..text.common import Failure, tool
from .account_files import add_row, free_ids, remove_row, set_members
from .accounts import NAME, need_root
from .databases import accounts_of
from .passwords import options_or_usage
from .usages import USAGES


@tool
def groupadd(process: Process) -> Running:
    """Add a group."""
    options = options_or_usage(
        process, "fg:hK:op:rR:P:U:", "force=f gid=g help=h key=K non-unique=o password=p system=r users=U"
    )
    shell = process.shell
    yield 0.0
    if len(options.operands) != 1:
        process.err(USAGES["groupadd"])
        return 2
    name = options.operands[0]
    accounts = accounts_of(shell)
    if accounts.group(name) is not None:
        if "f" in options:
            return 0
        raise Failure(f"group '{name}' already exists", 9)
    if not NAME.fullmatch(name):
        raise Failure(f"'{name}' is not a valid group name", 3)
    need_root(process, "/etc/group")
    _, gid = free_ids(accounts, system="r" in options)
    if options.value("g").isdecimal():
        gid = int(options.value("g")[:9])
        if accounts.group_of(gid) is not None and "o" not in options:
            raise Failure(f"GID '{gid}' already exists", 4)
    add_row(shell, "/etc/group", [name, "x", str(gid), ""])
    add_row(shell, "/etc/gshadow", [name, "!", "", ""])
    return 0


@tool
def groupdel(process: Process) -> Running:
    """Remove a group."""
    options = options_or_usage(process, "fhR:P:", "force=f help=h")
    shell = process.shell
    yield 0.0
    if len(options.operands) != 1:
        process.err(USAGES["groupdel"])
        return 2
    name = options.operands[0]
    accounts = accounts_of(shell)
    group = accounts.group(name)
    if group is None:
        raise Failure(f"group '{name}' does not exist", 6)
    need_root(process, "/etc/group")
    owner = next((each for each in accounts.users if each.gid == group.gid), None)
    if owner is not None:
        raise Failure(f"cannot remove the primary group of user '{owner.name}'", 8)
    for path in ("/etc/group", "/etc/gshadow"):
        remove_row(shell, path, name)
    return 0


@tool
def gpasswd(process: Process) -> Running:
    """Members of a group."""
    options = options_or_usage(
        process,
        "a:A:d:hM:Q:rR",
        "add=a administrators=A delete=d help=h members=M remove-password=r restrict=R",
    )
    shell = process.shell
    yield 0.0
    if len(options.operands) != 1:
        process.err(USAGES["gpasswd"])
        return 2
    name = options.operands[0]
    accounts = accounts_of(shell)
    user = options.value("a") or options.value("d")
    if user and accounts.user(user) is None:
        raise Failure(f"user '{user}' does not exist", 2)
    group = accounts.group(name)
    if group is None:
        raise Failure(f"group '{name}' does not exist in /etc/group", 3)
    if shell.user != "root":
        raise Failure("Permission denied.", 1)
    if "a" in options:
        process.out(f"Adding user {user} to group {name}\n")
        set_members(shell, user, [name], append=True)
    elif "d" in options:
        if user not in group.members:
            raise Failure(f"user '{user}' is not a member of '{name}'", 3)
        process.out(f"Removing user {user} from group {name}\n")
        kept = [each.name for each in accounts.groups if user in each.members and each.name != name]
        set_members(shell, user, kept, append=False)
    return 0


COMMANDS = {"groupadd": groupadd, "groupdel": groupdel, "gpasswd": gpasswd}
