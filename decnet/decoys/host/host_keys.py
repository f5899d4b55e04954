"""The files of the SSH server's keys in /etc/ssh, sshd(8). The public ones are those that the server shows.

Without a library: the services that show these files have none. The private files have the format of
OpenSSH (PROTOCOL.key) and other numbers than the server: no one can stand in for it with them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from .node import Node

if TYPE_CHECKING:
    from ..persona import Persona
    from .model import World

EXPONENT = 65537
PRIME = 2**255 - 19
ED25519_BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)
ED25519_D = -121665 * pow(121666, -1, PRIME) % PRIME
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
LINE = 70
TITLE = "OPENSSH PRIVATE KEY"
Jacobian = tuple[int, int, int]
Extended = tuple[int, int, int, int]

_rsa: dict[str, int] = {}
"""The modulus of the server's RSA key by the seed of the machine, once it is known in this process."""


def announce_rsa(persona: Persona, modulus: int) -> None:
    """Take the modulus of the server's RSA key."""
    _rsa[persona.seed] = modulus


def files(world: World, bits: int = 3072) -> dict[str, Node]:
    """Paths and nodes, as ssh-keygen -A has made them with the server. `bits`: of the RSA key."""
    found: dict[str, Node] = {}
    when, comment = world.installed + 480, f"root@{world.hostname}"
    for number, name in enumerate(("rsa", "ecdsa", "ed25519")):
        path, at = f"/etc/ssh/ssh_host_{name}_key", when + number // 2
        blob = partial(public_blob, world.persona, name, bits)
        length = {"rsa": bits // 8 + 23, "ecdsa": 104, "ed25519": 51}[name]
        line = partial(public_line, blob, comment)
        private = partial(private_file, world.persona, name, bits, comment)
        kinds = {"rsa": "ssh-rsa", "ecdsa": "ecdsa-sha2-nistp256", "ed25519": "ssh-ed25519"}
        size = len(kinds[name]) + -(-length // 3) * 4 + len(comment) + 3
        found[path] = Node(0o600, live=private, size=len(private(b"\0" * length)), changed=at)
        found[f"{path}.pub"] = Node(live=line, size=size, changed=at)
    return found


def public_blob(persona: Persona, name: str, bits: int) -> bytes:
    """The public key as the protocol carries it (RFC 4253, 5656 and 8709). `name`: rsa, ecdsa or ed25519."""
    if name == "ed25519":
        return _string(b"ssh-ed25519") + _string(_ed25519(persona.bytes_for("ssh ed25519", 32)))
    if name == "ecdsa":
        number = int.from_bytes(persona.bytes_for("ssh ecdsa", 48), "big") % (P256_ORDER - 1) + 1
        return _string(b"ecdsa-sha2-nistp256") + _string(b"nistp256") + _string(_p256(number))
    modulus = _rsa.get(persona.seed) or _number(persona.bytes_for("host key file rsa n", bits // 8))
    return _string(b"ssh-rsa") + _mpint(EXPONENT) + _mpint(modulus)


def private_file(persona: Persona, name: str, bits: int, comment: str, public: bytes = b"") -> bytes:
    """The content of a private key's file without a passphrase."""
    public = public or public_blob(persona, name, bits)

    def secret(part: str, size: int) -> bytes:
        return persona.bytes_for(f"host key file {name} {part}", size)

    if name == "ed25519":
        inside = public + _string(secret("d", 32) + public[-32:])
    elif name == "ecdsa":
        inside = public + _string(b"\0" + bytes((0x80 | secret("d", 1)[0],)) + secret("d", 31))
    else:
        half = bits // 16
        numbers = [_number(secret(part, half)) for part in ("i", "p", "q")]
        d = _number(secret("d", bits // 8))
        inside = public[:11] + public[18:] + _mpint(EXPONENT) + b"".join(map(_mpint, (d, *numbers)))
    check = secret("check", 4)
    inside = check + check + inside + _string(comment.encode())
    inside += bytes(range(1, 1 + -len(inside) % 8))
    whole = b"openssh-key-v1\0" + _string(b"none") * 2 + _string(b"") + b"\0\0\0\1" + _string(public)
    text = base64.b64encode(whole + _string(inside)).decode()
    lines = [text[at : at + LINE] for at in range(0, len(text), LINE)]
    return "\n".join([f"-----BEGIN {TITLE}-----", *lines, f"-----END {TITLE}-----", ""]).encode()


def public_line(blob: Callable[[], bytes], comment: str) -> bytes:
    """The content of a .pub file."""
    data = blob()
    kind = data[4 : 4 + int.from_bytes(data[:4], "big")]
    return kind + b" " + base64.b64encode(data) + b" " + comment.encode() + b"\n"


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _mpint(number: int) -> bytes:
    return _string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _number(data: bytes) -> int:
    """An odd number with its highest bit set."""
    return int.from_bytes(bytes((data[0] | 0x80, *data[1:-1], data[-1] | 1)), "big")


@lru_cache(16)
def _ed25519(secret: bytes) -> bytes:
    """The public key of a secret, RFC 8032, with extended coordinates."""
    scalar = int.from_bytes(hashlib.sha512(secret).digest()[:32], "little")
    scalar = scalar & ((1 << 254) - 8) | 1 << 254
    x, y = ED25519_BASE
    total, base = (0, 1, 1, 0), (x, y, 1, x * y % PRIME)
    while scalar:
        if scalar & 1:
            total = _edwards_sum(total, base)
        base = _edwards_sum(base, base)
        scalar >>= 1
    inverse = pow(total[2], -1, PRIME)
    x, y = total[0] * inverse % PRIME, total[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _edwards_sum(one: Extended, two: Extended) -> Extended:
    a = (one[1] - one[0]) * (two[1] - two[0]) % PRIME
    b = (one[1] + one[0]) * (two[1] + two[0]) % PRIME
    c = 2 * one[3] * two[3] * ED25519_D % PRIME
    d = 2 * one[2] * two[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


@lru_cache(16)
def _p256(scalar: int) -> bytes:
    """The public point of a number on P-256 (SEC 1), not compressed, with Jacobian coordinates."""
    total, base = (0, 1, 0), (*P256_BASE, 1)
    for bit in bin(scalar)[2:]:
        total = _doubled(total)
        if bit == "1":
            total = _weierstrass_sum(total, base)
    inverse = pow(total[2], -1, P256)
    square = inverse * inverse % P256
    x, y = total[0] * square % P256, total[1] * square * inverse % P256
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def _doubled(point: Jacobian) -> Jacobian:
    x, y, z = point
    if not z:
        return point
    square, quad = z * z % P256, y * y % P256
    beta, alpha = x * quad % P256, 3 * (x - square) * (x + square) % P256
    across = (alpha * alpha - 8 * beta) % P256
    return across, (alpha * (4 * beta - across) - 8 * quad * quad) % P256, 2 * y * z % P256


def _weierstrass_sum(one: Jacobian, two: Jacobian) -> Jacobian:
    if not one[2]:
        return two
    z1, z2 = one[2] * one[2] % P256, two[2] * two[2] % P256
    u1, u2 = one[0] * z2 % P256, two[0] * z1 % P256
    s1, s2 = one[1] * two[2] * z2 % P256, two[1] * one[2] * z1 % P256
    if u1 == u2:
        return _doubled(one) if s1 == s2 else (0, 1, 0)
    h, r = u2 - u1, s2 - s1
    square = h * h % P256
    cube, v = h * square % P256, u1 * square % P256
    x = (r * r - cube - 2 * v) % P256
    return x, (r * (v - x) - s1 * cube) % P256, h * one[2] * two[2] % P256
