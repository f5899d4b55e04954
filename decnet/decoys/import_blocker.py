"""Blocks modules that a decoy would import without using them: memory limits the number of deckies on a
worker."""

import sys

ALWAYS = ("_hashlib",)
"""OpenSSL's hashes: hashlib has its own implementation of those that decoys need."""

WITHOUT_TLS = ("ssl", "_ssl")


def block_imports(service: str) -> None:
    """Make imports that `service` does not need fail at once, as if they were not installed."""
    for name in (*ALWAYS, *(WITHOUT_TLS if service != "https" else ())):
        sys.modules[name] = None  # type: ignore[assignment]
