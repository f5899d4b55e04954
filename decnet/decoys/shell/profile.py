"""What the start-up files of a release set in a bash with a prompt: PS1, aliases, colours.

Sources: /etc/bash.bashrc, /etc/skel/.bashrc and /root/.bashrc of Debian and Ubuntu, /etc/bashrc of Rocky."""

from __future__ import annotations

from functools import cache

from ..host.devices.device import Build
from .dialect import Dialect
from .parser import Parser
from .state import Shell
from .syntax import Function
from .text.dircolors import colors_of

CHROOT = "${debian_chroot:+($debian_chroot)}"
PLAIN = f"{CHROOT}\\u@\\h:\\w\\$ "
COLOURED = f"{CHROOT}\\[\\033[01;32m\\]\\u@\\h\\[\\033[00m\\]:\\[\\033[01;34m\\]\\w\\[\\033[00m\\]\\$ "
TITLE = "\\[\\e]0;\\u@\\h: \\w\\a\\]"
ASH = Build().prompt
OWN = "\\s-\\v\\$ "
COLOURS = {
    "ls": "ls --color=auto",
    "grep": "grep --color=auto",
    "fgrep": "fgrep --color=auto",
    "egrep": "egrep --color=auto",
}
SHORT = {"ll": "ls -alF", "la": "ls -A", "l": "ls -CF"}
ALERT = (
    'notify-send --urgency=low -i "$([ $? = 0 ] && echo terminal || echo error)" '
    "\"$(history|tail -n1|sed -e '\\''s/^\\s*[0-9]\\+\\s*//;s/[;&|]\\s*alert$//'\\'')\""
)


NOT_FOUND = """function command_not_found_handle {
if [ -x /usr/lib/command-not-found ]; then
/usr/lib/command-not-found -- "$1"
return $?
elif [ -x /usr/share/command-not-found/command-not-found ]; then
/usr/share/command-not-found/command-not-found -- "$1"
return $?
else
printf "%s: command not found\\n" "$1" >&2
return 127
fi
}
"""
"""Of /etc/bash.bashrc of Ubuntu, which bash(1) calls with the words of a command that it does not find."""
LESS = {"LESSOPEN": "| /usr/bin/lesspipe %s", "LESSCLOSE": "/usr/bin/lesspipe %s %s"}


def begin_profile(shell: Shell, *, reads_files: bool = True) -> None:
    """Set them. `reads_files`: it has not been started with --norc."""
    system = shell.world.system
    if shell.dialect.name == "ash":
        _begin_ash(shell)
        return
    if not shell.dialect.bash or system.id not in ("debian", "ubuntu"):
        return
    if not reads_files:
        shell.variables["PS1"] = OWN
        return
    terminal, root = shell.variables.get("TERM", ""), shell.user == "root"
    if system.id == "ubuntu" and shell.node("/usr/lib/command-not-found") is not None:
        handle = _not_found_handle(shell.dialect)
        shell.functions[handle.name] = handle
    shell.variables["PS1"] = PLAIN
    if (root and system.id == "debian") or shell.node(f"{shell.variables.get('HOME', '')}/.bashrc") is None:
        return
    coloured = terminal.startswith("xterm-color") or (terminal.endswith("-256color") and not root)
    shell.variables["PS1"] = COLOURED if coloured else PLAIN
    if terminal.startswith(("xterm", "rxvt")):
        shell.variables["PS1"] = TITLE + shell.variables["PS1"]
    shell.aliases |= COLOURS | (SHORT if system.id == "ubuntu" else {})
    colours = {"LS_COLORS": colors_of(shell.world)} | (LESS if system.id == "ubuntu" else {})
    shell.variables |= colours
    shell.exported |= set(colours)
    if system.id == "ubuntu" and not root:
        shell.aliases["alert"] = ALERT


def _begin_ash(shell: Shell) -> None:
    """The prompts of BusyBox's ash; those of a login as a device's /etc/profile sets and exports them."""
    prompts = shell.world.build.prompt.format(sign="#" if shell.user == "root" else "$")
    if shell.script.startswith("-") and prompts != ASH:
        shell.variables["PS1"] = prompts
        shell.exported.add("PS1")
    for name, text in (("PS1", ASH), ("PS2", "> "), ("PS4", "+ ")):
        shell.variables.setdefault(name, text)


@cache
def _not_found_handle(dialect: Dialect) -> Function:
    (command,) = Parser(NOT_FOUND, dialect).next_command().items  # type: ignore[union-attr]
    function = command.parts[0][1].commands[0]
    assert isinstance(function, Function)
    return function
