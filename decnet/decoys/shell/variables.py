# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Reading and setting the variables of a shell: special parameters, arrays, attributes."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from .limits import OutOfWork
from .state import MOST_VARIABLES, Shell, bucket_of

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ELEMENTS = 20_000
NO_VALUE = "-"
"""Among the letters of a variable's attributes: it is declared, and was never set."""


class NotAssigned(Exception):
    """A variable that cannot be set: its name, and the reason in the dialect's words."""


def value_of(shell: Shell, name: str) -> str | None:
    """The value of a parameter, None if it is unset. `@` and `*` are joined with blanks."""
    if name in shell.variables:
        if shell.kinds.get(name) == "n":
            return value_of(shell, shell.variables[name]) if shell.variables[name] != name else None
        return shell.variables[name]
    if name in shell.arrays:
        return shell.arrays[name].get("0" if "A" in shell.kinds.get(name, "") else 0)
    if name.isdecimal():
        number = int(name) if len(name) < 9 else 1 << 30
        if number == 0:
            return shell.script
        return shell.positional[number - 1] if number <= len(shell.positional) else None
    special = SPECIAL.get(name)
    if special is not None:
        return special(shell)
    if shell.dialect.name != "dash" and name in OF_BASH and (shell.dialect.bash or name == "RANDOM"):
        return OF_BASH[name](shell)
    if shell.dialect.bash and name in SPECIAL_ARRAYS:
        return next(iter(SPECIAL_ARRAYS[name](shell)), None)
    if not shell.dialect.bash and name in OF_OTHERS:
        return OF_OTHERS[name](shell)
    if name == "PPID":
        return shell.notes.get(" parent") or str(shell.visit.server)
    return None


OF_OTHERS: dict[str, Callable[[Shell], str | None]] = {
    "PS1": lambda shell: (
        "\\w \\$ " if shell.dialect.name == "ash" else "# " if shell.user == "root" else "$ "
    ),
    "PS2": lambda shell: "> ",
    "PS4": lambda shell: "+ ",
    "HOSTNAME": lambda shell: shell.world.hostname if shell.dialect.name == "ash" else None,
}
"""What dash and ash set for themselves."""


SPECIAL: dict[str, Callable[[Shell], str | None]] = {
    "?": lambda shell: str(shell.status),
    "$": lambda shell: str(shell.pid),
    "!": lambda shell: str(shell.last_background) if shell.last_background else None,
    "#": lambda shell: str(len(shell.positional)),
    "-": lambda shell: flags_of(shell),
    "@": lambda shell: " ".join(shell.positional) if shell.positional else None,
    "*": lambda shell: (
        shell.variables.get("IFS", " ")[:1].join(shell.positional) if shell.positional else None
    ),
}

OF_BASH: dict[str, Callable[[Shell], str | None]] = {
    "RANDOM": lambda shell: str(random.randrange(32768)),
    "SECONDS": lambda shell: str(int(time.time() - shell.began)),
    "LINENO": lambda shell: str(shell.line),
    "BASH_COMMAND": lambda shell: shell.notes.get(" command", ""),
    "BASHPID": lambda shell: str(shell.own_pid),
    "BASH": lambda shell: _own_path(shell),
    "BASH_EXECUTION_STRING": lambda shell: shell.notes.get(" text") if shell.mode == "c" else None,
    "BASH_LOADABLES_PATH": lambda shell: LOADABLES if bash_version(shell) >= "5.2" else None,
    "TERM": lambda shell: "dumb",
    "BASH_ARGV0": lambda shell: shell.script,
    "BASH_VERSION": lambda shell: bash_version(shell),
    "BASHOPTS": lambda shell: _bash_options(shell),
    "SHELLOPTS": lambda shell: "braceexpand:hashall:interactive-comments",
    "EUID": lambda shell: str(shell.world.number_of(shell.user)),
    "UID": lambda shell: str(shell.world.number_of(shell.user)),
    "HOSTNAME": lambda shell: shell.world.hostname,
    "HOSTTYPE": lambda shell: shell.world.system.machine,
    "MACHTYPE": lambda shell: f"{shell.world.system.machine}-pc-linux-gnu",
    "OSTYPE": lambda shell: "linux-gnu",
    "EPOCHSECONDS": lambda shell: str(int(time.time())),
    "EPOCHREALTIME": lambda shell: f"{time.time():.6f}",
    "SHLVL": lambda shell: "1",
    "PS4": lambda shell: "+ ",
    "OPTERR": lambda shell: "1",
    "FUNCNAME": lambda shell: shell.calls[-1].name if shell.calls else None,
    "BASH_SUBSHELL": lambda shell: str(min(shell.depth, 9)),
    "COLUMNS": lambda shell: str(shell.columns) if shell.interactive else None,
    "LINES": lambda shell: str(shell.rows) if shell.interactive else None,
    "PS1": lambda shell: "\\u@\\h:\\w\\$ " if shell.interactive else None,
    "PS2": lambda shell: "> " if shell.interactive else None,
}


LOADABLES = "/usr/local/lib/bash:/usr/lib/bash:/opt/local/lib/bash:/usr/pkg/lib/bash:/opt/pkg/lib/bash:."


def _own_path(shell: Shell) -> str:
    """`$BASH`: bash looks for its name in $PATH; of a login shell it is the account's shell."""
    if shell.script.startswith("-") or shell.world.system.id in ("qts", "dsm"):
        return "/bin/bash"
    return shell.program if shell.program.endswith(("/bash", "/sh")) else "/usr/bin/bash"


def _bash_options(shell: Shell) -> str:
    """What `shopt` shows as set at the begin."""
    options = "checkwinsize:cmdhist:complete_fullquote:extquote:force_fignore:globasciiranges:hostcomplete"
    options += ":interactive_comments:progcomp:promptvars:sourcepath"
    if bash_version(shell) < "5.2":
        return options
    return options.replace(":host", ":globskipdots:host").replace(":progcomp", ":patsub_replacement:progcomp")


def bash_version(shell: Shell) -> str:
    """Of the release's own package."""
    versions = {"debian 11": "5.1.4(1)-release", "ubuntu 20": "5.0.17(1)-release", "ubuntu 22": "5.1.16(1)-release",
                "ubuntu 24": "5.2.21(1)-release", "rocky 8": "4.4.20(1)-release", "rocky 9": "5.1.8(1)-release",
                "qts 5.1": "3.2.57(2)-release"}  # fmt: skip
    system = f"{shell.world.system.id} {shell.world.system.version}"
    return next((text for name, text in versions.items() if system.startswith(name)), "5.2.15(1)-release")


def flags_of(shell: Shell) -> str:
    """`$-`."""
    letters = "".join(each for each in "aefnuvx" if each in shell.options)
    if shell.dialect.bash:
        return letters + (
            "himBHs"
            if shell.interactive
            else "hBc"
            if shell.mode == "c"
            else "hBs"
            if shell.mode == "s"
            else "hB"
        )
    if shell.dialect.name == "ash" and shell.mode == "c":
        return letters + "c"
    return letters + ("smi" if shell.interactive else "s" if shell.mode == "s" else "")


def assign(shell: Shell, name: str, value: str, index: str | int | None = None) -> None:
    """Set a variable or one element. Raises NotAssigned, OutOfWork."""
    if shell.kinds.get(name) == "n" and name in shell.variables:
        name = shell.variables[name]
    if name in shell.readonly:
        raise NotAssigned(name, "readonly variable" if shell.dialect.bash else "is read only")
    kinds = shell.kinds.get(name, "")
    if NO_VALUE in kinds:
        kinds = shell.kinds[name] = kinds.replace(NO_VALUE, "")
    if kinds:
        value = _converted(value, kinds)
    if index is None and name in shell.arrays:
        index = "0" if "A" in kinds else 0
    if index is None:
        before = shell.variables.get(name, "")
        shell.variables[name] = value
    else:
        array = shell.arrays.setdefault(name, {})
        if name in shell.variables:
            array[0] = shell.variables.pop(name)
        before = array.get(index, "")
        array[index] = value
        if len(array) > MOST_ELEMENTS:
            raise OutOfWork
    shell.held += len(value) - len(before) + (40 if not before else 0)
    if shell.held > MOST_VARIABLES:
        raise OutOfWork
    if "a" in shell.options:
        shell.exported.add(name)
    if name == "PATH":
        shell.hashed = {}
    if name == "OPTIND":
        shell.variables.pop(" optind", None)


def _converted(value: str, kinds: str) -> str:
    if "l" in kinds:
        return value.lower()
    if "u" in kinds:
        return value.upper()
    return value


def unset(shell: Shell, name: str) -> None:
    """Remove a variable. Raises NotAssigned."""
    if name in shell.readonly:
        raise NotAssigned(name, "cannot unset: readonly variable" if shell.dialect.bash else "is read only")
    shell.held -= len(shell.variables.pop(name, ""))
    array = shell.arrays.pop(name, None)
    if array:
        shell.held -= sum(map(len, array.values())) + 40 * len(array)
    shell.exported.discard(name)
    shell.kinds.pop(name, None)


def elements_of(shell: Shell, name: str) -> dict[str | int, str]:
    """All elements of an array in their order; a plain variable is its element 0."""
    if name in shell.arrays:
        array = shell.arrays[name]
        if "A" in shell.kinds.get(name, ""):
            newest_first = list(reversed(array))
            return {key: array[key] for key in sorted(newest_first, key=bucket_of)}
        return {key: array[key] for key in sorted(array, key=_number)}
    if name in SPECIAL_ARRAYS and shell.dialect.bash:
        return dict(enumerate(SPECIAL_ARRAYS[name](shell)))
    value = value_of(shell, name)
    return {} if value is None else {0: value}


def _number(key: str | int) -> int:
    return key if isinstance(key, int) else 0


def _sources(shell: Shell) -> list[str]:
    """The files of what runs now, and of its callers."""
    outermost = [shell.script] if shell.mode == "f" and not (shell.file and not shell.calls) else []
    inner = [shell.file, *(call.caller for call in reversed(shell.calls))]
    return [each for each in inner if each] + outermost


SPECIAL_ARRAYS: dict[str, Callable[[Shell], list[str]]] = {
    "FUNCNAME": lambda shell: (
        [call.name for call in reversed(shell.calls)]
        + (["main"] if shell.calls and shell.mode == "f" else [])
    ),
    "BASH_ARGC": lambda shell: [str(len(shell.positional))],
    "BASH_LINENO": lambda shell: [str(call.line) for call in reversed(shell.calls)],
    "BASH_SOURCE": lambda shell: _sources(shell),
    "GROUPS": lambda shell: ["0" if shell.user == "root" else "1000"],
    "BASH_VERSINFO": lambda shell: _version_parts(bash_version(shell)),
    "DIRSTACK": lambda shell: folder_stack(shell),
}


def folder_stack(shell: Shell) -> list[str]:
    """The folders of `dirs`, the present one first."""
    return [shell.cwd, *(path for path in shell.notes.get("stack", "").split("\0") if path)]


def _version_parts(version: str) -> list[str]:
    numbers, _, rest = version.partition("(")
    return [*numbers.split("."), rest.partition(")")[0], "release", "x86_64-pc-linux-gnu"]


def exported_function(name: str) -> str:
    """The name of the variable in which bash exports a function."""
    return f"BASH_FUNC_{name}%%"


def hide(shell: Shell, name: str) -> None:
    """Make a variable local to the running function."""
    hidden = shell.calls[-1].hidden
    if name not in hidden:
        array = shell.arrays.get(name)
        hidden[name] = (
            shell.variables.get(name), array.copy() if array is not None else None, shell.kinds.get(name),
            name in shell.exported, name in shell.readonly,
        )  # fmt: skip


def restore(shell: Shell, call_hidden: dict[str, tuple[object, ...]]) -> None:
    """The function has ended: what was hidden is there again."""
    for name, (value, array, kinds, exported, readonly) in call_hidden.items():
        shell.readonly.discard(name)
        unset(shell, name)
        if isinstance(value, str):
            shell.variables[name] = value
            shell.held += len(value)
        if isinstance(array, dict):
            shell.arrays[name] = array
        if isinstance(kinds, str):
            shell.kinds[name] = kinds
        if exported:
            shell.exported.add(name)
        if readonly:
            shell.readonly.add(name)
