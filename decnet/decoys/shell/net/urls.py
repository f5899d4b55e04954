# ruff: noqa: E501 (a table)
"""URLs as wget and curl read them."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PORTS = {
    "http": 80, "https": 443, "ftp": 21, "ftps": 990, "tftp": 69, "telnet": 23, "ssh": 22, "sftp": 22, "scp": 22,
    "ldap": 389, "ldaps": 636, "dict": 2628, "gopher": 70, "smb": 445, "imap": 143, "pop3": 110, "smtp": 25, "rtsp": 554,
}  # fmt: skip


@dataclass(frozen=True)
class Url:
    """The parts of a URL; `user` has user and password, `path` the query too."""

    scheme: str
    user: str
    host: str
    port: int
    path: str
    has_port: bool = False

    @property
    def authority(self) -> str:
        """Host and port, the latter if it was given and is not the scheme's."""
        usual = DEFAULT_PORTS.get(self.scheme) == self.port
        return self.host if usual else f"{self.host}:{self.port}"

    @property
    def file_name(self) -> str:
        """The last part of its path without the query; "" if that ends with a slash."""
        return self.path.partition("?")[0].rpartition("/")[2]


def split(text: str, scheme: str = "http") -> Url | None:
    """The parts of a URL, None if it has no valid host or port. `scheme` is that of a URL without one."""
    before, mark, rest = text.partition("://")
    if not mark:
        before, rest = scheme, text
    at = min((rest.find(sign) for sign in "/?#" if sign in rest), default=len(rest))
    authority, path = rest[:at], rest[at:].partition("#")[0]
    user, _, host = authority.rpartition("@")
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name, port = host, ""
    usual = DEFAULT_PORTS.get(before.lower(), 80)
    if not name or (port and not (port.isdecimal() and 0 <= int(port[:6]) <= 65535)):
        return None
    if any(char.isspace() or char in '"<>\\^`{|}' for char in name):
        return None
    if not path.startswith("/"):
        path = "/" + path
    return Url(before.lower(), user, name, int(port) if port else usual, path, bool(port))
