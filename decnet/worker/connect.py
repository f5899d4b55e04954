"""Opens one SSH connection: host, keys and limits."""

from __future__ import annotations

import asyncio
import re
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from decnet import wire
from decnet.errors import DecnetError, HostKeyRefused, StateBroken
from decnet.model.worker import Worker

from .attempt import TOO_MANY, Attempt
from .backoff import backoff
from .concurrency import Concurrency
from .hostkeys import HostKey
from .refusals import refused
from .ssh_library import asyncssh
from .translate import connecting

CONNECT_LIMIT = 10.0
PROMPT_LIMIT = 180.0
"""The same if a user has to type a password."""
DISCONNECT_LIMIT = 1.0
KEEPALIVE_INTERVAL = 5.0
KEEPALIVE_MISSED = 3
TRIES = 6

KEX = (
    "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
)  # fmt: skip
CIPHERS = (
    "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr",
    "aes128-ctr",
)  # fmt: skip
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
HOST_KEYS = (
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512",
    "rsa-sha2-256", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip
OTHER_KEYS = {"ecdsa-sha2-nistp256": "fleet_ecdsa", "ssh-rsa": "fleet_rsa"}
"""The other types of the fleet's key, for workers whose sshd accepts no ed25519, and their files."""
STRONG: dict[str, Any] = {
    "kex_algs": KEX,
    "encryption_algs": CIPHERS,
    "mac_algs": MACS,
    "compression_algs": ("none",),
    # The total is limited here; asyncssh's own limit must only not be shorter.
    "login_timeout": 2 * PROMPT_LIMIT,
    "keepalive_interval": KEEPALIVE_INTERVAL,
    "keepalive_count_max": KEEPALIVE_MISSED,
    "agent_forwarding": False,
    "x509_trusted_certs": None,
    "gss_host": None,
}
"""aes128-gcm is the cheapest cipher and not affected by Terrapin; curve25519 is the cheapest key exchange."""

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}"
_ADDRESS = re.compile(
    rf"(?:(?P<user>{_NAME})@)?"
    rf"(?:\[(?P<inner>[0-9A-Fa-f:.]+)\]|(?P<host>{_NAME}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True)
class Target:
    """Where to connect, which host key to expect, and how to log in: with the fleet's key, or with `login`,
    which are options of asyncssh.

    `host_key` None leaves the check to `login["known_hosts"]`.
    """

    name: str
    host: str
    port: int
    user: str
    host_key: HostKey | None
    jump: str | None = None
    fleet_key: Path | None = None
    login: dict[str, Any] = field(default_factory=dict)


def target_of(worker: Worker, host_key: HostKey, key: Path) -> Target:
    """An enrolled worker: the fleet's key, no agent, no configuration file of the user."""
    login = {
        "agent_path": None,
        "config": None,
        "password_auth": False,
        "kbdint_auth": False,
        "host_based_auth": False,
    }
    key = key_path(key, worker.key_type)
    return Target(worker.name, worker.host, worker.port, worker.user, host_key, worker.jump, key, login)


async def connect(
    target: Target, concurrency: Concurrency | None = None, *, limit: float | None = None
) -> Any:
    """An authenticated connection, within `limit` seconds in total (CONNECT_LIMIT): name, tries and login.

    Waiting for a free place does not count. Raises Unreachable, HostKeyRefused, TrustRefused, and
    StateBroken or UsageError for a key file.
    """
    concurrency = concurrency or Concurrency()
    budget = _Budget(CONNECT_LIMIT if limit is None else limit)
    with connecting(target.name):
        library = asyncssh()
        dropped = (library.ConnectionLost, ConnectionResetError, BrokenPipeError)
        for pause in backoff(TRIES):
            try:
                return await _attempt(library, target, concurrency, budget)
            except dropped:
                # sshd's MaxStartups drops a connection before login without a reason.
                async with budget.spent():
                    await asyncio.sleep(pause)
        return await _attempt(library, target, concurrency, budget)


async def disconnect(connection: Any) -> None:
    """Close a connection; abort it when the other side does not agree within DISCONNECT_LIMIT seconds."""
    connection.close()
    try:
        async with asyncio.timeout(DISCONNECT_LIMIT):
            await connection.wait_closed()
    except TimeoutError:
        connection.abort()


class _Budget:
    """Seconds that several stages share; what is spent between them does not count."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @asynccontextmanager
    async def spent(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            async with asyncio.timeout(max(self._left, 0.0)):
                yield
        finally:
            self._left -= loop.time() - start


async def _attempt(library: Any, target: Target, concurrency: Concurrency, budget: _Budget) -> Any:
    is_fleets = target.fleet_key is not None
    attempt = Attempt(target.name, target.user, target.host, target.port, is_fleets)
    try:
        return await _connection(library, target, concurrency, budget, attempt)
    except library.PermissionDenied as error:
        raise refused(attempt) from error
    except library.DisconnectError as error:
        if TOO_MANY in str(error):
            raise refused(attempt, too_many=True) from error
        raise


async def _connection(
    library: Any, target: Target, concurrency: Concurrency, budget: _Budget, attempt: Attempt
) -> Any:
    if target.jump is not None:
        async with concurrency.logins, budget.spent():
            return await _connect_through(library, target, _options(library, target, attempt))
    async with concurrency.connects:
        async with budget.spent():
            sock = await _connected_socket(target.host, target.port)
        try:
            async with concurrency.logins, budget.spent():
                options = _options(library, target, attempt)
                return await library.connect(target.host, target.port, sock=sock, **options)
        except BaseException:
            sock.close()
            raise


def _options(library: Any, target: Target, attempt: Attempt) -> dict[str, Any]:
    return {
        **STRONG,
        **target.login,
        **_key_options(library, target),
        "client_factory": attempt.client(),
    }


def _key_options(library: Any, target: Target) -> dict[str, Any]:
    algorithms = HOST_KEYS
    known: dict[str, Any] = {}
    if target.host_key is not None:
        key = library.import_public_key(target.host_key.line)
        # The pinned key's type first, then all others: a server with a key of another type then fails with a
        # wrong key, and not like a broken connection.
        own = tuple(name.decode("ascii") for name in key.sig_algorithms)
        algorithms = tuple(name for name in own if name in HOST_KEYS) + HOST_KEYS
        known = {"known_hosts": ([key], [], [])}
    if target.fleet_key is not None:
        known["client_keys"] = [read_fleet_key(target.fleet_key)]
    return {
        **known,
        "username": target.user,
        "server_host_key_algs": list(dict.fromkeys(algorithms)),
    }


async def _connect_through(library: Any, target: Target, options: dict[str, Any]) -> Any:
    assert target.jump is not None
    jump = await jump_host(library, target.name, target.jump)
    try:
        connection = await library.connect(target.host, target.port, tunnel=jump, **options)
    except BaseException:
        jump.abort()
        raise
    connection.set_tunnel(jump)
    return connection


async def jump_host(library: Any, worker: str, jump: str) -> Any:
    """A connection to `[USER@]HOST[:PORT]` on the way to a worker.

    It belongs to the operator: it uses their configuration, keys, agent and known_hosts, and its failures
    concern neither the worker's pinned key nor the fleet's key.
    """
    with connecting(worker):
        user, host, port = split_address(jump)
    who = {"username": user} if user else {}
    try:
        with connecting(worker):
            return await library.connect(host, port or (), **who)
    except HostKeyRefused as error:
        raise HostKeyRefused(
            f"at the jump host, the host key of {host} is not the one of your known_hosts",
            hint=f"see what `ssh {jump} true` says",
            worker=worker,
        ) from error
    except DecnetError as error:
        if error.worker is not None:
            error.message = f"at the jump host, {host}: {error.message}"
            error.hint = f"does `ssh {jump} true` work?"
        raise


def split_address(address: str) -> tuple[str | None, str, int | None]:
    """User, host and port of `[USER@]HOST[:PORT]`; an IPv6 address with a port needs brackets. Raises
    ValueError for anything else."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match["port"] or 1) < 65536:
        raise ValueError(f"{wire.clean(address, 80)} is not [USER@]HOST[:PORT]")
    host = match["inner"] or match["host"]
    # This finds a label of a host name that is too long, before the lookup does.
    host.encode("idna")
    return match["user"], host, int(match["port"]) if match["port"] else None


async def _connected_socket(host: str, port: int) -> socket.socket:
    """A connected socket on which the server has sent its first bytes."""
    failure: OSError | None = None
    for family, kind, protocol, _, address in (await _addresses(host, port))[:4]:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, address)
            await _readable(sock)
            return sock
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise failure or OSError(f"no address for {host}")


async def _addresses(host: str, port: int) -> list[Any]:
    try:
        # A literal address needs no resolver, and so no thread.
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
    except socket.gaierror:
        return list(await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM))


async def _readable(sock: socket.socket) -> None:
    # An SSH server sends first. One that accepts and stays silent must not occupy a login slot.
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)


def key_path(path: Path, algorithm: str) -> Path:
    """The file of the fleet's key of that type ("": the usual one), next to the usual one at `path`."""
    return path.with_name(OTHER_KEYS[algorithm]) if algorithm in OTHER_KEYS else path


def read_fleet_key(path: Path) -> Any:
    """The fleet's private key. Raises StateBroken when it is missing, a link, or readable by others."""
    try:
        found = path.lstat()
    except OSError as error:
        raise StateBroken(
            f"{path}: {error.strerror}", hint="the fleet's key is made by: decnet worker add"
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise StateBroken(f"{path}: it is not a regular file")
    if found.st_mode & 0o077:
        raise StateBroken(f"{path}: others can read the fleet's key", hint=f"chmod 600 {path}")
    return _read_key(path, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=4)
def _read_key(path: Path, _mtime: int, _inode: int) -> Any:
    library = asyncssh()
    try:
        return library.read_private_key(path)
    except (library.KeyImportError, library.KeyEncryptionError) as error:
        raise StateBroken(f"{path}: it is not the fleet's key: {error}") from error
