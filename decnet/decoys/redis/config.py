# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""CONFIG: the server's settings. They are stored, but have no effect outside of the decoy."""

from pathlib import Path

from ..machine import Machine
from .keyspace import Wrong, matcher
from .table import Version

FIXED = [
    "port",
    "bind",
    "databases",
    "unixsocket",
    "daemonize",
    "supervised",
    "pidfile",
    "logfile",
    "aclfile",
    "cluster-enabled",
    "io-threads",
    "always-show-logo",
    "syslog-ident",
    "syslog-facility",
    "rdbchecksum",
    "appendfilename",
    "appenddirname",
    "tcp-backlog",
    "enable-protected-configs",
    "enable-debug-command",
    "enable-module-command",
    "cluster-config-file",
    "slaveof",
    "replicaof",
]
STILL_OPEN = ("port", "bind")
"""Those of them that can be set since 7.0."""
PROTECTED = ("dir", "dbfilename")
BEFORE_7 = {"save": "900 1 300 10 60 10000", "repl-diskless-sync": "no"}
BYTES = {"b": 1, "k": 1000, "kb": 1024, "m": 10**6, "mb": 1024**2, "g": 10**9, "gb": 1024**3}
SIZES = (
    "maxmemory",
    "proto-max-bulk-len",
    "client-query-buffer-limit",
    "repl-backlog-size",
    "auto-aof-rewrite-min-size",
)
MOST_VALUE = 4096
MOST_PATTERNS = 200

FOLDERS = (
    "/", "/etc", "/tmp", "/var", "/var/tmp", "/var/lib", "/var/lib/redis", "/var/log", "/var/spool", "/var/spool/cron",
    "/var/run", "/run", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/opt", "/home", "/dev", "/dev/shm", "/etc/cron.d",
    "/etc/init.d", "/etc/ssh", "/etc/redis", "/proc", "/sys", "/srv", "/mnt", "/media", "/boot", "/lib",
)  # fmt: skip
CLOSED = ("/root", "/root/.ssh", "/var/spool/cron/crontabs", "/lost+found", "/etc/ssl/private")
WRITABLE = ("/tmp", "/var/tmp", "/var/lib/redis", "/dev/shm", "/var/log/redis")


class Config:
    """The settings of one server, by their names. `place` is the folder of its files, `most` is maxmemory in
    bytes, `password` the password for AUTH."""

    def __init__(
        self, version: Version, place: dict[str, str], port: int, most: int, password: bytes
    ) -> None:
        self.password = password
        self._version = version
        self._values = dict(_defaults(version, place, port, most, password))

    def get(self, patterns: list[bytes]) -> dict[str, str]:
        """The settings whose names match, each once."""
        if self._version < (7,):
            patterns = patterns[:1]
        found: dict[str, str] = {}
        for pattern in patterns[:MOST_PATTERNS]:
            typed = pattern.decode("latin-1")
            if typed.lower() in self._values:
                found[typed if self._version >= (7,) else typed.lower()] = self._values[typed.lower()]
                continue
            fits = matcher(pattern.lower())
            found |= {name: value for name, value in self._values.items() if fits(name.encode())}
        return found

    def set(self, pairs: list[tuple[str, str]]) -> None:
        """Set them, all or none. Raises Wrong."""
        names = [name.lower() for name, _ in pairs]
        for place, (name, value) in enumerate(pairs):
            if name.lower() in names[:place]:
                raise Wrong(_failed(name, "duplicate parameter", new=True))
            self._check(name.lower(), value[:MOST_VALUE])
        for name, value in pairs:
            name = name.lower()
            if name == "requirepass":
                self.password = value.encode("latin-1")
            if name in SIZES:
                value = str(_bytes(value))
            self._values[name] = value[:MOST_VALUE]

    def can_save(self) -> bool:
        """Whether the server's user could write the configured file."""
        folder = self._values["dir"]
        return folder in WRITABLE or folder.startswith(("C:", "/var/db", "/var/lib/redis/"))

    def _check(self, name: str, value: str) -> None:
        new = self._version >= (7,)
        if name not in self._values:
            raise Wrong(_unknown(name, new))
        if name in FIXED and not (new and name in STILL_OPEN):
            raise Wrong(_failed(name, "can't set immutable config", new, old=_unknown(name, new)))
        if name in PROTECTED and new:
            raise Wrong(_failed(name, "can't set protected config", new))
        if name == "dir":
            self._change_folder(value)
        if name == "dbfilename" and "/" in value:
            raise Wrong(_failed(name, "dbfilename can't be a path, just a filename", new))
        if name in SIZES and _bytes(value) is None:
            raise Wrong(_failed(name, "argument must be a memory value", new))
        before = self._values[name]
        if before in ("yes", "no") and value.lower() not in ("yes", "no"):
            raise Wrong(_failed(name, "argument must be 'yes' or 'no'", new))
        if before.isdigit() and name not in SIZES and not value.lstrip("-").isdigit():
            raise Wrong(_failed(name, "argument couldn't be parsed into an integer", new))

    def _change_folder(self, folder: str) -> None:
        """The result that chdir(2) would have for the server's user; no real file is examined."""
        folder = folder.rstrip("/") or "/"
        if folder in FOLDERS or folder in WRITABLE or folder == self._values["dir"]:
            return
        why = "Permission denied" if folder.startswith(CLOSED) else "No such file or directory"
        raise Wrong(f"ERR Changing directory: {why}")


def _failed(name: str, why: str, new: bool, *, old: str = "") -> str:
    if new:
        return f"ERR CONFIG SET failed (possibly related to argument '{name}') - {why}"
    return old or f"ERR CONFIG SET failed - {why}"


def _unknown(name: str, new: bool) -> str:
    if new:
        return f"ERR Unknown option or number of arguments for CONFIG SET - '{name}'"
    return f"ERR Unsupported CONFIG parameter: {name}"


def _bytes(text: str) -> int | None:
    digits = text.rstrip("bBkKmMgG")
    factor = BYTES.get(text[len(digits) :].lower() or "b")
    return int(digits) * factor if digits.isdigit() and len(digits) < 19 and factor else None


def _defaults(
    version: Version, place: dict[str, str], port: int, most: int, password: bytes
) -> list[tuple[str, str]]:
    filled = {
        "bind": "0.0.0.0", "dir": place["dir"], "pidfile": place["pidfile"], "logfile": place["logfile"],
        "port": str(port), "maxmemory": str(most),
        "password": password.decode("utf-8", "replace"),
        "supervised": "systemd" if place is DEBIAN else "no",
        "daemonize": "no",
    }  # fmt: skip
    out: list[tuple[str, str]] = []
    for line in Path(__file__).with_name("config.txt").read_text("utf-8").splitlines():
        since, name, value = (line + "  ").split(" ", 2)
        if tuple(int(part) for part in since.split(".")) > version:
            continue
        value = value.strip()
        value = filled.get(value.strip("{}"), value)
        out.append((name, BEFORE_7.get(name, value) if version < (7,) else value))
    return out


DEBIAN = {
    "dir": "/var/lib/redis", "pidfile": "/run/redis/redis-server.pid",
    "logfile": "/var/log/redis/redis-server.log", "executable": "/usr/bin/redis-server",
    "config": "/etc/redis/redis.conf",
}  # fmt: skip
ROCKY = DEBIAN | {"pidfile": "/var/run/redis_6379.pid", "logfile": "/var/log/redis/redis.log"}
FREEBSD = {
    "dir": "/var/db/redis", "pidfile": "/var/run/redis/redis.pid", "logfile": "/var/log/redis/redis.log",
    "executable": "/usr/local/bin/redis-server", "config": "/usr/local/etc/redis.conf",
}  # fmt: skip
DEVICE = {
    "dir": "/tmp", "pidfile": "/var/run/redis.pid", "logfile": "", "executable": "/usr/bin/redis-server",
    "config": "/etc/redis.conf",
}  # fmt: skip
WINDOWS = {
    "dir": "C:\\Program Files\\Redis", "pidfile": "/var/run/redis.pid", "logfile": "server_log.txt",
    "executable": "C:\\Program Files\\Redis\\redis-server.exe",
    "config": "C:\\Program Files\\Redis\\redis.windows-service.conf",
}  # fmt: skip
PLACES = {
    "rocky": ROCKY, "freebsd": FREEBSD, "openwrt": DEVICE, "buildroot": DEVICE, "dsm": DEVICE, "qts": DEVICE,
}  # fmt: skip


def places(machine: Machine) -> dict[str, str]:
    """The folder of a server's files on this machine."""
    if machine.persona.os.startswith("windows"):
        return WINDOWS
    return PLACES.get(machine.system.id, DEBIAN)
