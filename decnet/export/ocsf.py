"""Open Cybersecurity Schema Framework 1.8: one JSON document per event."""

from __future__ import annotations

from typing import Any, NamedTuple

from .ecs import DATABASES, WEB
from .sighting import Sighting, filled, line

VERSION = "1.8.0"
INBOUND = 1
LOGGED = 17
JA4 = 1

METHODS = {
    "CONNECT": 1, "DELETE": 2, "GET": 3, "HEAD": 4, "OPTIONS": 5, "POST": 6, "PUT": 7, "TRACE": 8,
    "PATCH": 9,
}  # fmt: skip
AUTHENTICATION = {"digest": 3, "plain": 7, "cram-md5": 8, "basic": 11, "ldap": 12}
NETWORKS = {"ssh": 4007, "ftp": 4008, "rdp": 4005}
"""The classes of network activity of their own; all others are 4001."""


class Class(NamedTuple):
    """A class of events, and the activity in it."""

    uid: int
    name: str
    activity: int

    @property
    def category(self) -> int:
        return self.uid // 1000


def ocsf(seen: Sighting) -> str:
    """One document. What the schema has no attribute for is in `unmapped`."""
    event, found = seen.event, _class(seen)
    document = {
        "activity_id": found.activity,
        "category_uid": found.category,
        "class_uid": found.uid,
        "class_name": found.name,
        "type_uid": found.uid * 100 + found.activity,
        "time": int(event.at * 1000),
        "severity_id": _severity(seen.severity),
        "disposition_id": LOGGED,
        "message": seen.sentence,
        "count": event.stands_for if event.stands_for > 1 else None,
        "metadata": {
            "version": VERSION, "uid": event.id, "sequence": event.seq, "log_name": event.kind,
            "product": {"name": "decnet", "vendor_name": "decnet", "version": seen.version},
        },
        "src_endpoint": {"ip": event.source_ip, "port": event.source_port or None},
        "dst_endpoint": {
            "ip": event.local_ip, "port": event.local_port or None, "hostname": seen.hostname,
            "mac": seen.mac, "svc_name": event.service, "name": event.decky,
        },
        "connection_info": {
            "direction_id": INBOUND, "protocol_name": event.transport, "session": {"uid": event.session},
        },
        **_own(seen, found),
        "unmapped": {"kind": event.kind, "worker": seen.worker, "session": event.session, **event.fields},
    }  # fmt: skip
    return line(filled(document))


def _class(seen: Sighting) -> Class:
    event = seen.event
    if event.kind == "login":
        return Class(3002, "Authentication", 1)
    if event.kind == "request" and event.service in WEB:
        return Class(4002, "HTTP Activity", METHODS.get(seen.text("method").upper(), 99))
    if event.kind == "request" and event.service == "dns":
        return Class(4003, "DNS Activity", 1)
    if event.kind == "command":
        is_query = event.service in DATABASES
        return Class(6005, "Datastore Activity", 4) if is_query else Class(1007, "Process Activity", 1)
    if event.kind == "file":
        return Class(1001, "File System Activity", 1)
    uid = NETWORKS.get(event.service, 4001)
    name = {4001: "Network Activity", 4005: "RDP Activity", 4007: "SSH Activity", 4008: "FTP Activity"}[uid]
    if uid in (4005, 4008):
        # Their own activities do not include the end of a connection.
        uid, name = 4001, "Network Activity"
    return Class(uid, name, {"contact": 1, "disconnect": 2}.get(event.kind, 6))


def _own(seen: Sighting, found: Class) -> dict[str, Any]:
    """The attributes that the class requires, and those that it has for this event."""
    if found.uid == 3002:
        method = seen.text("method").lower()
        return {
            "user": {"name": seen.text("username") or "unknown"},
            "service": {"name": seen.event.service},
            "status_id": 1 if seen.event.fields.get("success") else 2,
            "is_remote": True,
            "is_cleartext": seen.event.service in ("telnet", "ftp", "http"),
            "auth_protocol_id": AUTHENTICATION.get(method, 99),
            "auth_protocol": method,
        }
    if found.uid == 4002:
        return {
            "http_request": {
                "http_method": seen.text("method"),
                "user_agent": seen.text("user_agent"),
                "url": {"path": seen.text("path").partition("?")[0], "url_string": seen.text("path")},
            },
            "http_response": {"code": seen.number("status") or 0},
        }
    if found.uid == 4003:
        return {"query": {"hostname": seen.text("path") or "unknown"}}
    if found.uid == 1007:
        return {
            "process": {"cmd_line": seen.text("input"), "name": seen.text("input").partition(" ")[0] or "?"},
            "device": _device(seen),
            "actor": {"user": {"name": "unknown"}},
        }
    if found.uid == 6005:
        return {"actor": {"user": {"name": "unknown"}}, "query_info": {"query_string": seen.text("input")}}
    if found.uid == 1001:
        path = seen.text("path") or seen.text("name") or "?"
        hashes = [{"algorithm_id": 3, "value": seen.text("sha256")}] if seen.text("sha256") else []
        file = {"name": path.rpartition("/")[2] or path, "path": path, "type_id": 1, "hashes": hashes}
        return {
            "file": {**file, "size": seen.number("size")},
            "device": _device(seen),
            "actor": {"user": {"name": "unknown"}},
        }
    return _client(seen, found)


def _client(seen: Sighting, found: Class) -> dict[str, Any]:
    """The fingerprints of the client, where the class has attributes for them."""
    own: dict[str, Any] = {}
    if seen.text("ja3"):
        version = seen.text("tls").removeprefix("TLSv") or "unknown"
        own["tls"] = {"version": version, "sni": seen.text("server_name"), "ja3_hash": _md5(seen.text("ja3"))}
        own["ja4_fingerprint_list"] = [{"type_id": JA4, "value": seen.text("ja4")}]
    if seen.text("hassh") and found.uid == NETWORKS["ssh"]:
        algorithm = seen.hassh_algorithms.strip(";")
        own["client_hassh"] = {"algorithm": algorithm, "fingerprint": _md5(seen.text("hassh"))}
    return own


def _md5(value: str) -> dict[str, Any]:
    return {"algorithm_id": 1, "algorithm": "MD5", "value": value}


def _device(seen: Sighting) -> dict[str, Any]:
    return {
        "type_id": 0,
        "hostname": seen.hostname or "unknown",
        "ip": seen.event.local_ip,
        "name": seen.event.decky,
    }


def _severity(severity: int) -> int:
    """From 0..10 to 1 informational, 2 low, 3 medium, 4 high."""
    return 4 if severity >= 8 else 3 if severity >= 5 else 2 if severity >= 2 else 1
