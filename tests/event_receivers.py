"""Receivers of events for tests: syslog over UDP, TCP and TLS, an HTTPS server, a proxy."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

Line = str


@dataclass(frozen=True)
class Certificates:
    """An authority, and a certificate that it signed for 127.0.0.1 with its key: PEM files."""

    ca: Path
    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def make_certificates(folder: Path) -> Certificates:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def signed(subject: str, key: ec.EllipticCurvePrivateKey, is_ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("Test authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        )
        if is_ca:
            usage = x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                decipher_only=False,
            )  # fmt: skip
            builder = builder.add_extension(usage, critical=True)
        else:
            local = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
            builder = builder.add_extension(local, critical=False)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
        builder = builder.add_extension(identifier, critical=False).add_extension(issuer, critical=False)
        return builder.sign(authority, hashes.SHA256())

    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    found = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    found.ca.write_bytes(signed("Test authority", authority, True).public_bytes(pem))
    found.certificate.write_bytes(signed("127.0.0.1", own, False).public_bytes(pem))
    found.key.write_bytes(
        own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return found


def server_context(
    certificates: Certificates, *, mutual: bool = False, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> ssl.SSLContext:
    """A server's; with `mutual` its clients need a certificate of the same authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    context.load_cert_chain(certificates.certificate, certificates.key)
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates.ca)
    return context


class Sink:
    """A syslog server that keeps the messages it received. With `resets` it ends a connection after the
    first bytes, as a server that is killed."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.resets = False
        self._opened: list[socket.socket] = []

    def listen(
        self, transport: str, certificates: Certificates | None = None, port: int = 0, **tls: Any
    ) -> str:
        """Start to listen; the URL."""
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        server = socket.socket(socket.AF_INET, kind)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        self._opened.append(server)
        if transport == "udp":
            work: Callable[[], None] = lambda: self._datagrams(server)  # noqa: E731
        else:
            server.listen(8)
            context = server_context(certificates, **tls) if transport == "tls" and certificates else None
            work = lambda: self._connections(server, context)  # noqa: E731
        threading.Thread(target=work, daemon=True).start()
        return f"syslog+{transport}://127.0.0.1:{server.getsockname()[1]}"

    def wait(self, count: int) -> list[Line]:
        """The messages, as soon as there are so many."""
        end = time.monotonic() + 20
        while len(self.lines) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.lines) == count
        return self.lines

    def close(self) -> None:
        for each in self._opened:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._opened.clear()

    def _datagrams(self, server: socket.socket) -> None:
        with suppress(OSError):
            while message := server.recv(70_000):
                self.lines.append(message.decode())

    def _connections(self, server: socket.socket, context: ssl.SSLContext | None) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with suppress(OSError), connection:
                self._read(context.wrap_socket(connection, server_side=True) if context else connection)

    def _read(self, connection: socket.socket) -> None:
        content = b""
        with connection:
            while piece := connection.recv(100 if self.resets else 70_000):
                if self.resets:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
                content += piece
            while content:
                length, _, rest = content.partition(b" ")
                self.lines.append(rest[: int(length)].decode())
                content = rest[int(length) :]


@pytest.fixture
def sink() -> Iterator[Sink]:
    found = Sink()
    yield found
    found.close()


@dataclass(frozen=True)
class Request:
    headers: dict[str, str]
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        return self.body.splitlines()


@dataclass
class Web:
    """An HTTPS server that keeps the requests it received, and answers with `answers`, then with 200.
    `refuses` is what makes it answer a request with 413."""

    url: str
    plain_url: str
    ca: str
    answers: list[int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    refuses: Callable[[Request], bool] = lambda request: False
    _hold: int = -1

    def holds_request(self, number: int) -> None:
        """Keep that request, from 0, without an answer until `go_on`."""
        self._hold = number

    def status(self, number: int) -> int:
        if number == self._hold:
            self.held.set()
            self.go_on.wait(60)
        if number < len(self.answers):
            return self.answers[number]
        return 413 if self.refuses(self.requests[number]) else 200

    @property
    def accepted(self) -> list[bytes]:
        """The lines of the requests that it has answered with 200."""
        return [line for each in self.requests if not self.refuses(each) for line in each.lines]


@pytest.fixture
def web(certificates: Certificates) -> Iterator[Web]:
    with serve_web(certificates) as found:
        yield found


@contextmanager
def serve_web(certificates: Certificates, **tls: Any) -> Iterator[Web]:
    """The server, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append(Request(dict(self.headers), body))
            with suppress(OSError):
                self.send_response(found.status(len(found.requests) - 1))
                self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            return

    with Quiet(("127.0.0.1", 0), Handler) as plain, Quiet(("127.0.0.1", 0), Handler) as secure:
        secure.socket = server_context(certificates, **tls).wrap_socket(secure.socket, server_side=True)
        found = Web(
            f"https://127.0.0.1:{secure.server_port}/in",
            f"http://127.0.0.1:{plain.server_port}/in",
            str(certificates.ca),
        )
        for server in (plain, secure):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield found
        for server in (plain, secure):
            server.shutdown()


@dataclass
class Tunnel:
    """A proxy that only knows CONNECT, and keeps what it was asked."""

    port: int
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def tunnel() -> Iterator[Tunnel]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(4)
        found = Tunnel(server.getsockname()[1])
        threading.Thread(target=_serve_tunnels, args=(server, found), daemon=True).start()
        yield found
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _serve_tunnels(server: socket.socket, found: Tunnel) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_serve_tunnel, args=(client, found), daemon=True).start()


def _serve_tunnel(client: socket.socket, found: Tunnel) -> None:
    with client:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        found.asked.append(head.partition(b"\r\n")[0].decode())
        asked = re.match(rb"CONNECT ([0-9.]+):([0-9]+) ", head)
        assert asked
        with socket.create_connection((asked[1].decode(), int(asked[2]))) as target:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(target, client))
            back.start()
            _copy(client, target)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
