"""UMAC with tags of 8 or 16 bytes (RFC 4418): the message authentication that OpenSSH puts first."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

PRIME_36 = (1 << 36) - 5
PRIME_64 = (1 << 64) - 59
MASK_32 = (1 << 32) - 1
MASK_64 = (1 << 64) - 1
POLY_MASK = 0x01FFFFFF01FFFFFF
CHUNK = 1024


class Umac:
    """One key. SSH's packets are far below the 16 MiB where UMAC switches to larger polynomials."""

    def __init__(self, key: bytes, size: int) -> None:
        self._size = size
        self._passes = size // 4
        self._encrypt = Cipher(AES(key), ECB()).encryptor().update
        nh = self._derive(1, CHUNK + 16 * (self._passes - 1))
        self._nh = [int.from_bytes(nh[at : at + 4], "big") for at in range(0, len(nh), 4)]
        poly = self._derive(2, 24 * self._passes)
        self._poly = [
            int.from_bytes(poly[24 * n : 24 * n + 8], "big") & POLY_MASK for n in range(self._passes)
        ]
        inner = self._derive(3, 64 * self._passes)
        self._inner = [
            [int.from_bytes(inner[64 * n + 8 * k : 64 * n + 8 * k + 8], "big") % PRIME_36 for k in range(8)]
            for n in range(self._passes)
        ]
        last = self._derive(4, 4 * self._passes)
        self._last = [last[4 * n : 4 * n + 4] for n in range(self._passes)]
        self._pads = Cipher(AES(self._derive(0, 16)), ECB()).encryptor().update

    def tag(self, data: bytes, nonce: bytes) -> bytes:
        """The tag of `data` under an 8-byte nonce, which must be used only once."""
        hashed = b"".join(self._hash(data, n) for n in range(self._passes))
        return bytes(a ^ b for a, b in zip(hashed, self._pad(nonce), strict=True))

    def _derive(self, index: int, count: int) -> bytes:
        blocks = range(1, (count + 15) // 16 + 1)
        return self._encrypt(b"".join(index.to_bytes(8, "big") + n.to_bytes(8, "big") for n in blocks))[
            :count
        ]

    def _pad(self, nonce: bytes) -> bytes:
        if self._size == 16:
            return self._pads(nonce + bytes(8))
        low = nonce[-1] & 1
        pad = self._pads(nonce[:-1] + bytes((nonce[-1] & ~1,)) + bytes(8))
        return pad[8 * low : 8 * low + 8]

    def _hash(self, data: bytes, n: int) -> bytes:
        chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)] or [b""]
        levels = [self._level1(chunk, n) for chunk in chunks]
        if len(levels) == 1:
            middle = levels[0]
        else:
            middle = self._level2(levels, self._poly[n])
        return self._level3(middle, n)

    def _level1(self, chunk: bytes, n: int) -> int:
        bits = 8 * len(chunk)
        padded = chunk + bytes(-len(chunk) % 32 or (0 if chunk else 32))
        words = [int.from_bytes(padded[at : at + 4], "little") for at in range(0, len(padded), 4)]
        keys = self._nh[4 * n :]
        total = bits
        for at in range(0, len(words), 8):
            for k in range(4):
                left = (words[at + k] + keys[at + k]) & MASK_32
                total += left * ((words[at + k + 4] + keys[at + k + 4]) & MASK_32)
        return total & MASK_64

    @staticmethod
    def _level2(values: list[int], key: int) -> int:
        total = 1
        for value in values:
            if value >= (1 << 64) - (1 << 32):
                total = (total * key + PRIME_64 - 1) % PRIME_64
                value -= 59
            total = (total * key + value) % PRIME_64
        return total

    def _level3(self, value: int, n: int) -> bytes:
        raw = value.to_bytes(16, "big")
        parts = (int.from_bytes(raw[at : at + 2], "big") for at in range(0, 16, 2))
        total = sum(part * key for part, key in zip(parts, self._inner[n], strict=True)) % PRIME_36
        return bytes(a ^ b for a, b in zip((total & MASK_32).to_bytes(4, "big"), self._last[n], strict=True))
