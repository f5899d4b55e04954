# ruff: noqa: E501 (one row of the table stands on one line)
"""HTTP: Authorization, forms, queries and URLs, in whatever request."""

from __future__ import annotations

import base64
import socket

from .base import Target, Try, login, refused

BASIC = b"Authorization: Basic " + base64.b64encode(b"root:to:or") + b"\r\n"
HOST = b"Host: web01\r\n"
CLOSE = b"Connection: close\r\n"
PAIR = {"username": "root", "password": "to:or"}
FORM = {"username": "admin", "password": "a b&c"}
CURL = ("curl", "-s", "-m", "20", "-o", "/dev/null")
URL = "http://127.0.0.1:{port}/"


def get(*headers: bytes, line: bytes = b"GET / HTTP/1.1") -> bytes:
    return b"\r\n".join((line, b"".join((HOST, CLOSE, *headers)) + b"\r\n"))


def post(kind: bytes, body: bytes, line: bytes = b"POST /x HTTP/1.1", length: int = -1) -> bytes:
    count = len(body) if length < 0 else length
    return get(b"Content-Type: %b\r\nContent-Length: %d\r\n" % (kind, count), line=line) + body


def then_reset(port: int) -> None:
    """A client that sends a request and breaks the connection off."""
    import struct

    with socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall(get(BASIC))
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


FORM_TYPE = b"application/x-www-form-urlencoded"
FIELDS = b"username=admin&password=a+b%26c"
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nadmin\r\n'
    b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\na b&c\r\n--x--\r\n'
)
TRIES = (
    Try("Basic", get(BASIC), refused("basic", **PAIR)),
    Try("a page that is not there", get(BASIC, line=b"GET /nope HTTP/1.1"), refused("basic", **PAIR)),
    Try("another method", get(BASIC, line=b"DELETE / HTTP/1.1"), refused("basic", **PAIR)),
    Try("for a proxy", get(b"Proxy-" + BASIC), refused("basic", **PAIR)),
    Try("CONNECT", get(b"Proxy-" + BASIC, line=b"CONNECT a.example:443 HTTP/1.1"), refused("basic", **PAIR)),
    Try("twice", get(BASIC, BASIC), refused("basic", **PAIR) * 2),
    Try("Digest", get(b'Authorization: Digest username="root", nonce="n", response="0a"\r\n'),
        refused("digest", "root", response='username="root", nonce="n", response="0a"')),
    Try("a token", get(b"Authorization: Bearer t0ken\r\n"), refused("bearer", "", response="t0ken")),
    Try("NTLM", get(b"Authorization: NTLM TlRMTVNT\r\n"), refused("ntlm", "", response="TlRMTVNT")),
    Try("no scheme", get(b"Authorization: root:toor\r\n"), refused("authorization", "", response="root:toor")),
    Try("no base64", get(b"Authorization: Basic root:toor\r\n"), refused("basic", "", response="root:toor")),
    Try("no password", get(b"Authorization: Basic cm9vdA==\r\n"), refused("basic", "root", response="cm9vdA==")),
    Try("no padding", get(b"Authorization: Basic cm9vdDp0bw\r\n"), refused("basic", "root", password="to")),
    Try("bytes", get(b"Authorization: Basic " + base64.b64encode(b"r:\xff\x01") + b"\r\n"),
        refused("basic", "r", password="\\xff\x01", response=base64.b64encode(b"r:\xff\x01").decode())),
    Try("a form", post(FORM_TYPE, FIELDS), refused("form", **FORM)),
    Try("a form by PUT", post(FORM_TYPE, FIELDS, b"PUT /x HTTP/1.1"), refused("form", **FORM)),
    Try("a form in parts", post(b"multipart/form-data; boundary=x", PARTS), refused("form", **FORM)),
    Try("JSON", post(b"application/json", b'{"user":{"login":"admin","password":"a b\\u0026c"}}'), refused("json", **FORM)),
    Try("half of JSON", post(b"application/json", b'{"user":"admin","password":"a b&c","x":', length=99),
        refused("json", **FORM)),
    Try("form and header", get(BASIC, b"Content-Length: %d\r\n" % len(FIELDS), line=b"POST / HTTP/1.1") + FIELDS,
        (login("basic", False, **PAIR), login("form", False, **FORM))),
    Try("a query", get(line=b"GET /login?user=admin&pwd=a%20b%26c#x HTTP/1.1"), refused("query", **FORM)),
    Try("a URL", get(line=b"GET http://root:to%3Aor@web01/ HTTP/1.1"), refused("url", **PAIR)),
    Try("HTTP/0.9", b"GET http://root:to:or@web01/\r\n", refused("url", **PAIR)),
    Try("in chunks", get(b"Transfer-Encoding: chunked\r\n", line=b"POST / HTTP/1.1")
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(FIELDS), FIELDS), refused("form", **FORM)),
    Try("bad chunks", get(b"Transfer-Encoding: chunked\r\n", line=b"POST / HTTP/1.1")
        + b"%x\r\n%b\r\nzz\r\n" % (len(FIELDS), FIELDS), refused("form", **FORM)),
    Try("no request line", b"HELLO\r\n" + HOST + BASIC + b"\r\n", refused("basic", **PAIR)),
    Try("HTTP/9", get(BASIC, line=b"GET / HTTP/9.9"), refused("basic", **PAIR)),
    Try("no such verb", get(BASIC, line=b"G@T / HTTP/1.1"), refused("basic", **PAIR)),
    Try("two hosts", get(HOST, BASIC), refused("basic", **PAIR)),
    Try("a bad header", get(b"no colon\r\n", BASIC), refused("basic", **PAIR)),
    Try("a bad name", get(BASIC.replace(b":", b" :", 1)), refused("basic", **PAIR)),
    Try("a folded header", get(BASIC.replace(b"Basic ", b"Basic\r\n ")), refused("basic", **PAIR)),
    Try("a header that does not end", (HOST + BASIC).join((b"GET / HTTP/1.1\r\n", b""))[:-2], refused("basic", **PAIR)),
    Try("a header too long", get(b"Authorization: Basic " + base64.b64encode(b"root:" + b"p" * 30_000) + b"\r\n"),
        refused("basic", "root", password="p" * 1000)),
    Try("a line too long", get(BASIC, line=b"GET /" + b"a" * 20_000 + b" HTTP/1.1"), refused("basic", **PAIR)),
    Try("a body too long", post(FORM_TYPE, FIELDS, length=9_999_999), refused("form", **FORM)),
    Try("a body of bad length", get(b"Content-Length: -1\r\n", line=b"POST / HTTP/1.1") + FIELDS, refused("form", **FORM)),
    Try("a body that does not end", post(FORM_TYPE, FIELDS, length=200), refused("form", **FORM)),
    Try("a body without length", b"POST / HTTP/1.1\r\n" + HOST + b"\r\n" + FIELDS + b"\r\n", refused("form", **FORM)),
    Try("behind the last answer", get() + get(BASIC), refused("basic", **PAIR)),
    Try("a Digest that is no list", get(b"Authorization: Digest " + b"a" * 8000 + b"\r\n"),
        refused("digest", "", response="a" * 1000)),
    Try("a reset", then_reset, refused("basic", **PAIR)),
    Try("curl's Basic", (*CURL, "-u", "root:to:or", URL), refused("basic", **PAIR)),
    Try("curl's URL", (*CURL, "http://root:to%3Aor@127.0.0.1:{port}/"), refused("basic", **PAIR)),
    Try("curl's form", (*CURL, "-d", "username=admin", "--data-urlencode", "password=a b&c", URL), refused("form", **FORM)),
    Try("curl's proxy", (*CURL, "-p", "-x", "http://root:to%3Aor@127.0.0.1:{port}", "http://a.example/"),
        refused("basic", **PAIR)),
    Try("curl's upload form", (*CURL, "-F", "username=admin", "-F", "password=a b&c", URL), refused("form", **FORM)),
)  # fmt: skip
SITE = {"site": "login"}

TARGETS = (
    Target("http", "debian-12-nginx", TRIES, SITE),
    Target("http", "debian-12", TRIES, SITE, label="apache"),
    Target("http", "windows-server-2019", TRIES, SITE),
    Target("http", "busybox-camera", TRIES, {"site": "device"}),
)
