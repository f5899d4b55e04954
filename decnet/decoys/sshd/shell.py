"""A small shell: it looks things up in tables and runs nothing."""

import posixpath
import shlex
from collections.abc import Callable

from . import programs
from .machine import Machine, files

MAX_FILES = 200
MAX_PARTS = 50
Program = Callable[["Shell", list[str]], str]


class Shell:
    """One login: who, where, and what has been typed."""

    def __init__(self, machine: Machine, user: str) -> None:
        self.machine = machine
        self.user = user
        self.tree = files(machine)
        known = {name: home for name, _, home, _ in machine.users()}
        self.home = known.get(user, f"/home/{user}")
        self.tree.setdefault(f"{self.home}/", "")
        self.folder = self.home
        self.history: list[str] = []
        self.done = False
        self.status = 0

    @property
    def uid(self) -> int:
        return {name: uid for name, uid, _, _ in self.machine.users()}.get(self.user, 1001)

    def prompt(self) -> str:
        """What stands before the cursor."""
        shown = "~" + self.folder[len(self.home) :] if self.folder.startswith(self.home) else self.folder
        mark = "#" if self.uid == 0 else "$"
        if self.machine.family == "rocky":
            last = "~" if shown == "~" else posixpath.basename(shown) or "/"
            return f"[{self.user}@{self.machine.hostname} {last}]{mark} "
        return f"{self.user}@{self.machine.hostname}:{shown}{mark} "

    def run(self, line: str) -> str:
        """What a typed line prints, newlines as \\n."""
        if line.strip():
            self.history.append(line)
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>()")
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:
            return f"{self.name}: syntax error: unexpected end of file\n"
        return "".join(self._run_all(words))

    @property
    def name(self) -> str:
        return "-ash" if self.machine.is_small else "-bash"

    def _run_all(self, words: list[str]) -> list[str]:
        printed: list[str] = []
        for join, command in _commands(words)[:MAX_PARTS]:
            skip = (join == "&&" and self.status != 0) or (join == "||" and self.status == 0)
            if skip or self.done:
                continue
            printed.append(self._run_one(command))
        return printed

    def _run_one(self, words: list[str]) -> str:
        """One command with its redirections; of a pipe only what its last part would show."""
        words, target = _redirected(words)
        while words and "=" in words[0] and words[0].partition("=")[0].isidentifier():
            words = words[1:]
        if not words:
            return ""
        name = posixpath.basename(words[0])
        program = programs.PROGRAMS.get(name)
        if program is None:
            self.status = 127
            return self._missing(words[0])
        self.status = 0
        text = program(self, words)
        if target is None:
            return text
        if target != "/dev/null" and len(self.tree) < MAX_FILES:
            self.tree[self.path(target)] = text[:4096]
        return ""

    def _missing(self, word: str) -> str:
        what = "No such file or directory" if "/" in word else "command not found"
        if self.machine.is_small:
            return f"{self.name}: {word}: not found\n"
        return f"{self.name}: {word}: {what}\n"

    def path(self, word: str) -> str:
        """A word as an absolute path."""
        if word == "~" or word.startswith("~/"):
            word = self.home + word[1:]
        return posixpath.normpath(posixpath.join(self.folder, word))

    def is_folder(self, path: str) -> bool:
        return f"{path.rstrip('/')}/" in self.tree

    def listed(self, path: str) -> list[str]:
        """Names in a folder, sorted."""
        start = f"{path.rstrip('/')}/"
        rest = (name[len(start) :] for name in self.tree if name.startswith(start) and name != start)
        return sorted({each.split("/")[0] for each in rest if each})

    def fails(self, text: str, status: int = 1) -> str:
        self.status = status
        return text


def _commands(words: list[str]) -> list[tuple[str, list[str]]]:
    """The commands of a line, each with what joins it to the one before; a pipe's first part is dropped."""
    found: list[tuple[str, list[str]]] = [(";", [])]
    for word in words:
        if word and set(word) <= set(";&|()"):
            if word == "|":
                found[-1] = (found[-1][0], [])
            else:
                found.append((word, []))
        else:
            found[-1][1].append(word)
    return [(join, command) for join, command in found if command]


def _redirected(words: list[str]) -> tuple[list[str], str | None]:
    kept: list[str] = []
    target = None
    rest = iter(words)
    for word in rest:
        if word in (">", ">>", ">&", "&>"):
            target = next(rest, None)
            if kept and kept[-1] == "2":
                kept.pop()
                target = None
        elif word == "<":
            next(rest, None)
        else:
            kept.append(word)
    return kept, target
