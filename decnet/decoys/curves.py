"""New keys without any library: Ed25519 (RFC 8032), NIST P-256 (FIPS 186) and RSA."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from functools import cache, lru_cache

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
Jacobian = tuple[int, int, int]
Extended = tuple[int, int, int, int]
EXPONENT = 65537
SMALL = 8192


@lru_cache(16)
def ed25519_public(secret: bytes) -> bytes:
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
def p256_public(scalar: int) -> bytes:
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


def prime(bits: int) -> Generator[float, None, int]:
    """A prime number whose two highest bits are set; it yields for pauses."""
    while True:
        start = int.from_bytes(os.urandom(bits // 8), "big") | 3 << (bits - 2) | 1
        rests = [(small, start % small) for small in _small_primes()]
        yield 0.0
        for offset in range(0, 2000, 2):
            if any((rest + offset) % small == 0 for small, rest in rests):
                continue
            number = start + offset
            if pow(2, number - 1, number) == 1 and number % EXPONENT != 1:
                return number
            yield 0.0


@cache
def _small_primes() -> tuple[int, ...]:
    alive = bytearray(b"\x01") * SMALL
    for n in range(2, int(SMALL**0.5) + 1):
        if alive[n]:
            alive[n * n :: n] = bytes(len(range(n * n, SMALL, n)))
    return tuple(n for n in range(3, SMALL) if alive[n])
