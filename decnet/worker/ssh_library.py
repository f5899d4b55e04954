"""asyncssh, imported safely and only when a connection is made."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CERTIFICATES = "asyncssh.crypto.x509"
"""Its part for X.509 host certificates, which no worker has. It needs pyOpenSSL, which decnet does not
install, but imports all of cryptography.x509 before that (40 ms)."""


def asyncssh() -> Any:
    """The asyncssh module."""
    if "asyncssh" not in sys.modules:
        with _nothing_optional():
            import asyncssh as _  # noqa: F401
        # Its log would print the other side's text on our stderr unescaped.
        logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)
        _prepare_no_log(sys.modules["asyncssh"])
    return sys.modules["asyncssh"]


@contextmanager
def _nothing_optional() -> Iterator[None]:
    """asyncssh's import finds no optional part: it would look for libraries by starting ldconfig, gcc and ld
    (23 to 50 ms, and another user's program if PATH is hostile)."""
    import ctypes.util

    find_library = ctypes.util.find_library
    ctypes.util.find_library = _no_library
    sys.modules[CERTIFICATES] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        ctypes.util.find_library = find_library
        del sys.modules[CERTIFICATES]


def _no_library(name: str) -> str | None:  # noqa: ARG001
    """What `find_library` returns for a library that is not installed."""


def _prepare_no_log(library: Any) -> None:
    # What a disabled log would print of each packet takes a tenth of a login.
    library.packet.SSHPacketLogger._log_packet = _nothing
    library.logging.SSHLogger.log = _nothing


def _nothing(*_: object, **__: object) -> None:
    pass
