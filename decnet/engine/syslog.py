"""Sends lines to a syslog server: a datagram each (RFC 5426), or counted in a stream (RFC 6587, RFC 5425)."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import ssl
import struct
import termios
import time
from collections.abc import Iterable

from decnet.engine.daemon_thread import in_daemon_thread
from decnet.engine.parcel import Parcel
from decnet.engine.receivers import Syslog
from decnet.engine.trust import tls_context, tls_failure
from decnet.errors import Failed
from decnet.wire import clean

MOST_DATAGRAM = 65_000
BURST, PAUSE = 20, 0.02
"""Datagrams that are sent at once, and the seconds before the next ones: a server's buffer is small."""

ICMP_GRACE = 0.1
"""Seconds in which a host reports that no program listens on a UDP port."""

CLOSE_GRACE = 3.0
"""Seconds that a server has to close a connection that we have closed."""

REFUSAL_GRACE = 0.3
"""Seconds in which a TLS server refuses our certificate, or the lack of one; most send something at once."""

PIECE = 64 * 1024


async def send(to: Syslog, parcel: Parcel, limit: float) -> None:
    """Send every line as one message, in a thread. A server that still blocks a thread gets no other one.

    A stream was accepted once the server has closed the connection after we did, so that it has read
    everything; a server that leaves it open, once its machine has confirmed every byte. Of a datagram, only a
    port where no program listens is ever reported. Raises Failed, or TimeoutError.
    """
    if to in _sending:
        raise Failed(f"{to.label} has not accepted the previous messages yet")
    _sending.add(to)

    def work() -> None:
        try:
            (_datagrams if to.transport == "udp" else _stream)(to, parcel.lines, limit)
        except ssl.SSLError as error:
            raise tls_failure(to.label, error) from None
        except TimeoutError:
            raise
        except OSError as error:
            raise _unreachable(to, error) from None
        finally:
            _sending.discard(to)

    await in_daemon_thread(work)


def framed(lines: Iterable[bytes]) -> bytes:
    """The messages with their lengths before them (octet counting, RFC 6587 section 3.4.1)."""
    return b"".join(b"%d %s" % (len(line), line) for line in lines)


_sending: set[Syslog] = set()


def _datagrams(to: Syslog, lines: Iterable[bytes], limit: float) -> None:
    found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as opened:
        opened.settimeout(limit)
        # A connected socket is told when no program listens on the port.
        opened.connect(address)
        for number, line in enumerate(lines, 1):
            opened.send(line)
            if number % BURST == 0:
                time.sleep(PAUSE)
        time.sleep(ICMP_GRACE)
        if fault := opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(fault, os.strerror(fault))


def _stream(to: Syslog, lines: Iterable[bytes], limit: float) -> None:
    end = time.monotonic() + limit
    with socket.create_connection((to.host, to.port), timeout=limit) as plain:
        if to.transport == "tcp":
            _write(plain, framed(lines), end)
            plain.shutdown(socket.SHUT_WR)
            _await_close(plain, plain, end)
            return
        with tls_context(to.tls).wrap_socket(plain, server_hostname=to.host) as secure:
            if secure.version() == "TLSv1.3":
                _await_refusal(secure, min(REFUSAL_GRACE, _left(end)))
            _write(secure, framed(lines), end)
            _end_tls(secure, end)


def _await_refusal(secure: ssl.SSLSocket, grace: float) -> None:
    """Raises SSLError or ConnectionResetError if the server refuses us: since TLS 1.3 it does so when the
    connection is established for us already, and what is written until then is lost."""
    secure.settimeout(grace)
    try:
        if not secure.recv(1):
            raise ConnectionResetError
    except (TimeoutError, ssl.SSLWantReadError):
        return


def _write(stream: socket.socket, content: bytes, end: float) -> None:
    for start in range(0, len(content), PIECE):
        stream.settimeout(_left(end))
        stream.sendall(content[start : start + PIECE])


def _end_tls(secure: ssl.SSLSocket, end: float) -> None:
    """Close TLS and read what the server still sends: closing with unread data resets the connection,
    and the server would lose what it has not read yet."""
    secure.settimeout(min(CLOSE_GRACE, _left(end)))
    try:
        plain = secure.unwrap()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        # Also what a server sends that has not read everything: then its machine refuses the rest.
        _await_confirmed(secure, end)
        return
    except TimeoutError:
        _check_confirmed(secure)
        return
    except ssl.SSLError as error:
        if error.reason == "APPLICATION_DATA_AFTER_CLOSE_NOTIFY":
            return
        raise
    except OSError as error:
        if error.errno:
            raise
        # Without a number: the server has closed the connection without closing TLS.
        return
    with plain:
        plain.shutdown(socket.SHUT_WR)
        _await_close(plain, plain, end)


def _await_close(stream: socket.socket, plain: socket.socket, end: float) -> None:
    until = min(time.monotonic() + CLOSE_GRACE, end)
    try:
        while time.monotonic() < until:
            stream.settimeout(max(until - time.monotonic(), 0.001))
            if not stream.recv(PIECE):
                return
    except TimeoutError:
        pass
    _check_confirmed(plain)


def _await_confirmed(plain: socket.socket, end: float) -> None:
    """Wait until the server's machine has confirmed every byte. Raises OSError if it refuses one."""
    until = min(time.monotonic() + CLOSE_GRACE, end)
    while time.monotonic() < until and _unconfirmed(plain):
        _check_open(plain)
        time.sleep(0.01)
    _check_open(plain)
    _check_confirmed(plain)


def _check_open(plain: socket.socket) -> None:
    if fault := plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(fault, os.strerror(fault))


def _unconfirmed(plain: socket.socket) -> int:
    return int(struct.unpack("i", fcntl.ioctl(plain.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])


def _check_confirmed(plain: socket.socket) -> None:
    """Raises TimeoutError if the server's machine has not confirmed every byte that was sent."""
    if _unconfirmed(plain):
        raise TimeoutError


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _unreachable(to: Syslog, error: OSError) -> Failed:
    if isinstance(error, socket.gaierror):
        return Failed(f"{to.label} cannot be reached: no such host")
    if isinstance(error, (ConnectionResetError, BrokenPipeError)) or error.errno == errno.ENOTCONN:
        return Failed(f"{to.label} closed the connection before it had read everything")
    return Failed(f"{to.label} cannot be reached: {clean(error.strerror or 'no connection', 200)}")
