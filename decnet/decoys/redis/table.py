# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""The commands of a server version: number of arguments, flags, first version."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Version = tuple[int, ...]

FLAGS = {
    "w": "write", "r": "readonly", "m": "denyoom", "a": "admin", "p": "pubsub", "s": "noscript", "b": "blocking",
    "l": "loading", "t": "stale", "M": "skip_monitor", "S": "skip_slowlog", "k": "asking", "F": "fast",
    "A": "no_auth", "v": "movablekeys", "y": "no_async_loading", "X": "no_multi", "n": "no_mandatory_keys",
    "u": "allow_busy",
}  # fmt: skip
NEW_FLAGS = "AynXu"
"""What COMMAND reports since 7.0."""

CATEGORIES = (
    "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo",
    "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
)  # fmt: skip
OF_GROUP = {
    "sorted-set": "sortedset",
    "generic": "keyspace",
    "transactions": "transaction",
    "server": "",
    "cluster": "",
}
OF_FLAG = {"w": ("write",), "r": ("read",), "a": ("admin", "dangerous"), "p": ("pubsub",), "b": ("blocking",)}


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `arity` counts its name; negative: at least so many. Keys are the arguments from `first`
    to `last`."""

    name: str
    arity: int
    flags: str
    keys: tuple[int, int, int]
    group: str
    difference: str

    def fits(self, words: int) -> bool:
        """Whether this command can have so many words, including its name."""
        return words == self.arity if self.arity >= 0 else words >= -self.arity

    def flag_names(self, version: Version) -> list[str]:
        """Its flags by their names."""
        return [FLAGS[flag] for flag in self.flags if version >= (7,) or flag not in NEW_FLAGS]

    def categories(self) -> list[str]:
        """The ACL categories that it is in."""
        found = {OF_GROUP.get(self.group, self.group), "fast" if "F" in self.flags else "slow"}
        for flag in self.flags:
            found |= set(OF_FLAG.get(flag, ()))
        if self.group == "scripting":
            found.discard("read")
        sign = ""
        for part in self.difference.replace("+", " + ").replace("-", " - ").split():
            if part in "+-":
                sign = part
            elif sign == "+":
                found.add(part)
            else:
                found.discard(part)
        return [name for name in CATEGORIES if name in found]


class Table:
    """All commands of one version."""

    def __init__(self, version: Version) -> None:
        self.commands: dict[str, Command] = {}
        self.parts: dict[str, dict[str, int]] = {}
        for line in _lines():
            name, _, part = line.split(" ", 1)[0].partition("|")
            if part:
                _, arity, since, _ = line.split(" ", 3)
                if _version(since) <= version:
                    self.parts.setdefault(name, {})[part] = int(arity)
                continue
            fields = line.split(" ", 9)
            if _version(fields[6]) > version:
                continue
            flags = "" if fields[2] == "-" else fields[2]
            difference = "" if fields[8] == "-" else fields[8]
            keys = (int(fields[3]), int(fields[4]), int(fields[5]))
            self.commands[fields[0]] = Command(fields[0], int(fields[1]), flags, keys, fields[7], difference)

    def docs(self, names: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
        """The output of COMMAND DOCS: read each time, because it is rarely used."""
        for line in _lines():
            fields = line.split(" ", 9)
            if fields[0] in names:
                yield fields[0], {"summary": fields[9], "since": fields[6], "group": fields[7]}

    def help(self, name: str) -> Iterator[str]:
        """What NAME HELP prints."""
        yield f"{name.upper()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
        known = self.parts[name]
        for line in _lines():
            whole, _, rest = line.partition(" ")
            part = whole.partition("|")[2]
            if part and whole.startswith(f"{name}|") and part in known and part != "help":
                yield part.upper()
                yield f"    {rest.split(' ', 2)[2]}."
        yield "HELP"
        yield "    Prints this help."


def _lines() -> list[str]:
    return Path(__file__).with_name("commands.txt").read_text("utf-8").splitlines()


def _version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))
