"""Whether a decky is really there: its containers run, share one network namespace, and listen."""

from __future__ import annotations

from . import docker, limits
from .logs import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Set, Tuple

    from .containers import Container

TABLES = ("tcp", "tcp6", "udp", "udp6")
_TCP_LISTEN = "0A"
_UDP_OPEN = "07"


def trouble(expected: Dict[str, Any], found: Dict[str, Container], base: str) -> Optional[Tuple[str, str]]:
    """The first container of the decky that is not healthy, and why; None for a healthy decky.

    `expected` is the slice's containers of the decky by name, `base` the name of the one whose network they
    share, `found` all of the fleet's by name.
    """
    for name in sorted(expected, key=lambda key: (bool(expected[key]["service"]), key)):
        container, wanted = found.get(name), expected[name]
        reason = _reason(container, wanted)
        if reason is not None:
            return name, reason
    return _silent(expected, found, base)


def listening(container: Container) -> Set[Tuple[int, str]]:
    """(port, "tcp" or "udp") of every socket that takes traffic in the container's network namespace."""
    open_ports: Set[Tuple[int, str]] = set()
    readable = 0
    for table in TABLES:
        try:
            with open("/proc/%d/net/%s" % (container.pid, table)) as file:
                open_ports |= ports_in(file.read(), table[:3])
            readable += 1
        except FileNotFoundError:
            # A kernel without IPv6 has no such table; a process of another PID namespace has none at all.
            continue
        except OSError:
            break
    return open_ports if readable else _asked_inside(container)


def ports_in(text: str, protocol: str) -> Set[Tuple[int, str]]:
    """The open ports of one table in the kernel's format."""
    wanted = _TCP_LISTEN if protocol == "tcp" else _UDP_OPEN
    found = set()
    for line in text.splitlines():
        words = line.split()
        if len(words) > 3 and words[3] == wanted and ":" in words[1]:
            found.add((int(words[1].rpartition(":")[2], 16), protocol))
    return found


def _reason(container: Optional[Container], wanted: Dict[str, Any]) -> Optional[str]:
    if container is None:
        return "is not there"
    if container.fingerprint != wanted["fingerprint"]:
        return "is an older one (fingerprint %s)" % container.fingerprint[:12]
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


def _asked_inside(container: Container) -> Set[Tuple[int, str]]:
    """The way for an agent that may not look into a foreign /proc entry: `cat` in the container."""
    open_ports: Set[Tuple[int, str]] = set()
    for table in TABLES:
        command = {"AttachStdout": True, "Cmd": ["cat", "/proc/net/" + table]}
        try:
            made = docker.post("/containers/%s/exec" % container.id, body=command)
            raw = docker.raw_post("/exec/%s/start" % made["Id"], {"Detach": False, "Tty": False})
        except docker.EngineError:
            continue
        text = b"".join(piece for _, piece in frames([raw]))[: limits.API_BYTES]
        open_ports |= ports_in(text.decode("ascii", "replace"), table[:3])
    return open_ports
