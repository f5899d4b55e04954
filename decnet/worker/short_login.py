"""A login in fewer round trips and packets than asyncssh needs for any server and any key."""

from __future__ import annotations

from typing import Any

MSG_IGNORE = 2
UNSIGNED, SIGNED = b"\x00", b"\x01"
PUBLIC_KEY = b"publickey"

NEEDED = (
    "_auth_in_progress", "_auth_methods", "_client_keys", "public_key_auth_requested", "send_service_request",
    "send_userauth_request", "try_next_auth",
)  # fmt: skip
"""What `ShortLogin` uses of asyncssh's connection, most of it private: another version may lack it."""


def shorten_login(connection: Any) -> None:
    """Log in with fewer round trips, if this version of asyncssh can; else as it does by itself."""
    if all(hasattr(connection, name) for name in NEEDED):
        ShortLogin(connection)


def send_no_ignored(connection: Any) -> None:
    """asyncssh sends an empty packet before each one, which only CBC ciphers need (RFC 4251, section 9.3.1).
    We have none."""
    send = connection.send_packet

    def send_packet(kind: int, *parts: bytes, **options: Any) -> None:
        if kind != MSG_IGNORE:
            send(kind, *parts, **options)

    connection.send_packet = send_packet


class ShortLogin:
    """One key is offered, signed, together with the request for the service: one round trip instead of four
    (RFC 4252, sections 5 and 7, allows it). If it is refused, asyncssh continues as usual.

    Not for RSA keys: which hash is accepted must be known first (RFC 8308, section 3.1).
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._request = connection.send_userauth_request
        self._ask_service = connection.send_service_request
        self._next_key = connection.public_key_auth_requested
        self._next_method = connection.try_next_auth
        self._key: Any = None
        self._has_begun = self._signs = False
        connection.send_service_request = self._send_service_request
        connection.send_userauth_request = self._send_userauth_request
        connection.public_key_auth_requested = self._public_key_auth_requested
        connection.try_next_auth = self._try_next_auth

    def _send_service_request(self, service: bytes) -> None:
        self._ask_service(service)
        keys = self._connection._client_keys
        if len(keys) != 1 or len(keys[0].sig_algorithms) != 1:
            self._has_begun = True
            return
        self._signs = True
        self._connection._auth_methods = [PUBLIC_KEY]
        self._connection._auth_in_progress = True
        self._next_method()

    def _try_next_auth(self, **options: Any) -> None:
        if self._has_begun:
            self._next_method(**options)
        # The first call is asyncssh's own beginning, when the service is accepted.
        self._has_begun = True

    async def _public_key_auth_requested(self) -> Any:
        self._key = await self._next_key()
        return self._key

    async def _send_userauth_request(self, method: bytes, *parts: bytes, **options: Any) -> None:
        if method == PUBLIC_KEY and parts[:1] == (UNSIGNED,) and self._signs:
            parts, options = (SIGNED, *parts[1:]), {"key": self._key, "trivial": False}
        await self._request(method, *parts, **options)
