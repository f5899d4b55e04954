"""What in an event means which technique of MITRE ATT&CK: ids only, because tactics are renamed between
versions."""

from __future__ import annotations

import re
from typing import NamedTuple

ATTACK_VERSION = "19"

SHELLS = ("ssh", "telnet")


class Rule(NamedTuple):
    """An event of this kind (and of one of these services, if any) whose field matches means these
    techniques; without a field, every such event does."""

    kind: str
    techniques: tuple[str, ...]
    services: tuple[str, ...] = ()
    field: str = ""
    pattern: re.Pattern[str] = re.compile("")


def _command(pattern: str, *techniques: str) -> Rule:
    return Rule("command", techniques, SHELLS, "input", re.compile(pattern))


def _request(service: str, pattern: str, *techniques: str, field: str = "request") -> Rule:
    return Rule("request", techniques, (service,), field, re.compile("(?i)" + pattern))


OF_SERVICES_TO_COME = (
    _request("smb", r"\bshares?\b", "T1135"),
    Rule("file", ("T1552.001",), ("smb",), "path", re.compile(r"(?i)passw|credential|\.kdbx$|id_rsa|\.env$")),
    _request("ldap", "search", "T1087.002"),
    _request("ldap", "trustedDomain", "T1482", field="path"),
    _request("dns", "axfr", "T1018"),
    _request("llmnr", "answer", "T1557.001"),
    _request("tftp", r"config|\.cfg\b", "T1602.002", field="path"),
    _request("snmp", r"1\.3\.6\.1\.4\.1\.9\.9\.96\b", "T1602.002", field="objects"),
    _request("ntp", "monlist", "T1498.002"),
    Rule("command", ("T1610", "T1611"), ("docker_api",), "input", re.compile("/containers/create")),
    Rule(
        "command", ("T1613",), ("docker_api",), "input", re.compile("GET /(v[0-9.]+/)?(containers|images)/")
    ),
    Rule("command", ("T1552.007",), ("k8s",), "input", re.compile(r"/secrets\b")),
    Rule("command", ("T1613",), ("k8s",), "input", re.compile(r"GET /\S*/(pods|nodes|namespaces)/?($|\?)")),
    Rule("contact", ("T0846",), ("modbus", "s7")),
    _request("modbus", "identify", "T0888"),
    _request("modbus", "write", "T0855", "T0836"),
    _request("s7", "identify", "T0888"),
    _request("s7", "stop|start", "T0858"),
    _request("s7", "download", "T0843"),
)
"""Services that have no decoy yet; those of modbus and s7 are in the matrix for ICS."""

RULES = (
    Rule("command", ("T1059.004",), SHELLS),
    _command(r"\b(uname|lscpu|hostnamectl|lsb_release|nproc)\b|/proc/(cpuinfo|version)|os-release", "T1082"),
    _command(r"(^|[;&|]\s*)(id|whoami|who|w|last)\b", "T1033"),
    _command(r"\b(ip\s+(a|r|l|addr|route|link)\w*|ifconfig|route)\b", "T1016"),
    _command(r"(^|[;&|]\s*)(ss|netstat)\b", "T1049"),
    _command(r"(^|[;&|]\s*)(find|ls|dir|locate)\b", "T1083"),
    _command(r"(^|[;&|]\s*)(ps|top|pstree)\b", "T1057"),
    _command(r"\b(wget|curl|tftp|ftpget|scp)\b", "T1105"),
    _command(r"/etc/shadow\b", "T1003.008"),
    _command(r"\b(useradd|adduser)\b", "T1136.001"),
    _command(r"\bcrontab\b|/etc/cron|/var/spool/cron", "T1053.003"),
    _command(r"authorized_keys", "T1098.004"),
    _command(r"history\s+-c|HISTFILE|HISTSIZE=0|\.bash_history", "T1070.003"),
    _command(r"(^|[;&|]\s*)sudo\b", "T1548.003"),
    Rule("command", ("T1098.004",), ("redis",), "input", re.compile(r"(?i)config\s+set\s+\S*dir\b")),
    Rule("request", ("T1105",), SHELLS, "request", re.compile("download")),
    Rule("request", ("T1572", "T1090.001"), ("ssh",), "request", re.compile("tcpip")),
    Rule("request", ("T1190",), ("http",), "path", re.compile(r"(?i)\$\{|\.\./|%2e%2e|%00|<script|union\s")),
    Rule("request", ("T1190",), ("http",), "headers", re.compile(r"(?i)\$\{jndi|\(\)\s*\{|%\{\(#")),
    Rule("request", ("T1190",), ("http",), "body", re.compile(r"(?i)\$\{jndi|<\?php|/bin/(ba)?sh")),
    Rule("request", ("T1602.001",), ("snmp",)),
    Rule("file", ("T1105",), ("ftp", *SHELLS)),
    Rule("pivot", ("T1572",)),
    _command(
        r"\.aws/credentials|\.git-credentials|\.pgpass|\.my\.cnf|wp-config\.php|\bid_rsa\b", "T1552.001"
    ),
    *OF_SERVICES_TO_COME,
)
"""Those that one event shows by itself."""

SWEEP, PORT_SCAN = "T1018", "T1046"
SCAN_FROM_OUTSIDE = "T1595.001"

ONE_GUESS, GUESSING, SPRAYING, STUFFING = "T1110", "T1110.001", "T1110.003", "T1110.004"
"""Attempts to log in: one pair; many passwords of one account; one password for many accounts; many pairs."""

VALID_ACCOUNT = "T1078"

REMOTE = {"ssh": "T1021.004", "rdp": "T1021.001", "smb": "T1021.002", "vnc": "T1021.005"}
"""A login that succeeded, from inside."""

REMOTE_FROM_OUTSIDE = "T1133"
