"""Opens one SSH connection: host, keys and limits."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decnet import wire
from decnet.errors import StateBroken, Unreachable

from .account import Account
from .algorithms import HOST_CERTIFICATES, HOST_KEYS, STRONG
from .attempt import TOO_MANY, WATCHED, Attempt
from .backoff import backoff
from .concurrency import Concurrency
from .fleet_keys import OTHER_KEYS
from .hostkeys import HostKey
from .identities import OwnKeys
from .refusals import refused
from .ssh_library import asyncssh
from .translate import connecting
from .way import Way, connected_socket, open_way

if TYPE_CHECKING:
    from decnet.model.worker import Route, SshSettings, Worker

CONNECT_LIMIT = 10.0
DISCONNECT_LIMIT = 1.0
TRIES = 6
RESET = (ConnectionResetError, BrokenPipeError)
"""A connection that is lost while the server has left data unread, which depends on when it ends."""
FLEET_LOGIN = {
    "agent_path": None,
    "config": None,
    "password_auth": False,
    "kbdint_auth": False,
    "host_based_auth": False,
}
"""Options of asyncssh for a login with the fleet's key and nothing else."""


@dataclass(frozen=True)
class Target:
    """Where to connect, which host key to expect, and how to log in: with the fleet's key, or with the
    operator's `own` keys. `login` are more options of asyncssh.

    `host_key` None leaves the check to `login["known_hosts"]`. `jump` is used if there is no `route`.
    """

    name: str
    host: str
    port: int
    user: str
    host_key: HostKey | None
    jump: str | None = None
    route: Route | None = None
    fleet_key: Path | None = None
    login: dict[str, Any] = field(default_factory=dict)
    own: OwnKeys | None = None


def target_of(worker: Worker, host_key: HostKey, key: Path) -> Target:
    """An enrolled worker: the fleet's key, no agent, no configuration file of the user."""
    return Target(
        worker.name, worker.host, worker.port, worker.user, host_key, worker.jump, worker.route,
        key_path(key, worker.key_type), dict(FLEET_LOGIN),
    )  # fmt: skip


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
        dropped = (library.ConnectionLost, *RESET)
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
    _release(connection)


def _release(connection: Any) -> None:
    # Its cycles of references would keep a closed connection in memory until the next full collection.
    for name in WATCHED:
        vars(connection).pop(name, None)
    connection._recv_handler = _no_more


def _no_more() -> bool:
    return False


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
    attempt = Attempt(target.name, target.user, target.host, target.port, is_fleets, target.own)
    try:
        connection = await _connection(library, target, concurrency, budget, attempt)
        attempt.host_keys.watch(None)
        return connection
    except library.PermissionDenied as error:
        raise refused(attempt) from error
    except (library.DisconnectError, *RESET) as error:
        if TOO_MANY in str(error):
            raise refused(attempt, too_many=True) from error
        if (found := attempt.host_keys.disagreement(HOST_KEYS + HOST_CERTIFICATES, target.name)) is not None:
            raise found from error
        raise


async def _connection(
    library: Any, target: Target, concurrency: Concurrency, budget: _Budget, attempt: Attempt
) -> Any:
    route = target.route
    if route is None and target.jump is not None:
        # A record of version 0.1.0 has no route: the configuration decides, as it did then.
        from . import ssh_config

        route = await ssh_config.route_over(target.jump, Account.operator())
    if route is not None and not route.is_direct:
        async with concurrency.logins, budget.spent():
            way = await open_way(target.name, target.host, target.port, route)
            return await _logged_in(library, target, way, attempt)
    async with concurrency.connects:
        async with budget.spent():
            settings = route.settings if route is not None else _no_settings()
            sock = await connected_socket(target.host, target.port, settings)
        way = Way({"sock": sock}, sock)
        try:
            async with concurrency.logins, budget.spent():
                return await _logged_in(library, target, way, attempt)
        except BaseException:
            way.close()
            raise


def _no_settings() -> SshSettings:
    # The model takes a tenth of a second to import, which asking many workers again does not need.
    from decnet.model.worker import SshSettings

    return SshSettings()


async def _logged_in(library: Any, target: Target, way: Way, attempt: Attempt) -> Any:
    try:
        options = {**_options(library, target, attempt), **way.options}
        return way.carry(await library.connect(target.host, target.port, **options))
    except library.ChannelOpenError as error:
        way.close()
        reason = wire.clean(error.reason, 120)
        raise Unreachable(f"the jump host cannot reach it ({reason})", worker=target.name) from error
    except BaseException:
        way.close()
        raise


def _options(library: Any, target: Target, attempt: Attempt) -> dict[str, Any]:
    own = target.own.options if target.own is not None else {}
    return {
        **STRONG,
        **own,
        **target.login,
        **_key_options(library, target),
        "client_factory": attempt.client(),
    }


def _key_options(library: Any, target: Target) -> dict[str, Any]:
    algorithms: tuple[str, ...] = HOST_KEYS
    known: dict[str, Any] = {}
    if target.host_key is not None:
        key = library.import_public_key(target.host_key.line)
        # The pinned key's type first, then all others: a server with a key of another type then fails with a
        # wrong key, and not like a broken connection.
        own = tuple(name.decode("ascii") for name in key.sig_algorithms)
        algorithms = (*(name for name in own if name in HOST_KEYS), *HOST_KEYS, *HOST_CERTIFICATES)
        known = {"known_hosts": ([key], [], [])}
    if target.fleet_key is not None:
        known["client_keys"] = [read_fleet_key(target.fleet_key)]
    return {
        **known,
        "username": target.user,
        "server_host_key_algs": list(dict.fromkeys(algorithms)),
    }


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
