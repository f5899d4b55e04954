# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""useradd, userdel, usermod, groupadd, groupdel, groupmod, gpasswd, adduser, addgroup, deluser, delgroup."""

from __future__ import annotations

import re

from ...host.node import Node
from ..process import Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, tool
from .account_files import add_row, free_ids, remove_row, rows_of, set_field, set_members
from .databases import accounts_of
from .passwords import asked, options_or_usage, today
from .usages import USAGES

NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}\$?")


def _need_root(process: Process, path: str = "/etc/passwd") -> None:
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
        process.err(USAGES["useradd"])
        return 2
    name = words[0]
    if not NAME.fullmatch(name) and "badname" not in options:
        raise Failure(f"invalid user name '{name}': use --badname to ignore", 3)
    accounts = accounts_of(shell)
    if accounts.user(name) is not None:
        raise Failure(f"user '{name}' already exists", 9)
    _need_root(process)
    return _add_user(process, options, name)


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
    own_group = "g" not in options and "N" not in options
    if "g" in options:
        wanted = options.value("g")
        found = accounts.group_of(int(wanted[:9])) if wanted.isdecimal() else accounts.group(wanted)
        if found is None:
            raise Failure(f"group '{wanted}' does not exist", 6)
        gid = found.gid
    elif own_group and accounts.group(name) is not None:
        raise Failure(f"group {name} exists - if you want to add this user to that group, use -g.", 9)
    elif "N" in options:
        gid = 100
    if not system and not 1000 <= uid <= 60000:
        process.err(
            f"useradd warning: {name}'s uid {uid} outside of the UID_MIN 1000 and UID_MAX 60000 range.\n"
        )
    rocky = shell.world.system.id == "rocky"
    home = options.value("d") or f"{options.value('b') or '/home'}/{name}"
    login = options.value("s") or ("/bin/bash" if rocky else "/bin/sh")
    add_row(
        shell,
        "/etc/passwd",
        [name, "x", str(uid), str(gid), options.value("c").replace(":", ""), home, login],
    )
    add_row(
        shell,
        "/etc/shadow",
        [
            name,
            options.value("p") or ("!!" if rocky else "!"),
            today(),
            "0" if not system else "",
            "99999" if not system else "",
            "7" if not system else "",
            "",
            "",
            "",
        ],
    )
    if own_group:
        add_row(shell, "/etc/group", [name, "x", str(gid), ""])
        add_row(shell, "/etc/gshadow", [name, "!", "", ""])
    if options.value("G"):
        set_members(shell, name, options.value("G").split(","), append=True)
    if "m" in options or (rocky and "M" not in options and not system):
        _make_home(shell, name, home, 0o700 if rocky else 0o755)
    return 0


def _make_home(shell: Shell, name: str, home: str, mode: int) -> None:
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
    _need_root(process)
    if name == "root" or name == shell.visit.user:
        raise Failure(f"user {name} is currently used by process {1 if name == 'root' else shell.pid}", 8)
    _remove_user(shell, name)
    if "r" in options:
        process.err(f"userdel: {name} mail spool (/var/mail/{name}) not found\n")
        if shell.node(account.home) is None:
            process.err(f"userdel: {name} home directory ({account.home}) not found\n")
            return 0
        _remove_folder(shell, account.home)
    return 0


def _remove_user(shell: Shell, name: str) -> None:
    for path in ("/etc/passwd", "/etc/shadow"):
        remove_row(shell, path, name)
    set_members(shell, name, [], append=False)
    group = accounts_of(shell).group(name)
    if group is not None and not group.members:
        for path in ("/etc/group", "/etc/gshadow"):
            remove_row(shell, path, name)


def _remove_folder(shell: Shell, path: str) -> None:
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
    _need_root(process)
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
    _need_root(process, "/etc/group")
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
    _need_root(process, "/etc/group")
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


@tool
def adduser(process: Process) -> Running:
    """Add a user as Debian's program does, which asks for the rest."""
    if process.shell.world.system.id not in ("debian", "ubuntu"):
        return (yield from process.call(["useradd", *process.args]))
    options = parse(
        process,
        "qh",
        "system home: shell: no-create-home uid: firstuid: lastuid: gecos: comment: ingroup: gid: disabled-password disabled-login group add_extra_groups add-extra-groups encrypt-home quiet=q force-badname debug conf: allow-bad-names help=h version",
    )
    shell, words = process.shell, options.operands
    yield 0.0
    if shell.user != "root":
        process.err("adduser: Only root may add a user or group to the system.\n")
        return 1
    if not words:
        process.err("adduser: One or two names required.\n")
        return 1
    if len(words) == 2:
        return _add_to_group(process, words[0], words[1])
    return (yield from _ask_and_add(process, options, words[0]))


def _add_to_group(process: Process, user: str, group: str) -> int:
    accounts = accounts_of(process.shell)
    found = accounts.group(group)
    if accounts.user(user) is None:
        raise Failure(f"The user `{user}' does not exist.")
    if found is None:
        raise Failure(f"The group `{group}' does not exist.")
    if user in found.members:
        process.out(f"The user `{user}' is already a member of `{group}'.\n")
        return 0
    old = process.shell.world.system.version in ("11", "20.04", "22.04")
    process.out(
        f"Adding user `{user}' to group `{group}' ...\n"
        + (f"Adding user {user} to group {group}\n" if old else "")
        + "Done.\n"
    )
    set_members(process.shell, user, [group], append=True)
    return 0


def _ask_and_add(process: Process, options: Options, name: str) -> Running:
    shell = process.shell
    accounts = accounts_of(shell)
    if accounts.user(name) is not None:
        raise Failure(f"The user `{name}' already exists.")
    if not NAME.fullmatch(name):
        process.err(
            "adduser: Please enter a username matching the regular expression configured\nvia the NAME_REGEX[_SYSTEM] configuration variable.  Use the `--force-badname'\noption to relax this check or reconfigure NAME_REGEX.\n"
        )
        return 1
    uid, gid = free_ids(accounts, system="system" in options)
    system = "system" in options
    home = options.value("home") or ("/nonexistent" if system else f"/home/{name}")
    login = options.value("shell") or ("/usr/sbin/nologin" if system else "/bin/bash")
    out = f"Adding {'system ' if system else ''}user `{name}' {'(UID ' + str(uid) + ') ' if system else ''}...\n"
    gid = 65534 if system else gid
    if system:
        out += f"Adding new user `{name}' (UID {uid}) with group `nogroup' ...\nNot creating home directory `{home}'.\n"
    else:
        out += f"Adding new group `{name}' ({gid}) ...\nAdding new user `{name}' ({uid}) with group `{name} ({gid})' ...\nCreating home directory `{home}' ...\nCopying files from `/etc/skel' ...\n"
        if shell.world.system.version in ("11", "20.04", "22.04"):
            out = out.replace(f"with group `{name} ({gid})'", f"with group `{name}'")
    process.out(out)
    comment = options.value("gecos") or options.value("comment")
    add_row(
        shell,
        "/etc/passwd",
        [
            name,
            "x",
            str(uid),
            str(gid),
            comment.replace(":", "") or ("" if system or "gecos" in options else ",,,"),
            home,
            login,
        ],
    )
    add_row(shell, "/etc/shadow", [name, "!", today(), "0", "99999", "7", "", "", ""])
    if not system:
        add_row(shell, "/etc/group", [name, "x", str(gid), ""])
        add_row(shell, "/etc/gshadow", [name, "!", "", ""])
        _make_home(shell, name, home, 0o700 if shell.world.system.version in ("12", "24.04") else 0o755)
    if not (system or "disabled-password" in options or "disabled-login" in options):
        process.name = "passwd"
        yield from process.call(["passwd", name])
        if "gecos" not in options and "comment" not in options:
            yield from _ask_comment(process, name)
    if not system and shell.world.system.version in ("12", "24.04"):
        process.out(
            f"Adding new user `{name}' to supplemental / extra groups `users' ...\nAdding user `{name}' to group `users' ...\n"
        )
        set_members(shell, name, ["users"], append=True)
    return 0


def _ask_comment(process: Process, name: str) -> Running:
    process.out(
        f"Changing the user information for {name}\nEnter the new value, or press ENTER for the default\n"
    )
    for label in ("Full Name", "Room Number", "Work Phone", "Home Phone", "Other"):
        process.out(f"\t{label} []: ")
        yield 0.0
        if (yield from asked(process, "")) is None:
            process.out("\n")
            break
    process.out("Is the information correct? [Y/n] ")
    yield from asked(process, "")
    return 0


@tool
def deluser(process: Process) -> Running:
    """Remove a user, or a user from a group, as Debian's program does."""
    options = parse(
        process,
        "qh",
        "system remove-home remove-all-files backup backup-to: group quiet=q force conf: only-if-empty debug help=h version",
    )
    shell, words = process.shell, options.operands
    yield 0.0
    if shell.user != "root":
        process.err(f"{process.name}: Only root may remove a user or group from the system.\n")
        return 1
    if not words:
        process.err("Enter a user name to remove: \n")
        return 1
    accounts = accounts_of(shell)
    if process.name == "delgroup" or "group" in options:
        if accounts.group(words[0]) is None:
            process.err(f"{process.name}: The group `{words[0]}' does not exist.\n")
            return 3
        process.out(f"Removing group `{words[0]}' ...\nDone.\n")
        for path in ("/etc/group", "/etc/gshadow"):
            remove_row(shell, path, words[0])
        return 0
    account = accounts.user(words[0])
    if account is None:
        process.err(f"{process.name}: The user `{words[0]}' does not exist.\n")
        return 2
    if len(words) == 2:
        process.out(f"Removing user `{words[0]}' from group `{words[1]}' ...\nDone.\n")
        kept = [each.name for each in accounts.groups if words[0] in each.members and each.name != words[1]]
        set_members(shell, words[0], kept, append=False)
        return 0
    if "remove-home" in options or "remove-all-files" in options:
        process.out("Looking for files to backup/remove ...\nRemoving files ...\n")
        _remove_folder(shell, account.home)
    process.out(f"Removing crontab ...\nRemoving user `{words[0]}' ...\n" + "Done.\n")
    _remove_user(shell, words[0])
    return 0


COMMANDS = {
    "useradd": useradd, "userdel": userdel, "usermod": usermod, "groupadd": groupadd, "groupdel": groupdel, "gpasswd": gpasswd,
    "adduser": adduser, "deluser": deluser, "delgroup": deluser,
}  # fmt: skip
