"""Tab completion: answers from plain data, without typer and pydantic, within a few ms."""

from __future__ import annotations

# Why not click's own: it needs typer and every command's module. A key press costs 180 ms of processor time
# there and 85 ms here, 40 ms of which start Python (the least of 15 runs, Python 3.11, typer 0.28).
import json
import os
import pkgutil
import re
import shlex
import sys
from dataclasses import dataclass, field
from typing import Any

HELP = {"names": ["-h", "--help"], "help": "Show this message and exit.", "takes": None, "many": False}
ASKED = "_DECNET_COMPLETE"
"""The requesting shell; `_DECNET_LINE` is its line up to the cursor."""


@dataclass(frozen=True)
class Answer:
    """The possible completions. `how` is for the shell: `words`, `list` (a list that may be continued),
    `files` or `none`; `prefix` is the part of the word at the cursor that the words do not repeat."""

    how: str
    prefix: str = ""
    words: tuple[tuple[str, str], ...] = ()
    """Each word with its description."""


def main() -> int:
    """Answer the shell's question on stdout."""
    try:
        given = answer(os.environ.get("_DECNET_LINE", ""))
        sys.stdout.write(rendered(given, os.environ[ASKED], os.environ))
        sys.stdout.flush()
    except (OSError, ValueError, KeyError):
        # A broken state directory is reported by the command itself, not by the tab key.
        return 1
    return 0


def rendered(given: Answer, shell: str, environ: Any) -> str:
    """An answer as the shell's script reads it: how on the first line, then the words."""
    if shell == "zsh":
        words = [f"{word.replace(':', chr(92) + ':')}:{summary}" for word, summary in given.words]
        return "\n".join((given.how, given.prefix, *words)) + "\n"
    if shell == "fish":
        words = [f"{given.prefix}{word}\t{summary}" for word, summary in given.words]
        return "\n".join((given.how, *words)) + "\n"
    typed = _current(environ.get("_DECNET_LINE", ""))
    # bash replaces only what follows the last of these characters, and @ itself as well.
    breaks = environ.get("_DECNET_BREAKS", " \t\n\"'@><=;|&(:")
    kept = max((typed.rfind(char) + (char != "@") for char in breaks if char in typed), default=0)
    return "\n".join((given.how, *((given.prefix + word)[kept:] for word, _ in given.words))) + "\n"


def answer(line: str) -> Answer:
    """The completions at the end of a line that begins with the command itself."""
    words = _split(line)
    spot = _walk(words[1:-1])
    current = words[-1]
    if spot is None:
        return Answer("none")
    if spot.waiting is not None:
        return _values(spot, spot.waiting, current, "")
    if current.startswith("-") and not spot.literal:
        name, equals, value = current.partition("=")
        if equals:
            option = spot.option(name)
            taken = option["takes"] if option else None
            return Answer("none") if taken is None else _values(spot, taken, value, f"{name}=")
        return _matching("words", current, spot.options())
    if "commands" in spot.node:
        return _matching(
            "words", current, [(name, sub["help"]) for name, sub in spot.node["commands"].items()]
        )
    return _values(spot, spot.argument(), current, "")


@dataclass
class _Spot:
    """A position in the command tree, with the options and arguments given so far."""

    node: dict[str, Any]
    used: set[str] = field(default_factory=set)
    given: list[str] = field(default_factory=list)
    waiting: str | None = None
    literal: bool = False

    def option(self, name: str) -> dict[str, Any] | None:
        return next((option for option in (*self.node["options"], HELP) if name in option["names"]), None)

    def options(self) -> list[tuple[str, str]]:
        free = [o for o in self.node["options"] if o["many"] or not self.used & set(o["names"])]
        return [(name, option["help"]) for option in (*free, HELP) for name in option["names"]]

    def argument(self) -> str | None:
        arguments = self.node["arguments"]
        if len(self.given) < len(arguments):
            kind: str = arguments[len(self.given)]["takes"]
            return kind
        return str(arguments[-1]["takes"]) if arguments and arguments[-1]["many"] else None


def _walk(words: list[str]) -> _Spot | None:
    spot = _Spot(json.loads(pkgutil.get_data("decnet.cli", "tree.json") or b""))
    for word in words:
        if spot.waiting is not None:
            spot.waiting = None
        elif word == "--" and not spot.literal:
            spot.literal = True
        elif word.startswith("-") and len(word) > 1 and not spot.literal:
            name, equals, _ = word.partition("=")
            option = spot.option(name)
            spot.used.add(name)
            spot.waiting = option["takes"] if option and not equals else None
        elif "commands" in spot.node:
            if word not in spot.node["commands"]:
                return None
            spot = _Spot(spot.node["commands"][word])
        else:
            spot.given.append(word)
    return spot


def _values(spot: _Spot, kind: str | None, current: str, prefix: str) -> Answer:
    if kind == "files":
        return Answer("files", prefix)
    if not kind:
        return Answer("none")
    if kind.startswith("words:"):
        return _matching("words", current, [(word, "") for word in kind[6:].split(",")], prefix)
    # Deckies are mostly separate arguments, so that a complete name ends with a space.
    if kind in ("services", "archetypes", "selector") or (kind == "deckies" and re.search("[,!]", current)):
        before, comma, last = current.rpartition(",")
        mark = last[:1] if kind not in ("services", "archetypes") and last[:1] == "!" else ""
        used = [*before.split(","), *spot.given]
        found = [word for word in _names(kind, spot.given) if word[0] not in used]
        return _matching("list", last.removeprefix(mark), found, prefix + before + comma + mark)
    found = [word for word in _names(kind, spot.given) if word[0] not in spot.given]
    return _matching("words", current, found, prefix)


def _names(kind: str, given: list[str]) -> list[tuple[str, str]]:
    from decnet.store import completion_names
    from decnet.store.paths import find_home

    home = find_home(os.environ, os.getuid())
    if kind in ("services", "archetype", "archetypes", "os"):
        from decnet import catalog

        section: catalog.Kind = "os" if kind == "os" else "service" if kind == "services" else "archetype"
        return list(catalog.offered(section, home.catalog).items())
    if kind in ("decky", "deckies"):
        return [(name, ", ".join(services)) for name, services in completion_names.deckies(home).items()]
    if kind == "service-of":
        return [(name, "") for name in completion_names.deckies(home).get(given[-1] if given else "", ())]
    if kind == "topology":
        return list(completion_names.topologies(home).items())
    if kind == "policy":
        return [(name, "") for name in completion_names.policies(home)]
    if kind == "rollout":
        return list(completion_names.rollouts(home).items())
    if kind == "units":
        return list(completion_names.units(home).items())
    if kind == "quarantined":
        return [(address, "") for address in completion_names.quarantined(home)]
    workers = completion_names.workers(home)
    found = [(name, ", ".join(tags)) for name, tags in {"local": (), **workers}.items()]
    if kind == "selector":
        found += [
            (f"@{tag}", "every worker with this tag")
            for tag in sorted({t for ts in workers.values() for t in ts})
        ]
    return found


def _matching(how: str, typed: str, words: list[tuple[str, str]], prefix: str = "") -> Answer:
    plain = [(word, " ".join(summary.split())) for word, summary in words if word.isprintable()]
    return Answer(how, prefix, tuple((word, summary) for word, summary in plain if word.startswith(typed)))


def _current(line: str) -> str:
    return _split(line)[-1]


def _split(line: str) -> list[str]:
    """The words of a line; the last one is the one at the cursor, "" after a blank. A quote may be open."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:
        return [*words, lexer.token]
    return words if line and not line[-1].isspace() else [*words, ""]
