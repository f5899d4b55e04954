"""Floods: what matters is still written, all of it is counted, and the log holds half a day of it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from decnet.decoys import budget
from decnet.decoys.budget import FADE_SECONDS, MOST_FOLDS, MOST_SOURCES, Budget, logged
from decnet.decoys.events import Recorder
from decnet.decoys.serve import MOST_COMPLAINTS
from decnet.plan.compose import _service_body

FLOOD = 2500
LOG_KEPT = 8_000_000
ATTACKS = {
    "http": b"GET / HTTP/1.0\r\nAuthorization: Basic YTpi\r\n\r\n",
    "redis": b"CONFIG GET dir\r\n",
    "ftp": b"USER admin\r\nPASS s3cret\r\n",
}
KINDS = ("contact", "login", "command", "request", "file", "disconnect", "error")


def weight(event: dict[str, Any]) -> int:
    return int(event["fields"].get("folded", 1))


def sums(events: Iterable[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """How often each thing happened, by kind and source."""
    found: Counter[tuple[str, str]] = Counter()
    for event in events:
        found[event["kind"], event["src"]] += weight(event)
    return found


def are_numbered(events: list[dict[str, Any]]) -> bool:
    """Whether the numbers continue without a gap, where a count represents as many as it counts."""
    ends = [event["n"] for event in events]
    return [event["n"] - weight(event) for event in events] == [0, *ends[:-1]]


def flood(server: Any) -> None:
    """Connections one after the other; returns when all are recorded."""
    before = sums(server.events(count=0))["contact", "127.0.0.1"]
    for _ in range(FLOOD):
        with socket.create_connection(("127.0.0.1", server.port), 30):
            pass
    while sums(events := server.events())["contact", "127.0.0.1"] < before + FLOOD:
        server.events(count=len(events) + 1)


@contextmanager
def recorder(**given: Any) -> Iterator[tuple[Recorder, Callable[[], list[dict[str, Any]]]]]:
    """A recorder, and what it has written."""
    with tempfile.TemporaryFile() as file:
        yield (
            Recorder(file.fileno(), **given),
            lambda: [json.loads(line) for line in os.pread(file.fileno(), 1 << 26, 0).splitlines()],
        )


@pytest.mark.parametrize(
    ("service", "banner", "kind"),
    [
        ("http", "nginx/1.22.1", "login"),
        ("redis", "7.0.15", "command"),
        ("ftp", "(vsFTPd 3.0.3)", "login"),
        ("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2", "login"),
    ],
)
def test_a_flood_of_connections_is_counted_and_leaves_the_rest_alone(
    decoy: Callable[..., Any], ssh: Callable[..., Any], service: str, banner: str, kind: str
) -> None:
    server = decoy(service, banner=banner)

    def attack() -> None:
        if service == "ssh":
            ssh(server.port, "true", password="s3cret")
        else:
            server.ask(ATTACKS[service])

    attack()
    flood(server)
    attack()
    assert len(server.events(kind, 2)) == 2
    server.stop()

    events = server.events()
    assert sums(events)["contact", "127.0.0.1"] == FLOOD + 2
    assert are_numbered(events)
    shown = [event for event in events if event["kind"] == "contact" and "folded" not in event["fields"]]
    assert 500 < len(shown) < FLOOD
    assert sum(logged(line) for line in server.log.read_bytes().splitlines(True)) < LOG_KEPT / 5
    assert server.complaints() == b""


def test_a_count_comes_while_the_decoy_runs_and_says_who_how_many_and_when(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner="nginx/1.22.1")
    flood(server)
    count = [event for event in server.events("contact") if "folded" in event["fields"]][-1]
    assert count["src"] == "127.0.0.1"
    assert 0 < count["fields"]["first"] <= count["fields"]["last"] <= count["at"]


def test_one_sources_logins_do_not_push_out_another_sources() -> None:
    with recorder() as (record, written):
        for number in range(100_000):
            record.write("login", "192.0.2.66", 4000, "s", {"username": "root", "password": str(number)})
        for number in range(300):
            record.write("login", "192.0.2.7", 4000, "t", {"username": "root", "password": str(number)})
        asyncio.run(record.close())

        events = written()
        assert sums(events) == {("login", "192.0.2.66"): 100_000, ("login", "192.0.2.7"): 300}
        shown = Counter(event["src"] for event in events if "folded" not in event["fields"])
        assert shown["192.0.2.7"] == 300
        assert 3000 < shown["192.0.2.66"] < 100_000
        assert are_numbered(events)


def test_no_kind_leaves_nothing_to_another() -> None:
    with recorder() as (record, written):
        for kind in KINDS:
            for number in range(20_000):
                record.write(kind, "192.0.2.66", 4000, "s", {"input": f"attempt {number}"})
        shown = Counter(event["kind"] for event in written())
    # Each further kind has a share of what is left.
    assert all(shown[kind] > 30 for kind in KINDS), shown


def test_a_thousand_sources_are_known_apart_and_more_share_one_budget() -> None:
    with recorder() as (record, written):
        for number in range(3 * MOST_SOURCES):
            for _ in range(20):
                record.write("login", f"10.0.{number // 250}.{number % 250}", 1, "s", {"username": "root"})
        pending = len(record._folds)
        asyncio.run(record.close())
        events = written()
    assert pending <= MOST_FOLDS + len(KINDS)
    assert sum(map(weight, events)) == 60 * MOST_SOURCES
    assert are_numbered(events)
    assert sums(events)["login", ""] > 0


def test_what_no_one_reads_is_counted() -> None:
    async def flood() -> list[bytes]:
        out, into = os.pipe()
        record = Recorder(into)
        for number in range(10_000):
            record.write("request", "192.0.2.66", 4000, "s", {"path": "/" + "x" * 200, "number": number})
        closing = asyncio.create_task(record.close())
        await asyncio.sleep(0.1)
        read = bytearray()
        while not closing.done() or len(read) % 65536:
            os.set_blocking(out, False)
            try:
                read += os.read(out, 1 << 20)
            except BlockingIOError:
                if closing.done():
                    break
                await asyncio.sleep(0.01)
        os.close(into)
        while piece := os.read(out, 1 << 20):
            read += piece
        os.close(out)
        return bytes(read).splitlines()

    events = [json.loads(line) for line in asyncio.run(flood())]
    assert sum(map(weight, events)) == 10_000
    assert are_numbered(events)
    assert any("folded" in event["fields"] for event in events)


def test_half_a_day_of_any_flood_fits_into_what_docker_keeps_of_the_log() -> None:
    """Bytes a second that are allowed, times the time between two pulls."""
    options = _service_body(_AnyService(), "image", keeps_uploads=True)["logging"]["options"]
    size, files = int(options["max-size"].removesuffix("m")) * 1_000_000, int(options["max-file"])
    assert size * (files - 1) == LOG_KEPT

    allowed, written = Budget(0.0), 0
    line = logged(b'{"kind":"login","src":"192.0.2.1","fields":{"password":"<&>\\""}}' + b"x" * 300)
    for now in range(0, int(FADE_SECONDS) + 1, 60):
        for kind in KINDS:
            for source in range(20):
                while allowed.take(kind, f"192.0.2.{source}", line, float(now)):
                    written += line
        while allowed.take_fold(line, float(now)):
            written += line
    at_the_end = (MOST_FOLDS + len(KINDS)) * line
    complaints = MOST_COMPLAINTS * 700
    assert LOG_KEPT * 0.8 < written + at_the_end + complaints < LOG_KEPT


class _AnyService:
    command, image, name, memory_mib = None, "", "http", 48


def test_what_was_written_is_forgotten_with_time() -> None:
    allowed = Budget(0.0)
    while allowed.take("login", "192.0.2.66", 400, 0.0):
        continue
    assert not allowed.take("login", "192.0.2.66", 400, 59.0)
    assert allowed.take("login", "192.0.2.66", 400, 600.0)
    before = len(allowed._sources)
    assert allowed.take("login", "192.0.2.67", 400, 40 * FADE_SECONDS)
    assert (before, len(allowed._sources)) == (1, 1)


def test_a_lines_size_is_what_docker_writes() -> None:
    line = b'{"a":"<b>&\\\\\\"c"}\n'
    assert (
        logged(line)
        == len(
            rb'{"log":"{\"a\":\"\u003cb\u003e\u0026\\\\\\\"c\"}\n","stream":"stdout","time":"2026-01-31T12:00:00.123456789Z"}'
        )
        + 1
    )
    assert budget.WRAPPING == 70


def test_a_refused_visit_is_recorded(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner="nginx/1.22.1")
    held = [socket.create_connection(("127.0.0.1", server.port), 30) for _ in range(70)]
    refused = [event for event in server.events("contact", 70) if event["fields"].get("refused")]
    for line in held:
        line.close()
    assert len(refused) == 10
