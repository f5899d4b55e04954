# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins that decide what is executed next."""

from __future__ import annotations

from typing import Any

from .context import Context, Discard, Jump, Leave, Returned, Work
from .descriptors import End
from .options import LETTERS, NAMES, ON_AT_PROMPT, ON_IN_BASH
from .variables import NotAssigned

SIGNALS = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10, "SEGV": 11,
    "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20,
    "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29,
    "PWR": 30, "SYS": 31,
}  # fmt: skip


def true(context: Context, words: list[Any]) -> int:
    return 0


def false(context: Context, words: list[Any]) -> int:
    return 1


def _number(context: Context, words: list[Any], default: int) -> int:
    """The numeric argument. Raises Leave for another one, as the shells end then."""
    if len(words) < 2:
        return default
    text = str(words[1])
    digits = text[1:] if text[:1] in "+-" and context.shell.dialect.bash else text
    if digits.isdecimal() and len(digits) < 18:
        return int(text)
    if context.shell.dialect.bash:
        context.complain(f"{words[0]}: {text}: numeric argument required")
    else:
        context.complain(f"{words[0]}: Illegal number: {text}")
    if words[0] == "shift" and context.shell.dialect.bash:
        return -1
    raise Leave(2)


def jump(context: Context, words: list[Any]) -> int:
    count = _number(context, words, 1)
    if not context.loops:
        if context.shell.dialect.bash:
            context.complain(f"{words[0]}: only meaningful in a `for', `while', or `until' loop")
        return 0
    if count < 1:
        if context.shell.dialect.bash:
            context.complain(f"{words[0]}: {words[1]}: loop count out of range")
            context.shell.status = 1
            raise Jump("failed", context.loops)
        context.complain(f"{words[0]}: Illegal number: {words[1]}")
        raise Leave(2)
    raise Jump(words[0], min(count, context.loops))


def return_(context: Context, words: list[Any]) -> int:
    status = _number(context, words, context.shell.status) & 255
    if (
        not context.shell.calls
        and "source" not in context.shell.notes.get(" in", "")
        and context.shell.dialect.bash
    ):
        context.complain("return: can only `return' from a function or sourced script")
        return 2
    if not context.shell.calls and "source" not in context.shell.notes.get(" in", ""):
        raise Leave(status)
    raise Returned(status)


def exit_(context: Context, words: list[Any]) -> int:
    if context.shell.mode == "i" and not context.is_subshell:
        context.err(
            "logout\n"
            if words[0] == "logout" or context.shell.script.startswith("-")
            else "exit\n"
            if context.shell.dialect.bash
            else ""
        )
    elif words[0] == "logout" and context.shell.dialect.bash and not context.shell.script.startswith("-"):
        context.complain("logout: not login shell: use `exit'")
        return 1
    if len(words) > 2 and context.shell.dialect.bash and str(words[1]).isdecimal():
        context.complain(f"{words[0]}: too many arguments")
        raise Discard(1)
    status = _number(context, words, context.shell.status) & 255
    context.shell.leaving = True
    raise Leave(status)


def eval_(context: Context, words: list[Any]) -> Any:
    text = " ".join(map(str, words[1:]))
    return context.evaluate(text, "eval") if text.strip() else 0


def source(context: Context, words: list[Any]) -> Work:
    shell = context.shell
    if len(words) < 2:
        if shell.dialect.bash:
            context.complain(f"{words[0]}: filename argument required")
            context.err(f"{words[0]}: usage: {words[0]} filename [arguments]\n")
            return 2
        return 0 if shell.dialect.name == "dash" else 2
    yield None
    name = str(words[1])
    path = shell.absolute(name)
    if "/" not in name:
        found = context.where(name)
        path = (
            found
            if found and not shell.node(path)
            else path
            if shell.dialect.bash or found is None
            else found
        )
    text = shell.read(path) if "/" in name or shell.dialect.bash or shell.node(path) else None
    node = shell.node(path)
    if text is None or node is None:
        return _not_sourced(context, words, name, folder=node is not None)
    if not shell.allowed(path, 4):
        context.complain(f"{name}: Permission denied")
        return 1
    before = shell.positional
    if len(words) > 2:
        shell.positional = [str(word) for word in words[2:]]
    depth, shell.notes[" in"] = shell.notes.get(" in", ""), "source"
    script, mode, line = shell.script, shell.mode, shell.line
    if shell.dialect.bash:
        shell.script, shell.mode = name, "f"
    try:
        yield context.script(text, inner=True)
    except Returned as returned:
        shell.status = returned.args[0]
    finally:
        shell.script, shell.mode, shell.line = script, mode, line
        shell.notes[" in"] = depth
        if len(words) > 2:
            shell.positional = before
    return shell.status


def _not_sourced(context: Context, words: list[Any], name: str, *, folder: bool) -> int:
    shell = context.shell
    if shell.dialect.bash:
        context.complain(
            f"{words[0]}: {name}: is a directory" if folder else f"{name}: No such file or directory"
        )
        return 1
    if shell.dialect.name == "dash":
        text = (
            f"{words[0]}: cannot open {name}: No such file"
            if "/" in name
            else f"{words[0]}: {name}: not found"
        )
    else:
        text = f"{words[0]}: line 0: can't open '{name}': No such file or directory"
    context.complain(text)
    raise Leave(2)


def exec_(context: Context, words: list[Any]) -> Work:
    yield None
    arguments = [str(word) for word in words[1:]]
    while arguments and arguments[0] in ("-c", "-l", "-a", "--") and context.shell.dialect.bash:
        arguments = arguments[2:] if arguments[0] == "-a" else arguments[1:]
    if not arguments:
        context.keeps_redirections = True
        return 0
    shell = context.shell
    if context.where(arguments[0]) is None:
        text = "not found" if shell.dialect.bash else "not found"
        if "/" in arguments[0]:
            text = "No such file or directory" if shell.dialect.bash else "not found"
            context.complain(
                f"{arguments[0]}: cannot execute: {text}"
                if shell.dialect.bash
                else f"exec: {arguments[0]}: {text}"
            )
        else:
            line = "line 0: " if shell.dialect.name == "ash" else ""
            context.complain(f"exec: {line}{arguments[0]}: {text}")
        if shell.dialect.bash and shell.interactive:
            return 127
        raise Leave(127)
    status = yield context.program(arguments)
    shell.traps.clear()
    shell.leaving = True
    raise Leave(status)


def shift(context: Context, words: list[Any]) -> int:
    count = _number(context, words, 1)
    positional = context.shell.positional
    if count > len(positional) or count < 0:
        if context.shell.dialect.bash:
            if count < 0 and str(words[1]).lstrip("+-").isdecimal():
                context.complain(f"shift: {count}: shift count out of range")
            return 1
        if context.shell.dialect.name == "dash":
            context.complain("shift: can't shift that many")
            raise Leave(2)
        return 1
    del positional[:count]
    return 0


def set_(context: Context, words: list[Any]) -> int:
    from .builtins_variables import show_all

    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    if not arguments:
        show_all(context)
        return 0
    while arguments and arguments[0][:1] in ("-", "+") and len(arguments[0]) > 1:
        word = arguments.pop(0)
        if word == "--":
            shell.positional = arguments
            return 0
        on = word[0] == "-"
        for letter in word[1:]:
            if letter == "o":
                if not arguments:
                    _show_options(context, plus=not on)
                    return 0
                if not _set_long(context, arguments.pop(0), on):
                    return 2 if not shell.dialect.bash else 2
                continue
            if letter not in "abefhkmnptuvxBCEHPTIis":
                if shell.dialect.bash:
                    context.complain(f"set: -{letter}: invalid option")
                    context.err(
                        "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n"
                    )
                    return 2
                context.complain(
                    f"set: Illegal option -{letter}"
                    if shell.dialect.name == "dash"
                    else f"set: illegal option -{letter}"
                )
                raise Leave(2)
            _switch(context, letter, on)
    if arguments[:1] == ["-"]:
        arguments.pop(0)
        if not arguments:
            return 0
    if arguments:
        shell.positional = arguments
    return 0


def _switch(context: Context, letter: str, on: bool) -> None:
    (context.shell.options.add if on else context.shell.options.discard)(letter)


def _set_long(context: Context, name: str, on: bool) -> bool:
    if name not in NAMES[context.shell.dialect.name]:
        if context.shell.dialect.bash:
            context.complain(f"set: {name}: invalid option name")
            return False
        context.complain(
            f"set: Illegal option -o {name}"
            if context.shell.dialect.name == "dash"
            else f"set: illegal option -o {name}"
        )
        raise Leave(2)
    _switch(context, LETTERS.get(name, name), on)
    return True


def _show_options(context: Context, *, plus: bool) -> None:
    shell = context.shell
    for name in NAMES[shell.dialect.name]:
        on = LETTERS.get(name, name) in shell.options or (shell.dialect.bash and name in ON_IN_BASH)
        on = on or (shell.interactive and name in ON_AT_PROMPT)
        if plus:
            context.out(f"set {'-' if on else '+'}o {name}\n")
        elif shell.dialect.bash:
            context.out(f"{name:<15}\t{'on' if on else 'off'}\n")
        else:
            context.out(
                ("Current option settings\n" if name == NAMES[shell.dialect.name][0] else "")
                + f"{name:<16}{'on' if on else 'off'}\n"
            )


def trap(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    if arguments[:1] == ["--"]:
        arguments.pop(0)
    if arguments[:1] == ["-l"]:
        show_signals(context)
        return 0
    if not arguments or arguments[0] == "-p":
        for name in ("EXIT", *SIGNALS, "DEBUG", "ERR", "RETURN"):
            if name in shell.traps:
                sign = "" if name in ("EXIT", "DEBUG", "ERR", "RETURN") or not shell.dialect.bash else "SIG"
                quoted = "'" + shell.traps[name].replace("'", "'\\''") + "'"
                context.out(f"trap -- {quoted} {sign}{name}\n")
        return 0
    action, names = (arguments[0], arguments[1:]) if len(arguments) > 1 else ("-", arguments)
    if action.isdecimal() and len(arguments) > 1:
        action, names = "-", arguments
    status = 0
    for word in names:
        signal = signal_name(word)
        if signal is None:
            text = {
                "bash": f"trap: {word}: invalid signal specification",
                "dash": f"trap: {word}: bad trap",
                "ash": f"trap: {word}: invalid signal specification",
            }
            context.complain(text[shell.dialect.name])
            status = 1
        elif action == "-":
            shell.traps.pop(signal, None)
        else:
            shell.traps[signal] = action
    return status


def signal_name(word: str) -> str | None:
    """The name of a signal that is given by number or name."""
    if word.isdecimal():
        number = int(word[:5])
        return (
            "EXIT" if number == 0 else next((name for name, each in SIGNALS.items() if each == number), None)
        )
    name = word.upper().removeprefix("SIG")
    return name if name in SIGNALS or name in ("EXIT", "DEBUG", "ERR", "RETURN") else None


def show_signals(context: Context) -> None:
    """`kill -l` of bash."""
    names = [*((number, name) for name, number in SIGNALS.items() if number != 16), (16, "STKFLT")]
    names += [
        (34, "RTMIN"),
        *((34 + n, f"RTMIN+{n}") for n in range(1, 16)),
        *((64 - n, f"RTMAX-{n}") for n in range(14, 0, -1)),
        (64, "RTMAX"),
    ]
    rows = sorted(names)
    lines = [
        "\t".join(f"{number:>2}) SIG{name}" for number, name in rows[at : at + 5])
        for at in range(0, len(rows), 5)
    ]
    context.out("".join(line + ("\t" if len(line.split("\t")) == 5 else "") + "\n" for line in lines))


def getopts(context: Context, words: list[Any]) -> int:
    from .variables import assign, unset

    shell = context.shell
    if len(words) < 3:
        context.complain(
            "getopts: usage: getopts optstring name [arg ...]"
            if not shell.dialect.bash
            else "getopts: usage: getopts optstring name [arg]"
        )
        return 2
    options, name = str(words[1]), str(words[2])
    arguments = [str(word) for word in words[3:]] or shell.positional
    at, inside = int(shell.variables.get("OPTIND", "1") or 1), int(shell.variables.get(" optind", "0"))
    silent, options = options.startswith(":"), options.lstrip(":")

    def done(letter: str, value: str | None, at: int, inside: int, status: int = 0) -> int:
        try:
            assign(shell, name, letter)
        except NotAssigned as error:
            context.complain(f"{error.args[0]}: {error.args[1]}")
            return 1
        unset(shell, "OPTARG") if value is None else assign(shell, "OPTARG", value)
        assign(shell, "OPTIND", str(at))
        shell.variables[" optind"] = str(inside)
        return status

    word = arguments[at - 1] if 0 < at <= len(arguments) else ""
    if not inside and (not word.startswith("-") or word in ("-", "--")):
        return done("?", None, at + (word == "--"), 0, 1)
    inside = inside or 1
    letter = word[inside : inside + 1]
    ends = inside + 1 >= len(word)
    after = (at + 1, 0) if ends else (at, inside + 1)
    place = options.find(letter)
    if letter == ":" or place < 0:
        if not silent:
            text = {
                "bash": f"illegal option -- {letter}",
                "dash": f"Illegal option -{letter}",
                "ash": f"Illegal option -{letter}",
            }
            head = f"{shell.script}: " if shell.dialect.bash else ""
            context.err(f"{head}{text[shell.dialect.name]}\n")
        return done("?", letter if silent else None, *after)
    if options[place + 1 : place + 2] != ":":
        return done(letter, None, *after)
    if not ends:
        return done(letter, word[inside + 1 :], at + 1, 0)
    if at < len(arguments):
        return done(letter, arguments[at], at + 2, 0)
    if silent:
        return done(":", letter, at + 1, 0)
    text = {
        "bash": f"option requires an argument -- {letter}",
        "dash": f"No arg for -{letter} option",
        "ash": f"No arg for -{letter} option",
    }
    head = f"{shell.script}: " if shell.dialect.bash else ""
    context.err(f"{head}{text[shell.dialect.name]}\n")
    return done("?", None, at + 1, 0)


BUILTINS = {
    ":": true, "true": true, "false": false, "break": jump, "continue": jump, "return": return_, "exit": exit_,
    "logout": exit_, "eval": eval_, "source": source, ".": source, "exec": exec_, "shift": shift, "set": set_, "trap": trap,
    "getopts": getopts,
}  # fmt: skip
__all__ = ["BUILTINS", "End"]
