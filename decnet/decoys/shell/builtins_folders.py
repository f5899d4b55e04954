# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about folders."""

from __future__ import annotations

from typing import Any

from .context import Context
from .variables import NotAssigned, assign


def cd(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:] if str(word) not in ("-L", "-P", "-e", "--")]
    if len(arguments) > 1 and shell.dialect.bash:
        context.complain("cd: too many arguments")
        return 1
    target = arguments[0] if arguments else shell.variables.get("HOME", "")
    prints = False
    if not arguments and not target:
        context.complain("cd: HOME not set" if shell.dialect.bash else "cd: HOME not set")
        return 1 if shell.dialect.bash else 2
    if target == "-":
        target, prints = shell.variables.get("OLDPWD", ""), True
        if not target:
            context.complain("cd: OLDPWD not set" if shell.dialect.bash else "cd: OLDPWD not set")
            return 1 if shell.dialect.bash else 2
    where = shell.absolute(target) if target else shell.cwd
    if target and not target.startswith(("/", "./", "../", ".")) and shell.variables.get("CDPATH"):
        for folder in shell.variables["CDPATH"].split(":"):
            path = shell.absolute(f"{folder or '.'}/{target}")
            node = shell.node(path)
            if node is not None and node.folder:
                where, prints = path, bool(folder)
                break
    if _enter(context, str(words[0]), target, where):
        return 1 if shell.dialect.bash else 2
    if prints:
        context.out(shell.cwd + "\n")
    return 0


def _enter(context: Context, command: str, target: str, where: str) -> str:
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
        shell.cwd = where
        assign(shell, "PWD", where)
    except NotAssigned:
        pass
    return ""


def pwd(context: Context, words: list[Any]) -> int:
    bad = next(
        (str(word) for word in words[1:] if str(word).startswith("-") and word not in ("-L", "-P", "--")),
        None,
    )
    if bad and context.shell.dialect.bash:
        context.complain(f"pwd: {bad[:2]}: invalid option")
        context.err("pwd: usage: pwd [-LP]\n")
        return 2
    context.out(context.shell.cwd + "\n")
    return 0


def pushd(context: Context, words: list[Any]) -> int:
    shell = context.shell
    stack = [path for path in shell.notes.get("stack", "").split("\0") if path]
    if words[0] == "popd":
        if not stack:
            context.complain("popd: directory stack empty")
            return 1
        target = stack.pop(0)
    elif len(words) < 2:
        if not stack:
            context.complain("pushd: no other directory")
            return 1
        target, stack = stack[0], [shell.cwd, *stack[1:]]
    else:
        target, stack = str(words[1]), [shell.cwd, *stack][:50]
    if _enter(context, str(words[0]), target, shell.absolute(target)):
        return 1
    shell.notes["stack"] = "\0".join(stack)
    return dirs(context, ["dirs"])


def dirs(context: Context, words: list[Any]) -> int:
    shell = context.shell
    if "-c" in words:
        shell.notes.pop("stack", None)
        return 0
    home = shell.variables.get("HOME", "/")
    paths = [shell.cwd, *(path for path in shell.notes.get("stack", "").split("\0") if path)]
    shown_paths = [
        path if "-l" in words else "~" + path[len(home) :] if (path + "/").startswith(home + "/") else path
        for path in paths
    ]
    context.out(
        (" ".join(shown_paths) if "-p" not in words and "-v" not in words else "\n".join(shown_paths)) + "\n"
    )
    return 0
