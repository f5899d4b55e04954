"""What Tab adds at Python's prompt: names, keywords and attributes. Source: rlcompleter of Python 3.11."""

from __future__ import annotations

import keyword
import re
from os.path import commonprefix
from typing import Any

from .machine import BUILTINS, Machine
from .values import Bound, Class, Function, Instance, Module, Native

WORD = re.compile(r"[^ \t\n`~!@#$%^&*()=+\[{\]}\\|;:'\",<>/?-]*$")
DOTTED = re.compile(r"(\w+(?:\.\w+)*)\.(\w*)$")
WITHOUT_BLANK = ("False", "None", "True", "break", "continue", "pass", "else", "_")
CALLED = (Native, Function, Bound, Class, type)
WITHOUT_ARGUMENTS = (
    "getcwd", "getcwdb", "getpid", "getuid", "getgid", "getppid", "geteuid", "getegid", "getlogin", "uname",
    "cpu_count", "globals", "locals", "gethostname", "getgroups", "fork",
)  # fmt: skip
"""Functions of the standard library whose signature is empty."""


def complete(machine: Machine, text: str) -> tuple[str, list[str]]:
    """For the text before the cursor: what is to be added, and the choices."""
    found = WORD.search(text)
    word = found[0] if found else ""
    if not word:
        return "\t", []
    choices = sorted(dict.fromkeys(_of_value(machine, word) if "." in word else _names(machine, word)))
    if not choices:
        return "", []
    return commonprefix(choices)[len(word) :], choices


def _names(machine: Machine, word: str) -> list[str]:
    found = []
    for name in (*keyword.kwlist, *keyword.softkwlist):
        if name.startswith(word):
            blank = "" if name in WITHOUT_BLANK else ":" if name in ("finally", "try") else " "
            found.append(name + blank)
    keywords = set(keyword.kwlist)
    named = {**BUILTINS, **machine.globals.names}
    found += [
        _called(name, value)
        for name, value in named.items()
        if name.startswith(word) and name not in keywords
    ]
    return found


def _of_value(machine: Machine, word: str) -> list[str]:
    dotted = DOTTED.match(word)
    if dotted is None:
        return []
    value: Any = machine.globals.names.get(dotted[1].split(".")[0])
    for name in dotted[1].split(".")[1:]:
        value = value.attributes.get(name) if isinstance(value, (Module, Instance)) else None
    if not isinstance(value, (Module, Instance)):
        return []
    begun = dotted[2]
    return [
        f"{dotted[1]}.{_called(name, each)}"
        for name, each in value.attributes.items()
        if name.startswith(begun) and (begun.startswith("_") or not name.startswith("_"))
    ]


def _called(name: str, value: Any) -> str:
    """A name as it is called: with both parentheses if it takes nothing."""
    if not isinstance(value, CALLED):
        return name
    return name + ("()" if name in WITHOUT_ARGUMENTS else "(")
