"""Checks what a client has signed with its key (RFC 4253, 6.6; RFC 5656; RFC 8332; RFC 8709)."""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from .hostkeys import RSA_HASHES
from .wire import Malformed, Message

LEAST_RSA_BITS, MOST_RSA_BITS = 1024, 16384
"""As in OpenSSH."""
LONGEST_EXPONENT = 64
"""Bits; OpenSSL accepts no more for large keys."""
CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
KEY_OF = {"rsa-sha2-256": "ssh-rsa", "rsa-sha2-512": "ssh-rsa"}
"""The type of the key, where it is not the name of the algorithm."""


def fits(algorithm: str, blob: bytes) -> bool:
    """Whether the blob is a public key of this algorithm that can be checked here."""
    try:
        message = Message(blob)
        kind = message.text(100)
        if kind != KEY_OF.get(algorithm, algorithm):
            return False
        if kind == "ssh-ed25519":
            return len(message.string()) == 32 and not message.left
        if kind == "ssh-rsa":
            exponent, modulus = message.mpint(), message.mpint()
            is_small = exponent.bit_length() <= LONGEST_EXPONENT
            return is_small and LEAST_RSA_BITS <= modulus.bit_length() <= MOST_RSA_BITS and not message.left
        curve = message.text(100)
        point = message.string(1024)
        return (
            kind == f"ecdsa-sha2-{curve}" and curve in CURVES and _is_point(curve, point) and not message.left
        )
    except Malformed:
        return False


def _is_point(curve: str, point: bytes) -> bool:
    """Whether it can be a point: 4, and two numbers of the curve's size."""
    return point[:1] == b"\x04" and len(point) == 1 + 2 * ((CURVES[curve][0].key_size + 7) // 8)


def verifies(algorithm: str, blob: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the signature of `data` was made with the key in `blob`, which `fits`."""
    try:
        signed, key = Message(signature), Message(blob)
        if signed.text(100) != algorithm:
            return False
        kind, raw = key.text(100), signed.string(4096)
        if kind == "ssh-ed25519":
            Ed25519PublicKey.from_public_bytes(key.string()).verify(raw, data)
        elif kind == "ssh-rsa":
            exponent, modulus = key.mpint(), key.mpint()
            raw = raw.rjust((modulus.bit_length() + 7) // 8, b"\0")
            public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
            public.verify(raw, data, padding.PKCS1v15(), RSA_HASHES[algorithm]())
        else:
            curve, digest = CURVES[key.text(100)]
            numbers = Message(raw)
            pair = encode_dss_signature(numbers.mpint(), numbers.mpint())
            point = ec.EllipticCurvePublicKey.from_encoded_point(curve, key.string(1024))
            point.verify(pair, data, ec.ECDSA(digest))
    except (Malformed, InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
