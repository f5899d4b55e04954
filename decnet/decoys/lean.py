"""Modules that a decoy imports without using them, left out: memory is what bounds a worker's deckies."""

import sys

ALWAYS = ("_hashlib",)
"""OpenSSL's hashes: hashlib has its own of those that decoys need."""

WITHOUT_TLS = ("ssl", "_ssl")


def leave_out(service: str) -> None:
    """Make imports that `service` has no use for fail at once, as where they are not installed."""
    for name in (*ALWAYS, *(WITHOUT_TLS if service != "https" else ())):
        sys.modules[name] = None  # type: ignore[assignment]
