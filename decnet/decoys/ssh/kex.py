"""Key exchange, the server's side: from the client's first message to the shared secret."""

import functools
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric import ec

from . import sntrup
from .wire import Malformed, mpint, string

SLOW = ("sntrup", "diffie-hellman")
"""Exchanges that take long enough to be computed in a thread."""
EXPONENT_BYTES = 32
CONSTANTS = {2048: 124476, 3072: 1690314, 4096: 240904, 6144: 929484, 8192: 4743158}
"""For the bits n of RFC 3526's primes, c in p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + c)."""

Hash = Callable[..., "hashlib._Hash"]


@dataclass(frozen=True)
class Agreed:
    """What an exchange yields: our public part and the shared secret, both as they are hashed."""

    public: bytes
    secret: bytes


def exchange(algorithm: str, client: bytes) -> Agreed:
    """Answer a client's public part (the inside of its string or mpint). Raises Malformed."""
    try:
        if algorithm.startswith("curve25519"):
            return _x25519(client)
        if algorithm.startswith("sntrup761"):
            return _sntrup(client)
        if algorithm.startswith("ecdh-"):
            return _nist(CURVES[algorithm](), client)
    except (ValueError, KeyError) as error:
        raise Malformed from error
    return diffie_hellman(prime(FIXED[algorithm]), 2, int.from_bytes(client, "big"))


def diffie_hellman(modulus: int, generator: int, client: int) -> Agreed:
    """Classic Diffie-Hellman. Raises Malformed for a public value that would reveal the secret."""
    if not 1 < client < modulus - 1:
        raise Malformed
    exponent = int.from_bytes(os.urandom(EXPONENT_BYTES), "big") | 1 << 8 * EXPONENT_BYTES - 1
    public = pow(generator, exponent, modulus)
    return Agreed(mpint(public), mpint(pow(client, exponent, modulus)))


def group_for(least: int, wanted: int, most: int) -> int | None:
    """The prime of a group of about `wanted` bits; None if none is within the bounds."""
    fitting = [bits for bits in sorted(CONSTANTS) if least <= bits <= most]
    bigger = [bits for bits in fitting if bits >= wanted]
    chosen = bigger[0] if bigger else fitting[-1] if fitting else None
    return None if chosen is None else prime(chosen)


def hash_of(algorithm: str) -> Hash:
    """The hash that goes with an exchange."""
    if algorithm.startswith("sntrup") or algorithm.endswith(("sha512", "nistp521")):
        return hashlib.sha512
    if algorithm.endswith("nistp384"):
        return hashlib.sha384
    return hashlib.sha1 if algorithm.endswith("sha1") else hashlib.sha256


def _x25519(client: bytes) -> Agreed:
    # The public functions load the names of all that OpenSSL has first: 0.2 MiB, in a turn of all visitors.
    ours = openssl.x25519.generate_key()
    secret = ours.exchange(openssl.x25519.from_public_bytes(client))
    return Agreed(string(ours.public_key().public_bytes_raw()), mpint(int.from_bytes(secret, "big")))


def _sntrup(client: bytes) -> Agreed:
    if len(client) != sntrup.PUBLIC_BYTES + 32:
        raise Malformed
    cipher, secret = sntrup.encapsulate(client[: sntrup.PUBLIC_BYTES])
    ours = openssl.x25519.generate_key()
    other = ours.exchange(openssl.x25519.from_public_bytes(client[sntrup.PUBLIC_BYTES :]))
    public = string(cipher + ours.public_key().public_bytes_raw())
    return Agreed(public, string(hashlib.sha512(secret + other).digest()))


def _nist(curve: ec.EllipticCurve, client: bytes) -> Agreed:
    ours = ec.generate_private_key(curve)
    secret = ours.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, client))
    return Agreed(string(point(ours.public_key())), mpint(int.from_bytes(secret, "big")))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key without compression (SEC 1, 2.3.3). The library's own encoder loads all of its formats of
    keys: a megabyte."""
    numbers, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    return b"\4" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


CURVES: dict[str, type[ec.EllipticCurve]] = {
    "ecdh-sha2-nistp256": ec.SECP256R1,
    "ecdh-sha2-nistp384": ec.SECP384R1,
    "ecdh-sha2-nistp521": ec.SECP521R1,
}
FIXED = {
    "diffie-hellman-group14-sha1": 2048,
    "diffie-hellman-group14-sha256": 2048,
    "diffie-hellman-group16-sha512": 4096,
    "diffie-hellman-group18-sha512": 8192,
}


@functools.cache
def prime(bits: int) -> int:
    """The prime of RFC 3526 with this number of bits, computed from its definition."""
    return (1 << bits) - (1 << bits - 64) - 1 + ((_pi(bits - 130) + CONSTANTS[bits]) << 64)


def _pi(bits: int) -> int:
    """floor(2^bits * pi), by Machin's formula with 64 bits to spare."""
    one = 1 << bits + 64
    return (4 * (4 * _inverse_tangent(5, one) - _inverse_tangent(239, one))) >> 64


def _inverse_tangent(x: int, one: int) -> int:
    total = term = one // x
    square, sign, odd = x * x, -1, 3
    while term:
        term //= square
        total += sign * (term // odd)
        sign, odd = -sign, odd + 2
    return total
