# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about folders."""

from __future__ import annotations

from typing import Any

from .context import Context
from .variables import NotAssigned, assign, folder_stack

MOST_FOLDERS = 50
USAGES = {
    "cd": "cd [-L|[-P [-e]] [-@]] [dir]",
    "pwd": "pwd [-LP]",
    "pushd": "pushd [-n] [+N | -N | dir]",
    "popd": "popd [-n] [+N | -N]",
    "dirs": "dirs [-clpv] [+N] [-N]",
}


class _Wrong(Exception):
    """A word that the builtin does not take: the complaint."""


def cd(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    is_physical, bad = _letters(context, arguments, "LPe@")
    if bad:
        return _refuse_option(context, "cd", bad)
    if len(arguments) > 1 and shell.dialect.bash:
        context.complain("cd: too many arguments")
        return 1
    target = arguments[0] if arguments else shell.variables.get("HOME", "")
    prints = False
    if not arguments and not target:
        context.complain("cd: HOME not set")
        return 1 if shell.dialect.bash else 2
    if target == "-":
        target, prints = shell.variables.get("OLDPWD", ""), True
        if not target and shell.dialect.name == "ash":
            target = shell.cwd
        if not target:
            context.complain("cd: OLDPWD not set")
            return 1 if shell.dialect.bash else 2
    where = shell.absolute(target) if target else shell.cwd
    if target and not target.startswith(("/", "./", "../", ".")) and shell.variables.get("CDPATH"):
        for folder in shell.variables["CDPATH"].split(":"):
            path = shell.absolute(f"{folder or '.'}/{target}")
            node = shell.node(path)
            if node is not None and node.folder:
                where, prints = path, bool(folder)
                break
    if _enter(context, str(words[0]), target, where, is_physical=is_physical):
        return 1 if shell.dialect.bash else 2
    if prints:
        context.out(shell.cwd + "\n")
    return 0


def _letters(context: Context, arguments: list[str], known: str) -> tuple[bool, str]:
    """Take the options: whether the last of -L and -P is -P, and an unknown one ("" for none)."""
    physical = "P" in context.shell.options and context.shell.dialect.bash
    while arguments and arguments[0].startswith("-") and len(arguments[0]) > 1:
        word = arguments.pop(0)
        if word == "--":
            break
        for letter in word[1:]:
            if letter not in (known if context.shell.dialect.bash else "LP"):
                return physical, letter
            physical = letter == "P" if letter in "LP" else physical
    return physical, ""


def _refuse_option(context: Context, command: str, letter: str) -> int:
    if context.shell.dialect.bash:
        context.complain(f"{command}: -{letter}: invalid option")
        context.err(f"{command}: usage: {USAGES[command]}\n")
        return 2
    kind = "Illegal" if context.shell.dialect.name == "dash" else "illegal"
    context.complain(f"{command}: {kind} option -{letter}")
    return 2


def _enter(context: Context, command: str, target: str, where: str, *, is_physical: bool = False) -> str:
    """Change the folder; the reason why not, "" on success."""
    shell = context.shell
    node = shell.node(where)
    reason = ""
    if node is None:
        reason = "No such file or directory"
    elif not node.folder:
        reason = "Not a directory"
    elif not shell.allowed(where, 1):
        reason = "Permission denied"
    if reason:
        texts = {
            "bash": f"{command}: {target}: {reason}",
            "dash": f"{command}: can't cd to {target}",
            "ash": f"{command}: {shell.in_builtin}can't cd to {target}: {reason}",
        }
        context.complain(texts[shell.dialect.name])
        return reason
    try:
        assign(shell, "OLDPWD", shell.cwd)
        shell.cwd = shell.real(where) if is_physical else where
        assign(shell, "PWD", shell.cwd)
    except NotAssigned:
        pass
    return ""


def pwd(context: Context, words: list[Any]) -> int:
    arguments = [str(word) for word in words[1:]]
    is_physical, bad = _letters(context, arguments, "LP")
    if bad:
        return _refuse_option(context, "pwd", bad)
    shell = context.shell
    context.out((shell.real(shell.cwd) if is_physical else shell.cwd) + "\n")
    return 0


def pushd(context: Context, words: list[Any]) -> int:
    """`pushd` and `popd`."""
    name, arguments = str(words[0]), [str(word) for word in words[1:]]
    changes = True
    while arguments and arguments[0] in ("-n", "--"):
        changes = changes and arguments.pop(0) != "-n"
    try:
        stack = (_popped if name == "popd" else _pushed)(context, arguments, changes)
    except _Wrong as wrong:
        context.complain(f"{name}: {wrong}")
        if "invalid" in str(wrong):
            context.err(f"{name}: usage: {USAGES[name]}\n")
            return 2
        return 1
    if stack is None:
        return 1
    context.shell.notes["stack"] = "\0".join(stack[1:][:MOST_FOLDERS])
    return dirs(context, ["dirs"])


def _pushed(context: Context, arguments: list[str], changes: bool) -> list[str] | None:
    """The stack afterwards; None if the folder cannot be entered. Raises _Wrong."""
    stack = folder_stack(context.shell)
    if not arguments and len(stack) < 2:
        raise _Wrong("no other directory")
    if len(arguments) > 1:
        raise _Wrong("too many arguments")
    word = arguments[0] if arguments else "+1"
    if arguments and word[:1] not in "+-":
        if not changes:
            return [stack[0], word, *stack[1:]]
        if _enter(context, "pushd", word, context.shell.absolute(word)):
            return None
        return [context.shell.cwd, *stack]
    if not arguments:
        stack = [stack[1], stack[0], *stack[2:]]
    else:
        at = _place(word, stack, "number", word)
        stack = stack[at:] + stack[:at]
    if changes and _enter(context, "pushd", stack[0], stack[0]):
        return None
    return stack


def _popped(context: Context, arguments: list[str], changes: bool) -> list[str] | None:
    stack = folder_stack(context.shell)
    word = arguments[0] if arguments else "+0" if changes else "+1"
    if word[:1] not in "+-":
        raise _Wrong(f"{word}: invalid argument")
    if len(stack) < 2:
        raise _Wrong("directory stack empty")
    at = _place(word, stack, "number", word)
    del stack[at]
    if at == 0 and _enter(context, "popd", stack[0], stack[0]):
        return None
    return stack


def _place(word: str, stack: list[str], kind: str, shown: str) -> int:
    """Where `+N` or `-N` points. Raises _Wrong."""
    if not word[1:].isdecimal():
        raise _Wrong(f"{word}: invalid {kind}")
    at = int(word[1:9]) if word[0] == "+" else len(stack) - 1 - int(word[1:9])
    if not 0 <= at < len(stack):
        raise _Wrong(f"{shown}: directory stack index out of range")
    return at


def dirs(context: Context, words: list[Any]) -> int:
    shell, flags = context.shell, set[str]()
    stack, only = folder_stack(shell), None
    try:
        for word in map(str, words[1:]):
            if word in ("-c", "-l", "-p", "-v"):
                flags.add(word[1])
            elif word[:1] in "+-":
                only = _place(word, stack, "number", word[1:])
            else:
                raise _Wrong(f"{word}: invalid option")
    except _Wrong as wrong:
        context.complain(f"dirs: {wrong}")
        if "invalid" in str(wrong):
            context.err(f"dirs: usage: {USAGES['dirs']}\n")
            return 2
        return 1
    if "c" in flags:
        shell.notes.pop("stack", None)
        return 0
    home = shell.variables.get("HOME", "/")
    shown = [
        path if "l" in flags else "~" + path[len(home) :] if (path + "/").startswith(home + "/") else path
        for path in stack
    ]
    if only is not None:
        context.out(shown[only] + "\n")
    elif "v" in flags:
        context.out("".join(f"{at:>2}  {path}\n" for at, path in enumerate(shown)))
    else:
        context.out(("\n" if "p" in flags else " ").join(shown) + "\n")
    return 0
