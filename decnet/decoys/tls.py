"""TLS for services where a client can request it: OpenSSL is imported at the first request."""

import functools
import os
import sys
from typing import TYPE_CHECKING, Any

from .client_hello import MOST_BYTES, Malformed, read_hello
from .der import RsaKey, pem, rsa_key
from .machine_certificate import certificate_of
from .persona import Persona
from .tcp_server import Gone, Line
from .waits import at_most

if TYPE_CHECKING:
    import ssl

HANDSHAKE_SECONDS = 30.0
PIECE = 16384
SUMMED = ("ja3", "ja4", "server_name")
"""What the end of a visit repeats of its handshake."""


class Identity:
    """A chain of certificates, its own first, and the key of the first."""

    def __init__(self, chain: list[bytes], key: RsaKey) -> None:
        self.chain = chain
        self.key = key

    @functools.cached_property
    def context(self) -> "ssl.SSLContext":
        """OpenSSL's server side with this identity."""
        module = openssl()
        context: ssl.SSLContext = module.SSLContext(module.PROTOCOL_TLS_SERVER)
        text = pem("RSA PRIVATE KEY", self.key.private()) + b"".join(
            pem("CERTIFICATE", each) for each in self.chain
        )
        file = os.memfd_create("identity")
        try:
            os.write(file, text)
            context.load_cert_chain(f"/proc/self/fd/{file}")
        finally:
            os.close(file)
        return context


def of_the_machine(persona: Persona) -> Identity:
    """The self-signed certificate that a Debian system creates at installation (package ssl-cert)."""
    key = rsa_key(persona.machine, "tls")
    return Identity([certificate_of(persona, key)], key)


def openssl() -> Any:
    """The module, even if its import was blocked at the start."""
    for name in ("ssl", "_ssl"):
        if sys.modules.get(name, True) is None:
            del sys.modules[name]
    import ssl

    return ssl


class Secured(Line):
    """A line inside TLS."""

    def __init__(self, line: Line, identity: Identity) -> None:
        super().__init__(line.reader, line.writer, line.session, line.port)
        self.summary, self.sent = line.summary, line.sent
        module = openssl()
        self._waits = module.SSLWantReadError
        self._fails = module.SSLError
        self._in, self._out = module.MemoryBIO(), module.MemoryBIO()
        self._first = bytearray()
        """What was received before the end of the handshake."""
        self._tls = identity.context.wrap_bio(self._in, self._out, server_side=True)

    def feed(self, data: bytes) -> None:
        """Pass on bytes that were read before they were known to be TLS."""
        if data:
            self._first += data[: MOST_BYTES - len(self._first)]
            self._in.write(data)

    async def handshake(self) -> str:
        """The version that both agree on. Raises Gone after OpenSSL's own alert, TimeoutError, OSError."""
        try:
            async with at_most(HANDSHAKE_SECONDS):
                await self._shake_hands()
        finally:
            self._introduce()
        return str(self._tls.version())

    async def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
                await self._flush()
                return
            except self._waits:
                await self._flush()
                self._first += (await self._more(HANDSHAKE_SECONDS))[: MOST_BYTES - len(self._first)]
            except self._fails as error:
                await self._flush()
                raise Gone from error

    def _introduce(self) -> None:
        try:
            found = read_hello(bytes(self._first)).fields()
        except Malformed:
            return
        finally:
            self._first.clear()
        self.summary.update({name: found[name] for name in SUMMED if name in found})
        self.session.introduce(" ".join((found["ja4"], found.get("server_name", ""))), **found)

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        for at in range(0, len(data), PIECE):
            self._tls.write(data[at : at + PIECE])
            await self._flush()

    async def read(self, seconds: float, most: int = PIECE) -> bytes:
        """Received bytes; b"" at the end."""
        while True:
            try:
                return self._tls.read(most)
            except self._waits:
                await self._flush()
                if not await self._more(seconds):
                    return b""
            except self._fails:
                await self._flush()
                return b""

    async def unread(self) -> bytes:
        """Always empty: the bytes are not decrypted yet."""
        return b""

    async def linger(self) -> bytes:
        """Also end the TLS stream; what is still received is not decrypted."""
        try:
            self._tls.unwrap()
        except (self._waits, self._fails):
            pass
        await self._flush()
        await super().linger()
        return b""

    async def _more(self, seconds: float) -> bytes:
        data = await super().read(seconds)
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()
        return data

    async def _flush(self) -> None:
        if self._out.pending:
            await super().send(self._out.read())
