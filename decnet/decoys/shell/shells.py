# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`sh`, `bash`, `dash` and `ash` as programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .context import Context, Work
from .descriptors import Stream
from .dialect import ASH, BASH, DASH, Dialect
from .greeting import of_ash
from .history import begin_history
from .options import LETTERS, OF_BASH, SHOPTS
from .own_variables import forget_read_only
from .process import Process
from .profile import begin_profile
from .state import ENTERED, PATH, Shell
from .variables import bash_version, exported_function


def dialect_named(shell: Shell, name: str) -> Dialect:
    """What a shell of this name is on this machine."""
    if shell.world.system.has_ash:
        return ASH
    if name in ("bash", "rbash"):
        return BASH
    return BASH if shell.world.system.id in ("rocky", "qts", "dsm") else DASH


LONG = (
    "debug", "debugger", "dump-po-strings", "dump-strings", "help", "init-file", "login", "noediting", "noprofile", "norc",
    "posix", "pretty-print", "rcfile", "restricted", "verbose", "version",
)  # fmt: skip
"""Long options of bash."""


@dataclass
class _Wanted:
    """What the options of a shell ask for. `mode` is that of `Shell.mode`, "" if none is given."""

    arguments: list[str]
    options: set[str] = field(default_factory=set)
    mode: str = ""
    login: bool = False
    about: str = ""
    wrong: str = ""
    """The first long option that bash does not have."""
    named: list[str] = field(default_factory=list)
    """What `-o` has named."""
    shopts: list[str] = field(default_factory=list)
    """What `-O` has."""


def _wanted(words: list[str]) -> _Wanted:
    wanted = _Wanted(list(words))
    arguments = wanted.arguments
    while arguments and arguments[0][:1] in ("-", "+") and len(arguments[0]) > 1:
        word = arguments.pop(0)
        if word in ("--", "-"):
            break
        if word in ("--version", "--help"):
            wanted.about = word
        elif word.startswith("--"):
            if word[2:] not in LONG:
                wanted.wrong = wanted.wrong or word
            wanted.login = wanted.login or word == "--login"
            if word in ("--norc", "--noprofile"):
                wanted.options.add(word[2:])
            if word in ("--rcfile", "--init-file") and arguments:
                arguments.pop(0)
        else:
            _take_letters(wanted, word)
    return wanted


SHORT_OF_DASH = "efnuvxImiqVEabslcoC"
SHORT_OF_ASH = "efnuvxImiqVEabslcoC"
SHORT = "abefhkmnptuvxBCDEHPTirslc"
"""Options of bash of one letter."""


def _take_letters(wanted: _Wanted, word: str) -> None:
    for letter in word[1:]:
        if letter == "o" and wanted.arguments:
            wanted.named.append(wanted.arguments.pop(0))
            wanted.options.add(LETTERS.get(wanted.named[-1], wanted.named[-1]))
        elif letter == "O" and wanted.arguments:
            wanted.shopts.append(wanted.arguments.pop(0))
        elif letter == "c":
            wanted.mode = "c"
        elif letter in "is":
            wanted.mode = wanted.mode or letter
        elif letter == "l":
            wanted.login = True
        elif letter.isalpha() and word[0] == "-":
            wanted.options.add(letter)


def sh(context: Context, process: Process) -> Work:
    """`sh`, `bash`, `dash`, `ash`."""
    name, wanted = process.name, _wanted(process.args)
    dialect, arguments = dialect_named(context.shell, name), wanted.arguments
    if wanted.wrong and dialect.name != "ash":
        text = f"{name}: {wanted.wrong}: invalid option\n{_usage(name)}"
        context.err(text if dialect.bash else f"{name}: 0: Illegal option --\n")
        return 2
    if dialect.bash and (unknown := [each for each in wanted.named if each not in OF_BASH]):
        context.err(f"{name}: line 0: {name}: {unknown[0]}: invalid option name\n")
        return 2
    if dialect.bash and (unknown := [each for each in wanted.shopts if each not in SHOPTS]):
        context.err(f"{name}: {unknown[0]}: invalid shell option name\n")
        return 2
    wanted.options |= set(wanted.shopts)
    if dialect.bash and (
        bad := sorted(each for each in wanted.options if len(each) == 1 and each not in SHORT)
    ):
        context.err(f"{name}: -{bad[0]}: invalid option\n{_usage(name)}")
        return 2
    if dialect.name == "ash" and (
        bad := sorted(each for each in wanted.options if len(each) == 1 and each not in SHORT_OF_ASH)
    ):
        context.err(f"{name}: illegal option -{bad[0]}\n")
        return 2
    if dialect.name == "dash" and (
        bad := sorted(each for each in wanted.options if len(each) == 1 and each not in SHORT_OF_DASH)
    ):
        context.err(f"{name}: 0: Illegal option -{bad[0]}\n")
        return 2
    if wanted.about and (dialect.name != "ash" or process.args == ["--help"]):
        return _about(context, dialect, name, wanted.about)
    if wanted.mode == "c":
        return (yield from _command(context, dialect, name, wanted))
    if arguments and wanted.mode != "s":
        return (yield from _file(context, dialect, name, arguments, wanted.options))
    source = context.fds.get(0)
    if wanted.mode == "i" or (isinstance(source, Stream) and source.is_terminal):
        script, mode = f"-{name}" if wanted.login else name, "i"
    else:
        script, mode = name, "s"
    return (
        yield _child(
            context, dialect, script, arguments, mode, wanted.options,
            lambda child: _interactive(child) if mode == "i" else child.from_input(),
        )
    )  # fmt: skip


def _interactive(child: Any) -> Work:
    if child.shell.dialect.name == "ash":
        child.out(of_ash(child.shell.world))
    return (yield child.interactive())


def _usage(name: str) -> str:
    """What bash prints of its help after a wrong option."""
    options = "".join(f"\t--{each}\n" for each in LONG)
    return (
        f"Usage:\t{name} [GNU long option] [option] ...\n\t{name} [GNU long option] [option] script-file ...\n"
        f"GNU long options:\n{options}"
        "Shell options:\n\t-ilrsD or -c command or -O shopt_option\t\t(invocation only)\n"
        "\t-abefhkmnptuvxBCEHPT or -o option\n"
    )


def _command(context: Context, dialect: Dialect, name: str, wanted: _Wanted) -> Work:
    """`-c`."""
    arguments = wanted.arguments
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
            context, dialect, script, arguments[2:], "c", wanted.options, lambda child: child.script(text)
        )
    )


def _file(context: Context, dialect: Dialect, name: str, arguments: list[str], options: set[str]) -> Work:
    path = context.shell.absolute(arguments[0])
    given = yield from context.script_input(path)
    if given is not None:
        return (
            yield _child(
                context, dialect, arguments[0], arguments[1:], "f", options, lambda child: child.script(given)
            )
        )
    node = context.shell.node(path)
    if node is None and "/" not in arguments[0]:
        found = context.where(arguments[0]) if dialect.bash else None
        node = context.shell.node(found) if found else None
    if node is None:
        texts = {"bash": f"{name}: {arguments[0]}: No such file or directory\n", "dash": f"{name}: 0: cannot open {arguments[0]}: No such file\n",
                 "ash": f"{name}: can't open '{arguments[0]}': No such file or directory\n"}  # fmt: skip
        context.err(texts[dialect.name])
        return 127 if dialect.bash else 2
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
    if text.startswith("#!") and (packaged := context.packaged_script(path)) is not None:
        return (yield context.process(packaged, arguments[0], arguments[1:]))
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
    enter(child.shell, script, arguments, dialect, mode, options)
    return (yield context.as_process(child, work(child)))


def enter(
    shell: Shell,
    script: str,
    arguments: list[str],
    dialect: Dialect | None,
    mode: str,
    options: Iterable[str] = (),
) -> None:
    """Make a forked shell one of its own, with these options: only what is exported is left."""
    is_told = not shell.order and (shell.dialect.bash or "_" in shell.exported)
    shell.dialect, shell.order = dialect or dialect_named(shell, "sh"), ()
    shell.script, shell.positional, shell.mode, shell.file = script, arguments, mode, ""
    kept = {*shell.exported, "IFS", "OPTIND"}
    shell.variables = {name: value for name, value in shell.variables.items() if name in kept}
    if shell.user == "root":
        shell.variables.pop("PS4", None)
    shell.variables["IFS"], shell.variables["OPTIND"] = " \t\n", "1"
    passed_on = {name: node for name, node in shell.functions.items() if exported_function(name) in kept}
    shell.functions = passed_on if shell.dialect.bash else {}
    shell.arrays, shell.aliases, shell.kinds, shell.hashed = {}, {}, {}, {}
    shell.notes = {ENTERED: str(shell.depth)}
    forget_read_only(shell)
    shell.options, shell.shopts, shell.calls = set(options), set(options) & SHOPTS.keys(), []
    shell.options -= shell.shopts
    if shell.program and is_told:
        shell.variables["_"] = shell.program
        shell.exported.add("_")
    shell.interactive = mode == "i"
    shell.status, shell.line = 0, 1
    if mode == "i":
        shell.history = []
        begin_history(shell)
        begin_profile(shell, reads_files="norc" not in shell.options)
    if shell.dialect.bash and "posix" in shell.options:
        shell.variables["POSIXLY_CORRECT"] = "y"
    if mode == "i" and shell.dialect.name == "dash":
        shell.variables |= {"PS1": "# " if shell.user == "root" else "$ ", "PS2": "> ", "PS4": "+ "}
    shell.variables.setdefault("PATH", PATH)
    if "PWD" not in shell.variables:
        shell.variables["PWD"] = shell.cwd
        shell.exported.add("PWD")
    level = shell.variables.get("SHLVL", "0")
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
    if dialect.name == "ash":
        from .busybox_titles import title_of
        from .busybox_usage import usage

        head = f"BusyBox {title_of(context.shell.world)} multi-call binary.\n\n"
        context.err(head + usage(name)[1])
        return 0
    context.err(f"{name}: 0: Illegal option --\n")
    return 2
