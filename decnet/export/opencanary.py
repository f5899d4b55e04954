"""OpenCanary's JSON: opencanary/logger.py of thinkst/opencanary 0.9.9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .sighting import Sighting, line, moment

LOGINS = {
    "ftp": 2000, "http": 3001, "https": 3001, "ssh": 4002, "telnet": 6001, "httpproxy": 7001, "mysql": 8001,
    "mssql": 9001, "vnc": 12001, "snmp": 13001, "rdp": 14001, "mongodb": 20001,
}  # fmt: skip
REQUESTS = {
    "http": 3000, "https": 3000, "snmp": 13001, "tftp": 10001, "ntp": 11001, "sip": 15001, "git": 16001,
}  # fmt: skip
COMMANDS = {"redis": 17001, "mongodb": 20001}
CONTACTS = {"ssh": 4000, "telnet": 6002, "mysql": 9003, "mongodb": 20001}
FILES = {"smb": 5000, "tftp": 10001}
PROBES = {"syn": 5001, "os": 5002, "null": 5003, "xmas": 5004, "fin": 5005}
WINDOWS_LOGIN = 9002
OTHER_METHOD = 3002
VERSION_SENT = 4001
OTHER = {"contact": 99000, "login": 99001, "command": 99002, "request": 99003, "file": 99004, "scan": 99005}
"""The numbers that OpenCanary leaves to its users, for what it has no number for."""

LAST = 99009
"""The number of every other kind."""


def opencanary(seen: Sighting) -> str:
    """One line as OpenCanary writes it; Sigma's rules for OpenCanary and Elastic's integration read it."""
    event = seen.event
    logtype = _logtype(seen)
    when = moment(event.at)
    utc = when.strftime("%Y-%m-%d %H:%M:%S.%f")
    document = {
        "dst_host": event.local_ip,
        "dst_port": event.local_port or -1,
        # As in OpenCanary, whose "local time" is UTC.
        "local_time": utc,
        "local_time_adjusted": when.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f"),
        "logdata": _logdata(seen, logtype),
        "logtype": logtype,
        "node_id": "decnet" if seen.is_shared else seen.decky,
        "src_host": event.source_ip,
        "src_port": event.source_port or -1,
        "utc_time": utc,
    }
    return line(dict(sorted(document.items())))


def _logtype(seen: Sighting) -> int:
    kind, service = seen.event.kind, seen.event.service
    if kind == "scan":
        return PROBES.get(seen.text("probe"), OTHER["scan"])
    if service == "mssql" and kind == "login" and seen.text("method") == "windows":
        return WINDOWS_LOGIN
    if kind == "request" and seen.text("request") == "handshake":
        return VERSION_SENT if service == "ssh" else OTHER["request"]
    if service in ("http", "https") and kind == "request":
        is_known = seen.text("method") in ("GET", "HEAD", "POST", "")
        return REQUESTS[service] if is_known else OTHER_METHOD
    own = {"login": LOGINS, "request": REQUESTS, "command": COMMANDS, "contact": CONTACTS, "file": FILES}
    return own.get(kind, {}).get(service, OTHER.get(kind, LAST))


def _logdata(seen: Sighting, logtype: int) -> dict[str, Any]:
    """The keys of that number; the numbers for users begin with the service and have our own fields."""
    if logtype in LOGDATA:
        return LOGDATA[logtype](seen)
    if logtype in PROBES.values():
        return {"PROTO": "TCP", "PORTS": seen.text("ports"), "COUNT": seen.number("count")}
    if logtype in LOGINS.values():
        return _account(seen)
    own = {name.upper(): value for name, value in seen.event.fields.items()}
    return {"SERVICE": seen.event.service, "KIND": seen.event.kind, **own}


def _account(seen: Sighting) -> dict[str, Any]:
    return {"USERNAME": seen.text("username"), "PASSWORD": seen.secret}


def _page(seen: Sighting) -> dict[str, Any]:
    return {
        "HOSTNAME": seen.text("host"),
        "PATH": seen.text("path"),
        "SKIN": "decnet",
        "USERAGENT": seen.text("user_agent"),
    }


def _smb_file(seen: Sighting) -> dict[str, Any]:
    return {
        "USER": seen.text("username"), "REMOTENAME": seen.text("client"), "SHARENAME": seen.text("share"),
        "LOCALNAME": seen.hostname, "SMBVER": seen.text("version"), "SMBARCH": "",
        "DOMAIN": seen.text("domain"), "AUDITACTION": seen.text("method"), "STATUS": "ok",
        "FILENAME": seen.text("path"),
    }  # fmt: skip


def _mssql_login(seen: Sighting) -> dict[str, Any]:
    return {
        "HostName": seen.text("workstation"), "UserName": seen.text("username"), "Password": seen.secret,
        "AppName": seen.text("client"), "ServerName": "", "Language": "", "Database": seen.text("database"),
        "CltIntName": "",
    }  # fmt: skip


def _vnc_login(seen: Sighting) -> dict[str, Any]:
    return {
        "VNC Server Challenge": seen.text("challenge"),
        "VNC Client Response": seen.text("response"),
        "VNC Password": seen.text("password"),
    }


def _tftp(seen: Sighting) -> dict[str, Any]:
    action = "WRITE" if seen.event.kind == "file" else seen.text("method") or "READ"
    return {"FILENAME": seen.text("path"), "OPCODE": action, "MODE": seen.text("mode")}


def _sip(seen: Sighting) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for row in seen.text("headers").splitlines():
        name, _, value = row.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return {"HEADERS": headers}


def _redis(seen: Sighting) -> dict[str, Any]:
    command, _, rest = seen.text("input").partition(" ")
    return {"ARGS": rest, "CMD": command}


def _mongodb(seen: Sighting) -> dict[str, Any]:
    command, _, query = seen.text("input").partition(" ")
    action = {"login": "auth_attempt", "contact": "connection"}.get(seen.event.kind, "command")
    found = {
        "action": f"mongodb.{action}", "username": seen.text("username"), "mechanism": seen.text("method"),
        "auth_data": seen.secret, "command": command, "query": query,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


LOGDATA: dict[int, Callable[[Sighting], dict[str, Any]]] = {
    3000: _page,
    3001: lambda seen: {**_page(seen), **_account(seen)},
    3002: lambda seen: {**_page(seen), "REQUEST_TYPE": seen.text("method")},
    4000: lambda seen: {"SESSION": seen.event.session},
    4001: lambda seen: {"LOCALVERSION": "", "REMOTEVERSION": seen.text("client")},
    4002: lambda seen: {"LOCALVERSION": "", "REMOTEVERSION": seen.text("client"), **_account(seen)},
    5000: _smb_file,
    6002: lambda seen: {},
    9001: _mssql_login,
    9002: lambda seen: {"HOSTNAME": seen.text("workstation"), "DOMAINNAME": seen.text("domain")},
    9003: lambda seen: {},
    10001: _tftp,
    11001: lambda seen: {"NTP CMD": seen.text("request") or "monlist"},
    12001: _vnc_login,
    13001: lambda seen: {
        "COMMUNITY_STRING": seen.text("community"),
        "REQUESTS": seen.text("objects").split(),
    },
    14001: lambda seen: {"USERNAME": seen.text("username")},
    15001: _sip,
    16001: lambda seen: {"REPO": seen.text("path"), "HOST": seen.text("host")},
    17001: _redis,
    20001: _mongodb,
}
"""The logdata of the numbers whose keys are more than an account, or other ones."""
