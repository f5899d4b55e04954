"""SNMP messages as values: parsed requests and encoded answers (RFC 3416, 3412, 3414)."""

from dataclasses import dataclass

from . import ber
from .ber import Malformed, Oid, Reader

V1, V2C, V3 = 0, 1, 3
VERSIONS = {V1: "v1", V2C: "v2c", V3: "v3"}
GET, NEXT, RESPONSE, SET, BULK, REPORT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8
NAMES = {GET: "get", NEXT: "getnext", SET: "set", BULK: "getbulk"}
TOO_BIG, NO_SUCH_NAME, NO_ACCESS = 1, 2, 6
DIGESTS = (12, 16, 24, 32, 48)
"""Lengths in bytes (RFC 3414, 7860)."""
USM = 3

Binding = tuple[Oid, bytes]
"""An object and its encoded value."""


@dataclass(frozen=True)
class Pdu:
    """A request. `first` and `second`: error status and index, of a GETBULK non-repeaters and repetitions."""

    kind: int
    number: int
    first: int
    second: int
    bindings: tuple[Binding, ...]


@dataclass(frozen=True)
class Request:
    """A message of version 1 or 2c."""

    version: int
    community: bytes
    pdu: Pdu


@dataclass(frozen=True)
class Secure:
    """A message of version 3, as far as it can be read without a key."""

    number: int
    flags: int
    engine: bytes
    user: bytes
    pdu: Pdu | None
    """None where it is encrypted."""
    context: tuple[bytes, bytes]


def parse(data: bytes) -> Request | Secure:
    """The message in a datagram. Raises Malformed."""
    outer = Reader(data).inside()
    version = outer.integer()
    if version == V3:
        return _secure(outer)
    if version not in (V1, V2C):
        raise Malformed
    community = outer.string()
    tag, content = outer.any()
    return Request(version, community, _pdu(tag, content))


def credentials(data: bytes) -> tuple[str, dict[str, bytes | str]]:
    """The version, and the community or user in a datagram, even if the rest of it is not a message.

    A digest is a `hash` as hashcat reads it (mode 25000): the message without it, the engine, the digest.
    """
    version = ""
    fields: dict[str, bytes | str] = {}
    try:
        outer = Reader(data).cut_inside()
        version = VERSIONS.get(outer.integer(), "")
        if version in ("v1", "v2c"):
            fields["community"] = outer.string()
        elif version == "v3":
            outer.inside()
            security = Reader(outer.string()).inside()
            engine, _, _, fields["username"] = (
                security.string(), security.integer(), security.integer(), security.string()
            )  # fmt: skip
            digest = security.string()
            if len(digest) in DIGESTS:
                bare = data.replace(digest, bytes(len(digest)), 1)
                fields["hash"] = f"$SNMPv3$0$1${bare.hex()}${engine.hex()}${digest.hex()}"
            elif digest:
                fields["response"] = digest.hex()
    except Malformed:
        pass
    return version, fields


def _pdu(tag: int, content: bytes) -> Pdu:
    if tag not in NAMES:
        raise Malformed
    reader = Reader(content)
    number, first, second = reader.integer(), reader.integer(), reader.integer()
    listed = reader.inside()
    bindings: list[Binding] = []
    while listed.more():
        one = listed.inside()
        name = one.oid()
        bindings.append((name, ber.value(*one.any())))
    return Pdu(tag, number, first, second, tuple(bindings))


def _secure(outer: Reader) -> Secure:
    header = outer.inside()
    number, _ = header.integer(), header.integer()
    flags, model = header.string(), header.integer()
    if model != USM or len(flags) != 1:
        raise Malformed
    security = Reader(outer.string()).inside()
    engine, _, _, user = security.string(), security.integer(), security.integer(), security.string()
    tag, content = outer.any()
    if tag != ber.SEQUENCE:
        return Secure(number, flags[0], engine, user, None, (b"", b""))
    scoped = Reader(content)
    context = scoped.string(), scoped.string()
    return Secure(number, flags[0], engine, user, _pdu(*scoped.any()), context)


def answer(request: Request, status: int, index: int, bindings: tuple[Binding, ...]) -> bytes:
    """The answer to a request of version 1 or 2c."""
    pdu = _encode(RESPONSE, request.pdu.number, status, index, bindings)
    return ber.sequence(ber.integer(request.version), ber.string(request.community), pdu)


def report(
    request: Secure, engine: bytes, boots: int, seconds: int, counter: Oid, count: int, number: int
) -> bytes:
    """An agent's report to a manager that it cannot serve: its engine, and the incremented counter."""
    binding = ((counter, ber.integer(count, ber.COUNTER)),)
    security = ber.sequence(
        ber.string(engine),
        ber.integer(boots),
        ber.integer(seconds),
        ber.string(request.user),
        ber.string(b""),
        ber.string(b""),
    )
    return ber.sequence(
        ber.integer(V3),
        ber.sequence(ber.integer(request.number), ber.integer(65507), ber.string(b"\0"), ber.integer(USM)),
        ber.string(security),
        ber.sequence(ber.string(engine), ber.string(b""), _encode(REPORT, number, 0, 0, binding)),
    )


def _encode(tag: int, number: int, status: int, index: int, bindings: tuple[Binding, ...]) -> bytes:
    encoded = ber.sequence(*(ber.sequence(ber.oid(name), value) for name, value in bindings))
    return ber.sequence(ber.integer(number), ber.integer(status), ber.integer(index), encoded, tag=tag)
