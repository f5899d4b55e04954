"""Host keys derived from the seed, always the same; the RSA key is computed on first use."""

import functools
import os
import threading
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ..host.host_keys import announce_key
from ..persona import Persona
from ..primes import EXPONENT, prime
from .kex import point
from .wire import mpint, string

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

RSA_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "ssh-rsa": hashes.SHA1,
    "rsa-sha2-256": hashes.SHA256,
    "rsa-sha2-512": hashes.SHA512,
}


class HostKeys:
    """The keys of one decky."""

    def __init__(self, persona: Persona, rsa_bits: int) -> None:
        self._persona = persona
        self._rsa_bits = rsa_bits

    def public(self, algorithm: str) -> bytes:
        """The public key as the protocol carries it; `algorithm` is that of the signature."""
        if algorithm == "ssh-ed25519":
            return string(algorithm) + string(self._ed25519.public_key().public_bytes_raw())
        if algorithm.startswith("ecdsa"):
            return string(algorithm) + string("nistp256") + string(point(self._ecdsa.public_key()))
        return string("ssh-rsa") + mpint(EXPONENT) + mpint(self._rsa.public_key().public_numbers().n)

    def sign(self, algorithm: str, data: bytes) -> bytes:
        """A signature of `data` as the protocol carries it."""
        if algorithm == "ssh-ed25519":
            return string(algorithm) + string(self._ed25519.sign(data))
        if algorithm.startswith("ecdsa"):
            r, s = decode_dss_signature(self._ecdsa.sign(data, ec.ECDSA(hashes.SHA256())))
            return string(algorithm) + string(mpint(r) + mpint(s))
        signature = self._rsa.sign(data, padding.PKCS1v15(), RSA_HASHES[algorithm]())
        return string(algorithm) + string(signature)

    def announce(self) -> None:
        """Let the files of the machine show the keys that are known: the RSA key once it was computed."""
        algorithms = {"ecdsa": "ecdsa-sha2-nistp256", "ed25519": "ssh-ed25519"}
        if "_rsa" in self.__dict__:
            algorithms["rsa"] = "ssh-rsa"
        for name, algorithm in algorithms.items():
            announce_key(self._persona.machine.seed, name, self.public(algorithm))

    def prepare(self) -> None:
        """Compute the RSA key at the lowest priority, in a separate thread."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        self.public("ssh-rsa")

    @functools.cached_property
    def _ed25519(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._persona.bytes_for("ssh ed25519", 32))

    @functools.cached_property
    def _ecdsa(self) -> ec.EllipticCurvePrivateKey:
        number = int.from_bytes(self._persona.bytes_for("ssh ecdsa", 48), "big") % (P256_ORDER - 1) + 1
        return ec.derive_private_key(number, ec.SECP256R1())

    @functools.cached_property
    def _rsa(self) -> rsa.RSAPrivateKey:
        p, q = self._prime("p"), self._prime("q")
        d = pow(EXPONENT, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(EXPONENT, p * q)
        numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)

    def _prime(self, name: str) -> int:
        return prime(self._persona, f"ssh rsa {self._rsa_bits} {name}", self._rsa_bits // 2)
