"""nft in a base in memory: it knows the tables that were made since the base started; no packet arrives."""

from __future__ import annotations

import re
from typing import Any

NO_NFT = "nsenter: failed to execute /usr/sbin/nft: No such file or directory"
"""nsenter's words for an image without nft."""


def run(container: dict[str, Any], commands: str) -> str:
    """The output of these commands."""
    if container.get("TablesOf") != container["Tick"]:
        container.update(TablesOf=container["Tick"], Tables=[])
    container["Tables"] += re.findall(r"^table (\S+ \S+) \{$", commands, re.M)
    if commands != "list ruleset":
        return ""
    return "".join(f"table {name} {{\n\tchain input {{\n\t}}\n}}\n" for name in container["Tables"])
