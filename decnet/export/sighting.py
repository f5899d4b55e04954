"""An event with what is known about where it happened: what every format starts from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from decnet.model.event import AttackerEvent

REDACTED = "(redacted)"
SECRETS = ("password", "new_password", "hash", "response", "community")
"""The fields of a login that hold what was sent as its secret."""

OURS = ("banner", "host", "recipients")
"""Fields that can repeat a decky's own address or names."""


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
    is_shared: bool = False
    """Whether it is meant for others: nothing in it may identify a decky."""

    @property
    def severity(self) -> int:
        """From 0 to 10, by what the attacker has achieved."""
        if self.event.kind == "login":
            return 8 if self.event.fields.get("success") else 6
        return SEVERITIES[self.event.kind]

    def text(self, name: str) -> str:
        """A field as text; "" if the event has none."""
        value = self.event.fields.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int | None:
        """A field as a whole number; None if it is not one."""
        value = self.event.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

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
        where = f"{event.decky}/{event.service}" if not self.is_shared else event.service
        return f"{what} on {where} from {event.source_ip or 'several sources'}"


SEVERITIES = {
    "disconnect": 1, "error": 1, "scan": 2, "contact": 3, "lost": 4, "request": 5, "command": 8, "file": 9,
    "pivot": 9,
}  # fmt: skip


def redacted(sighting: Sighting) -> Sighting:
    """The same without what visitors sent as secrets."""
    fields = {name: REDACTED if name in SECRETS else each for name, each in sighting.event.fields.items()}
    return replace(sighting, event=sighting.event.model_copy(update={"fields": fields}))


def shared(sighting: Sighting) -> Sighting:
    """The same for others: without secrets, and without a decky's address, MAC, hostname, name or banner."""
    event = redacted(sighting).event
    fields = {name: each for name, each in event.fields.items() if name not in OURS}
    known = [each for each in (event.local_ip, sighting.hostname, sighting.mac, event.decky) if each]
    fields = {name: _without(each, known) for name, each in fields.items()}
    event = event.model_copy(
        update={"fields": fields, "local_ip": "", "decky": "", "network": "", "project": ""}
    )
    return replace(sighting, event=event, worker="", hostname="", mac="", os="", is_shared=True)


def _without(value: Any, known: list[str]) -> Any:
    if not isinstance(value, str):
        return value
    for each in known:
        value = value.replace(each, REDACTED)
    return value


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
        kept = filled(value) if isinstance(value, dict) else value
        if kept not in (None, "", {}, []):
            found[name] = kept
    return found
