"""Protection of packets: encryption and integrity of one direction."""

import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES, ChaCha20
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR, ECB
from cryptography.hazmat.primitives.poly1305 import Poly1305

from .umac import Umac
from .wire import uint32


class Corrupt(Exception):
    """A packet whose length or integrity is wrong."""


class Protection(ABC):
    """One direction's keys. A packet is a length (4 bytes), then as many bytes."""

    block = 8
    tag = 0
    head = 4
    """Bytes that are needed before the length can be read."""
    plain_length = False
    """Whether the padding to whole blocks excludes the length field."""

    @abstractmethod
    def length(self, number: int, head: bytes) -> int:
        """The packet's length, from its first `head` bytes."""

    @abstractmethod
    def open(self, number: int, head: bytes, rest: bytes, tag: bytes) -> bytes:
        """The padded payload. Raises Corrupt."""

    @abstractmethod
    def seal(self, number: int, packet: bytes) -> bytes:
        """A whole packet (length and all) as it goes over the wire."""


class Nothing(Protection):
    """The cipher before the first key exchange."""

    def length(self, number: int, head: bytes) -> int:
        return int.from_bytes(head, "big")

    def open(self, number: int, head: bytes, rest: bytes, tag: bytes) -> bytes:
        return rest

    def seal(self, number: int, packet: bytes) -> bytes:
        return packet


class ChaChaPoly(Protection):
    """chacha20-poly1305@openssh.com: the length under a key of its own."""

    tag = 16
    plain_length = True

    def __init__(self, key: bytes) -> None:
        self._body, self._length = key[:32], key[32:]

    def length(self, number: int, head: bytes) -> int:
        return int.from_bytes(self._stream(self._length, 0, number, head), "big")

    def open(self, number: int, head: bytes, rest: bytes, tag: bytes) -> bytes:
        if not hmac.compare_digest(self._sign(number, head + rest), tag):
            raise Corrupt
        return self._stream(self._body, 1, number, rest)

    def seal(self, number: int, packet: bytes) -> bytes:
        sealed = self._stream(self._length, 0, number, packet[:4]) + self._stream(
            self._body, 1, number, packet[4:]
        )
        return sealed + self._sign(number, sealed)

    def _sign(self, number: int, data: bytes) -> bytes:
        return Poly1305.generate_tag(self._stream(self._body, 0, number, bytes(32)), data)

    @staticmethod
    def _stream(key: bytes, counter: int, number: int, data: bytes) -> bytes:
        nonce = counter.to_bytes(8, "little") + number.to_bytes(8, "big")
        return Cipher(ChaCha20(key, nonce), None).encryptor().update(data)


class Gcm(Protection):
    """aesN-gcm@openssh.com (RFC 5647)."""

    block = 16
    tag = 16
    plain_length = True

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._cipher = AESGCM(key)
        self._fixed, self._counter = iv[:4], int.from_bytes(iv[4:], "big")

    def length(self, number: int, head: bytes) -> int:
        return int.from_bytes(head, "big")

    def open(self, number: int, head: bytes, rest: bytes, tag: bytes) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(), rest + tag, head)
        except InvalidTag as error:
            raise Corrupt from error

    def seal(self, number: int, packet: bytes) -> bytes:
        return packet[:4] + self._cipher.encrypt(self._nonce(), packet[4:], packet[:4])

    def _nonce(self) -> bytes:
        nonce = self._fixed + self._counter.to_bytes(8, "big")
        self._counter = (self._counter + 1) & 0xFFFFFFFFFFFFFFFF
        return nonce


Mac = Callable[[int, bytes], bytes]


class CounterThenMac(Protection):
    """aesN-ctr with a MAC over the plain packet."""

    block = 16
    head = 16

    def __init__(self, key: bytes, iv: bytes, mac: Mac, size: int) -> None:
        self.tag = size
        self._mac = mac
        context = Cipher(AES(key), CTR(iv)).encryptor()
        self._apply: Callable[[bytes], bytes] = context.update
        self._first = b""

    def length(self, number: int, head: bytes) -> int:
        self._first = self._apply(head)
        return int.from_bytes(self._first[:4], "big")

    def open(self, number: int, head: bytes, rest: bytes, tag: bytes) -> bytes:
        plain = self._first + self._apply(rest)
        if not hmac.compare_digest(self._mac(number, plain), tag):
            raise Corrupt
        return plain[4:]

    def seal(self, number: int, packet: bytes) -> bytes:
        return self._apply(packet) + self._mac(number, packet)


class BlocksThenMac(CounterThenMac):
    """The ciphers of old Dropbears, with a MAC over the plain packet: AES and 3DES in CBC mode (RFC 4253),
    and 3DES in counter mode (RFC 4344)."""

    def __init__(self, cipher: str, key: bytes, iv: bytes, mac: Mac, size: int) -> None:
        self.tag, self._mac, self._first = size, mac, b""
        self.block = self.head = len(iv)
        kind = AES if cipher.startswith("aes") else TripleDES
        self._seal: Callable[[bytes], bytes]
        if cipher.endswith("-cbc"):
            self._apply = Cipher(kind(key), CBC(iv)).decryptor().update
            self._seal = Cipher(kind(key), CBC(iv)).encryptor().update
        else:
            self._apply = self._seal = _Counter(Cipher(kind(key), ECB()).encryptor().update, iv).apply

    def seal(self, number: int, packet: bytes) -> bytes:
        return self._seal(packet) + self._mac(number, packet)


class _Counter:
    """A block cipher in counter mode; data comes in whole blocks."""

    def __init__(self, encrypt: Callable[[bytes], bytes], iv: bytes) -> None:
        self._encrypt, self._size, self._count = encrypt, len(iv), int.from_bytes(iv, "big")

    def apply(self, data: bytes) -> bytes:
        """Encrypt or decrypt."""
        blocks = range(self._count, self._count + len(data) // self._size)
        limit = 1 << 8 * self._size
        stream = self._encrypt(b"".join((each % limit).to_bytes(self._size, "big") for each in blocks))
        self._count = blocks.stop
        return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")


class CounterMacFirst(Protection):
    """aesN-ctr with an -etm MAC: over the encrypted packet, whose length is in the clear."""

    block = 16
    plain_length = True

    def __init__(self, key: bytes, iv: bytes, mac: Mac, size: int) -> None:
        self.tag = size
        self._mac = mac
        self._apply = Cipher(AES(key), CTR(iv)).encryptor().update

    def length(self, number: int, head: bytes) -> int:
        return int.from_bytes(head, "big")

    def open(self, number: int, head: bytes, rest: bytes, tag: bytes) -> bytes:
        if not hmac.compare_digest(self._mac(number, head + rest), tag):
            raise Corrupt
        return self._apply(rest)

    def seal(self, number: int, packet: bytes) -> bytes:
        sealed = packet[:4] + self._apply(packet[4:])
        return sealed + self._mac(number, sealed)


@dataclass(frozen=True)
class Sizes:
    """Bytes of key and IV of a cipher; `own_mac` if it needs no separate MAC."""

    key: int
    iv: int
    own_mac: bool = False


CIPHERS = {
    "chacha20-poly1305@openssh.com": Sizes(64, 0, own_mac=True),
    "aes128-ctr": Sizes(16, 16),
    "aes192-ctr": Sizes(24, 16),
    "aes256-ctr": Sizes(32, 16),
    "aes128-cbc": Sizes(16, 16),
    "aes256-cbc": Sizes(32, 16),
    "3des-ctr": Sizes(24, 8),
    "3des-cbc": Sizes(24, 8),
    "aes128-gcm@openssh.com": Sizes(16, 12, own_mac=True),
    "aes256-gcm@openssh.com": Sizes(32, 12, own_mac=True),
}

HASHES = {"hmac-sha2-256": hashlib.sha256, "hmac-sha2-512": hashlib.sha512, "hmac-sha1": hashlib.sha1}
TRUNCATED = {"hmac-sha1-96": 12}
"""MACs of which only the first bytes are sent (RFC 2404)."""
UMACS = {"umac-64": 8, "umac-128": 16}


def mac_key_size(name: str) -> int:
    """Bytes of key of a MAC."""
    plain = _plain(name)
    return 16 if plain in UMACS else HASHES[plain.removesuffix("-96")]().digest_size


def protection(cipher: str, mac: str, key: bytes, iv: bytes, mac_key: bytes) -> Protection:
    """One direction's protection from its keys."""
    if cipher.startswith("chacha20"):
        return ChaChaPoly(key)
    if "-gcm" in cipher:
        return Gcm(key, iv)
    sign, size = _mac(_plain(mac), mac_key)
    if cipher.endswith("-cbc") or cipher.startswith("3des"):
        return BlocksThenMac(cipher, key, iv, sign, size)
    kind = CounterMacFirst if "-etm" in mac else CounterThenMac
    return kind(key, iv, sign, size)


def _plain(mac: str) -> str:
    return mac.removesuffix("@openssh.com").removesuffix("-etm")


def _mac(name: str, key: bytes) -> tuple[Mac, int]:
    if name in UMACS:
        umac = Umac(key, UMACS[name])
        return (lambda number, data: umac.tag(data, number.to_bytes(8, "big"))), UMACS[name]
    made = HASHES[name.removesuffix("-96")]
    size = TRUNCATED.get(name, made().digest_size)
    return (lambda number, data: hmac.digest(key, uint32(number) + data, made)[:size]), size
