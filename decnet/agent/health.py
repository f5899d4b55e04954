"""Whether a decky is healthy: its containers run and share one network namespace, its base is ready, and its
services listen."""

from __future__ import annotations

import sys

from . import docker, interfaces, limits
from .containers import whole_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Optional, Set, Tuple

    from .containers import Container

    Port = Tuple[int, str]
    """Number, and "tcp" or "udp"."""

TABLES = ("tcp", "tcp6", "udp", "udp6")
_TCP_LISTEN = "0A"
_UDP_OPEN = "07"
SLEEPER = b"/bin/busybox\0sleep\0"
"""The start of a ready base's command line: images/base/start.py becomes this program after it has announced
its address and dropped its capabilities. Unlike a log, it does not rotate and attackers cannot influence
it."""


def trouble(expected: Dict[str, Any], found: Dict[str, Container], base: str) -> Optional[Tuple[str, str]]:
    """The first unhealthy container of the decky, and the reason; None for a healthy decky.

    `expected` is the slice's containers of the decky by name, `base` the name of the one whose network they
    share, `found` all containers of the fleet by name.
    """
    for name in sorted(expected, key=lambda key: (bool(expected[key]["service"]), key)):
        container, wanted = found.get(name), expected[name]
        reason = _reason(container, wanted)
        if reason is not None:
            return name, reason
    reason = unready(found[base])
    return (base, reason) if reason else _silent(expected, found, base)


def unready(base: Container) -> Optional[str]:
    """Why a running base is not ready; None if it is, or if its process is not visible from here."""
    command = shown(base.pid, "cmdline")
    return "has not become ready" if command and not command.startswith(SLEEPER) else cut_off(base)


def serves(expected: Dict[str, Any], base: Optional[Container]) -> bool:
    """Whether the base is ready and all expected ports are open, as far as the kernel shows it without the
    engine; False if it does not."""
    if base is None or not base.pid or not (shown(base.pid, "cmdline") or b"").startswith(SLEEPER):
        return False
    return not _missing(_ports_of(expected), lambda table: shown(base.pid, "net/" + table))


def has_room(base: Container, wanted: Dict[str, Any]) -> bool:
    """Whether the base is ready, and nothing there has a port of the service that the slice describes so, as
    far as the kernel shows it without the engine; False if it does not."""
    if not (shown(base.pid, "cmdline") or b"").startswith(SLEEPER) or shown(base.pid, "net/tcp") is None:
        return False
    ports = _ports_of({"": wanted})
    return _missing(ports, lambda table: shown(base.pid, "net/" + table)) == ports


def cut_off(base: Container, described: Iterable[str] = ()) -> Optional[str]:
    """The error of a base that has lost an interface with an address of it; None if it has all, or if that is
    not visible. `described`: its addresses in the slice, since the engine forgets those of a network from
    which it was disconnected."""
    content = shown(base.pid, "net/route")
    addresses = {*base.addresses, *described}
    if content is None or not addresses:
        return None
    routes = content.decode("ascii", "replace")
    is_there = all(_leads_to(routes, address) for address in addresses)
    return None if is_there else "has lost its interface"


def shown(pid: int, name: str) -> Optional[bytes]:
    """A file of the process in /proc, at most 1 MiB; None if it cannot be read."""
    return whole_file("/proc/%d/%s" % (pid, name), 1 << 20)


def silent_ports(container: Container, wanted: Set[Port]) -> Set[Port]:
    """Those of the ports for which there is no listening TCP or open UDP socket in the container's network
    namespace."""
    readable = []

    def content(table: str) -> Optional[bytes]:
        found = shown(container.pid, "net/" + table)
        # A kernel without IPv6 lacks one of the tables; a process that is not visible from here has none.
        readable.extend([] if found is None else [table])
        return found

    left = _missing(wanted, content)
    if left and not readable:
        left = _missing(wanted, lambda table: asked_inside(container, table).encode())
    return left


def _missing(wanted: Set[Port], content: Callable[[str], Optional[bytes]]) -> Set[Port]:
    """The ports that none of the tables has; only those are read that can have one. The kernel needs more
    than a millisecond to list the TCP sockets of one namespace."""
    left = set(wanted)
    for table in TABLES:
        if any(protocol == table[:3] for _, protocol in left):
            left -= ports_in((content(table) or b"").decode("ascii", "replace"), table[:3])
    return left


def _ports_of(expected: Dict[str, Any]) -> Set[Port]:
    return {
        (int(port), str(protocol)) for row in expected.values() for port, protocol in row.get("ports", [])
    }


def ports_in(text: str, protocol: str) -> Set[Tuple[int, str]]:
    """The open ports of one table in the kernel's format."""
    wanted = _TCP_LISTEN if protocol == "tcp" else _UDP_OPEN
    found = set()
    for line in text.splitlines():
        words = line.split()
        if len(words) > 3 and words[3] == wanted and ":" in words[1]:
            found.add((int(words[1].rpartition(":")[2], 16), protocol))
    return found


def _leads_to(routes: str, address: str) -> bool:
    """Whether there is a route to the address's own LAN in /proc/net/route. The kernel removes it with the
    interface, and while the interface is down."""
    number = interfaces.number_of(address)
    for line in routes.splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and number is not None:
            network, mask = _in_order(words[1]), _in_order(words[7])
            if mask and number & mask == network:
                return True
    return False


def _in_order(digits: str) -> int:
    """A number that the kernel shows in the byte order of the machine."""
    return int.from_bytes(int(digits, 16).to_bytes(4, sys.byteorder), "big")


def _reason(container: Optional[Container], wanted: Dict[str, Any]) -> Optional[str]:
    if container is None:
        return "does not exist"
    if container.fingerprint != wanted["fingerprint"]:
        return "is outdated (fingerprint %s)" % container.fingerprint[:12]
    if container.state != "running":
        code = "" if container.exit_code is None else ", exit status %d" % container.exit_code
        return "is %s%s" % (container.state, code)
    if container.attached is False:
        return "is not in its base's network"
    return None


def _silent(expected: Dict[str, Any], found: Dict[str, Container], base: str) -> Optional[Tuple[str, str]]:
    silent = silent_ports(found[base], _ports_of(expected))
    for name in expected:
        for port, protocol in expected[name].get("ports", []) if silent else ():
            if (port, protocol) in silent:
                return name, "does not listen on %s/%s" % (port, protocol)
    return None


def asked_inside(container: Container, table: str) -> str:
    """A table of sockets for an agent that may not read /proc of another user's process: `cat` in the
    container. "" if that fails."""
    from .logs import frames

    command = {"AttachStdout": True, "Cmd": ["cat", "/proc/net/" + table]}
    try:
        made = docker.post("/containers/%s/exec" % container.id, body=command)
        raw = docker.raw_post("/exec/%s/start" % made["Id"], {"Detach": False, "Tty": False})
    except docker.EngineError:
        return ""
    return b"".join(piece for _, piece in frames([raw]))[: limits.API_BYTES].decode("ascii", "replace")
