"""The way to a worker: a socket, a ProxyCommand, jump hosts."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from decnet import wire
from decnet.errors import DecnetError, HostKeyRefused, Unreachable

from .account import Account
from .algorithms import BOUNDED
from .client_side import client_factory
from .identities import own_keys
from .known_hosts import Trusted, trusted_by
from .ssh_library import asyncssh
from .translate import connecting

if TYPE_CHECKING:
    from decnet.model.worker import Hop, Route, SshSettings

FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}


class Way:
    """An open way to a host: `options` of asyncssh that use it. It must be given to the connection
    (`carry`), or closed."""

    def __init__(self, options: dict[str, Any], owner: Any) -> None:
        self.options = options
        self._owner = owner

    def carry(self, connection: Any) -> Any:
        """Let the connection close the way when it ends."""
        if not isinstance(self._owner, socket.socket):
            connection.set_tunnel(self._owner)
        return connection

    def close(self) -> None:
        if isinstance(self._owner, socket.socket | ProxyProcess):
            self._owner.close()
        else:
            self._owner.abort()


class ProxyProcess:
    """A running ProxyCommand, in the shape of a tunnel of asyncssh."""

    def __init__(self, command: str, account: Account) -> None:
        self.sock, theirs = socket.socketpair()
        self.sock.setblocking(False)
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S602 - ssh has a shell run it; the operator confirmed it
                    f"exec {command}", shell=True, stdin=theirs.fileno(), stdout=theirs.fileno(),
                    stderr=self._complaints.fileno(),
                    **account.process_options(),
                )  # fmt: skip
        except BaseException:
            self.sock.close()
            self._complaints.close()
            raise

    def last_words(self) -> str:
        """The last line that it printed on stderr, cleaned; "" if there is none."""
        length = os.fstat(self._complaints.fileno()).st_size
        self._complaints.seek(max(0, length - 2000))
        lines = self._complaints.read(2000).decode("utf-8", "replace").strip().splitlines()
        return wire.clean(lines[-1], 160) if lines else ""

    def close(self) -> None:
        """End it at once."""
        if not self._complaints.closed:
            self.sock.close()
            self._process.kill()
            self._process.wait()
            self._complaints.close()

    async def wait_closed(self) -> None:
        """Nothing is left to wait for after `close`."""


async def open_way(worker: str, host: str, port: int, route: Route | None) -> Way:
    """The way to a host, over all its jump hosts. Raises Unreachable, HostKeyRefused."""
    if route is None or not route.hops:
        return await _first_part(worker, host, port, route)
    way: Way | None = None
    for hop in route.hops:
        way = await _through(worker, hop, route, way)
    assert way is not None
    return way


async def _first_part(worker: str, host: str, port: int, route: Route | None) -> Way:
    if route is None or route.proxy_command is None:
        with connecting(worker):
            sock = await connected_socket(host, port, _first_settings(route))
        return Way({"sock": sock}, sock)
    proxy = ProxyProcess(route.proxy_command, Account.named(route.account))
    try:
        await _readable(proxy.sock)
        if not proxy.sock.recv(1, socket.MSG_PEEK):
            raise Unreachable(
                f"the ProxyCommand ended without a connection ({proxy.last_words() or 'no message'})",
                hint=f"it is: {route.proxy_command}",
                worker=worker,
            )
    except BaseException:
        proxy.close()
        raise
    return Way({"sock": proxy.sock}, proxy)


def _first_settings(route: Route | None) -> SshSettings:
    """How the socket of the way is opened: to the first jump host, or to the worker itself."""
    if route is None:
        from decnet.model.worker import SshSettings

        return SshSettings()
    return route.hops[0] if route.hops else route.settings


async def _through(worker: str, hop: Hop, route: Route, before: Way | None) -> Way:
    """The way through a jump host. It belongs to the operator: their keys and known_hosts count, and its
    failures concern neither the worker's pinned key nor the fleet's key."""
    trusted = trusted_by(hop, hop.host, hop.port)
    if not trusted.is_known:
        if before is not None:
            before.close()
        raise HostKeyRefused(
            f"at the jump host, {hop.host}: its host key is not in {trusted.source}",
            hint=f"`ssh {hop.name} true` shows the key and adds it",
            worker=worker,
        )
    with _at_jump_host(worker, hop, trusted.source):
        way = before or await _first_part(worker, hop.host, hop.port, route)
        try:
            connection = way.carry(await _logged_in(worker, hop, trusted, way.options))
        except BaseException:
            way.close()
            raise
    return Way({"tunnel": connection}, connection)


async def _logged_in(worker: str, hop: Hop, trusted: Trusted, way: dict[str, Any]) -> Any:
    library = asyncssh()
    async with own_keys(hop) as keys:
        options = {**BOUNDED, "preferred_auth": "publickey", **keys.options, **trusted.options(), **way}
        options["client_factory"] = client_factory(library, keys.more)
        if hop.host_key_alias:
            options["host_key_alias"] = hop.host_key_alias
        try:
            return await library.connect(hop.host, hop.port, username=hop.user, **options)
        except library.PermissionDenied as error:
            if not keys.locked:
                raise
            locked = f"a passphrase protects {', '.join(keys.locked)}, and no ssh-agent has it"
            raise Unreachable(f"SSH authentication failed; {locked}", worker=worker) from error


@contextmanager
def _at_jump_host(worker: str, hop: Hop, source: str) -> Iterator[None]:
    """Errors inside name the jump host."""
    try:
        with connecting(worker):
            yield
    except HostKeyRefused as error:
        raise HostKeyRefused(
            f"at the jump host, the host key of {hop.host} is not the one of {source}",
            hint=f"see what `ssh {hop.name} true` says",
            worker=worker,
        ) from error
    except DecnetError as error:
        if error.worker is not None:
            error.message = f"at the jump host, {hop.host}: {error.message}"
            error.hint = f"does `ssh {hop.name} true` work?"
        raise


async def connected_socket(host: str, port: int, settings: SshSettings) -> socket.socket:
    """A connected socket on which the server has sent its first bytes. Raises OSError."""
    failure: OSError | None = None
    for family, kind, protocol, _, address in (
        await _addresses(host, port, FAMILIES[settings.address_family])
    )[:4]:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            await _bind(sock, settings)
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


async def _bind(sock: socket.socket, settings: SshSettings) -> None:
    if settings.bind_interface is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, settings.bind_interface.encode())
    if settings.bind_address is not None:
        sock.bind((await _addresses(settings.bind_address, 0, sock.family))[0][4])


async def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
    kind = socket.SOCK_STREAM
    try:
        # A literal address needs no resolver, and so no thread.
        return list(socket.getaddrinfo(host, port, family, kind, flags=socket.AI_NUMERICHOST))
    except socket.gaierror:
        return list(await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=kind))


async def _readable(sock: socket.socket) -> None:
    # An SSH server sends first. One that accepts and stays silent must not occupy a login slot.
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)
