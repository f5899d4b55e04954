# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The three shells: which words they know, and how they put their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..machine import System

EOF = "end of file"


@dataclass(frozen=True)
class Dialect:
    """One shell. `name` is bash, dash or ash."""

    name: str

    @property
    def bash(self) -> bool:
        """Whether it is bash."""
        return self.name == "bash"

    @property
    def program(self) -> str:
        """The program that a script without `#!` runs in."""
        return {"bash": "/bin/bash", "dash": "/bin/sh", "ash": "/bin/sh"}[self.name]

    @property
    def extended(self) -> bool:
        """Whether it has `$'..'`, `${x:1:2}`, `${x/a/b}`, `&>` and `function`: bash, and ash as built with its
        usual options."""
        return self.name != "dash"


BASH, DASH, ASH = Dialect("bash"), Dialect("dash"), Dialect("ash")


def dialect_of(system: System) -> Dialect:
    """The shell of a login on this system."""
    if system.has_ash:
        return ASH
    return DASH if system.shell == "/bin/sh" and system.id != "qts" else BASH


class BadSyntax(Exception):
    """A line with a syntax error. `token` is what was not expected there ("" for the end of the file, a
    newline is "newline"), `expecting` the word that was missing, `message` a text of its own."""

    def __init__(
        self, token: str, line: int, *, expecting: str = "", message: str = "", source: str = ""
    ) -> None:
        super().__init__(message or token)
        self.token, self.line = token, line
        self.expecting, self.message, self.source = expecting, message, source


class Incomplete(BadSyntax):
    """The text ends within a construct. `quote` is an open quote; `until` the end of a here-document."""

    def __init__(
        self, line: int, *, expecting: str = "", quote: str = "", until: str = "", start: int = 1
    ) -> None:
        super().__init__("", line, expecting=expecting)
        self.quote, self.until, self.start = quote, until, start


def error_text(error: BadSyntax, dialect: Dialect, head: str, script: str = "") -> str:
    """All lines of a syntax error. `head` is the name of the shell or script, with bash's `-c`."""
    return {"bash": _in_bash, "dash": _in_dash, "ash": _in_ash}[dialect.name](error, head, script)


def _in_bash(error: BadSyntax, head: str, script: str) -> str:
    if isinstance(error, Incomplete):
        if error.quote:
            return f"{head}: line {error.start}: unexpected EOF while looking for matching `{error.quote}'\n"
        after = error.line + (not script.endswith("\n"))
        return f"{head}: line {after}: syntax error: unexpected end of file\n"
    at = f"{head}: line {error.line}:"
    if error.message:
        return f"{at} {error.message}\n"
    lines = script.split("\n")
    shown = lines[error.line - 1] if 0 < error.line <= len(lines) else ""
    return f"{at} syntax error near unexpected token `{error.token}'\n{at} `{shown}'\n"


A_WORD = "word"
"""Any word, as these shells name it in place of what is missing or too much."""


def _expecting(error: BadSyntax) -> str:
    if error.expecting == A_WORD:
        return " (expecting word)"
    return f' (expecting "{error.expecting}")' if error.expecting else ""


def _in_dash(error: BadSyntax, head: str, script: str) -> str:
    expecting = _expecting(error)
    at = f"{head}: {error.line}: Syntax error:"
    if isinstance(error, Incomplete):
        if error.quote in ("'", '"'):
            return f"{at} Unterminated quoted string\n"
        if error.quote == "`":
            return f"{at} EOF in backquote substitution\n"
        if error.quote == "}":
            return f"{at} Missing '}}'\n"
        return f"{at} end of file unexpected{expecting}\n"
    if error.message:
        return f"{at} {error.message}\n"
    if error.token in REDIRECTING:
        return f"{at} redirection unexpected{expecting}\n"
    token = "newline" if error.token == "newline" else f'"{error.token}"'
    if error.token and error.token not in OPERATORS and error.token not in RESERVED and token != "newline":
        token = "word"
    return f"{at} {token} unexpected{expecting}\n"


def _in_ash(error: BadSyntax, head: str, script: str) -> str:
    expecting = _expecting(error)
    at = f"{head}: syntax error:"
    if isinstance(error, Incomplete):
        if error.quote in ("'", '"'):
            return f"{at} unterminated quoted string\n"
        if error.quote == "`":
            return f"{at} EOF in backquote substitution\n"
        if error.quote == "}":
            return f"{at} missing '}}'\n"
        return f"{at} unexpected end of file{expecting}\n"
    if error.message:
        return f"{at} {error.message}\n"
    if error.token in REDIRECTING:
        return f"{at} unexpected redirection\n"
    token = "newline" if error.token == "newline" else f'"{error.token}"'
    if error.token and error.token not in OPERATORS and error.token not in RESERVED and token != "newline":
        token = "word"
    return f"{at} unexpected {token}{expecting}\n"


REDIRECTING = frozenset(("<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"))
OPERATORS = frozenset((
    "&&", "||", ";;", ";&", ";;&", ";", "|", "|&", "&", "\n", "(", ")",
    "<<-", "<<<", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">", "&>>", "&>",
))  # fmt: skip
RESERVED = frozenset(
    (
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "{",
        "}",
        "!",
        "in",
    )
)
"""Words that have a meaning only as the first word of a command."""
BASH_RESERVED = RESERVED | {"function", "[[", "time", "select", "coproc"}

SPECIAL_BUILTINS = frozenset(
    (
        "break",
        ":",
        ".",
        "continue",
        "eval",
        "exec",
        "exit",
        "export",
        "readonly",
        "return",
        "set",
        "shift",
        "times",
        "trap",
        "unset",
    )
)
"""Builtins whose errors end a POSIX shell."""
