"""Parses a fleet file (TOML) into a FleetSpec; all errors are reported at once, each with its line.

Only what the file itself shows is checked here. `plan.resolve` checks names (services, archetypes, settings,
workers); its errors take their lines from `FleetSpec.places`.
"""

from __future__ import annotations

from typing import Any

from ..errors import SpecError
from . import fleetkeys, fleetrules, keyed_tables, toml_lines, toml_text
from .diagnostics import Diagnostics
from .spec import AddressesSpec, DeckySpec, FleetSpec, NetworkSpec


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
    right = keyed_tables.valid_part(mistakes, (), table, fleetkeys.FLEET)
    fleetrules.check(mistakes, right)
    fleetrules.check_room(mistakes, right)
    if not mistakes and not right.get("decky"):
        hint = "a decky is a table [decky.NAME]; `decnet teardown --all` removes a fleet"
        mistakes.add(("decky",), "no decky is defined", hint)
    return _spec(right, mistakes), mistakes


def _spec(right: dict[str, Any], mistakes: Diagnostics) -> FleetSpec:
    network = dict(right.get("network", {}))
    addresses = network.get("addresses", {})
    network["addresses"] = AddressesSpec(**{key: tuple(value) for key, value in addresses.items()})
    return FleetSpec(
        network=NetworkSpec(**network),
        deckies=tuple(_decky_spec(name, entry, mistakes) for name, entry in right.get("decky", {}).items()),
        mutate_interval=right.get("mutate_interval"),
        mutate_hours=right.get("mutate_hours"),
        time_zone=right.get("time_zone"),
        events=right.get("events", {}),
        rollouts=right.get("rollout", {}),
        **_tuples({key: right[key] for key in ("core", "side", "roles") if key in right}),
        places=mistakes.places(),
    )


def _decky_spec(name: str, entry: dict[str, Any], mistakes: Diagnostics) -> DeckySpec:
    mac = entry.get("mac")
    given = {**entry, "mac": mac.lower().replace("-", ":")} if mac else dict(entry)
    return DeckySpec(**_tuples(given), name=name, place=mistakes.place(("decky", name)))


def _tuples(given: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
