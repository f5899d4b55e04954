"""What the Tab key adds in BusyBox's ash: commands, files, and users if it was built so.

Source: BusyBox 1.35 on a terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from os.path import commonprefix

from .builtins import builtin_names
from .state import Shell

MOST_ENTRIES = 5000
SPECIAL = " `\"#$%^&*()=+{}[]:;'|\\<>"
"""Characters that get a backslash in what is added."""
QUOTED = "\x00"
"""In front of a character that was quoted."""


@dataclass(frozen=True)
class Completed:
    """What is added at the cursor, None if the line is not drawn again; and the choices."""

    added: str | None
    choices: list[str]


def complete(shell: Shell, text: str, *, names_users: bool) -> Completed:
    """For the text before the cursor. `names_users`: `~name` is completed, too."""
    word, kind = _word(text)
    choices, begun = [], word
    if names_users and word.startswith("~") and "/" not in word:
        lines = (shell.read("/etc/passwd") or "").splitlines()
        choices = [
            f"~{name}/" for name in (line.partition(":")[0] for line in lines) if name.startswith(word[1:])
        ]
    if not choices:
        begun = word.rpartition("/")[2]
        choices = _files(shell, word, kind)
    choices = sorted({each for each in choices if each.isprintable()})
    common = choices[0] if len(choices) == 1 else commonprefix(choices)
    if not common:
        return Completed(None, choices)
    end = " " * (len(choices) == 1 and not common.endswith("/"))
    return Completed((_escaped(common) + end)[len(_escaped(begun)) :], choices)


def _escaped(text: str) -> str:
    return "".join("\\" * (each in SPECIAL) + each for each in text)


def _word(text: str) -> tuple[str, str]:
    """The word that is completed, without its quotes, and what it is: command, folder or file."""
    text = _marked(text)
    text = re.split(r"(?<![<>\x00])&&?|(?<![>\x00])\|\|?|(?<!\x00);;?", text)[-1]
    text = re.sub(r"(?<!\x00)`[^`]*`", "`", text)
    text = re.split(r"(?<!\x00)[({]", text.rpartition("`")[2] if text.count("`") % 2 else text)[-1].lstrip(
        " "
    )
    parts = re.split(r"(?<!\x00)[ <>|&]", text)
    kind = "command" if len(parts) == 1 else "file"
    if len(parts) == 2 and text.startswith("cd "):
        kind = "folder"
    return parts[-1].replace(QUOTED, ""), kind


def _marked(text: str) -> str:
    """Without quotes and backslashes, and a mark in front of each character that was quoted."""
    out: list[str] = []
    quote, at = "", 0
    while at < len(text):
        key = text[at]
        if key == "\\":
            at += 1
            out.append(QUOTED + text[at : at + 1])
        elif key in "'\"" and quote in ("", key):
            quote = "" if quote else key
        else:
            out.append(QUOTED * bool(quote) + key)
        at += 1
    return "".join(out)


def _files(shell: Shell, word: str, kind: str) -> list[str]:
    folder, slash, name = word.rpartition("/")
    if kind == "command" and not slash:
        found = [each for each in builtin_names(shell.dialect.name) if each.startswith(name)]
        for each in (shell.variables.get("PATH") or "").split(":")[:16]:
            found += [entry for entry in _entries(shell, each or ".", name) if not entry.endswith("/")]
        return found
    if folder == "~" or folder.startswith("~/"):
        folder = (shell.variables.get("HOME") or "/") + folder[1:]
    entries = _entries(shell, (folder + slash) or ".", name)
    return [each for each in entries if kind != "folder" or each.endswith("/")]


def _entries(shell: Shell, folder: str, begun: str) -> list[str]:
    """The names in a folder that begin so, those of folders with a slash."""
    where = shell.absolute(folder)
    names = [each for each in shell.entries(where)[:MOST_ENTRIES] if each.startswith(begun)]
    return [name + "/" * _is_folder(shell, f"{where.rstrip('/')}/{name}") for name in names]


def _is_folder(shell: Shell, path: str) -> bool:
    node = shell.node(path)
    return node is not None and node.folder
