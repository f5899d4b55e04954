"""A FleetSpec as the text of a fleet file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from .catalog import Service
from .spec import AddressesSpec, DeckySpec, FleetSpec, NetworkSpec

Value = str | int | float | bool | tuple[str, ...]


def to_toml(spec: FleetSpec) -> str:
    """The text that `fleetfile.parse` reads as this spec, places apart."""
    blocks = [_pairs(_given(spec, "network", "deckies", "places")), _network(spec.network)]
    for decky in spec.deckies:
        blocks.append(_decky(decky))
        blocks += [
            [f"[decky.{_key(decky.name)}.settings.{_key(service)}]", *_pairs(settings)]
            for service, settings in decky.settings.items()
        ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def services_to_toml(services: Iterable[Service]) -> str:
    """The text of a user's catalog file with these services of their own."""
    return "\n\n".join("\n".join(_service(service)) for service in services) + "\n"


def _network(network: NetworkSpec) -> list[str]:
    addresses = _given(network.addresses)
    pairs = [
        *_pairs(_given(network, "addresses")),
        *(f"addresses.{pair}" for pair in _pairs(addresses)),
    ]
    return ["[network]", *pairs] if pairs else []


def _decky(decky: DeckySpec) -> list[str]:
    return [f"[decky.{_key(decky.name)}]", *_pairs(_given(decky, "name", "settings", "place"))]


def _given(spec: FleetSpec | DeckySpec | NetworkSpec | AddressesSpec, *apart: str) -> dict[str, Value]:
    """The fields that differ from what holds where nothing is said."""
    named = {field.name: field.default for field in fields(spec) if field.name not in apart}
    return {name: getattr(spec, name) for name, default in named.items() if getattr(spec, name) != default}


def _service(service: Service) -> Iterator[str]:
    yield f"[service.{_key(service.name)}]"
    ports = ", ".join(
        str(port.number) if port.protocol == "tcp" else f'"{port.number}/udp"' for port in service.ports
    )
    yield from _pairs({"summary": service.summary, "image": service.image, "command": service.command})
    yield f"ports = [{ports}]"


def _pairs(given: Mapping[str, Value | None]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in given.items() if value is not None]


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_text(entry) for entry in value)}]"
    return repr(value)


def _text(text: str) -> str:
    return '"' + "".join(_character(char) for char in text) + '"'


def _character(char: str) -> str:
    if char in ('"', "\\"):
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08X}"
