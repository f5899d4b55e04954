"""Which TLS servers are trusted, and how a refusal is reported."""

from __future__ import annotations

import ssl

from decnet.errors import Failed
from decnet.wire import clean


def tls_context(ca: str) -> ssl.SSLContext:
    """A context that verifies the server's certificate and name: by the certificates in the file `ca`, or by
    those of this system."""
    return ssl.create_default_context(cafile=ca or None)


def tls_failure(label: str, error: ssl.SSLError) -> Failed:
    """The error for a TLS server that cannot be trusted, or with which TLS fails."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failed(
            f"{label}: its certificate is refused: {clean(error.verify_message, 100)}",
            hint="if a private authority signed it, name its certificate: --send-ca FILE, or `ca` in the "
            "receiver's file",
        )
    reason = (error.reason or str(error)).replace("_", " ").lower()
    return Failed(f"{label}: TLS failed: {clean(reason, 100)}")
