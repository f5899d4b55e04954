# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Programs that work with the shell that runs them: other shells, `sudo`, and what reads its input as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from . import passwords
from .commands import command_of
from .context import Context, Work
from .descriptors import End, FileWriter, Stream
from .dialect import ASH, BASH, DASH, Dialect
from .engine import Readable, Writable
from .process import Command, Process
from .state import Shell
from .variables import bash_version

Run = Callable[[Context, Process], Any]
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_SLEEP = 86400.0 * 30


@dataclass(frozen=True)
class Program:
    """`run` gets the evaluator and the process; `exists` tells on which machines it is installed."""

    run: Run
    exists: Callable[[Shell], bool] = lambda shell: True

    def run_by(self, context: Context) -> Command:
        """The command as the evaluator calls it."""
        return lambda process: self.run(context, process)


def dialect_named(shell: Shell, name: str) -> Dialect:
    """What a shell of this name is on this machine."""
    if shell.world.system.busybox:
        return ASH
    if name in ("bash", "rbash"):
        return BASH
    return BASH if shell.world.system.id in ("rocky", "qts") else DASH


def sh(context: Context, process: Process) -> Work:
    """`sh`, `bash`, `dash`, `ash`."""
    name, arguments = process.name, list(process.args)
    shell = context.shell
    dialect = dialect_named(shell, name)
    options: set[str] = set()
    mode, login = "", False
    while arguments and arguments[0][:1] in ("-", "+") and len(arguments[0]) > 1:
        word = arguments.pop(0)
        if word in ("--", "-"):
            break
        if word.startswith("--"):
            if word in ("--version", "--help"):
                return _about(context, dialect, name, word)
            login = login or word == "--login"
            if word in ("--rcfile", "--init-file") and arguments:
                arguments.pop(0)
            continue
        for letter in word[1:]:
            if letter == "o" and arguments:
                options.add(arguments.pop(0))
            elif letter == "c":
                mode = "c"
            elif letter in "is":
                mode = mode or letter
            elif letter == "l":
                login = True
            elif letter.isalpha() and word[0] == "-":
                options.add(letter)
    if mode == "c":
        if not arguments:
            texts = {
                "bash": f"{name}: -c: option requires an argument\n",
                "dash": f"{name}: 0: -c requires an argument\n",
                "ash": f"{name}: -c requires an argument\n",
            }
            context.err(texts[dialect.name])
            return 2
        text, script = arguments[0], arguments[1] if len(arguments) > 1 else name
        return (
            yield _child(
                context, dialect, script, arguments[2:], "c", options, lambda child: child.script(text)
            )
        )
    if arguments and mode != "s":
        return (yield from _file(context, dialect, name, arguments, options))
    source = context.fds.get(0)
    on_terminal = isinstance(source, Stream) and source.is_terminal
    if on_terminal or mode == "i":
        script = f"-{name}" if login else name
        return (
            yield _child(context, dialect, script, arguments, "i", options, lambda child: child.interactive())
        )
    return (yield _child(context, dialect, name, arguments, "s", options, lambda child: child.from_input()))


def _file(context: Context, dialect: Dialect, name: str, arguments: list[str], options: set[str]) -> Work:
    path = context.shell.absolute(arguments[0])
    node = context.shell.node(path)
    if node is None and "/" not in arguments[0]:
        found = context.where(arguments[0]) if dialect.bash else None
        node = context.shell.node(found) if found else None
    if node is None:
        texts = {"bash": f"{name}: {arguments[0]}: No such file or directory\n", "dash": f"{name}: 0: cannot open {arguments[0]}: No such file\n",
                 "ash": f"{name}: can't open '{arguments[0]}': No such file or directory\n"}  # fmt: skip
        context.err(texts[dialect.name])
        return 127 if dialect.name != "dash" else 2
    if node.folder:
        context.err(f"{name}: {arguments[0]}: Is a directory\n")
        return 126
    text = context.shell.read(path) or ""
    if text.startswith("\x7fELF"):
        context.err(
            f"{arguments[0]}: {arguments[0]}: cannot execute binary file\n"
            if dialect.bash
            else f'{arguments[0]}: 1: Syntax error: "(" unexpected\n'
        )
        return 126 if dialect.bash else 2
    return (
        yield _child(
            context, dialect, arguments[0], arguments[1:], "f", options, lambda child: child.script(text)
        )
    )


def _child(
    context: Context,
    dialect: Dialect,
    script: str,
    arguments: list[str],
    mode: str,
    options: set[str],
    work: Callable[[Any], Work],
) -> Work:
    child = context.fork()
    enter(child.shell, script, arguments, dialect, mode)
    child.shell.options = options
    child.shell.own_pid = child.shell.pid = context.engine.next_pid(context.shell)
    child.is_subshell = False
    child.guards = child.loops = 0
    yield work(child)
    return child.shell.status


def enter(shell: Shell, script: str, arguments: list[str], dialect: Dialect | None, mode: str) -> None:
    """Make a forked shell one of its own: only what is exported is left."""
    shell.dialect = dialect or dialect_named(shell, "sh")
    shell.script, shell.positional, shell.mode = script, arguments, mode
    kept = {*shell.exported, "IFS", "OPTIND"}
    shell.variables = {name: value for name, value in shell.variables.items() if name in kept}
    shell.variables["IFS"], shell.variables["OPTIND"] = " \t\n", "1"
    shell.arrays, shell.functions, shell.aliases, shell.kinds, shell.notes = {}, {}, {}, {}, {}
    shell.readonly, shell.options, shell.shopts, shell.calls = set(), set(), set(), []
    shell.interactive = mode == "i"
    shell.status, shell.line = 0, 1
    shell.history = [] if mode == "i" else shell.history
    level = shell.variables.get("SHLVL", "1")
    if shell.dialect.bash:
        shell.variables["SHLVL"] = str(int(level) + 1 if level.isdecimal() and len(level) < 4 else 1)
        shell.exported.add("SHLVL")


def _about(context: Context, dialect: Dialect, name: str, word: str) -> int:
    if dialect.bash:
        version = bash_version(context.shell)
        system = context.shell.world.system.machine
        if word == "--version":
            year = "2022" if version.startswith("5.2") else "2020" if version.startswith("5.1") else "2019"
            context.out(f"GNU bash, version {version} ({system}-pc-linux-gnu)\nCopyright (C) {year} Free Software Foundation, Inc.\n"
                        "License GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\n"
                        "This is free software; you are free to change and redistribute it.\n"
                        "There is NO WARRANTY, to the extent permitted by law.\n")  # fmt: skip
        else:
            context.out(f"GNU bash, version {version}-({system}-pc-linux-gnu)\nUsage:\t{name} [GNU long option] [option] ...\n"
                        f"\t{name} [GNU long option] [option] script-file ...\n")  # fmt: skip
        return 0
    context.err(
        f"{name}: 0: Illegal option --\n"
        if dialect.name == "dash"
        else f"{name}: unrecognized option '{word}'\n"
    )
    return 2


def busybox(context: Context, process: Process) -> Work:
    """`busybox APPLET ...`."""
    arguments = process.args
    if not arguments or arguments[0] in ("--help",):
        context.out(_busybox_help(context.shell))
        return 0
    if arguments[0] in ("--list", "--list-full"):
        from .commands import command_names

        context.out(
            "".join(
                f"{name}\n" for name in sorted({*command_names(), *PROGRAMS}) if name not in ("bash", "sudo")
            )
        )
        return 0
    name = arguments[0].rsplit("/", 1)[-1]
    program = PROGRAMS.get(name)
    command = (
        program.run_by(context) if program and name not in ("bash", "sudo", "busybox") else command_of(name)
    )
    if name == "busybox":
        return (yield busybox(context, Process(context.shell, "busybox", arguments[1:])))
    if command is None or name in NOT_APPLETS:
        context.err(f"{name}: applet not found\n")
        return 127
    return (yield context.applet(command, name, arguments[1:]))


NOT_APPLETS = frozenset(
    (
        "bash",
        "sudo",
        "apt",
        "apt-get",
        "yum",
        "dnf",
        "systemctl",
        "service",
        "python3",
        "curl",
        "ssh",
        "scp",
        "perl",
    )
)


def _busybox_help(shell: Shell) -> str:
    from .commands import command_names

    versions = {"debian": "1.35.0 (Debian 1:1.35.0-4+b3)", "ubuntu": "1.36.1 (Ubuntu 1:1.36.1-6ubuntu3)", "openwrt": "1.33.2 (2022-04-16 12:59:34 UTC)",
                "buildroot": "1.27.2 (2018-03-14 14:20:05 CST)", "dsm": "1.16.1 (2023-07-17 11:36:36 CST)"}  # fmt: skip
    names = sorted(
        name for name in {*command_names(), *PROGRAMS} if name not in NOT_APPLETS and name != "busybox"
    )
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) + 2 > 70:
            lines.append(line)
            line = ""
        line += f"{name}, "
    lines.append(line.rstrip(", "))
    return (
        f"BusyBox v{versions.get(shell.world.system.id, '1.35.0')} multi-call binary.\n"
        "BusyBox is copyrighted by many authors between 1998-2015.\n"
        "Licensed under GPLv2. See source distribution for detailed\ncopyright notices.\n\n"
        "Usage: busybox [function [arguments]...]\n   or: busybox --list[-full]\n   or: busybox --show SCRIPT\n"
        "   or: busybox --install [-s] [DIR]\n   or: function [arguments]...\n\n"
        "\tBusyBox is a multi-call binary that combines many common Unix\n\tutilities into a single executable.  Most people will create a\n"
        "\tlink to busybox for each function they wish to use and BusyBox\n\twill act like whatever it was invoked as.\n\n"
        "Currently defined functions:\n\t" + "\n\t".join(text.rstrip() for text in lines) + "\n\n"
    )  # fmt: skip


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
        context.err(
            f"su: user {user} does not exist or the user entry does not contain all the required fields\n"
        )
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


def cat(context: Context, process: Process) -> Work:
    """`cat`, which prints its input as it comes."""
    flags = "".join(
        word[1:]
        for word in process.args
        if word.startswith("-") and not word.startswith("--") and word != "-"
    )
    flags += "".join(
        {"--number": "n", "--show-all": "A", "--show-ends": "E", "--number-nonblank": "b"}.get(word, "")
        for word in process.args
    )
    paths = [word for word in process.args if word == "-" or not word.startswith("-")] or ["-"]
    bad = next((flag for flag in flags if flag not in "AbeEnstTuv"), None)
    if bad:
        hint = "Try 'cat --help' for more information.\n"
        context.err(
            f"cat: invalid option -- '{bad}'\n" + (hint if not context.shell.world.system.busybox else "")
        )
        return 1
    status, shown = 0, _Shown(flags)
    for path in paths:
        if path == "-":
            yield from _copy_input(context, shown)
            continue
        data, reason = _content(context, path)
        if reason:
            context.err(
                f"cat: can't open '{path}': {reason}\n"
                if context.shell.world.system.busybox
                else f"cat: {path}: {reason}\n"
            )
            status = 1
        for at in range(0, len(data), 32768):
            context.out(shown.of(data[at : at + 32768]))
            yield from _room(context)
    return status


def _content(context: Context, path: str) -> tuple[bytes, str]:
    shell = context.shell
    where = shell.absolute(path)
    if where in ("/dev/null", "/dev/stdin", "/dev/tty"):
        return b"", ""
    if where in ("/dev/zero", "/dev/urandom", "/dev/random", "/dev/full"):
        import os

        return (os.urandom(1 << 17) if "random" in where else bytes(1 << 17)), ""
    node = shell.node(where)
    if node is None:
        parent = shell.node(where.rsplit("/", 1)[0] or "/")
        return (
            b"",
            "Not a directory" if parent is not None and not parent.folder else "No such file or directory",
        )
    if node.folder:
        return b"", "Is a directory"
    if not shell.allowed(where, 4):
        return b"", "Permission denied"
    return (shell.read(where) or "").encode("utf-8", "surrogateescape"), ""


def _room(context: Context) -> Work:
    end = context.fds.get(1)
    if end is not None and end.is_full:
        yield Writable(end)
    else:
        yield None


def _copy_input(context: Context, shown: _Shown, ends: tuple[End, ...] = ()) -> Work:
    """Print the standard input, piece by piece."""
    source = context.fds.get(0)
    while isinstance(source, Stream):
        if not source.is_readable:
            yield Readable(source)
        data = source.take(32768)
        if not data:
            return
        for end in ends:
            end.write(data)
        context.out(shown.of(data))
        yield from _room(context)


class _Shown:
    """Bytes as `cat` with these flags shows them."""

    def __init__(self, flags: str) -> None:
        self._flags = (
            set(flags)
            | ({"v", "E", "T"} if "A" in flags else set())
            | ({"v", "E"} if "e" in flags else set())
            | ({"v", "T"} if "t" in flags else set())
        )
        self._line, self._at_start, self._blank = 0, True, False

    def of(self, data: bytes) -> bytes:
        if not self._flags - {"u"}:
            return data
        return b"".join(self._one(line) for line in data.splitlines(keepends=True))

    def _one(self, line: bytes) -> bytes:
        flags, ended = self._flags, line.endswith(b"\n")
        body = line[:-1] if ended else line
        if "s" in flags and ended and not body and self._at_start:
            if self._blank:
                return b""
            self._blank = True
        elif body:
            self._blank = False
        head = b""
        if self._at_start and ("b" in flags or "n" in flags) and (body or "b" not in flags):
            self._line += 1
            head = b"%6d\t" % self._line
        self._at_start = ended
        if "v" in flags:
            body = b"".join(_visible(code, tabs="T" in flags) for code in body)
        elif "T" in flags:
            body = body.replace(b"\t", b"^I")
        return head + body + (b"$" if "E" in flags and ended else b"") + (b"\n" if ended else b"")


def _visible(code: int, *, tabs: bool) -> bytes:
    if code == 9 and not tabs:
        return b"\t"
    if code >= 128:
        return b"M-" + _visible(code - 128, tabs=True)
    return b"^" + bytes((code ^ 64,)) if code < 32 or code == 127 else bytes((code,))


def tee(context: Context, process: Process) -> Work:
    """`tee`, which copies its input as it comes."""
    shell, status = context.shell, 0
    append = any(word in ("-a", "--append") for word in process.args)
    writers: list[End] = []
    for path in (word for word in process.args if not word.startswith("-")):
        where = shell.absolute(path)
        if where in ("/dev/null", "/dev/stdout", "/dev/tty"):
            continue
        reason = shell.refusal(where) or (
            shell.put(where, b"", 0, 0o666 & ~shell.umask) if shell.node(where) is None else ""
        )
        if reason:
            context.err(f"tee: {path}: {reason}\n")
            status = 1
        else:
            writers.append(FileWriter(shell, where, append=append))
    whole = False
    try:
        yield from _copy_input(context, _Shown(""), tuple(writers))
        whole = True
    finally:
        for writer in writers:
            if isinstance(writer, FileWriter):
                writer.whole = whole
            writer.close()
    return status


def sleep(context: Context, process: Process) -> Work:
    """`sleep`."""
    if not process.args:
        if context.shell.world.system.busybox:
            context.err("BusyBox v1.35.0 multi-call binary.\n\nUsage: sleep [N]...\n")
        else:
            context.err("sleep: missing operand\nTry 'sleep --help' for more information.\n")
        return 1
    seconds = 0.0
    for word in process.args:
        found = re.fullmatch(r"(\d+\.?\d*|\.\d+|inf|infinity)([smhd]?)", word)
        if not found:
            if context.shell.world.system.busybox:
                context.err(f"sleep: invalid number '{word}'\n")
            else:
                context.err(
                    f"sleep: invalid time interval '{word}'\nTry 'sleep --help' for more information.\n"
                )
            return 1
        seconds += min(LONGEST_SLEEP, float(found[1])) * UNITS[found[2]]
    if seconds:
        yield min(seconds, LONGEST_SLEEP)
    return 0


def which(context: Context, process: Process) -> int:
    """`which`, by the PATH alone."""
    status = 0
    for name in (word for word in process.args if not word.startswith("-")):
        path = context.where(name)
        if path is None:
            status = 1
        else:
            process.out(f"{path}\n")
    return status


def as_builtin(name: str) -> Run:
    """A builtin as a program of the same name (`/bin/echo`)."""

    def run(context: Context, process: Process) -> Any:
        from .conditions import BadTest, Tests
        from .echoing import Printf, echo

        if name == "echo":
            process.out(echo(process.args, "ash" if context.shell.world.system.busybox else "bash"))
            return 0
        if name == "printf" and process.args:
            done = Printf(process.args[0], process.args[1:], "bash")
            process.out(done.text)
            return done.status
        if name in ("test", "["):
            words = process.args[:-1] if name == "[" else process.args
            try:
                return int(not Tests(context, words).holds())
            except BadTest as error:
                process.err(f"{name}: {error}\n")
                return 2
        if name == "pwd":
            process.out(context.shell.cwd + "\n")
        return int(name == "false")

    return run


def has_busybox(shell: Shell) -> bool:
    """Debian and Ubuntu need it for their first steps of a boot."""
    return shell.world.system.busybox or shell.world.system.id in ("debian", "ubuntu", "qts")


PROGRAMS = {
    "sh": Program(sh), "bash": Program(sh, lambda shell: not shell.world.system.busybox and shell.world.system.id != "freebsd"),
    "dash": Program(sh, lambda shell: shell.world.system.id in ("debian", "ubuntu")),
    "ash": Program(sh, lambda shell: shell.world.system.busybox), "busybox": Program(busybox, has_busybox),
    "sudo": Program(sudo, lambda shell: not shell.world.system.busybox), "su": Program(su), "cat": Program(cat),
    "tee": Program(tee), "sleep": Program(sleep), "which": Program(which),
    **{name: Program(as_builtin(name)) for name in ("echo", "printf", "test", "[", "true", "false", "pwd")},
}  # fmt: skip
__all__ = ["PROGRAMS", "Generator", "enter"]
