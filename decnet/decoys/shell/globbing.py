"""File names that a pattern stands for."""

from __future__ import annotations

from collections.abc import Callable

from .patterns import compiled, is_pattern
from .state import Shell

MOST_PATHS = 5000


def paths_of(shell: Shell, pattern: str, spend: Callable[[int], None]) -> list[str]:
    """The paths that fit, sorted; [] if none does."""
    parts = _components(pattern)
    found = ["/"] if pattern.startswith("/") else [""]
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        found = _next(shell, found, part, last, spend)
        if not found or len(found) > MOST_PATHS:
            return []
    ends = "/" if pattern.endswith("/") and len(pattern) > 1 else ""
    return [path + ends for path in sorted(found)]


def _components(pattern: str) -> list[str]:
    return [part for part in pattern.split("/") if part]


def _next(shell: Shell, folders: list[str], part: str, last: bool, spend: Callable[[int], None]) -> list[str]:
    """The paths one level deeper."""
    found: list[str] = []
    for folder in folders:
        where = shell.absolute(folder or ".")
        if not is_pattern(part):
            name = _unescaped(part)
            node = shell.node(shell.absolute(f"{where}/{name}"))
            if node is not None and (last or node.folder):
                found.append(_joined(folder, name))
            continue
        spend(len(shell.world.nodes) // 4 + 50)
        matches = compiled(part).matches
        hidden = part.startswith((".", "\\."))
        names = [name for name in shell.entries(where) if (hidden or name[:1] != ".") and matches(name)]
        for name in names:
            node = shell.node(f"{where.rstrip('/')}/{name}")
            if last or (node is not None and node.folder):
                found.append(_joined(folder, name))
    return found


def _joined(folder: str, name: str) -> str:
    return name if not folder else f"{folder.rstrip('/')}/{name}"


def _unescaped(text: str) -> str:
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        out.append(text[at])
        at += 1
    return "".join(out)
