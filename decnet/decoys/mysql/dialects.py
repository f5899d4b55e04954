# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""The differences between MariaDB and the versions of MySQL."""

from dataclasses import dataclass

from ..persona import Persona

NATIVE, CACHING, CLEAR = "mysql_native_password", "caching_sha2_password", "mysql_clear_password"
CLIENT_WITH_DB, CLIENT_COMPRESS, CLIENT_41, CLIENT_SSL, CLIENT_SECURE = (
    1 << 3,
    1 << 5,
    1 << 9,
    1 << 11,
    1 << 15,
)
CLIENT_PLUGINS, CLIENT_ATTRIBUTES, CLIENT_COUNTED = 1 << 19, 1 << 20, 1 << 21
CLIENT_TRACKS, CLIENT_NO_EOF = 1 << 23, 1 << 24
EXTENDED_METADATA, CACHED_METADATA = 1 << 3, 1 << 4
DEFAULT = {"windows": "8.0.36", "windows_server": "8.0.36", "bsd": "8.0.35"}
COMMENTS = (
    ("debian-11", "Debian 11"), ("debian-12", "Debian 12"), ("ubuntu-20.04", "(Ubuntu)"), ("ubuntu-22.04", "(Ubuntu)"),
    ("ubuntu-24.04", "(Ubuntu)"), ("rocky", "MariaDB Server"), ("synology", "Source distribution"),
    ("qnap", "MariaDB Server"), ("windows", "MySQL Community Server - GPL"),
)  # fmt: skip


RELEASED = {
    "8.0.34": "2023-07-18", "8.0.35": "2023-10-25", "8.0.36": "2024-01-16", "8.0.37": "2024-04-30",
    "8.0.38": "2024-07-01", "8.0.39": "2024-07-31", "8.0.40": "2024-10-15", "8.0.41": "2025-01-30",
    "8.0.42": "2025-04-15", "8.4.0": "2024-04-30", "8.4.2": "2024-07-23", "8.4.3": "2024-10-15",
    "8.4.4": "2025-01-21", "8.4.5": "2025-04-15",
}  # fmt: skip
"""When a version of MySQL became available (its release notes; 8.0.39 and 8.0.41: Ubuntu's packages)."""


@dataclass(frozen=True)
class Dialect:
    """One server software. `version` as SELECT VERSION() prints it."""

    greeting: str
    version: str
    number: tuple[int, ...]
    maria: bool
    tls: bool
    capabilities: int
    extended: int
    charset: int
    plugin: str
    comment: str
    system: str

    @property
    def plain_version(self) -> str:
        """Its version without that of the package."""
        return self.version.split("-")[0]

    @property
    def name(self) -> str:
        """Its name in error texts."""
        return "MariaDB" if self.maria else "MySQL"


def dialect_of(persona: Persona) -> Dialect:
    """The persona's server."""
    banner = persona.text("version") or persona.banner or DEFAULT.get(persona.os, "8.0.39")
    version = banner.removeprefix("5.5.5-")
    maria = "MariaDB" in version
    number = tuple(int(part) for part in version.split("-")[0].split(".") if part.isdigit())
    own = next((text for name, text in COMMENTS if persona.release.startswith(name)), "")
    comment = own or ("MariaDB Server" if maria else "MySQL Community Server - GPL")
    return Dialect(
        greeting=f"5.5.5-{version}" if maria and number < (11,) else version, version=version, number=number,
        maria=maria, tls=not maria, capabilities=_capabilities(maria, number), extended=_extended(maria, number),
        charset=_charset(persona, maria, number),
        plugin=NATIVE if maria or number < (8,) else CACHING, comment=comment,
        system="Win64" if persona.os.startswith("windows") else "FreeBSD" if persona.os == "bsd" else
        "debian-linux-gnu" if maria and persona.release.startswith("debian") else "Linux",
    )  # fmt: skip


def _capabilities(maria: bool, number: tuple[int, ...]) -> int:
    """MariaDB omits the lowest bit, which marks MariaDB, and here TLS."""
    if maria:
        return 0x81FFF7FE if number >= (10, 4) else 0x81BFF7FE
    return 0xDFFFFFFF if number >= (8, 0, 19) else 0xC3FFFFFF if number >= (8,) else 0xC1FFFFFF


def _extended(maria: bool, number: tuple[int, ...]) -> int:
    if not maria:
        return 0
    return 0x1D if number >= (10, 6) else 0x0F if number >= (10, 5) else 0x07


def _charset(persona: Persona, maria: bool, number: tuple[int, ...]) -> int:
    if not maria:
        return 255 if number >= (8,) else 8
    return 45 if persona.release.startswith("debian") else 8
