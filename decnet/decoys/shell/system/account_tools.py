# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""pwck, pwconv, groupmod, groupmems, newgrp, chgpasswd, newusers, chfn, expiry, faillock and others of accounts."""

from __future__ import annotations

from ..process import Command, Process, Running
from ..text.common import Failure, parse, why_not
from ..text.packaged import packaged
from .account_files import rows_of, save_rows, set_field, set_members
from .accounts import NAME, need_root
from .databases import accounts_of
from .questions import asked_cells


@packaged(bare=True)
def check(process: Process) -> Running:
    """pwck and grpck: what is wrong in the files of accounts."""
    name = process.name.rpartition("/")[2]
    options = parse(
        process, "hqrR:sS", "badname help=h quiet=q read-only=r root:=R sort=s silence-warnings=S"
    )
    shell, status = process.shell, 0
    groups = {row[2] for row in rows_of(shell, "/etc/group") if len(row) > 2}
    yield 0.0
    if shell.user != "root" and "r" not in options:
        raise Failure(f"cannot lock /etc/{'passwd' if name == 'pwck' else 'group'}; try again later.", 4)
    if name == "grpck":
        bad = [row for row in rows_of(shell, "/etc/group") if len(row) != 4]
        process.out("".join(f"invalid group file entry\ndelete line '{':'.join(row)}'? No\n" for row in bad))
        return 2 if bad else 0
    for row in rows_of(shell, "/etc/passwd"):
        if len(row) != 7:
            process.out(f"invalid password file entry\ndelete line '{':'.join(row)}'? No\n")
            status = 2
        elif row[3] not in groups:
            process.out(f"user '{row[0]}': no group {row[3]}\n")
            status = 2
        elif "q" not in options and shell.node(row[5]) is None and row[5] not in ("/nonexistent", ""):
            process.out(f"user '{row[0]}': directory '{row[5]}' does not exist\n")
            status = 2
    process.out(
        "pwck: no changes\n"
        if status and "q" not in options or name == "pwck" and "q" not in options and status
        else ""
    )
    return status


@packaged(bare=True)
def convert(process: Process) -> Running:
    """pwconv and its like: the passwords are in the shadow files already."""
    name = process.name.rpartition("/")[2]
    path = "/etc/passwd" if name.startswith("pw") else "/etc/group"
    yield 0.0
    if process.shell.user != "root":
        raise Failure(f"cannot lock {path}; try again later.", 5)
    if name.endswith("unconv"):
        shadow = "/etc/shadow" if name.startswith("pw") else "/etc/gshadow"
        hashes = {row[0]: row[1] for row in rows_of(process.shell, shadow) if len(row) > 1}
        rows = [
            [row[0], hashes.get(row[0], row[1]), *row[2:]]
            for row in rows_of(process.shell, path)
            if len(row) > 2
        ]
        save_rows(process.shell, path, rows)
        process.shell.change(shadow, None)
    return 0


@packaged()
def groupmod(process: Process) -> Running:
    """Change a group."""
    options = parse(
        process,
        "ag:hn:op:R:P:U:",
        "append=a gid:=g help=h new-name:=n non-unique=o password:=p root:=R prefix:=P users:=U",
        status=2,
    )
    shell, accounts = process.shell, accounts_of(process.shell)
    yield 0.0
    if len(options.operands) != 1:
        return (yield from process.call(["groupmod", "--help"])) or 2
    name = options.operands[0]
    if accounts.group(name) is None:
        raise Failure(f"group '{name}' does not exist", 6)
    gid, fresh = options.value("g"), options.value("n")
    if gid and not gid.isdecimal():
        raise Failure(f"invalid group ID '{gid}'", 3)
    if gid and accounts.group_of(int(gid[:9])) is not None and "o" not in options:
        raise Failure(f"GID '{gid}' already exists", 4)
    if fresh and not NAME.fullmatch(fresh):
        raise Failure(f"invalid group name '{fresh}'", 3)
    if fresh and accounts.group(fresh) is not None:
        raise Failure(f"group '{fresh}' already exists", 9)
    need_root(process, "/etc/group")
    if gid:
        set_field(shell, "/etc/group", name, 2, str(int(gid[:9])))
    for path in ("/etc/group", "/etc/gshadow") if fresh else ():
        set_field(shell, path, name, 0, fresh)
    return 0


@packaged()
def groupmems(process: Process) -> Running:
    """The members of a group."""
    options = parse(
        process, "a:d:g:hlpR:", "add:=a delete:=d group:=g help=h list=l purge=p root:=R", status=2
    )
    shell, accounts = process.shell, accounts_of(process.shell)
    name = options.value("g") or shell.user
    group = accounts.group(name)
    yield 0.0
    if group is None:
        raise Failure(f"group '{name}' does not exist in /etc/group", 9)
    if shell.user != "root":
        raise Failure("Permission denied", 1)
    if "l" in options:
        process.out("".join(f"{member}  " for member in group.members) + ("\n" if group.members else ""))
        return 0
    member = options.value("a") or options.value("d")
    if member and accounts.user(member) is None:
        raise Failure(f"user '{member}' does not exist", 8)
    if "a" in options:
        if member in group.members:
            raise Failure(f"user '{member}' is already a member of '{name}'", 7)
        set_members(shell, member, [name], append=True)
    elif "d" in options and member not in group.members:
        raise Failure(f"user '{member}' is not a member of '{name}'", 6)
    elif "d" in options or "p" in options:
        rows = rows_of(shell, "/etc/group")
        for row in rows:
            if row[0] == name and len(row) > 3:
                row[3] = (
                    "" if "p" in options else ",".join(each for each in row[3].split(",") if each != member)
                )
        save_rows(shell, "/etc/group", rows)
    return 0


@packaged(bare=True)
def newgrp(process: Process) -> Running:
    """A shell or a command with another group."""
    words = [word for word in process.args if word != "-"]
    name = words[0] if words else ""
    yield 0.0
    if name and accounts_of(process.shell).group(name) is None:
        raise Failure(f"group '{name}' does not exist")
    shell = process.shell.variables.get("SHELL", "/bin/sh")
    command = words[2:] if words[1:2] == ["-c"] else words[1:]
    return (yield from process.call(["sh", "-c", " ".join(command)] if command else [shell]))


@packaged()
def newusers(process: Process) -> Running:
    """Users by the lines of a file."""
    path = next((word for word in process.args if not word.startswith("-")), "")
    if path and (reason := why_not(process, path)):
        raise Failure(f"{path}: {reason}")
    text = (
        process.shell.read(process.shell.absolute(path)) if path else process.given.decode("utf-8", "replace")
    )
    for number, line in enumerate((text or "").splitlines()[:100], 1):
        cells = line.split(":")
        if len(cells) != 7:
            raise Failure(f"line {number}: invalid line\n{process.name}: error detected, changes ignored")
        if accounts_of(process.shell).user(cells[0]) is None:
            yield from process.call(
                [
                    "useradd",
                    "-c",
                    cells[4],
                    "-d",
                    cells[5] or f"/home/{cells[0]}",
                    "-s",
                    cells[6] or "/bin/sh",
                    cells[0],
                ]
            )
        yield from process.call(["chpasswd"], f"{cells[0]}:{cells[1]}\n".encode())
    yield 0.0
    return 0


@packaged(bare=True)
def chgpasswd(process: Process) -> Running:
    """Passwords of groups by lines."""
    status = 0
    for number, line in enumerate(process.given.decode("utf-8", "replace").splitlines()[:100], 1):
        name, colon, _ = line.partition(":")
        if not colon:
            process.err(f"{process.name}: line {number}: missing new password\n")
            status = 1
        elif accounts_of(process.shell).group(name) is None:
            process.err(f"{process.name}: line {number}: group '{name}' does not exist\n")
            status = 1
    process.err(f"{process.name}: error detected, changes ignored\n" if status else "")
    yield 0.0
    return status


FIELDS = {"f": 0, "r": 1, "w": 2, "h": 3, "o": 4}


@packaged(bare=True)
def chfn(process: Process) -> Running:
    """The name and the telephone numbers of a user."""
    options = parse(
        process,
        "f:h:o:r:R:uw:",
        "full-name:=f home-phone:=h other:=o room:=r root:=R help=u work-phone:=w extrausers",
        status=2,
    )
    shell = process.shell
    name = (options.operands or [shell.user])[0]
    account = accounts_of(shell).user(name)
    yield 0.0
    if account is None:
        raise Failure(f"user '{name}' does not exist", 1)
    if name != shell.user and shell.user != "root":
        raise Failure("Permission denied.", 1)
    cells = [*account.comment.split(","), "", "", "", "", ""][:5]
    if not any(letter in FIELDS for letter, _ in options.given):
        cells = yield from asked_cells(process, name, cells)
    for letter, value in options.given:
        if letter in FIELDS:
            if set(value) & set(":,=\n"):
                raise Failure(f"invalid name: '{value}'", 1)
            cells[FIELDS[letter]] = value
    text = ",".join(cells[:4]) + (f",{cells[4]}" if cells[4] else "")
    set_field(shell, "/etc/passwd", name, 4, text)
    return 0


@packaged(bare=True, refuses=False)
def quietly(process: Process) -> Running:
    """Programs that say nothing of an account whose password is valid."""
    yield 0.0
    return {"pam_timestamp_check": 7, "mkhomedir_helper": 10, "expiry": 0}.get(
        process.name.rpartition("/")[2], 0
    )


@packaged(bare=True)
def unix_chkpwd(process: Process) -> Running:
    """Only a library of PAM calls it."""
    yield 0.0
    process.err(
        "This binary is not designed for running in this way\n-- the system administrator has been informed\n"
    )
    return 4


@packaged(bare=True)
def faillock(process: Process) -> Running:
    """Failed logins, which this machine does not count."""
    options = parse(process, "", "user: reset dir: conf: legacy-output")
    folder = options.value("dir") or "/var/run/faillock"
    yield 0.0
    if not options.value("user") and process.shell.node(folder) is None:
        raise Failure("Error reading tally directory: No such file or directory", 2)
    return 0


@packaged(bare=True)
def update_passwd(process: Process) -> Running:
    """The accounts of the base system are as they should be."""
    yield 0.0
    process.out("No changes needed\n" if "-n" in process.args or "--dry-run" in process.args else "")
    return 0


@packaged(bare=True)
def shadowconfig(process: Process) -> Running:
    """Shadow passwords are on."""
    word = (process.args or [""])[0]
    yield 0.0
    if word not in ("on", "off"):
        process.out("Usage: /usr/sbin/shadowconfig on | off\n")
        return 0
    process.out(f"Shadow passwords are now {word}.\n")
    return 0


@packaged(refuses=False)
def shells(process: Process) -> Running:
    """add-shell and remove-shell: the lines of /etc/shells."""
    shell, adds = process.shell, process.name.rpartition("/")[2] == "add-shell"
    lines = (shell.read("/etc/shells") or "").splitlines()
    for word in process.args:
        real = "/usr" + word if word.startswith(("/bin/", "/sbin/")) else word
        wanted = dict.fromkeys((word, real) if adds else (word, real))
        lines = [line for line in lines if line not in wanted or (adds and line in lines)]
        lines += [each for each in wanted if adds and each not in lines]
    yield 0.0
    if shell.user != "root":
        raise Failure("cannot create /etc/shells.tmp: Permission denied", 2)
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    shell.put("/etc/shells", data, len(data))
    return 0


COMMANDS: dict[str, Command] = {
    "pwck": check, "grpck": check, **dict.fromkeys(("pwconv", "grpconv", "pwunconv", "grpunconv"), convert), "groupmod": groupmod, "groupmems": groupmems, "newgrp": newgrp, "sg": newgrp,
    "newusers": newusers, "chgpasswd": chgpasswd, "chfn": chfn, **dict.fromkeys(("expiry", "pam_timestamp_check", "mkhomedir_helper"), quietly), "unix_chkpwd": unix_chkpwd, "faillock": faillock,
    "update-passwd": update_passwd, "shadowconfig": shadowconfig, "add-shell": shells, "remove-shell": shells,
}  # fmt: skip
