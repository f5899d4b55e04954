"""Mistakes in a command line, as typer finds them, in the form of all other errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from decnet.errors import UsageError

CommandLineMistake: type[Exception] = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""The class of all mistakes in a command line: click's, or that of the copy of click in newer versions of
typer."""

STYLES = ("table", "wide", "json", "jsonl", "yaml", "name")
_ADVICE = re.compile(r"[.,;]?\s*\(?(?:Did you mean|Possible options:)\s+(.*?)\??\)?$", re.I | re.S)


def report_mistake(error: Any, words: Sequence[str]) -> int:
    """Print the mistake in the format that the command line asks for; returns the exit code. A group without
    a command is no mistake: its help is printed."""
    from decnet.console.prompts import print_error

    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        print_error(as_usage_error(error), output_style(words))
    return int(error.exit_code)


def as_usage_error(error: Any) -> UsageError:
    """The error with its advice as a hint, or with the command that shows the help."""
    from decnet.errors import UsageError

    text = " ".join(str(error.format_message()).split())
    advice = _ADVICE.search(text)
    message = (text[: advice.start()] if advice else text).rstrip(". ")
    message = message[:1].lower() + message[1:]
    path = error.ctx.command_path.split()[1:] if error.ctx is not None else []
    shown = " ".join(["decnet help", *path])
    if advice is None:
        return UsageError(message, hint=f"{shown} shows how it is used")
    meant = re.sub(r", (?=\S+$)", " or ", advice[1])
    return UsageError(message, hint=f"did you mean {meant}? {shown} shows all")


def output_style(words: Sequence[str]) -> str:
    """The format that these words ask for, as far as that can be known of a command line with a mistake."""
    for number, word in enumerate(words):
        flag, _, value = word.partition("=")
        if flag in ("-o", "--output"):
            value = value or next(iter(words[number + 1 :]), "")
        elif word.startswith("-o"):
            value = word[2:]
        else:
            continue
        return value if value in STYLES else "table"
    return "table"
