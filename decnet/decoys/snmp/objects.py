"""The objects that an agent reports: the groups of a machine of this vendor, consistent with its name,
address, network card and uptime.

Source: net-snmp 5.9 of Debian 12, walked and compared; the other vendors' object identifiers from their MIBs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..host.network import network_of
from ..machine import Machine
from ..persona import Persona
from . import ber, interfaces
from .ber import Oid
from .counts import Counts
from .dialects import Dialect, dialect_of
from .tree import Section, Table, Tree, Value

if TYPE_CHECKING:
    from .host_view import Present

MIB2: Oid = (1, 3, 6, 1, 2, 1)
SYSTEM: Oid = (*MIB2, 1)
IP: Oid = (*MIB2, 4)
HOST: Oid = (*MIB2, 25)
PRINTER: Oid = (*MIB2, 43)
ENTERPRISES: Oid = (1, 3, 6, 1, 4, 1)
ENGINE: Oid = (1, 3, 6, 1, 6, 3, 10, 2, 1)
LONGEST_MESSAGE = 1500
MOST_PARAMETERS = 127
"""Characters of the kernel's command line that an agent shows."""
TICKS = 0xFFFFFFFF
DEFAULT_TTL = {"linux": 64, "bsd": 64, "windows": 128, "windows_server": 128, "embedded": 64, "cisco": 255}

MODULES: tuple[tuple[Oid, str], ...] = (
    ((10, 3, 1, 1), "The SNMP Management Architecture MIB."),
    ((11, 3, 1, 1), "The MIB for Message Processing and Dispatching."),
    ((15, 2, 1, 1), "The management information definitions for the SNMP User-based Security Model."),
    ((1,), "The MIB module for SNMPv2 entities"),
    ((16, 2, 2, 1), "View-based Access Control Model for SNMP."),
    ((49,), "The MIB module for managing TCP implementations"),
    ((50,), "The MIB module for managing UDP implementations"),
    ((4,), "The MIB module for managing IP and ICMP implementations"),
    ((13, 3, 1, 3), "The MIB modules for managing SNMP Notification, plus filtering."),
    ((92,), "The MIB module for logging SNMP Notifications."),
)
IN_MIB2 = ("TCP", "UDP", "IP and", "logging")


@dataclass(frozen=True)
class AgentObjects:
    """One agent's objects; `engine` is empty without version 3."""

    make: Callable[[], Tree]
    engine: bytes
    boots: Callable[[], int]
    """How often it was started."""
    uptime: Callable[[], float]
    """Seconds since the agent was started."""
    counts: Counts
    """What it has received and sent."""

    @cached_property
    def tree(self) -> Tree:
        """The objects; made at the first use, because most agents are never asked."""
        return self.make()


def objects_of(persona: Persona, present: Present = lambda since: []) -> AgentObjects:
    """The agent of this machine. `present`: the visitors who are logged in, with their addresses."""
    shared = persona.machine
    machine = Machine(persona)
    dialect = dialect_of(persona)
    fraction = shared.number("snmp fraction", 0, 99) / 100

    def uptime() -> float:
        return max(time.time() - machine.started("snmp", persona.service_since) - fraction, 0.0)

    def boots() -> int:
        return shared.number("snmp boots", 2, 40) + machine.boots()

    engine, counts = dialect.engine(shared), Counts()

    def tree() -> Tree:
        rows = dict(_rows(shared, machine, dialect, uptime))
        tables: list[Table | Section] = []
        if dialect.net_snmp and persona.os == "linux":
            from . import unix
            from .host_view import Host

            host = Host(persona, present)
            rows |= dict(unix.rows(host)) | dict(_engine(engine, boots, uptime))
            rows |= dict(counts.rows((*MIB2, 11)))
            tables = unix.tables(host)
        return Tree(rows, frozenset(name[: _column_length(name)] for name in rows), tables)

    return AgentObjects(tree, engine, boots, uptime, counts)


def _engine(
    engine: bytes, boots: Callable[[], int], uptime: Callable[[], float]
) -> Iterator[tuple[Oid, Value]]:
    """SNMP-FRAMEWORK-MIB's engine."""
    yield (*ENGINE, 1, 0), ber.string(engine)
    yield (*ENGINE, 2, 0), lambda: ber.integer(boots())
    yield (*ENGINE, 3, 0), lambda: ber.integer(int(uptime()))
    yield (*ENGINE, 4, 0), ber.integer(LONGEST_MESSAGE)


def _column_length(name: Oid) -> int:
    """The length of an object's column name: MIB-2's tables have `group.table.1.column`."""
    return (
        len(name) - 1 if name[-1] == 0 and len(name) <= len(MIB2) + 4 else min(len(name) - 1, len(MIB2) + 4)
    )


def _rows(
    persona: Persona, machine: Machine, dialect: Dialect, uptime: Callable[[], float]
) -> Iterator[tuple[Oid, Value]]:
    yield from _system(persona, dialect, uptime)
    if dialect.net_snmp:
        yield from _modules()
    cards = interfaces.cards_of(persona, machine, dialect)
    yield from interfaces.table((*MIB2, 2), cards, machine)
    yield from interfaces.extended_table((*MIB2, 31, 1), cards, machine)
    if not dialect.net_snmp or persona.os != "linux":
        yield from _ip(persona, machine, cards)
    if dialect.host:
        yield from _host(persona, machine)
    if dialect.printer:
        yield from _printer(persona, dialect)


def _system(persona: Persona, dialect: Dialect, uptime: Callable[[], float]) -> Iterator[tuple[Oid, Value]]:
    texts = {
        1: persona.banner or dialect.name,
        4: dialect.contact(persona),
        5: persona.hostname,
        6: dialect.location(persona),
    }
    yield (*SYSTEM, 2, 0), ber.oid((*ENTERPRISES, *dialect.object_id))
    yield (*SYSTEM, 3, 0), lambda: ber.integer(int(uptime() * 100) & TICKS, ber.TICKS)
    for column, text in texts.items():
        yield (*SYSTEM, column, 0), ber.string(text.encode("utf-8", "replace"))
    yield (*SYSTEM, 7, 0), ber.integer(dialect.services)


def _modules() -> Iterator[tuple[Oid, Value]]:
    """The MIB modules that net-snmp lists."""
    never = ber.integer(0, ber.TICKS)
    yield (*SYSTEM, 8, 0), never
    for row, (arcs, text) in enumerate(MODULES, 1):
        base = MIB2 if any(word in text for word in IN_MIB2) else (1, 3, 6, 1, 6, 3)
        yield (*SYSTEM, 9, 1, 2, row), ber.oid((*base, *arcs))
        yield (*SYSTEM, 9, 1, 3, row), ber.string(text.encode())
        yield (*SYSTEM, 9, 1, 4, row), never


def _ip(persona: Persona, machine: Machine, cards: list[interfaces.Card]) -> Iterator[tuple[Oid, Value]]:
    yield (*IP, 1, 0), ber.integer(2)
    yield (*IP, 2, 0), ber.integer(DEFAULT_TTL.get(persona.os, 64))
    for card in cards:
        if not card.address:
            continue
        address, mask = (
            bytes(map(int, card.address.split("."))),
            b"\xff\0\0\0" if card.loopback else bytes(map(int, network_of(machine).netmask.split("."))),
        )
        row = (
            ber.value(ber.ADDRESS, address), ber.integer(card.index), ber.value(ber.ADDRESS, mask),
            ber.integer(1), ber.integer(65535),
        )  # fmt: skip
        for column, value in enumerate(row, 1):
            yield (*IP, 20, 1, column, *address), value


def _host(persona: Persona, machine: Machine) -> Iterator[tuple[Oid, Value]]:
    from ..host.proc import command_line

    def uptime() -> bytes:
        return ber.integer(int((time.time() - machine.booted()) * 100) & TICKS, ber.TICKS)

    def date() -> bytes:
        now = time.gmtime()
        return ber.string(now.tm_year.to_bytes(2, "big") + bytes((*now[1:6], 0)) + b"+\0\0")

    yield (*HOST, 1, 1, 0), uptime
    yield (*HOST, 1, 2, 0), date
    yield (*HOST, 1, 3, 0), ber.integer(393216)
    root = command_line(machine)
    yield (*HOST, 1, 4, 0), ber.text(root.strip()[:MOST_PARAMETERS] if persona.os == "linux" else "")
    yield (*HOST, 1, 5, 0), ber.integer(0, ber.GAUGE)
    yield (*HOST, 1, 6, 0), lambda: ber.integer(_count(persona, machine), ber.GAUGE)
    yield (*HOST, 1, 7, 0), ber.integer(0)


def _count(persona: Persona, machine: Machine) -> int:
    """How many processes the machine has, apart from those of its visitors."""
    if persona.os != "linux":
        return persona.number("processes", 90, 210) + int(time.time()) // 60 % 5
    from ..host.processes import processes
    from ..host.services import services

    return len(processes(machine, services(machine), int(time.time()))[0])


def _printer(persona: Persona, dialect: Dialect) -> Iterator[tuple[Oid, Value]]:
    device = (
        ber.integer(1), ber.oid((*HOST, 3, 1, 5)), ber.string(dialect.name.encode()), ber.oid((0, 0)),
        ber.integer(2), ber.integer(0, ber.COUNTER),
    )  # fmt: skip
    for column, value in enumerate(device, 1):
        yield (*HOST, 3, 2, 1, column, 1), value
    yield (*HOST, 3, 5, 1, 1, 1), ber.integer(3)
    yield (*HOST, 3, 5, 1, 2, 1), ber.string(b"\0")
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    serial = "".join(persona.choice(f"serial {at}", letters) for at in range(10))
    yield (*PRINTER, 5, 1, 1, 17, 1), ber.string(serial.encode())
    yield (*PRINTER, 10, 2, 1, 4, 1, 1), ber.integer(persona.number("pages", 900, 160_000), ber.COUNTER)
