"""What this decoy imitates: the PERSONA variable, and everything derived from its seed."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

Thing = TypeVar("Thing")
Setting = str | int | float | bool


@dataclass(frozen=True)
class Persona:
    """One service of one machine. `banner` is how the software introduces itself."""

    service: str
    hostname: str
    os: str
    release: str
    banner: str
    seed: str
    ports: tuple[tuple[int, str], ...]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    address: str = ""
    mac: str = ""
    machine_seed: str = ""
    system: str = ""
    """The operating system of the machine; "": that of its release."""
    since: int = 0
    """The machine's first start, seconds since the epoch; 0: unknown."""
    service_since: int = 0
    """When this service was added to it; 0: it came with the machine."""
    service_first: int | None = None
    """The first start of a service that was added again, 0: with the machine; None: `service_since`."""

    @property
    def machine(self) -> "Persona":
        """The same with the seed that all services of the decky share, for values that must be consistent."""
        return replace(self, seed=self.machine_seed or self.seed)

    def bytes_for(self, purpose: str, count: int = 32) -> bytes:
        """`count` bytes that are the same for this seed and purpose, always."""
        return hashlib.shake_256(f"{self.seed}:{purpose}".encode()).digest(count)

    def number(self, purpose: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int.from_bytes(self.bytes_for(purpose, 16), "big") % (high - low + 1)

    def choice(self, purpose: str, things: Sequence[Thing]) -> Thing:
        """One of `things`."""
        return things[self.number(purpose, 0, len(things) - 1)]

    def text(self, setting: str) -> str | None:
        """A setting of the fleet file as text, None if omitted."""
        value = self.settings.get(setting)
        return None if value is None else str(value)

    def udp_ports(self) -> list[int]:
        """The UDP ports to listen on."""
        return [number for number, protocol in self.ports if protocol == "udp"]

    def tcp_ports(self) -> list[int]:
        """The TCP ports to listen on."""
        return [number for number, protocol in self.ports if protocol == "tcp"]


def from_environment() -> Persona:
    """The persona of this container. Raises ValueError if $PERSONA is incomplete."""
    try:
        document = json.loads(os.environ.get("PERSONA", ""))
        return Persona(
            service=str(document["service"]),
            hostname=str(document["hostname"]),
            os=str(document.get("os") or "linux"),
            release=str(document.get("release") or ""),
            banner=str(document.get("banner") or ""),
            seed=str(document["seed"]),
            ports=tuple((int(number), str(protocol)) for number, protocol in document["ports"]),
            settings=dict(document.get("settings") or {}),
            address=str(document.get("address") or ""),
            mac=str(document.get("mac") or ""),
            machine_seed=str(document.get("machine") or ""),
            system=str(document.get("system") or ""),
            since=int(document.get("since") or 0),
            service_since=int(document.get("service_since") or 0),
            service_first=int(document["service_first"]) if "service_first" in document else None,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"PERSONA is not complete: {error!r}") from error
