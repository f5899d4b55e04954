# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""A shell with a prompt: reads a line, executes it, and prompts again."""

from __future__ import annotations

import re
import time
from typing import Any

from .builtins_flow import keeps_stopped_jobs
from .builtins_jobs import report_done
from .completion import open_quote
from .context import Context, Discard, Leave, Returned, Work
from .descriptors import Stream
from .dialect import BadSyntax, Incomplete, error_text
from .history import Typed, remember
from .history_expansion import expand_history
from .parser import Parser
from .state import Shell
from .syntax import Substitution
from .tasks import INTERRUPT, Killed, Line, Readable
from .variables import value_of

MOST_LINES = 2000
MOST_JOINED = 500

HERE_DOCUMENT = re.compile(r"<<-?\s*['\"\\]?\w")
SUBSTITUTIONS = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)|`([^`]*)`")


def converse(context: Context) -> Work:
    """Prompt and execute until the visitor leaves; the shell's status."""
    shell = context.shell
    running = context.engine.running
    if running is not None and context.controls_jobs:
        context.engine.foreground = running.group
    for _ in range(MOST_LINES):
        _report_jobs(context)
        try:
            text = yield from _command(context)
            if text is None and keeps_stopped_jobs(context):
                continue
            if text is None:
                bye = "logout" if shell.script.startswith("-") else "exit"
                context.err(f"{bye}\n" if shell.dialect.bash else "\n")
                return shell.status
            if shell.dialect.bash and shell.variables.get("PS0"):
                context.err(expanded(shell, shell.variables["PS0"]))
            yield from execute(context, text)
            if not shell.dialect.bash:
                shell.line += text.count("\n")
        except Killed as killed:
            if killed.signal != INTERRUPT or killed.pid:
                raise
            if shell.dialect.name == "ash":
                yield context.run_trap("INT")
            shell.status = 128 + killed.signal
            shell.calls.clear()
            context.loops = context.guards = 0
    return 1


def execute(context: Context, text: str) -> Work:
    """Execute what was typed."""
    shell = context.shell
    parser = Parser(
        text, shell.dialect, 1 if shell.dialect.bash else shell.line, shell.aliases, complete=True
    )
    parser.extglob = "extglob" in shell.shopts
    try:
        while (node := parser.next_command()) is not None:
            yield context.sequence(node)
    except BadSyntax as error:
        message = error_text(error, shell.dialect, shell.script, text)
        if shell.dialect.bash:
            message = re.sub(r"(?m)^(-?\w+): line \d+:", r"\1:", message).split("\n")[0] + "\n"
        context.err(message)
        shell.status = 2
    except Discard as discard:
        shell.status = discard.status
    except Returned:
        pass


def _command(context: Context) -> Work:
    """A whole command, of one or more lines; None at the end of the input."""
    shell = context.shell
    text = ""
    if shell.dialect.bash and (before := value_of(shell, "PROMPT_COMMAND")):
        status = shell.status
        yield from execute(context, before)
        shell.status = status
    for _ in range(MOST_JOINED):
        prompt = (yield from _substituted(context)) if not text else value_of(shell, "PS2") or "> "
        line = yield from _read(context, prompt, is_first=not text)
        if line is None:
            if not text:
                return None
            complaint = _unfinished(context, text)
            context.err(complaint)
            shell.status = 2
            if shell.dialect.bash and is_old_bash(shell) and "unexpected EOF" in complaint:
                context.err(f"{shell.script}: syntax error: unexpected end of file\n")
            elif shell.dialect.bash and complaint.endswith("matching `)'\n"):
                return None  # The end of the input was read by the command substitution.
            return ""
        if "v" in shell.options:
            context.err(line + "\n")
        line = expand_history(context, line)
        if line is None:
            return ""
        text += line + "\n"
        if line and (shell.dialect.name == "ash" or (line.strip() and text == line + "\n")):
            remember(shell, line)
        elif line:
            before = (shell.history or [""])[-1]
            is_continued = before.endswith("\\") and not before.endswith("\\\\")
            joint = "" if is_continued else _joint(text[: -len(line) - 1])
            joined = before.removesuffix("\\" * is_continued) + joint + line
            shell.history[-1:] = [Typed(joined[:4096])]
        if not line.endswith("\\") and not _goes_on(shell, text):
            if shell.dialect.bash and text.count("\n") > 1 and HERE_DOCUMENT.search(text) and shell.history:
                shell.history[-1:] = [Typed(f"{shell.history[-1]}\n")]
            return text
        if line.endswith("\\") and not line.endswith("\\\\") and not _in_single_quotes(text):
            text = text[:-2]
    return text


NO_SEMICOLON = re.compile(r"(?:(?:^|[\s;&|])(?:case|do|else|if|then|until|while|in)|[{(;&|)])\s*$")


def _joint(text: str) -> str:
    """What stands in the history between two lines of a command (cmdhist of bash)."""
    if open_quote(text) or HERE_DOCUMENT.search(text):
        return "\n"
    return " " if NO_SEMICOLON.search(text) else "; "


def _substituted(context: Context) -> Work:
    """The prompt, with the output of the commands in it."""
    prompt = prompt_of(context.shell, len(context.jobs.by_number))
    if context.shell.dialect.name == "dash" or ("$(" not in prompt and "`" not in prompt):
        return prompt
    pieces, at, status = [], 0, context.shell.status
    for found in SUBSTITUTIONS.finditer(prompt):
        output, _ = yield from context.substitute(Substitution(None, found[1] or found[2] or ""))
        pieces += [prompt[at : found.start()], output]
        at = found.end()
    context.shell.status = status
    return "".join(pieces) + prompt[at:]


def is_old_bash(shell: Shell) -> bool:
    """Whether it is a bash before 5.2."""
    return _version(shell) in ("5.0", "5.1")


def _read(context: Context, prompt: str, *, is_first: bool) -> Work:
    source = context.fds.get(0)
    if isinstance(source, Stream) and source.is_terminal:
        line = Line(prompt, context.shell, is_first=is_first)
        yield line
        if line.is_interrupted:
            if context.shell.dialect.bash:
                yield context.run_trap("INT")
                context.err("\n")
            raise Killed(INTERRUPT)
        return line.text
    if not isinstance(source, Stream):
        return None
    context.err(prompt)
    if not source.has_line():
        yield Readable(source, b"\n")
    raw = source.take_line()
    if not raw:
        return None
    text = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
    if text.strip() and source is context.engine.input:
        context.engine.reads_lines(text)
    return text


def _goes_on(shell: Shell, text: str) -> bool:
    """Whether more lines belong to this command."""
    parser = Parser(text, shell.dialect, 1, shell.aliases, complete=False)
    parser.extglob = "extglob" in shell.shopts
    try:
        while parser.next_command() is not None:
            continue
    except Incomplete:
        return True
    except BadSyntax:
        return False
    return False


def _in_single_quotes(text: str) -> bool:
    return text.count("'") % 2 == 1


def _unfinished(context: Context, text: str) -> str:
    try:
        parser = Parser(text, context.shell.dialect, 1, context.shell.aliases)
        while parser.next_command() is not None:
            continue
    except BadSyntax as error:
        message = error_text(error, context.shell.dialect, context.shell.script, text)
        return re.sub(r"(?m)^(-?\w+): line \d+:", r"\1:", message) if context.shell.dialect.bash else message
    return ""


def _report_jobs(context: Context) -> None:
    """Background commands that have ended."""
    if context.is_subshell:
        return
    report_done(context)


BRACKETING = frozenset(("debian-11", "debian-12", "ubuntu-22.04", "ubuntu-24.04", "rocky-9.4"))
"""Systems whose Readline is 8.1 or newer."""


def has_brackets(shell: Shell) -> bool:
    """Whether the terminal is asked to mark what is pasted."""
    system, terminal = shell.world.system, shell.variables.get("TERM", "")
    return (
        shell.dialect.bash and f"{system.id}-{system.version}" in BRACKETING and terminal not in ("", "dumb")
    )


def prompt_of(shell: Shell, jobs: int = 0) -> str:
    """The prompt: what `PS1` says, or what the release's profile has set."""
    own = shell.variables.get("PS1")
    if own is not None:
        return expanded(shell, own, jobs) if shell.dialect.name != "dash" else own
    if shell.dialect.bash and shell.world.system.id in ("debian", "ubuntu"):
        return ""  # The start-up files had set it.
    if shell.script.startswith("-") and shell.dialect.name != "dash":
        return shell.prompt()
    sign = "#" if shell.user == "root" else "$"
    if shell.dialect.bash:
        return f"{shell.script.rsplit('/', 1)[-1]}-{_version(shell)}{sign} "
    if shell.dialect.name == "ash" and shell.world.system.has_ash:
        return shell.prompt()
    return f"{sign} "


def _version(shell: Shell) -> str:
    return ".".join((value_of(shell, "BASH_VERSION") or "5.2").split(".")[:2])


def decoded(shell: Shell, text: str, jobs: int = 0) -> str:
    """The escapes of a prompt, which begin with backslashes. `jobs`: how many there are."""
    home = shell.variables.get("HOME", "/")
    where = "~" + shell.cwd[len(home) :] if (shell.cwd + "/").startswith(home + "/") else shell.cwd
    newline = "\r\n" if shell.interactive and shell.dialect.bash else "\n"
    values: dict[str, Any] = {
        "u": shell.user, "h": shell.world.hostname.split(".")[0], "H": shell.world.hostname, "w": where,
        "W": where.rsplit("/", 1)[-1] or "/", "$": "#" if shell.user == "root" else "$", "n": newline, "r": "\r",
        "s": shell.script.rsplit("/", 1)[-1], "v": _version(shell), "e": "\x1b", "a": "\a", "[": "", "]": "", "\\": "\\",
        "t": time.strftime("%H:%M:%S"), "A": time.strftime("%H:%M"), "d": time.strftime("%a %b %d"),
        "!": str(len(shell.history) + 1), "#": str(len(shell.history) + 1), "j": str(jobs), "l": "0",
    }  # fmt: skip
    return re.sub(
        r"\\(0\d{1,2}|.)",
        lambda found: values.get(found[1], chr(int(found[1], 8)) if found[1].isdecimal() else found[0]),
        text,
    )


def expanded(shell: Shell, text: str, jobs: int = 0) -> str:
    """The escapes and variables of a prompt. `jobs`: how many there are."""
    text = decoded(shell, text, jobs)
    text = re.sub(
        r"\$\{(\w+):\+([^{}]*)\}", lambda found: found[2] if value_of(shell, found[1]) else "", text
    )
    text = text.replace("$?", str(shell.status)).replace("$$", str(shell.pid))
    return re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda found: value_of(shell, found[1] or found[2]) or "", text)


__all__ = ["Leave", "converse"]
