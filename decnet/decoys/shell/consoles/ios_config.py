# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The configuration of a Cisco switch: its modes, and what a visitor changes in his session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ...events import Session
from ...host.world import World
from .grammar import Word, Wrong
from .ios_text import Line, body, hashed, merged, password_7
from .ios_words import made
from .models import model_of

MOST_LINES = 400
KINDS = {
    "gi": "GigabitEthernet", "fa": "FastEthernet", "te": "TenGigabitEthernet", "vl": "Vlan", "lo": "Loopback", "po": "Port-channel",
}  # fmt: skip
"""Kinds of interfaces by the begin of their names."""
NUMBERED = {"Vlan": 4094, "Loopback": 2147483647, "Port-channel": 128}
"""Interfaces that are made when they are configured, and their highest numbers."""


class Switch(Protocol):
    """The console to which it belongs. `path`: the words of the line, without abbreviations."""

    world: World
    hostname: str
    modes: list[str]
    path: list[str]
    user: str
    level: int
    session: Session
    history: list[str]
    config: Configuration

    def now(self) -> str:
        """The time as IOS prints it."""


class Configuration:
    """One session's."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._added: list[Line] = []
        self.heads: list[str] = []
        """The blocks that the current mode configures: several of `interface range`."""
        self._tables: dict[str, Word] = {}
        self._merged: tuple[tuple[int, str], list[str]] | None = None
        """The lines, and how many were typed when they were put together."""

    def table(self, mode: str) -> Word:
        """The commands of a mode, which is named as in the prompt."""
        if mode not in self._tables:
            own = {
                "exit": self._exit, "end": self._end, "hostname": self._rename, "interface": self._interface,
                "line": self._line, "vlan": self._vlan, "ip access-list": self._access_list,
                "crypto key generate": self._generate, "crypto key zeroize": lambda words: "",
            }  # fmt: skip
            self._tables[mode] = made(
                mode, self._keep, own if mode == "config" else {k: own[k] for k in ("exit", "end")}
            )
        return self._tables[mode]

    def text(self) -> str:
        """`show running-config`."""
        shown = self._body()
        return f"Building configuration...\n\nCurrent configuration : {len(shown) + 120} bytes\n{shown}"

    def saved(self) -> str:
        """`show startup-config`."""
        shown = self._body()
        return f"Using {len(shown) + 120} out of 524288 bytes\n{shown}"

    def interface(self, words: list[str]) -> str:
        """`show running-config interface`."""
        head, lines = f"interface {self._name(words, 3)}", self.lines()
        if head not in lines:
            raise Wrong(3)
        block = "\n".join([head, *self.block(head)])
        return f"Building configuration...\n\nCurrent configuration : {len(block) + 5} bytes\n!\n{block}\nend\n\n"

    def lines(self) -> list[str]:
        """The configuration, line by line."""
        state = len(self._added), self._switch.hostname
        if self._merged is None or self._merged[0] != state:
            self._merged = state, merged(self._unchanged(), self._added)
        return self._merged[1]

    def _unchanged(self) -> list[str]:
        return body(self._switch.world, self._switch.hostname, self._switch.user)

    def block(self, head: str) -> list[str]:
        """The lines below a head."""
        lines, found = self.lines(), []
        for line in lines[lines.index(head) + 1 :] if head in lines else ():
            if line[:1] != " ":
                break
            found.append(line)
        return found

    def vlans(self) -> dict[int, str]:
        """The VLANs that a visitor has made: their names by number."""
        found = {}
        for line in self.lines():
            number = line.removeprefix("vlan ")
            if number != line and number.isdecimal():
                names = [each[6:] for each in self.block(line) if each.startswith(" name ")]
                found[int(number)] = names[-1] if names else f"VLAN{int(number):04d}"
        return found

    def add(self, *, negative: bool, path: list[str]) -> str:
        """Keep a line, or remove the lines that begin so. Of `hostname`, there is always one."""
        if len(self._added) < MOST_LINES:
            for head in self.heads or [""]:
                self._added.append(Line(head, " ".join(self._secret(path))[:200], negative))
        return ""

    def is_shut(self, name: str) -> bool:
        """Whether an interface is switched off."""
        return " shutdown" in self.block(f"interface {name}")

    def value(self, name: str, begin: str) -> str:
        """What stands behind the begin of a line of an interface, "" if it has none."""
        lines = [line for line in self.block(f"interface {name}") if line.startswith(f" {begin} ")]
        return lines[-1][len(begin) + 2 :] if lines else ""

    def _body(self) -> str:
        return "\n".join(self.lines()) + "\n"

    def _keep(self, words: list[str]) -> str:
        return self.add(negative=False, path=self._switch.path)

    def _secret(self, path: list[str]) -> list[str]:
        """A line as it is stored: passwords are hashed, or written as `service password-encryption` has them."""
        world, at = self._switch.world, len(path) - 2
        if (
            at < 0
            or path[at] not in ("secret", "password")
            or path[0] not in ("enable", "username", "password")
        ):
            return [path[0], "7", password_7(path[1])] if path[0] == "password" and len(path) == 2 else path
        if path[at] == "password":
            return [*path[:-1], "7", password_7(path[-1])]
        return [*path[:-1], hashed(world, f"typed {path[-1]}", xe=model_of(world.persona).xe)]

    # Modes

    def _exit(self, words: list[str]) -> str:
        self._switch.modes.pop()
        self.heads = []
        if self._switch.modes:
            self._switch.modes[:] = ["config"]
        return ""

    def _end(self, words: list[str]) -> str:
        self._switch.modes.clear()
        self.heads = []
        return ""

    def _enter(self, mode: str, heads: list[str]) -> str:
        self._switch.modes[:] = ["config", *mode.split("-")[1:]]
        for head in heads:
            self.heads = []
            self.add(negative=False, path=head.split())
        self.heads = heads
        return ""

    def _rename(self, words: list[str]) -> str:
        self._switch.hostname = words[0][:63]
        return ""

    def _interface(self, words: list[str]) -> str:
        if words and "range".startswith(words[0].lower()) and len(words) > 1:
            return self._enter("config-if-range", [f"interface {name}" for name in self._range(words[1:])])
        return self._enter("config-if", [f"interface {self._name(words, 1)}"])

    def _line(self, words: list[str]) -> str:
        kind = self._switch.path[1]
        numbers = " ".join(words) if kind == "con" or len(words) > 1 or int(words[0]) > 4 else "0 4"
        return self._enter("config-line", [f"line {kind} {numbers}"])

    def _vlan(self, words: list[str]) -> str:
        return self._enter("config-vlan", [f"vlan {int(words[0])}"])

    def _access_list(self, words: list[str]) -> str:
        kind = self._switch.path[2]
        return self._enter(f"config-{kind[:3]}-nacl", [f"ip access-list {kind} {words[0]}"])

    def _generate(self, words: list[str]) -> str:
        name = f"{self._switch.hostname}.{domain_of(self)}"
        return f"% You already have RSA keys defined named {name}.\n% They will be replaced.\n\n% The key modulus size is 2048 bits\n% Generating 2048 bit RSA keys, keys will be non-exportable...\n[OK] (elapsed time was 2 seconds)\n\n"

    # Names of interfaces

    def _name(self, words: list[str], place: int) -> str:
        """The whole name of an interface. Raises Wrong, at that place of the line."""
        text = "".join(words)
        number = text.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")
        typed, kind = text[: len(text) - len(number)].lower(), KINDS.get(text[:2].lower(), "")
        if not kind.lower().startswith(typed) or not kind or not self._exists(kind, number):
            raise Wrong(min(place + (len(words) > 1), place + 1))
        return f"{kind}{number}"

    def _exists(self, kind: str, number: str) -> bool:
        if kind in NUMBERED:
            return number.isdecimal() and len(number) < 11 and int(number) <= NUMBERED[kind]
        parts = number.split("/")
        ports = model_of(self._switch.world.persona).ports
        plain = all(each.isdecimal() and len(each) < 4 for each in parts)
        return (
            kind == "GigabitEthernet" and plain and parts[:-1] == ["1", "0"] and 0 < int(parts[-1]) <= ports
        )

    def _range(self, words: list[str]) -> Iterator[str]:
        for part in "".join(words).split(","):
            first, _, last = (
                part.rpartition("-")
                if part.rpartition("-")[2].isdecimal() and "/" in part
                else (part, "", "")
            )
            name = self._name([first], 2)
            stem, slash, number = name.rpartition("/")
            if not slash:
                yield name
                continue
            for each in range(int(number), int((last or number)[:4]) + 1):
                yield self._name([f"{stem}/{each}"], 2)


def domain_of(config: Configuration) -> str:
    """Its domain's name."""
    names = [line.split()[-1] for line in config.lines() if line.startswith("ip domain-name ")]
    return names[-1] if names else "local"
