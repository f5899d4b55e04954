"""Which TLS servers are trusted, what they are shown, and how a refusal is reported."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from decnet.errors import Failed, UsageError
from decnet.wire import clean


@dataclass(frozen=True)
class Tls:
    """Files in PEM, "" for none: the certificates that may sign the server's, and the certificate and key
    that it is shown; without a key, it is in the file of the certificate."""

    ca: str = ""
    cert: str = ""
    key: str = ""


def tls_context(tls: Tls) -> ssl.SSLContext:
    """A context that verifies the server's certificate and name: by the certificates in the file `ca`, or by
    those of this system; and that has our own certificate, if any."""
    context = ssl.create_default_context(cafile=tls.ca or None)
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key or None, _no_password)
    return context


def check_files(tls: Tls, option: str) -> None:
    """Raises UsageError, which names the option, for files that cannot be used."""
    if tls.ca and not os.access(tls.ca, os.R_OK):
        raise UsageError(f"{option}: the certificates in {clean(tls.ca, 200)} cannot be read")
    for path in (tls.cert, tls.key):
        if path and not (Path(path).is_file() and os.access(path, os.R_OK)):
            raise UsageError(f"{option}: {clean(path, 200)} cannot be read")
    if not tls.cert:
        return
    cert, key = clean(tls.cert, 200), clean(tls.key or tls.cert, 200)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(tls.cert, tls.key or None, _no_password)
    except _EncryptedError:
        hint = f"write it without a password into a file that only you can read: openssl pkey -in {key}"
        raise UsageError(f"{option}: the key in {key} has a password", hint=hint) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError(f"{option}: the key in {key} is not that of the certificate in {cert}") from None
        hint = "both are in PEM: -----BEGIN CERTIFICATE----- and -----BEGIN PRIVATE KEY-----"
        raise UsageError(f"{option}: {cert} and {key} have no certificate with its key", hint=hint) from None


class _EncryptedError(Exception):
    """A key with a password, which would be asked for on the terminal."""


def _no_password() -> bytes:
    raise _EncryptedError


def tls_failure(label: str, error: ssl.SSLError) -> Failed:
    """The error for a TLS server that cannot be trusted, or with which TLS fails."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failed(
            f"{label}: its certificate is refused: {clean(error.verify_message, 100)}",
            hint="if a private authority signed it, name its certificate: --send-ca FILE, or `ca` in the "
            "receiver's file",
        )
    reason, hint = (error.reason or str(error)).replace("_", " ").lower(), None
    is_closed = isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
    if is_closed:
        reason = "it closed the connection"
    if is_closed or "certificate required" in reason or "handshake failure" in reason:
        hint = "if it wants a certificate of its clients: --send-cert FILE, or `cert` in the receiver's file"
    return Failed(f"{label}: TLS failed: {clean(reason, 100)}", hint=hint)
