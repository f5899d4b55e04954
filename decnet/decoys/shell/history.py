"""The history of a shell with a prompt: HISTFILE, and what of it is saved at the end.

Source: HISTORY in bash(1), BusyBox 1.35, and the .bashrc of Debian and Ubuntu."""

from __future__ import annotations

import time

from .extended_patterns import fits_pattern
from .state import Shell
from .variables import value_of

MOST_SAVED = 64 * 1024
FORGOTTEN = " forgotten"
"""The note with the numbers of lines of earlier shells that were removed."""
OFF = "history is off"
"""The note of a shell whose history was switched off."""


class Typed(str):
    """A line, and when it was typed (seconds since 1970)."""

    when: float

    def __new__(cls, line: str) -> Typed:
        made = super().__new__(cls, line)
        made.when = time.time()
        return made


def begin_history(shell: Shell) -> None:
    """Set the variables, as bash does when it starts with a prompt."""
    if shell.dialect.name == "ash" and shell.world.build.saves:
        path = shell.variables.setdefault("HISTFILE", f"{shell.variables.get('HOME') or '/'}/.ash_history")
        shell.history = [each for each in (shell.read(shell.absolute(path)) or "").splitlines() if each][
            -200:
        ]
    if not shell.dialect.bash:
        return
    system, root = shell.world.system.id, shell.user == "root"
    home = shell.variables.get("HOME") or "/"
    shell.variables |= {"HISTFILE": f"{home}/.bash_history", "HISTSIZE": "500", "HISTFILESIZE": "500"}
    if system == "rocky":
        shell.variables |= {"HISTSIZE": "1000", "HISTFILESIZE": "1000", "HISTCONTROL": "ignoredups"}
        shell.exported |= {"HISTSIZE", "HISTCONTROL"}
    elif system == "ubuntu" or (system == "debian" and not root):
        control = "ignoredups:ignorespace" if root else "ignoreboth"
        shell.variables |= {"HISTSIZE": "1000", "HISTFILESIZE": "2000", "HISTCONTROL": control}


def remember(shell: Shell, line: str) -> None:
    """Add a line that was typed, unless HISTCONTROL excludes it or the history is off."""
    if shell.dialect.name == "ash":
        _remember_in_ash(shell, line)
        return
    control = (value_of(shell, "HISTCONTROL") or "").split(":")
    spaces = "ignorespace" in control or "ignoreboth" in control
    repeats = "ignoredups" in control or "ignoreboth" in control
    if (spaces and line[:1] == " ") or (repeats and shell.history[-1:] == [line]) or OFF in shell.notes:
        return
    if value_of(shell, "HISTSIZE") == "0" or _is_ignored(shell, line):
        return
    if "erasedups" in control:
        shell.history[:] = [each for each in shell.history if each != line]
    shell.history.append(Typed(line))
    del shell.history[:-200]


def _is_ignored(shell: Shell, line: str) -> bool:
    """Whether a pattern of HISTIGNORE fits: & is the line before."""
    for pattern in (value_of(shell, "HISTIGNORE") or "").split(":")[:64]:
        last = shell.history[-1] if shell.history else ""
        if pattern and fits_pattern(shell, pattern.replace("&", last), line, lambda _: None):
            return True
    return False


def _remember_in_ash(shell: Shell, line: str) -> None:
    """Each line once, also in the file if BusyBox was built so."""
    if shell.history[-1:] == [line]:
        return
    shell.history.append(line)
    del shell.history[:-200]
    path = shell.absolute(value_of(shell, "HISTFILE") or "")
    if not shell.world.build.saves or not value_of(shell, "HISTFILE") or shell.refusal(path):
        return
    node = shell.node(path)
    content = (node.data if node else b"") + line.encode("utf-8", "surrogateescape") + b"\n"
    content = content[-MOST_SAVED:]
    shell.put(path, content, len(content), 0o600)


def old_history(shell: Shell) -> list[str]:
    """The lines of earlier shells, [] once they are cleared or if this shell has none."""
    path = shell.variables.get("HISTFILE")
    if not path or "cleared" in shell.notes or not shell.dialect.bash:
        return []
    lines = (shell.read(shell.absolute(path)) or "").splitlines()
    gone = shell.notes.get(FORGOTTEN, "").split()
    return [line for at, line in enumerate(lines) if str(at) not in gone] if gone else lines


def forget(shell: Shell, place: int) -> None:
    """Remove one line, counted from 1 (`history -d`)."""
    old = old_history(shell)
    if place > len(old):
        del shell.history[place - len(old) - 1]
        return
    gone = set(map(int, shell.notes.get(FORGOTTEN, "").split()))
    kept = [at for at in range(len(old) + len(gone)) if at not in gone]
    shell.notes[FORGOTTEN] = " ".join(map(str, sorted(gone | {kept[place - 1]})))


def save_history(shell: Shell) -> None:
    """Append what was typed to HISTFILE, as at the end of the shell or of its connection."""
    if shell.history:
        path = shell.variables.get("HISTFILE") or ""
        node = shell.node(shell.absolute(path)) if path else None
        old = node.data.decode("utf-8", "surrogateescape").splitlines() if node else []
        stamp = [f"#{int(time.time())}"] if "HISTTIMEFORMAT" in shell.variables else []
        _save(shell, path, [*old, *(each for line in shell.history for each in (*stamp, line))])


def write_history(shell: Shell) -> None:
    """Replace HISTFILE by this shell's history (`history -w`)."""
    _save(shell, shell.variables.get("HISTFILE") or "", [*old_history(shell), *shell.history])


def _save(shell: Shell, path: str, lines: list[str]) -> None:
    if not (shell.interactive and shell.dialect.bash and path) or shell.absolute(path) == "/dev/null":
        return
    path, size = shell.absolute(path), shell.variables.get("HISTFILESIZE", "")
    if shell.refusal(path):
        return
    most = int(size) if size.isdecimal() and len(size) < 9 else 500
    text = "".join(f"{line}\n" for line in (lines[-most:] if most else []))
    content = text.encode("utf-8", "surrogateescape")[-MOST_SAVED:]
    shell.put(path, content, len(content), 0o600)
    shell.history.clear()
    shell.notes.pop("cleared", None)
