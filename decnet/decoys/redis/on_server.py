# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Commands on the server itself. Those that would connect to a host, load or stop something are answered but
not executed."""

import struct
import time
from collections.abc import Awaitable

from ..tcp_server import Gone
from .arguments import SYNTAX, printable, real, whole, word
from .info import info
from .instance import Client, Handlers
from .keyspace import Wrong, matcher
from .on_keys import memory_usage
from .resp import OK, SILENCE, Reply, Status, Verbatim

NOT_ALLOWED = (
    'ERR {0} command not allowed. If the enable-{1}-command option is set to "local", you can run it from a '
    "local connection, otherwise you need to set this option in the configuration file, and then restart the server."
)
DOCTOR = (
    "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these "
    "conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back "
    "to our programming as soon as I finished rebooting.\n"
)
LATENCY_DOCTOR = (
    "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use "
    '"CONFIG SET latency-monitor-threshold <milliseconds>." in order to enable it. If we weren\'t in a deep space '
    "mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"
)
LONGEST_SLEEP = 20.0
EMPTY_FILE = b"\xff" + bytes(8)


def report_info(client: Client, words: list[bytes]) -> Reply:
    """INFO."""
    wanted = [word(name) for name in words]
    if len(wanted) > 1 and client.server.version < (7,):
        raise Wrong(SYNTAX)
    return Verbatim(info(client.server, wanted))


def config(client: Client, words: list[bytes]) -> Reply:
    what, rest = word(words[0]), words[1:]
    server = client.server
    if what == "get":
        return dict(server.config.get(rest))
    if what == "set":
        if len(rest) % 2 or (len(rest) > 2 and server.version < (7,)):
            raise Wrong("ERR wrong number of arguments for 'config|set' command" if server.version >= (7,) else
                        "ERR Unknown subcommand or wrong number of arguments for 'SET'. Try CONFIG HELP.")  # fmt: skip
        server.config.set(
            [(printable(name), printable(value)) for name, value in zip(rest[::2], rest[1::2], strict=True)]
        )
        return OK
    if what == "resetstat":
        server.calls.clear()
        server.errors.clear()
        return OK
    raise Wrong("ERR Rewriting config file: Read-only file system")


def replicate(client: Client, words: list[bytes]) -> Reply:
    """REPLICAOF: stored and reported; no other host is contacted."""
    server = client.server
    host, port = printable(words[0]), words[1]
    if word(words[0]) == "no" and word(port) == "one":
        server.master = None
        return OK
    number = whole(port) if server.version < (6, 2) else whole(port, "ERR Invalid master port")
    if not 0 <= number <= 65535:
        raise Wrong("ERR Invalid master port")
    if server.master == (host[:255], number):
        return Status("OK Already connected to specified master")
    server.master, server.link_down = (host[:255], number), time.time()
    return OK


def role(client: Client, words: list[bytes]) -> Reply:
    master = client.server.master
    if master is None:
        return ["master", 0, []]
    return ["slave", master[0], master[1], "connect", -1]


def synchronise(client: Client, words: list[bytes], *, partial: bool) -> Reply:
    """SYNC and PSYNC: an empty RDB file."""
    server = client.server
    number = 11 if server.version >= (7, 2) else 10 if server.version >= (7,) else 9
    size, at = b"\xc2" + struct.pack("<i", server.used()), b"\xc2" + struct.pack("<I", int(time.time()))
    fields = {
        b"redis-ver": _short(server.version_text.encode()), b"redis-bits": b"\xc0@", b"ctime": at, b"used-mem": size,
        b"repl-stream-db": b"\xc0\0", b"repl-id": _short(server.replication.encode()), b"repl-offset": b"\xc0\0",
        b"aof-base" if server.version >= (7,) else b"aof-preamble": b"\xc0\0",
    }  # fmt: skip
    file = b"REDIS%04d" % number
    file += b"".join(b"\xfa" + _short(name) + value for name, value in fields.items()) + EMPTY_FILE
    head = f"+FULLRESYNC {server.replication} 0\r\n".encode() if partial else b""
    client.line.write(head + b"$%d\r\n%b" % (len(file), file))
    return SILENCE


def _short(text: bytes) -> bytes:
    return bytes((len(text[:63]),)) + text[:63]


def module(client: Client, words: list[bytes]) -> Reply:
    """MODULE: nothing is loaded."""
    what, new = word(words[0]), client.server.version >= (7,)
    if what == "list":
        return []
    if new:
        raise Wrong(NOT_ALLOWED.format("MODULE", "module"))
    if what == "load":
        raise Wrong("ERR Error loading the extension. Please check the server logs.")
    raise Wrong("ERR Error unloading module: no such module with that name")


def debug(client: Client, words: list[bytes]) -> Reply | Awaitable[Reply]:
    """DEBUG as a server without it answers, before 7.0 as one with it."""
    if client.server.version >= (7,):
        raise Wrong(NOT_ALLOWED.format("DEBUG", "debug"))
    what = word(words[0])
    if what in ("segfault", "panic", "oom", "restart", "crash-and-recover", "assert"):
        client.server.restart()
        raise Gone
    if what == "sleep" and len(words) == 2:
        return client.server.until(client, lambda: None, min(max(real(words[1]), 0.0), LONGEST_SLEEP), OK)
    if what == "object" and len(words) == 2:
        value = client.db.find(words[1])
        if value is None:
            raise Wrong("ERR no such key")
        return Status(f"Value at:0x7f{client.server.persona.bytes_for(repr(words[1]), 5).hex()} refcount:1 "
                      f"encoding:raw serializedlength:{len(value) + 1} lru:{int(time.time()) & 0xFFFFFF} "
                      "lru_seconds_idle:3")  # fmt: skip
    if what in ("set-active-expire", "change-repl-id", "jmap", "reload", "loadaof", "flushall"):
        return OK
    raise Wrong(
        f"ERR Unknown subcommand or wrong number of arguments for '{printable(words[0])}'. Try DEBUG HELP."
    )


def memory(client: Client, words: list[bytes]) -> Reply:
    what = word(words[0])
    if what == "usage":
        return memory_usage(client, words[1:])
    if what == "doctor":
        return Verbatim(DOCTOR)
    if what == "purge":
        return OK
    server = client.server
    return {
        "peak.allocated": server.used() + 96_000, "total.allocated": server.used(),
        "startup.allocated": server.empty, "replication.backlog": 0, "clients.slaves": 0,
        "clients.normal": 1832 * len(server.clients), "aof.buffer": 0, "lua.caches": 0,
        "keys.count": sum(len(database.values) for database in server.keyspace.databases),
        "dataset.bytes": server.keyspace.used,
    }  # fmt: skip


def latency(client: Client, words: list[bytes]) -> Reply:
    answers: dict[str, Reply] = {"doctor": Verbatim(LATENCY_DOCTOR), "reset": 0, "histogram": {}}
    return answers.get(word(words[0]), [])


def slow_log(client: Client, words: list[bytes]) -> Reply:
    answers: dict[str, Reply] = {"len": 0, "reset": OK}
    return answers.get(word(words[0]), [])


def save(client: Client, words: list[bytes], *, aside: str = "") -> Reply:
    """SAVE and BGSAVE: nothing is written."""
    server = client.server
    if aside:
        if words and word(words[0]) != "schedule":
            raise Wrong(SYNTAX)
    elif not server.config.can_save():
        raise Wrong("ERR")
    server.saved, server.keyspace.changes = time.time(), 0
    return Status(aside) if aside else OK


def shut_down(client: Client, words: list[bytes]) -> Reply:
    """SHUTDOWN: all clients are disconnected, and the server restarts."""
    if {word(flag) for flag in words} - {"save", "nosave", "now", "force", "abort"}:
        raise Wrong(SYNTAX)
    if words and word(words[0]) == "abort":
        raise Wrong("ERR No shutdown in progress.")
    client.server.restart()
    raise Gone


def fail_over(client: Client, words: list[bytes]) -> Reply:
    if words and word(words[0]) == "abort":
        raise Wrong("ERR No failover in progress.")
    raise Wrong("ERR FAILOVER requires connected replicas.")


def no_cluster(client: Client, words: list[bytes]) -> Reply:
    raise Wrong("ERR This instance has cluster support disabled")


def the_time(client: Client, words: list[bytes]) -> Reply:
    microseconds = int(time.time() * 1_000_000)
    return [str(microseconds // 1_000_000), str(microseconds % 1_000_000)]


def ping(client: Client, words: list[bytes]) -> Reply:
    if len(words) > 1:
        raise Wrong("ERR wrong number of arguments for 'ping' command")
    if client.subscriptions() and client.protocol == 2:
        return ["pong", words[0] if words else b""]
    return words[0] if words else Status("PONG")


def monitor(client: Client, words: list[bytes]) -> Reply:
    client.monitoring = True
    return OK


def count_channels(client: Client, words: list[bytes]) -> Reply:
    """PUBSUB."""
    what, rest = word(words[0]), words[1:]
    names: dict[bytes, int] = {}
    for each in client.server.clients.values():
        for name in each.channels:
            names[name] = names.get(name, 0) + 1
    if what == "channels":
        fits = matcher(rest[0] if rest else b"*")
        return [name for name in names if fits(name)]
    if what == "numsub":
        return [part for name in rest for part in (name, names.get(name, 0))]
    if what == "numpat":
        return sum(len(each.patterns) for each in client.server.clients.values())
    return []


HANDLERS: Handlers = {
    "info": report_info, "config": config, "slaveof": replicate, "replicaof": replicate, "role": role,
    "sync": lambda client, words: synchronise(client, words, partial=False),
    "psync": lambda client, words: synchronise(client, words, partial=True),
    "replconf": lambda client, words: OK, "module": module, "debug": debug, "memory": memory, "latency": latency,
    "slowlog": slow_log, "save": save,
    "bgsave": lambda client, words: save(client, words, aside="Background saving started"),
    "bgrewriteaof": lambda client, words: Status("Background append only file rewriting started"),
    "lastsave": lambda client, words: client.server.last_save(), "shutdown": shut_down, "failover": fail_over,
    "cluster": no_cluster, "readonly": no_cluster, "readwrite": no_cluster, "asking": no_cluster, "time": the_time,
    "ping": ping, "echo": lambda client, words: words[0], "monitor": monitor,
    "pubsub": count_channels,
    "lolwut": lambda client, words: Verbatim(f"Redis ver. {client.server.version_text.split('-')[0]}\n"),
}  # fmt: skip
