"""Just enough of DER for RSA keys and certificates (RFC 5280, RFC 8017), without a library's memory."""

import hashlib
import time
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass

from .persona import Persona
from .primes import EXPONENT, prime

COMMON_NAME, BASIC_CONSTRAINTS, ALTERNATIVE_NAME, KEY_IDENTIFIER = (
    "2.5.4.3",
    "2.5.29.19",
    "2.5.29.17",
    "2.5.29.14",
)
RSA, SHA256_WITH_RSA = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
NULL = b"\x05\x00"
GENERALIZED_FROM = 2_524_608_000
"""2050: later times need four digits of the year."""


@dataclass(frozen=True)
class RsaKey:
    """One private key."""

    p: int
    q: int

    @property
    def n(self) -> int:
        """The modulus."""
        return self.p * self.q

    @property
    def d(self) -> int:
        """The private exponent."""
        return pow(EXPONENT, -1, (self.p - 1) * (self.q - 1))

    def apply(self, number: int) -> int:
        """The private operation, with both primes (CRT)."""
        one = pow(number, self.d % (self.p - 1), self.p)
        other = pow(number, self.d % (self.q - 1), self.q)
        return other + self.q * ((one - other) * pow(self.q, -1, self.p) % self.p)

    def sign(self, message: bytes) -> bytes:
        """A SHA-256 signature, PKCS #1 1.5."""
        size = (self.n.bit_length() + 7) // 8
        info = SHA256_INFO + hashlib.sha256(message).digest()
        padded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
        return self.apply(int.from_bytes(padded, "big")).to_bytes(size, "big")

    def public(self) -> bytes:
        """SubjectPublicKeyInfo."""
        inner = sequence(integer(self.n), integer(EXPONENT))
        return sequence(sequence(name(RSA), NULL), tagged(3, b"\x00" + inner))

    def private(self) -> bytes:
        """RSAPrivateKey."""
        p, q, d = self.p, self.q, self.d
        return sequence(*(integer(each) for each in (
            0, self.n, EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)
        )))  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """The contents of a certificate. Times are seconds since the epoch; extensions: object, critical, DER."""

    subject: str
    issuer: str
    serial: int
    begins: int
    ends: int
    extensions: Sequence[tuple[str, bool, bytes]] = ()


def rsa_key(persona: Persona, purpose: str, bits: int = 2048) -> RsaKey:
    """The key of this seed and purpose, always the same. A quarter of a second of work at 2048 bits."""
    return RsaKey(*(prime(persona, f"{purpose} {name}", bits // 2) for name in "pq"))


def certificate(wanted: Wanted, key: RsaKey, signer: RsaKey) -> bytes:
    """An X.509 certificate of version 3."""
    algorithm = sequence(name(SHA256_WITH_RSA), NULL)
    extensions = sequence(*(
        sequence(name(each), *([b"\x01\x01\xff"] if critical else []), tagged(4, value))
        for each, critical, value in wanted.extensions
    ))  # fmt: skip
    inner = sequence(
        tagged(0xA0, integer(2)), integer(wanted.serial), algorithm, _common_name(wanted.issuer),
        sequence(_time(wanted.begins), _time(wanted.ends)), _common_name(wanted.subject), key.public(),
        *([tagged(0xA3, extensions)] if wanted.extensions else []),
    )  # fmt: skip
    return sequence(inner, algorithm, tagged(3, b"\x00" + signer.sign(inner)))


def key_identifier(key: RsaKey) -> bytes:
    """The extension's value for a key: SHA-1 over it (RFC 5280, 4.2.1.2)."""
    inner = sequence(integer(key.n), integer(EXPONENT))
    return tagged(4, hashlib.sha1(inner, usedforsecurity=False).digest())


def pem(label: str, content: bytes) -> bytes:
    """The text form, 64 letters to the line."""
    letters = encodebytes(content).replace(b"\n", b"")
    lines = b"".join(letters[at : at + 64] + b"\n" for at in range(0, len(letters), 64))
    return f"-----BEGIN {label}-----\n".encode() + lines + f"-----END {label}-----\n".encode()


def tagged(tag: int, content: bytes) -> bytes:
    """One value behind its tag and length."""
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE."""
    return tagged(0x30, b"".join(parts))


def integer(number: int) -> bytes:
    """INTEGER, not negative."""
    return tagged(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def name(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = bytearray((first * 40 + second,))
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        out += bytes(reversed(groups))
    return tagged(6, bytes(out))


def _common_name(text: str) -> bytes:
    return sequence(tagged(0x31, sequence(name(COMMON_NAME), tagged(12, text.encode()))))


def _time(seconds: int) -> bytes:
    text = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds)).encode()
    return tagged(0x18, text) if seconds >= GENERALIZED_FROM else tagged(0x17, text[2:])
