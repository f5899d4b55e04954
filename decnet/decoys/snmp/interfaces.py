# ruff: noqa: E501 (facts in rows)
"""Network interfaces and their counters (IF-MIB's ifTable)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..host.network import BYTES_IN, BYTES_OUT, LOOPBACK_BYTES, OUT_OF, traffic
from ..machine import Machine
from ..persona import Persona
from . import ber
from .ber import Oid
from .dialects import OTHER_CARD, VMWARE_CARD, Dialect
from .tree import Value

ETHERNET, LOOPBACK, VIRTUAL, OTHER = 6, 24, 53, 1
COPPER_PORTS = 24
"""Of a switch; the ports after them are slots, of which only the last one is in use."""
COUNTER = 0xFFFFFFFF
FASTEST = 0xFFFFFFFF
"""ifSpeed of a card that is too fast for it: vmxnet3 has 10 Gbit/s."""
GUEST_CARD = "ens192"
VMXNET3 = "VMware VMXNET3 Ethernet Controller"
"""Debian's net-snmp takes the description of a card from the list of PCI devices."""
LINUX_LOOPBACK = 65536
"""The MTU of Linux's loopback device."""


@dataclass(frozen=True)
class Card:
    """One interface; `share` is its part of the machine's traffic."""

    index: int
    name: str
    kind: int
    speed: int
    mac: bytes = b""
    address: str = ""
    up: bool = True
    share: float = 0.0
    mtu: int = 1500
    short: str = ""
    """ifName of ifXTable, "" without one."""

    @property
    def loopback(self) -> bool:
        """Whether it is not connected."""
        return self.kind == LOOPBACK


def cards_of(persona: Persona, machine: Machine, dialect: Dialect) -> list[Card]:
    """The machine's interfaces, in the order of their indices."""
    mac = bytes.fromhex(machine.mac.replace(":", ""))
    if dialect.ports:
        return _switch(persona, dialect, mac, machine.address)
    cards: list[Card] = []
    if dialect.loopback:
        speed = 10_000_000 if dialect.net_snmp else 1_073_741_824
        cards.append(
            Card(
                1,
                dialect.loopback,
                LOOPBACK,
                speed,
                address="127.0.0.1",
                mtu=LINUX_LOOPBACK if dialect.net_snmp else 1500,
                short=dialect.loopback if dialect.net_snmp else "",
            )
        )
    name = _card_name(persona, machine, dialect)
    short = machine.interface() if dialect.net_snmp else ""
    speed = FASTEST if short == GUEST_CARD else dialect.speed
    cards.append(Card(len(cards) + 1, name, ETHERNET, speed, mac, machine.address, share=1.0, short=short))
    return cards


def _card_name(persona: Persona, machine: Machine, dialect: Dialect) -> str:
    if persona.os.startswith("windows"):
        return VMWARE_CARD if persona.mac.startswith(("00:50:56", "00:0c:29")) else OTHER_CARD
    if not dialect.net_snmp:
        return dialect.card
    return VMXNET3 if machine.interface() == GUEST_CARD else machine.interface()


def _switch(persona: Persona, dialect: Dialect, mac: bytes, address: str) -> list[Card]:
    cisco = dialect.object_id[0] == 9
    ports = []
    for port in range(1, dialect.ports + 1):
        up = persona.choice(f"port {port}", (True, True, False)) and port <= COPPER_PORTS
        up = up or (cisco and port == dialect.ports)
        name = f"GigabitEthernet1/0/{port}" if cisco else f"Slot: 0 Port: {port} Gigabit - Level"
        number = (int.from_bytes(mac, "big") + port).to_bytes(7, "big")[-6:]
        speed = 1_000_000_000 if up or not cisco else 10_000_000
        ports.append(
            Card(
                10100 + port if cisco else port,
                name,
                ETHERNET,
                speed,
                number,
                up=up,
                share=(170 + persona.number(f"share of port {port}", 0, 640)) / 100 if up else 0.0,
            )
        )
    if not cisco:
        cpu = Card(
            dialect.ports + 41, " CPU Interface for Slot: 5 Port: 1", OTHER, 0, mac, address, share=1.0
        )
        return [*ports, cpu]
    vlan = Card(1, "Vlan1", VIRTUAL, 1_000_000_000, mac, address, share=1.0)
    return [vlan, *ports, Card(14501, "Null0", OTHER, 4_294_967_295)]


def table(group: Oid, cards: list[Card], machine: Machine) -> Iterator[tuple[Oid, Value]]:
    """ifNumber and ifTable."""
    yield (*group, 1, 0), ber.integer(len(cards))
    for card in cards:
        for column, value in enumerate(_row(card, machine), 1):
            yield (*group, 2, 1, column, card.index), value


def _row(card: Card, machine: Machine) -> tuple[Value, ...]:
    zero = ber.integer(0, ber.COUNTER)
    status = ber.integer(1 if card.up else 2)
    received, sent = _packets(card, machine, 1), _packets(card, machine, OUT_OF)
    sizes = (BYTES_IN, BYTES_OUT)
    if card.loopback and card.mtu == LINUX_LOOPBACK:
        received = sent = lambda: traffic(machine, "lo").packets_in
        sizes = (LOOPBACK_BYTES, LOOPBACK_BYTES)
    return (
        ber.integer(card.index), ber.string(card.name.encode()), ber.integer(card.kind),
        ber.integer(card.mtu),
        ber.integer(card.speed, ber.GAUGE), ber.string(card.mac), ber.integer(1), status,
        ber.integer(0, ber.TICKS),
        _counter(received, sizes[0]), _counter(received, 1), zero, zero, zero, zero,
        _counter(sent, sizes[1]), _counter(sent, 1), zero, zero, zero,
        ber.integer(0, ber.GAUGE), ber.oid((0, 0)),
    )  # fmt: skip


def _packets(card: Card, machine: Machine, of: int) -> Callable[[], int]:
    return lambda: int(machine.received() * card.share) // of


def _counter(packets: Callable[[], int], size: int) -> Value:
    return lambda: ber.integer(packets() * size & COUNTER, ber.COUNTER)


def extended_table(group: Oid, cards: list[Card], machine: Machine) -> Iterator[tuple[Oid, Value]]:
    """ifXTable (RFC 2863) of the cards that have a name in it, and ifTableLastChange."""
    named = [card for card in cards if card.short]
    for card in named:
        for column, value in _extended_row(card, machine).items():
            yield (*group, 1, 1, column, card.index), value
    if named:
        yield (*group, 5, 0), ber.ticks(0)


def _extended_row(card: Card, machine: Machine) -> dict[int, Value]:
    interface = "lo" if card.loopback else machine.interface()

    def wide(field: str) -> Value:
        return lambda: ber.counter64(getattr(traffic(machine, interface), field))

    speed = 10_000 if card.speed == FASTEST else card.speed // 1_000_000
    none, none64 = ber.counter(0), ber.counter64(0)
    return {
        1: ber.text(card.short), 2: none, 3: none, 4: none, 5: none, 6: wide("bytes_in"), 7: wide("packets_in"), 8: none64, 9: none64,
        10: wide("bytes_out"), 11: wide("packets_out"), 12: none64, 13: none64, 15: ber.gauge(speed), 16: ber.integer(2),
        17: ber.integer(2 if card.loopback else 1), 18: ber.text(""), 19: ber.ticks(0),
    }  # fmt: skip
