# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What servers write while they run: data folders, sockets and logs, by their program. Sources: the servers of Debian and
Ubuntu, installed and started."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from ..der import pem
from ..machine_certificate import unused_certificate
from ..persona import Persona
from ..redis_saves import last_save
from . import enabled_files, postfix_files, served_configuration, visited_logs
from .hardware import uuid_for
from .host_keys import CERTIFICATE, keys_of
from .node import Node
from .pids import pid_at
from .printed import built_as_proftpd
from .services import ServiceEntry
from .visited_logs import rotated

if TYPE_CHECKING:
    from .model import World
    from .packaged import PackagedFiles

KEY_HEAD = bytes.fromhex("308204be020100300d06092a864886f70d0101010500048204a8308204a40201000282010100")
"""The begin of an RSA key of 2,048 bits in PKCS #8 (RFC 5208)."""
DAY, WEEK = 86_400, 7 * 86_400
MYSQL_DATA = """auto.cnf:56:640 binlog.index:16:640 ca-key.pem:1680:600 ca.pem:1112:644 client-cert.pem:1112:644 client-key.pem:1680:600 debian-5.7.flag:0:644
#ib_16384_0.dblwr:196608:640 #ib_16384_1.dblwr:8585216:640 ib_buffer_pool:3574:640 ibdata1:12582912:640 ibtmp1:12582912:640 mysql.ibd:30408704:640 private_key.pem:1680:600
public_key.pem:452:644 server-cert.pem:1112:644 server-key.pem:1680:600 undo_001:16777216:640 undo_002:16777216:640 #innodb_redo/ #innodb_temp/ mysql/ performance_schema/ sys/"""
MARIADB_DATA = """aria_log.00000001:417792:660 aria_log_control:52:660 debian-10.11.flag:0:644 ddl_recovery.log:9:660 ib_buffer_pool:1122:660 ibdata1:12582912:660
ib_logfile0:100663296:660 ibtmp1:12582912:660 multi-master.info:0:660 mysql_upgrade_info:15:660 mysql/ performance_schema/ sys/"""
QUEUES = "active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace"
REDIS_OF = {"11": "6.0.16", "20.04": "5.0.7", "22.04": "6.0.16", "24.04": "7.0.15"}
POSTFIX_OF = {"11": "3.5.25", "20.04": "3.4.13", "22.04": "3.6.4", "24.04": "3.8.6"}
MOST_DATA = 256
"""Bytes of a data file that are known."""
Lines = list[tuple[int, str]]

_unused: dict[str, bytes] = {}
"""Certificates of machines on which no service shows one, by their seeds."""


def files(world: World, packaged: PackagedFiles) -> dict[str, Node]:
    """Paths and nodes of the services that the machine has now; their logs are made when they are read."""
    found: dict[str, Node] = {}
    for entry in world.services():
        maker = MAKERS.get(entry.program)
        if maker is not None:
            found |= maker(world, packaged, entry)
    found |= served_configuration.files(world, packaged, world.services())
    return found | _snakeoil(world, packaged) if "ssl-cert" in packaged.packages else found


def _snakeoil(world: World, packaged: PackagedFiles) -> dict[str, Node]:
    """The certificate that the package ssl-cert makes, and a private key that is not the servers'."""
    made, when = packaged.made["/etc/ssl/certs"], world.installed + 300

    def certificates() -> dict[str, Node]:
        text = pem("CERTIFICATE", _certificate(world.persona))
        return {**made(), "ssl-cert-snakeoil.pem": Node(content=text, changed=when)}

    packaged.made["/etc/ssl/certs"] = certificates
    key = pem("PRIVATE KEY", KEY_HEAD + world.persona.bytes_for("snakeoil key", 1_192))
    path = "/etc/ssl/private/ssl-cert-snakeoil.key"
    return {path: Node(0o640, group="ssl-cert", content=key, changed=when)}


def _certificate(persona: Persona) -> bytes:
    """The one that the services show, if one has announced it; else one of a key that no service has."""
    known = keys_of(persona.seed).get(CERTIFICATE) or _unused.get(persona.seed)
    if known is None:
        known = _unused[persona.seed] = unused_certificate(persona)
    return known


def starts(world: World, entry: ServiceEntry, since: int) -> Iterator[int]:
    """When a service was started since a time, the earliest first."""
    machine = world.machine
    for start, _ in reversed(machine.starts(machine.start_at(since))):
        when = start + machine.start_seconds(entry.service)
        if start >= entry.since or start == machine.start_at(entry.since):
            when = max(when, entry.since)
            if since <= when <= time.time():
                yield when


def mail_log(world: World, start: int) -> Lines:
    """What Postfix logs when the machine is started at that time."""
    pid = _pid(world, "master")
    when = start + world.machine.start_seconds("smtp")
    version = POSTFIX_OF.get(world.system.version, "3.7.11")
    return [
        (when - 1, f"postfix/postfix-script[{pid - 1}]: starting the Postfix mail system"),
        (when, f"postfix/master[{pid}]: daemon started -- version {version}, configuration /etc/postfix"),
    ] if pid else []  # fmt: skip


def _pid(world: World, name: str) -> int:
    entries = world.processes(int(time.time()))
    return next((each.pid for each in entries if each.name == name), 0)


def _version(packaged: PackagedFiles, package: str, usual: str) -> str:
    """The version of the program without what the distribution adds."""
    known = packaged.packages.get(package)
    return (
        known.version.partition(":")[2].partition("-")[0] or known.version.partition("-")[0]
        if known
        else usual
    )


def _log(make: Callable[[], Lines], begun: int, owner: str, mode: int = 0o640) -> Node:
    lines = make()
    content = "".join(f"{line}\n" for _, line in lines).encode()
    return Node(mode, content=content, owner=owner, group="adm", changed=lines[-1][0] if lines else begun)


def _beginning(world: World, path: str, size: int, texts: dict[str, str]) -> bytes:
    """What is known of a data file: all of a text, the begin of others."""
    name = path.rpartition("/")[2]
    noise = world.persona.bytes_for(path, min(size, MOST_DATA))
    if name.endswith(".pem"):
        kind = "PUBLIC KEY" if "public" in name else "RSA PRIVATE KEY" if "key" in name else "CERTIFICATE"
        return pem(kind, KEY_HEAD + world.persona.bytes_for(path, size))[:size]
    return texts[name].encode()[:size] if name in texts else noise


def _data(
    world: World, entry: ServiceEntry, folder: str, owner: str, rows: str, texts: dict[str, str]
) -> dict[str, Node]:
    first, booted = max(world.installed + 900, entry.since), world.booted()
    found = {
        folder: Node(0o700 if "binlog" in rows else 0o755, True, owner=owner, changed=max(first, booted + 10))
    }
    for row in rows.split():
        name, _, rest = row.partition(":")
        if name.endswith("/"):
            found[f"{folder}/{name[:-1]}"] = Node(
                0o750 if "binlog" in rows else 0o700, True, owner=owner, changed=first + 5
            )
            continue
        size, _, mode = rest.partition(":")
        is_live = name.startswith(("ib", "undo", "mysql.ibd", "aria_log.", "#ib"))
        path = f"{folder}/{name}"
        found[path] = Node(
            int(mode, 8),
            owner=owner,
            content=_beginning(world, path, int(size), texts),
            size=int(size),
            changed=max(first, booted + 11) if is_live else first + 4,
        )
    return found


def _mysql(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> dict[str, Node]:
    when = world.machine.started(entry.service, entry.since)
    number = _version(packaged, "mariadb-server-10.5", "10.5" if world.system.version == "11" else "10.11")
    mariadb = MARIADB_DATA.replace("debian-10.11", f"debian-{'.'.join(number.split('.')[:2])}")
    texts = {
        "auto.cnf": f"[auto]\nserver-uuid={uuid_for(world.machine, 'mysql')}\n",
        "mysql_upgrade_info": f"{_version(packaged, 'mariadb-server', '10.11.6')}-MariaDB",
        "binlog.index": "./binlog.000001\n",
    }
    found = _data(
        world, entry, "/var/lib/mysql", "mysql", MYSQL_DATA if entry.program == "mysqld" else mariadb, texts
    )
    found["/var/log/mysql"] = Node(
        0o2750 if entry.program == "mariadbd" else 0o750,
        True,
        owner="mysql",
        group="adm",
        changed=rotated(world, DAY),
    )
    found["/run/mysqld/mysqld.sock"] = Node(0o777, owner="mysql", kind="s", changed=when)
    if entry.program == "mysqld":
        found["/run/mysqld/mysqld.sock.lock"] = Node(
            0o600, owner="mysql", content=f"{_pid(world, 'mysqld')}\n".encode(), changed=when
        )
        packaged.made["/var/log/mysql"] = lambda: {
            "error.log": _log(partial(_mysql_log, world, packaged, entry), rotated(world, DAY), "mysql")
        }
    return found


def _mysql_log(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> Lines:
    known = next(
        (
            package
            for name in ("mysql-server-8.0", "mysql-server")
            if (package := packaged.packages.get(name))
        ),
        None,
    )
    version, pid, found = known.version if known else "8.0.39", _pid(world, "mysqld"), []
    for when in starts(world, entry, rotated(world, DAY)):
        texts = ((0, "0 [System] [MY-010116] [Server]", f"/usr/sbin/mysqld (mysqld {version}) starting as process {pid}"),
                 (0, "1 [System] [MY-013576] [InnoDB]", "InnoDB initialization has started."),
                 (1, "1 [System] [MY-013577] [InnoDB]", "InnoDB initialization has ended."),
                 (1, "0 [Warning] [MY-010068] [Server]", "CA certificate ca.pem is self signed."),
                 (1, "0 [System] [MY-013602] [Server]", "Channel mysql_main configured to support TLS. Encrypted connections are now supported for this channel."),
                 (1, "0 [System] [MY-011323] [Server]", "X Plugin ready for connections. Bind-address: '127.0.0.1' port: 33060, socket: /var/run/mysqld/mysqlx.sock"),
                 (1, "0 [System] [MY-010931] [Server]", f"/usr/sbin/mysqld: ready for connections. Version: '{version}'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  (Ubuntu)."))  # fmt: skip
        found += [(when + later, f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(when + later))}.{(when * 7919 + at * 60_413) % 1_000_000:06}Z {head} {text}")
                  for at, (later, head, text) in enumerate(texts)]  # fmt: skip
    return found


def _redis(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> dict[str, Node]:
    first = max(world.installed + 900, entry.since)
    saved = int(last_save(world.machine, world.machine.started(entry.service, entry.since)))
    packaged.made["/var/log/redis"] = lambda: {
        "redis-server.log": _log(
            partial(_redis_log, world, packaged, entry), rotated(world, WEEK), "redis", 0o660
        )
    }
    return {
        "/var/lib/redis": Node(0o750, True, owner="redis", changed=max(first, saved)),
        "/var/lib/redis/dump.rdb": Node(
            0o660,
            owner="redis",
            content=_dump(world, _version(packaged, "redis-server", "7.0.15"), saved),
            size=world.persona.number("dump", 900, 9_000),
            changed=max(first, saved),
        ),
        "/var/log/redis": Node(0o2750, True, owner="redis", group="adm", changed=rotated(world, WEEK)),
    }


def _dump(world: World, version: str, saved: int) -> bytes:
    """The begin of a dump: its version, the server's, and when it was saved (rdb.h of redis)."""
    number = {"5": 9, "6": 9}.get(version[:1], 10)
    front = f"REDIS{number:04}".encode() + b"\xfa\x09redis-ver" + bytes([len(version)]) + version.encode()
    ended = b"\xfa\x0aredis-bits\xc0@\xfa\x05ctime\xc2" + struct.pack("<I", saved)
    return front + ended + world.persona.bytes_for("dump.rdb", MOST_DATA)


def _redis_log(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> Lines:
    version = _version(packaged, "redis-server", REDIS_OF.get(world.system.version, "7.0.15"))
    pid, found = _pid(world, "redis-server"), []
    old = version.startswith(("5.", "6."))
    for when in starts(world, entry, rotated(world, WEEK)):
        texts = ["C # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", f"C # Redis version={version}, bits=64, commit=00000000, modified=0, pid={pid}, just started",
                 "C # Configuration loaded", *(["M * monotonic clock: POSIX clock_gettime"] if not old else []), "M * Running mode=standalone, port=6379.", "M # Server initialized",
                 *([f"M * Loading RDB produced by version {version}"] if version != "5.0.7" else []), "M * DB loaded from disk: 0.000 seconds", "M * Ready to accept connections"]  # fmt: skip
        stamp = time.strftime("%d %b %Y %H:%M:%S", time.gmtime(when))
        found += [
            (when, f"{pid}:{text[0]} {stamp}.{(when * 7 + at) % 1000:03} {text[2:]}")
            for at, text in enumerate(texts)
        ]
    return found


def _postfix(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> dict[str, Node]:
    first, host = max(world.installed + 900, entry.since), world.hostname
    when = world.machine.started(entry.service, entry.since)
    found = {f"/var/spool/postfix/{name}": Node(0o710 if name == "public" else 0o730 if name == "maildrop" else 0o700, True, owner="postfix",
                                               group="postdrop" if name in ("public", "maildrop") else "root", changed=when if name in ("private", "public") else first)
             for name in QUEUES.split()}  # fmt: skip
    found |= {
        "/var/spool/postfix/pid": Node(0o755, True, changed=when),
        "/var/spool/postfix/pid/master.pid": Node(
            0o600, content=f"{_pid(world, 'master'):>33}\n".encode(), changed=when
        ),
        "/var/lib/postfix/master.lock": Node(
            0o600, owner="postfix", content=f"{_pid(world, 'master'):>33}\n".encode(), changed=when
        ),
        "/etc/mailname": Node(content=f"{host}\n".encode(), changed=first),
        "/etc/aliases": Node(content=b"# See man 5 aliases for format\npostmaster:    root\n", changed=first),
        "/etc/aliases.db": Node(content=_hash(world), size=12_288, changed=first + 1),
    }
    found |= {
        path: Node(content=content, changed=first + 2) for path, content in postfix_files.files(world).items()
    }
    return found


def _hash(world: World) -> bytes:
    """The first page of a hash of Berkeley DB: its magic number, version 9, pages of 4,096 bytes, its file's id."""
    numbers = struct.pack("<6I", 0, 0, 0, 0x0006_1561, 9, 4096)
    return numbers.ljust(52, b"\0") + world.persona.bytes_for("aliases.db", 20)


def _apache(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> dict[str, Node]:
    def logs() -> dict[str, Node]:
        begun, first = rotated(world, DAY), max(world.installed + 900, entry.since)
        usual = Node(0o640, group="adm", changed=first)
        return {**visited_logs.files(world, "access", "access.log", DAY, usual), "other_vhosts_access.log": usual,
                "error.log": _log(partial(_apache_log, world, packaged, entry), begun, "root")}  # fmt: skip

    packaged.made["/var/log/apache2"] = logs
    folder = Node(0o750, True, group="adm", changed=rotated(world, DAY))
    return {**enabled_files.apache(world, packaged, entry.since), "/var/log/apache2": folder}


def _apache_log(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> Lines:
    """Apache reads its configuration again when its logs are rotated."""
    pid, begun = _pid(world, "apache2"), rotated(world, DAY)
    name = "Ubuntu" if world.system.id == "ubuntu" else "Debian"
    version = _version(packaged, "apache2", "2.4.62")
    found = []
    reloads = [begun] if begun > entry.since and world.machine.was_up(begun) else []
    for when in sorted({*starts(world, entry, begun), *reloads}):
        stamp = time.strftime("%a %b %d %H:%M:%S", time.gmtime(when))
        front = f"[{stamp}.{when * 7919 % 1_000_000:06} {time.strftime('%Y', time.gmtime(when))}]"
        thread = (
            139_700_000_000_000 + world.persona.number("apache thread", 0, 90_000_000) * 4096 % 9_000_000_000
        )
        found += [(when, f"{front} [mpm_event:notice] [pid {pid}:tid {thread}] AH00489: Apache/{version} ({name}) configured -- resuming normal operations"),
                  (when, f"{front} [core:notice] [pid {pid}:tid {thread}] AH00094: Command line: '/usr/sbin/apache2'")]  # fmt: skip
    return found


def _nginx(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> dict[str, Node]:
    def logs() -> dict[str, Node]:
        usual = Node(0o640, owner="www-data", group="adm", changed=max(world.installed + 900, entry.since))
        return {**visited_logs.files(world, "access", "access.log", DAY, usual), "error.log": usual}

    packaged.made["/var/log/nginx"] = logs
    return enabled_files.nginx(world, packaged, entry.since)


def _vsftpd(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> dict[str, Node]:
    return {"/srv/ftp": Node(0o755, True, group="ftp", changed=max(world.installed + 900, entry.since))}


def _proftpd(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> dict[str, Node]:
    first = max(world.installed + 900, entry.since)

    def logs() -> dict[str, Node]:
        version, pid = _version(packaged, "proftpd-core", "1.3.8").partition("+")[0], _pid(world, "proftpd")
        built = built_as_proftpd(
            package.made if (package := packaged.packages.get("proftpd-core")) else first
        )
        started = [
            (when, f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(when))},{when * 7 % 1000:03} {world.hostname} proftpd[{pid}] {world.hostname}: ProFTPD {version} (stable) (built {built}) standalone mode STARTUP")
            for when in starts(world, entry, int(time.time()) - 5 * WEEK)
        ]  # fmt: skip
        usual = Node(0o640, group="adm", changed=first)
        return {
            **visited_logs.files(world, "ftp", "proftpd.log", WEEK, usual, started),
            **visited_logs.files(world, "transfers", "xferlog", WEEK, usual),
        }

    packaged.made["/var/log/proftpd"] = logs
    return {}


def _exim(world: World, packaged: PackagedFiles, entry: ServiceEntry) -> dict[str, Node]:
    def logs() -> dict[str, Node]:
        usual = Node(0o640, owner="Debian-exim", group="adm", changed=max(world.installed + 900, entry.since))
        return visited_logs.files(world, "mail", "mainlog", DAY, usual, _exim_lines(world, entry))

    packaged.made["/var/log/exim4"] = logs
    changed = max(rotated(world, DAY), entry.since)
    return {
        "/var/log/exim4": Node(0o2750, True, owner="Debian-exim", group="adm", changed=changed),
        **enabled_files.exim(packaged),
    }


def _exim_lines(world: World, entry: ServiceEntry) -> Lines:
    """Its starts, and the runs of its queue every half an hour in the last two days."""
    now, booted, found = int(time.time()), world.machine.started(entry.service, entry.since), []
    for when in starts(world, entry, now - 10 * DAY):
        text = f"exim 4.96 daemon started: pid={_pid(world, 'exim4')}, -q30m, listening for SMTP on port 25 (IPv6 and IPv4) port 587 (IPv6 and IPv4)"
        found.append((when, text))
    for when in range(
        booted + (now - 2 * DAY - booted) // 1800 * 1800 if now - 2 * DAY > booted else booted, now, 1800
    ):
        pid = pid_at(world.machine, when)
        found += [(when, f"Start queue run: pid={pid}"), (when, f"End queue run: pid={pid}")]
    return [(when, f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(when))} {text}") for when, text in found]


MAKERS = {
    "vsftpd": _vsftpd,
    "proftpd": _proftpd,
    "exim4": _exim,
    "mysqld": _mysql,
    "mariadbd": _mysql,
    "redis-server": _redis,
    "master": _postfix,
    "apache2": _apache,
    "nginx": _nginx,
}
