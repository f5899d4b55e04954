# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The arguments of ps: those of UNIX, of BSD and of GNU."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..process import Process
from ..text.common import Failure
from .ps_columns import ALIASES, COLUMNS, Column

USAGE = """
Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1).
"""
TAKES_LIST = {
    "C": "name",
    "G": "user",
    "p": "pid",
    "q": "pid",
    "s": "sid",
    "t": "tty",
    "u": "user",
    "U": "user",
    "g": "sid",
}
LONG_LISTS = {"pid": "pid", "ppid": "ppid", "user": "user", "User": "user", "tty": "tty", "quick-pid": "pid", "sid": "sid",
              "group": "user", "Group": "user"}  # fmt: skip


@dataclass
class Options:
    """What the arguments ask for."""

    bsd: bool = False
    letters: set[str] = field(default_factory=set)
    """UNIX letters with a dash in front, BSD letters without."""
    chosen: list[tuple[str, str]] = field(default_factory=list)
    """Kind and words of each selection by list."""
    columns: list[Column] = field(default_factory=list)
    sort: str = ""
    width: int = 0
    forest: str = ""
    headers: bool = True
    wide: int = 0


class Reader:
    """Reads them one by one."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._words = list(process.args)
        self._options = Options()

    def read(self) -> Options:
        """All of the arguments. Raises Failure."""
        while self._words:
            word = self._words.pop(0)
            if word.startswith("--"):
                self._long(word[2:])
            elif word.startswith("-") and len(word) > 1:
                self._short(word[1:])
            elif word.isdecimal() or word.replace(",", "").isdecimal():
                self._options.chosen.append(("pid", word))
            else:
                self._options.bsd = True
                self._short_bsd(word)
        return self._options

    def _fail(self, message: str) -> Failure:
        self._process.err(f"error: {message}\n{USAGE}")
        return Failure("", 1)

    def _value(self, rest: str) -> str:
        if not rest and not self._words:
            raise self._fail("list of process IDs must follow p" if False else "option requires an argument")
        return rest or self._words.pop(0)

    def _long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        options = self._options
        if name in LONG_LISTS:
            options.chosen.append((LONG_LISTS[name], value if equals else self._value("")))
        elif name == "sort":
            options.sort = value if equals else self._value("")
        elif name == "format":
            self._columns(value if equals else self._value(""))
        elif name in ("cols", "columns", "width"):
            options.width = int((value if equals else self._value(""))[:5] or 0)
        elif name in ("no-headers", "no-heading", "noheaders", "noheading"):
            options.headers = False
        elif name in (
            "forest",
            "version",
            "deselect",
            "headers",
            "help",
            "info",
            "rows",
            "lines",
            "context",
            "cumulative",
        ):
            options.forest = "f" if name == "forest" else options.forest
            options.letters.add({"deselect": "-N"}.get(name, name))
        else:
            raise self._fail("unknown gnu long option")

    def _short(self, letters: str) -> None:
        options = self._options
        if (
            letters in ("aux", "auxww", "auxw", "auxf", "auxwww")
            and self._process.shell.world.accounts.user("x") is None
        ):
            options.bsd = True
            self._short_bsd(letters)
            return
        for at, letter in enumerate(letters):
            rest = letters[at + 1 :]
            if letter in TAKES_LIST:
                options.chosen.append((TAKES_LIST[letter], self._value(rest)))
                return
            if letter in ("o", "O"):
                self._columns(self._value(rest))
                return
            if letter == "w":
                options.wide += 1
            elif letter == "H":
                options.forest = "H"
            elif letter == "V":
                options.letters.add("version")
            elif letter in "AadefFjlLMmNPTyZc":
                options.letters.add(f"-{letter}")
            else:
                raise self._fail("unsupported SysV option")

    def _short_bsd(self, letters: str) -> None:
        options = self._options
        for at, letter in enumerate(letters):
            rest = letters[at + 1 :]
            if letter in "pqtU" and (rest or self._words):
                options.chosen.append((TAKES_LIST[letter], self._value(rest)))
                return
            if letter in "oOk":
                if letter == "k":
                    options.sort = self._value(rest)
                else:
                    self._columns(self._value(rest))
                return
            if letter == "w":
                options.wide += 1
            elif letter == "f":
                options.forest = "f"
            elif letter == "V":
                options.letters.add("version")
            elif letter == "h":
                options.headers = False
            elif letter in "axrTujlvsXecnSgmHLZ":
                options.letters.add(letter)
            else:
                raise self._fail("unsupported option (BSD syntax)")

    def _columns(self, text: str) -> None:
        """The columns of -o. Raises Failure."""
        while text:
            name, separator, rest = _first(text)
            base, _, width = name.partition(":")
            column = COLUMNS.get(ALIASES.get(base, base))
            if column is None or base == "UID":
                raise self._fail(f'unknown user-defined format specifier "{base}"')
            if base in ("tty", "tt", "command", "stime"):
                headers = {"tty": "TT", "tt": "TT", "command": "COMMAND", "stime": "STIME"}
                column = replace(column, header=headers[base])
            if width.isdecimal():
                column = replace(column, width=int(width[:4]), cut=column.cut or "cut")
            if separator == "=":
                empty = rest.startswith(",")
                column, rest = replace(column, header="" if empty else rest), rest[1:] if empty else ""
            self._options.columns.append(column)
            text = rest


def _first(text: str) -> tuple[str, str, str]:
    """The first name of a list, what ends it, and the rest."""
    for at, sign in enumerate(text):
        if sign in ", =":
            return text[:at], sign, text[at + 1 :]
    return text, "", ""
