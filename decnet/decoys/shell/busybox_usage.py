"""The usage of BusyBox's applets."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

USAGE = Path(__file__).with_name("busybox") / "usage.txt"
"""What BusyBox 1.35 prints, made by packaging/busybox_usage.py: "@ APPLET OPERANDS", then the text."""


@lru_cache(maxsize=4)
def usage(name: str) -> tuple[int, str]:
    """How many operands an applet wants at least, and its usage; (0, "") for one that is not known."""
    with USAGE.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(f"@ {name} "):
                text = []
                for more in lines:
                    if more.startswith("@ "):
                        break
                    text.append(more)
                return int(line.split()[2]), "".join(text)
    return 0, ""
