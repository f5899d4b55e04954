"""Who is at work on a decky: connected now, and logged in or giving commands in this very session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_desk import FLEET, WORKER, bundle
from fakefleet import Clock, FakeWorker
from fakefleet.machine import Lan

from decnet.agent import visitors
from decnet.wire import PROJECT

IMAGES = ("decnet/base:0123456789ab", "decnet/decoys:0123456789ab")
DECKIES = {"web": ("192.0.2.101", {"ssh": 22, "http": 80}), "db": ("192.0.2.102", {"ssh": 22})}


@pytest.fixture
def machine(tmp_path: Path, agent_file: Path) -> Iterator[FakeWorker]:
    found = FakeWorker(tmp_path / "fake", "w1", Clock(), Lan(), "192.0.2.12")
    found.install(agent_file, IMAGES)
    found.ask("enrol", {"worker_id": WORKER, "fleet_id": FLEET})

    answer = found.ask("apply", {**bundle(DECKIES, "r1", 1), "wait": 60.0})
    assert answer["ok"], answer
    found.ask("status")
    yield found
    found.close()


def busy(machine: FakeWorker) -> list[dict[str, str]]:
    answer = machine.ask("status", {"sessions": True})
    assert answer["ok"], answer
    return list(answer["result"]["busy"])


def test_a_visitor_who_is_at_work_is_reported_until_the_connection_ends(machine: FakeWorker) -> None:
    assert busy(machine) == []
    machine.visit("web-ssh", "login", "command")
    assert busy(machine) == [{"project": PROJECT, "decky": "web", "service": "ssh", "source": "192.0.2.66"}]
    assert "busy" not in machine.ask("status")["result"]
    machine.leave("web-ssh")
    assert busy(machine) == []


@pytest.mark.parametrize("kinds", [("login",), ("command",), ("request", "command")])
def test_a_login_or_a_command_is_work(machine: FakeWorker, kinds: tuple[str, ...]) -> None:
    machine.visit("db-ssh", *kinds)
    assert [row["decky"] for row in busy(machine)] == ["db"]


@pytest.mark.parametrize("kinds", [(), ("request",), ("error",), ("file",)])
def test_a_contact_or_a_request_is_none(machine: FakeWorker, kinds: tuple[str, ...]) -> None:
    machine.visit("db-ssh", *kinds)
    assert busy(machine) == []


def test_a_session_that_has_ended_does_not_count_for_another_one_with_its_port(machine: FakeWorker) -> None:
    machine.visit("web-ssh", "login", "command", "disconnect")
    machine.leave("web-ssh")
    machine.visit("web-ssh")
    assert busy(machine) == []


def test_another_visitors_work_does_not_count(machine: FakeWorker) -> None:
    machine.visit("web-ssh", "login", source_port=40001)
    machine.leave("web-ssh")
    machine.visit("web-ssh", source_port=40002)
    machine.visit("db-ssh", source="192.0.2.67")
    assert busy(machine) == []


def test_a_login_before_a_flood_in_the_log_still_counts(machine: FakeWorker) -> None:
    machine.visit("web-ssh", "login")
    found = machine.engine.named("web-ssh")
    assert found is not None
    noise = json.dumps({"run": "x", "n": 9, "at": 1.5, "kind": "contact", "src": "192.0.2.9", "sport": 9})
    found["Log"] += [noise] * 1000
    assert len(busy(machine)) == 1
    machine.ask("events")
    found["Log"] = [noise] * 6000
    assert len(busy(machine)) == 1


def test_logs_are_read_only_of_services_with_a_connection(
    machine: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    answer = machine.engine.answer

    def recorded(method: str, target: str, body: bytes) -> Any:
        asked.append(target)
        return answer(method, target, body)

    monkeypatch.setattr(machine.engine, "answer", recorded)
    assert busy(machine) == [] and not [each for each in asked if "logs" in each]
    machine.visit("db-ssh")
    busy(machine)
    names = {each.split("/")[2] for each in asked if "logs" in each}
    assert names == {(machine.engine.named("db-ssh") or {})["Id"]}


def test_no_more_than_256_are_reported(machine: FakeWorker) -> None:
    for number in range(300):
        machine.visit("web-ssh", "login", source=f"198.51.{number // 250}.{number % 250 + 1}")
    assert len(busy(machine)) == 256


def test_the_kernels_tables_are_read_in_both_families() -> None:
    table = (
        "  sl  local_address rem_address   st\n"
        "   0: 0100007F:0016 420200C0:9C40 01 x\n"
        "   1: 0100007F:0016 420200C0:9C41 06 x\n"
        "   2: 00000000:0016 00000000:0000 0A x\n"
        "   3: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF0000420200C0:9C42 01 x\n"
        "   4: 00000000000000000000000001000000:0016 B80D0120000000000000000001000000:9C43 01 x\n"
        "   5: zz:0016 420200C0:zz 01 x\n"
    )
    assert list(visitors.connections_in(table)) == [
        (22, ("192.0.2.66", 40000)), (22, ("192.0.2.66", 40002)), (22, ("2001:db8::1", 40003)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [b"half", b"[]", b'{"kind":"login"}', b'{"kind":1}', b'{"kind":"login","sport":"40000","fields":1}'],
)
def test_a_line_that_is_no_event_is_no_work(line: bytes) -> None:
    assert visitors._sessions([line + b" 40000"], {("192.0.2.66", 40000)}) == (set(), set())


def test_an_uptime_is_reported_with_the_sessions_only(machine: FakeWorker) -> None:
    machine._clock.advance(100)
    machine.restart("web-http")
    machine._clock.advance(7)
    rows = machine.ask("status", {"sessions": True})["result"]["containers"]
    up = {row["name"]: row["up"] for row in rows}
    assert (up["web-http"], up["web"]) == (7.0, 107.0)
    machine.crash("web-http")
    rows = machine.ask("status", {"sessions": True})["result"]["containers"]
    assert {row["name"]: row["up"] for row in rows}["web-http"] is None
    assert all("up" not in row for row in machine.ask("status")["result"]["containers"])
