"""The kinds of attacker events, and the fields of each kind: what decoys write, the agent passes on and the
operator's formats map."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple

TEXT, WHOLE, NUMBER, FLAG, TIME = "text", "whole number", "number", "flag", "time"


SHELLS = ("ssh", "telnet")
TLS = ("mysql", "smtp")
"""The services that a client can reach through TLS."""

TAKING = ("ftp", "http", "ssh", "telnet")
"""The services whose visitors can upload files."""


class Field:
    """One field: its type, its unit ("" if it has none), its meaning, and the services whose decoys write it
    (empty: all)."""

    __slots__ = ("kind", "meaning", "services", "unit")

    def __init__(self, kind: str, meaning: str, unit: str = "", services: Tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.meaning = meaning
        self.unit = unit
        self.services = services

    def accepts(self, value: Any) -> bool:
        """Whether a value has the type of the field."""
        if self.kind in (TEXT, FLAG):
            return isinstance(value, str if self.kind == TEXT else bool)
        is_number = isinstance(value, int if self.kind == WHOLE else (int, float))
        return is_number and not isinstance(value, bool)


COUNTED = {
    "folded": Field(WHOLE, "how many events of this kind and source this one represents"),
    "first": Field(TIME, "the first of them", "seconds since the epoch"),
    "last": Field(TIME, "the last of them", "seconds since the epoch"),
}
"""The fields that an event of any kind has if it represents several."""

FIELDS: Dict[str, Dict[str, Field]] = {
    "contact": {
        "refused": Field(FLAG, "the connection was refused: the decoy had no place for one more"),
    },
    "scan": {
        "probe": Field(TEXT, "syn, null, xmas, fin, ack, udp, ping or arp"),
        "ports": Field(TEXT, "the ports and ranges of ports, ascending, separated by commas"),
        "count": Field(WHOLE, "packets"),
        "first": Field(TIME, "the first packet", "seconds since the epoch"),
        "last": Field(TIME, "the last packet", "seconds since the epoch"),
        "truncated": Field(FLAG, "there were more ports, packets or sources than are listed"),
    },
    "login": {
        "success": Field(FLAG, "whether the decoy let the visitor in"),
        "method": Field(TEXT, "how: password, publickey, basic, digest, form, json, none..."),
        "username": Field(TEXT, "the account; empty if the visitor named none"),
        "password": Field(TEXT, "the password as it was sent"),
        "new_password": Field(TEXT, "the password that it should become", "", ("ssh",)),
        "hash": Field(TEXT, "proof of a password", "", ("mysql", "redis", "snmp")),
        "response": Field(TEXT, "anything else that was sent instead of a password, as it was sent"),
        "key": Field(TEXT, "the fingerprint of a public key", "", ("ssh",)),
        "community": Field(TEXT, "the community string", "", ("snmp",)),
        "client": Field(TEXT, "the client's name and version", "", ("mysql",)),
        "database": Field(TEXT, "the database", "", ("mysql",)),
    },
    "command": {
        "input": Field(TEXT, "the command as it was sent"),
        "way": Field(TEXT, "shell, exec or menu", "", ("ssh", "telnet")),
    },
    "request": {
        "request": Field(
            TEXT, "what was requested; handshake: what it reveals about the client", "", (*SHELLS, *TLS)
        ),
        "host": Field(TEXT, "the host that was named", "", ("http", "ssh", "telnet")),
        "port": Field(WHOLE, "the port that was named", "", ("ssh", "telnet")),
        "subsystem": Field(TEXT, "the subsystem", "", ("ssh",)),
        "environment": Field(TEXT, "the client's environment", "", ("telnet",)),
        "url": Field(TEXT, "the address to download from", "", ("ssh", "telnet")),
        "tool": Field(TEXT, "the program that was to make the request", "", ("ssh", "telnet")),
        "output": Field(TEXT, "the file to write to; - for standard output", "", ("ssh", "telnet")),
        "method": Field(TEXT, "the method", "", ("http",)),
        "path": Field(TEXT, "the path with its query, or the first bytes of other input", "", ("http",)),
        "status": Field(WHOLE, "the status of the response; 0 if there was none", "", ("http",)),
        "user_agent": Field(TEXT, "the header User-Agent", "", ("http",)),
        "headers": Field(TEXT, "all headers in their order, one per line", "", ("http",)),
        "body": Field(TEXT, "the first bytes of the body", "", ("http",)),
        "body_size": Field(WHOLE, "the size of the body", "bytes", ("http",)),
        "body_sha256": Field(TEXT, "the SHA-256 of the body", "", ("http",)),
        "client": Field(TEXT, "the client's version", "", ("ssh",)),
        "hassh": Field(TEXT, "HASSH: the MD5 of four of the lists below", "", ("ssh",)),
        "kex_algorithms": Field(TEXT, "the client's key exchanges, in its order", "", ("ssh",)),
        "host_key_algorithms": Field(TEXT, "the kinds of host keys that it accepts", "", ("ssh",)),
        "ciphers": Field(TEXT, "its ciphers", "", ("ssh",)),
        "macs": Field(TEXT, "its message authentication codes", "", ("ssh",)),
        "compressions": Field(TEXT, "its kinds of compression", "", ("ssh",)),
        "languages": Field(TEXT, "its languages", "", ("ssh",)),
        "ja3": Field(TEXT, "JA3 of the TLS client", "", TLS),
        "ja4": Field(TEXT, "JA4 of the TLS client", "", TLS),
        "server_name": Field(TEXT, "the server that the TLS client named (SNI)", "", TLS),
        "alpn": Field(TEXT, "the protocols that the TLS client offered", "", TLS),
        "pdu": Field(TEXT, "the type of the request", "", ("snmp",)),
        "version": Field(TEXT, "the version of SNMP", "", ("snmp",)),
        "objects": Field(TEXT, "the objects, separated by blanks", "", ("snmp",)),
        "count": Field(WHOLE, "how many objects", "", ("snmp",)),
    },
    "file": {
        "path": Field(TEXT, "where the visitor stored it, or its name", "", TAKING),
        "name": Field(TEXT, "what it is: mail", "", ("smtp",)),
        "size": Field(WHOLE, "its size", "bytes"),
        "sha256": Field(TEXT, "the SHA-256 of its content", "", TAKING),
        "whole": Field(FLAG, "whether that is all that the visitor sent", "", TAKING),
        "kept": Field(FLAG, "whether its content was kept: `decnet events files`", "", TAKING),
        "sender": Field(TEXT, "the sender of the envelope", "", ("smtp",)),
        "recipients": Field(TEXT, "the recipients of the envelope, separated by blanks", "", ("smtp",)),
        "subject": Field(TEXT, "the header Subject", "", ("smtp",)),
        "content": Field(TEXT, "the first bytes", "", ("smtp",)),
    },
    "disconnect": {
        "seconds": Field(NUMBER, "how long the visit took", "seconds"),
        "commands": Field(WHOLE, "how many commands it had"),
        "requests": Field(WHOLE, "how many requests it had", "", ("http", "snmp")),
        "bytes_in": Field(WHOLE, "what the visitor sent", "bytes"),
        "bytes_out": Field(WHOLE, "what was sent to the visitor", "bytes"),
        "reason": Field(
            TEXT, "closed, timeout, reset, evicted (its place was needed) or stopped (the decoy)"
        ),
        "evicted": Field(FLAG, "its place was needed for another connection"),
        "client": Field(TEXT, "the client's version", "", ("ssh",)),
        "hassh": Field(TEXT, "as in the client's handshake", "", ("ssh",)),
        "tls": Field(TEXT, "the version of TLS", "", TLS),
        "ja3": Field(TEXT, "as in the client's handshake", "", TLS),
        "ja4": Field(TEXT, "the same", "", TLS),
        "server_name": Field(TEXT, "the same", "", TLS),
        "terminal": Field(TEXT, "the client's terminal type", "", ("telnet",)),
    },
    "error": {
        "error": Field(TEXT, "how the input broke the protocol", "", ("redis",)),
        "reason": Field(TEXT, "the same", "", ("snmp",)),
        "datagram": Field(TEXT, "its first bytes", "", ("snmp",)),
    },
    "lost": {
        "count": Field(WHOLE, "how many events are missing"),
        "at_least": Field(FLAG, "there may be more"),
        "after": Field(TIME, "the last event before them", "seconds since the epoch"),
        "before": Field(TIME, "the first event after them", "seconds since the epoch"),
        "reason": Field(TEXT, "why they are missing"),
        "files": Field(WHOLE, "how many files are missing, whose events are there", services=TAKING),
        "sha256": Field(TEXT, "the SHA-256 of the missing file", services=TAKING),
    },
    "pivot": {
        "target": Field(TEXT, "the address that the visitor reached through the decky"),
        "port": Field(WHOLE, "its port"),
    },
}
"""By kind. `lost` is written by the agent, `scan` by the kernel's counters, all others by the decoys."""

OF_BASE = "base"
"""The service of a decky's own events, of kind `scan`, and `lost` for these: the base owns its network."""

KINDS = tuple(FIELDS)
OF_DECOYS = tuple(kind for kind in KINDS if kind not in ("lost", "scan"))


def faults_of(kind: str, service: str, fields: Dict[str, Any]) -> Tuple[str, ...]:
    """How the fields of an event differ from the table; empty if they do not."""
    if kind not in FIELDS:
        return ("%s is not a kind of event" % kind,)
    known = dict(COUNTED, **FIELDS[kind])
    found = []
    for name, value in fields.items():
        field = known.get(name)
        if field is None or (field.services and service not in field.services):
            found.append("%s of %s has a field %s" % (kind, service, name))
        elif not field.accepts(value):
            found.append("%s of %s: %s is no %s" % (kind, service, name, field.kind))
    return tuple(found)
