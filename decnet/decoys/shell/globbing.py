"""File names that a pattern stands for."""

from __future__ import annotations

from collections.abc import Callable, Generator

from .extended_patterns import compiled_for
from .patterns import is_pattern
from .state import Shell

MOST_PATHS = 5000
PAUSE = 16
"""Entries that are looked at in one turn."""

Spend = Callable[[int], None]
Globbing = Generator[None, None, list[str]]


def paths_of(shell: Shell, pattern: str, spend: Spend) -> Globbing:
    """The paths that fit, sorted; [] if none does."""
    parts = _components(pattern)
    ends = "/" if pattern.endswith("/") and len(pattern) > 1 else ""
    found = ["/"] if pattern.startswith("/") else [""]
    for at, part in enumerate(parts):
        last = at == len(parts) - 1 and not ends
        found = yield from _next(shell, found, part, last, spend)
        if not found or len(found) > MOST_PATHS:
            return []
    return [path + ends for path in sorted(found) if path]


def _components(pattern: str) -> list[str]:
    return [part for part in pattern.split("/") if part]


def _next(shell: Shell, folders: list[str], part: str, last: bool, spend: Spend) -> Globbing:
    """The paths one level deeper."""
    found: list[str] = []
    is_tree = part == "**" and "globstar" in shell.shopts
    if not is_tree and not is_pattern(part, extended="extglob" in shell.shopts):
        return (yield from _named(shell, folders, _unescaped(part), last))
    for folder in folders:
        if len(found) > MOST_PATHS:
            break
        where = shell.absolute(folder or ".")
        if is_tree:
            found += yield from _all_below(shell, folder, where, last, spend)
            continue
        for at, name in enumerate((yield from _fitting(shell, where, part, spend))):
            if at % PAUSE == 0:
                yield
            node = None if last else shell.node(f"{where.rstrip('/')}/{name}")
            if last or (node is not None and node.folder):
                found.append(_joined(folder, name))
    return found


def _named(shell: Shell, folders: list[str], name: str, last: bool) -> Globbing:
    """Those of the folders that have an entry of this name."""
    found = []
    for at, folder in enumerate(folders):
        if at % PAUSE == 0:
            yield
        node = shell.node(shell.absolute(f"{shell.absolute(folder or '.')}/{name}"))
        if node is not None and (last or node.folder):
            found.append(_joined(folder, name))
    return found


def _fitting(shell: Shell, where: str, part: str, spend: Spend) -> Globbing:
    """The names of a folder's entries that fit."""
    yield
    spend(500)
    folds = "nocaseglob" in shell.shopts
    pattern = compiled_for(shell, part.lower() if folds else part)
    hidden = part.startswith((".", "\\.")) or "dotglob" in shell.shopts
    found = []
    links = (".", "..") if hidden and not shell.dialect.bash else ()
    for at, name in enumerate((*links, *shell.entries(where))):
        if at % PAUSE == PAUSE - 1:
            yield
        if (hidden or name[:1] != ".") and pattern.matches(name.lower() if folds else name, spend):
            found.append(name)
    return found


def _all_below(shell: Shell, folder: str, where: str, last: bool, spend: Spend) -> Globbing:
    """`**`: this folder and all below it; as the last part, files too."""
    found, waiting = [folder] if folder else [] if last else [""], [(folder, where)]
    while waiting and len(found) <= MOST_PATHS:
        shown, path = waiting.pop()
        spend(100)
        for at, name in enumerate(shell.entries(path)):
            if at % PAUSE == 0:
                yield
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
