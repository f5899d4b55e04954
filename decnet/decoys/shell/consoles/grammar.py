"""The words of a switch's commands: abbreviations, what can follow, and where a line is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Run = Callable[[list[str]], str]
"""Takes the words of the line that are arguments, and returns what is printed."""


@dataclass
class Word:
    """One word: its help, what can follow it, and what it does at the end of a line. `level`: the privilege
    that it needs. The name of an argument is in capitals, as WORD or <0-512>."""

    help: str = ""
    run: Run | None = None
    level: int = 1
    next: dict[str, Word] = field(default_factory=dict)

    def add(self, path: str, help_text: str, run: Run | None = None, level: int = 1) -> Word:
        """Define the command of these words; the words before the last one must be defined already, or get no
        help."""
        here = self
        for name in path.split():
            here = here.next.setdefault(name, Word())
        here.help, here.run, here.level = help_text, run, level
        return here

    def fitting(self, text: str, level: int) -> list[str]:
        """The keywords that begin so; only the keyword itself if it is one."""
        usable = [name for name, word in self.next.items() if not is_argument(name) and word.level <= level]
        low = text.lower()
        if low in (name.lower() for name in usable):
            return [name for name in usable if name.lower() == low]
        return [name for name in usable if name.lower().startswith(low)]

    def argument(self, level: int) -> str | None:
        """The name of the argument that can stand here."""
        return next((n for n, word in self.next.items() if is_argument(n) and word.level <= level), None)


class Wrong(Exception):
    """What a command says of a word that the table allows: its number in the line."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class Found:
    """The end of a line in the table. `wrong`: the number of the word that fits nothing, `choices`: of one
    that fits several; `path`: all words, without abbreviations."""

    word: Word
    arguments: list[str]
    wrong: int | None = None
    choices: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)


def find(root: Word, words: list[str], level: int) -> Found:
    """Follow the words of a line."""
    here, arguments, path = root, list[str](), list[str]()
    for number, text in enumerate(words):
        names = here.fitting(text, level)
        if len(names) > 1:
            return Found(here, arguments, number, names)
        if names:
            here = here.next[names[0]]
            path.append(names[0])
            continue
        name = here.argument(level)
        if name is None or not fits(name, text):
            return Found(here, arguments, number)
        arguments.append(text)
        path.append(text)
        if name != "LINE":
            here = here.next[name]
    if here.argument(level) == "LINE" and arguments:
        here = here.next["LINE"]
    return Found(here, arguments, path=path)


def is_argument(name: str) -> bool:
    """Whether it stands for what a user chooses."""
    return name[0] == "<" or name in ("WORD", "LINE", "A.B.C.D")


def fits(name: str, text: str) -> bool:
    """Whether a text can be this argument."""
    if name[0] == "<":
        low, _, high = name.strip("<>").partition("-")
        return text.isdecimal() and len(text) < 12 and int(low) <= int(text) <= int(high)
    if name == "A.B.C.D":
        parts = text.split(".")
        return len(parts) == 4 and all(
            each.isdecimal() and len(each) < 4 and int(each) < 256 for each in parts
        )
    return True


def listed(names: list[tuple[str, str]]) -> str:
    """Names with their help, as `?` lists them."""
    width = max((len(name) for name, _ in names), default=0)
    return "".join(f"  {name:<{width}}  {text}\n" for name, text in names)


def in_columns(names: list[str], columns: int = 80) -> str:
    """Names without help, as `sh?` lists them."""
    width = max((len(name) for name in names), default=0) + 2
    per = max(1, columns // width)
    rows = (names[at : at + per] for at in range(0, len(names), per))
    return "".join("".join(f"{name:<{width}}" for name in row).rstrip() + "\n" for row in rows)
