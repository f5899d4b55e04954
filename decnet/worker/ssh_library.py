"""asyncssh, imported safely and only when a connection is made."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

NOWHERE = "/dev/null"


def asyncssh() -> Any:
    """The asyncssh module.

    Its import looks for optional libraries by starting ldconfig, gcc and ld from PATH (23 to 50 ms, and
    another user's program if PATH is hostile), so PATH is empty during the import.
    """
    if "asyncssh" not in sys.modules:
        path = os.environ.get("PATH")
        os.environ["PATH"] = NOWHERE
        try:
            import asyncssh as _  # noqa: F401
        finally:
            if path is None:
                del os.environ["PATH"]
            else:
                os.environ["PATH"] = path
        # Its log would print the other side's text on our stderr unescaped.
        logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)
        _prepare_no_log(sys.modules["asyncssh"])
    return sys.modules["asyncssh"]


def _prepare_no_log(library: Any) -> None:
    # What a disabled log would print of each packet takes a tenth of a login.
    library.packet.SSHPacketLogger._log_packet = _nothing
    library.logging.SSHLogger.log = _nothing


def _nothing(*_: object, **__: object) -> None:
    pass
