# ruff: noqa: E501 (facts in rows)
"""A Linux machine as its agent reads it: the model that its other services show."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from ..host.network import traffic
from ..machine import Machine
from ..persona import Persona
from .tree import Value

if TYPE_CHECKING:
    from ..host.hardware import Memory
    from ..host.sockets import SocketEntry
    from ..host.world import World
    from ..visitor_logins import Login

VERSIONS = {"11": "5.9", "12": "5.9.3", "20.04": "5.8", "22.04": "5.9.1", "24.04": "5.9.4.pre2"}
"""Of net-snmp, by the version of the system."""
OLDEST = "5.8"
Present = Callable[[float], "list[tuple[str, Login]]"]
LONGEST_VISIT = 14_400
"""Seconds."""
COUNTED_SECONDS = 5.0
"""How long the agent keeps the counters of the protocols (nsCacheTimeout)."""


class Host:
    """The machine as its agent reads it. What it is made from is imported at the first use: most agents are never
    asked."""

    program = "snmpd"

    def __init__(self, persona: Persona, present: Present = lambda since: []) -> None:
        """`present`: sources and logins of visitors that began after a time and have not ended."""
        self.persona = persona
        self.release = VERSIONS.get(Machine(persona).system.version, OLDEST)
        self.version = tuple(int(part) for part in self.release.split(".") if part.isdecimal())
        self._packages: tuple[object, list[tuple[str, int]]] = (None, [])
        self._find = present
        self._present: tuple[float, list[tuple[str, Login]]] = (0.0, [])
        self._counters: tuple[float, dict[str, int]] = (0.0, {})

    @cached_property
    def world(self) -> World:
        """The model of the machine."""
        from ..host.world import World

        return World(self.persona)

    def memory(self) -> Memory:
        """Its memory now."""
        return self.world.memory(int(time.time()))

    def sockets(self, *protocols: str) -> list[SocketEntry]:
        """Its sockets of these protocols."""
        return [each for each in self.world.sockets() if each.protocol in protocols]

    def present(self) -> list[tuple[str, Login]]:
        """The visitors who are logged in, with their addresses."""
        until, found = self._present
        if time.monotonic() >= until:
            found = self._find(max(self.world.booted(), time.time() - LONGEST_VISIT))
            self._present = time.monotonic() + COUNTED_SECONDS, found
        return found

    def counters(self) -> dict[str, int]:
        """The counters of its protocols, as the kernel names them."""
        from ..host.protocols import counters

        until, found = self._counters
        if time.monotonic() >= until:
            found = counters(self.world, self.world.sockets())
            self._counters = time.monotonic() + COUNTED_SECONDS, found
        return found

    def counter(self, name: str, encode: Callable[[int], bytes]) -> Value:
        """The value of one of them."""
        return lambda: encode(self.counters().get(name, 0))

    def octets(self) -> tuple[int, int]:
        """What its cards have received and sent, in bytes."""
        both = [traffic(self.world, name) for name in ("lo", self.world.interface())]
        return sum(each.bytes_in for each in both), sum(each.bytes_out for each in both)

    def packages(self) -> list[tuple[str, int]]:
        """Its packages as NAME_VERSION_ARCHITECTURE, each with the time at which the list of its files was written."""
        from ..host.packages import packages_of
        from ..host.release_data import release_data

        services = tuple((each.service, each.since) for each in self.world.services())
        if self._packages[0] != services:
            found = packages_of(self.world)
            named = [
                (f"{each.name}_{each.version}_{each.architecture}", each.unpacked + 2)
                for each in (found.values() if found is not None else ())
            ]
            self._packages = services, named
            release_data.cache_clear()
        return self._packages[1]

    @cached_property
    def _processor(self) -> dict[str, str]:
        """The first fields of /proc/cpuinfo."""
        from ..host.proc_hardware import cpuinfo

        text = self.world.device.cpuinfo if self.world.device is not None else cpuinfo(self.world)
        rows = [line.partition(":") for line in text.splitlines()]
        return {name.strip(): value.strip() for name, _, value in reversed(rows)}

    @property
    def processor(self) -> str:
        """What the agent calls each of its processors."""
        known = self._processor
        return f"{known['vendor_id']}: {known['model name']}" if self.is_x86 else known.get("model name", "")

    @property
    def is_x86(self) -> bool:
        """Whether it has such a processor."""
        return "vendor_id" in self._processor
