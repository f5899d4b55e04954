# ruff: noqa: E501 (answers are compared as they are)
"""The mail server decoy against what real servers said, and against those who do not mean well."""

from __future__ import annotations

import ast
import base64
import random
import re
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPLIES = Path(__file__).with_name("replies") / "postfix-3.7.11.txt"
POSTFIX = "220 web01 ESMTP Postfix (Debian/GNU)"
EXIM = "220 web01 ESMTP Exim 4.96 {date}"
SENDMAIL = "220 web01 ESMTP Sendmail 8.17.1/8.17.1; {date}"
EXCHANGE = "220 web01 Microsoft ESMTP MAIL Service ready at {date}"
FORBIDDEN = (
    b"decnet",
    b"decky",
    b"deckies",
    b"decoy",
    b"honeypot",
    b"canary",
    b"python",
    b"asyncio",
    b"traceback",
)


def plain(user: str, password: str) -> bytes:
    return b"AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()) + b"\r\n"


def answered(line: socket.socket) -> bytes:
    out = b""
    while not (out.endswith(b"\r\n") and out.split(b"\r\n")[-2][3:4] == b" "):
        piece = line.recv(65536)
        if not piece:
            break
        out += piece
    return out


def test_every_recorded_session_of_the_real_postfix_goes_the_same_way(decoy: Callable[..., Any]) -> None:
    server = decoy(
        "smtp",
        banner=POSTFIX.replace("web01", "mail01"),
        hostname="mail01",
        settings={"credentials": "bob:bobpw"},
    )

    for session in REPLIES.read_text().split("== ")[1:]:
        _, greeting, *lines = session.strip().splitlines()
        with socket.create_connection(("127.0.0.1", server.port), 30) as line:
            assert answered(line) == ast.literal_eval(greeting.strip())
            for asked, answer in zip(lines[::2], lines[1::2], strict=True):
                sent = ast.literal_eval(asked.removeprefix("C: "))
                line.sendall(sent if sent.endswith(b"\n") else sent + b"\r\n")
                heard = re.sub(rb"queued as [0-9A-F]+", b"queued as ID", answered(line))
                assert (sent, heard) == (sent, ast.literal_eval(answer.strip()))

    assert server.stop() == 0 and server.complaints() == b""


@pytest.mark.parametrize(
    ("banner", "release", "answers"),
    [
        (POSTFIX, "debian-12", [b"454 4.7.1 <x@example.com>: Relay access denied", b"354 End data with <CR><LF>.<CR><LF>"]),
        (EXIM, "debian-12-nginx", [b"550 relay not permitted", b'354 Enter message, ending with "." on a line by itself']),
        (SENDMAIL, "freebsd-13.2", [b"550 5.7.1 <x@example.com>... Relaying denied", b'354 Enter mail, end with "." on a line by itself']),
        (EXCHANGE, "windows-server-2019", [b"550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", b"354 Start mail input; end with <CRLF>.<CRLF>"]),
    ],
    ids=["postfix", "exim", "sendmail", "exchange"],
)  # fmt: skip
def test_mail_for_elsewhere_is_refused_and_mail_for_here_taken_down(
    decoy: Callable[..., Any], banner: str, release: str, answers: list[bytes]
) -> None:
    server = decoy("smtp", banner=banner, release=release)

    heard = server.ask(
        b"EHLO me\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<x@example.com>\r\nRCPT TO:<root@web01>\r\nDATA\r\n"
        b"Subject: hello\r\n\r\n..dot\r\n.\r\nQUIT\r\n"
    )

    assert [answer for answer in answers if answer not in heard] == []
    fields = server.events("file")[-1]["fields"]
    assert (fields["sender"], fields["recipients"], fields["subject"]) == (
        "a@example.org",
        "root@web01",
        "hello",
    )
    assert fields["content"] == "Subject: hello\n\n.dot\n" and fields["size"] == 21


def test_swaks_is_refused_and_its_attempts_are_recorded(decoy: Callable[..., Any]) -> None:
    server = decoy("smtp", banner=POSTFIX)

    done = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(server.port), "--from", "a@example.org", "--to", "b@example.com",
         "--tls", "--auth", "LOGIN", "--auth-user", "info", "--auth-password", "Winter2024"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert "=== TLS started with cipher TLSv1.3" in done.stdout and 'DN="/CN=web01"' in done.stdout
    assert "<~* 535 5.7.8 Error: authentication failed: (reason unavailable)" in done.stdout
    fields = server.events("login")[-1]["fields"]
    assert fields == {"username": "info", "password": "Winter2024", "success": False, "method": "auth login"}
    assert server.events("disconnect")[-1]["fields"]["tls"] == "TLSv1.3"


def test_an_account_that_is_allowed_may_relay_and_nothing_leaves(decoy: Callable[..., Any]) -> None:
    settings = {"credentials": "bob:pw", "domain": "corp.example"}
    server = decoy("smtp", banner=EXIM, settings=settings)

    with smtplib.SMTP("127.0.0.1", server.port, "me", timeout=30) as client:
        client.login("bob", "pw")
        client.sendmail("bob@corp.example", ["x@example.com"], "Subject: offer\r\n\r\nbuy\r\n")

    assert server.events("file")[-1]["fields"]["recipients"] == "x@example.com"
    assert server.events("login")[-1]["fields"]["success"] is True
    assert server.ask(b"QUIT\r\n").endswith(b"221 web01.corp.example closing connection\r\n")


def test_the_certificate_is_the_machines_own_permanently(decoy: Callable[..., Any]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def certificate(**persona: Any) -> bytes:
        server = decoy("smtp", banner=POSTFIX, **persona)
        with smtplib.SMTP("127.0.0.1", server.port, "me", timeout=30) as client:
            client.starttls(context=context)
            assert client.sock is not None
            return bytes(client.sock.getpeercert(binary_form=True))  # type: ignore[attr-defined]

    one = certificate(machine="aa" * 16)

    assert one == certificate(machine="aa" * 16, seed="ff" * 16) != certificate(machine="bb" * 16)


@pytest.mark.parametrize(
    "banner", [POSTFIX, EXIM, SENDMAIL, EXCHANGE], ids=["postfix", "exim", "sendmail", "exchange"]
)
def test_noise_breaks_nothing_and_does_not_identify_the_decoy(decoy: Callable[..., Any], banner: str) -> None:
    server = decoy("smtp", banner=banner, settings={"credentials": "bob:pw"})
    dice = random.Random(11)
    words = (b"EHLO", b"HELO", b"me", b"MAIL", b"FROM:", b"<a@b.c>", b"RCPT", b"TO:<root@web01>", b"DATA", b".", b"RSET",
             b"VRFY", b"EXPN", b"HELP", b"NOOP", b"ETRN", b"BDAT", b"3", b"LAST", b"=", b"*", b"\xff\x00", b"<", b">", b"@", b"SIZE=1", b"XCLIENT", b"")  # fmt: skip

    heard = b""
    for _ in range(50):
        lines = [b" ".join(dice.choices(words, k=dice.randint(0, 4))) for _ in range(dice.randint(1, 9))]
        heard += server.ask(b"EHLO me\r\n" * dice.randint(0, 1) + b"\r\n".join(lines) + b"\r\n")
    heard += server.ask(b"EHLO me\r\n" + b"A" * 100_000 + b"\r\nQUIT\r\n")
    assert b"220 " in server.ask(b"EHLO me\r\nSTARTTLS\r\n\x16\x03garbage")
    heard += server.ask(
        b"EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n" + b"x" * 200_000 + b"\r\n.\r\nQUIT\r\n"
    )

    assert [word for word in FORBIDDEN if word in heard.lower()] == []
    assert all(re.match(rb"\d{3}[ -]", each) for each in heard.split(b"\r\n") if each)
    assert server.stop() == 0 and server.complaints() == b""


def test_too_many_errors_end_it(decoy: Callable[..., Any]) -> None:
    exim, exchange = decoy("smtp", banner=EXIM), decoy("smtp", banner=EXCHANGE)

    assert exim.ask(b"x\r\n" * 9).endswith(b"500 Too many unrecognized commands\r\n")
    assert exchange.ask(b"x\r\n" * 9).endswith(
        b"421 4.7.0 Too many errors on this connection, closing transmission channel\r\n"
    )
    assert (
        decoy("smtp", banner=POSTFIX)
        .ask(b"GET / HTTP/1.0\r\n\r\n")
        .endswith(b"221 2.7.0 Error: I can break rules, too. Goodbye.\r\n")
    )


def test_a_wrong_password_is_refused_with_the_text_of_its_release(decoy: Callable[..., Any]) -> None:
    server = decoy("smtp", banner=POSTFIX, release="ubuntu-22.04")

    assert server.ask(b"EHLO me\r\n" + plain("root", "x")).endswith(
        b"535 5.7.8 Error: authentication failed: \r\n"
    )
    fields = server.events("login")[-1]["fields"]
    assert fields == {"username": "root", "password": "x", "success": False, "method": "auth plain"}
