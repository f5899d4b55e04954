"""Collects the errors of one file, to report all of them at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import SpecError
from .toml_lines import Place

MAX_REPORTED = 20


class Diagnostic(NamedTuple):
    """One error and its line."""

    line: int
    message: str
    hint: str | None


@dataclass
class Diagnostics:
    """The errors of `filename`; `lines` maps each key to its line."""

    filename: str
    lines: dict[Place, int]
    spellings: dict[str, str] = field(default_factory=dict)
    """The terms of this file format, keyed by those of the fleet file."""
    found: list[Diagnostic] = field(default_factory=list)

    def add(self, path: Place, message: str, hint: str | None = None) -> None:
        """Add an error of the key; its line is that of the key, or of the nearest enclosing table that has
        one."""
        for ours, theirs in self.spellings.items():
            message = message.replace(ours, theirs)
        self.found.append(Diagnostic(self._line(path), message, hint))

    def place(self, path: Place) -> str:
        """file:line of a key."""
        return f"{self.filename}:{self._line(path)}"

    def places(self) -> dict[str, str]:
        """file:line of every key, by its path with dots."""
        return {
            ".".join(str(part) for part in path): f"{self.filename}:{line}"
            for path, line in self.lines.items()
        }

    def raise_any(self) -> None:
        """Raises SpecError if there are errors: one line of its message per error, in the file's order."""
        if not self.found:
            return
        first, *others = sorted(self.found, key=lambda mistake: mistake.line)
        place = f"{self.filename}:{first.line}"
        if not others:
            raise SpecError(first.message, place=place, hint=first.hint)
        more_messages = [self._located(mistake) for mistake in others[: MAX_REPORTED - 1]]
        left = len(self.found) - len(more_messages) - 1
        more = [f"and {left} more"] if left else []
        hint = f"{len(self.found)} mistakes in {self.filename}; nothing was changed"
        raise SpecError("\n".join([_with_hint(first), *more_messages, *more]), place=place, hint=hint)

    def __bool__(self) -> bool:
        return bool(self.found)

    def _located(self, mistake: Diagnostic) -> str:
        return f"{self.filename}:{mistake.line}: {_with_hint(mistake)}"

    def _line(self, path: Place) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def _with_hint(mistake: Diagnostic) -> str:
    return f"{mistake.message} ({mistake.hint})" if mistake.hint else mistake.message
