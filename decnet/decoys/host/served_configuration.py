"""Configuration files of servers that their administrator has changed: so that other hosts reach them, and
redis as it answers CONFIG GET. The other lines are those of the packages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..persona import Persona
from .node import Node
from .services import ServiceEntry

if TYPE_CHECKING:
    from .model import World
    from .packaged import PackagedFiles

LOOPBACK = re.compile(rb"^(bind-address\s*=\s*)127\.0\.0\.1", re.M)
MYSQL = ("/etc/mysql/mariadb.conf.d/50-server.cnf", "/etc/mysql/mysql.conf.d/mysqld.cnf")
SNMP = "/etc/snmp/snmpd.conf"
PATHS = {"mysql": MYSQL, "snmp": (SNMP,)}
CONTACTS = ("Me <me@example.org>", "root@localhost", "root")
LOCATIONS = ("Sitting on the Dock of the Bay", "Server Room", "Rack 2", "Unknown", "")
"""What administrators of net-snmp write; the first ones are the package's."""
REDIS = """bind 0.0.0.0
protected-mode no
port {port}
tcp-backlog 511
timeout 0
tcp-keepalive 300
daemonize no
supervised systemd
pidfile /run/redis/redis-server.pid
loglevel notice
logfile /var/log/redis/redis-server.log
databases 16
{saves}stop-writes-on-bgsave-error yes
rdbcompression yes
rdbchecksum yes
dbfilename dump.rdb
dir /var/lib/redis
appendonly no
"""


SAVES = "save 900 1\nsave 300 10\nsave 60 10000\n"
"""Of the packages before 7.0; from then on the file leaves it to the server."""


def contact_and_location(persona: Persona) -> tuple[str, str]:
    """sysContact and sysLocation of a machine's agent."""
    return persona.choice("snmp contact", CONTACTS), persona.choice("snmp location", LOCATIONS)


def files(world: World, packaged: PackagedFiles, entries: list[ServiceEntry]) -> dict[str, Node]:
    """Paths and nodes; each was changed soon after its service was installed."""
    found: dict[str, Node] = {}
    for entry in entries:
        when = max(world.installed + 900, entry.since) + world.persona.number(
            f"configured {entry.service}", 60, 900
        )
        if entry.program == "redis-server" and entry.ports:
            package = packaged.packages.get("redis-server")
            is_old = package is not None and package.version.startswith(("5:5.", "5:6."))
            text = REDIS.format(port=entry.ports[0][0], saves=SAVES if is_old else "").encode()
            found["/etc/redis/redis.conf"] = Node(0o640, content=text, owner="redis", changed=when)
        for path in PATHS.get(entry.service, ()):
            node = packaged.get(path)
            if node is not None:
                text = _snmp(world, node.data) if path == SNMP else LOOPBACK.sub(rb"\g<1>0.0.0.0", node.data)
                found[path] = replace(node, content=text, live=None, size=-1, digests=(), changed=when)
    return found


def _snmp(world: World, text: bytes) -> bytes:
    contact, location = contact_and_location(world.persona)
    lines = []
    for line in text.decode("utf-8", "replace").splitlines():
        first = line.partition(" ")[0]
        replaced = {
            "sysLocation": f"sysLocation    {location}",
            "sysContact": f"sysContact     {contact}",
            "agentaddress": "agentaddress  udp:161",
            "rocommunity": "rocommunity  public default",
        }
        lines.append(replaced.get(first, line))
    return "".join(f"{line}\n" for line in lines).encode()
