"""Our side of an SSH connection: asyncssh's client object."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from .hostkeys import HostKey


def client_factory(library: Any, more_keys: Callable[[], Any] = lambda: None) -> Callable[[], Any]:
    """For `client_factory` of asyncssh. `more_keys` gives the next keys to try once all were refused."""

    class Client(library.SSHClient):  # type: ignore[misc]
        def connection_made(self, conn: Any) -> None:
            accept_key_in_certificate(library, conn)

        def public_key_auth_requested(self) -> Any:
            return more_keys()

    return Client


class Shown:
    """What a server showed before it was accepted: a plain key or a certificate."""

    def __init__(self) -> None:
        self.is_certificate = False
        self.key: HostKey | None = None

    def client(self, library: Any) -> Callable[[], Any]:
        """For `client_factory` of asyncssh."""
        shown = self

        class Client(library.SSHClient):  # type: ignore[misc]
            def connection_made(self, conn: Any) -> None:
                validate = conn.validate_server_host_key

                def noted(data: bytes) -> Any:
                    shown.is_certificate = _key_in(library, data) is not None
                    key = validate(data)
                    shown.key = HostKey.parse(key.export_public_key("openssh").decode("ascii"))
                    return key

                conn.validate_server_host_key = noted

        return Client


def accept_key_in_certificate(library: Any, connection: Any) -> None:
    """A host certificate that no known authority signed counts as the plain key in it, as in ssh: its owner
    proves to have that key."""
    validate = connection.validate_server_host_key

    def validate_either(data: bytes) -> Any:
        try:
            return validate(data)
        except library.HostKeyNotVerifiable:
            plain = _key_in(library, data)
            if plain is None:
                raise
            return validate(plain)

    connection.validate_server_host_key = validate_either


def _key_in(library: Any, data: bytes) -> bytes | None:
    kind = data[4 : 4 + int.from_bytes(data[:4], "big")]
    try:
        certificate = library.import_certificate(b"%s %s" % (kind, base64.b64encode(data)))
    except ValueError:
        return None
    return bytes(certificate.key.public_data)
