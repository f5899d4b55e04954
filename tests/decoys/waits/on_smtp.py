"""Where the smtp decoy waits."""

from __future__ import annotations

import ssl

from .base import Group, Held, Wait, asking, connect, saying, until

MAIL = b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<root>\r\n"


def secured(port: int) -> Held:
    line = connect(port)
    line.sendall(b"EHLO a\r\nSTARTTLS\r\n")
    until(line, b"220 2.0.0 Ready")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    wrapped = context.wrap_socket(line)
    return Held([wrapped])


def secured_and_done(port: int) -> Held:
    held = secured(port)
    held.lines[0].sendall(b"QUIT\r\n")
    return held


GROUPS = (
    Group("smtp", "smtp", "debian-12", asking(b"220 ", b"NOOP\r\n", b"250 2.0.0 Ok\r\n"), (
        Wait("a command", "smtp/conversation.py:run", saying(b"")),
        Wait("the rest of a line", "smtp/talk.py:_read", saying(b"EHL")),
        Wait("a name", "smtp/conversation.py:_asked", saying(b"EHLO a\r\nAUTH LOGIN\r\n")),
        Wait("a mail", "smtp/conversation.py:_take", saying(MAIL + b"DATA\r\nSubject: x\r\n")),
        Wait("a piece of a mail", "smtp/conversation.py:_chunk", saying(MAIL + b"BDAT 10\r\nabc")),
        Wait("a TLS handshake", "tls.py:handshake", saying(b"EHLO a\r\nSTARTTLS\r\n")),
        Wait("half a TLS handshake", "tls.py:handshake",
              saying(b"EHLO a\r\nSTARTTLS\r\n", (b"220 2.0.0", b"\x16\x03\x01\x02\x00\x01"))),
        Wait("a command in TLS", "tls.py:read", secured),
        Wait("the end of TLS", "tls.py:linger", secured_and_done),
        Wait("the end after QUIT", "tcp_server.py:linger", saying(b"QUIT\r\n")),
    )),
)  # fmt: skip
