"""What every TCP decoy has from its frame."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from decnet.decoys import tcp_server
from decnet.decoys.persona import Persona
from decnet.decoys.tcp_server import MOST_OF_ONE_SOURCE, MOST_VISITS

PERSONAS = {
    "http": {"banner": "nginx/1.22.1"},
    "ssh": {"banner": "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"},
}


def test_one_source_cannot_take_every_place(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner="nginx/1.22.1")
    with ExitStack() as held:
        lines = [
            held.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
            for _ in range(MOST_OF_ONE_SOURCE)
        ]
        server.events("contact", MOST_OF_ONE_SOURCE)

        assert server.ask(b"GET / HTTP/1.0\r\n\r\n") == b""
        lines[0].close()
        server.events("disconnect")
        assert server.ask(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK")


def test_services_of_one_machine_agree_and_keep_their_own_secrets() -> None:
    ssh, ftp = (
        Persona(name, "h", "linux", "r", "", name * 8, (), machine_seed="m") for name in ("ssh", "ftp")
    )
    assert ssh.machine.bytes_for("uptime") == ftp.machine.bytes_for("uptime")
    assert ssh.bytes_for("key") != ftp.bytes_for("key")


def connect(server: Any, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 30, source_address=(source, 0))


@pytest.mark.parametrize("service", ["http", "ssh", "telnet", "smtp", "ftp", "redis", "mysql"])
def test_idle_connections_of_four_addresses_give_way_to_a_fifth(
    decoy: Callable[..., Any], service: str
) -> None:
    server = decoy(service, **PERSONAS.get(service, {}))
    with ExitStack() as held:
        idle = [
            held.enter_context(connect(server, f"127.0.0.{source}"))
            for source in (2, 3, 4, 5)
            for _ in range(MOST_OF_ONE_SOURCE)
        ]
        contacts = server.events("contact", len(idle))
        admitted = [event for event in contacts if not event["fields"].get("refused")]
        assert len(contacts) == len(idle)

        line = held.enter_context(connect(server, "127.0.0.6"))
        fifth = server.events("contact", len(idle) + 1)[-1]
        assert (fifth["src"], fifth["fields"].get("refused")) == ("127.0.0.6", None)
        line.setblocking(True)
        line.settimeout(2.0)
        with pytest.raises(TimeoutError):
            while line.recv(4096):
                continue
    ends = server.events("disconnect", len(admitted) + 1)
    evicted = [event for event in ends if event["fields"].get("evicted")]
    assert len(ends) == len(admitted) + 1
    assert "127.0.0.6" not in {event["src"] for event in evicted}
    assert evicted and len({event["session"] for event in ends}) == len(ends)


def test_only_the_longest_idle_connection_of_the_busiest_source_is_evicted(
    decoy: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = decoy("http", banner="nginx/1.22.1")
    with ExitStack() as held:
        busy = [held.enter_context(connect(server, "127.0.0.2")) for _ in range(MOST_OF_ONE_SOURCE)]
        for source in ("127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"):
            for _ in range((MOST_VISITS - MOST_OF_ONE_SOURCE) // 4):
                held.enter_context(connect(server, source))
        server.events("contact", MOST_VISITS)
        # All but the eleventh have just said something.
        for line in busy[:10] + busy[11:]:
            line.sendall(b"GET /")
        time.sleep(0.2)
        held.enter_context(connect(server, "127.0.0.7"))
        [end] = server.events("disconnect")
        assert (end["src"], end["sport"]) == busy[10].getsockname()


@pytest.mark.parametrize("source", ["127.0.0.2", "127.0.0.99"])
def test_a_connection_that_was_silent_for_long_gives_way_to_anyone(
    inside: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """To its own source, and where every source has only one."""
    monkeypatch.setattr(tcp_server, "IDLE_SECONDS", 0.3)
    server = inside("http", banner="nginx/1.22.1")
    sources = ["127.0.0.2"] * MOST_OF_ONE_SOURCE
    if source == "127.0.0.99":
        sources = [f"127.0.1.{number}" for number in range(1, MOST_VISITS + 1)]
    with ExitStack() as held:
        for each in sources:
            held.enter_context(connect(server, each))
        time.sleep(0.5)
        held.enter_context(connect(server, source))
        time.sleep(0.3)
        contacts = [event for event in server.events("contact") if event["src"] == source]
        assert contacts[-1]["fields"].get("refused") is None
        assert [event["fields"]["evicted"] for event in server.events("disconnect")] == [True]


def test_a_slow_connection_gives_way_although_it_is_not_silent(
    inside: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all sources with one connection each, all of which send a byte now and then; one got an answer."""
    monkeypatch.setattr(tcp_server, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(tcp_server, "MOST_VISITS", 10)
    server = inside("http", banner="nginx/1.22.1")
    with ExitStack() as held:
        slow = [held.enter_context(connect(server, f"127.0.1.{number}")) for number in range(1, 11)]
        for _ in range(8):
            for line in slow:
                line.sendall(b"G" if line is not slow[0] else b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.05)
        held.enter_context(connect(server, "127.0.0.99")).sendall(b"GET / HTTP/1.0\r\n\r\n")
        ends = {event["src"]: event["fields"].get("evicted") for event in server.events("disconnect", 2)}
        assert ends == {"127.0.1.2": True, "127.0.0.99": None}


def test_events_name_the_end_that_was_contacted_and_the_last_one_sums_the_visit_up(
    decoy: Callable[..., Any],
) -> None:
    server = decoy("http", banner="nginx/1.22.1")
    request = b"GET / HTTP/1.0\r\n\r\n"
    answer = server.ask(request)
    end = server.events("disconnect")[0]
    ours = {(event["dst"], event["dport"], event["proto"]) for event in server.events()}
    assert ours == {("127.0.0.1", server.port, "tcp")}
    fields = {name: value for name, value in end["fields"].items() if name != "seconds"}
    assert fields == {
        "commands": 0, "requests": 1, "reason": "closed", "bytes_in": len(request), "bytes_out": len(answer),
    }  # fmt: skip


def test_events_of_datagrams_name_the_address_that_answers(decoy: Callable[..., Any]) -> None:
    server = decoy("snmp", protocol="udp", release="debian-12")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("127.0.0.1", server.port))
        line.send(b"\x30\x00")
        [contact] = server.events("contact")
    assert (contact["dst"], contact["dport"], contact["proto"]) == ("127.0.0.1", server.port, "udp")
