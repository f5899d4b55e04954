"""The addresses that a user types: `[USER@]HOST[:PORT]`."""

from __future__ import annotations

import re

from decnet import wire

# As in ssh: aliases have characters that host names cannot have, and names of users may contain a domain.
_NO_NAME = r"\s'`\";&<>|(){},:@\[\]%"
_USER = rf"[^{_NO_NAME}/.-][^{_NO_NAME}/]{{0,252}}"
_HOST = rf"[^{_NO_NAME}$\\/.-][^{_NO_NAME}$\\]{{0,252}}"
_ZONE = r"(?:%[A-Za-z0-9_.-]+)?"
_ADDRESS = re.compile(
    rf"(?:(?P<user>{_USER})@)?"
    rf"(?:\[(?P<inner>[0-9A-Fa-f:.]+{_ZONE})\]"
    rf"|(?P<host>{_HOST}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*{_ZONE}))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)


def split_address(address: str) -> tuple[str | None, str, int | None]:
    """User, host and port of `[USER@]HOST[:PORT]`; an IPv6 address with a port needs brackets. Raises
    ValueError for anything else."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not address.isprintable() or not 0 < int(match["port"] or 1) < 65536:
        raise ValueError(f"{wire.clean(address, 80)} is not [USER@]HOST[:PORT]")
    host = match["inner"] or match["host"]
    # This finds a label of a host name that is too long, before the lookup does.
    host.encode("idna")
    return match["user"], host, int(match["port"]) if match["port"] else None
