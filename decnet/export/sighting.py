"""An event with what is known about where it happened: what every format starts from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from decnet.model.event import AttackerEvent
from decnet.model.keys import label
from decnet.model.severity import severity

REDACTED = "(redacted)"
SECRETS = ("password", "new_password", "hash", "response", "community")
"""The fields of a login that hold what was sent as its secret."""

OURS = ("banner", "host", "recipients", "server_name", "target")
"""Fields that can repeat a decky's own address or names."""

_SECRET_HEADERS = re.compile(r"(?i)token|key|secret|passw|auth|cookie")
_ACCOUNT = re.compile(r"//[^/@\s]*@")
"""The account in a URL."""
_SECRET_PARAMETERS = re.compile(r"(?i)pass|pwd|secret|token|key")
_OUR_HEADERS = re.compile(r"(?im)^(host|referer|origin):[^\n]*")


@dataclass(frozen=True)
class Sighting:
    """An event, the worker that reported it, and what its decky claims to be; "" where that is unknown.

    `version` is decnet's own.
    """

    event: AttackerEvent
    worker: str
    version: str
    hostname: str = ""
    mac: str = ""
    os: str = ""
    topology: str = ""
    """The name of the topology that it belongs to, if any."""
    is_shared: bool = False
    """Whether it is meant for others: nothing in it may identify a decky."""

    @property
    def decky(self) -> str:
        """As users name it: DECKY, or TOPOLOGY/DECKY."""
        names = {self.event.project: self.topology} if self.topology else {}
        return label(self.event.project, self.event.decky, names)

    @property
    def severity(self) -> int:
        """From 0 to 10."""
        return severity(self.event)

    def text(self, name: str) -> str:
        """A field as text; "" if the event has none."""
        value = self.event.fields.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int | None:
        """A field as a whole number; None if it is not one."""
        value = self.event.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def secret(self) -> str:
        """What was sent as a password or in place of one."""
        return next(filter(None, map(self.text, ("password", "hash", "response", "community", "key"))), "")

    @property
    def is_handshake(self) -> bool:
        """Whether it is what a client revealed about itself before it did anything."""
        return self.event.kind == "request" and self.event.fields.get("request") == "handshake"

    @property
    def fingerprint(self) -> str:
        """Of the client's software: HASSH or JA4; "" if it is unknown."""
        return self.text("hassh") or self.text("ja4")

    @property
    def hassh_algorithms(self) -> str:
        """The lists that HASSH is the MD5 of."""
        return ";".join(self.text(name) for name in ("kex_algorithms", "ciphers", "macs", "compressions"))

    @property
    def sentence(self) -> str:
        """The event in a few words."""
        event = self.event
        outcome = "succeeded" if event.fields.get("success") else "failed"
        what = {
            "login": f"login as {self.text('username')!r} {outcome}",
            "command": f"command {self.text('input')!r}",
            "request": f"request {self.text('method') or self.text('request')} {self.text('path')}".rstrip(),
            "file": f"file {self.text('path') or self.text('name')}",
        }.get(event.kind, event.kind)
        where = f"{self.decky}/{event.service}" if not self.is_shared else event.service
        return f"{what} on {where} from {event.source_ip or 'several sources'}"


def redacted(sighting: Sighting) -> Sighting:
    """The same without what visitors sent as secrets."""
    fields = {name: _redacted(name, each) for name, each in sighting.event.fields.items()}
    return replace(sighting, event=sighting.event.model_copy(update={"fields": fields}))


def _redacted(name: str, value: Any) -> Any:
    if name in SECRETS or name == "body":
        # Forms and JSON have passwords in the body.
        return REDACTED
    if name == "headers":
        return "\n".join(_without_secret(row, ":", _SECRET_HEADERS) for row in str(value).split("\n"))
    if name not in ("path", "url"):
        return value
    # Split and not one pattern, whose time would grow with the square of what a visitor sends.
    parts = re.split(r"([?&;])", _ACCOUNT.sub(f"//{REDACTED}@", str(value)))
    return "".join(_without_secret(part, "=", _SECRET_PARAMETERS) for part in parts)


def _without_secret(text: str, separator: str, names: re.Pattern[str]) -> str:
    """`name=value` without the value if the name is one of a secret."""
    name, found, _ = text.partition(separator)
    if not found or not names.search(name):
        return text
    return f"{name}{separator}{' ' if separator == ':' else ''}{REDACTED}"


def shared(sighting: Sighting, fleet: Iterable[str] = ()) -> Sighting:
    """The same for others: without secrets, and without a decky's address, MAC, hostname, name or banner.

    `fleet` has the addresses, MACs, hostnames and names of all deckies: visitors send one's to another.
    """
    event = redacted(sighting).event
    own = (event.local_ip, sighting.hostname, sighting.mac, event.decky)
    known = _pattern(frozenset(each for each in (*own, *fleet) if each))
    fields = {name: _hidden(name, each, known) for name, each in event.fields.items() if name not in OURS}
    source = "" if known.fullmatch(event.source_ip) else event.source_ip
    session = known.sub(REDACTED, event.session)
    limited = {"local_ip": "", "decky": "", "network": "", "project": "", "fields": fields}
    event = event.model_copy(update={**limited, "source_ip": source, "session": session})
    return replace(sighting, event=event, worker="", hostname="", mac="", os="", is_shared=True)


def _hidden(name: str, value: Any, known: re.Pattern[str]) -> Any:
    if not isinstance(value, str):
        return value
    if name == "headers":
        value = _OUR_HEADERS.sub(rf"\1: {REDACTED}", value)
    return known.sub(REDACTED, value)


@lru_cache(maxsize=64)
def _pattern(known: frozenset[str]) -> re.Pattern[str]:
    """Matches what identifies deckies, in any case, and MACs with other separators or none. Only whole words
    and addresses: a decky named web must not tear /webmail apart."""
    parts = [_spelling(each) for each in sorted(known, key=lambda each: (-len(each), each))]
    return re.compile(rf"(?i)(?<![a-z0-9])(?:{'|'.join(parts) or '(?!)'})(?![a-z0-9])")


def _spelling(text: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", text):
        return "[:.-]?".join(text.replace(":", ""))
    return re.escape(text)


def moment(at: float) -> datetime:
    """Seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(at, UTC)


def iso(at: float) -> str:
    """ISO 8601 in UTC, with milliseconds and Z."""
    return moment(at).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def line(document: Any) -> str:
    """JSON on one line, ASCII only, with the blanks that Elastic's redaction of OpenCanary expects."""
    return json.dumps(document, ensure_ascii=True)


def filled(document: dict[str, Any]) -> dict[str, Any]:
    """Without what is unknown: None, "", and what is empty then."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        kept = filled(value) if type(value) is dict else value
        if kept or kept not in (None, "", {}, []):
            found[name] = kept
    return found
