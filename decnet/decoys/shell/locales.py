"""The order of words in the visitor's locale (setlocale(3))."""

from __future__ import annotations

from .process import Process


def locale_of(process: Process, kind: str) -> str:
    """The visitor's locale for one category ("LC_COLLATE")."""
    variables = process.shell.variables
    return variables.get("LC_ALL") or variables.get(kind) or variables.get("LANG") or "C"


def collated(process: Process) -> bool:
    """Whether names are sorted as words (en_US), not by their codes (C)."""
    if process.shell.world.system.busybox:
        return False
    locale = locale_of(process, "LC_COLLATE")
    return locale.partition(".")[0] not in ("C", "POSIX", "")


def word_order(name: str) -> tuple[str, str, str]:
    """A key that sorts as glibc's locales do: letters without case, small ones first,
    then punctuation."""
    letters = "".join(char for char in name if char.isalnum())
    return letters.casefold(), letters.swapcase(), name
