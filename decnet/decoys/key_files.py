"""Keys as OpenSSH keeps them: files, fingerprints, and pictures of these."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Generator
from dataclasses import dataclass

from .curves import EXPONENT, P256_ORDER, ed25519_public, p256_public, prime

MAGIC = b"openssh-key-v1\0"
FIRST, LAST = "-----BEGIN OPENSSH PRIVATE KEY-----\n", "-----END OPENSSH PRIVATE KEY-----\n"
WIDTH = 70
TITLES = {"ssh-ed25519": "ED25519", "ssh-rsa": "RSA", "ecdsa-sha2-nistp256": "ECDSA", "ssh-dss": "DSA"}
COLUMNS, ROWS, SIGNS = 17, 9, " .o+=*BOX@%&#/^SE"


@dataclass(frozen=True)
class PublicKey:
    """A public key: its bytes in the protocol, and its comment."""

    blob: bytes
    comment: str

    @property
    def algorithm(self) -> str:
        """Its name in the protocol."""
        size = int.from_bytes(self.blob[:4], "big")
        return self.blob[4 : 4 + size].decode("ascii", "replace")

    @property
    def title(self) -> str:
        """What ssh-keygen calls its kind."""
        return TITLES.get(self.algorithm, self.algorithm)

    @property
    def bits(self) -> int:
        """Its length."""
        if self.algorithm != "ssh-rsa":
            return 256
        return (
            len(
                self.blob[-int.from_bytes(self.blob[4 + 7 + 4 + 3 : 4 + 7 + 4 + 3 + 4], "big") :].lstrip(
                    b"\0"
                )
            )
            * 8
        )

    @property
    def line(self) -> str:
        """As in authorized_keys."""
        return f"{self.algorithm} {base64.b64encode(self.blob).decode()} {self.comment}".rstrip() + "\n"

    def fingerprint(self, kind: str = "SHA256") -> str:
        """Of `kind`: SHA256 or MD5."""
        if kind == "MD5":
            digest = hashlib.md5(self.blob, usedforsecurity=False).hexdigest()
            return "MD5:" + ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    def picture(self) -> str:
        """The random art of the SHA-256 digest, with its frame."""
        head, foot = f"[{self.title} {self.bits}]", "[SHA256]"
        cells = _walked(hashlib.sha256(self.blob).digest())
        lines = [f"+{_centred(head)}+", *(f"|{row}|" for row in cells), f"+{_centred(foot)}+"]
        return "\n".join(lines) + "\n"


def _centred(text: str) -> str:
    before = (COLUMNS - len(text)) // 2
    return "-" * before + text + "-" * (COLUMNS - before - len(text))


def _walked(digest: bytes) -> list[str]:
    """The field after a bishop's walk, two bits a step."""
    counts = [[0] * COLUMNS for _ in range(ROWS)]
    x, y = COLUMNS // 2, ROWS // 2
    for byte in digest:
        for shift in (0, 2, 4, 6):
            move = byte >> shift & 3
            x = max(0, min(COLUMNS - 1, x + (1 if move & 1 else -1)))
            y = max(0, min(ROWS - 1, y + (1 if move & 2 else -1)))
            counts[y][x] = min(counts[y][x] + 1, len(SIGNS) - 3)
    counts[ROWS // 2][COLUMNS // 2] = len(SIGNS) - 2
    counts[y][x] = len(SIGNS) - 1
    return ["".join(SIGNS[count] for count in row) for row in counts]


def string(data: bytes) -> bytes:
    """With its length in front (RFC 4251)."""
    return len(data).to_bytes(4, "big") + data


def number(value: int) -> bytes:
    """A positive number with its length in front (RFC 4251, mpint)."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def new_key(kind: str, bits: int) -> Generator[float, None, tuple[bytes, bytes]]:
    """A new key of a kind (ed25519, ecdsa, rsa): its public bytes, its secret part. It yields for pauses."""
    if kind == "ed25519":
        return ed25519(os.urandom(32))
    if kind == "ecdsa":
        return ecdsa(int.from_bytes(os.urandom(40), "big") % (P256_ORDER - 1) + 1)
    p = yield from prime(bits // 2)
    q = yield from prime(bits - bits // 2)
    return rsa(max(p, q), min(p, q))


def ed25519(secret: bytes) -> tuple[bytes, bytes]:
    """The public bytes and the secret part of a key."""
    public = ed25519_public(secret)
    name = string(b"ssh-ed25519")
    return name + string(public), name + string(public) + string(secret + public)


def ecdsa(scalar: int) -> tuple[bytes, bytes]:
    """The same of a secret number."""
    point = p256_public(scalar)
    blob = string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(point)
    return blob, blob + number(scalar)


def rsa(p: int, q: int) -> tuple[bytes, bytes]:
    """The same of two prime numbers, the larger one first."""
    n, d = p * q, pow(EXPONENT, -1, (p - 1) * (q - 1))
    name = string(b"ssh-rsa")
    secrets = number(n) + number(EXPONENT) + number(d) + number(pow(q, -1, p)) + number(p) + number(q)
    return name + number(EXPONENT) + number(n), name + secrets


def private_file(blob: bytes, secret: bytes, comment: str, *, encrypted: bool, check: bytes = b"") -> bytes:
    """The text of a private key's file (PROTOCOL.key of OpenSSH). No one can read an encrypted one."""
    check = check or os.urandom(4)
    body = check + check + secret + string(comment.encode("utf-8", "surrogateescape"))
    block = 16 if encrypted else 8
    body += bytes(range(1, -len(body) % block + 1))
    head = string(b"none") + string(b"none") + string(b"")
    if encrypted:
        options = string(os.urandom(16)) + (16).to_bytes(4, "big")
        head, body = string(b"aes256-ctr") + string(b"bcrypt") + string(options), os.urandom(len(body))
    data = MAGIC + head + (1).to_bytes(4, "big") + string(blob) + string(body)
    text = base64.b64encode(data).decode()
    lines = "".join(text[at : at + WIDTH] + "\n" for at in range(0, len(text), WIDTH))
    return (FIRST + lines + LAST).encode()


def public_key(text: str) -> PublicKey | None:
    """The key in a line of a public key's file, or in a private key's file; None if there is none."""
    if text.startswith(FIRST):
        return _of_private(text)
    for line in text.splitlines()[:100]:
        words = line.split(None, 2)
        if len(words) >= 2 and words[0] in TITLES:
            blob = _decoded(words[1])
            if blob[4 : 4 + len(words[0])].decode("ascii", "replace") == words[0]:
                return PublicKey(blob, words[2].strip() if len(words) > 2 else "no comment")
    return None


def _of_private(text: str) -> PublicKey | None:
    data = _decoded("".join(text[len(FIRST) :].partition("-----")[0].split()))
    at = len(MAGIC)
    parts = []
    for skip in (0, 0, 0, 4, 0):
        at += skip
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if not data.startswith(MAGIC) or not parts[3]:
        return None
    comment = _comment(parts[4]) if parts[0] == b"none" else ""
    return PublicKey(parts[3], comment)


def _comment(body: bytes) -> str:
    """The last string before the padding."""
    for padding in range(8):
        end = len(body) - padding
        for size in range(256):
            at = end - size - 4
            if at > 0 and int.from_bytes(body[at : at + 4], "big") == size and body[at + 4 : end].isascii():
                return body[at + 4 : end].decode()
    return ""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
