"""File names that a pattern stands for."""

from __future__ import annotations

from collections.abc import Callable

from .extended_patterns import compiled_for
from .patterns import is_pattern
from .state import Shell

MOST_PATHS = 5000


def paths_of(shell: Shell, pattern: str, spend: Callable[[int], None]) -> list[str]:
    """The paths that fit, sorted; [] if none does."""
    parts = _components(pattern)
    ends = "/" if pattern.endswith("/") and len(pattern) > 1 else ""
    found = ["/"] if pattern.startswith("/") else [""]
    for at, part in enumerate(parts):
        last = at == len(parts) - 1 and not ends
        found = _next(shell, found, part, last, spend)
        if not found or len(found) > MOST_PATHS:
            return []
    return [path + ends for path in sorted(found) if path]


def _components(pattern: str) -> list[str]:
    return [part for part in pattern.split("/") if part]


def _next(shell: Shell, folders: list[str], part: str, last: bool, spend: Callable[[int], None]) -> list[str]:
    """The paths one level deeper."""
    found: list[str] = []
    for folder in folders:
        where = shell.absolute(folder or ".")
        if part == "**" and "globstar" in shell.shopts:
            found += _all_below(shell, folder, where, last, spend)
            continue
        if not is_pattern(part, extended="extglob" in shell.shopts):
            name = _unescaped(part)
            node = shell.node(shell.absolute(f"{where}/{name}"))
            if node is not None and (last or node.folder):
                found.append(_joined(folder, name))
            continue
        spend(500)
        folds = "nocaseglob" in shell.shopts
        pattern = compiled_for(shell, part.lower() if folds else part)
        hidden = part.startswith((".", "\\.")) or "dotglob" in shell.shopts
        names = [
            name
            for name in shell.entries(where)
            if (hidden or name[:1] != ".") and pattern.matches(name.lower() if folds else name, spend)
        ]
        for name in names:
            node = shell.node(f"{where.rstrip('/')}/{name}")
            if last or (node is not None and node.folder):
                found.append(_joined(folder, name))
    return found


def _all_below(shell: Shell, folder: str, where: str, last: bool, spend: Callable[[int], None]) -> list[str]:
    """`**`: this folder and all below it; as the last part, files too."""
    found, waiting = [folder] if folder else [] if last else [""], [(folder, where)]
    while waiting and len(found) <= MOST_PATHS:
        shown, path = waiting.pop()
        spend(100)
        for name in shell.entries(path):
            below = f"{path.rstrip('/')}/{name}"
            node = shell.lstat(below)
            if name[:1] == "." and "dotglob" not in shell.shopts:
                continue
            is_folder = node is not None and node.folder
            if last or is_folder:
                found.append(_joined(shown, name))
            if is_folder:
                waiting.append((_joined(shown, name), below))
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
