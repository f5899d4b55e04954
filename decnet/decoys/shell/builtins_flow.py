# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins that decide what is executed next."""

from __future__ import annotations

from typing import Any

from .builtins_options import getopts, set_
from .context import Context, Discard, Jump, Leave, Returned, Work, fatal
from .descriptors import End
from .signals import trap


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
        if len(words) > 2 and context.shell.dialect.bash:
            context.complain(f"{words[0]}: too many arguments")
            raise Discard(1)
        return int(text)
    if context.shell.dialect.bash:
        context.complain(f"{words[0]}: {text}: numeric argument required")
    else:
        context.complain(f"{words[0]}: Illegal number: {text}")
    if words[0] == "shift" and context.shell.dialect.bash:
        return -1
    raise fatal(context, 2)


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
        raise fatal(context, 2)
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
    if context.controls_jobs and keeps_stopped_jobs(context):
        return 1
    is_login, bash = context.shell.script.startswith("-"), context.shell.dialect.bash
    if words[0] == "logout" and bash and not is_login:
        context.complain("logout: not login shell: use `exit'")
        return 1
    if words[0] == "exit" and bash and context.shell.mode == "i" and not context.is_subshell:
        context.err("logout\n" if is_login else "exit\n")
    try:
        status = _number(context, words, context.shell.status) & 255
    except Discard as discard:
        if discard.status == 1:
            raise
        status = discard.status  # Unlike other special builtins, it ends a shell at a prompt, too.
    context.shell.leaving = True
    raise Leave(status)


def keeps_stopped_jobs(context: Context) -> bool:
    """Whether the shell does not end because of stopped jobs: the second `exit` ends it."""
    stopped = [job for job in context.jobs.by_number.values() if job.stopped and not job.is_foreign]
    if not stopped or all(job.is_mentioned for job in stopped):
        return False
    for job in stopped:
        job.is_mentioned = True
    if context.shell.dialect.bash:
        context.err(("logout" if context.shell.script.startswith("-") else "exit") + "\n")
    context.err("There are stopped jobs.\n" if context.shell.dialect.bash else "You have stopped jobs.\n")
    return True


def eval_(context: Context, words: list[Any]) -> Any:
    text = " ".join(map(str, words[1:]))
    return _within(context, "eval", context.evaluate(text, "eval")) if text.strip() else 0


def _within(context: Context, name: str, work: Work) -> Work:
    """Commands whose errors ash shows as those of `name`."""
    shell = context.shell
    before, shell.within = shell.within, name if shell.dialect.name == "ash" else ""
    try:
        return (yield work)
    finally:
        shell.within = before


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
    node: Any = shell.node(path)
    given = yield from context.script_input(path)
    if given is not None:
        text = node = given
    elif text is not None and node is not None and not shell.allowed(path, 4):
        context.complain(f"{name}: Permission denied")
        return 1
    if text is None or node is None:
        return _not_sourced(context, words, name, folder=node is not None)
    before = shell.positional
    if len(words) > 2:
        shell.positional = [str(word) for word in words[2:]]
    depth, shell.notes[" in"] = shell.notes.get(" in", ""), "source"
    file, mode, line = shell.file, shell.mode, shell.line
    if shell.dialect.bash:
        shell.file, shell.mode = name, "f"
    try:
        yield _within(context, name, context.script(text, inner=True))
    except Returned as returned:
        shell.status = returned.args[0]
    finally:
        shell.file, shell.mode, shell.line = file, mode, line
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
        text = f"{words[0]}: {shell.in_builtin}can't open '{name}': No such file or directory"
    context.complain(text)
    raise fatal(context, 2)


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
            return _not_executed(context, arguments[0])
        else:
            line = shell.in_builtin
            context.complain(f"exec: {line}{arguments[0]}: {text}")
        if shell.dialect.bash and shell.interactive:
            return 127
        raise Leave(127)
    status = yield context.program(arguments)
    shell.traps.clear()
    shell.leaving = True
    raise Leave(status)


def _not_executed(context: Context, name: str) -> int:
    """`exec` of a path that is no program: the shell's end without a prompt."""
    shell = context.shell
    node = shell.node(shell.absolute(name))
    status = 127
    if not shell.dialect.bash:
        context.complain(f"exec: {shell.in_builtin}{name}: not found")
    elif node is None:
        context.complain(f"{name}: No such file or directory")
    else:
        status = 126
        reason = "Is a directory" if node.folder else "Permission denied"
        context.complain(f"{name}: {reason}")
        context.complain(f"exec: {name}: cannot execute: {reason}")
    if shell.dialect.bash and shell.interactive:
        return status
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
            raise fatal(context, 2)
        return 1
    del positional[:count]
    return 0


BUILTINS = {
    ":": true, "true": true, "false": false, "break": jump, "continue": jump, "return": return_, "exit": exit_,
    "logout": exit_, "eval": eval_, "source": source, ".": source, "exec": exec_, "shift": shift, "set": set_, "trap": trap,
    "getopts": getopts,
}  # fmt: skip
__all__ = ["BUILTINS", "End"]
