# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Password proofs of clients, and the known passwords."""

import hashlib

from ..der import RsaKey
from ..persona import Persona

COMMON = (
    "", "123456", "password", "root", "admin", "mysql", "toor", "12345678", "qwerty", "test", "1234", "12345",
    "123456789", "admin123", "root123", "123", "111111", "abc123", "password1", "Password1", "letmein", "welcome",
    "changeme", "secret", "pass", "passw0rd", "P@ssw0rd", "p@ssw0rd", "1qaz2wsx", "qwerty123", "123123", "654321",
    "000000", "root1234", "mysql123", "server", "backup", "oracle", "default", "guest", "user", "web", "dbadmin", "db",
)  # fmt: skip
"""Common passwords: a proof made from one of them is recorded with the password."""


class Known:
    """The accounts: pairs of the setting `credentials`. Without it no one gets in."""

    def __init__(self, persona: Persona) -> None:
        pairs = (pair.strip().partition(":") for pair in (persona.text("credentials") or "").split(","))
        self._passwords = {user: password for user, colon, password in pairs if colon}

    def has(self, user: str) -> bool:
        """Whether the account exists."""
        return user in self._passwords

    def accepts(self, user: str, password: str) -> bool:
        """Whether the pair is one of them."""
        return user in self._passwords and self._passwords[user] == password

    def candidates(self, user: str) -> tuple[str, ...]:
        """Passwords to compare a proof with: the account's own, the user's name, the common ones."""
        own = (self._passwords[user],) if user in self._passwords else ()
        return (*own, user, *COMMON)


def native_proof(password: str, salt: bytes) -> bytes:
    """mysql_native_password: SHA1(password) XOR SHA1(salt, SHA1(SHA1(password)))."""
    if not password:
        return b""
    once = hashlib.sha1(password.encode()).digest()
    return xor(once, hashlib.sha1(salt + hashlib.sha1(once).digest()).digest())


def caching_proof(password: str, salt: bytes) -> bytes:
    """caching_sha2_password: SHA256(password) XOR SHA256(SHA256(SHA256(password)), salt)."""
    if not password:
        return b""
    once = hashlib.sha256(password.encode()).digest()
    twice = hashlib.sha256(once).digest()
    return xor(once, hashlib.sha256(twice + salt).digest())


def xor(one: bytes, other: bytes) -> bytes:
    """XOR, with the second one repeated as needed."""
    return bytes(byte ^ other[at % len(other)] for at, byte in enumerate(one))


def unwrap(key: RsaKey, secret: bytes, salt: bytes) -> bytes | None:
    """A password that was sent under the server's RSA key: OAEP with SHA-1, and the salt over it."""
    size = (key.n.bit_length() + 7) // 8
    if len(secret) != size:
        return None
    padded = key.apply(int.from_bytes(secret, "big")).to_bytes(size, "big")
    seed = xor(padded[1:21], _mask(padded[21:], 20))
    content = xor(padded[21:], _mask(seed, size - 21))
    empty = hashlib.sha1(b"").digest()
    message = content[20:].lstrip(b"\0")
    if padded[0] or content[:20] != empty or message[:1] != b"\x01":
        return None
    return xor(message[1:], salt).removesuffix(b"\0")


def _mask(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-1."""
    blocks = (hashlib.sha1(seed + at.to_bytes(4, "big")).digest() for at in range(length // 20 + 1))
    return b"".join(blocks)[:length]
