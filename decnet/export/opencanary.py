"""OpenCanary's JSON: opencanary/logger.py of thinkst/opencanary 0.9.9."""

from __future__ import annotations

from typing import Any

from .sighting import Sighting, line, moment

LOGINS = {
    "ftp": 2000, "http": 3001, "https": 3001, "ssh": 4002, "telnet": 6001, "mysql": 8001, "mssql": 9001,
    "vnc": 12001, "snmp": 13001, "rdp": 14001,
}  # fmt: skip
REQUESTS = {
    "http": 3000, "https": 3000, "snmp": 13001, "tftp": 10001, "ntp": 11001, "sip": 15001, "git": 16001,
    "llmnr": 19001,
}  # fmt: skip
PROBES = {"syn": 5001, "null": 5003, "xmas": 5004, "fin": 5005}
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
        "node_id": "decnet" if seen.is_shared else event.decky,
        "src_host": event.source_ip,
        "src_port": event.source_port or -1,
        "utc_time": utc,
    }
    return line(dict(sorted(document.items())))


def _logtype(seen: Sighting) -> int:
    kind, service = seen.event.kind, seen.event.service
    if kind == "login":
        return LOGINS.get(service, OTHER["login"])
    if kind == "request":
        return REQUESTS.get(service, OTHER["request"]) if not seen.text("request") else OTHER["request"]
    if kind == "command" and service == "redis":
        return 17001
    if kind == "contact" and service == "ssh":
        return 4000
    if kind == "scan":
        return PROBES.get(seen.text("probe"), OTHER["scan"])
    return OTHER.get(kind, LAST)


def _logdata(seen: Sighting, logtype: int) -> dict[str, Any]:
    """The keys of that number; the numbers for users begin with the service and have our own fields."""
    user = {"USERNAME": seen.text("username"), "PASSWORD": _secret(seen)}
    if logtype >= OTHER["contact"]:
        own = {name.upper(): value for name, value in seen.event.fields.items()}
        return {"SERVICE": seen.event.service, "KIND": seen.event.kind, **own}
    if logtype == 3000 or logtype == 3001:
        page = {
            "HOSTNAME": seen.text("host"),
            "PATH": seen.text("path"),
            "SKIN": "decnet",
            "USERAGENT": seen.text("user_agent"),
        }
        return page if logtype == 3000 else {**page, **user}
    if logtype == 4000:
        return {"SESSION": seen.event.session}
    if logtype == 4002:
        return {"LOCALVERSION": "", "REMOTEVERSION": seen.text("client"), **user}
    if logtype == 13001:
        return {"COMMUNITY_STRING": seen.text("community"), "REQUESTS": seen.text("objects").split()}
    if logtype == 17001:
        command, _, rest = seen.text("input").partition(" ")
        return {"ARGS": rest, "CMD": command}
    if logtype in PROBES.values():
        return {"PROTO": "TCP", "PORTS": seen.text("ports"), "COUNT": seen.number("count")}
    if logtype == LOGINS["mssql"]:
        return {"UserName": user["USERNAME"], "Password": user["PASSWORD"], "AppName": seen.text("client")}
    if logtype == LOGINS["vnc"]:
        return {"VNC Client Response": seen.text("response"), "VNC Password": seen.text("password")}
    if logtype == LOGINS["rdp"]:
        return {"USERNAME": user["USERNAME"]}
    if logtype in LOGINS.values():
        return user
    return {name.upper(): value for name, value in seen.event.fields.items()}


def _secret(seen: Sighting) -> str:
    return seen.text("password") or seen.text("hash") or seen.text("response") or seen.text("key")
