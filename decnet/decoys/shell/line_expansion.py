"""What a shell knows about a line that is edited: names of one kind, patterns, variables, history."""

from __future__ import annotations

import re

from .completion import complete, complete_kind
from .globbing import paths_of
from .history_expansion import expanded_line
from .patterns import is_pattern
from .state import Shell
from .variables import value_of

LAST_WORD = re.compile(r"\S*$")
VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")
HOME = re.compile(r"~(\w*)(?=/|\s|$)")


class LineExpansion:
    """Of one shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    @property
    def version(self) -> str:
        """What ^X^V shows."""
        version, machine = (value_of(self._shell, name) or "" for name in ("BASH_VERSION", "MACHTYPE"))
        return f"GNU bash, version {version} ({machine})"

    def complete(self, kind: str, text: str) -> tuple[str, list[str]]:
        """What is to be added to the text, and the choices. `kind`: / files, ! commands, $ variables,
        ~ users, @ hosts."""
        return complete_kind(self._shell, kind, text)

    def expanded(self, kind: str, line: str, at: int) -> tuple[str, int] | list[str] | str | None:
        """Another line with its cursor, choices, a complaint, or None. `kind`: & tilde, ^ history, * all
        choices, ^E everything, glob and globs."""
        if kind == "^":
            changed, complaint = expanded_line(self._shell, line)
            return complaint or (None if changed == line else (changed, len(changed)))
        if kind == "\x05":
            changed = VARIABLE.sub(lambda found: value_of(self._shell, found[1] or found[2]) or "", line)
            changed = HOME.sub(lambda found: self._home(found[1]) or found[0], changed)
            return changed, len(changed)
        word = LAST_WORD.search(line[:at])
        start, begun = (word.start(), word[0]) if word else (at, "")
        if kind == "&":
            home = self._home(begun[1:].partition("/")[0]) if begun.startswith("~") else None
            added = None if home is None else home + "/" * ("/" in begun) + begun.partition("/")[2]
        elif kind == "*":
            choices = complete(self._shell, line[:at])[1]
            folder = begun[: begun.rfind("/") + 1]
            added = "".join(f"{folder}{each} " for each in choices[:200]) or None
        else:
            paths = self._paths(begun + "*" * (not is_pattern(begun)))
            if kind == "globs":
                return [path.rpartition("/")[2] for path in paths] or None
            added = " ".join(paths) + " " if paths else None
        return None if added is None else (line[:start] + added + line[at:], start + len(added))

    def _home(self, user: str) -> str | None:
        if not user:
            return value_of(self._shell, "HOME")
        rows = (row.split(":") for row in (self._shell.read("/etc/passwd") or "").splitlines())
        return next((row[5] for row in rows if len(row) > 6 and row[0] == user), None)

    def _paths(self, pattern: str) -> list[str]:
        running = paths_of(self._shell, pattern, lambda _: None)
        for _ in range(1000):
            try:
                next(running)
            except StopIteration as stop:
                return list(stop.value)[:200]
        return []
