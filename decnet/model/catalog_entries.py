"""The entries of the catalog: services, archetypes, OS profiles, releases, vendors.

Dataclasses; the loader validates only a user's own entries with pydantic. Importing pydantic takes longer
than everything else that `decnet services` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from .values import Setting

ELSEWHERE = {
    "sniffer": "a passive listener watches the whole LAN: it belongs to a worker, not to a decky",
}
"""Service names of other systems that decnet does not have, and why."""


class Entry:
    """One table of a catalog file. Validation refuses unknown keys."""

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
"""The systems that a decky's shell and kernel can imitate, by the decoys' names for them."""

LOOKS = ("windows", "windows_server", "freebsd", "ios", "device", "printer", "controller")
"""The network stacks that a base can imitate; each is a file of rules in the base image."""


_KINDS: dict[str, tuple[type, str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "bool": (bool, "true or false"),
}


@dataclass(frozen=True, kw_only=True)
class SettingDef(Entry):
    """One setting that a fleet file may give to a service. A `secret` one is never printed or logged.
    `pairs`: it is a list of user:password pairs, separated by commas."""

    kind: Literal["str", "int", "bool"]
    help: str
    pairs: bool = False
    default: Setting | None = None
    secret: bool = False
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    def complaint(self, value: Setting) -> str | None:
        """The problem of a value ("must be a whole number from 0 to 20"); None if it is valid."""
        if type(value) is not _KINDS[self.kind][0]:
            return f"must be {self._range()}"
        if self.choices and value not in self.choices:
            return f"must be {self._range()}"
        if isinstance(value, int) and not self._within(value):
            return f"must be {self._range()}"
        if self.pairs and not all(_is_pair(part) for part in str(value).split(",") if part.strip()):
            # Without the value, which is a password.
            return "must be user:password pairs, separated by commas"
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


def _is_pair(text: str) -> bool:
    return bool(text.partition(":")[0].strip()) and ":" in text


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
    """The services that this name is an alias for; an alias has no decoy."""
    memory_mib: int = 48
    random: bool = True
    """Whether a mutation may choose it."""


@dataclass(frozen=True, kw_only=True)
class Archetype(Entry):
    """A named kind of machine."""

    name: str
    summary: str
    services: tuple[str, ...]
    os: str
    hostname: str = ""
    """Style: X an upper-case letter or digit, N a digit, `word` a word of the list (WORD in capitals), MAC6
    and MAC12 the last digits of its MAC (mac6, mac12: lower case), the rest literal; `|` between styles. "":
    that of its release or OS profile."""
    vendors: tuple[str, ...]
    styles: dict[str, str] = field(default_factory=dict)
    """Vendor to the hostname style of its machines, where it is not `hostname`."""
    core: tuple[str, ...] | None = None
    """The services that a mutation never removes; None: all of them."""
    side: tuple[str, ...] | None = None
    """Services that mutations add and remove, one at a time; None: those of its OS profile."""
    interval_factor: int = 1
    """Factor by which such a machine changes less often than its `mutate_interval`."""
    withheld: str = ""
    """Why such a machine would be recognized: it is chosen only by name, with a warning. "": offered."""

    def style(self, vendor: str) -> str:
        """The hostname style of such a machine with a network card of that vendor, "" for none of its own."""
        return self.styles.get(vendor, self.hostname)


@dataclass(frozen=True, kw_only=True)
class Release(Entry):
    """One coherent software release of an OS family: the banners that go together."""

    name: str
    os: str
    banners: dict[str, str]
    """The banner of each service, for example ssh = "OpenSSH_9.2p1 Debian-2+deb12u3". Services that are
    missing here have the banner of the OS profile. May hold `{hostname}` and `{address}`, which
    `Catalog.banner` fills in, and `{date}`, which the decoy fills in."""
    archetypes: tuple[str, ...] = ()
    """Archetypes that run it; empty: any, and machines without an archetype."""
    vendors: tuple[str, ...] = ()
    """Vendors of the machines that run it; empty: any."""
    look: str | None = None
    """Overrides the OS profile's; None: the OS profile's."""
    sysctls: dict[str, int] = field(default_factory=dict)
    """The sysctls that differ from the OS profile's."""
    system: str = ""
    """The system (one of SYSTEMS) of its shell and kernel; "": the one that its name begins with, else one
    that is similar to its OS profile."""
    hostname: str = ""
    """The style of the hostname that such a device has by default; "": that of its OS profile."""
    withheld: str = ""
    """As for an archetype; existing deckies keep it."""

    def fits(self, archetype: str | None, vendor: str | None) -> bool:
        """Whether such a machine may run it; without a vendor, a machine of any vendor."""
        return (not self.archetypes or archetype in self.archetypes) and (
            not self.vendors or vendor is None or vendor in self.vendors
        )

    @property
    def claims(self) -> int:
        """How specific it is: higher for a release that fits fewer machines."""
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
    """The banner of each service on releases of the family that set no other."""
    look: str = ""
    """One of LOOKS; empty: Linux's own."""
    receive_memory: int = 0
    """A connection's largest receive buffer in bytes: it determines the window scale. 0: the worker's
    setting."""
    side: tuple[str, ...] | None = None
    """Services that mutations add to a machine without an archetype; None: those of the archetypes that run
    it."""
    interval_factor: int = 1
    """As for an archetype, for a machine without one."""
    withheld: str = ""
    """As for an archetype."""


@dataclass(frozen=True, kw_only=True)
class Vendor(Entry):
    """A vendor of network cards: its real OUIs, each as aa:bb:cc."""

    name: str
    ouis: tuple[str, ...]
