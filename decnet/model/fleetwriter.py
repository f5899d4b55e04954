"""A FleetSpec as the text of a fleet file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from .catalog_entries import Port, Service
from .spec import AddressesSpec, DeckySpec, FleetSpec, NetworkSpec


def to_toml(spec: FleetSpec) -> str:
    """The text that `fleetfile.parse` reads as this spec, except for `places`."""
    network = _given(spec.network, "addresses")
    if addresses := _given(spec.network.addresses):
        network["addresses"] = addresses
    document = _given(spec, "network", "deckies", "places", "events", "rollouts")
    if network:
        document["network"] = network
    if spec.events:
        document["events"] = spec.events
    if spec.rollouts:
        document["rollout"] = spec.rollouts
    document["decky"] = {decky.name: _decky(decky) for decky in spec.deckies}
    return _written(document)


def services_to_toml(services: Iterable[Service]) -> str:
    """The text of a user's catalog file with these services."""
    return _written({"service": {service.name: _service(service) for service in services}})


def _decky(decky: DeckySpec) -> dict[str, Any]:
    given = _given(decky, "name", "settings", "place")
    return {**given, "settings": decky.settings} if decky.settings else given


def _given(spec: FleetSpec | DeckySpec | NetworkSpec | AddressesSpec, *apart: str) -> dict[str, Any]:
    """The fields that differ from their defaults."""
    named = {field.name: field.default for field in fields(spec) if field.name not in apart}
    return {name: getattr(spec, name) for name, default in named.items() if getattr(spec, name) != default}


def _service(service: Service) -> dict[str, Any]:
    given = {"summary": service.summary, "image": service.image, "command": service.command}
    found = {key: value for key, value in given.items() if value is not None}
    return {**found, "ports": [_port(port) for port in service.ports]}


def _port(port: Port) -> int | str:
    return port.number if port.protocol == "tcp" else f"{port.number}/udp"


def _written(document: Mapping[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(document)
