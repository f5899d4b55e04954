"""access.log of Apache and nginx, in their format `combined`.

Source: mod_log_config and ap_escape_logitem of Apache 2.4, ngx_http_log_module of nginx 1.22.
"""

from __future__ import annotations

import time

from ..persona import Persona
from ..server_logs import logs_of
from .dialects import Apache, Dialect, Nginx
from .dialects.dialect import MONTHS
from .messages import Request

CONTROLS = {"\b": "\\b", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
MOST_REQUEST, MOST_HEADER = 300, 150
"""Characters of what a visitor sent that a line has."""


class AccessLog:
    """The log of one server; other software writes none."""

    def __init__(self, dialect: Dialect, persona: Persona) -> None:
        self._apache = isinstance(dialect, Apache)
        self._writes = persona.os == "linux" and isinstance(dialect, Apache | Nginx)
        self._logs = logs_of(persona.machine.seed)

    def write(self, source: str, request: Request, raw: bytes, status: int, answer: bytes) -> None:
        """Note a request that was answered. `raw`: what was sent instead of a request line."""
        if not self._writes:
            return
        has_head = not self._apache and request.version != (0, 9)
        sent = len(answer.partition(b"\r\n\r\n")[2] if has_head else answer)
        line = self._escaped(first_line(request, raw), MOST_REQUEST) or ("-" if self._apache else "")
        referer, agent = (
            self._escaped(request.header(name), MOST_HEADER) or "-" for name in ("referer", "user-agent")
        )
        self._logs.write("access", f'{source} - - [{stamp()}] "{line}" {status} {sent} "{referer}" "{agent}"')

    def _escaped(self, text: str, most: int) -> str:
        """A text of a visitor, a character for each byte, as the server writes it."""
        out = []
        for letter in text[:most]:
            if letter in '"\\' and self._apache:
                out.append("\\" + letter)
            elif " " <= letter <= "~" and letter not in '"\\':
                out.append(letter)
            elif self._apache:
                out.append(CONTROLS.get(letter) or f"\\x{ord(letter):02x}")
            else:
                out.append(f"\\x{ord(letter):02X}")
        return "".join(out)


def first_line(request: Request, raw: bytes) -> str:
    """The request line as it was sent."""
    if not request.method:
        return raw.partition(b"\n")[0].rstrip(b"\r").decode("latin-1")
    version = "" if request.version == (0, 9) else f" HTTP/{request.version[0]}.{request.version[1]}"
    return f"{request.method} {request.target}{version}"


def stamp() -> str:
    """The time now in the format of both."""
    now = time.gmtime()
    clock = f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02}"
    return f"{now.tm_mday:02}/{MONTHS[now.tm_mon - 1]}/{now.tm_year}:{clock} +0000"
