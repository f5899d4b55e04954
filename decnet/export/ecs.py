"""Elastic Common Schema 9.5: one JSON document per event."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import struct
from functools import lru_cache
from typing import Any

from .sighting import Sighting, filled, iso, line

VERSION = "9.5.0"

KINDS: dict[str, tuple[str, list[str], list[str]]] = {
    "contact": ("alert", ["network", "intrusion_detection"], ["connection", "start"]),
    "scan": ("alert", ["network", "intrusion_detection"], ["connection", "info"]),
    "login": ("alert", ["authentication", "intrusion_detection"], ["start"]),
    "command": ("alert", ["process", "intrusion_detection"], ["start", "info"]),
    "request": ("alert", ["network", "intrusion_detection"], ["protocol", "info"]),
    "file": ("alert", ["file", "intrusion_detection"], ["creation", "info"]),
    "disconnect": ("event", ["network", "session"], ["connection", "end"]),
    "error": ("event", ["network"], ["protocol", "info"]),
    "lost": ("pipeline_error", ["network"], ["info"]),
    "pivot": ("alert", ["network", "intrusion_detection"], ["connection", "start"]),
}
"""event.kind, event.category and event.type of each kind; the combinations that ECS allows."""

DATABASES = ("mysql", "redis", "mssql", "postgres", "mongodb", "ldap", "elasticsearch", "memcached")
WEB = ("http", "https")
PROTOCOLS = {"tcp": 6, "udp": 17}

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def ecs(seen: Sighting) -> str:
    """One document. What ECS has no field for is under `decnet`."""
    event = seen.event
    ours = {"ip": event.local_ip, "port": event.local_port or None, "address": event.local_ip}
    document = {
        "@timestamp": iso(event.at),
        "ecs": {"version": VERSION},
        "message": seen.sentence,
        "event": _event(seen),
        "source": {
            "ip": _ip(event.source_ip), "address": event.source_ip, "port": event.source_port or None,
        },
        "destination": {**ours, "ip": _ip(event.local_ip), "mac": _mac(seen.mac)},
        "network": {
            "transport": event.transport, "protocol": event.service, "direction": "inbound",
            "type": _version(event.source_ip), "community_id": _community_id(seen),
        },
        "host": {
            "name": seen.hostname, "hostname": seen.hostname, "os": {"family": seen.os},
            "ip": _known(_ip(event.local_ip)), "mac": _known(_mac(seen.mac)),
        },
        "observer": {
            "type": "sensor", "vendor": "decnet", "product": "decnet", "version": seen.version,
            "name": seen.worker,
        },
        "service": {"name": event.service, "type": event.service},
        "related": {
            "ip": [each for each in (event.source_ip, event.local_ip) if _ip(each)],
            "user": _known(seen.text("username")), "hash": _known(seen.text("sha256")),
            "hosts": _known(seen.hostname),
        },
        "labels": {
            "decky": event.decky, "worker": seen.worker, "network": event.network, "project": event.project,
            "session": event.session,
        },
        "tls": _tls(seen),
        **_own(seen),
        "decnet": {"kind": event.kind, **event.fields},
    }  # fmt: skip
    return line(filled(document))


def _event(seen: Sighting) -> dict[str, Any]:
    event = seen.event
    kind, category, types = KINDS[event.kind]
    if event.kind == "login":
        types = [*types, "allowed" if event.fields.get("success") else "denied"]
    if event.kind == "command" and event.service in DATABASES:
        category, types = ["database", "intrusion_detection"], ["access", "info"]
    if event.kind == "request" and event.service in WEB:
        category, types = ["web", "intrusion_detection"], ["access", "info"]
    seconds = event.fields.get("seconds")
    duration = int(seconds * 1e9) if isinstance(seconds, int | float) else None
    return {
        "id": event.id, "action": event.kind, "kind": kind, "category": category, "type": types,
        "outcome": _outcome(seen), "dataset": "decnet.event", "module": "decnet", "provider": event.service,
        "severity": seen.severity, "sequence": event.seq, "created": iso(event.at),
        "duration": duration if event.kind == "disconnect" else None,
        "start": iso(event.at - seconds) if duration and isinstance(seconds, int | float) else None,
        "end": iso(event.at) if event.kind == "disconnect" else None,
    }  # fmt: skip


def _outcome(seen: Sighting) -> str:
    if seen.event.kind == "login":
        return "success" if seen.event.fields.get("success") else "failure"
    return {"file": "success", "error": "failure"}.get(seen.event.kind, "unknown")


def _own(seen: Sighting) -> dict[str, Any]:
    """The fields of one kind of event that ECS has names for."""
    event = seen.event
    if event.kind == "login":
        return {"user": {"name": seen.text("username")}}
    if event.kind == "command" and event.service not in DATABASES:
        return {"process": {"command_line": seen.text("input")}}
    if event.kind == "request" and event.service in WEB:
        return {
            "http": {
                "request": {"method": seen.text("method")},
                "response": {"status_code": seen.number("status")},
            },
            "url": {"original": seen.text("path"), "path": seen.text("path").partition("?")[0]},
            "user_agent": {"original": seen.text("user_agent")},
        }
    if event.kind == "file":
        path = seen.text("path") or seen.text("name")
        return {
            "file": {
                "name": path.rpartition("/")[2], "path": path, "size": seen.number("size"),
                "hash": {"sha256": seen.text("sha256")},
            }
        }  # fmt: skip
    return {"error": {"message": seen.text("error") or seen.text("reason")}} if event.kind == "error" else {}


def _tls(seen: Sighting) -> dict[str, Any]:
    name, _, version = seen.text("tls").partition("v")
    return {
        "version": version,
        "version_protocol": name.lower(),
        "client": {"ja3": seen.text("ja3"), "server_name": seen.text("server_name")},
    }


def _known(text: str | None) -> list[str]:
    return [text] if text else []


@lru_cache(maxsize=4096)
def _address(text: str) -> _Address | None:
    """Parsing addresses would take most of the time, and events have the same ones again and again."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _ip(text: str) -> str | None:
    known = _address(text)
    return None if known is None else str(known)


def _version(text: str) -> str | None:
    known = _address(text)
    return f"ipv{known.version}" if known else None


def _mac(text: str) -> str:
    return text.upper().replace(":", "-")


def _community_id(seen: Sighting) -> str | None:
    """Community ID, version 1 (github.com/corelight/community-id-spec), with seed 0."""
    event = seen.event
    source, own = _address(event.source_ip), _address(event.local_ip)
    if not (source and own and event.source_port and event.local_port):
        return None
    ends = sorted(((source.packed, event.source_port), (own.packed, event.local_port)))
    (low, low_port), (high, high_port) = ends
    hashed = struct.pack(">H", 0) + low + high + struct.pack(">BB", PROTOCOLS.get(event.transport, 0), 0)
    hashed += struct.pack(">HH", low_port, high_port)
    return "1:" + base64.b64encode(hashlib.sha1(hashed).digest()).decode()
