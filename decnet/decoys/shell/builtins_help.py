# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`help` of bash: the list, and its texts (data/bash.help.zip, packaging/trees/bash_help.py)."""

from __future__ import annotations

from typing import Any, NamedTuple

from .context import Context
from .patterns import compiled
from .variables import bash_version

TOPICS = (
    "%", "(( ... ))", ".", ":", "[", "[[ ... ]]", "alias", "bg", "bind", "break", "builtin", "caller",
    "case", "cd", "command", "compgen", "complete", "compopt", "continue", "coproc", "declare", "dirs",
    "disown", "echo", "enable", "eval", "exec", "exit", "export", "false", "fc", "fg", "for", "for ((",
    "function", "getopts", "hash", "help", "history", "if", "jobs", "kill", "let", "local", "logout",
    "mapfile", "popd", "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "select",
    "set", "shift", "shopt", "source", "suspend", "test", "time", "times", "trap", "true", "type",
    "typeset", "ulimit", "umask", "unalias", "unset", "until", "variables", "wait", "while", "{ ... }",
)  # fmt: skip
"""In the order of the list."""
WIDTH = 40


class Topic(NamedTuple):
    """Something that `help` is about."""

    name: str
    synopsis: str
    body: str

    @property
    def purpose(self) -> str:
        """Its first line."""
        return self.body.partition("\n")[0].strip()


def help_(context: Context, words: list[Any]) -> int:
    """`help`: the list, or what it says about the topics that fit."""
    names, flags = [str(word) for word in words[1:]], ""
    while names and names[0].startswith("-") and len(names[0]) > 1:
        word = names.pop(0)[1:]
        if word == "-":
            break
        if bad := word.strip("dms")[:1]:
            context.complain(f"help: -{bad}: invalid option")
            context.err("help: usage: help [-dms] [pattern ...]\n")
            return 2
        flags += word
    topics = [_topic(context, name) for name in TOPICS]
    if not names:
        _show_list(context, [topic.synopsis for topic in topics])
        return 0
    if any(mark in name for name in names for mark in "*?") or any(
        "[" in name[:-1] for name in names if "]" in name
    ):
        context.out(
            f"Shell commands matching keyword{'s' if len(names) > 1 else ''} `{', '.join(names)}'\n\n"
        )
    return max([_show_topics(context, topics, name, flags) for name in names])


def _show_topics(context: Context, topics: list[Topic], name: str, flags: str) -> int:
    pattern = compiled(name)
    found = [each for each in topics if name == each.name or pattern.matches(each.name)]
    found = found or [each for each in topics if each.name.startswith(name)]
    for topic in found:
        if "d" in flags:
            context.out(f"{topic.name} - {topic.purpose}\n")
        elif "m" in flags:
            context.out(_as_manual(context, topic))
        elif "s" in flags:
            context.out(f"{topic.name}: {topic.synopsis}\n")
        else:
            context.out(f"{topic.name}: {topic.synopsis}\n{topic.body}")
    if not found:
        context.complain(
            f"help: no help topics match `{name}'.  Try `help help' or `man -k {name}' or `info {name}'."
        )
    return int(not found)


def _topic(context: Context, name: str) -> Topic:
    """What this release's bash, or the nearest one, has about a topic."""
    from ..host.printed import archive

    version = "5.1" if bash_version(context.shell) < "5.2" else "5.2"
    text = (archive("bash.help").get(f"{version} {name}") or b"").decode()
    synopsis, _, body = text.removeprefix(f"{name}: ").partition("\n")
    return Topic(name, synopsis, body)


def _as_manual(context: Context, topic: Topic) -> str:
    version, machine = bash_version(context.shell), context.shell.world.system.machine
    year = {"5.0": 2019, "5.1": 2020}.get(version[:3], 2022)
    return (
        f"NAME\n    {topic.name} - {topic.purpose}\n\nSYNOPSIS\n    {topic.synopsis}\n\nDESCRIPTION\n{topic.body}\n"
        f"SEE ALSO\n    bash(1)\n\nIMPLEMENTATION\n    GNU bash, version {version} ({machine}-pc-linux-gnu)\n"
        f"    Copyright (C) {year} Free Software Foundation, Inc.\n"
        "    License GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\n"
    )


def _show_list(context: Context, synopses: list[str]) -> None:
    machine = context.shell.world.system.machine
    context.out(f"GNU bash, version {bash_version(context.shell)} ({machine}-pc-linux-gnu)\n"
                "These shell commands are defined internally.  Type `help' to see this list.\n"
                "Type `help name' to find out more about the function `name'.\n"
                "Use `info bash' to find out more about the shell in general.\n"
                "Use `man -k' or `info' to find out more about commands not in this list.\n\n"
                "A star (*) next to a name means that the command is disabled.\n\n")  # fmt: skip
    half = (len(synopses) + 1) // 2
    for left, right in zip(synopses[:half], synopses[half:], strict=False):
        context.out(f" {_cut(left, WIDTH - 3):<{WIDTH - 1}} {_cut(right, WIDTH - 4)}\n")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + ">"
