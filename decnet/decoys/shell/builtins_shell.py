# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about the shell itself: history, options, help."""

from __future__ import annotations

from typing import Any

from .all_builtins import ALL
from .context import Context, Work
from .history import old_history, save_history, write_history
from .options import SHOPTS


def history(context: Context, words: list[Any]) -> int:
    shell, arguments = context.shell, [str(word) for word in words[1:]]
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    if "c" in flags:
        shell.history.clear()
        shell.notes["cleared"] = "1"
    if not shell.interactive:
        return 0
    if "a" in flags:
        save_history(shell)
    if "w" in flags:
        write_history(shell)
    if flags:
        return 0
    lines = list(enumerate([*old_history(shell), *shell.history], 1))
    count = next((int(word) for word in arguments if word.isdecimal() and len(word) < 9), len(lines))
    width = 5 if shell.dialect.bash else 4
    context.out("".join(f"{at:>{width}}  {line}\n" for at, line in lines[-count or len(lines) :]))
    return 0


def shopt(context: Context, words: list[Any]) -> int:
    shell, status = context.shell, 0
    arguments = [str(word) for word in words[1:]]
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    names = [word for word in arguments if not word.startswith("-")]

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


def help_(context: Context, words: list[Any]) -> int:
    from .variables import bash_version

    if not context.shell.dialect.bash:
        context.out(
            "Built-in commands:\n------------------\n\t"
            + " ".join(sorted(name for name, each in ALL.items() if each.dialects["ash"]))
            + "\n"
        )
        return 0
    names = [str(word) for word in words[1:] if not str(word).startswith("-")]
    if not names:
        version = bash_version(context.shell)
        context.out(f"GNU bash, version {version} ({context.shell.world.system.machine}-pc-linux-gnu)\n"
                    "These shell commands are defined internally.  Type `help' to see this list.\n"
                    "Type `help name' to find out more about the function `name'.\n"
                    "Use `info bash' to find out more about the shell in general.\n"
                    "Use `man -k' or `info' to find out more about commands not in this list.\n\n"
                    "A star (*) next to a name means that the command is disabled.\n\n")  # fmt: skip
        return 0
    for name in names:
        if name not in ALL:
            context.complain(
                f"help: no help topics match `{name}'.  Try `help help' or `man -k {name}' or `info {name}'."
            )
            return 1
        context.out(f"{name}: {name}\n")
    return 0


def caller(context: Context, words: list[Any]) -> int:
    if not context.shell.calls:
        return 1
    context.out(f"{context.shell.calls[-1].line} {context.shell.script}\n")
    return 0


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
