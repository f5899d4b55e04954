# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`sudo` and `su`."""

from __future__ import annotations

from . import passwords
from .context import Context, Work
from .descriptors import Stream
from .process import Process
from .shells import sh
from .state import Shell


def sudo(context: Context, process: Process) -> Work:
    """`sudo`, for root and for a user who is not in the sudoers file."""
    shell, words = context.shell, list(process.args)
    login = shell_wanted = False
    user = "root"
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        login, shell_wanted = login or word in ("-i", "--login"), shell_wanted or word in ("-s", "--shell")
        if word in ("-u", "-g", "-p", "-h", "-C") and words:
            user = words.pop(0) if word == "-u" else (words.pop(0), user)[1]
        if word == "-S":
            given = process.given.decode("utf-8", "surrogateescape")
            passwords.record_passwords(
                shell.session, shell.user, ["sudo", "-S"], given, success=shell.user == "root"
            )
        if word in ("-V", "--version"):
            context.out(
                "Sudo version 1.9.13p3\nSudoers policy plugin version 1.9.13p3\nSudoers file grammar version 50\n"
            )
            return 0
        if word == "-l":
            yield 0.2
            context.out(
                f"User {shell.user} may run the following commands on {shell.world.hostname}:\n    (ALL : ALL) ALL\n"
            )
            return 0
    if shell.user != "root":
        yield 0.5
        context.err(f"{shell.user} is not in the sudoers file.\n")
        return 1
    if not words and not (login or shell_wanted):
        context.err(
            "usage: sudo -h | -K | -k | -V\nusage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]\n"
        )
        return 1
    return (yield _as_user(context, user, words, login=login or shell_wanted))


def su(context: Context, process: Process) -> Work:
    """`su`, whose password is recorded."""
    shell, words = context.shell, list(process.args)
    command, login, user = None, False, "root"
    while words:
        word = words.pop(0)
        if word in ("-", "-l", "--login"):
            login = True
        elif word in ("-c", "--command") and words:
            command = words.pop(0)
        elif word in ("-s", "--shell") and words:
            words.pop(0)
        elif not word.startswith("-"):
            user = word
    names = [line.split(":")[0] for line in (shell.read("/etc/passwd") or "").splitlines()]
    if user not in names:
        busybox = shell.world.system.busybox
        missing = "does not exist or the user entry does not contain all the required fields"
        context.err(f"su: unknown user {user}\n" if busybox else f"su: user {user} {missing}\n")
        return 1
    if shell.user == "root" and not _has_password(shell, user):
        context.err("su: Authentication failure\n")
        return 1
    if shell.user != "root":
        context.err("Password: ")
        source = context.fds.get(0)
        given = b""
        if isinstance(source, Stream):
            source.echo = False
            try:
                given = yield from context.read_line(source)
            finally:
                source.echo = True
        text = given.decode("utf-8", "surrogateescape")
        passwords.record_passwords(shell.session, shell.user, ["su", user], text, success=False)
        yield 1.8
        context.err(
            ("\n" if isinstance(source, Stream) and source.is_terminal else "")
            + "su: Authentication failure\n"
        )
        return 1
    words = ["sh", "-c", command] if command is not None else []
    return (yield _as_user(context, user, words, login=login or command is None))


def _has_password(shell: Shell, user: str) -> bool:
    """Whether pam_unix(8) finds the password that passwd(5) has elsewhere ("x")."""
    rows = [line.split(":") for line in (shell.read("/etc/passwd") or "").splitlines()]
    shadow = shell.read("/etc/shadow")
    elsewhere = any(row[0] == user and row[1:2] == ["x"] for row in rows)
    return shadow is None or not elsewhere or any(line.startswith(f"{user}:") for line in shadow.splitlines())


def _as_user(context: Context, user: str, words: list[str], *, login: bool) -> Work:
    child = context.fork()
    shell = child.shell
    if user != shell.user:
        shell.user = user
        for name in ("USER", "LOGNAME"):
            shell.variables[name] = user
        shell.variables["HOME"] = shell.world.home(user)
    if words:
        return (yield child.whole(child.program(words)))
    if login and shell.node(shell.variables["HOME"]):
        shell.cwd = shell.variables["HOME"]
        shell.variables["PWD"] = shell.cwd
    name = shell.world.system.shell.rsplit("/", 1)[-1]
    process = Process(shell, name, ["-l"] if login else [])
    return (yield child.whole(sh(child, process)))
