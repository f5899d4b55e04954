"""Cowrie's JSON: docs/OUTPUT.rst of cowrie/cowrie. Other services use the same envelope."""

from __future__ import annotations

from typing import Any

from .sighting import Sighting, filled, iso, line

IDS = {
    "contact": "cowrie.session.connect",
    "command": "cowrie.command.input",
    "file": "cowrie.session.file_upload",
    "disconnect": "cowrie.session.closed",
}

LISTS = {
    "kexAlgs": "kex_algorithms",
    "keyAlgs": "host_key_algorithms",
    "encCS": "ciphers",
    "macCS": "macs",
    "compCS": "compressions",
    "langCS": "languages",
}
"""Cowrie's names of the lists in an SSH client's handshake, and ours."""


def cowrie(seen: Sighting) -> str:
    """One line as Cowrie writes it. What Cowrie has no id for has one under `decnet.`."""
    event = seen.event
    document = {
        "eventid": _id(seen),
        "message": seen.sentence,
        "sensor": seen.worker,
        "timestamp": iso(event.at),
        "session": event.session,
        "protocol": event.service,
        "src_ip": event.source_ip,
        "src_port": event.source_port or None,
        "dst_ip": event.local_ip,
        "dst_port": event.local_port or None,
        **_own(seen),
    }
    return line(filled(document))


def _id(seen: Sighting) -> str:
    event = seen.event
    if event.kind == "login" and event.service in ("ssh", "telnet"):
        return f"cowrie.login.{'success' if event.fields.get('success') else 'failed'}"
    if event.kind == "request" and seen.text("request") == "direct-tcpip":
        return "cowrie.direct-tcpip.request"
    if seen.is_handshake and event.service == "ssh":
        return "cowrie.client.kex"
    if event.kind in IDS and event.service in ("ssh", "telnet"):
        return IDS[event.kind]
    return f"decnet.{event.kind}"


def _own(seen: Sighting) -> dict[str, Any]:
    event = seen.event
    if event.kind == "disconnect":
        seconds = event.fields.get("seconds")
        known = isinstance(seconds, int | float)
        return {"duration_ms": int(seconds * 1000) if known and seconds is not None else None}
    if event.kind == "file":
        name = seen.text("path") or seen.text("name")
        return {"filename": name, "shasum": seen.text("sha256"), "size": seen.number("size")}
    if seen.is_handshake and event.service == "ssh":
        lists = {name: seen.text(ours).split(",") for name, ours in LISTS.items()}
        algorithms = {"hassh": seen.text("hassh"), "hasshAlgorithms": seen.hassh_algorithms}
        return {"version": seen.text("client"), **algorithms, **lists}
    if seen.text("request") == "direct-tcpip":
        ends = {"orig_ip": event.source_ip, "orig_port": event.source_port}
        return {"dst_ip": seen.text("host"), "dst_port": seen.number("port"), **ends}
    envelope = ("session", "protocol", "message", "sensor", "timestamp", "eventid")
    return {name: value for name, value in event.fields.items() if name not in envelope}
