"""100,000 events in a minute on one decky: it pushes out no event of another one and no login of its own."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from agent_desk import Desk
from log_engine import LogEngine
from pulling import Operator, line, lines

from decnet.decoys.events import Recorder

FLOOD = 100_000
LOGINS_EVERY = 5_000
FLOODED, SAME_DECKY, OTHER = "web-http", "web-ssh", "db-ssh"
DOCKER_KEEPS = 8_000_000
"""Bytes of a container's log: two files of `plan.compose`."""

MOST_SPOOL = 33 * 1024**2


@pytest.fixture
def engine(tmp_path: Path) -> LogEngine:
    running = LogEngine(tmp_path / "docker.sock")
    running.logs = {FLOODED: [], SAME_DECKY: lines(1, 50, "s"), OTHER: lines(1, 50, "o")}
    return running


@pytest.fixture
def operator(agent_file: Path, home: Path, engine: LogEngine, monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", str(engine.place))
    desk = Desk(agent_file, home, str(engine.place)).enrolled_by_hand()
    return Operator(desk, lambda args: desk.get("events", args))


def flooded_decoy() -> list[bytes]:
    """What a decoy logs of 100,000 visits by 50 sources within a minute of its clock, with a login now and
    then."""
    clock = [0.0]

    async def minute(output: int) -> None:
        recorder = Recorder(output, clock=lambda: clock[0])
        for number in range(FLOOD):
            clock[0] += 60 / FLOOD
            visit = recorder.session(f"192.0.2.{number % 50}", 4000 + number % 1000)
            if number % LOGINS_EVERY == 0:
                visit.record("login", username="root", password=f"p{number}", success=False, method="form")
            if number % 1000 == 0:
                await asyncio.sleep(0)
        await recorder.close()

    with tempfile.TemporaryFile() as file:
        asyncio.run(minute(file.fileno()))
        file.seek(0)
        return file.read().splitlines()


def kinds(operator: Operator, decky: str, service: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for event in operator.stored.values():
        if (event["decky"], event["service"]) == (decky, service):
            key = "count" if event["kind"] == "lost" else "folded"
            found[event["kind"]] += event["fields"].get(key, 1)
    return found


def spooled(home: Path) -> int:
    return sum(each.stat().st_size for each in (home / "events").rglob("*") if each.is_file())


def test_a_flooded_decoy_counts_what_it_does_not_log_and_every_login_is_pulled(
    operator: Operator, engine: LogEngine, home: Path
) -> None:
    engine.logs[FLOODED] = flooded_decoy()
    assert sum(map(len, engine.logs[FLOODED])) < DOCKER_KEEPS / 2
    operator.pull()
    assert kinds(operator, "web", "http") == {"contact": FLOOD, "login": FLOOD // LOGINS_EVERY}
    assert kinds(operator, "web", "ssh") == kinds(operator, "db", "ssh") == {"contact": 50}
    passwords = [
        event["fields"]["password"] for event in operator.stored.values() if event["kind"] == "login"
    ]
    assert passwords == [f"p{number}" for number in range(0, FLOOD, LOGINS_EVERY)]
    assert spooled(home) < MOST_SPOOL


@pytest.mark.slow
def test_a_service_that_counts_nothing_itself_is_read_in_time_or_its_loss_is_counted(
    operator: Operator, engine: LogEngine, home: Path
) -> None:
    """As an image of the user's own: 100,000 lines in a minute, of which Docker keeps the newest; pulls every
    ten seconds, then none for a whole minute."""

    def log(first: int, last: int) -> None:
        for number in range(first, last + 1):
            kind = "login" if number % LOGINS_EVERY == 0 else "contact"
            engine.logs[FLOODED].append(line(number, "f", kind))
        size = 0
        for kept, each in enumerate(reversed(engine.logs[FLOODED])):
            size += len(json.dumps(each.decode())) + 70
            if size > DOCKER_KEEPS:
                del engine.logs[FLOODED][: len(engine.logs[FLOODED]) - kept]
                return

    for part in range(6):
        log(part * FLOOD // 6 + 1, (part + 1) * FLOOD // 6)
        operator.pull()
        assert spooled(home) < MOST_SPOOL
    logins = FLOOD // LOGINS_EVERY
    assert kinds(operator, "web", "http") == {"contact": FLOOD - logins, "login": logins}

    log(FLOOD + 1, 2 * FLOOD)
    engine.logs[OTHER] += lines(51, 60, "o")
    operator.pull()
    found = kinds(operator, "web", "http")
    assert found["lost"] > 0 and found.total() == 2 * FLOOD
    assert kinds(operator, "web", "ssh") == {"contact": 50}
    assert kinds(operator, "db", "ssh") == {"contact": 60}
    assert spooled(home) < MOST_SPOOL
