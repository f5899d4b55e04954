"""What can be imitated: services, archetypes, OS profiles, releases, vendors."""

from __future__ import annotations

from typing import Annotated, Literal

from .noun import Loose, Noun, Setting


class Port(Noun):
    """One port that a service listens on."""

    number: int
    protocol: Literal["tcp", "udp"] = "tcp"


class SettingDef(Noun):
    """One setting that a fleet file may give to a service."""

    kind: Literal["str", "int", "bool"]
    help: str
    default: Setting | None = None
    secret: bool = False


class Service(Noun):
    """One service that a decky can imitate; `built` says whether its decoy exists."""

    name: str
    summary: str
    ports: Annotated[tuple[Port, ...], Loose]
    built: bool = False
    image: str | None = None
    command: Annotated[tuple[str, ...], Loose] | None = None
    settings: dict[str, SettingDef] = {}
    alias: Annotated[tuple[str, ...], Loose] = ()
    """Other services that this name stands for; an alias has no decoy of its own."""
    memory_mib: int = 48
    random: bool = True
    """Whether mutation may draw it."""


class Archetype(Noun):
    """A named kind of machine."""

    name: str
    summary: str
    services: Annotated[tuple[str, ...], Loose]
    os: str
    hostname: str
    """Style: X an upper-case letter or digit, N a digit, `word` a word of the list (WORD in capitals),
    the rest literal; `|` between styles."""
    vendors: Annotated[tuple[str, ...], Loose]


class Release(Noun):
    """One coherent software release of an OS family: the banners that go together."""

    name: str
    os: str
    banners: dict[str, str]
    """Per service what it says of itself, for example ssh = "OpenSSH_9.2p1 Debian-2+deb12u3"."""


class OsProfile(Noun):
    """Sysctls of a base container, and the releases that a machine of the family may run."""

    name: str
    summary: str
    sysctls: dict[str, int]
    hostname: str
    vendors: Annotated[tuple[str, ...], Loose]


class Vendor(Noun):
    """A maker of network cards: its real OUIs, each as aa:bb:cc."""

    name: str
    ouis: Annotated[tuple[str, ...], Loose]


class Catalog(Noun):
    """Everything that can be imitated, by name."""

    services: dict[str, Service]
    archetypes: dict[str, Archetype]
    os_profiles: dict[str, OsProfile]
    releases: dict[str, Release]
    vendors: dict[str, Vendor]
    words: Annotated[tuple[str, ...], Loose]

    def drawable(self) -> tuple[str, ...]:
        """Names of the services that chance may choose, sorted."""
        return tuple(sorted(s.name for s in self.services.values() if s.built and s.random and not s.alias))
