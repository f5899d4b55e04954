"""Sightings of every kind of event, with plain and with hostile values."""

from __future__ import annotations

from typing import Any

from decnet.export import Sighting
from decnet.model.event import AttackerEvent

MOMENT = 1_767_225_600.123456
DECKY = {"hostname": "srv-web-01", "mac": "00:50:56:aa:bb:cc", "os": "linux"}

FIELDS: dict[tuple[str, str], dict[str, Any]] = {
    ("ssh", "contact"): {},
    ("http", "contact"): {"refused": True},
    ("ssh", "login"): {"username": "root", "password": "toor", "success": False, "method": "password"},
    ("telnet", "login"): {"username": "admin", "password": "admin", "success": True, "method": "password"},
    ("ftp", "login"): {"username": "ftp", "password": "a@b", "success": False, "method": "password"},
    ("http", "login"): {"username": "admin", "password": "x", "success": False, "method": "basic"},
    ("mysql", "login"): {"username": "root", "hash": "0a1b", "success": False, "method": "native"},
    ("mssql", "login"): {"username": "sa", "password": "sa", "success": False, "method": "sql"},
    ("vnc", "login"): {"response": "aa", "success": False, "method": "vnc"},
    ("rdp", "login"): {"username": "administrator", "success": False, "method": "nla"},
    ("snmp", "login"): {"username": "", "community": "public", "success": True, "method": "community"},
    ("redis", "login"): {"username": "", "password": "x", "success": False, "method": "auth"},
    ("ssh", "command"): {"input": "uname -a; cat /etc/passwd | grep root", "way": "shell"},
    ("redis", "command"): {"input": "CONFIG SET dir /root/.ssh"},
    ("mysql", "command"): {"input": "SELECT * FROM users WHERE a=1"},
    ("http", "request"): {
        "method": "GET", "path": "/a?b=c", "status": 404, "user_agent": "curl/8", "host": "www",
    },
    ("ssh", "request"): {"request": "direct-tcpip", "host": "198.51.100.7", "port": 25},
    ("smtp", "request"): {
        "request": "handshake", "ja3": "ab" * 16, "ja4": "t13d1516h2_8daaf6152771_d8a2da3f94cd",
        "server_name": "mail", "tls": "TLSv1.3",
    },
    ("snmp", "request"): {"pdu": "get", "version": "v2c", "objects": "1.3.6.1", "count": 1},
    ("tftp", "request"): {"path": "running-config", "method": "READ"},
    ("ntp", "request"): {"request": ""},
    ("sip", "request"): {"method": "OPTIONS"},
    ("git", "request"): {"path": "/x.git", "host": "git"},
    ("llmnr", "request"): {"path": "wpad"},
    ("dns", "request"): {"path": "example.org"},
    ("ftp", "file"): {"path": "/upload/x.bin", "size": 12, "sha256": "ab" * 32, "whole": True},
    ("smtp", "file"): {"name": "mail", "size": 900, "sender": "a@b", "subject": "hello"},
    ("ssh", "disconnect"): {
        "seconds": 2.5, "commands": 3, "bytes_in": 400, "bytes_out": 900, "reason": "closed",
    },
    ("redis", "error"): {"error": "expected '$'"},
    ("ssh", "lost"): {"count": 12, "reason": "the spool was full", "before": 1.0},
    ("base", "scan"): {"probe": "syn", "ports": "22,80,443", "count": 3, "first": 1.0, "last": 2.0},
    ("base", "pivot"): {"target": "10.0.0.7", "port": 22},
}  # fmt: skip
FIELDS |= {
    (f"base{probe}", "scan"): {"probe": probe, "ports": "22", "count": 1}
    for probe in ("null", "xmas", "fin", "arp")
}

HOSTILE = 'é\n\r\t\x00\x1b[31m"\\|=]}{<>&\u2028\u202e key=value ' + "x" * 300


def sighting(service: str, kind: str, fields: dict[str, Any], **changes: Any) -> Sighting:
    event = AttackerEvent.model_validate(
        {
            "id": "abcdef012345",
            "seq": 7,
            "at": MOMENT,
            "decky": "web-01",
            "service": service,
            "kind": kind,
            "source_ip": "203.0.113.9",
            "source_port": 40000,
            "session": "5e5510",
            "local_ip": "192.0.2.10",
            "local_port": 22,
            "transport": "tcp",
            "fields": fields,
            **changes,
        }  # fmt: skip
    )
    return Sighting(event, "w1", "0.2.0", **DECKY)


HANDSHAKE = {
    "request": "handshake", "client": "SSH-2.0-Go", "hassh": "cd" * 16, "kex_algorithms": "a,b",
    "host_key_algorithms": "c", "ciphers": "d,e", "macs": "f", "compressions": "none",
}  # fmt: skip
EVERY = [
    *((service, kind, fields) for (service, kind), fields in FIELDS.items()),
    ("ssh", "request", HANDSHAKE),
]

PLAIN = [sighting(service, kind, fields) for service, kind, fields in EVERY]
WITHOUT_ENDS = [
    sighting(
        service,
        kind,
        fields,
        local_ip="",
        local_port=0,
        transport="",
        source_ip="",
        source_port=0,
        session="",
    )
    for service, kind, fields in EVERY
]
WITH_HOSTILE_VALUES = [
    sighting(
        service, kind,
        {name: HOSTILE if isinstance(value, str) else value for name, value in fields.items()},
        decky=HOSTILE[:150], session=HOSTILE[:150], source_ip=HOSTILE[:60],
    )
    for service, kind, fields in EVERY
]  # fmt: skip
ALL = PLAIN + WITHOUT_ENDS + WITH_HOSTILE_VALUES


def name_of(seen: Sighting) -> str:
    return f"{seen.event.service}-{seen.event.kind}"
