"""What the Tab key adds: names of commands and files."""

from __future__ import annotations

import re
from os.path import commonprefix

from .builtins import builtin_names
from .commands import command_names
from .programs import PROGRAMS
from .state import Shell

WORD = re.compile(r"(?:[^\s;|&<>()'\"]|\\.)*$")
COMMAND_STARTS = re.compile(r"(?:^|[;|&(]|\b(?:sudo|then|do|else|exec|nohup|time)\s)\s*$")


def complete(shell: Shell, text: str) -> tuple[str, list[str]]:
    """For the text before the cursor: what is to be added, and the choices."""
    found = WORD.search(text)
    word = found[0] if found else ""
    before = text[: len(text) - len(word)]
    if "/" not in word and COMMAND_STARTS.search(before):
        names = {
            *builtin_names(shell.dialect.name),
            *command_names(),
            *PROGRAMS,
            *shell.functions,
            *shell.aliases,
        }
        choices = sorted(name for name in names if name.startswith(word)) if word else []
        return _added(word, choices, choices)
    folder, _, name = word.rpartition("/")
    prefix = word[: len(word) - len(name)]
    base = shell.variables.get("HOME", "/") + folder[1:] if folder.startswith("~") else folder
    where = shell.absolute(base or ("/" if prefix else "."))
    entries = [
        each
        for each in shell.entries(where)
        if each.startswith(name) and (name[:1] == "." or each[:1] != ".")
    ]
    shown = []
    for each in entries:
        node = shell.node(f"{where.rstrip('/')}/{each}")
        shown.append(each + ("/" if node is not None and node.folder else ""))
    return _added(name, entries, shown)


def _added(word: str, choices: list[str], shown: list[str]) -> tuple[str, list[str]]:
    if not choices:
        return "", []
    if len(choices) == 1:
        end = "" if shown[0].endswith("/") else " "
        return shown[0][len(word) :] + end, shown
    return commonprefix(choices)[len(word) :], shown
