"""The builtin `umask`."""

from __future__ import annotations

from typing import Any

from .context import Context, fatal

USAGE = "umask: usage: umask [-p] [-S] [mode]\n"


def umask(context: Context, words: list[Any]) -> int:
    shell, flags = context.shell, ""
    arguments = [str(word) for word in words[1:]]
    while arguments and arguments[0].startswith("-") and len(arguments[0]) > 1:
        word = arguments.pop(0)
        if word == "--":
            break
        bad = next((letter for letter in word[1:] if letter not in ("pS" if shell.dialect.bash else "S")), "")
        if bad:
            return _refused(context, bad)
        flags += word[1:]
    if not arguments:
        shown = symbolic(shell.umask) if "S" in flags else f"{shell.umask:04o}"
        front = ("umask -S " if "S" in flags else "umask ") if "p" in flags else ""
        context.out(f"{front}{shown}\n")
        return 0
    text = arguments[0]
    if text[:1].isdecimal():
        return _set_number(context, text)
    from .files.modes import changed_mode

    allowed = changed_mode(text, ~shell.umask & 0o777, folder=False, umask=0)
    if allowed is None:
        if not shell.dialect.bash:
            context.complain(
                f"umask: {'Illegal' if shell.dialect.name == 'dash' else 'illegal'} mode: {text}"
            )
            if shell.dialect.name == "ash":
                return 2
            raise fatal(context, 2)
        operator = text.lstrip("ugoa")[:1]
        context.complain(f"umask: `{operator}': invalid symbolic mode operator")
        return 1
    shell.umask = ~allowed & 0o777
    if "S" in flags:
        context.out(symbolic(shell.umask) + "\n")
    return 0


def _refused(context: Context, letter: str) -> int:
    if context.shell.dialect.bash:
        context.complain(f"umask: -{letter}: invalid option")
        context.err(USAGE)
        return 2
    kind = "Illegal" if context.shell.dialect.name == "dash" else "illegal"
    context.complain(f"umask: {kind} option -{letter}")
    raise fatal(context, 2)


def _set_number(context: Context, text: str) -> int:
    shell = context.shell
    if set(text) - set("01234567") or int(text, 8) > 0o7777:
        texts = {
            "bash": f"umask: {text}: octal number out of range",
            "ash": f"umask: illegal mode: {text}",
        }
        context.complain(texts.get(shell.dialect.name, f"umask: Illegal number: {text}"))
        return 2 if shell.dialect.name == "ash" else 1
    shell.umask = int(text, 8) & 0o777
    return 0


def symbolic(mask: int) -> str:
    """What a mask allows, as `umask -S` shows it."""
    bits = ~mask & 0o777
    shown = [
        "".join(letter for letter, bit in zip("rwx", (4, 2, 1), strict=True) if bits >> shift & bit)
        for shift in (6, 3, 0)
    ]
    return f"u={shown[0]},g={shown[1]},o={shown[2]}"


BUILTINS = {"umask": umask}
