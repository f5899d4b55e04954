"""How BusyBox's ash checks the options of its builtins, and where it puts a line's number in their errors.

Source: BusyBox 1.35."""

from __future__ import annotations

OPTIONS = {
    "cd": "LP", "chdir": "LP", "command": "pvV", "export": "p", "hash": "r", "jobs": "lp", "pwd": "LP",
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


def of_library(text: str) -> bool:
    """Whether it is an error of kill, printf or test, which do not name a login shell "-ash"."""
    return text.startswith(LIBRARY_BEGINS) or text.endswith(LIBRARY_ENDS)


def numbered(text: str, line: str) -> str:
    """An error of a builtin with `line`, as "line 0: ", after its name."""
    name, colon, rest = text.partition(": ")
    has_none = name not in NUMBERED or rest.startswith(("line ", "'"))
    return text if has_none or not line else f"{name}{colon}{line}{rest}"
