"""The entries of the catalog: services, archetypes, OS profiles, releases, vendors.

Dataclasses, which the loader validates with pydantic where a user wrote them: the package's own entries are
right, and to import pydantic takes longer than all else that `decnet services` has to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from .values import Setting

ELSEWHERE = {
    "sniffer": "a passive listener watches the whole LAN: it belongs to a worker, not to a decky",
}
"""Names that other systems have among the services of a decky, and why they are none here."""


class Entry:
    """One table of a catalog file; where one is validated, no key that it does not know."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Port(Entry):
    """One port that a service listens on."""

    number: int
    protocol: Literal["tcp", "udp"] = "tcp"


SYSTEMS = (
    "debian-11", "debian-12", "debian-12-nginx", "ubuntu-20.04", "ubuntu-22.04", "ubuntu-22.04-nginx",
    "ubuntu-24.04", "rocky-8", "rocky-9", "synology", "qnap", "openwrt", "busybox", "tp-link", "freebsd-13",
    "freebsd-14",
)  # fmt: skip
"""What the shell and kernel of a decky can be: the decoys know them by these names."""

LOOKS = ("windows", "windows_server", "freebsd", "ios", "device", "printer", "controller")
"""What a base can make its network stack look like; each is a file of rules in the base image."""


_KINDS: dict[str, tuple[type, str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "bool": (bool, "true or false"),
}


@dataclass(frozen=True, kw_only=True)
class SettingDef(Entry):
    """One setting that a fleet file may give to a service. A `secret` one is never printed or logged."""

    kind: Literal["str", "int", "bool"]
    help: str
    default: Setting | None = None
    secret: bool = False
    choices: tuple[str, ...] = ()
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


@dataclass(frozen=True, kw_only=True)
class Service(Entry):
    """One service that a decky can imitate; `built` says whether its decoy exists."""

    name: str
    summary: str
    ports: tuple[Port, ...]
    built: bool = False
    image: str | None = None
    command: tuple[str, ...] | None = None
    settings: dict[str, SettingDef] = field(default_factory=dict)
    alias: tuple[str, ...] = ()
    """Other services that this name stands for; an alias has no decoy of its own."""
    memory_mib: int = 48
    random: bool = True
    """Whether mutation may draw it."""


@dataclass(frozen=True, kw_only=True)
class Archetype(Entry):
    """A named kind of machine."""

    name: str
    summary: str
    services: tuple[str, ...]
    os: str
    hostname: str
    """Style: X an upper-case letter or digit, N a digit, `word` a word of the list (WORD in capitals),
    the rest literal; `|` between styles."""
    vendors: tuple[str, ...]
    styles: dict[str, str] = field(default_factory=dict)
    """Vendor to the hostname style of its machines, where it is not `hostname`."""
    core: tuple[str, ...] | None = None
    """Those of its services that a mutation never takes away; None: all of them."""
    side: tuple[str, ...] | None = None
    """Services that mutations add and remove, one at a time; None: those of its OS profile."""
    interval_factor: int = 1
    """How much less often than its `mutate_interval` says such a machine changes."""

    def style(self, vendor: str) -> str:
        """The hostname style of such a machine with a network card of that vendor."""
        return self.styles.get(vendor, self.hostname)


@dataclass(frozen=True, kw_only=True)
class Release(Entry):
    """One coherent software release of an OS family: the banners that go together."""

    name: str
    os: str
    banners: dict[str, str]
    """Per service what it says of itself, for example ssh = "OpenSSH_9.2p1 Debian-2+deb12u3". What the
    release itself does not say comes from its OS profile, so that no service is without one. May hold
    `{hostname}` and `{address}`, which `Catalog.banner` fills, and `{date}`, which the decoy fills."""
    archetypes: tuple[str, ...] = ()
    """Kinds of machine that run it; empty: any, and machines of no archetype."""
    vendors: tuple[str, ...] = ()
    """Makers of the machines that run it; empty: any."""
    look: str | None = None
    """As of its OS profile, which counts where it is None."""
    sysctls: dict[str, int] = field(default_factory=dict)
    """Those that differ from its OS profile's."""
    system: str = ""
    """One of SYSTEMS, which its shell and kernel are; "": the one that its name begins with, else one that is
    near to its OS profile."""

    def fits(self, archetype: str | None, vendor: str | None) -> bool:
        """Whether such a machine may run it; without a vendor any maker will do."""
        return (not self.archetypes or archetype in self.archetypes) and (
            not self.vendors or vendor is None or vendor in self.vendors
        )

    @property
    def claims(self) -> int:
        """How particular it is about the machine."""
        return bool(self.archetypes) + bool(self.vendors)


@dataclass(frozen=True, kw_only=True)
class OsProfile(Entry):
    """Sysctls of a base container, and the releases that a machine of the family may run."""

    name: str
    summary: str
    sysctls: dict[str, int]
    """Key below `net.ipv4.` to its value."""
    hostname: str
    vendors: tuple[str, ...]
    banners: dict[str, str] = field(default_factory=dict)
    """What a service says of itself on any release of the family that does not say it otherwise."""
    look: str = ""
    """One of LOOKS; empty: Linux's own."""
    receive_memory: int = 0
    """A connection's largest receive buffer in bytes: it decides the window scale. 0: the worker's own."""
    side: tuple[str, ...] | None = None
    """Services that mutations add to a machine of no archetype; None: those of the archetypes that run it."""


@dataclass(frozen=True, kw_only=True)
class Vendor(Entry):
    """A maker of network cards: its real OUIs, each as aa:bb:cc."""

    name: str
    ouis: tuple[str, ...]
