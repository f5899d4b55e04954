"""The frames that the services of a decky send to each other: who they are, and what visitors change."""

from __future__ import annotations

import ipaddress
import json
import struct
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from .host.node import Node
from .restarts import LATEST as LONGEST_AWAY
from .restarts import MOST_KNOWN, Restart, Restarts
from .server_logs import LONGEST as LONGEST_LINE
from .server_logs import MOST_BYTES, Logged
from .visitors import LOGIN, LONGEST_NOTE, LONGEST_PATH, MOST_FILE, PASSWORD, SEEN, Change

HEAD = struct.Struct(">II")
MOST_PORTS = 32
LATEST = 1 << 34
"""Seconds since the epoch."""
LARGEST = 1 << 50
AHEAD_SECONDS = 60
"""A change is not from a later time than this."""
KEYS = ("rsa", "ecdsa", "ed25519", "certificate")
LONGEST_KEY = 2048
"""Characters of a public key."""
MOST_RESTARTS = 1_000_000
MOST_PID = 4_194_304
LONGEST_PROGRAM = 40
DIGESTS = ("md5", "sha1", "sha256")
HEX = frozenset("0123456789abcdef")
KINDS = ("", "c", "b", "p", "s")


class Unfit(Exception):
    """A frame that no service of ours sends."""


@dataclass(frozen=True, slots=True)
class Hello:
    """One service of a decky. `since`: when it was added, 0 if it came with the machine; `life`: when the
    first of the services was started that have handed on what they knew. Seconds since the epoch. `hears`:
    whether it takes facts later; `logs`: whether it takes lines of logs."""

    service: str
    ports: tuple[tuple[int, str], ...]
    banner: str
    since: int
    life: float
    hears: bool = True
    logs: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """What a service knows of the machine: when visitors have restarted it; the public keys of its SSH server
    by name (rsa, ecdsa, ed25519), as the protocol carries them; a start, and the highest process number
    since."""

    restarts: Restarts = Restarts()
    keys: tuple[tuple[str, bytes], ...] = ()
    newest: tuple[int, int] = (0, 0)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that others do not know."""
        return self == Facts()


def packed(header: dict[str, object], body: bytes = b"") -> bytes:
    """A frame."""
    raw = json.dumps(header, separators=(",", ":")).encode()
    return HEAD.pack(len(raw), len(body)) + raw + body


def unpacked(raw: bytes) -> dict[str, Any]:
    """The header of a frame. Raises Unfit."""
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unfit from error
    if not isinstance(header, dict):
        raise Unfit
    return header


def frame_of_hello(hello: Hello) -> bytes:
    """Who we are."""
    return packed({"service": hello.service, "ports": hello.ports, "banner": hello.banner[:300],
                   "since": hello.since, "life": hello.life, "hears": True, "logs": True})  # fmt: skip


def hello_of(header: dict[str, Any]) -> Hello:
    """Who the other one is. Raises Unfit."""
    ports = header.get("ports")
    if not isinstance(ports, list) or len(ports) > MOST_PORTS:
        raise Unfit
    return Hello(
        _text(header, "service", 40), tuple(_port(each) for each in ports), _text(header, "banner", 300),
        _number(header, "since", LATEST), _life(header.get("life")), header.get("hears") is True,
        header.get("logs") is True,
    )  # fmt: skip


def frame_of_facts(facts: Facts) -> bytes:
    """What we know of the machine."""
    keys = {name: b64encode(key).decode() for name, key in facts.keys}
    restarts = {"count": facts.restarts.total, "restarts": facts.restarts.last}
    return packed({"facts": {**restarts, "keys": keys, "newest": facts.newest}})


def facts_of(header: dict[str, Any]) -> Facts:
    """What the other one knows of the machine. Raises Unfit."""
    fields = header["facts"]
    if not isinstance(fields, dict) or not isinstance(fields.get("keys"), dict):
        raise Unfit
    found, keys = fields.get("restarts"), fields["keys"]
    if not isinstance(found, list) or len(found) > MOST_KNOWN or not set(keys) <= set(KEYS):
        raise Unfit
    last = tuple(_restart(each) for each in found)
    if any(one.up > other.down for one, other in zip(last, last[1:], strict=False)):
        raise Unfit
    restarts = Restarts(_number(fields, "count", MOST_RESTARTS, len(last)), last)
    known = tuple((name, _key(keys[name])) for name in keys)
    return Facts(restarts, known, _newest(fields.get("newest")))


def frame_of_line(line: Logged) -> bytes:
    """A line that a server has logged."""
    return packed({"line": [line.at, line.log, line.text, line.program, line.pid]})


def line_of(header: dict[str, Any]) -> Logged:
    """A line that a server has logged. Raises Unfit."""
    match header["line"]:
        case [int(at), str(log), str(text), str(program), int(pid)] if (
            log in MOST_BYTES and len(text) <= LONGEST_LINE and len(program) <= LONGEST_PROGRAM
            and 0 < at < (int(time.time()) + AHEAD_SECONDS) * 10**9 and 0 <= pid < MOST_PID
            and (text + program).isprintable()
        ):  # fmt: skip
            return Logged(at, log, text, program, pid)
    raise Unfit


def _newest(pair: object) -> tuple[int, int]:
    match pair:
        case [int() as booted, int() as pid] if (
            0 <= booted < time.time() + AHEAD_SECONDS and 0 <= pid < MOST_PID
        ):
            return booted, pid
    raise Unfit


def _restart(pair: object) -> Restart:
    now = int(time.time())
    match pair:
        case [int() as down, int() as up] if (
            0 < down <= up < now + LONGEST_AWAY and down <= now + LONGEST_AWAY
        ):
            return Restart(down, up)
    raise Unfit


def _key(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > LONGEST_KEY:
        raise Unfit
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise Unfit from error


def _port(pair: object) -> tuple[int, str]:
    match pair:
        case [int() as number, "tcp" | "udp" as protocol] if 0 < number < 65536:
            return number, protocol
    raise Unfit


def _life(value: object) -> float:
    if not isinstance(value, float) or not 0 < value < time.time() + AHEAD_SECONDS:
        raise Unfit
    return value


def is_fit(change: Change) -> bool:
    """Whether the others take this change; dates or names that no real file has stay here."""
    try:
        change_of(json.loads(json.dumps(_header(change))), b"")
    except Unfit:
        return False
    return True


def frame_of_change(change: Change) -> bytes:
    """A change, with the content of its file."""
    content = change.value.data[:MOST_FILE] if isinstance(change.value, Node) else b""
    return packed(_header(change), content)


def _header(change: Change) -> dict[str, object]:
    header: dict[str, object] = {
        "source": change.source, "key": change.key, "version": change.version, "hides": change.hides
    }  # fmt: skip
    node = change.value
    if not isinstance(node, Node):
        return {**header, "note": node}
    fields = {
        name: getattr(node, name)
        for name in ("mode", "folder", "owner", "changed", "target", "group", "kind", "inode")
    }
    fields |= {"size": node.size, "device": node.device, "digests": node.sums}
    return {**header, "node": fields}


def change_of(header: dict[str, Any], body: bytes) -> Change:
    """A change. Raises Unfit."""
    source, key = _text(header, "source", 60), _text(header, "key", LONGEST_PATH)
    try:
        ipaddress.ip_address(source)
    except ValueError as error:
        raise Unfit from error
    version = _number(header, "version", (int(time.time()) + AHEAD_SECONDS) * 10**9)
    if key.startswith("/"):
        if "\0" in key or (key != "/" and {"", ".", ".."} & set(key[1:].split("/"))):
            raise Unfit
        return Change(source, key, version, _node(header.get("node"), body), header.get("hides") is True)
    if not (key.startswith((LOGIN, PASSWORD)) or key == SEEN) or len(key) > 120:
        raise Unfit
    return Change(source, key, version, _text(header, "note", LONGEST_NOTE))


def _node(fields: object, body: bytes) -> Node | None:
    if fields is None:
        return None
    if not isinstance(fields, dict) or fields.get("kind") not in KINDS:
        raise Unfit
    return Node(
        _number(fields, "mode", 0o7777), folder=fields.get("folder") is True, content=body,
        owner=_text(fields, "owner", 100), changed=_number(fields, "changed", LATEST, -LATEST),
        target=_text(fields, "target", LONGEST_PATH), size=_number(fields, "size", LARGEST, -1),
        group=_text(fields, "group", 100), kind=fields["kind"], device=_device(fields.get("device")),
        digests=_digests(fields.get("digests")), inode=_text(fields, "inode", LONGEST_PATH),
    )  # fmt: skip


def _device(value: object) -> tuple[int, int]:
    match value:
        case [int() as major, int() as minor] if 0 <= major < 4096 and 0 <= minor < 1 << 20:
            return major, minor
    raise Unfit


def _digests(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or len(value) > len(DIGESTS):
        raise Unfit
    for each in value:
        match each:
            case [str() as name, str() as digest] if name in DIGESTS and len(digest) <= 64:
                if HEX.issuperset(digest):
                    continue
        raise Unfit
    return tuple((name, digest) for name, digest in value)


def _text(fields: dict[str, Any], name: str, most: int) -> str:
    """A text that is UTF-8, or has other bytes as Python shows them (PEP 383): JSON can hold any half of a
    surrogate pair, which no file name or password is written with."""
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise Unfit
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise Unfit from error
    return value


def _number(fields: dict[str, Any], name: str, most: int, least: int = 0) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Unfit
    return value
