"""Collects the mistakes of a file, to report all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..errors import Mistake, SpecError
from .toml_lines import Place

MAX_REPORTED = 20
MAX_LISTED = 200
"""How many mistakes a message and a JSON document have."""


@dataclass
class Diagnostics:
    """The mistakes of `filename`; `lines` maps each key to its line."""

    filename: str
    lines: dict[Place, int]
    spellings: dict[str, str] = field(default_factory=dict)
    """The terms of this file format, keyed by those of the fleet file."""
    found: list[Mistake] = field(default_factory=list)
    _inside: dict[Place, set[str]] = field(default_factory=dict)
    """The wrong keys of each table, also of the tables around them."""

    def add(self, path: Place, message: str, hint: str | None = None) -> None:
        """Add a mistake of the key; its line is that of the key, or of the nearest enclosing table that has
        one."""
        for ours, theirs in self.spellings.items():
            message = message.replace(ours, theirs)
        key = ".".join(str(part) for part in path)
        self.found.append(Mistake(self.filename, self._line(path), key, message, hint))
        for length, part in enumerate(path):
            self._inside.setdefault(path[:length], set()).add(str(part))

    @contextmanager
    def collecting(self, path: Place) -> Iterator[None]:
        """Adds a SpecError that is raised inside, as a mistake of the key."""
        try:
            yield
        except SpecError as error:
            self.add_error(path, error)

    def add_error(self, path: Place, error: SpecError) -> None:
        """Add an error as a mistake of the key, at the error's own line if it has one in this file."""
        self.add(path, error.reason, error.hint)
        file, _, line = error.place.rpartition(":")
        if file == self.filename and line.isdigit():
            self.found[-1] = self.found[-1]._replace(line=int(line))

    def has(self, path: Place) -> bool:
        """Whether a mistake of this key, or of one inside it, was added."""
        return str(path[-1]) in self.inside(path[:-1])

    def inside(self, path: Place) -> set[str]:
        """The keys of this table that are wrong, or have something wrong inside."""
        return self._inside.get(path, set())

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
        """Raises SpecError if there are mistakes; see `refusal`."""
        if self.found:
            raise refusal(self.found, self.filename)

    def __bool__(self) -> bool:
        return bool(self.found)

    def _line(self, path: Place) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def refusal(found: Sequence[Mistake], where: str) -> SpecError:
    """The error for one or more mistakes of a file, or of the files of a folder: one line of its message per
    mistake, by file and line."""
    first, *others = ordered = sorted(dict.fromkeys(found), key=lambda mistake: mistake[:2])
    if not others:
        return SpecError(first.message, place=first.place, hint=first.hint, mistakes=(first,))
    more = [f"{mistake.place}: {_with_hint(mistake)}" for mistake in others[: MAX_REPORTED - 1]]
    left = len(others) - len(more)
    return SpecError(
        "\n".join([_with_hint(first), *more, *([f"and {left} more"] if left else [])]),
        place=first.place,
        hint=f"{len(ordered)} mistakes in {where}",
        mistakes=tuple(ordered[:MAX_LISTED]),
    )


def _with_hint(mistake: Mistake) -> str:
    return f"{mistake.message} ({mistake.hint})" if mistake.hint else mistake.message
