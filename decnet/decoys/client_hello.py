"""The first message of a TLS client, and the fingerprints of it.

Sources: the README of salesforce/ja3; technical_details/JA4.md of FoxIO-LLC/ja4.
"""

import hashlib
from dataclasses import dataclass, field

from .events import shown

MOST_BYTES = 32 * 1024
MOST_NAME = 255
HANDSHAKE, CLIENT_HELLO = 22, 1
SERVER_NAME, GROUPS, FORMATS, SIGNATURES, PROTOCOLS, VERSIONS = 0, 10, 11, 13, 16, 43
NAMES = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
NOTHING = "0" * 12


class Malformed(Exception):
    """Not the beginning of a TLS connection, or not all of it."""


@dataclass
class Hello:
    """A ClientHello, without the values that a client adds at random (GREASE, RFC 8701)."""

    version: int
    ciphers: list[int]
    extensions: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    formats: list[int] = field(default_factory=list)
    signatures: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    protocols: list[bytes] = field(default_factory=list)
    server_name: bytes = b""

    @property
    def ja3(self) -> str:
        """JA3: an MD5 of the lists in their order."""
        lists = (self.ciphers, self.extensions, self.groups, self.formats)
        text = ",".join((str(self.version), *("-".join(map(str, each)) for each in lists)))
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    @property
    def ja4(self) -> str:
        """JA4: counts that people can read, and hashes of the sorted lists."""
        version = NAMES.get(max(self.versions, default=self.version), "00")
        named = "d" if SERVER_NAME in self.extensions else "i"
        counts = f"{min(len(self.ciphers), 99):02}{min(len(self.extensions), 99):02}"
        hashed = [each for each in self.extensions if each not in (SERVER_NAME, PROTOCOLS)]
        parts = [_hexes(sorted(hashed)), *([_hexes(self.signatures)] if self.signatures else [])]
        extensions = _short("_".join(parts)) if self.extensions else NOTHING
        ciphers = _short(_hexes(sorted(self.ciphers))) if self.ciphers else NOTHING
        return f"t{version}{named}{counts}{self._protocol()}_{ciphers}_{extensions}"

    def fields(self) -> dict[str, str]:
        """The fields of a handshake."""
        protocols = ",".join(shown(each) for each in self.protocols)
        known = {"server_name": shown(self.server_name), "alpn": protocols}
        return {"ja3": self.ja3, "ja4": self.ja4, **{name: text for name, text in known.items() if text}}

    def _protocol(self) -> str:
        first = self.protocols[0] if self.protocols else b""
        if not first:
            return "00"
        ends = bytes((first[0], first[-1]))
        if ends.isalnum():
            return ends.decode()
        return f"{first[0]:02x}"[0] + f"{first[-1]:02x}"[1]


def read_hello(stream: bytes) -> Hello:
    """The ClientHello at the beginning of what a client sent. Raises Malformed."""
    records, message = _Input(stream), b""
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        if records.number(1) != HANDSHAKE:
            raise Malformed
        records.take(2)
        message += records.block(2).rest()
    if message[0] != CLIENT_HELLO:
        raise Malformed
    return _parse(_Input(message[4:][: int.from_bytes(message[1:4], "big")]))


def _parse(body: "_Input") -> Hello:
    version = body.number(2)
    body.take(32)
    body.block(1)
    hello = Hello(version, _plain(body.block(2)))
    body.block(1)
    if body:
        _read_extensions(body.block(2), hello)
    return hello


def _read_extensions(extensions: "_Input", hello: Hello) -> None:
    while extensions:
        kind, content = extensions.number(2), extensions.block(2)
        if _is_random(kind):
            continue
        hello.extensions.append(kind)
        if kind == SERVER_NAME and content:
            names = content.block(2)
            names.take(1)
            hello.server_name = names.block(2).rest()[:MOST_NAME]
        elif kind == GROUPS:
            hello.groups = _plain(content.block(2))
        elif kind == FORMATS:
            hello.formats = list(content.block(1).rest())
        elif kind == SIGNATURES:
            hello.signatures = _plain(content.block(2))
        elif kind == VERSIONS:
            hello.versions = _plain(content.block(1))
        elif kind == PROTOCOLS:
            offered = content.block(2)
            while offered:
                hello.protocols.append(offered.block(1).rest())


class _Input:
    """Reads bytes from their beginning; every read is checked against their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise Malformed
        taken, self._at = self._data[self._at : end], end
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def block(self, size: int) -> "_Input":
        """What follows its own length, a number of `size` bytes."""
        return _Input(self.take(self.number(size)))

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)


def _plain(numbers: _Input) -> list[int]:
    found = []
    while numbers:
        found.append(numbers.number(2))
    return [each for each in found if not _is_random(each)]


def _is_random(number: int) -> bool:
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def _hexes(numbers: list[int]) -> str:
    return ",".join(f"{each:04x}" for each in numbers)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
