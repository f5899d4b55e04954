"""The variables that bash sets for itself, as `set`, `declare -p` and `${!prefix*}` show them."""

from __future__ import annotations

from .state import READ_ONLY, Shell
from .variables import bash_version

INTEGERS = ("BASHPID", "EUID", "PPID", "UID")
ARRAYS = ("BASH_ARGC", "BASH_ARGV", "BASH_LINENO", "BASH_SOURCE", "BASH_VERSINFO", "DIRSTACK", "GROUPS")
MAPS = ("BASH_ALIASES", "BASH_CMDS")
PLAIN = (
    "BASH", "BASHOPTS", "BASH_EXECUTION_STRING", "BASH_LOADABLES_PATH", "BASH_VERSION", "EUID", "HOSTNAME",
    "HOSTTYPE", "MACHTYPE", "OSTYPE", "OPTERR", "PPID", "PS4", "SHELLOPTS", "TERM", "UID",
)  # fmt: skip
SHOWN_EMPTY = (*MAPS, "BASH_ARGV", "BASH_LINENO", "BASH_SOURCE", "DIRSTACK", "GROUPS")
"""Arrays that bash fills only once they are read."""


def own_names(shell: Shell) -> set[str]:
    """The names of the variables that are always there and that no one has set."""
    if not shell.dialect.bash:
        return set()
    names = {*PLAIN, *ARRAYS, *MAPS}
    if bash_version(shell) < "5.2":
        names.discard("BASH_LOADABLES_PATH")
    if shell.mode != "c":
        names.discard("BASH_EXECUTION_STRING")
    return names - shell.variables.keys() - shell.arrays.keys()


def own_letters(name: str) -> str:
    """The letters of `declare` for one of these variables that is neither read-only nor exported."""
    return "a" if name in ARRAYS else "A" if name in MAPS else "i" if name in INTEGERS else ""


def forget_read_only(shell: Shell) -> None:
    """A new shell: only its own variables are read-only."""
    shell.readonly = set(READ_ONLY) if shell.dialect.bash else set()
