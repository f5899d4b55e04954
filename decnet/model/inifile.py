"""Parses the INI fleet file of older systems, strictly, so that it can be converted to TOML."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..wire import clean
from . import addresses, fleetrules, toml_text, values
from .catalog import Catalog
from .catalog_entries import ELSEWHERE, Port, Service
from .diagnostics import Diagnostics
from .initext import Section, sections
from .spec import DeckySpec, FleetSpec, NetworkSpec
from .suggest import suggest
from .values import Setting, Settings

Check = Callable[[str], str | None]

_BOOLEANS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True)
class OldFleet:
    """What an INI file describes: a fleet, and the user's own services."""

    spec: FleetSpec
    services: tuple[Service, ...]
    renamed: tuple[tuple[str, str], ...] = ()
    """Section to decky, for deckies that could not keep the name of their section."""


def parse_bytes(content: bytes, filename: str, catalog: Catalog) -> OldFleet:
    """The fleet that an INI file describes, from its bytes. Raises SpecError."""
    return parse(toml_text.decode(content, filename), filename, catalog)


def parse(text: str, filename: str, catalog: Catalog) -> OldFleet:
    """The fleet that an INI text describes. The catalog has the valid services and settings.

    Raises SpecError, whose message has one line per error.
    """
    found = sections(text.removeprefix("\ufeff"), filename)
    reading = _Reading(catalog, Diagnostics(filename, _lines(found), _SPELLINGS))
    for section in sorted(found, key=_order):
        reading.take(section)
    mistakes = reading.mistakes
    fleetrules.check(mistakes, {"network": reading.network, "decky": reading.deckies})
    if not mistakes and not reading.deckies:
        mistakes.add((), "no decky is defined", "a decky is a section [NAME]")
    mistakes.raise_any()
    return OldFleet(reading.spec(), tuple(reading.own.values()), tuple(reading.renamed))


def _lines(found: list[Section]) -> dict[tuple[str | int, ...], int]:
    """Lines under two keys: the path in the INI file, and that in the TOML that it becomes."""
    lines: dict[tuple[str | int, ...], int] = {}
    for section in found:
        names = [(section.name,), ("decky", _decky_name(section.name))]
        names += [("network",)] if section.name == "general" else []
        for name in names:
            lines[name] = section.line
            lines |= {(*name, _NEW_KEYS.get(key, key)): line for key, line in section.lines.items()}
    return lines


_SPELLINGS = {"[decky.": "[", "`count`": "`amount`", "`gateway`": "`gw`"}
_NEW_KEYS = {"net": "subnet", "gw": "gateway", "nmap_os": "os", "amount": "count"}
_GENERAL = ("net", "gw", "interface", "mutate_interval")
_DECKY = ("ip", "services", "archetype", "nmap_os", "mutate_interval", "amount")
_CUSTOM = ("binary", "exec", "ports")


def _order(section: Section) -> int:
    """First the general section and own services, to which deckies refer; settings last, which refer to
    deckies."""
    if section.name == "general":
        return 0
    return 1 if section.name.startswith("custom-") else 2 + ("." in section.name)


def _decky_name(written: str) -> str:
    return re.sub(r"[ _]+", "-", written.strip().lower())


@dataclass
class _Reading:
    catalog: Catalog
    mistakes: Diagnostics
    network: dict[str, Any] = field(default_factory=dict)
    mutate_interval: int | None = None
    deckies: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, dict[str, Settings]] = field(default_factory=dict)
    own: dict[str, Service] = field(default_factory=dict)
    renamed: list[tuple[str, str]] = field(default_factory=list)

    def take(self, section: Section) -> None:
        if section.name == "general":
            self._general(section)
        elif section.name.startswith("custom-"):
            self._custom(section)
        elif "." in section.name:
            self._service_settings(section)
        else:
            self._decky(section)

    def spec(self) -> FleetSpec:
        place = self.mistakes.place
        deckies = tuple(
            DeckySpec(**entry, name=name, settings=self.settings.get(name, {}), place=place(("decky", name)))
            for name, entry in self.deckies.items()
        )
        return FleetSpec(
            network=NetworkSpec(**self.network),
            deckies=deckies,
            mutate_interval=self.mutate_interval,
        )

    def _general(self, section: Section) -> None:
        checks: dict[str, Check] = {
            "net": addresses.subnet,
            "gw": addresses.host,
            "interface": values.interface,
        }
        for key, value in self._known(section, _GENERAL):
            if key == "mutate_interval":
                self.mutate_interval = self._number(section, key, value, 525600)
            elif complaint := checks[key](value):
                self._wrong(section, key, complaint)
            else:
                self.network[_NEW_KEYS.get(key, key)] = value

    def _decky(self, section: Section) -> None:
        name = _decky_name(section.name)
        if complaint := values.decky(name):
            self.mistakes.add((section.name,), f"the name of [{clean(section.name, 60)}] {complaint}")
        elif name in self.deckies:
            message = f"[{clean(section.name, 60)}] and another section both define a decky named {name}"
            self.mistakes.add((section.name,), message)
        else:
            entry = {
                _NEW_KEYS.get(key, key): self._entry(section, key, value)
                for key, value in self._known(section, _DECKY)
            }
            self.deckies[name] = {key: value for key, value in entry.items() if value is not None}
            if name != section.name:
                self.renamed.append((section.name, name))

    def _entry(self, section: Section, key: str, value: str) -> Any:
        if key in ("amount", "mutate_interval"):
            return self._number(section, key, value, 100 if key == "amount" else 525600)
        if key == "services":
            return self._services(section, value)
        if key == "ip":
            complaint = addresses.host(value)
        else:
            known = self.catalog.archetypes if key == "archetype" else self.catalog.os_profiles
            complaint = (
                None if value in known else f"is unknown: {values.display(value)}{_meant(value, known)}"
            )
        if complaint:
            self._wrong(section, key, complaint)
            return None
        return value

    def _services(self, section: Section, value: str) -> tuple[str, ...] | None:
        names = [name.strip() for name in value.split(",") if name.strip()]
        names = [
            name.removeprefix("custom-") if name.removeprefix("custom-") in self.own else name
            for name in names
        ]
        for name in names:
            if name not in self.catalog.services and name not in self.own:
                hint = f" ({ELSEWHERE[name]})" if name in ELSEWHERE else _meant(name, self.catalog.services)
                self._wrong(section, "services", f"names {values.display(name)}, which does not exist{hint}")
                return None
        if complaint := values.services(names):
            self._wrong(section, "services", complaint)
            return None
        return tuple(names)

    def _service_settings(self, section: Section) -> None:
        written, _, service = section.name.rpartition(".")
        decky = _decky_name(written)
        if decky not in self.deckies:
            message = f"[{clean(section.name, 60)}] is for a decky that does not exist"
            self.mistakes.add((section.name,), message, f"a section [{clean(written, 40)}] is missing")
        elif service not in self.catalog.services:
            message = f"[{clean(section.name, 60)}] is for a service that does not exist"
            self.mistakes.add((section.name,), message + _meant(service, self.catalog.services))
        else:
            known = self.catalog.services[service].settings
            pairs = (
                (key, self._setting(section, service, key, value))
                for key, value in self._known(section, tuple(known))
            )
            typed = {key: value for key, value in pairs if value is not None}
            self.settings.setdefault(decky, {})[service] = typed

    def _setting(self, section: Section, service: str, key: str, value: str) -> Setting | None:
        definition = self.catalog.services[service].settings[key]
        typed: Setting = value
        if definition.kind == "int" and re.fullmatch(r"-?[0-9]{1,15}", value):
            typed = int(value)
        elif definition.kind == "bool":
            typed = _BOOLEANS.get(value.lower(), value)
        if complaint := definition.complaint(typed) or values.setting(typed):
            self._wrong(section, key, complaint)
            return None
        return typed

    def _custom(self, section: Section) -> None:
        name = section.name.removeprefix("custom-").strip().lower()
        given = dict(self._known(section, _CUSTOM))
        missing = [key for key in ("binary", "ports") if not given.get(key)]
        if not re.fullmatch(values.SERVICE, name) or self._is_ours(name):
            message = f"[{clean(section.name, 60)}]: not a valid name, or the name of a built-in service"
            self.mistakes.add((section.name,), message, "lower case letters, digits, - and _, at most 32")
        elif missing:
            self.mistakes.add((section.name,), f"[{clean(section.name, 60)}] lacks `{missing[0]}`")
        elif complaint := values.image(given["binary"]):
            self._wrong(section, "binary", complaint)
        elif ports := self._ports(section, given["ports"]):
            command = self._command(section, given.get("exec", ""))
            self.own[name] = Service(
                name=name, summary=name, ports=ports, built=True, image=given["binary"], command=command
            )

    def _is_ours(self, name: str) -> bool:
        """Whether the package has a service of that name; one with an image is the user's own."""
        known = self.catalog.services.get(name)
        return known is not None and known.image is None

    def _ports(self, section: Section, value: str) -> tuple[Port, ...]:
        matches = [
            re.fullmatch(r"([1-9][0-9]{0,4})(?:/(tcp|udp))?", part.strip()) for part in value.split(",")
        ]
        if any(match is None or int(match[1]) > 65535 for match in matches):
            self._wrong(section, "ports", "must be ports from 1 to 65535 like 8080, 5353/udp")
            return ()
        return tuple(
            Port(number=int(match[1]), protocol="udp" if match[2] == "udp" else "tcp")
            for match in matches
            if match
        )

    def _command(self, section: Section, value: str) -> tuple[str, ...] | None:
        try:
            return tuple(shlex.split(value)) or None
        except ValueError as error:
            self._wrong(section, "exec", f"cannot be split into words: {str(error).lower()}")
            return None

    def _number(self, section: Section, key: str, value: str, most: int) -> int | None:
        if re.fullmatch(r"[0-9]{1,9}", value) and 1 <= int(value) <= most:
            return int(value)
        self._wrong(section, key, f"must be a whole number from 1 to {most}, not {values.display(value)}")
        return None

    def _known(self, section: Section, keys: tuple[str, ...]) -> list[tuple[str, str]]:
        for key in section.values:
            if key not in keys:
                self._wrong(section, key, f"is not a valid key there{_meant(key, keys)}")
        return [(key, value) for key, value in section.values.items() if key in keys]

    def _wrong(self, section: Section, key: str, complaint: str) -> None:
        message = f"`{clean(key, 40)}` in [{clean(section.name, 60)}] {complaint}"
        self.mistakes.add((section.name, _NEW_KEYS.get(key, key)), message)


def _meant(name: str, known: Any) -> str:
    close = suggest(name, known)
    return f" (did you mean `{close}`?)" if close else ""
