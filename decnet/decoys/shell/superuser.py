# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`sudo` and `su`."""

from __future__ import annotations

from . import passwords, sudo_rules
from .context import Context, Work
from .descriptors import Screen, Stream
from .login_variables import OF_SU, OF_SUDO, of_sudo
from .process import Process
from .shells import sh
from .state import PATH, Shell

VERSIONS = {
    "11": "1.9.5p2",
    "20.04": "1.8.31",
    "22.04": "1.9.9",
    "24.04": "1.9.15p5",
    "8.10": "1.9.5p2",
    "9.4": "1.9.5p2",
}
WITH_VALUE = "CDghpRrTtUu"
LETTERS = "ABbEeHhiKklNnPSsVv"
USAGE = """usage: sudo -h | -K | -k | -V
usage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u user]
            [command [arg ...]]
usage: sudo [-ABbEHkNnPS] [-r role] [-t type] [-C num] [-D directory] [-g
            group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user]
            [VAR=value] [-i | -s] [command [arg ...]]
usage: sudo -e [-ABkNnS] [-r role] [-t type] [-C num] [-D directory] [-g group]
            [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] file ...
"""
LONG = {
    "list": "l", "login": "i", "shell": "s", "user": "u", "group": "g", "version": "V", "stdin": "S", "non-interactive": "n",
    "preserve-env": "E", "validate": "v", "remove-timestamp": "K", "reset-timestamp": "k", "background": "b", "set-home": "H",
    "edit": "e", "prompt": "p", "chdir": "D", "help": "h", "askpass": "A",
}  # fmt: skip


def sudo(context: Context, process: Process) -> Work:
    """`sudo`."""
    shell, words = context.shell, list(process.args)
    given, wrong = _options(words)
    if wrong:
        context.err(f"sudo: {wrong}\n{USAGE}")
        return 1
    if "S" in given and shell.user == "root":
        text = process.given.decode("utf-8", "surrogateescape")
        passwords.record_passwords(shell.session, shell.user, ["sudo", "-S"], text, success=True)
    if "V" in given:
        version = VERSIONS.get(shell.world.system.version, "1.9.13p3")
        grammar = 48 if version in ("1.9.5p2", "1.9.9") else 46 if version == "1.8.31" else 50
        context.out(
            f"Sudo version {version}\nSudoers policy plugin version {version}\nSudoers file grammar version {grammar}\n"
        )
        return 0
    if not words and not given.keys() & set("ilsvKk"):
        context.err(USAGE)
        return 1
    if given.keys() & set("Kk") and not words:
        shell.visit.sudo_until = 0.0
        return 0
    user = _user(shell, given["u"]) if "u" in given else "root"
    if user is None:
        _complain(context, f"unknown user {given['u']}")
        _complain(context, "error initializing audit plugin sudoers_audit")
        return 1
    if "U" in given and "l" in given and _user(shell, given["U"]) is None:
        _complain(context, f"unknown user {given['U']}")
        return 1
    rule, command = sudo_rules.rule_for(shell), _logged(context, given, words)
    if (rule.asks or "v" in given) and shell.user != "root":
        is_known: bool = yield from sudo_rules.authenticated(context, given, command)
        if not is_known:
            return 1
    if not rule.is_allowed:
        sudo_rules.log(shell, "user NOT in sudoers", command, user)
        context.err(sudo_rules.refusal(shell))
        return 1
    is_missing = bool(words) and context.where(words[0]) is None
    sudo_rules.log(shell, "command not found" if is_missing and "l" not in given else "", command, user)
    if "l" in given:
        return _list(context, words)
    if "v" in given:
        return 0
    if is_missing:
        context.err(f"sudo: {words[0]}: command not found\n")
        return 1
    sudo_rules.log_session(shell, user, begins=True)
    status: int = yield _as_user(context, user, words, login="i" in given, by_sudo=True)
    sudo_rules.log_session(shell, user, begins=False)
    return status


def _logged(context: Context, given: dict[str, str], words: list[str]) -> str:
    """The command as sudo logs it."""
    if "l" in given:
        return "list"
    if "v" in given:
        return "validate"
    if not words:
        return context.shell.world.system.shell
    return " ".join([context.where(words[0]) or words[0], *words[1:]])


def _complain(context: Context, text: str) -> None:
    """One error; sudo 1.9.9 ends its lines on a terminal with a carriage return."""
    returns = context.shell.world.system.version == "22.04" and context.engine.input.is_terminal
    context.err(f"sudo: {text}\r\n" if returns else f"sudo: {text}\n")


def _options(words: list[str]) -> tuple[dict[str, str], str]:
    """The options with their values, which are taken from `words`; and what is wrong with them."""
    given: dict[str, str] = {}
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name not in LONG:
                return given, f"unrecognized option '{word}'"
            letters = LONG[name]
            value = value if equals or letters not in WITH_VALUE or not words else words.pop(0)
            given[letters] = value
            continue
        for at, letter in enumerate(word[1:]):
            if letter in WITH_VALUE:
                given[letter] = word[at + 2 :] or (words.pop(0) if words else "")
                break
            if letter not in LETTERS:
                return given, f"invalid option -- '{letter}'"
            given[letter] = given.get(letter, "") + letter
    return given, ""


def _user(shell: Shell, name: str) -> str | None:
    """The name of a user who exists, as a name or `#uid`."""
    rows = [line.split(":") for line in (shell.read("/etc/passwd") or "").splitlines()]
    wanted = name[1:] if name.startswith("#") else name
    return next(
        (row[0] for row in rows if len(row) > 2 and row[2 if name.startswith("#") else 0] == wanted), None
    )


def _list(context: Context, words: list[str]) -> int:
    """`-l`: what a user may do, or the path of a command that he may use."""
    shell = context.shell
    if words:
        path = context.where(words[0])
        if path is None:
            context.err(f"sudo: {words[0]}: command not found\n")
            return 1
        context.out(" ".join([path, *words[1:]]) + "\n")
        return 0
    pty = ["use_pty"] if shell.world.system.version in ("12", "24.04", "22.04") else []
    path = _secure_path(shell).replace(":", r"\:")
    defaults = ["env_reset", "mail_badpass", f"secure_path={path}", *pty]
    on_terminal = isinstance(context.fds.get(1), Screen) and context.engine.input.is_terminal
    text = (
        f"Matching Defaults entries for {shell.user} on {shell.hostname}:\n"
        f"    {_filled(defaults, shell.columns if on_terminal else 0)}\n\n"
        f"User {shell.user} may run the following commands on {shell.hostname}:\n    (ALL : ALL) ALL\n"
    )
    context.out(text.replace("\n", "\r\n") if on_terminal and shell.world.system.version == "22.04" else text)
    return 0


def _filled(items: list[str], columns: int) -> str:
    """Items with commas, in lines of a terminal if it has `columns`."""
    lines = [""]
    for at, item in enumerate(items):
        text = item + "," * (at < len(items) - 1)
        if columns and lines[-1] and 4 + len(lines[-1]) + 1 + len(text) > columns:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + text
    return "\n    ".join(lines)


SU_LETTERS = "cfGghlmpPsTuVw"
"""Options of one letter."""


def su(context: Context, process: Process) -> Work:
    """`su`, whose password is recorded."""
    shell, words = context.shell, list(process.args)
    command, login, user, program = None, False, "root", ""
    while words:
        word = words.pop(0)
        if word in ("-", "-l", "--login"):
            login = True
        elif word in ("-c", "--command") and words:
            command = words.pop(0)
        elif word in ("-s", "--shell") and words:
            program = words.pop(0)
        elif word.startswith("-") and not word.startswith("--") and word[1] not in SU_LETTERS:
            hint = "" if shell.world.system.busybox else "Try 'su --help' for more information.\n"
            context.err(f"su: invalid option -- '{word[1]}'\n{hint}")
            return 1
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
    program = program or _login_shell(shell, user)
    home = shell.world.home(user)
    if login and not shell.node(home) and not shell.world.system.busybox:
        context.err(f"su: warning: cannot change directory to {home}: No such file or directory\n")
    if program.endswith(("/nologin", "/false")):
        context.out("This account is currently not available.\n" if program.endswith("/nologin") else "")
        return 1
    words = [program.rpartition("/")[2] or "sh", "-c", command] if command is not None else []
    return (yield _as_user(context, user, words, login=login, program=program))


def _login_shell(shell: Shell, user: str) -> str:
    rows = [line.split(":") for line in (shell.read("/etc/passwd") or "").splitlines()]
    return next((row[6] for row in rows if row[0] == user and len(row) > 6), "")


def _has_password(shell: Shell, user: str) -> bool:
    """Whether pam_unix(8) finds the password that passwd(5) has elsewhere ("x")."""
    rows = [line.split(":") for line in (shell.read("/etc/passwd") or "").splitlines()]
    shadow = shell.read("/etc/shadow")
    elsewhere = any(row[0] == user and row[1:2] == ["x"] for row in rows)
    return shadow is None or not elsewhere or any(line.startswith(f"{user}:") for line in shadow.splitlines())


def _secure_path(shell: Shell) -> str:
    """The PATH of commands by sudo (`secure_path` of the packages' sudoers)."""
    return PATH + (":/snap/bin" if shell.world.system.id == "ubuntu" else "")


def _escaped(word: str) -> str:
    """A word as `sudo -i` gives it to the shell: all but letters, digits, `_`, `-` and `$` after a backslash."""
    return "".join(char if char.isalnum() or char in "_-$" else f"\\{char}" for char in word)


def _as_user(
    context: Context, user: str, words: list[str], *, login: bool, by_sudo: bool = False, program: str = ""
) -> Work:
    child = context.fork()
    shell = child.shell
    if by_sudo:
        own = shell.variables.get("SHELL", "")
        if login and words:
            words = [own or "/bin/sh", "-c", " ".join(_escaped(word) for word in words)]
        where = context.where(words[0]) if words else own
        command = " ".join([where or words[0], *words[1:]])
        caller, shell.user = shell.user, user
        shell.variables |= of_sudo(shell.world, shell.variables, command, caller, user)
        shell.variables["PATH"] = _secure_path(shell)
        shell.order, shell.exported = OF_SUDO, set(OF_SUDO)
    elif shell.world.packages is not None:
        shell.variables["MAIL"] = f"/var/mail/{user}"
        shell.exported = (shell.exported & OF_SU if login else shell.exported) | {"MAIL"}
    shell.user = user
    for name in ("USER", "LOGNAME"):
        shell.variables[name] = user
    shell.variables["HOME"] = shell.world.home(user)
    if login and shell.node(shell.variables["HOME"]) and (by_sudo or not words):
        shell.cwd = shell.variables["HOME"]
        shell.variables["PWD"] = shell.cwd
    if words:
        return (yield child.whole(child.program(words)))
    name = program.rpartition("/")[2] if program.endswith("sh") else ""
    name = name or shell.world.system.shell.rsplit("/", 1)[-1]
    process = Process(shell, name, ["-l"] if login else [])
    return (yield child.whole(sh(child, process)))
