"""The valid part of a table that a user wrote, by its keys; everything else is a mistake with its line."""

from __future__ import annotations

from typing import Any

from ..wire import clean
from . import values
from .diagnostics import Diagnostics
from .fleetkeys import Key
from .suggest import suggest
from .toml_lines import Place

_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "whole number": (int,),
    "number or percentage": (str, int),
    "true or false": (bool,),
    "list": (list,),
    "table": (dict,),
    "tables": (dict,),
    "rows": (list,),
    "scalars": (dict,),
    "texts": (dict,),
}


NOUNS = {"rollout": "a policy"}
"""What a table of these names describes, if it is not its name."""


def valid_part(
    mistakes: Diagnostics, path: Place, table: dict[str, Any], keys: dict[str, Key]
) -> dict[str, Any]:
    """The valid part of a table; the rest is added to the mistakes."""
    right: dict[str, Any] = {}
    for name, value in table.items():
        here = (*path, name)
        if name not in keys:
            hint = _meant(path, name, value, keys)
            mistakes.add(here, f"unknown key `{clean(name, 60)}`{_within(path)}", hint)
        elif complaint := _complaint(value, keys[name]):
            mistakes.add(here, f"`{name}`{_within(path)} {complaint}", _titled(name, value, keys[name]))
        else:
            right[name] = _inside(mistakes, here, value, keys[name])
    return right


def _inside(mistakes: Diagnostics, path: Place, value: Any, key: Key) -> Any:
    if key.kind == "table":
        return valid_part(mistakes, path, value, key.keys)
    if key.kind == "tables":
        named = {name: _named(mistakes, (*path, name), entry, key) for name, entry in value.items()}
        return {name: entry for name, entry in named.items() if entry is not None}
    if key.kind == "texts":
        return _texts(mistakes, path, value, key)
    if key.kind == "rows":
        return [_row(mistakes, (*path, number), row, key) for number, row in enumerate(value)]
    if key.kind == "scalars":
        for service, settings in value.items():
            _check_settings(mistakes, (*path, service), settings)
    return value


def _row(mistakes: Diagnostics, path: Place, row: Any, key: Key) -> dict[str, Any]:
    title = f"[[{'.'.join(str(part) for part in path[:-1])}]]"
    if not isinstance(row, dict):
        mistakes.add(path, f"{title} must be a list of tables, not of {_what(row)}")
        return {}
    if not row:
        mistakes.add(
            path, f"an entry of {title} is empty, and would mean everything", f"known: {', '.join(key.keys)}"
        )
    return valid_part(mistakes, path, row, key.keys)


def _within(path: Place) -> str:
    names = [clean(part, 40) for part in path if isinstance(part, str)]
    return f" in [{'.'.join(names)}]" if names else ""


def _meant(path: Place, name: str, value: Any, keys: dict[str, Key]) -> str:
    close = suggest(name, keys)
    if close:
        return f"did you mean [{close}.NAME]?" if keys[close].kind == "tables" else f"did you mean `{close}`?"
    if not path and isinstance(value, dict) and "decky" in keys:
        return f"a decky is written [decky.{clean(name, 40)}]"
    return "known: " + ", ".join(sorted(keys))


def _titled(name: str, value: Any, key: Key) -> str | None:
    """A hint for who wrote [[decky]], as TOML has it for lists of tables."""
    if key.kind != "tables" or not isinstance(value, list):
        return None
    return f"{NOUNS.get(name, f'a {name}')} is a table with its name: [{name}.NAME]"


def _complaint(value: Any, key: Key) -> str | None:
    # bool is a subclass of int: a count of `true` is not a number.
    fits: bool = isinstance(value, _KINDS[key.kind])
    if not fits or (isinstance(value, bool) and key.kind != "true or false"):
        # Settings may be passwords, also where they are no settings.
        shown = "" if key.kind == "scalars" and isinstance(value, str) else f", not {_what(value)}"
        return f"must be {_wanted(key)}{shown}"
    if key.choices and value not in key.choices:
        close = suggest(value, key.choices)
        return f"must be {_wanted(key)}, not {values.display(value)}" + (f" ({close}?)" if close else "")
    if key.kind == "whole number" and not (key.minimum or 0) <= value <= (key.maximum or 2**53):
        return f"must be {_wanted(key)}, not {values.display(value)}"
    if key.kind in ("list", "rows") and len(value) > values.MAX_LIST:
        return f"must have at most {values.MAX_LIST} entries"
    # The check of a table of names or texts is for each of them.
    return key.check(value) if key.check and not isinstance(value, dict) else None


def _wanted(key: Key) -> str:
    if key.choices:
        return "one of " + ", ".join(key.choices)
    if key.kind == "whole number":
        return f"a whole number from {key.minimum} to {key.maximum}"
    if key.kind in ("table", "tables", "scalars", "texts"):
        return "a table"
    words = {
        "list": "a list of texts" if key.entries == ("string",) else "a list",
        "number or percentage": "a number or a percentage",
        "text": "text",
        "rows": "a list of tables, each under a title [[...]]",
    }
    return words.get(key.kind, key.kind)


def _what(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else values.display(value)


def _named(mistakes: Diagnostics, path: Place, entry: Any, key: Key) -> dict[str, Any] | None:
    noun, name = path[0], str(path[-1])
    if not isinstance(entry, dict):
        title = NOUNS.get(str(noun), f"a {noun}")
        hint = f"{title} is a table: [{noun}.NAME], then `{clean(name, 40)} = ...` below it"
        mistakes.add(path, f"unknown key `{clean(name, 60)}` in [{noun}]", hint)
        return None
    right = valid_part(mistakes, path, entry, key.keys)
    if key.check and (complaint := key.check(name)):
        mistakes.add(path, f"the name of [{noun}.{clean(name, 60)}] {complaint}")
        # With a name that can be printed, the rest of the entry is checked too.
        return None if values.word(name) else right
    return right


def _texts(mistakes: Diagnostics, path: Place, table: dict[str, Any], key: Key) -> dict[str, str]:
    """The valid ones of texts by name."""
    right: dict[str, str] = {}
    for name, text in table.items():
        complaint = "must be text, not " + _what(text)
        if isinstance(text, str):
            complaint = (key.check(text) if key.check else None) or ""
        if complaint:
            mistakes.add((*path, name), f"`{clean(name, 60)}`{_within(path)} {complaint}")
        else:
            right[name] = text
    return right


def _check_settings(mistakes: Diagnostics, path: Place, settings: Any) -> None:
    title = f"[{'.'.join(clean(str(part), 40) for part in path)}]"
    if not isinstance(settings, dict):
        hint = f"settings belong to a service: {title} is a table"
        # Without the value: it may be a password.
        mistakes.add(path, f"{title} must be a table", hint)
        return
    if values.word(str(path[-1])):
        mistakes.add(path, f"{title} is not a valid service name")
    for name, value in settings.items():
        complaint = values.setting(value) or ("is too long a name" if len(name) > 64 else None)
        if complaint:
            mistakes.add((*path, name), f"`{clean(name, 60)}` in {title} {complaint}")
