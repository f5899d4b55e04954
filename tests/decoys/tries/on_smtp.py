# ruff: noqa: E501 (one row of the table stands on one line)
"""SMTP: AUTH in every state that a session can be in."""

from __future__ import annotations

import base64
import smtplib
import ssl

from .base import Target, Try, accepted, login, refused


def b64(text: bytes) -> bytes:
    return base64.b64encode(text)


EHLO = b"EHLO me\r\n"
PLAIN = b64(b"\0info\0Winter1")
PAIR = {"username": "info", "password": "Winter1"}
USER, PASSWORD = b64(b"info"), b64(b"Winter1")


def over_tls(port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", port, "me", timeout=30) as client:
        client.starttls(context=context)
        client.ehlo()
        client.docmd("AUTH", "PLAIN " + PLAIN.decode())


ANYWHERE = (
    Try("PLAIN at once", EHLO + b"AUTH PLAIN " + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try("PLAIN when asked", EHLO + b"AUTH PLAIN\r\n" + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try("LOGIN when asked", EHLO + b"AUTH LOGIN\r\n%b\r\n%b\r\n" % (USER, PASSWORD), refused("auth login", **PAIR)),
    Try("LOGIN with a name", EHLO + b"AUTH LOGIN %b\r\n%b\r\n" % (USER, PASSWORD), refused("auth login", **PAIR)),
    Try("an account", EHLO + b"AUTH LOGIN\r\n%b\r\n%b\r\n" % (b64(b"bob"), b64(b"pw")),
        accepted("auth login", "bob", password="pw")),
    Try("small letters", EHLO + b"auth login\r\n%b\r\n%b\r\n" % (USER, PASSWORD), refused("auth login", **PAIR)),
    Try("before any hello", b"AUTH PLAIN " + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try("after HELO", b"HELO me\r\nAUTH PLAIN " + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try("unasked answers", b"AUTH LOGIN\r\n%b\r\n%b\r\nQUIT\r\n" % (USER, PASSWORD), refused("auth login", **PAIR)),
    Try("in a mail", EHLO + b"MAIL FROM:<a@b.example>\r\nAUTH PLAIN " + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try(
        "after a login", EHLO + b"AUTH LOGIN %b\r\n%b\r\nAUTH PLAIN %b\r\n" % (b64(b"bob"), b64(b"pw"), PLAIN),
        (login("auth login", True, "bob", password="pw"), login("auth plain", False, **PAIR)),
    ),
    Try("CRAM-MD5", EHLO + b"AUTH CRAM-MD5 " + b64(b"info 0123456789abcdef") + b"\r\n",
        refused("auth cram-md5", "info", response="0123456789abcdef")),
    Try("XOAUTH2", EHLO + b"AUTH XOAUTH2 " + b64(b"user=info\1auth=Bearer t0ken\1\1") + b"\r\n",
        refused("auth xoauth2", "info", response="user=info\1auth=Bearer t0ken\1\1")),
    Try("NTLM", EHLO + b"AUTH NTLM TlRMTVNTUAABAAAA\r\n", refused("auth ntlm", "", response="NTLMSSP\0\1\0\0\0")),
    Try("no base64", EHLO + b"AUTH PLAIN {secret}\r\n", refused("auth plain", "", response="{secret}")),
    Try("a plain name", EHLO + b"AUTH LOGIN\r\nadmin!\r\n", refused("auth login", "admin!", response="admin!")),
    Try("a bad password", EHLO + b"AUTH LOGIN %b\r\n!!\r\n" % USER,
        refused("auth login", "info", password="!!", response=USER.decode() + " !!")),
    Try("bytes", EHLO + b"AUTH PLAIN " + b64(b"\0\xff\0\xfe\0\1") + b"\r\n",
        refused("auth plain", "\\xff", password="\\xfe\0\1", response=b64(b"\0\xff\0\xfe\0\1").decode())),
    Try("no identity", EHLO + b"AUTH PLAIN " + b64(b"info\0Winter1") + b"\r\n", refused("auth plain", **PAIR)),
    Try("given up", EHLO + b"AUTH LOGIN %b\r\n*\r\n" % USER, refused("auth login", "info")),
    Try("gone after the name", EHLO + b"AUTH LOGIN\r\n%b\r\n" % USER, refused("auth login", "info")),
    Try("gone in the password", EHLO + b"AUTH LOGIN %b\r\n%b" % (USER, PASSWORD), refused("auth login", **PAIR)),
    Try("gone in the line", EHLO + b"AUTH PLAIN " + PLAIN, refused("auth plain", **PAIR)),
    Try("a tab", EHLO + b"AUTH\tPLAIN " + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try("too long", EHLO + b"AUTH PLAIN " + b64(b"\0info\0" + b"p" * 9000) + b"\r\n",
        refused("auth plain", "info", password="p" * 1000)),
    Try("in plain text behind STARTTLS", EHLO + b"STARTTLS\r\nAUTH PLAIN " + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try("inside TLS", over_tls, refused("auth plain", **PAIR)),
    Try("behind the last word", EHLO + b"QUIT\r\nAUTH PLAIN " + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
)  # fmt: skip
LOGIN_ONLY = (
    Try("PLAIN, which it has not", EHLO + b"AUTH PLAIN " + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try("PLAIN, unasked", EHLO + b"AUTH PLAIN\r\n" + PLAIN + b"\r\n", refused("auth plain", **PAIR)),
    Try("LOGIN", EHLO + b"AUTH LOGIN\r\n%b\r\n%b\r\n" % (USER, PASSWORD), refused("auth login", **PAIR)),
)
SWAKS = ("swaks", "--server", "127.0.0.1", "--port", "{port}", "--from", "a@example.org", "--to", "b@example.org",
         "--auth-user", "info", "--auth-password", "Winter1", "--auth")  # fmt: skip
REAL = (
    Try("swaks with PLAIN", (*SWAKS, "PLAIN"), refused("auth plain", **PAIR)),
    Try("swaks with LOGIN", (*SWAKS, "LOGIN"), refused("auth login", **PAIR)),
)
KNOWN = {"credentials": "bob:pw"}

TARGETS = (
    Target("smtp", "debian-12", (*ANYWHERE, *REAL), KNOWN, "220 web01 ESMTP Postfix (Debian/GNU)"),
    Target("smtp", "debian-12", ANYWHERE, KNOWN, "220 web01 ESMTP Exim 4.96 {date}", label="exim"),
    Target("smtp", "freebsd-14.0", ANYWHERE, KNOWN, "220 web01 ESMTP Sendmail 8.17.1/8.17.1; {date}"),
    Target("smtp", "windows-server-2019", LOGIN_ONLY, KNOWN),
)
