"""The machine's own network, read-only: default route, addresses, neighbour table."""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, NamedTuple, Optional, Tuple

    class Interface(NamedTuple):
        name: str
        address: int
        mask: int


_SIOCGIFFLAGS = 0x8913
_SIOCGIFADDR = 0x8915
_SIOCGIFNETMASK = 0x891B
_SIOCGIFHWADDR = 0x8927
_SIOCGIWNAME = 0x8B01
_UP, _RUNNING = 0x1, 0x40
_UP_AND_RUNNING = _UP | _RUNNING
_ETHERNET = 1
_COMPLETE = 0x2
_ROUTE_UP = 0x1
_RTM_GETADDR, _RTM_NEWADDR = 22, 20
_REQUEST_DUMP = 0x301
_PERMANENT = 0x80


def default_route() -> Tuple[Optional[str], Optional[str]]:
    """Interface and gateway of the default route with the lowest metric; (None, None) without one."""
    best: Optional[Tuple[int, str, Optional[str]]] = None
    for row in _rows("/proc/net/route"):
        if len(row) < 8 or row[1] != "00000000" or row[7] != "00000000" or not int(row[3], 16) & _ROUTE_UP:
            continue
        gateway = None if row[2] == "00000000" else dotted(struct.unpack("<I", bytes.fromhex(row[2]))[0])
        route = (int(row[6]), row[0], gateway)
        if best is None or route[0] < best[0]:
            best = route
    return (best[1], best[2]) if best else (None, None)


def routes(table: str = "/proc/net/route") -> List[str]:
    """The networks that the machine has a route to, in CIDR notation. Those wider than a /8 count as default
    routes: VPNs set two halves of all addresses in place of one."""
    found = set()
    for row in _rows(table):
        if len(row) < 8 or not int(row[3], 16) & _ROUTE_UP:
            continue
        address, mask = (struct.unpack("<I", bytes.fromhex(row[at]))[0] for at in (1, 7))
        if bin(mask).count("1") >= 8:
            found.add(cidr(address, mask))
    return sorted(found)


def neighbours(interface: Optional[str] = None) -> Dict[str, str]:
    """Address to MAC of the complete entries of the ARP table. Source: /proc/net/arp."""
    found = {}
    for row in _rows("/proc/net/arp"):
        if len(row) < 6 or not int(row[2], 16) & _COMPLETE or row[3] == "00:00:00:00:00:00":
            continue
        if interface in (None, row[5]):
            found[row[0]] = row[3].lower()
    return found


def interfaces() -> List[Interface]:
    """Name, first IPv4 address and netmask of each interface that has one."""
    found = []
    for name in _names():
        pair = address_of(name)
        if pair is not None:
            found.append((name, pair[0], pair[1]))
    return found  # type: ignore[return-value]


def address_of(name: str) -> Optional[Tuple[int, int]]:
    """The interface's first IPv4 address and netmask, or None."""
    address, mask = _ask(name, _SIOCGIFADDR), _ask(name, _SIOCGIFNETMASK)
    if address is None or mask is None:
        return None
    return struct.unpack(">I", address[20:24])[0], struct.unpack(">I", mask[20:24])[0]


def mac_of(name: str) -> Optional[bytes]:
    """The interface's Ethernet address; None if there is no such interface, or it has none."""
    answer = _ask(name, _SIOCGIFHWADDR)
    if answer is None or struct.unpack("H", answer[16:18])[0] != _ETHERNET:
        return None
    return answer[18:24]


def is_up(name: str) -> bool:
    """Whether the interface is up and has a carrier."""
    answer = _ask(name, _SIOCGIFFLAGS)
    return answer is not None and struct.unpack("H", answer[16:18])[0] & _UP_AND_RUNNING == _UP_AND_RUNNING


def link_error(name: str) -> str:
    """Why no packet can leave by the interface; "" if one can."""
    answer = _ask(name, _SIOCGIFFLAGS)
    if answer is None:
        return "does not exist"
    flags = struct.unpack("H", answer[16:18])[0]
    if not flags & _UP:
        return "is down"
    return "" if flags & _RUNNING else "has no carrier"


def is_wireless(name: str) -> bool:
    return _ask(name, _SIOCGIWNAME) is not None


def is_leased(name: str) -> bool:
    """Whether the interface has an IPv4 address with a limited lifetime, as from DHCP."""
    from socket import AF_INET, AF_NETLINK, SOCK_RAW, if_nametoindex, socket

    question = struct.pack("=IHHIIBBBBi", 24, _RTM_GETADDR, _REQUEST_DUMP, 1, 0, AF_INET, 0, 0, 0, 0)
    try:
        wanted = if_nametoindex(name)
        with socket(AF_NETLINK, SOCK_RAW) as asker:
            asker.settimeout(2.0)
            asker.send(question)
            for _ in range(64):
                for kind, body in _messages(asker.recv(1 << 16)):
                    if kind != _RTM_NEWADDR:
                        return False
                    flags, index = struct.unpack("=BxI", body[2:8])
                    if index == wanted and not flags & _PERMANENT:
                        return True
    except (OSError, struct.error):
        return False
    return False


def _messages(answer: bytes) -> List[Tuple[int, bytes]]:
    """Type and body of each message of a netlink answer."""
    found = []
    while len(answer) >= 16:
        length, kind = struct.unpack("=IH", answer[:6])
        if length < 16:
            break
        found.append((kind, answer[16:length]))
        answer = answer[(length + 3) & ~3 :]
    return found


def cidr(address: int, mask: int) -> str:
    return "%s/%d" % (dotted(address & mask), bin(mask).count("1"))


def dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def number_of(address: str) -> Optional[int]:
    """The IPv4 address as a number; None for anything but four plain decimal numbers."""
    parts = address.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    if max(numbers) > 255 or any(str(n) != part for n, part in zip(numbers, parts)):
        return None
    return numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3]


def network_of(subnet: str) -> Optional[Tuple[int, int]]:
    """First address and netmask of `a.b.c.d/n`; None for anything else, host bits set included."""
    address, _, length = subnet.partition("/")
    number = number_of(address)
    if number is None or not length.isascii() or not length.isdigit() or int(length) > 32:
        return None
    mask = 0xFFFFFFFF << (32 - int(length)) & 0xFFFFFFFF
    return None if number & ~mask & 0xFFFFFFFF else (number, mask)


def overlap(one: Tuple[int, int], other: Tuple[int, int]) -> bool:
    mask = one[1] & other[1]
    return one[0] & mask == other[0] & mask


def _names() -> List[str]:
    """From /proc/net, which is this process's own network namespace; /sys may show another one's."""
    return sorted(row[0].rstrip(":").partition(":")[0] for row in _rows("/proc/net/dev")[1:])


def _ask(name: str, question: int) -> Optional[bytes]:
    import fcntl

    from .sockets import AF_INET, SOCK_DGRAM, Socket

    asker = Socket(AF_INET, SOCK_DGRAM)
    try:
        return fcntl.ioctl(asker.fileno(), question, struct.pack("256s", name.encode()[:15]))
    except OSError:
        return None
    finally:
        asker.close()


def _rows(place: str) -> List[List[str]]:
    try:
        # An interface's name may hold any bytes; splitlines() would split it at more than "\n".
        with open(place, encoding="utf-8", errors="replace", newline="\n") as file:
            return [line.split() for line in file.read().split("\n")[1:] if line.strip()]
    except OSError:
        return []
