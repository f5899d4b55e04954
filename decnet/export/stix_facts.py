"""What is known of each source that others can use: for a STIX bundle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, NamedTuple

from decnet.plan.attackers import Attacker

from .sighting import REDACTED, Sighting

MOST = 200
"""Accounts, URLs, files and ports of one source."""

MOST_CHARS = 256
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]{3,500}")
_HASH = re.compile(r"[0-9a-f]{64}")


class End(NamedTuple):
    """Where a source connected to; `address` is "" if decoys are not to be named."""

    address: str
    port: int
    transport: str
    service: str


@dataclass
class Facts:
    """One source: what it did, and what it left that identifies it."""

    attacker: Attacker
    ends: set[End] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)
    files: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    """Name and size in bytes by SHA-256."""

    def add(self, seen: Sighting) -> None:
        event = seen.event
        self.attacker.add(event)
        if event.local_port:
            _put(self.ends, End(event.local_ip, event.local_port, event.transport or "tcp", event.service))
        if (name := seen.text("username")) and event.kind == "login":
            _put(self.accounts, name[:MOST_CHARS])
        for text in (seen.text("url"), seen.text("input")):
            for url in _URL.findall(text):
                # The query and the part before @ can hold secrets.
                if REDACTED not in url and "@" not in url:
                    _put(self.urls, url.partition("?")[0])
        hashed = seen.text("sha256")
        if (
            event.kind == "file"
            and _HASH.fullmatch(hashed)
            and (len(self.files) < MOST or hashed in self.files)
        ):
            path = seen.text("path") or seen.text("name")
            self.files.setdefault(hashed, (path.rpartition("/")[2][:MOST_CHARS], seen.number("size")))


def facts(seen: Iterable[Sighting]) -> dict[str, Facts]:
    """By source. What has no address, or one that is not valid, is no source for others."""
    found: dict[str, Facts] = {}
    for each in seen:
        address = _address(each.event.source_ip)
        if not address:
            continue
        if address not in found:
            found[address] = Facts(Attacker(address, each.event.at, each.event.at))
        found[address].add(each)
    return dict(sorted(found.items(), key=lambda pair: (pair[1].attacker.first, pair[0])))


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _put(known: set[Any], value: Any) -> None:
    if len(known) < MOST:
        known.add(value)
