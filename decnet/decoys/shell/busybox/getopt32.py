"""The options of BusyBox's applets, read as its getopt32 reads them.

options.txt has a line per applet, with tabs between: its name, the letters, what they demand of each other,
and the long options. Source: what the applets of BusyBox 1.35 give to getopt32."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("options.txt")
USAGE_ONLY = ""
"""In place of a complaint: the words are refused, and BusyBox does not say why."""


class Refused(Exception):
    """What is wrong, "" if there is only the usage; `bare`: no usage behind it."""

    def __init__(self, text: str = USAGE_ONLY, *, bare: bool = False) -> None:
        super().__init__(text)
        self.text, self.bare = text, bare


@dataclass
class _Option:
    """`value`: "" for none, else ":", "::" (optional), ":+" (a number) or ":*" (each one counts)."""

    value: str = ""
    on: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)
    never_with: set[str] = field(default_factory=set)
    one_of: set[str] = field(default_factory=set)


@dataclass
class Rules:
    """What one applet takes. `stops`: the first operand ends the options. `most`: -1 for any number."""

    stops: bool
    options: dict[str, _Option]
    long: dict[str, tuple[str, str]]
    demanded: set[str] = field(default_factory=set)
    least: int = 0
    most: int = -1

    def operands(self, words: list[str]) -> list[str]:
        """What is no option. Raises Refused."""
        given, operands = set[str](), list[str]()
        for letter, value in self._read(list(words), operands):
            option = self.options[letter]
            if given & option.never_with:
                raise Refused
            if option.value == ":+" and not value.isdecimal():
                raise Refused(f"invalid number '{value}'", bare=True)
            given = given - option.off | option.on | {letter}
        for letter in given & self.options.keys():
            if self.options[letter].one_of and not given & self.options[letter].one_of:
                raise Refused
        if self.demanded and not given & self.demanded:
            raise Refused
        if len(operands) < self.least or 0 <= self.most < len(operands):
            raise Refused
        return operands

    def _read(self, words: list[str], operands: list[str]) -> Iterator[tuple[str, str]]:
        while words:
            word = words.pop(0)
            if word == "--":
                operands += words
                return
            if word.startswith("--"):
                yield self._long(word, words)
            elif word.startswith("-") and word != "-":
                yield from self._letters(word[1:], words)
            else:
                operands.append(word)
                if self.stops:
                    operands += words
                    return

    def _letters(self, letters: str, words: list[str]) -> Iterator[tuple[str, str]]:
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in self.options or letter >= "\x80":
                raise Refused(f"invalid option -- '{letter}'")
            kind = self.options[letter].value
            if not kind:
                yield letter, ""
                continue
            if not letters and kind != "::":
                if not words:
                    raise Refused(f"option requires an argument -- '{letter}'")
                letters = words.pop(0)
            yield letter, letters
            return

    def _long(self, word: str, words: list[str]) -> tuple[str, str]:
        name, equals, value = word[2:].partition("=")
        names = [name] if name in self.long else [each for each in self.long if each.startswith(name)]
        if not names:
            raise Refused(f"unrecognized option '{word}'")
        if len({self.long[each] for each in names}) > 1:
            shown = " ".join(f"'--{each}'" for each in names)
            raise Refused(f"option '{word}' is ambiguous; possibilities: {shown}")
        letter, kind = self.long[names[0]]
        if equals and not kind:
            raise Refused(f"option '--{names[0]}' doesn't allow an argument")
        if kind == ":" and not equals:
            if not words:
                raise Refused(f"option '--{names[0]}' requires an argument")
            value = words.pop(0)
        return letter, value


@lru_cache(maxsize=8)
def rules_of(name: str) -> Rules | None:
    """An applet's rules; None if it reads its words itself."""
    with TABLE.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(f"{name}\t"):
                letters, demands, long = (*line.rstrip("\n").split("\t")[1:], "", "")[:3]
                return _parsed("" if letters == "-" else letters, "" if demands == "-" else demands, long)
    return None


def _parsed(letters: str, demands: str, long: str) -> Rules:
    rules = Rules(letters.startswith("+"), dict(_options(letters.lstrip("+"))), {})
    for each in long.split(" ") if long else ():
        name, _, letter = each.partition("=")
        rules.long[name.rstrip(":")] = letter, name[len(name.rstrip(":")) :]
        rules.options.setdefault(letter, _Option())
    at = 0
    while at < len(demands):
        at = _demand(rules, demands, at)
    return rules


def _options(letters: str) -> Iterator[tuple[str, _Option]]:
    at = 0
    while at < len(letters):
        end = at + 1
        while end < len(letters) and letters[end] in ":+*" and letters[at + 1] == ":":
            end += 1
        yield letters[at], _Option("::" if letters[at + 1 : end].endswith("::") else letters[at + 1 : end])
        at = end


def _demand(rules: Rules, text: str, at: int) -> int:
    """Read one demand; where the next one begins."""
    first, following = text[at], text[at + 1 : at + 2]
    if first == ":" or (first == "?" and not following.isdecimal()):
        return at + 1
    if first in "?-=":
        number = int(following) if following.isdecimal() else 0
        rules.least = number if first in "-=" else rules.least
        rules.most = number if first in "?=" else rules.most
        return at + 2
    option = rules.options.setdefault(first, _Option())
    end = text.find(":", at) if ":" in text[at:] else len(text)
    rest = text[at + 1 : end]
    if rest == "":
        rules.demanded |= {first} if text[at + 1 : at + 3] != "::" else set()
    elif rest == "-":
        option.never_with.add(first)
    elif rest != "+":
        _relate(option, rest.removeprefix(first))
    return end + 1


def _relate(option: _Option, rest: str) -> None:
    """What an option switches on, switches off with one hyphen, forbids with two, or needs behind `?`."""
    target = option.on
    for letter in rest:
        if letter == "?":
            target = option.one_of
        elif letter == "-":
            target = option.never_with if target is option.off else option.off
        else:
            target.add(letter)
