"""A machine that runs deckies, and what it reports about itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .base import FrozenModel, Loose, Name, Short, Text, Timestamp

Count = Annotated[int, Field(ge=0, le=2**53)]
Strings = Annotated[tuple[Short, ...], Field(strict=False, max_length=4096)]

Paths = Annotated[tuple[Text, ...], Field(strict=False, max_length=100)]


class SshSettings(FrozenModel):
    """How the operator logs in to one host: absolute paths of key files, certificates and known_hosts files.

    `agent` is the socket of an ssh-agent, "" for none and None for the one of the environment; with
    `identities_only` it is used for these identities only. `address_family`, `bind_address` and
    `bind_interface` are how a socket to the host is opened.
    """

    identities: Paths = ()
    certificates: Paths = ()
    agent: Text | None = None
    identities_only: bool = False
    host_key_alias: Short | None = None
    known_hosts: Paths = ()
    address_family: Literal["any", "inet", "inet6"] = "any"
    bind_address: Short | None = None
    bind_interface: Short | None = None


class Hop(SshSettings):
    """A jump host. `name` is how the operator's configuration names it, for `ssh NAME`."""

    name: Text
    host: Short
    port: int = 22
    user: Short

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}:{self.port}"


class Route(FrozenModel):
    """The way to a worker, taken from the operator's ssh configuration when it was enrolled.

    `settings` are for the operator's own login. `proxy_command`, run by a shell as the user `account`, gives
    the connection to the first of `hops`, or to the worker if there are none.
    """

    settings: SshSettings = SshSettings()
    hops: Annotated[tuple[Hop, ...], Field(strict=False, max_length=16)] = ()
    proxy_command: Text | None = None
    account: Short | None = None

    @property
    def is_direct(self) -> bool:
        return not (self.hops or self.proxy_command)


class Worker(FrozenModel):
    """One enrolled worker; `local` is this machine and has no address.

    `jump` names the jump hosts, for display. Without a `route` (version 0.1.0 recorded none) the operator's
    ssh configuration decides how the jump host is reached.
    """

    name: Name
    worker_id: Short
    host: Short = ""
    port: int = 22
    user: Short = ""
    jump: Text | None = None
    route: Route | None = None
    tags: Annotated[tuple[str, ...], Loose] = ()
    max_deckies: int | None = None
    enrolled_at: float = 0.0
    key_type: Short = ""
    """The type of the fleet's key that its sshd accepts; "" for ssh-ed25519."""
    drained: bool = False
    """Whether it receives no new deckies, until `worker undrain`."""

    @property
    def is_local(self) -> bool:
        return not self.host

    def is_at(self, other: Worker) -> bool:
        """Whether both are reached at one address, over one way."""
        return self._place() == other._place()

    def _place(self) -> tuple[str, int, str | None, str | None]:
        command = self.route.proxy_command if self.route is not None else None
        return self.host.lower(), self.port, self.jump, command


Compatibility = Literal["current", "older", "newer"]
"""How a worker's agent compares with the operator's version."""


class Hello(FrozenModel):
    """The answer to `hello`: who the agent is. `clock` is seconds since the epoch, UTC.

    Unknown fields are ignored: the answer of a newer agent must still show that it is newer.
    """

    model_config = ConfigDict(extra="ignore")

    protocol: int
    agent: Short
    version: Annotated[int, Field(ge=0, le=2**31)] = 0
    worker_id: Short | None
    fleet_id: Short | None
    engine_id: Short | None
    boot_id: Short
    clock: Timestamp


class DockerNetwork(FrozenModel):
    """One network of the worker's Docker engine."""

    name: Short
    driver: Short
    subnets: Strings
    parent: Short | None = None
    ours: bool = False


class Facts(FrozenModel):
    """The answer to `facts`: what the worker is. Memory and disk in MiB."""

    interface: Short | None
    address: Short | None
    subnet: Short | None
    gateway: Short | None
    neighbours: Strings = ()
    routes: Strings = ()
    """The networks that it has a route to, by their subnets; not known of an agent before version 8."""
    networks: Annotated[tuple[DockerNetwork, ...], Field(strict=False, max_length=1024)] = ()
    docker_version: Short | None
    compose_version: Short | None
    compose_command: Strings = ()
    architecture: Short
    images: Strings = ()
    disk_free_mib: Count
    memory_mib: Count
    python: Short
    wireless: bool = False
    leased: bool = False
    """Whether the worker's own address comes from DHCP."""
    machine: Short = ""
    """Vendor and model of a virtual machine; "" on bare metal, or if unknown."""
    hostname: Short = ""
    root: bool = False
    heals_at_boot: bool = False
    """Whether systemd starts the agent's heal with the Docker engine."""
    engine_kind: Short = ""
    """podman, rootless, desktop or snap; "" for Docker Engine from packages."""
    limits_memory: bool = True
    """Whether the engine can limit the memory of a container."""
    missing_limits: Strings = ()
    """The limits that its kernel cannot give: memory, cpu, pids."""
    leftovers: Strings = ()
    """Containers and networks of other fleets on its engine, as `container NAME` and `network NAME`."""
    ends_with_session: Short = ""
    """The agent's user, if systemd ends its jobs with the connection that started them; else ""."""
    scan_trouble: Text = ""
    """A decky and why scans of it are not recorded; "" if all are."""
