"""Routes, addresses, neighbours and rules as a visitor has changed them: for `ip`, `route` and `arp`.

A table that was changed is kept as a whole in a note of the visitor, which a reboot forgets. A row is a
line of fields with tabs between them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from ...host.network import NetworkFacts, Route
from ..state import Shell

ROUTES, ADDRESSES, NEIGHBOURS, RULES, MTUS = (
    f"kernel {each}" for each in ("routes", "addresses", "neighbours", "rules", "mtus")
)
WIDTHS = {ROUTES: 9, ADDRESSES: 4, NEIGHBOURS: 3, RULES: 3, MTUS: 2}
"""Fields of a row: the last one of a note could be cut."""
MOST_ROWS, LONGEST = 12, 32
"""Rows of one table and characters of a field: a note is no longer than 1024 characters."""


@dataclass(frozen=True)
class Added:
    """An address beyond those of the machine."""

    device: str
    address: str
    prefix: int
    label: str

    @property
    def network(self) -> str:
        """Its network, as `ip route` shows it."""
        return str(IPv4Interface(f"{self.address}/{self.prefix}").network)


def rows(shell: Shell, table: str) -> list[list[str]]:
    """The rows of a changed table."""
    text = shell.files.notes.get(table, "")
    found = [line.split("\t") for line in text.split("\n") if line]
    return [row for row in found if len(row) >= WIDTHS[table]]


def keep(shell: Shell, table: str, found: list[list[str]]) -> None:
    """Set the rows of a table."""
    lines = ("\t".join(" ".join(cell.split())[:LONGEST] for cell in row) for row in found[:MOST_ROWS])
    shell.files.note(table, "\n".join(lines) or "\n")


def facts_of(shell: Shell) -> NetworkFacts:
    """The network with the visitor's changes of the main table."""
    facts = shell.world.network
    if ROUTES not in shell.files.notes:
        return facts
    return replace(facts, routes=tuple(_route_of(row) for row in rows(shell, ROUTES)))


def keep_routes(shell: Shell, routes: list[Route]) -> None:
    """Set the main table."""
    ordered = sorted(routes, key=_order)
    keep(shell, ROUTES, [_row_of(each) for each in ordered])


def _order(route: Route) -> tuple[int, int, int]:
    """As the kernel lists a table: by address, the wider networks first."""
    if route.destination == "default":
        return 0, 0, route.metric
    network = IPv4Network(route.destination)
    return int(network.network_address), network.prefixlen, route.metric


def _row_of(route: Route) -> list[str]:
    return [str(getattr(route, each.name)) for each in fields(Route)]


def _route_of(row: list[str]) -> Route:
    values = dict(zip((each.name for each in fields(Route)), row, strict=False))
    return Route(
        values["destination"], values["via"], values["protocol"], values["scope"], values["source"],
        int(values["metric"]), values["onlink"] == "True", values.get("device", ""), values.get("kind", ""),
    )  # fmt: skip


def added_addresses(shell: Shell, device: str) -> list[Added]:
    """The addresses that the visitor has given to a device."""
    found = [Added(row[0], row[1], int(row[2]), row[3]) for row in rows(shell, ADDRESSES)]
    return [each for each in found if each.device == device]


def add_address(shell: Shell, added: Added) -> bool:
    """Give an address to a device; False if it has it."""
    facts = facts_of(shell)
    own = facts.address if added.device == facts.interface else "127.0.0.1"
    if added.address == own or any(
        each.address == added.address for each in added_addresses(shell, added.device)
    ):
        return False
    row = [added.device, added.address, str(added.prefix), added.label]
    keep(shell, ADDRESSES, [*rows(shell, ADDRESSES), row])
    if added.prefix < 32 and added.device == facts.interface and not facts.is_near(added.address):
        connected = Route(added.network, "", "kernel", "link", added.address)
        keep_routes(shell, [*facts.routes, connected])
    return True


def remove_address(shell: Shell, device: str, address: str) -> bool:
    """Take an address from a device; False if the visitor has not given it."""
    found = rows(shell, ADDRESSES)
    left = [row for row in found if row[:2] != [device, address]]
    if len(left) == len(found):
        return False
    keep(shell, ADDRESSES, left)
    facts = facts_of(shell)
    keep_routes(shell, [each for each in facts.routes if each.source != address])
    return True


def mtu_of(shell: Shell, device: str, usual: int) -> int:
    """The largest packet of a device."""
    return next((int(row[1]) for row in rows(shell, MTUS) if row[0] == device), usual)


def set_mtu(shell: Shell, device: str, mtu: int) -> None:
    """Set it."""
    keep(shell, MTUS, [*(row for row in rows(shell, MTUS) if row[0] != device), [device, str(mtu)]])


def is_address(text: str) -> bool:
    """Whether this is an IPv4 address."""
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
