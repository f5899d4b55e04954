"""How each server software renders an answer: order of headers, error pages, refusals."""

import time

from ...persona import Persona
from .apache import Apache
from .appliance import Appliance
from .dialect import Dialect, http_date
from .iis import Iis
from .lighttpd import Lighttpd
from .nginx import Nginx

__all__ = ["Apache", "Dialect", "Nginx", "dialect_of", "http_date"]

DIALECTS: tuple[tuple[str, type[Dialect]], ...] = (
    ("nginx", Nginx),
    ("openresty", Nginx),
    ("Apache", Apache),
    ("Microsoft-IIS", Iis),
    ("lighttpd", Lighttpd),
)

DEFAULT_SOFTWARE = {
    "linux": "nginx/1.22.1",
    "bsd": "nginx/1.24.0",
    "windows": "Microsoft-IIS/10.0",
    "windows_server": "Microsoft-IIS/10.0",
    "embedded": "lighttpd/1.4.59",
    "cisco": "nginx",
}


def dialect_of(persona: Persona) -> "Dialect":
    """The dialect that fits the persona's Server header."""
    header = persona.text("server_header")
    software = persona.banner or DEFAULT_SOFTWARE.get(persona.os, "nginx")
    software = software.format_map(_Plain(persona)) if "{" in software else software
    kind = next((made for start, made in DIALECTS if (header or software).startswith(start)), Appliance)
    return kind(software if header is None else header, persona)


class _Plain(dict[str, str]):
    """The variables that a banner of the catalog may have."""

    def __init__(self, persona: Persona) -> None:
        super().__init__(hostname=persona.hostname, address=persona.address, date=http_date(time.time()))

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
