"""How BusyBox's ash checks the options of its builtins, and where it puts a line's number in their errors.

Source: BusyBox 1.35."""

from __future__ import annotations

OPTIONS = {
    "cd": "LP", "chdir": "LP", "command": "pvV", "export": "pn", "hash": "r", "jobs": "lp", "pwd": "LP",
    "read": "p:u:rt:n:sd:", "readonly": "p", "trap": "", "umask": "S", "unalias": "a", "unset": "vf",
    "wait": "n",
}  # fmt: skip
"""By builtin, its options as for getopt."""
NUMBERED = frozenset(
    (*OPTIONS, "break", "continue", "eval", "exit", "getopts", "let", "local", "return", "set", "shift")
)
"""Builtins between whose names and errors the number of a line stands."""
BARE = ("alias: ", "unalias: ")
"""Builtins whose errors do not name the shell."""
LIBRARY_BEGINS = (
    "can't kill pid ",
    "you need to specify whom",
    "invalid number ",
    "bad signal name ",
    "unknown signal ",
)
LIBRARY_ENDS = (": bad number", "argument expected", "missing ]", ": unknown operand", ": invalid format")


def wrong_option(name: str, words: list[str]) -> str:
    """The first option that a builtin does not have, "" for none."""
    short = OPTIONS.get(name)
    words = list(words)
    while short is not None and words:
        word = words.pop(0)
        if word in ("-", "--") or not word.startswith("-"):
            break
        for at, letter in enumerate(word[1:], 1):
            place = short.find(letter)
            if place < 0 or letter == ":":
                return f"-{letter}"
            if short[place + 1 : place + 2] == ":":
                if at + 1 == len(word):
                    del words[:1]
                break
    return ""


def as_error(text: str, script: str, shell: str, line: str) -> str:
    """An error as ash prints it. `script`: the shell's name; `shell`: that with what it executes; `line`: as
    "line 0: ", nothing at a prompt."""
    name, _, rest = text.partition(": ")
    if text.startswith(BARE) and rest.endswith(" not found"):
        return text
    if text.startswith(LIBRARY_BEGINS) or text.endswith(LIBRARY_ENDS):
        return f"{script.lstrip('-')}: {text}"
    if name not in NUMBERED:
        return f"{shell}: {text}"
    return f"{script}: {text}" if rest.startswith(("line ", "'")) else f"{script}: {name}: {line}{rest}"
