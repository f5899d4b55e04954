# ruff: noqa: E501 (facts in rows)
"""Addresses, routes and neighbours in SNMP (IP-MIB, IP-FORWARD-MIB), as net-snmp reports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network, ip_address
from typing import TYPE_CHECKING

from ..host.protocols import IP as COUNTERS_OF_IP
from . import ber
from .ber import Oid
from .tree import Rows, Table, Value

if TYPE_CHECKING:
    from ..host.network import NetworkFacts, Route
    from .host_view import Host

MIB2: Oid = (1, 3, 6, 1, 2, 1)
IP: Oid = (*MIB2, 4)
LOOPBACK, CARD = 1, 2
"""Their numbers in ifTable."""
LOCAL, REMOTE = 3, 4
"""Types of routes (ipCidrRouteType)."""
LOCAL_PROTOCOL = 2
DYNAMIC, REACHABLE, STALE = 3, 1, 2
NONE = ber.oid((0, 0))
ETHERNET_COUNTERS = (3, 7, 10, 11, 13, 16)
"""Errors of a card (dot3StatsTable)."""
FULL_DUPLEX = 3
UNUSED = ber.integer(-1)
ANY = "0.0.0.0"


def tables(host: Host) -> list[Table]:
    """The tables of addresses, routes, neighbours and statistics by version of the protocol."""
    made: list[tuple[Oid, tuple[int, ...], Callable[[NetworkFacts], Rows]]] = [
        ((*MIB2, 3, 1, 1), (1, 2, 3), _translations),
        ((*IP, 20, 1), (1, 2, 3, 4), _addresses),
        ((*IP, 21, 1), (1, 2, 3, 7, 8, 9, 11, 13), _routes),
        ((*IP, 22, 1), (1, 2, 3, 4), _media),
        ((*IP, 24, 4, 1), (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16), _classless_routes),
        ((*IP, 24, 7, 1), tuple(range(7, 18)), _internet_routes),
        ((*IP, 32, 1), tuple(range(5, 10)), _prefixes),
        ((*IP, 34, 1), tuple(range(3, 12)), _internet_addresses),
        ((*IP, 35, 1), tuple(range(4, 9)), _physical),
        ((*IP, 37, 1), (4, 5), _default_routers),
    ]

    def table(entry: Oid, columns: tuple[int, ...], rows: Callable[[NetworkFacts], Rows]) -> Table:
        return Table(entry, columns, lambda: rows(host.world.network))

    statistics = Table((*IP, 31, 1, 1), STATISTICS, lambda: _statistics(host))
    return [*(table(*each) for each in made), statistics]


def scalars(host: Host) -> Iterator[tuple[Oid, Value]]:
    """Settings and counters of IP, of IPv6 and of the card, and the number of routes."""
    for number, name in enumerate(COUNTERS_OF_IP, 1):
        encode = ber.integer if number in (1, 2, 13) else ber.counter
        yield (*IP, number, 0), host.counter(f"Ip{name}", encode)
    yield (*IP, 23, 0), ber.counter(0)
    yield (*IP, 24, 6, 0), lambda: ber.gauge(len(host.world.network.routes))
    yield (*IP, 25, 0), ber.integer(2)
    yield (*IP, 26, 0), ber.integer(64)
    yield (*IP, 31, 2, 0), ber.ticks(0)
    yield (*MIB2, 55, 1, 1, 0), ber.integer(2)
    yield (*MIB2, 55, 1, 2, 0), ber.integer(64)
    for column in ETHERNET_COUNTERS:
        yield (*MIB2, 10, 7, 2, 1, column, CARD), ber.counter(0)
    yield (*MIB2, 10, 7, 2, 1, 1, CARD), ber.integer(CARD)
    yield (*MIB2, 10, 7, 2, 1, 19, CARD), ber.integer(FULL_DUPLEX)
    yield (*IP, 33, 0), ber.integer(host.persona.number("address lock", 1, 0x7FFFFFFF))


# Neighbours


def _near(facts: NetworkFacts) -> Iterator[tuple[Oid, bytes, bytes, int]]:
    """Neighbours: address as numbers, MAC, address, and state in ipNetToPhysicalState."""
    for each in facts.neighbours:
        if each.mac:
            mac = ber.string(bytes.fromhex(each.mac.replace(":", "")))
            yield (
                _arcs(each.address),
                mac,
                ber.address(each.address),
                REACHABLE if each.state == "REACHABLE" else STALE,
            )


def _translations(facts: NetworkFacts) -> Rows:
    return {(CARD, 1, *arcs): (ber.integer(CARD), mac, address) for arcs, mac, address, _ in _near(facts)}


def _media(facts: NetworkFacts) -> Rows:
    dynamic = ber.integer(DYNAMIC)
    return {
        (CARD, *arcs): (ber.integer(CARD), mac, address, dynamic) for arcs, mac, address, _ in _near(facts)
    }


def _physical(facts: NetworkFacts) -> Rows:
    return {
        (CARD, 1, 4, *arcs): (mac, ber.ticks(0), ber.integer(DYNAMIC), ber.integer(state), ber.integer(1))
        for arcs, mac, _, state in _near(facts)
    }


# Addresses


def _own(facts: NetworkFacts) -> list[tuple[int, str, IPv4Network]]:
    return [(LOOPBACK, "127.0.0.1", IPv4Network("127.0.0.0/8")), (CARD, facts.address, facts.network)]


def _addresses(facts: NetworkFacts) -> Rows:
    return {
        _arcs(address): (
            ber.address(address), ber.integer(number), ber.address(str(network.netmask)), ber.integer(number == CARD),
        )
        for number, address, network in _own(facts)
    }  # fmt: skip


def _prefix(number: int, address: str, length: int) -> Oid:
    return (number, *_typed(address), length)


def _prefixes(facts: NetworkFacts) -> Rows:
    """The networks of the addresses, with a life that never ends."""
    found = [
        _prefix(number, str(network.network_address), network.prefixlen) for number, _, network in _own(facts)
    ]
    found += [_prefix(CARD, _network6(address, length), length) for address, length, _ in facts.inet6]
    found += [_prefix(LOOPBACK, "::1", 128)] if facts.loopback6 else []
    two, always = ber.integer(2), ber.gauge(0xFFFFFFFF)
    return {index: (two, ber.integer(1), two, always, always) for index in found}


def _internet_addresses(facts: NetworkFacts) -> Rows:
    found = [
        (number, address, str(network.network_address), network.prefixlen)
        for number, address, network in _own(facts)
    ]
    found += [(CARD, address, _network6(address, length), length) for address, length, _ in facts.inet6]
    found += [(LOOPBACK, "::1", "::1", 128)] if facts.loopback6 else []
    one, two, never = ber.integer(1), ber.integer(2), ber.ticks(0)
    return {
        _typed(address): (
            ber.integer(number), one, ber.oid((*IP, 32, 1, 5, *_prefix(number, network, length))), two, one, never, never, one, two,
        )
        for number, address, network, length in found
    }  # fmt: skip


def _network6(address: str, length: int) -> str:
    number = int(ip_address(address)) >> (128 - length) << (128 - length)
    return str(ip_address(number.to_bytes(16, "big")))


# Routes


def _each_route(facts: NetworkFacts) -> Iterator[tuple[IPv4Network, str, Route, bytes]]:
    """Routes: network, gateway or 0.0.0.0, and type."""
    for route in facts.routes:
        network = IPv4Network("0.0.0.0/0" if route.destination == "default" else route.destination)
        yield network, route.via or ANY, route, ber.integer(REMOTE if route.via else LOCAL)


def _routes(facts: NetworkFacts) -> Rows:
    return {
        _arcs(str(network.network_address)): (
            ber.address(str(network.network_address)), ber.integer(CARD), ber.integer(1 if route.via else 0), ber.address(via),
            kind, ber.integer(LOCAL_PROTOCOL), ber.address(str(network.netmask)), NONE,
        )
        for network, via, route, kind in _each_route(facts)
    }  # fmt: skip


def _default_routers(facts: NetworkFacts) -> Rows:
    """The gateway, with the longest life that the table can show."""
    found = {
        (*_typed(route.via), CARD) for route in facts.routes if route.destination == "default" and route.via
    }
    return {index: (ber.gauge(65_535), ber.integer(0)) for index in found}


def _classless_routes(facts: NetworkFacts) -> Rows:
    zero = ber.integer(0)
    rows: dict[Oid, tuple[bytes, ...]] = {}
    for network, via, route, kind in _each_route(facts):
        first, mask = str(network.network_address), str(network.netmask)
        rows[(*_arcs(first), *_arcs(mask), 0, *_arcs(via))] = (
            ber.address(first), ber.address(mask), zero, ber.address(via), ber.integer(CARD), kind, ber.integer(LOCAL_PROTOCOL),
            NONE, zero, ber.integer(route.metric), UNUSED, UNUSED, UNUSED, UNUSED, ber.integer(1),
        )  # fmt: skip
    return rows


def _internet_routes(facts: NetworkFacts) -> Rows:
    nothing = ber.gauge(0)
    rows: dict[Oid, tuple[bytes, ...]] = {}
    for network, via, route, kind in _each_route(facts):
        policy = (2, 0, 0) if route.via else (3, 0, 0, CARD)
        index = (*_typed(str(network.network_address)), network.prefixlen, *policy, *_typed(via))
        rows[index] = (
            ber.integer(CARD), kind, ber.integer(LOCAL_PROTOCOL), nothing, nothing, ber.integer(route.metric), UNUSED, UNUSED,
            UNUSED, UNUSED, ber.integer(1),
        )  # fmt: skip
    return rows


# Statistics

STATISTICS = (*range(3, 22), *range(22, 42), 42, 43, 44, 45, 46, 47)
WIDE = (4, 6, 13, 19, 21, 24, 31, 33, 35, 37, 39, 41, 43, 45)
"""Columns that are Counter64."""
ONLY_4 = (22, 42, 43, 44, 45)
"""Columns that IPv6 does not have."""
REFRESHED = 60_000


def _statistics(host: Host) -> Rows:
    """The traffic of IPv4 and of IPv6; the machine has none of the latter."""
    found = host.counters()
    came, left = found["IpInReceives"], found["IpOutRequests"]
    bytes_in, bytes_out = host.octets()
    delivered = found["IpInDelivers"]
    of_4 = {3: came, 4: came, 5: bytes_in, 6: bytes_in, 18: delivered, 19: delivered, 20: left, 21: left,
            22: found["IpOutNoRoutes"], 30: left, 31: left, 32: bytes_out, 33: bytes_out}  # fmt: skip
    return {
        (1,): tuple(_statistic(column, of_4) for column in STATISTICS),
        (2,): tuple(None if column in ONLY_4 else _statistic(column, {}) for column in STATISTICS),
    }


def _statistic(column: int, values: dict[int, int]) -> bytes:
    if column == 46:
        return ber.ticks(0)
    if column == 47:
        return ber.gauge(REFRESHED)
    return (ber.counter64 if column in WIDE else ber.counter)(values.get(column, 0))


def _arcs(address: str) -> Oid:
    return tuple(map(int, address.split(".")))


def _typed(address: str) -> Oid:
    """An address with its type and length before it (InetAddress as an index)."""
    raw = ip_address(address).packed
    return (1 if len(raw) == 4 else 2, len(raw), *raw)
