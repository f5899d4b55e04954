# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""openssl list, ciphers, prime, and enc with AES: FIPS 197 in CBC mode, with the keys of PBKDF2 or EVP_BytesToKey."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator

from ..process import Process, Running
from ..text.common import Failure, content

DIGESTS = "blake2b512 blake2s256 md5 rmd160 sha1 sha224 sha256 sha3-224 sha3-256 sha3-384 sha3-512 sha384 sha512 sha512-224 sha512-256 shake128 shake256 sm3"
SUITES = (
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:DHE-RSA-AES256-SHA256:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:"
    "ECDHE-RSA-AES256-SHA:DHE-RSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:DHE-RSA-AES128-SHA:RSA-PSK-AES256-GCM-SHA384:DHE-PSK-AES256-GCM-SHA384:"
    "RSA-PSK-CHACHA20-POLY1305:DHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-CHACHA20-POLY1305:AES256-GCM-SHA384:PSK-AES256-GCM-SHA384:PSK-CHACHA20-POLY1305:RSA-PSK-AES128-GCM-SHA256:"
    "DHE-PSK-AES128-GCM-SHA256:AES128-GCM-SHA256:PSK-AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256:ECDHE-PSK-AES256-CBC-SHA384:ECDHE-PSK-AES256-CBC-SHA:SRP-RSA-AES-256-CBC-SHA:"
    "SRP-AES-256-CBC-SHA:RSA-PSK-AES256-CBC-SHA384:DHE-PSK-AES256-CBC-SHA384:RSA-PSK-AES256-CBC-SHA:DHE-PSK-AES256-CBC-SHA:AES256-SHA:PSK-AES256-CBC-SHA384:PSK-AES256-CBC-SHA:"
    "ECDHE-PSK-AES128-CBC-SHA256:ECDHE-PSK-AES128-CBC-SHA:SRP-RSA-AES-128-CBC-SHA:SRP-AES-128-CBC-SHA:RSA-PSK-AES128-CBC-SHA256:DHE-PSK-AES128-CBC-SHA256:RSA-PSK-AES128-CBC-SHA:"
    "DHE-PSK-AES128-CBC-SHA:AES128-SHA:PSK-AES128-CBC-SHA256:PSK-AES128-CBC-SHA"
)
MOST_DIGITS, MOST_SEALED, ROUNDS, MOST_ROUNDS = 150, 64 * 1024, 10_000, 50_000
SIZES = {"aes-128-cbc": 16, "aes-192-cbc": 24, "aes-256-cbc": 32, "aes128": 16, "aes192": 24, "aes256": 32}


def show_list(process: Process, words: list[str]) -> Running:
    """Names of digests in columns."""
    yield 0.0
    if any(word in ("-digest-commands", "-1") for word in words):
        names = DIGESTS.split()
        if "-1" in words:
            process.out("".join(f"{name}\n" for name in names))
        else:
            rows = (names[at : at + 4] for at in range(0, len(names), 4))
            process.out("".join("".join(f"{name:<18}" for name in row) + "\n" for row in rows))
    return 0


def ciphers(process: Process, words: list[str]) -> Running:
    """The suites of TLS."""
    yield 0.0
    process.out(SUITES.replace(":", "\n") + "\n" if "-s" in words else f"{SUITES}\n")
    return 0


def is_prime(number: int) -> bool:
    """Miller-Rabin with the first bases, which is certain below 2^81."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if number < 2 or any(number % base == 0 for base in bases):
        return number in bases
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in bases:
        value = pow(base, odd, number)
        if value in (1, number - 1):
            continue
        if all((value := value * value % number) != number - 1 for _ in range(twos - 1)):
            return False
    return True


def prime(process: Process, words: list[str]) -> Running:
    """Whether numbers are prime."""
    hexadecimal = "-hex" in words
    for word in (each for each in words if not each.startswith("-")):
        try:
            number = int(word[:MOST_DIGITS], 16 if hexadecimal else 10)
        except ValueError:
            process.err(f"Failed to process value ({word})\n")
            return 1
        process.out(f"{number:X} ({word}) is {'prime' if is_prime(number) else 'not prime'}\n")
        yield 0.0
    return 0


# AES


def _tables() -> tuple[bytes, bytes]:
    """The S-box and its inverse (FIPS 197, 5.1.1)."""
    box, p, q = bytearray(256), 1, 1
    while True:
        p = p ^ (p << 1) & 0xFF ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q = (q & 0xFF) ^ (0x09 if q & 0x80 else 0)
        turned = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p] = (turned & 0xFF) ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    back = bytearray(256)
    for at, value in enumerate(box):
        back[value] = at
    return bytes(box), bytes(back)


def _times(value: int, factor: int) -> int:
    """Multiplication in the field of AES."""
    made = 0
    while factor:
        made ^= value if factor & 1 else 0
        value = (value << 1) ^ (0x11B if value & 0x80 else 0)
        factor >>= 1
    return made


class Aes:
    """One key: blocks of 16 bytes."""

    def __init__(self, key: bytes) -> None:
        self._box, self._back = _tables()
        self._by = {
            factor: bytes(_times(value, factor) for value in range(256)) for factor in (2, 3, 9, 11, 13, 14)
        }
        self._keys = self._expanded(key)

    def _expanded(self, key: bytes) -> list[bytes]:
        count = len(key) // 4
        words, round_ = [key[at : at + 4] for at in range(0, len(key), 4)], 1
        while len(words) < 4 * (count + 7):
            last = words[-1]
            if len(words) % count == 0:
                last = bytes(self._box[byte] for byte in last[1:] + last[:1])
                last, round_ = bytes([last[0] ^ round_]) + last[1:], _times(round_, 2)
            elif count > 6 and len(words) % count == 4:
                last = bytes(self._box[byte] for byte in last)
            words.append(bytes(a ^ b for a, b in zip(last, words[-count], strict=True)))
        return [b"".join(words[at : at + 4]) for at in range(0, len(words), 4)]

    def encrypt(self, block: bytes) -> bytes:
        """One block."""
        state = bytes(a ^ b for a, b in zip(block, self._keys[0], strict=True))
        two, three = self._by[2], self._by[3]
        for number, key in enumerate(self._keys[1:], 1):
            s = [self._box[state[(at + 4 * (at % 4)) % 16]] for at in range(16)]
            if number < len(self._keys) - 1:
                s = [
                    two[s[c + r]] ^ three[s[c + (r + 1) % 4]] ^ s[c + (r + 2) % 4] ^ s[c + (r + 3) % 4]
                    for c in (0, 4, 8, 12)
                    for r in range(4)
                ]
            state = bytes(a ^ b for a, b in zip(s, key, strict=True))
        return state

    def decrypt(self, block: bytes) -> bytes:
        """The inverse."""
        state = bytes(a ^ b for a, b in zip(block, self._keys[-1], strict=True))
        by9, by11, by13, by14 = (self._by[factor] for factor in (9, 11, 13, 14))
        for number, key in enumerate(reversed(self._keys[:-1]), 1):
            s = [self._back[state[(at - 4 * (at % 4)) % 16]] for at in range(16)]
            s = [a ^ b for a, b in zip(s, key, strict=True)]
            if number < len(self._keys) - 1:
                s = [
                    by14[s[c + r]]
                    ^ by11[s[c + (r + 1) % 4]]
                    ^ by13[s[c + (r + 2) % 4]]
                    ^ by9[s[c + (r + 3) % 4]]
                    for c in (0, 4, 8, 12)
                    for r in range(4)
                ]
            state = bytes(s)
        return state


def _keys(
    password: bytes, salt: bytes, size: int, *, pbkdf2: bool, rounds: int, digest: str
) -> tuple[bytes, bytes]:
    """The key and the first vector."""
    if pbkdf2:
        made = hashlib.pbkdf2_hmac(digest, password, salt, rounds, size + 16)
    else:
        made, last = b"", b""
        while len(made) < size + 16:
            last = hashlib.new(digest, last + password + salt).digest()
            made += last
    return made[:size], made[size : size + 16]


def _values(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        takes = word in (
            "-in",
            "-out",
            "-k",
            "-pass",
            "-S",
            "-K",
            "-iv",
            "-iter",
            "-md",
            "-kfile",
            "-passin",
            "-bufsize",
        )
        found[word] = rest.pop(0) if takes and rest else ""
    return found


def seal(process: Process, cipher: str, words: list[str]) -> Running:
    """`openssl enc -aes-256-cbc`: files up to MOST_SEALED bytes."""
    given = _values(words)
    size = SIZES[cipher]
    data = _input(process, given)
    text = given.get("-k") or given.get("-pass", "").removeprefix("pass:")
    if not text and "-K" not in given:
        process.err(
            "enter AES-256-CBC encryption password:\nbad password read\n"
            if process.from_terminal
            else "enter aes-256-cbc encryption password:bad password read\n"
        )
        return 1
    yield 0.0
    opens, encoded = "-d" in given, any(each in given for each in ("-base64", "-a"))
    if opens and encoded:
        data = base64.b64decode(b"".join(data.split()) + b"==")
    if "-pbkdf2" not in given and "-iter" not in given and "-K" not in given:
        process.err(
            "*** WARNING : deprecated key derivation used.\nUsing -iter or -pbkdf2 would be better.\n"
        )
    salted = opens and data[:8] == b"Salted__"
    salt = (
        data[8:16]
        if salted
        else bytes.fromhex(given.get("-S", "").ljust(16, "0")[:16])
        if "-S" in given
        else os.urandom(8)
    )
    rounds = (
        min(int(given.get("-iter") or ROUNDS), MOST_ROUNDS)
        if (given.get("-iter") or "1").isdecimal()
        else ROUNDS
    )
    key, vector = _keys(
        text.encode("utf-8", "surrogateescape"),
        b"" if "-nosalt" in given else salt,
        size,
        pbkdf2="-pbkdf2" in given or "-iter" in given,
        rounds=rounds,
        digest=given.get("-md") or "sha256",
    )
    if "-K" in given:
        key, vector = (
            bytes.fromhex(given.get(name, "").ljust(2 * length, "0")[: 2 * length])
            for name, length in (("-K", size), ("-iv", 16))
        )
    yield 0.0
    body = bytearray()
    for block in _chained(Aes(key), vector, data[16:] if salted else data, opens=opens):
        body += block
        if process.tired:
            yield 0.0
    if opens:
        count = body[-1] if body else 0
        if not 1 <= count <= 16 or body[-count:] != bytes([count]) * count:
            process.err("bad decrypt\n")
            return 1
        made = bytes(body[:-count])
    else:
        shows = "-S" not in given and "-nosalt" not in given and "-K" not in given
        made = (b"Salted__" + salt if shows else b"") + bytes(body)
        made = b"".join(line + b"\n" for line in _rows(base64.b64encode(made))) if encoded else made
    if given.get("-out"):
        process.shell.write(process.shell.absolute(given["-out"]), made)
    else:
        process.out(made)
    return 0


def _rows(text: bytes) -> Iterator[bytes]:
    return (text[at : at + 64] for at in range(0, len(text), 64))


def _input(process: Process, given: dict[str, str]) -> bytes:
    path = given.get("-in", "")
    try:
        return (content(process, path) if path else process.given)[:MOST_SEALED]
    except Failure as failure:
        raise Failure(f'Can\'t open "{path}" for reading, {failure.message}') from None


def _chained(aes: Aes, vector: bytes, data: bytes, *, opens: bool) -> Iterator[bytes]:
    """CBC mode, with the padding of PKCS 7 at the end of what is sealed."""
    if not opens:
        data += bytes([16 - len(data) % 16]) * (16 - len(data) % 16)
    for at in range(0, len(data) // 16 * 16, 16):
        block = data[at : at + 16]
        if opens:
            yield bytes(a ^ b for a, b in zip(aes.decrypt(block), vector, strict=True))
            vector = block
        else:
            vector = aes.encrypt(bytes(a ^ b for a, b in zip(block, vector, strict=True)))
            yield vector
