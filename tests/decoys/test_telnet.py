# ruff: noqa: E501 (answers are compared as they are)
"""The Telnet decoy: what each maker's server says first, logins, and whatever bytes come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telnet_client import Client, telnet

from decnet.catalog import load

FORBIDDEN = (b"decnet", b"decky", b"decoy", b"honeypot", b"canary", b"asyncio", b"traceback", b"python")
CATALOG = load()
WEAK = {"credentials": "root:123456"}


def persona_of(release: str, **more: Any) -> dict[str, Any]:
    banner = CATALOG.banner(release, "telnet", hostname="web01", address="127.0.0.1")
    return {"release": release, "os": CATALOG.releases[release].os, "banner": banner, **more}


def test_a_weak_password_opens_the_shell_for_the_real_client(decoy: Callable[..., Any]) -> None:
    server = decoy("telnet", **persona_of("debian-12", settings=WEAK))

    shown = telnet(
        server.port, ("login: ", "root"), ("Password: ", "123456"), ("# ", "id -un; uname -r"), ("# ", "exit")
    )

    assert "root\r\n6.1.0-23-amd64\r\n" in shown and shown.rstrip().endswith("closed by foreign host.")
    assert server.events("login")[-1]["fields"] == {
        "username": "root", "password": "123456", "success": True, "method": "password"
    }  # fmt: skip
    assert [e["fields"]["input"] for e in server.events("command", 2)] == ["id -un; uname -r", "exit"]
    assert server.events("disconnect")[-1]["session"] == server.events("contact")[-1]["session"]
    assert server.stop() == 0 and server.complaints() == b""


def test_a_wrong_password_is_recorded_and_answered_late(inside: Callable[..., Any]) -> None:
    server = inside("telnet", **persona_of("freebsd-13.2", settings=WEAK))

    with Client(server.port) as client:
        assert client.until(b"login: ").endswith(b"FreeBSD/amd64 (web01) (pts/0)\r\n\r\nlogin: ")
        client.type(b"ro\x7foot")
        assert client.until(b"Password:") == b"ro\b \boot\r\nPassword:"
        began = time.monotonic()
        client.type(b"secret")
        assert client.until(b"login: ") == b"\r\nLogin incorrect\r\nlogin: "
        assert time.monotonic() - began > 0.25
    assert server.events("login")[-1]["fields"] == {
        "username": "root", "password": "secret", "success": False, "method": "password"
    }  # fmt: skip


def test_a_switch_asks_three_times(inside: Callable[..., Any]) -> None:
    server = inside("telnet", **persona_of("edgeswitch-1.9", settings=WEAK))
    with Client(server.port) as client:
        for name in (b"admin", b"cisco", b"root"):
            client.until(b"User:")
            client.type(name)
            client.until(b"Password:")
            client.type(b"ubnt")
            client.until(b"****\r\n")
        assert client.rest() == b""

    assert [e["fields"]["username"] for e in server.events("login", 3)] == ["admin", "cisco", "root"]


@pytest.mark.parametrize(
    ("release", "first"),
    [
        ("debian-12", b"\xff\xfb%\xff\xfb&\xff\xfd\x18\xff\xfd \xff\xfd#\xff\xfd'\xff\xfd$"),
        ("debian-11", b"\xff\xfd\x18\xff\xfd \xff\xfd#\xff\xfd'"),
        ("rocky-9", b"\xff\xfd\x18\xff\xfd \xff\xfd#\xff\xfd'"),
        ("freebsd-13.2", b"\xff\xfd%"),
        ("busybox-camera", b"\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\r\nweb01 login: "),
        (
            "cisco-ios-15.2",
            b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff\xfd\x1f\r\n\r\nUser Access Verification\r\n\r\nUsername: ",
        ),
        ("windows-10", b"\xff\xfd%\xff\xfb\x01\xff\xfb\x03\xff\xfd'\xff\xfd\x1f\xff\xfd\0\xff\xfb\0"),
        ("schneider-m340", b"\r\nVxWorks login: \xff\xfb\x01"),
    ],
)
def test_a_silent_client_gets_what_the_real_server_sends_first(
    inside: Callable[..., Any], release: str, first: bytes
) -> None:
    assert inside("telnet", **persona_of(release)).ask(b"") == first


def test_a_printer_shows_its_address_and_keeps_its_settings(inside: Callable[..., Any]) -> None:
    server = inside("telnet", **persona_of("hp-laserjet-m404"))
    said = server.ask(b"/\r\nip: 192.0.2.1\r\nwat\r\nquit\r\n")

    assert said.startswith(b"\xff\xfb\x03\xff\xfb\x01\x07HP JetDirect\r\nPassword is not set\r\n")
    assert b"MAC Address     : 00:50:56:01:02:03\r\n" in said and b"Invalid command" in said
    assert [e["fields"]["input"] for e in server.events("command", 4)] == [
        "/",
        "ip: 192.0.2.1",
        "wat",
        "quit",
    ]


def test_what_the_client_says_of_itself_is_recorded(inside: Callable[..., Any]) -> None:
    server = inside("telnet", **persona_of("debian-11"))
    with Client(server.port, {24: b"VT220", 39: b"\0USER\1-f root"}) as client:
        said = client.until(b"Debian GNU/Linux 11\r\nweb01 login: ")

    assert b"\xff\xfa'\x01\xff\xf0\xff\xfa\x18\x01\xff\xf0" in said
    assert server.events("request")[-1]["fields"] == {
        "request": "environment", "environment": "\0USER\x01-f root"
    }  # fmt: skip
    assert server.events("disconnect")[-1]["fields"]["terminal"] == "VT220"


def test_a_client_that_keeps_asking_is_not_answered_forever(inside: Callable[..., Any]) -> None:
    server = inside("telnet", **persona_of("busybox-camera"))
    assert len(server.ask(b"\xff\xfd\x63\xff\xfe\x63\xff\xf6" * 5000)) < 2000


PIECES = (
    st.binary(max_size=60)
    | st.sampled_from([b"\r\n", b"root\r\0", b"\xff", b"\xff\xfa", b"\xff\xf0", b"\x03", b"\x04", b"\x15"])
    | st.tuples(st.sampled_from([251, 252, 253, 254]), st.integers(0, 255)).map(lambda t: bytes((255, *t)))
)


@pytest.mark.parametrize("release", ["debian-12", "busybox-camera", "cisco-ios-15.2", "hp-laserjet-m404"])
def test_any_bytes_end_only_their_own_visit(inside: Callable[..., Any], release: str) -> None:
    server = inside("telnet", **persona_of(release))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(PIECES, max_size=30))
    def try_them(pieces: list[bytes]) -> None:
        said = server.ask(b"".join(pieces)).lower()
        assert [word for word in FORBIDDEN if word in said] == []

    try_them()
    assert server.ask(b"").startswith(b"\xff") and not server.complaints
