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
FOLDERS_ONLY = re.compile(r"(?:^|[;|&(]\s*)(?:cd|pushd|rmdir)\s+(?:-\S*\s+)*$")


def complete(shell: Shell, text: str) -> tuple[str, list[str]]:
    """For the text before the cursor: what is to be added, and the choices."""
    found = WORD.search(text)
    word = found[0] if found else ""
    before = text[: len(text) - len(word)]
    if "/" not in word and COMMAND_STARTS.search(before):
        programs = (name for name, program in PROGRAMS.items() if program.exists(shell))
        names = {
            *builtin_names(shell.dialect.name),
            *command_names(),
            *programs,
            *shell.functions,
            *shell.aliases,
        }
        choices = sorted(name for name in names if name.startswith(word)) if word else []
        return _added(word, choices, choices)
    if word.startswith("$") and "/" not in word:
        names = {"$" + name for name in {*shell.variables, *shell.arrays} if name[:1] != " "}
        choices = sorted(name for name in names if name.startswith(word))
        return _added(word, choices, [each[1:] for each in choices] if len(choices) > 1 else choices)
    word = re.sub(r"\\(.)", r"\1", word)
    folder, _, name = word.rpartition("/")
    prefix = word[: len(word) - len(name)]
    base = shell.variables.get("HOME", "/") + folder[1:] if folder.startswith("~") else folder
    where = shell.absolute(base or ("/" if prefix else "."))
    entries = [
        each
        for each in shell.entries(where)
        if each.startswith(name) and (name[:1] == "." or each[:1] != ".")
    ]
    nodes = {each: shell.node(f"{where.rstrip('/')}/{each}") for each in entries[:2000]}
    if FOLDERS_ONLY.search(before):
        nodes = {each: node for each, node in nodes.items() if node is not None and node.folder}
    shown = [each + ("/" if node is not None and node.folder else "") for each, node in nodes.items()]
    added, choices = _added(name, list(nodes), shown)
    body = added.removesuffix(" ")
    return re.sub(r"([\s'\"\\$&;|<>()*?`!#])", r"\\\1", body) + added[len(body) :], choices


def _added(word: str, choices: list[str], shown: list[str]) -> tuple[str, list[str]]:
    if not choices:
        return "", []
    if len(choices) == 1:
        end = "" if shown[0].endswith("/") else " "
        return shown[0][len(word) :] + end, shown
    return commonprefix(choices)[len(word) :], shown
