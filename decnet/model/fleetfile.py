"""Parses a fleet file (TOML) into a FleetSpec; all errors are reported at once, each with its line.

Only what the file itself shows is checked here. `plan.resolve` checks names (services, archetypes, settings,
workers); its errors take their lines from `FleetSpec.places`.
"""

from __future__ import annotations

from typing import Any

from ..errors import SpecError
from ..wire import clean
from . import fleetkeys, fleetrules, toml_lines, toml_text, values
from .diagnostics import Diagnostics
from .fleetkeys import Key
from .spec import AddressesSpec, DeckySpec, FleetSpec, NetworkSpec
from .suggest import suggest
from .toml_lines import Place

_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "whole number": (int,),
    "true or false": (bool,),
    "list": (list,),
    "table": (dict,),
    "tables": (dict,),
    "rows": (list,),
    "scalars": (dict,),
}


def parse_bytes(content: bytes, filename: str) -> FleetSpec:
    """The fleet that a file describes, from its bytes. Raises SpecError."""
    return parse(toml_text.decode(content, filename), filename)


def read_bytes(content: bytes, filename: str) -> tuple[FleetSpec, Diagnostics]:
    """See `read`."""
    return read(toml_text.decode(content, filename), filename)


def parse(text: str, filename: str) -> FleetSpec:
    """The fleet that a text describes. Raises SpecError, whose message has one line per error."""
    spec, mistakes = read(text, filename)
    mistakes.raise_any()
    return spec


def read(text: str, filename: str) -> tuple[FleetSpec, Diagnostics]:
    """The valid part of the fleet that a text describes, and the mistakes in it. Raises SpecError for a text
    that is not TOML."""
    if len(text) > toml_text.MAX_BYTES:
        raise SpecError(f"larger than {toml_text.MAX_BYTES // 1024} KiB", place=filename)
    table = toml_text.load(text, filename)
    mistakes = Diagnostics(filename, toml_lines.lines(text.removeprefix("\ufeff")))
    # The rules check the valid values, so that one error does not hide another.
    right = _right(mistakes, (), table, fleetkeys.FLEET)
    fleetrules.check(mistakes, right)
    fleetrules.check_room(mistakes, right)
    if not mistakes and not right.get("decky"):
        hint = "a decky is a table [decky.NAME]; `decnet teardown --all` removes a fleet"
        mistakes.add(("decky",), "no decky is defined", hint)
    return _spec(right, mistakes), mistakes


def _right(mistakes: Diagnostics, path: Place, table: dict[str, Any], keys: dict[str, Key]) -> dict[str, Any]:
    """The valid part of a table; the rest is added to the errors."""
    right: dict[str, Any] = {}
    for name, value in table.items():
        here = (*path, name)
        if name not in keys:
            hint = _meant(path, name, value, keys)
            mistakes.add(here, f"unknown key `{clean(name, 60)}`{_within(path)}", hint)
        elif complaint := _complaint(value, keys[name]):
            mistakes.add(here, f"`{name}`{_within(path)} {complaint}")
        else:
            right[name] = _inside(mistakes, here, value, keys[name])
    return right


def _inside(mistakes: Diagnostics, path: Place, value: Any, key: Key) -> Any:
    if key.kind == "table":
        return _right(mistakes, path, value, key.keys)
    if key.kind == "tables":
        deckies = {name: _decky(mistakes, (*path, name), entry, key) for name, entry in value.items()}
        return {name: entry for name, entry in deckies.items() if entry is not None}
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
    return _right(mistakes, path, row, key.keys)


def _within(path: Place) -> str:
    names = [clean(part, 40) for part in path if isinstance(part, str)]
    return f" in [{'.'.join(names)}]" if names else ""


def _meant(path: Place, name: str, value: Any, keys: dict[str, Key]) -> str:
    close = suggest(name, keys)
    if close:
        return f"did you mean `{close}`?"
    if not path and isinstance(value, dict):
        return f"a decky is written [decky.{clean(name, 40)}]"
    return "known: " + ", ".join(sorted(keys))


def _complaint(value: Any, key: Key) -> str | None:
    # bool is a subclass of int: a count of `true` is not a number.
    fits: bool = isinstance(value, _KINDS[key.kind])
    if not fits or (isinstance(value, bool) and key.kind != "true or false"):
        return f"must be {_wanted(key)}, not {_what(value)}"
    if key.choices and value not in key.choices:
        close = suggest(value, key.choices)
        return f"must be {_wanted(key)}, not {values.display(value)}" + (f" ({close}?)" if close else "")
    if key.kind == "whole number" and not (key.minimum or 0) <= value <= (key.maximum or 2**53):
        return f"must be {_wanted(key)}, not {values.display(value)}"
    if key.kind in ("list", "rows") and len(value) > values.MAX_LIST:
        return f"must have at most {values.MAX_LIST} entries"
    return key.check(value) if key.check else None


def _wanted(key: Key) -> str:
    if key.choices:
        return "one of " + ", ".join(key.choices)
    if key.kind == "whole number":
        return f"a whole number from {key.minimum} to {key.maximum}"
    if key.kind in ("table", "tables", "scalars"):
        return "a table"
    words = {
        "list": "a list of texts",
        "text": "text",
        "rows": "a list of tables, each under a title [[...]]",
    }
    return words.get(key.kind, key.kind)


def _what(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else values.display(value)


def _decky(mistakes: Diagnostics, path: Place, entry: Any, key: Key) -> dict[str, Any] | None:
    name = str(path[-1])
    if not isinstance(entry, dict):
        hint = f"a decky is a table: [decky.NAME], then `{clean(name, 40)} = ...` below it"
        mistakes.add(path, f"unknown key `{clean(name, 60)}` in [decky]", hint)
        return None
    right = _right(mistakes, path, entry, key.keys)
    if complaint := values.decky(name):
        mistakes.add(path, f"the name of [decky.{clean(name, 60)}] {complaint}")
        # With a name that can be printed, the rest of the entry is checked too.
        return None if values.word(name) else right
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


def _spec(right: dict[str, Any], mistakes: Diagnostics) -> FleetSpec:
    network = dict(right.get("network", {}))
    addresses = network.get("addresses", {})
    network["addresses"] = AddressesSpec(**{key: tuple(value) for key, value in addresses.items()})
    return FleetSpec(
        network=NetworkSpec(**network),
        deckies=tuple(_decky_spec(name, entry, mistakes) for name, entry in right.get("decky", {}).items()),
        mutate_interval=right.get("mutate_interval"),
        events=right.get("events", {}),
        **_tuples({key: right[key] for key in ("core", "side") if key in right}),
        places=mistakes.places(),
    )


def _decky_spec(name: str, entry: dict[str, Any], mistakes: Diagnostics) -> DeckySpec:
    mac = entry.get("mac")
    given = {**entry, "mac": mac.lower().replace("-", ":")} if mac else dict(entry)
    return DeckySpec(**_tuples(given), name=name, place=mistakes.place(("decky", name)))


def _tuples(given: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
