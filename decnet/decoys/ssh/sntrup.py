"""Streamlined NTRU Prime 761, encapsulation only: what an OpenSSH 8.5 and newer server does in its first
choice of key exchange. Multiplication packs the polynomials into big integers, so that it takes
milliseconds in plain Python.

Source: the specification of NTRU Prime, round 3 (Bernstein and others, 2020).
"""

import functools
import hashlib
import os

P = 761
Q = 4591
WEIGHT = 286
PUBLIC_BYTES = 1158
HASH_BYTES = 32
SLOT = 4
"""Bytes for one coefficient of a product: at most 761 * 2295, with a bias that makes it positive."""
BIAS = 1 << 28


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    """A ciphertext (1039 bytes) for `public` (1158 bytes) and the secret that it carries (32 bytes)."""
    h = [value - Q // 2 for value in decode(public, [Q] * P)]
    r = _short()
    packed = bytes(sum((r[at + k] + 1) << 2 * k for k in range(4) if at + k < P) for at in range(0, P, 4))
    confirmed = _hash(2, _hash(3, packed) + _hash(4, public))
    product = multiply(h, r)
    rounded = [value - _mod3(value) for value in product]
    cipher = encode([(value + Q // 2) // 3 for value in rounded], [(Q + 2) // 3] * P) + confirmed
    return cipher, _hash(1, _hash(3, packed) + cipher)


def multiply(f: list[int], g: list[int]) -> list[int]:
    """f * g in Z[x] / (x^p - x - 1), coefficients from -(q-1)/2 to (q-1)/2."""
    product = _pack(f) * _pack(g)
    coefficients = _unpack(product, 2 * P - 1)
    for at in range(2 * P - 2, P - 1, -1):
        coefficients[at - P] += coefficients[at]
        coefficients[at - P + 1] += coefficients[at]
    return [(value + Q // 2) % Q - Q // 2 for value in coefficients[:P]]


def encode(values: list[int], limits: list[int]) -> bytes:
    """The specification's Encode: numbers below their limits, as few bytes as it gives."""
    out = bytearray()
    while len(values) > 1:
        merged, merged_limits = [], []
        for at in range(0, len(values) - 1, 2):
            limit = limits[at] * limits[at + 1]
            value = values[at] + limits[at] * values[at + 1]
            while limit >= 16384:
                out.append(value & 255)
                value >>= 8
                limit = (limit + 255) >> 8
            merged.append(value)
            merged_limits.append(limit)
        if len(values) & 1:
            merged.append(values[-1])
            merged_limits.append(limits[-1])
        values, limits = merged, merged_limits
    value, limit = values[0], limits[0]
    while limit > 1:
        out.append(value & 255)
        value >>= 8
        limit = (limit + 255) >> 8
    return bytes(out)


def decode(data: bytes, limits: list[int]) -> list[int]:
    """The specification's Decode, the inverse of `encode`."""
    if not limits:
        return []
    if len(limits) == 1:
        return [int.from_bytes(data, "little") % limits[0]]
    at = 0
    bottoms: list[tuple[int, int]] = []
    tops: list[int] = []
    for pair in range(0, len(limits) - 1, 2):
        limit = limits[pair] * limits[pair + 1]
        low, scale = 0, 1
        while limit >= 16384:
            low += scale * data[at]
            scale *= 256
            at += 1
            limit = (limit + 255) >> 8
        bottoms.append((low, scale))
        tops.append(limit)
    if len(limits) & 1:
        tops.append(limits[-1])
    above = decode(data[at:], tops)
    values = []
    for pair, (low, scale) in enumerate(bottoms):
        value = low + scale * above[pair]
        values.append(value % limits[2 * pair])
        values.append(value // limits[2 * pair] % limits[2 * pair + 1])
    if len(limits) & 1:
        values.append(above[-1])
    return values


def _short() -> list[int]:
    """A random polynomial of small coefficients, WEIGHT of them not zero. Not in constant time: no one
    trusts this server with a secret."""
    words = [int.from_bytes(os.urandom(4), "little") for _ in range(P)]
    keyed = [(word & ~1) if at < WEIGHT else (word & ~2) | 1 for at, word in enumerate(words)]
    return [(word & 3) - 1 for word in sorted(keyed)]


def _mod3(value: int) -> int:
    return (value + 1) % 3 - 1


def _pack(values: list[int]) -> int:
    raw = b"".join((value + BIAS).to_bytes(SLOT, "little") for value in values)
    return int.from_bytes(raw, "little") - _biases(len(values))


def _unpack(product: int, count: int) -> list[int]:
    raw = (product + _biases(count)).to_bytes(SLOT * (count + 1), "little")
    return [int.from_bytes(raw[at : at + SLOT], "little") - BIAS for at in range(0, SLOT * count, SLOT)]


@functools.cache
def _biases(count: int) -> int:
    return int.from_bytes(BIAS.to_bytes(SLOT, "little") * count, "little")


def _hash(purpose: int, data: bytes) -> bytes:
    return hashlib.sha512(bytes((purpose,)) + data).digest()[:HASH_BYTES]
