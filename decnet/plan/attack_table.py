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
