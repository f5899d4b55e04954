# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about the shell itself: history, options, help."""

from __future__ import annotations

from typing import Any

from .all_builtins import ALL
from .context import Context, Work
from .options import SHOPTS
from .signal_numbers import SIGNALS
from .state import Shell

WIDTH_OF_HELP = 60
"""Characters after which `help` of ash begins a new line."""


def shopt(context: Context, words: list[Any]) -> int:
    shell, status = context.shell, 0
    arguments = [str(word) for word in words[1:]]
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    names = [word for word in arguments if not word.startswith("-")]
    if "o" in flags:
        from .builtins_options import options_of_set

        return options_of_set(context, flags, names)

    def is_on(name: str) -> bool:
        default = (
            SHOPTS.get(name, False)
            or (name == "expand_aliases" and shell.interactive)
            or (name == "login_shell" and shell.script.startswith("-"))
        )
        return (name in shell.shopts) if f"-{name}" in shell.notes else default

    for name in names or SHOPTS:
        if name not in SHOPTS:
            context.complain(f"shopt: {name}: invalid shell option name")
            status = 1
        elif names and ("s" in flags or "u" in flags):
            (shell.shopts.add if "s" in flags else shell.shopts.discard)(name)
            shell.notes[f"-{name}"] = "1"
        else:
            on = is_on(name)
            if names:
                status = status or int(not on)
            if "q" not in flags and not (not names and (("s" in flags and not on) or ("u" in flags and on))):
                context.out(
                    f"shopt -{'s' if on else 'u'} {name}\n"
                    if "p" in flags
                    else f"{name:<15}\t{'on' if on else 'off'}\n"
                )
    return status


def enable(context: Context, words: list[Any]) -> int:
    arguments = [str(word) for word in words[1:]]
    names = [word for word in arguments if not word.startswith("-")]
    if not names:
        found = sorted(name for name, each in ALL.items() if each.dialects["bash"])
        context.out("".join(f"enable {name}\n" for name in found))
        return 0
    off = set(context.shell.notes.get(" off", "").split())
    for name in names:
        if name not in ALL:
            context.complain(f"enable: {name}: not a shell builtin")
            return 1
        (off.add if "-n" in arguments else off.discard)(name)
    context.shell.notes[" off"] = " ".join(off)
    return 0


def ash_help(context: Context, words: list[Any]) -> int:
    """`help` of ash."""
    line, lines = "", ""
    for name in sorted(name for name, each in ALL.items() if each.dialects["ash"]):
        line += f" {name}" if line else f"\t{name}"
        if len(line) > WIDTH_OF_HELP:
            lines, line = f"{lines}{line}\n", ""
    context.out(f"Built-in commands:\n------------------\n{lines}{line}\n\n")
    return 0


def help_(context: Context, words: list[Any]) -> int:
    from .builtins_help import help_ as bash_help

    return (bash_help if context.shell.dialect.bash else ash_help)(context, words)


WORDS_OF_GRAMMAR = (
    "if then else elif fi case esac for select while until do done in function time { } ! [[ ]] coproc"
)
"""In the order of bash's own table."""
COMPLETED = {
    "alias": "a", "builtin": "b", "command": "c", "directory": "d", "export": "e", "file": "f", "function": "F",
    "keyword": "k", "user": "u", "variable": "v", "signal": "S",
}  # fmt: skip
"""Letters of what `-A` names; "F" and "S" have none of their own."""


def _files(shell: Shell, word: str, *, folders: bool) -> list[str]:
    """The names in a folder that begin with a word, as it is written."""
    head, slash, _ = word.rpartition("/")
    where = shell.absolute(head + slash or ".")
    found = [f"{head}{slash}{name}" for name in shell.entries(where)]
    return [
        each
        for each in found
        if not folders or (node := shell.node(shell.absolute(each))) is not None and node.folder
    ]


def compgen(context: Context, words: list[Any]) -> int:
    """The names of one kind that begin with the last word."""
    shell, arguments = context.shell, [str(word) for word in words[1:]]
    flags, words, values = "", list(arguments), dict[str, str]()
    while words and words[0].startswith("-"):
        flag = words.pop(0)[1:]
        if flag in ("A", "W") and words:
            values[flag] = words.pop(0)
        flags += flag
    flags = flags.replace("A", COMPLETED.get(values.get("A", ""), ""))
    word = words[0] if words else ""
    kinds = {
        "c": lambda: [*ALL, *context.program_names(), *shell.functions, *shell.aliases], "b": lambda: sorted({".", ":", "[", *ALL}),
        "a": lambda: list(shell.aliases), "k": lambda: WORDS_OF_GRAMMAR.split(), "v": lambda: list(shell.variables),
        "e": lambda: list(shell.exported), "F": lambda: list(shell.functions), "W": lambda: values.get("W", "").split(),
        "d": lambda: _files(shell, word, folders=True), "f": lambda: _files(shell, word, folders=False),
        "S": lambda: ["EXIT", *(f"SIG{each}" for each in SIGNALS)], "u": lambda: [line.split(":")[0] for line in (shell.read("/etc/passwd") or "").splitlines()],
    }  # fmt: skip
    found = [
        name
        for flag in flags
        if flag in kinds
        for name in kinds[flag]()
        if name.startswith(word) and name[:1] != " "
    ]
    context.out("".join(f"{name}\n" for name in found))
    return int(not found)


def caller(context: Context, words: list[Any]) -> int:
    if not context.shell.calls:
        return 1
    shell = context.shell
    word = str(words[1]) if len(words) > 1 else ""
    if not word:
        context.out(f"{shell.calls[-1].line} {_callers(shell)[-1]}\n")
        return 0
    if not word.isdecimal():
        context.complain(f"caller: {word}: invalid number")
        context.err("caller: usage: caller [expr]\n")
        return 2
    names = (
        ["main", *(call.name for call in shell.calls)]
        if shell.mode == "f"
        else [call.name for call in shell.calls]
    )
    at = len(names) - 2 - int(word[:9])
    if at < 0:
        return 1
    first = len(shell.calls) - 1 - int(word[:9])
    context.out(f"{shell.calls[first].line} {names[at]} {_callers(shell)[first]}\n")
    return 0


def _callers(shell: Shell) -> list[str]:
    """By call, the file that called."""
    return [call.caller or (shell.script if shell.mode == "f" else "NULL") for call in shell.calls]


def nothing(context: Context, words: list[Any]) -> int:
    return 0


def suspend(context: Context, words: list[Any]) -> Work:
    if context.shell.script.startswith("-"):
        context.complain("suspend: cannot suspend a login shell")
        return 1
    running = context.engine.running
    if not context.controls_jobs or running is None:
        context.complain("suspend: cannot suspend: no job control")
        return 1
    running.stopped = True
    yield 0.0
    context.engine.foreground = running.group
    return 0
