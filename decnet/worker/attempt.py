"""What happened during a login: the keys that were offered, and the methods that the server named."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from weakref import WeakMethod

from decnet import wire

from .agreement import HostKeyOffer
from .client_side import accept_key_in_certificate
from .identities import OwnKeys
from .short_login import send_no_ignored, shorten_login
from .ssh_library import asyncssh

MOST_KEYS = 8
TOO_MANY = "Too many authentication failures"
"""sshd's reason when it ends a connection after MaxAuthTries (auth.c, auth_maxtries_exceeded)."""

WATCHED = (
    "validate_server_host_key", "send_packet", "try_next_auth", "public_key_auth_requested",
    "send_userauth_request", "send_service_request",
)  # fmt: skip
"""The methods of asyncssh's connection that are replaced on each one."""


@dataclass
class Attempt:
    """One login to a worker, with the fleet's key or with the operator's `own`. `keys` are as ssh-keygen
    shows them, `methods` what the server offered after each step. `is_half_done`: it accepted one method, and
    requires another one as well (RFC 4252, section 5.1)."""

    worker: str
    user: str
    host: str
    port: int
    is_fleets: bool
    own: OwnKeys | None = None
    keys: list[str] = field(default_factory=list)
    methods: list[tuple[str, ...]] = field(default_factory=list)
    host_keys: HostKeyOffer = field(default_factory=HostKeyOffer)
    is_half_done: bool = False

    @property
    def offered(self) -> tuple[str, ...]:
        """The methods that the server offered last."""
        return self.methods[-1] if self.methods else ()

    @property
    def has_own_keys(self) -> bool:
        return self.own is not None and bool(self.own.options["client_keys"] or self.own.locked)

    def client(self) -> Callable[[], Any]:
        """The client that asyncssh is given; it notes what happens."""
        return partial(_client_class(), self)

    def watch(self, connection: Any) -> None:
        """Note what happens on a new connection, and shorten its login."""
        accept_key_in_certificate(asyncssh(), connection)
        send_no_ignored(connection)
        self._watch(connection)
        self.host_keys.watch(connection)
        if self.is_fleets:
            shorten_login(connection)

    def _watch(self, connection: Any) -> None:
        next_method, next_key = connection.try_next_auth, connection.public_key_auth_requested

        def try_next_auth(**options: Any) -> None:
            # At the beginning there is no method yet, and the list is ours.
            if not options and connection._auth is not None:
                self._note(tuple(connection.get_server_auth_methods()))
            next_method(**options)
            self._watch_method(connection)

        async def public_key_auth_requested() -> Any:
            key = await next_key()
            if key is not None and key.sig_algorithm == b"rsa-sha2-256":
                # As OpenSSH: where both are known, the stronger one; a policy may refuse the other.
                key.set_sig_algorithm(b"rsa-sha2-512")
            if key is not None and len(self.keys) < MOST_KEYS:
                self.keys.append(describe_key(key))
            return key

        connection.try_next_auth = try_next_auth
        connection.public_key_auth_requested = public_key_auth_requested

    def _note(self, methods: tuple[str, ...]) -> None:
        if not self.methods and "publickey" not in methods and not self.is_half_done:
            # The key was sent with the first request, and the server takes none.
            self.keys.clear()
        self.methods.append(methods)

    def _watch_method(self, connection: Any) -> None:
        method = connection._auth
        if method is None:
            return
        # Weak: a method that refers to itself would keep its connection in memory.
        succeeded = WeakMethod(method.auth_succeeded)

        def auth_succeeded() -> None:
            # asyncssh calls it for a partial success, too; only then can the login still fail.
            self.is_half_done = True
            if (call := succeeded()) is not None:
                call()

        method.auth_succeeded = auth_succeeded


@cache
def _client_class() -> Any:
    # One class for all connections: a class for each would be a thousand classes to make and to collect.
    class Client(asyncssh().SSHClient):  # type: ignore[misc]
        def __init__(self, attempt: Attempt) -> None:
            self._attempt = attempt

        def connection_made(self, conn: Any) -> None:
            self._attempt.watch(conn)

        def public_key_auth_requested(self) -> Any:
            own = self._attempt.own
            return own.more() if own is not None else None

    return Client


def describe_key(key: Any) -> str:
    """Type, fingerprint and comment of a key pair of asyncssh."""
    digest = base64.b64encode(hashlib.sha256(key.public_data).digest()).decode("ascii").rstrip("=")
    comment = wire.clean(key.get_comment() or "", 40)
    return f"{key.get_algorithm()} SHA256:{digest}" + (f" ({comment})" if comment else "")
