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
    return sys.modules["asyncssh"]
