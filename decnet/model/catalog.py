"""What can be imitated: services, archetypes, OS profiles, releases, vendors."""

from __future__ import annotations

from typing import Annotated, Literal

from .noun import Loose, Noun, Setting

ELSEWHERE = {
    "sniffer": "a passive listener watches the whole LAN: it belongs to a worker, not to a decky",
}
"""Names that other systems have among the services of a decky, and why they are none here."""


class Port(Noun):
    """One port that a service listens on."""

    number: int
    protocol: Literal["tcp", "udp"] = "tcp"


_KINDS: dict[str, tuple[type, str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "bool": (bool, "true or false"),
}


class SettingDef(Noun):
    """One setting that a fleet file may give to a service. A `secret` one is never printed or logged."""

    kind: Literal["str", "int", "bool"]
    help: str
    default: Setting | None = None
    secret: bool = False
    choices: Annotated[tuple[str, ...], Loose] = ()
    minimum: int | None = None
    maximum: int | None = None

    def complaint(self, value: Setting) -> str | None:
        """What is wrong with a value ("must be a whole number from 0 to 20"), or None when it fits."""
        if type(value) is not _KINDS[self.kind][0]:
            return f"must be {self._range()}"
        if self.choices and value not in self.choices:
            return f"must be {self._range()}"
        if isinstance(value, int) and not self._within(value):
            return f"must be {self._range()}"
        return None

    def _within(self, value: int) -> bool:
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )

    def _range(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        words = _KINDS[self.kind][1]
        if self.minimum is not None and self.maximum is not None:
            return f"{words} from {self.minimum} to {self.maximum}"
        return words if self.minimum is None else f"{words}, {self.minimum} or more"


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
    styles: dict[str, str] = {}
    """Vendor to the hostname style of its machines, where it is not `hostname`."""

    def style(self, vendor: str) -> str:
        """The hostname style of such a machine with a network card of that vendor."""
        return self.styles.get(vendor, self.hostname)


class Release(Noun):
    """One coherent software release of an OS family: the banners that go together."""

    name: str
    os: str
    banners: dict[str, str]
    """Per service what it says of itself, for example ssh = "OpenSSH_9.2p1 Debian-2+deb12u3". What the
    release itself does not say comes from its OS profile, so that no service is without one. May hold
    `{hostname}` and `{address}`, which `Catalog.banner` fills, and `{date}`, which the decoy fills."""
    archetypes: Annotated[tuple[str, ...], Loose] = ()
    """Kinds of machine that run it; empty: any, and machines of no archetype."""
    vendors: Annotated[tuple[str, ...], Loose] = ()
    """Makers of the machines that run it; empty: any."""

    def fits(self, archetype: str | None, vendor: str | None) -> bool:
        """Whether such a machine may run it; without a vendor any maker will do."""
        return (not self.archetypes or archetype in self.archetypes) and (
            not self.vendors or vendor is None or vendor in self.vendors
        )

    @property
    def claims(self) -> int:
        """How particular it is about the machine."""
        return bool(self.archetypes) + bool(self.vendors)


class OsProfile(Noun):
    """Sysctls of a base container, and the releases that a machine of the family may run."""

    name: str
    summary: str
    sysctls: dict[str, int]
    """Key below `net.ipv4.` to its value."""
    hostname: str
    vendors: Annotated[tuple[str, ...], Loose]
    banners: dict[str, str] = {}
    """What a service says of itself on any release of the family that does not say it otherwise."""


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

    def fitting(self, os: str, archetype: str | None = None, vendor: str | None = None) -> tuple[str, ...]:
        """Names of the releases that such a machine may run, sorted; never empty for an OS that exists.

        A release made for that archetype and vendor goes before one that fits any."""
        family = [r for r in self.releases.values() if r.os == os]
        fits = [r for r in family if r.fits(archetype, vendor)]
        fits = fits or [r for r in family if not r.archetypes] or family
        claims = max((r.claims for r in fits), default=0)
        return tuple(sorted(r.name for r in fits if r.claims == claims))

    def banner(self, release: str, service: str, *, hostname: str, address: str) -> str:
        """What that service says of itself on that release, or "" where nothing is known of it."""
        text = self.releases[release].banners.get(service, "")
        return text.replace("{hostname}", hostname).replace("{address}", address)
