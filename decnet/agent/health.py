"""Whether a decky is healthy: its containers run and share one network namespace, its base is ready, and its
services listen."""

from __future__ import annotations

import sys

from . import docker, interfaces, limits
from .containers import whole_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Optional, Set, Tuple

    from .containers import Container

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
    tables = [shown(base.pid, "net/" + table) for table in TABLES]
    found = set()
    for table, content in zip(TABLES, tables):
        found |= ports_in((content or b"").decode("ascii", "replace"), table[:3])
    return all(tuple(port) in found for name in expected for port in expected[name].get("ports", []))


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


def listening(container: Container) -> Set[Tuple[int, str]]:
    """(port, "tcp" or "udp") of every listening TCP and open UDP socket in the container's network
    namespace."""
    open_ports: Set[Tuple[int, str]] = set()
    readable = 0
    for table in TABLES:
        try:
            with open("/proc/%d/net/%s" % (container.pid, table)) as file:
                open_ports |= ports_in(file.read(), table[:3])
            readable += 1
        except FileNotFoundError:
            # A kernel without IPv6 lacks one of the tables; a process of another PID namespace has none.
            continue
        except OSError:
            break
    if readable:
        return open_ports
    return {port for table in TABLES for port in ports_in(asked_inside(container, table), table[:3])}


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
    wanted = [(name, tuple(port)) for name in expected for port in expected[name].get("ports", [])]
    if not wanted:
        return None
    open_ports = listening(found[base])
    for name, port in wanted:
        if port not in open_ports:
            return name, "does not listen on %s/%s" % port
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
