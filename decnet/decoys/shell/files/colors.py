# ruff: noqa: E501 (tables)
"""The colours of ls."""

from __future__ import annotations

from ...host.node import Node
from ..process import Process
from ..state import Shell
from . import facts

TERMINALS = ("Eterm", "ansi", "con", "cygwin", "dtterm", "gnome", "hurd", "jfbterm", "konsole", "kterm", "linux", "mlterm", "putty",
             "rxvt", "screen", "st", "terminator", "tmux", "vt100", "xterm")  # fmt: skip
COLORS = {"rs": "0", "di": "01;34", "ln": "01;36", "pi": "33", "so": "01;35", "bd": "01;33", "cd": "01;33",
          "su": "37;41", "sg": "30;43", "tw": "30;42", "ow": "34;42", "st": "37;44", "ex": "01;32"}  # fmt: skip
"""The defaults of ls, without LS_COLORS (coreutils 9.1)."""


def of(process: Process) -> dict[str, str]:
    """The codes by kind ("di") and by the end of a name ("*.gz")."""
    return COLORS | _from_variable(process.shell.variables.get("LS_COLORS", ""))


def is_colored(process: Process) -> bool:
    """Without LS_COLORS, ls has colours on terminals that it knows."""
    variables = process.shell.variables
    term = variables.get("TERM", "")
    known = term.startswith(TERMINALS) or "color" in term or "direct" in term
    return bool(variables.get("LS_COLORS") or variables.get("COLORTERM") or known)


def _from_variable(text: str) -> dict[str, str]:
    found = (part.partition("=") for part in text[:16_384].split(":"))
    return {name: code for name, _, code in found if name and code and code.replace(";", "").isdecimal()}


def code_of(colors: dict[str, str], shell: Shell, where: str, node: Node) -> str:
    """The colour of a file, "" if it has none."""
    if node.target:
        return colors["or"] if "or" in colors and shell.node(where) is None else colors["ln"]
    if node.folder:
        kind = "di"
        if node.mode & 0o002:
            kind = "tw" if node.mode & 0o1000 else "ow"
        elif node.mode & 0o1000:
            kind = "st"
        return colors[kind]
    if node.kind:
        return colors[{"c": "cd", "b": "bd", "p": "pi", "s": "so"}[node.kind]]
    if node.mode & 0o6000:
        return colors["su" if node.mode & 0o4000 else "sg"]
    if colors.get("ca", "00").strip("0") and where in facts.CAPABLE:
        return colors["ca"]
    if node.mode & 0o111:
        return colors["ex"]
    name = where.rpartition("/")[2]
    ends = (name[at:] for at in range(len(name)))
    return next((colors["*" + end] for end in ends if "*" + end in colors), "")


def code_of_busybox(node: Node) -> str:
    """Of coreutils/ls.c, by the type alone."""
    if facts.letter_of(node) == "-" and node.mode & 0o111:
        return "1;32"
    return {"d": "1;34", "l": "1;36", "p": "0;35", "c": "1;35", "b": "1;35", "s": "1;35"}.get(
        facts.letter_of(node), "0;0"
    )


def reset_of_busybox(process: Process) -> str:
    """What BusyBox prints after a colour: shorter since 1.32."""
    device = process.shell.world.device
    minor = device.busybox.split(".")[1] if device is not None and "." in device.busybox else ""
    return "\x1b[m" if minor.isdecimal() and int(minor) >= 32 else "\x1b[0m"
