# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""adduser, deluser and delgroup of Debian."""

from __future__ import annotations

from ..process import Process, Running
from ..text.common import Failure, Options, parse, tool
from .account_files import add_row, free_ids, remove_row, set_field, set_members
from .accounts import NAME, make_home, remove_folder, remove_user
from .databases import accounts_of
from .passwords import today
from .questions import answered, asked_cells


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
        make_home(shell, name, home, 0o700 if shell.world.system.version in ("12", "24.04") else 0o755)
    if not (system or "disabled-password" in options or "disabled-login" in options):
        yield from _ask_password(process, name)
        if "gecos" not in options and "comment" not in options:
            yield from _ask_comment(process, name)
    if not system and shell.world.system.version in ("12", "24.04"):
        process.out(
            f"Adding new user `{name}' to supplemental / extra groups `users' ...\nAdding user `{name}' to group `users' ...\n"
        )
        set_members(shell, name, ["users"], append=True)
    return 0


def _ask_password(process: Process, name: str) -> Running:
    """Ask until a password is set, or no other try is wanted."""
    process.name = "passwd"
    while (yield from process.call(["passwd", name])):
        if ((yield from answered(process, "Try again? [y/N] ")) or "")[:1] not in ("y", "Y"):
            break
    return 0


def _ask_comment(process: Process, name: str) -> Running:
    """Ask for the cells of the comment until they are confirmed."""
    while True:
        cells = yield from asked_cells(process, name, [])
        answer = yield from answered(process, "Is the information correct? [Y/n] ")
        if answer is None or answer.strip()[:1] not in ("n", "N"):
            break
    set_field(
        process.shell, "/etc/passwd", name, 4, ",".join(cells[:4]) + (f",{cells[4]}" if cells[4] else "")
    )
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
        where = "/usr/sbin/" if shell.world.system.version == "22.04" else ""
        process.err(f"{where}{process.name}: The user `{words[0]}' does not exist.\n")
        return 2
    if len(words) == 2:
        process.out(f"Removing user `{words[0]}' from group `{words[1]}' ...\nDone.\n")
        kept = [each.name for each in accounts.groups if words[0] in each.members and each.name != words[1]]
        set_members(shell, words[0], kept, append=False)
        return 0
    if "remove-home" in options or "remove-all-files" in options:
        process.out("Looking for files to backup/remove ...\nRemoving files ...\n")
        remove_folder(shell, account.home)
    process.out(f"Removing crontab ...\nRemoving user `{words[0]}' ...\n" + "Done.\n")
    remove_user(shell, words[0])
    return 0


COMMANDS = {"adduser": adduser, "deluser": deluser, "delgroup": deluser}
