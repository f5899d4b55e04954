"""Constructed events of services that have no decoy yet: one for each number of OpenCanary that we use."""

from __future__ import annotations

from typing import Any

from sightings import sighting

from decnet.export import Sighting

LOGIN = {"username": "admin", "password": "s3cret", "success": False}

EXPECTED: list[tuple[int, str, str, dict[str, Any], dict[str, Any]]] = [
    (2000, "ftp", "login", LOGIN, {"USERNAME": "admin", "PASSWORD": "s3cret"}),
    (3000, "http", "request", {"method": "GET", "path": "/a?b", "user_agent": "curl", "host": "h"},
     {"HOSTNAME": "h", "PATH": "/a?b", "SKIN": "decnet", "USERAGENT": "curl"}),
    (3001, "http", "login", {**LOGIN, "path": "/login"},
     {"HOSTNAME": "", "PATH": "/login", "SKIN": "decnet", "USERAGENT": "", "USERNAME": "admin",
      "PASSWORD": "s3cret"}),
    (3002, "http", "request", {"method": "PROPFIND", "path": "/"},
     {"HOSTNAME": "", "PATH": "/", "SKIN": "decnet", "USERAGENT": "", "REQUEST_TYPE": "PROPFIND"}),
    (4000, "ssh", "contact", {}, {"SESSION": "5e5510"}),
    (4001, "ssh", "request", {"request": "handshake", "client": "SSH-2.0-Go"},
     {"LOCALVERSION": "", "REMOTEVERSION": "SSH-2.0-Go"}),
    (4002, "ssh", "login", {**LOGIN, "method": "password"},
     {"LOCALVERSION": "", "REMOTEVERSION": "", "USERNAME": "admin", "PASSWORD": "s3cret"}),
    (5000, "smb", "file",
     {"username": "u", "client": "pc", "share": "data", "version": "SMB3", "domain": "d", "method": "open",
      "path": "a.txt"},
     {"USER": "u", "REMOTENAME": "pc", "SHARENAME": "data", "LOCALNAME": "srv-web-01", "SMBVER": "SMB3",
      "SMBARCH": "", "DOMAIN": "d", "AUDITACTION": "open", "STATUS": "ok", "FILENAME": "a.txt"}),
    *((number, "base", "scan", {"probe": probe, "ports": "22,80", "count": 2},
       {"PROTO": "TCP", "PORTS": "22,80", "COUNT": 2})
      for number, probe in ((5001, "syn"), (5002, "os"), (5003, "null"), (5004, "xmas"), (5005, "fin"))),
    (6001, "telnet", "login", LOGIN, {"USERNAME": "admin", "PASSWORD": "s3cret"}),
    (6002, "telnet", "contact", {}, {}),
    (7001, "httpproxy", "login", LOGIN, {"USERNAME": "admin", "PASSWORD": "s3cret"}),
    (8001, "mysql", "login", {"username": "admin", "hash": "0a1b"},
     {"USERNAME": "admin", "PASSWORD": "0a1b"}),
    (9001, "mssql", "login", {**LOGIN, "method": "sql", "client": "app", "database": "master",
                              "workstation": "pc"},
     {"HostName": "pc", "UserName": "admin", "Password": "s3cret", "AppName": "app", "ServerName": "",
      "Language": "", "Database": "master", "CltIntName": ""}),
    (9002, "mssql", "login", {"method": "windows", "workstation": "pc", "domain": "corp"},
     {"HOSTNAME": "pc", "DOMAINNAME": "corp"}),
    (9003, "mysql", "contact", {}, {}),
    (10001, "tftp", "request", {"path": "running-config", "method": "READ", "mode": "octet"},
     {"FILENAME": "running-config", "OPCODE": "READ", "MODE": "octet"}),
    (10001, "tftp", "file", {"path": "x", "mode": "octet"},
     {"FILENAME": "x", "OPCODE": "WRITE", "MODE": "octet"}),
    (11001, "ntp", "request", {"request": "monlist"}, {"NTP CMD": "monlist"}),
    (12001, "vnc", "login", {"challenge": "aa", "response": "bb", "password": "cc"},
     {"VNC Server Challenge": "aa", "VNC Client Response": "bb", "VNC Password": "cc"}),
    (13001, "snmp", "request", {"community": "public", "objects": "1.3 1.4"},
     {"COMMUNITY_STRING": "public", "REQUESTS": ["1.3", "1.4"]}),
    (14001, "rdp", "login", LOGIN, {"USERNAME": "admin"}),
    (15001, "sip", "request", {"headers": "Via: a\nVia: b\nFrom: c"},
     {"HEADERS": {"via": ["a", "b"], "from": ["c"]}}),
    (16001, "git", "request", {"path": "/x.git", "host": "git"}, {"REPO": "/x.git", "HOST": "git"}),
    (17001, "redis", "command", {"input": "CONFIG SET dir /root"},
     {"CMD": "CONFIG", "ARGS": "SET dir /root"}),
    (20001, "mongodb", "contact", {}, {"action": "mongodb.connection"}),
    (20001, "mongodb", "login", {**LOGIN, "method": "SCRAM-SHA-256"},
     {"action": "mongodb.auth_attempt", "username": "admin", "mechanism": "SCRAM-SHA-256",
      "auth_data": "s3cret"}),
    (20001, "mongodb", "command", {"input": "find {}"},
     {"action": "mongodb.command", "command": "find", "query": "{}"}),
    *((number, service, kind, fields, {"SERVICE": service, "KIND": kind,
                                       **{name.upper(): each for name, each in fields.items()}})
      for number, service, kind, fields in (
          (99000, "smb", "contact", {}),
          (99001, "imap", "login", LOGIN),
          (99001, "ldap", "login", LOGIN),
          (99002, "ssh", "command", {"input": "id"}),
          (99002, "docker_api", "command", {"input": "POST /containers/create"}),
          (99003, "modbus", "request", {"request": "read", "count": 3}),
          (99003, "dns", "request", {"path": "example.org"}),
          (99004, "ftp", "file", {"path": "/x", "size": 3}),
          (99005, "base", "scan", {"probe": "arp", "count": 9}),
          (99009, "ssh", "disconnect", {"seconds": 1.5}),
          (99009, "base", "pivot", {"target": "10.0.0.7"}),
      )),
]  # fmt: skip
"""The number, the event's service, kind and fields, and the logdata of its line."""

EVENTS: list[Sighting] = [sighting(service, kind, fields) for _, service, kind, fields, _ in EXPECTED]
