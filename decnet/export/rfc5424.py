"""Syslog messages by RFC 5424, without a transport's framing."""

from __future__ import annotations

import re

from decnet.wire import PROJECT

from .sighting import Sighting, iso

FACILITY = 13
"""Log audit."""

SD_ID = "decnet@32473"
"""32473 is the enterprise number for documentation: decnet has none of its own (RFC 5612)."""

MOST_VALUE = 400
MOST_LINE = 2000
"""Receivers should accept 2,048 octets (section 6.1)."""

_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")


def rfc5424(seen: Sighting) -> str:
    """One message: who and where first, long values cut and marked with `cut="1"`."""
    head = _head(seen)
    pairs = _pairs(seen)
    data, is_cut = "", False
    for name, value in pairs:
        kept = value[:MOST_VALUE]
        param = f' {name}="{_escaped(kept)}"'
        if len((head + data + param).encode()) > MOST_LINE:
            is_cut = True
            continue
        data, is_cut = data + param, is_cut or len(kept) < len(value)
    mark = ' cut="1"' if is_cut else ""
    return f"{head}[{SD_ID}{data}{mark}]"


def enveloped(seen: Sighting, text: str) -> str:
    """A line of another format as the text of a syslog message without structured data."""
    return f"{_head(seen)}- {text}"


def _head(seen: Sighting) -> str:
    event = seen.event
    priority = FACILITY * 8 + _syslog_severity(seen.severity)
    host = _name(event.decky or seen.worker, 255)
    return f"<{priority}>1 {iso(event.at)} {host} decnet {_name(event.service, 128)} {_name(event.kind, 32)} "


def _pairs(seen: Sighting) -> list[tuple[str, str]]:
    event = seen.event
    first = [
        ("src", event.source_ip),
        ("spt", str(event.source_port or "")),
        ("dst", event.local_ip),
        ("dpt", str(event.local_port or "")),
        ("project", event.project if event.project != PROJECT else ""),
        ("worker", seen.worker),
        ("session", event.session),
        ("id", event.id),
    ]
    own = [(_name(f"f_{name}", 32), _text(value)) for name, value in sorted(event.fields.items())]
    return [(name, value) for name, value in first + own if value]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _syslog_severity(severity: int) -> int:
    """From 0..10 to a severity of syslog: 2 critical, 3 error, 4 warning, 5 notice, 6 informational."""
    return next(number for least, number in ((9, 2), (8, 3), (5, 4), (2, 5), (0, 6)) if severity >= least)


def _name(text: str, most: int) -> str:
    """Printable ASCII without blanks and the characters that a name may not have; "-" if nothing is left."""
    return re.sub(r'[=\]"]', "_", _UNPRINTABLE.sub("_", text))[:most] or "-"


def _escaped(text: str) -> str:
    safe = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)
    return re.sub(r'(["\\\]])', r"\\\1", safe)
