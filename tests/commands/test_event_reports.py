"""`events summary` and `events replay`, typed, over stored events."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from decnet.cli.app import app
from decnet.commands.event_summary import summary
from decnet.commands.replay import find_visit, paced
from decnet.errors import UsageError
from decnet.model.event import AttackerEvent
from decnet.model.worker import Worker
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.events import append_events
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home

START = 1_767_225_600.0
Typed = Callable[..., Result]


class Page:
    spool_id, mark, verdict = "spool", "", "ok"

    def __init__(self, events: list[AttackerEvent]) -> None:
        self.events = events


def event(number: int, kind: str, /, session: str = "5e5510aa", **changes: Any) -> AttackerEvent:
    known = {
        "id": f"e{number}", "seq": number, "at": START + number, "decky": "web", "service": "ssh",
        "kind": kind, "source_ip": "203.0.113.9", "source_port": 4000, "session": session, "fields": {},
    }  # fmt: skip
    return AttackerEvent.model_validate({**known, **changes})


def login(number: int, *, success: bool, **changes: Any) -> AttackerEvent:
    fields = {"username": "root", "password": "hunter2", "success": success, "method": "password"}
    return event(number, "login", fields=fields, **changes)


VISIT = [
    event(1, "contact"),
    login(2, success=False),
    login(3, success=True),
    event(5, "command", fields={"input": "uname -a", "way": "shell"}),
    event(6, "command", fields={"input": "echo \x1b[2J\u202e\nrm -rf /", "way": "shell"}, at=START + 500),
    event(7, "disconnect", fields={"seconds": 499.0, "commands": 2}, at=START + 501),
    event(8, "contact", session="5e5510bb", source_ip="203.0.113.77", decky="prn", at=START + 502),
    event(9, "contact", session="", source_ip="", at=START + 503, fields={"folded": 40}),
]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """A command line over a state directory with the events of VISIT."""
    home = Home(tmp_path / "home")
    open_home(home)
    FleetTable(home).put_worker(Worker(name="w1", worker_id="id-w1", host="127.0.0.1", port=9))
    save_fleet(home, new_fleet())
    append_events(home, "id-w1", Page(VISIT))
    monkeypatch.setenv("DECNET_HOME", str(home.root))
    return lambda *words: CliRunner().invoke(app, ["events", *words])


def test_a_summary_counts_by_kind_service_decky_source_and_severity(typed: Typed) -> None:
    assert json.loads(typed("summary", "-o", "json").stdout) == {
        "ignored": 0,
        "events": 47,
        "first": "2026-01-01T00:00:01.000Z",
        "last": "2026-01-01T00:08:23.000Z",
        "kinds": {"contact": 42, "login": 2, "command": 2, "disconnect": 1},
        "services": {"ssh": 47},
        "deckies": {"web": 46, "prn": 1},
        "sources": {"203.0.113.9": 6, "203.0.113.77": 1},
        "severities": {"1": 1, "3": 42, "6": 1, "8": 3},
    }


def test_a_summary_is_a_table_for_people(typed: Typed) -> None:
    shown = typed("summary", "--kind", "command,login").stdout
    assert shown.splitlines()[0] == "4 events from 2026-01-01T00:00:02.000Z to 2026-01-01T00:08:20.000Z"
    assert "KIND     EVENTS\nlogin         2\ncommand       2\n" in shown
    assert "SEVERITY   EVENTS\n 8 high         3\n 6 medium       1\n" in shown


def test_a_summary_of_nothing_says_so(typed: Typed) -> None:
    result = typed("summary", "--until", "2020-01-01")
    assert (result.exit_code, result.stdout) == (0, "no events in this period\n")


def test_a_summary_lists_the_first_ten_and_counts_the_rest() -> None:
    found = [event(number, "contact", source_ip=f"203.0.113.{number}") for number in range(1, 14)]
    lines = summary(found).lines
    assert "and 3 more" in lines
    assert len(summary(found).document["sources"]) == 13


def test_a_replay_prints_a_visit_and_nothing_steers_the_terminal(typed: Typed) -> None:
    result = typed("replay", "5e5510a", "--max-wait", "0")
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [
            "# session 5e5510aa on web/ssh on w1 from 203.0.113.9",
            "# 2026-01-01 00:00:01 UTC, 500.0 s, 2 commands; answers are not stored",
            "# contact",
            "# login refused: root hunter2",
            "# login accepted: root hunter2",
            "root@web# uname -a",
            "root@web# echo \\x1b[2J\\u202e\\x0arm -rf /",
            "# disconnect commands=2 seconds=499.0",
        ],
    )


def test_a_replay_without_passwords(typed: Typed) -> None:
    shown = typed("replay", "5e5510aa", "--max-wait", "0", "--redact").stdout
    assert "hunter2" not in shown and "login accepted: root (redacted)" in shown


@pytest.mark.parametrize(
    ("session", "message", "hint"),
    [
        ("ffff", "no stored event has the session 'ffff'", "decnet events -o wide"),
        ("5e55", "2 sessions begin with '5e55'", "5e5510aa (web/ssh), 5e5510bb (prn/ssh)"),
        ("\x1b[2J", "no stored event has the session '\\x1b[2J'", "decnet events -o wide"),
        ("", "an empty session id", "decnet events -o wide"),
    ],
)
def test_a_session_that_is_not_one_is_bad_usage(typed: Typed, session: str, message: str, hint: str) -> None:
    result = typed("replay", session)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr and hint in result.stderr


def test_a_whole_id_means_its_session_even_if_another_begins_with_it() -> None:
    found = [("w1", event(1, "contact", "aa")), ("w1", event(2, "contact", "aab"))]
    assert [each.id for each in find_visit(found, "aa").events] == ["e1"]


def test_the_same_id_on_two_deckies_is_ambiguous() -> None:
    found = [("w1", event(1, "contact")), ("w2", event(2, "contact", decky="prn"))]
    with pytest.raises(UsageError):
        find_visit(found, "5e5510aa")


def test_the_pauses_are_those_of_the_visit_divided_by_the_speed() -> None:
    pauses = [pause for pause, _ in paced(VISIT[:6], speed=2.0, max_wait=10.0)]
    assert pauses == [0.0, 0.5, 0.5, 1.0, 10.0, 0.5]


def test_a_clock_that_went_back_is_no_pause() -> None:
    assert [pause for pause, _ in paced([VISIT[5], VISIT[0]], 1.0, 9.0)] == [0.0, 0.0]
