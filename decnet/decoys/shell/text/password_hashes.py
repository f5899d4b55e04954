"""Password hashes of crypt(5), by their public descriptions: MD5 (`$1$`, `$apr1$`), SHA-2 (`$5$`, `$6$`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ROUNDS = 5000
"""Of SHA-2, unless the salt has others."""
ROUNDS_AT_ONCE = 500


def _letters(value: int, count: int) -> str:
    return "".join(LETTERS[value >> 6 * at & 63] for at in range(count))


def md5(password: bytes, salt: bytes, kind: str = "1") -> Iterator[str]:
    """The hash as the last of the values; the others are "", for pauses."""
    magic = f"${kind}$".encode()
    inner = hashlib.md5(password + salt + password, usedforsecurity=False).digest()
    text = password + magic + salt + (inner * (len(password) // 16 + 1))[: len(password)]
    left = len(password)
    while left:
        text += b"\0" if left & 1 else password[:1]
        left >>= 1
    found = hashlib.md5(text, usedforsecurity=False).digest()
    for number in range(1000):
        first, last = (password, found) if number & 1 else (found, password)
        text = first + (salt if number % 3 else b"") + (password if number % 7 else b"") + last
        found = hashlib.md5(text, usedforsecurity=False).digest()
        if number % ROUNDS_AT_ONCE == 0:
            yield ""
    groups = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
    shown = "".join(_letters(found[a] << 16 | found[b] << 8 | found[c], 4) for a, b, c in groups)
    yield f"${kind}${salt.decode('utf-8', 'replace')}${shown}{_letters(found[11], 2)}"


def sha(password: bytes, salt: bytes, kind: str) -> Iterator[str]:
    """The same for kinds 5 (SHA-256) and 6 (SHA-512)."""
    new = hashlib.sha256 if kind == "5" else hashlib.sha512
    size = new().digest_size

    def spread(data: bytes, length: int) -> bytes:
        return (data * (length // size + 1))[:length]

    inner = new(password + salt + password).digest()
    text = password + salt + spread(inner, len(password))
    left = len(password)
    while left:
        text += inner if left & 1 else password
        left >>= 1
    found = new(text).digest()
    p = spread(new(password * len(password)).digest(), len(password))
    s = spread(new(salt * (16 + found[0])).digest(), len(salt))
    for number in range(ROUNDS):
        odd = number & 1
        text = (p if odd else found) + (s if number % 3 else b"") + (p if number % 7 else b"")
        found = new(text + (found if odd else p)).digest()
        if number % ROUNDS_AT_ONCE == 0:
            yield ""
    yield f"${kind}${salt.decode('utf-8', 'replace')}${_shuffled(found)}"


def _shuffled(found: bytes) -> str:
    """The letters of a digest, in the order of crypt(5)."""
    size = len(found)
    third, groups = (10, []) if size == 32 else (21, [])
    a, b, c = 0, third, 2 * third
    for _ in range(third):
        groups.append((a, b, c))
        a, b, c = (c + 1, a + 1, b + 1) if size == 32 else (b + 1, c + 1, a + 1)
    shown = "".join(_letters(found[x] << 16 | found[y] << 8 | found[z], 4) for x, y, z in groups)
    return shown + (_letters(found[31] << 8 | found[30], 3) if size == 32 else _letters(found[63], 2))
