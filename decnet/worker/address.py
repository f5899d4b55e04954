"""The addresses that a user types: `[USER@]HOST[:PORT]`."""

from __future__ import annotations

import re

from decnet import wire

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}"
_ADDRESS = re.compile(
    rf"(?:(?P<user>{_NAME})@)?"
    rf"(?:\[(?P<inner>[0-9A-Fa-f:.]+)\]|(?P<host>{_NAME}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)


def split_address(address: str) -> tuple[str | None, str, int | None]:
    """User, host and port of `[USER@]HOST[:PORT]`; an IPv6 address with a port needs brackets. Raises
    ValueError for anything else."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match["port"] or 1) < 65536:
        raise ValueError(f"{wire.clean(address, 80)} is not [USER@]HOST[:PORT]")
    host = match["inner"] or match["host"]
    # This finds a label of a host name that is too long, before the lookup does.
    host.encode("idna")
    return match["user"], host, int(match["port"]) if match["port"] else None
