"""The transport layer of one SSH connection (RFC 4253), as an OpenSSH server behaves on it."""

import asyncio
import os
import zlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from ..tcp_server import WRITE_SECONDS, Gone, Line
from ..threads import in_thread
from ..waits import at_most
from . import numbers as no
from .ciphers import CIPHERS, Corrupt, Nothing, Protection, mac_key_size, protection
from .dialects import Dialect
from .hello import fingerprint, parse_init
from .hostkeys import HostKeys
from .kex import SLOW, Agreed, diffie_hellman, exchange, group_for, hash_of
from .wire import Message, flag, mpint, names, string, uint32

LOGIN_SECONDS = 120.0
"""LoginGraceTime."""
IDLE_SECONDS = 3600.0
MOST_PACKET = 256 * 1024
MOST_BANNER = 255
MOST_INFLATED = 256 * 1024
MOST_REASON = 1023
MOST_UNREAD = 20
STRICT_CLIENT = "kex-strict-c-v00@openssh.com"
NOT_KEX = ("ext-info-s", "kex-strict-s-v00@openssh.com", "kexguess2@matt.ucc.asn.au")


class Refused(Exception):
    """The server ends the connection, with a DISCONNECT message when there is a reason."""

    def __init__(self, reason: bytes = b"", code: int = no.PROTOCOL_ERROR) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Transport:
    """Receives and sends packets. `client_version` is known after `greet`."""

    def __init__(self, line: Line, dialect: Dialect, keys: HostKeys) -> None:
        self.client_version = ""
        self.offered: dict[str, list[str]] = {}
        self._line = line
        self._dialect = dialect
        self._keys = keys
        self._in: Protection = Nothing()
        self._out: Protection = Nothing()
        self._in_number = self._out_number = 0
        self._session_id = b""
        self.host_key = b""
        """The public key of the first exchange."""
        self._versions = (b"", b"SSH-2.0-" + dialect.banner.encode())
        self._strict = False
        self._our_init = b""
        self._inflate: Callable[[bytes], bytes] | None = None
        self._deflate: Callable[[bytes], bytes] | None = None
        self._compressing = ["none", "none"]
        self._settled = asyncio.Event()
        """Cleared during a key exchange."""
        self._settled.set()
        self._held: list[bytes] = []
        self._idle = LOGIN_SECONDS
        self._exchanges_again = dialect.dropbear
        self._has_ping = dialect.version >= (9, 5)

    async def greet(self) -> None:
        """Exchange version lines. Raises Gone; Refused, after OpenSSH's reply to a client that does not speak
        SSH."""
        await self._line.send(self._versions[1] + b"\r\n")
        line = bytearray()
        while not line.endswith(b"\n"):
            if len(line) > MOST_BANNER:
                await self._not_ssh()
            byte = await self._line.read(self._idle, 1)
            if not byte:
                raise Gone
            line += byte
        version = bytes(line).rstrip(b"\n").removesuffix(b"\r")
        self.client_version = version[:200].decode("utf-8", "backslashreplace")
        if not version.startswith(b"SSH-") or version.count(b"-") < 2:
            await self._not_ssh()
        if not version.startswith((b"SSH-2.", b"SSH-1.99-")):
            await self._line.send(b"Protocol major versions differ.\r\n")
            raise Refused
        self._versions = (version, self._versions[1])

    async def _not_ssh(self) -> None:
        if not self._dialect.dropbear:
            await self._line.send(b"Invalid SSH identification string.\r\n")
        raise Refused

    async def first_exchange(self) -> None:
        """The first key exchange, and the extensions that follow it."""
        self._send_init()
        packet = await self._packet()
        if packet[0] != no.KEXINIT:
            if self._dialect.dropbear or packet[0] in (no.DISCONNECT, no.IGNORE, no.DEBUG):
                packet = await self._wanted(packet)
            if packet[0] != no.KEXINIT:
                raise Refused
        await self._exchange(packet)

    async def read(self) -> bytes:
        """The next message for the layers above; key exchanges and ignorable messages are handled here."""
        while True:
            packet = await self._wanted(await self._packet())
            if packet[0] == no.KEXINIT and self._exchanges_again:
                self._send_init()
                await self._exchange(packet)
            elif packet[0] == no.PING and self._has_ping:
                self.send(bytes((no.PONG,)) + packet[1:])
                await self.drain()
            elif self._is_no_message(packet[0]):
                raise Refused(b"Invalid ssh2 packet type: %d" % packet[0])
            else:
                return packet

    async def unread(self) -> list[bytes]:
        """The messages that were received but not read yet; none is answered."""
        found: list[bytes] = []
        try:
            async with asyncio.timeout(0):
                while len(found) < MOST_UNREAD:
                    found.append(await self._packet())
        except (TimeoutError, EOFError, OSError, Gone, Refused):
            pass
        return found

    def send(self, payload: bytes) -> None:
        """Send one message; during a key exchange it waits for the end of it."""
        if not self._settled.is_set() and payload[0] > no.KEX_LAST:
            self._held.append(payload)
            return
        if self._deflate is not None:
            payload = self._deflate(payload)
        self._send_raw(payload)

    async def drain(self) -> None:
        """Wait until the client has taken most of what was sent, and until new keys are exchanged."""
        async with at_most(WRITE_SECONDS):
            await self._settled.wait()
        await self._line.send(b"")

    def while_there(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """A block that ends with TimeoutError after so many seconds, or when the client leaves."""
        return self._line.reader.at_most(seconds)

    def unimplemented(self) -> None:
        """Report that the message just read has an unknown type."""
        self.send(bytes((no.UNIMPLEMENTED,)) + uint32(self._in_number - 1))

    def disconnect(self, code: int, reason: bytes) -> None:
        """Send the reason for ending the connection."""
        self.send(bytes((no.DISCONNECT,)) + uint32(code) + string(reason[:MOST_REASON]) + string(""))

    def logged_in(self) -> None:
        """Start delayed compression, and accept new key exchanges as OpenSSH does."""
        self._exchanges_again = True
        self._idle = IDLE_SECONDS
        if self._compressing[0] == "zlib@openssh.com":
            self._inflate = _inflater()
        if self._compressing[1] == "zlib@openssh.com":
            self._deflate = _deflater()

    @property
    def session_id(self) -> bytes:
        """The hash of the first exchange."""
        return self._session_id

    @property
    def host_keys(self) -> HostKeys:
        """This server's keys."""
        return self._keys

    def _is_no_message(self, number: int) -> bool:
        if self._dialect.dropbear:
            return False
        return not number or (number >= no.FIRST_LOCAL and not self._has_ping)

    async def _wanted(self, packet: bytes) -> bytes:
        """`packet`, or the first one after it that is not to be ignored."""
        while packet[0] in (no.IGNORE, no.DEBUG, no.UNIMPLEMENTED):
            packet = await self._packet()
        if packet[0] == no.DISCONNECT:
            raise Gone
        return packet

    async def _packet(self) -> bytes:
        """One decrypted payload. Raises Refused, EOFError, TimeoutError, OSError."""
        line, idle = self._line, self._idle
        try:
            head = await line.read_exactly(max(self._in.head, 4), idle)
            length = self._in.length(self._in_number, head)
            counted = length if self._in.plain_length else length + 4
            if not 5 <= length <= MOST_PACKET or counted % self._in.block:
                raise Refused(b"Packet corrupt")
            rest = await line.read_exactly(4 + length - len(head), idle)
            tag = await line.read_exactly(self._in.tag, idle)
            padded = self._in.open(self._in_number, head, rest, tag)
        except Corrupt as error:
            raise Refused(b"Packet corrupt") from error
        self._in_number = (self._in_number + 1) & 0xFFFFFFFF
        if padded[0] < 4 or padded[0] + 1 >= len(padded):
            raise Refused(b"Packet corrupt")
        payload = padded[1 : len(padded) - padded[0]]
        return self._inflate(payload) if self._inflate is not None else payload

    def _send_raw(self, payload: bytes) -> None:
        block = max(8, self._out.block)
        counted = len(payload) + 1 if self._out.plain_length else len(payload) + 5
        padding = block - counted % block
        padding += block if padding < 4 else 0
        packet = uint32(len(payload) + 1 + padding) + bytes((padding,)) + payload + os.urandom(padding)
        self._line.write(self._out.seal(self._out_number, packet))
        self._out_number = (self._out_number + 1) & 0xFFFFFFFF

    def _send_init(self) -> None:
        dialect = self._dialect
        kex = [name for name in dialect.kex if not self._session_id or name not in NOT_KEX]
        twice = (part for part in (dialect.ciphers, dialect.macs, dialect.compressions) for _ in range(2))
        lists = b"".join(names(part) for part in (kex, dialect.host_keys, *twice, (), ()))
        self._our_init = bytes((no.KEXINIT,)) + os.urandom(16) + lists + flag(False) + uint32(0)
        self.send(self._our_init)
        self._settled.clear()

    async def _exchange(self, their_init: bytes) -> None:
        offered = parse_init(their_init)
        if not self._session_id:
            self.offered = offered
            self._introduce(their_init)
            self._strict = self._dialect.strict and STRICT_CLIENT in offered["kex"]
        kex = _choose(offered["kex"], [name for name in self._dialect.kex if name not in NOT_KEX])
        host_key = _choose(offered["host_keys"], self._dialect.host_keys)
        ways = [self._way(offered, side) for side in ("in", "out")]
        if offered["guess"] and (offered["kex"][:1] != [kex] or offered["host_keys"][:1] != [host_key]):
            await self._packet()
        transcript = (
            string(self._versions[0])
            + string(self._versions[1])
            + string(their_init)
            + string(self._our_init)
        )
        public_key = await self._public_key(host_key)
        self.host_key = self.host_key or public_key
        reply, agreed, exchanged = await self._agree(kex)
        hashed = hash_of(kex)(
            transcript + string(public_key) + exchanged + agreed.public + agreed.secret
        ).digest()
        signature = self._keys.sign(host_key, hashed)
        self.send(bytes((reply,)) + string(public_key) + agreed.public + string(signature))
        self._session_id = self._session_id or hashed
        await self._take_keys(kex, agreed, hashed, ways, first=self._session_id is hashed)

    def _introduce(self, their_init: bytes) -> None:
        found = fingerprint(their_init)
        self._line.summary["hassh"] = found["hassh"]
        mark = f"{found['hassh']} {self.client_version}"
        self._line.session.introduce(mark, client=self.client_version, **found)

    async def _public_key(self, algorithm: str) -> bytes:
        """Our public key. The RSA key takes a moment the first time: in a thread, so that others continue."""
        if "rsa" in algorithm:
            return await in_thread(lambda: self._keys.public(algorithm))
        return self._keys.public(algorithm)

    async def _agree(self, kex: str) -> tuple[int, Agreed, bytes]:
        """The number of our answer, what was agreed, and the client's part as it is hashed."""
        if "group-exchange" in kex:
            return await self._agree_group()
        message = Message(await self._expect(30))
        client = message.string(8192)
        if kex.startswith(SLOW):
            return 31, await in_thread(lambda: exchange(kex, client)), string(client)
        return 31, exchange(kex, client), string(client)

    async def _agree_group(self) -> tuple[int, Agreed, bytes]:
        message = Message(await self._expect(34))
        least, wanted, most = message.number(), message.number(), message.number()
        prime = group_for(max(least, 2048), wanted, min(most, 8192))
        if prime is None:
            raise Refused
        self.send(b"\x1f" + mpint(prime) + mpint(2))
        client = Message(await self._expect(32)).mpint()
        agreed = await in_thread(lambda: diffie_hellman(prime, 2, client))
        sizes = uint32(least) + uint32(wanted) + uint32(most)
        return 33, agreed, sizes + mpint(prime) + mpint(2) + mpint(client)

    async def _expect(self, number: int) -> bytes:
        """The content of a message that must come next."""
        packet = await self._packet()
        while not self._strict and packet[0] in (no.IGNORE, no.DEBUG):
            packet = await self._packet()
        if packet[0] == no.DISCONNECT:
            raise Gone
        if packet[0] != number:
            raise Refused
        return packet[1:]

    async def _take_keys(
        self, kex: str, agreed: Agreed, hashed: bytes, ways: list[tuple[str, str, str]], *, first: bool
    ) -> None:
        made = hash_of(kex)

        def key(letter: bytes, size: int) -> bytes:
            out = made(agreed.secret + hashed + letter + self._session_id).digest()
            while len(out) < size:
                out += made(agreed.secret + hashed + out).digest()
            return out[:size]

        into, out = (_protect(way, key, letters) for way, letters in zip(ways, (b"ACE", b"BDF"), strict=True))
        self._send_raw(bytes((no.NEWKEYS,)))
        self._out = out
        if self._strict:
            self._out_number = 0
        if first and self._dialect.extensions and "ext-info-c" in self.offered["kex"]:
            parts = b"".join(string(name) + string(value) for name, value in self._dialect.extensions)
            self.send(bytes((no.EXT_INFO,)) + uint32(len(self._dialect.extensions)) + parts)
        await self._expect(no.NEWKEYS)
        self._in = into
        if self._strict:
            self._in_number = 0
        self._compressing = [ways[0][2], ways[1][2]]
        self._settled.set()
        held, self._held = self._held, []
        for payload in held:
            self.send(payload)

    def _way(self, offered: dict[str, list[str]], side: str) -> tuple[str, str, str]:
        """Cipher, MAC and compression of one direction."""
        cipher = _choose(offered[f"cipher {side}"], self._dialect.ciphers)
        own = CIPHERS[cipher].own_mac
        mac = cipher if own else _choose(offered[f"mac {side}"], self._dialect.macs)
        return cipher, mac, _choose(offered[f"compression {side}"], self._dialect.compressions)


def _protect(way: tuple[str, str, str], key: Callable[[bytes, int], bytes], letters: bytes) -> Protection:
    cipher, mac, _ = way
    sizes = CIPHERS[cipher]
    mac_size = 0 if sizes.own_mac else mac_key_size(mac)
    iv, secret, integrity = (letters[at : at + 1] for at in range(3))
    return protection(cipher, mac, key(secret, sizes.key), key(iv, sizes.iv), key(integrity, mac_size))


def _choose(theirs: list[str], ours: list[str] | tuple[str, ...]) -> str:
    """The client's first choice that the server supports (RFC 4253, 7.1); without one, the server closes the
    connection."""
    found = next((name for name in theirs if name in ours), None)
    if found is None:
        raise Refused
    return found


def _inflater() -> Callable[[bytes], bytes]:
    stream = zlib.decompressobj()

    def inflate(data: bytes) -> bytes:
        try:
            out = stream.decompress(data, MOST_INFLATED)
        except zlib.error as error:
            raise Refused from error
        if stream.unconsumed_tail or not out:
            raise Refused
        return out

    return inflate


def _deflater() -> Callable[[bytes], bytes]:
    stream = zlib.compressobj()
    return lambda data: stream.compress(data) + stream.flush(zlib.Z_PARTIAL_FLUSH)
