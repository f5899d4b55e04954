"""`bind`: the keys of the line editor."""

from __future__ import annotations

from typing import Any

from .context import Context
from .readline_bindings import VARIABLES, bindings, decoded
from .state import Shell

USAGE = (
    "bind: usage: bind [-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] "
    "[-x keyseq:shell-command] [keyseq:readline-function or readline-command]\n"
)
KEYS, VARIABLE = " key ", " readline "
"""How the notes of a shell that keep changes begin: the spelling of keys, or a variable's name, follows."""
MOST_BOUND, LONGEST = 100, 256
OF_KEYMAPS = (
    "emacs",
    "emacs-standard",
    "emacs-meta",
    "emacs-ctlx",
    "vi",
    "vi-move",
    "vi-command",
    "vi-insert",
)


def bind(context: Context, words: list[Any]) -> int:
    """Show or change bindings and variables."""
    shell, words, status = context.shell, [str(word) for word in words[1:]], 0
    while words and words[0].startswith("-") and len(words[0]) > 1:
        option = words.pop(0)
        letter = option[1]
        if letter in "lpsvPSVX":
            context.out("".join(line + "\n" for line in LISTS[letter](shell)))
            continue
        if letter not in "mfqurx":
            context.complain(f"bind: {option[:2]}: invalid option")
            context.err(USAGE)
            return 2
        value = option[2:] or (words.pop(0) if words else None)
        if value is None:
            context.complain(f"bind: {option[:2]}: option requires an argument")
            context.err(USAGE)
            return 2
        status = _with_value(context, letter, value)
    for word in words:
        _line(context, word)
    return status


def _with_value(context: Context, letter: str, value: str) -> int:
    shell = context.shell
    if letter == "m" and value not in OF_KEYMAPS:
        context.complain(f"bind: `{value}': invalid keymap name")
        return 1
    if letter in "qu":
        found = _bound(shell)
        if value not in found:
            context.complain(f"bind: `{value}': unknown function name")
            return 1
        if letter == "q":
            keys = _few(found[value])
            context.out(
                f"{value} can be invoked via {keys}.\n" if keys else f"{value} is not bound to any keys.\n"
            )
            return 0 if keys else 1
        for keys in found[value]:
            _keep(shell, KEYS + keys, "function ")
    if letter == "r":
        _keep(shell, KEYS + value, "function ")
    if letter == "x":
        _line(context, value, of_command=True)
    return 0


def _line(context: Context, text: str, *, of_command: bool = False) -> None:
    """One line as in an inputrc file."""
    shell, text = context.shell, text.strip()
    if text.startswith("set ") and len(words := text.split(None, 2)) > 1:
        if words[1].lower() not in VARIABLES:
            context.err(f"readline: {words[1]}: unknown variable name\n")
        else:
            _keep(shell, VARIABLE + words[1].lower(), (words[2:] or [""])[0])
        return
    if not text.startswith('"'):
        if ":" not in text:
            context.err(f"readline: {text}: no key sequence terminator\n")
        return
    end = next((at for at in range(1, len(text)) if text[at] == '"' and text[at - 1] != "\\"), 0)
    keys, action = text[1:end], text[end + 1 :].strip().removeprefix(":").strip()
    if of_command:
        _keep(shell, KEYS + keys, "command " + action.strip("\"'"))
    elif action[:1] in ("'", '"') and action:
        _keep(shell, KEYS + keys, "macro " + action[1:].removesuffix(action[0]))
    else:
        _keep(shell, KEYS + keys, "function " + action.lower())


def _keep(shell: Shell, name: str, value: str) -> None:
    if sum(each.startswith((KEYS, VARIABLE)) for each in shell.notes) < MOST_BOUND:
        shell.notes[name[:LONGEST]] = value[:LONGEST]


def variable(shell: Shell, name: str) -> str:
    """The value of one of Readline's variables."""
    if name in ("editing-mode", "keymap"):
        of_vi = "vi" in shell.options
        return ("vi-insert" if name == "keymap" else "vi") if of_vi else "emacs"
    usual = shell.variables.get("HISTSIZE", "500") if name == "history-size" else VARIABLES[name]
    return shell.notes.get(VARIABLE + name, usual)


def own_keys(shell: Shell) -> dict[str, tuple[str, str]]:
    """By the characters of a key sequence, what the visitor has bound to it: function, macro or command, and
    its text."""
    found = {}
    for note, value in shell.notes.items():
        if note.startswith(KEYS):
            kind, _, what = value.partition(" ")
            found[decoded(note[len(KEYS) :])] = (kind, what)
    return found


def keys_of(function: str) -> str:
    """The first keys that run a function at first; "" for none."""
    return next((decoded(each) for each in bindings(of_vi=False).get(function, ())), "")


def _bound(shell: Shell) -> dict[str, list[str]]:
    found = bindings(of_vi="vi" in shell.options)
    for note, value in shell.notes.items():
        if note.startswith(KEYS):
            keys = note[len(KEYS) :]
            found = {name: [each for each in all_keys if each != keys] for name, all_keys in found.items()}
            kind, _, what = value.partition(" ")
            if kind == "function" and what in found:
                found[what].append(keys)
    return found


def _few(keys: list[str]) -> str:
    return ", ".join(f'"{each}"' for each in keys[:5]) + ", ..." * (len(keys) > 5)


def _shown(shell: Shell) -> list[str]:
    lines = [""]
    for name, keys in _bound(shell).items():
        lines += [f'"{each}": {name}' for each in keys] or [f"# {name} (not bound)"]
    return lines


def _found(shell: Shell) -> list[str]:
    lines = [""]
    for name, keys in _bound(shell).items():
        lines.append(f"{name} can be found on {_few(keys)}." if keys else f"{name} is not bound to any keys")
    return lines


def _of_kind(kind: str, form: str) -> Any:
    def lines(shell: Shell) -> list[str]:
        notes = ((name[len(KEYS) :], value) for name, value in shell.notes.items() if name.startswith(KEYS))
        return [
            form.format(keys, value[len(kind) + 1 :]) for keys, value in notes if value.startswith(kind + " ")
        ]

    return lines


LISTS: dict[str, Any] = {
    "l": lambda shell: list(bindings(of_vi=False)),
    "p": _shown,
    "P": _found,
    "v": lambda shell: [f"set {name} {variable(shell, name)}" for name in VARIABLES],
    "V": lambda shell: [f"{name} is set to `{variable(shell, name)}'" for name in VARIABLES],
    "s": _of_kind("macro", '"{}": "{}"'),
    "S": _of_kind("macro", "{} outputs {}"),
    "X": _of_kind("command", '"{}": "{}"'),
}
