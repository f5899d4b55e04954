"""Agents that were started ahead: used if they answer, and otherwise the usual session is."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import Unreachable, WorkerError
from decnet.model.worker import Worker
from decnet.store.paths import Home
from decnet.worker import ahead, series
from decnet.worker.again import local_program
from decnet.worker.ahead import Ahead
from decnet.worker.series import SeriesSession
from decnet.worker.served import LAST
from decnet.worker.started import Started

WORKER = Worker(name="w1", worker_id="id-1", host="192.0.2.9", port=22, user="op")
PLACE = {"host": "192.0.2.9", "port": 22, "user": "op", "key": "fleet_ed25519"}
HEAD = """
import json, os, sys, time
def main(argv):
    for line in sys.stdin:
        verb, _, line = line.partition(" ")
        request = json.loads(line)
        def answer(marker=request["marker"], **value):
            value = {"v": request["v"], "ok": True, "result": {**request["args"], "by": "series"}, **value}
            payload = json.dumps(value).encode()
            os.write(1, b"\\n%s %d\\n" % (marker.encode(), len(payload)) + payload)
"""


class Usual:
    """The session that is used otherwise."""

    worker, noise, protocol, serves, sent_at, round_trip = "w1", 3, 2, False, 200.0, 0.001

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def call(self, verb: str, args: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.calls.append(verb)
        return {"by": "usual"}

    async def close(self) -> None:
        self.calls.append("close")


def started(folder: Path, body: str) -> Started:
    """A program that does this for each request."""
    package = folder / "decnet/agent"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    (package / "program.py").write_text(HEAD + lines + "    return 0\n")
    return Started(PLACE, *local_program(str(folder), "series"))


def answers(session: SeriesSession, *verbs: str, limit: float = 5) -> list[str]:
    async def ask() -> list[str]:
        try:
            return [(await session.call(verb, {"n": 1}, limit=limit))["by"] for verb in verbs]
        finally:
            await session.close()

    return asyncio.run(ask())


def test_all_requests_of_a_pass_go_to_one_program(tmp_path: Path) -> None:
    usual = Usual()
    session = SeriesSession(usual, started(tmp_path, "answer()"))
    assert answers(session, "status", "apply", "status", "teardown") == ["series"] * 4
    assert usual.calls == ["close"]


@pytest.mark.parametrize(
    "body", ["return 2", "os.write(1, b'x' * 20_000_000)", "answer(marker='0' * 32); return 0"]
)
def test_what_ends_or_breaks_the_bounds_is_asked_in_the_usual_way(tmp_path: Path, body: str) -> None:
    usual = Usual()
    assert answers(SeriesSession(usual, started(tmp_path, body)), "apply", "status") == ["usual", "usual"]
    assert usual.calls == ["apply", "status", "close"]


def test_a_program_that_ends_later_is_replaced_by_the_usual_session(tmp_path: Path) -> None:
    usual = Usual()
    session = SeriesSession(usual, started(tmp_path, "answer()\nreturn 0"))
    assert answers(session, "status", "apply", "status") == ["series", "usual", "usual"]


def test_a_silent_program_is_waited_for_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "FIRST_LIMIT", 0.2)
    usual, program = Usual(), started(tmp_path, "time.sleep(60)")
    assert answers(SeriesSession(usual, program), "status", "status") == ["usual", "usual"]


def test_a_later_answer_that_does_not_come_is_an_error_as_usual(tmp_path: Path) -> None:
    usual = Usual()
    body = "if request['args']['n'] == 2: time.sleep(60)\nanswer()"

    async def ask() -> None:
        session = SeriesSession(usual, started(tmp_path, body))
        await session.call("status", {"n": 1}, limit=5)
        with pytest.raises(Unreachable, match="no answer to apply within"):
            await session.call("apply", {"n": 2}, limit=0.2)
        assert (await session.call("status", {"n": 3}, limit=5))["by"] == "usual"
        await session.close()

    asyncio.run(ask())


def test_an_agents_error_is_the_answer(tmp_path: Path) -> None:
    error = {"code": "failed", "message": "no", "hint": None, "details": {}}
    usual = Usual()
    body = f"value = {{'ok': False, 'error': {error}}}\n" + (
        "payload = json.dumps({'v': request['v'], **value}).encode()\n"
        "os.write(1, b'\\n%s %d\\n' % (request['marker'].encode(), len(payload)) + payload)"
    )
    with pytest.raises(WorkerError, match="no"):
        answers(SeriesSession(usual, started(tmp_path, body)), "apply")
    assert usual.calls == ["close"]


@pytest.mark.parametrize("verb", ["upgrade", "image-load", "events", "self-destruct"])
def test_other_verbs_have_the_usual_session(tmp_path: Path, verb: str) -> None:
    session = SeriesSession(Usual(), started(tmp_path, "answer()"))
    after = "usual" if verb in LAST else "series"
    assert answers(session, "status", verb, "status") == ["series", "usual", after]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ahead, "ssh_program", lambda *_: (["/bin/sleep", "60"], {}))
    found = Home(tmp_path / "home")
    found.cache.mkdir(parents=True)
    found.fleet.write_text("{}")
    return found


def started_for(home: Home) -> Ahead:
    return Ahead(home.root, home.fleet, home.cache)


def known(home: Home) -> dict[str, Any]:
    return ahead.known(home.fleet, home.cache / "ahead.json")


def learned(home: Home, *, away: float = 0.001, workers: int = 1) -> dict[str, Any]:
    """What is known after a command that has asked these."""
    before = started_for(home)
    for number in range(workers):
        usual = Usual()
        usual.round_trip = away
        worker = WORKER.model_copy(update={"worker_id": f"id-{number}"})
        asyncio.run(before.session(worker, usual).close())
    before.end()
    return known(home)


def test_the_workers_of_a_small_near_fleet_are_known_to_the_next_command(home: Home) -> None:
    assert learned(home) == {"id-0": PLACE}
    started_for(home).end()
    assert known(home) == {"id-0": PLACE}


def test_a_fleet_that_is_far_or_large_is_not_kept(home: Home) -> None:
    assert learned(home)
    assert learned(home, away=0.08) == {}
    assert learned(home)
    assert learned(home, workers=ahead.MOST + 1) == {}


def test_a_changed_fleet_or_a_damaged_file_starts_nothing(home: Home) -> None:
    learned(home)
    home.fleet.write_text('{"workers": {}}')
    assert known(home) == {}
    learned(home)
    for text in ("", "[]", "{}", '{"fleet": 1, "places": []}'):
        (home.cache / "ahead.json").write_text(text)
        assert known(home) == {}


def test_a_program_that_leads_elsewhere_is_ended_and_not_used(home: Home) -> None:
    learned(home)
    begun = started_for(home)
    (pid,) = [each._pid for each in begun._started.values()]
    moved = WORKER.model_copy(update={"worker_id": "id-0", "host": "192.0.2.8"})
    usual = Usual()
    assert begun.session(moved, usual) is usual
    begun.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
