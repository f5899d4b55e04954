"""The command tree as plain data, generated from typer's: completion reads it without typer."""

from __future__ import annotations

import json
from typing import Any

KINDS = {
    "worker": "worker",
    "on": "selector",
    "services": "services",
    "archetype": "archetype",
    "os": "os",
    "decky": "decky",
    "logs names": "decky",
    "events decky": "deckies",
    "history deckies": "deckies",
    "mutate names": "deckies",
    "role": "archetype",
    "teardown names": "deckies",
    "logs service": "service-of",
    "worker name": "worker",
    "worker old": "worker",
    "worker release names": "quarantined",
    "worker add name": "",
    "lab worker": "",
    "rollout": "policy",
    "rollout rollout": "rollout",
    "rollout units": "units",
    "topology name": "topology",
    "topology generate name": "",
    "topology import name": "",
    "topology name_or_file": "topology",
    "topology other": "topology",
    "topology deploy on": "worker",
    "topology archetypes": "archetypes",
    "topology operations": "words:add_lan,remove_lan,update_lan,add_decky,remove_decky,update_decky,"
    "attach_decky,detach_decky",
}
"""The kind of names that a parameter takes, by its name, or by its command's words and its name."""


def tree() -> dict[str, Any]:
    """Every command by its words, with options and arguments."""
    import typer

    from decnet.cli.app import app

    return _node(typer.main.get_command(app), ())


def encoded() -> str:
    """The tree as the text of `tree.json`: one line for each command, so that two changes rarely conflict."""
    return _spell(tree(), "") + "\n"


def _spell(node: dict[str, Any], indent: str) -> str:
    if "commands" not in node:
        return json.dumps(node)
    inner = indent + " "
    lines = [f"{inner} {json.dumps(name)}: {_spell(sub, inner)}" for name, sub in node["commands"].items()]
    rest = json.dumps({key: value for key, value in node.items() if key != "commands"})[1:-1]
    return "{" + rest + ', "commands": {\n' + ",\n".join(lines) + "\n" + indent + "}}"


def _node(command: Any, path: tuple[str, ...]) -> dict[str, Any]:
    node: dict[str, Any] = {"help": _first_sentence(command.help or "")}
    options, arguments = [], []
    for param in command.params:
        if param.param_type_name == "argument":
            arguments.append({"takes": _takes(param, path), "many": param.nargs == -1})
        elif not param.hidden:
            options.append(_option(param, path))
    node["options"] = options
    if hasattr(command, "commands"):
        found = {name: sub for name, sub in command.commands.items() if not sub.hidden}
        node["commands"] = {name: _node(sub, (*path, name)) for name, sub in found.items()}
    else:
        node["arguments"] = arguments
    return node


def _option(param: Any, path: tuple[str, ...]) -> dict[str, Any]:
    return {
        "names": sorted([*param.opts, *param.secondary_opts], key=len),
        "help": " ".join((param.help or "").split()),
        "takes": None if param.is_flag else _takes(param, path),
        "many": bool(param.multiple),
    }


def _takes(param: Any, path: tuple[str, ...]) -> str:
    """files, folders, words:A,B, one of KINDS, or "" if the values are unknown."""
    choices = getattr(param.type, "choices", None)
    if choices:
        return "words:" + ",".join(str(getattr(choice, "value", choice)) for choice in choices)
    if param.type.name in ("path", "file", "directory"):
        return "files"
    for start in range(len(path) + 1):
        kind = KINDS.get(" ".join((*path[: len(path) - start], param.name)))
        if kind is not None:
            return kind
    return ""


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split()).partition(". ")[0].rstrip(".")
