"""`decnet attackers`: over the stored events of all workers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from decnet import catalog
from decnet.cli.app import app
from decnet.commands.attackers import attackers
from decnet.commands.events import stored_touches
from decnet.engine.context import Context
from decnet.model.event import AttackerEvent
from decnet.model.event_settings import IgnoreRule
from decnet.model.record import LifecycleRow
from decnet.model.worker import Worker
from decnet.plan.attackers import by_source
from decnet.plan.event_filter import EventFilter
from decnet.plan.ignore import ignoring
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.events import append_events
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.index_writer import update_index
from decnet.store.paths import Home
from decnet.store.records import Records

ONE, OTHER = "192.0.2.66", "198.51.100.7"


@dataclass(frozen=True)
class Page:
    events: tuple[AttackerEvent, ...]
    spool_id: str = "spool"
    mark: str = ""
    verdict: str = "ok"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """ONE touched a decky of each worker, and between its touches one of them was mutated."""
    home = Home(tmp_path / "home")
    open_home(home)
    save_fleet(home, new_fleet())
    for number in (1, 2):
        FleetTable(home).put_worker(Worker(name=f"w{number}", worker_id=f"id{number}"))
    append_events(
        home,
        "id1",
        Page(
            (
                event(1, 100.0, "web", "contact"),
                event(2, 300.0, "web", "login", username="root", password="a\x1b[2J", success=False),
                event(3, 400.0, "web", "contact", source=OTHER),
            )
        ),
    )
    append_events(
        home,
        "id2",
        Page((event(1, 200.0, "db", "login", username="root", password="a\x1b[2J", success=True),)),
    )
    records = Records(home)
    rows = (change("web", 150.0), change("web", 900.0), change("mail", 150.0), change("web", 160.0, "failed"))
    records.save(records.load("id1").model_copy(update={"lifecycle": rows}))
    monkeypatch.setenv("DECNET_HOME", str(home.root))
    return home


def event(seq: int, at: float, decky: str, kind: str, *, source: str = ONE, **fields: Any) -> AttackerEvent:
    return AttackerEvent.model_validate(
        {
            "id": f"{decky}-{seq}", "seq": seq, "at": at, "decky": decky, "service": "ssh", "kind": kind,
            "source_ip": source, "source_port": 4711, "session": "s", "fields": fields,
        }
    )  # fmt: skip


def change(decky: str, at: float, status: Any = "succeeded") -> LifecycleRow:
    return LifecycleRow(
        id=f"{decky}{at}", decky=decky, operation="mutate", request_id="r", status=status,
        reason="service http is removed", created=at, ended=at,
    )  # fmt: skip


def run(*words: str) -> str:
    ended = CliRunner().invoke(app, ["attackers", *words])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_each_source_is_one_row_over_all_workers(home: Home) -> None:
    one, other = json.loads(run("-o", "json"))
    assert one == {
        "source": ONE, "first": 100.0, "first_time": "1970-01-01T00:01:40.000Z", "last": 300.0,
        "last_time": "1970-01-01T00:05:00.000Z", "events": 3, "deckies": ["db", "web"], "services": ["ssh"],
        "attempts": 2, "accepted": 1, "credentials": 1, "techniques": ["T1021.004", "T1078", "T1110"],
        "attack_version": "19", "severity": 8,
    }  # fmt: skip
    assert (other["source"], other["attempts"], other["severity"]) == (OTHER, 0, 3)
    assert run("-o", "name").split() == [ONE, OTHER]
    assert [json.loads(line)["source"] for line in run("-o", "jsonl").splitlines()] == [ONE, OTHER]
    assert "db,web" in run("-o", "wide")


@pytest.mark.parametrize(
    ("words", "sources"),
    [
        ("--on w2", [ONE]),
        ("--source 198.51.100.0/24", [OTHER]),
        ("--min-severity high", [ONE]),
        ("--kind contact --until 1970-01-01T00:01:41+00:00", [ONE]),
        ("--decky db,web --service ssh --since 1970-01-01T00:06:00+00:00", [OTHER]),
    ],
)
def test_the_filters_of_events_select_here_too(home: Home, words: str, sources: list[str]) -> None:
    assert run(*words.split(), "-o", "name").split() == sources


def test_the_timeline_of_a_source_marks_what_a_mutation_changed_between_its_touches(home: Home) -> None:
    rows = json.loads(run("show", ONE, "-o", "json"))
    assert [(row["at"], row["worker"], row["decky"], row["kind"]) for row in rows] == [
        (100.0, "w1", "web", "contact"), (150.0, "w1", "web", "change"), (200.0, "w2", "db", "login"),
        (300.0, "w1", "web", "login"),
    ]  # fmt: skip
    shown = run("show", ONE)
    assert "--- mutate: service http is removed ---" in shown
    assert "\x1b" not in shown


def test_credentials_list_where_each_pair_was_reused(home: Home) -> None:
    (row,) = json.loads(run("--credentials", "-o", "json"))
    assert row == {
        "account": "root", "secret": "a\x1b[2J", "attempts": 2, "accepted": 1, "sources": [ONE],
        "deckies": ["db", "web"], "services": ["ssh"], "first": 200.0, "last": 300.0,
    }  # fmt: skip
    assert "\x1b" not in run("--credentials")
    hidden = run("--credentials", "--redact", "-o", "json")
    assert ("a\\u001b" in hidden, json.loads(hidden)[0]["secret"]) == (False, "(redacted)")


@pytest.mark.parametrize("words", ["show web", "show 192.0.2.300", "--kind logn", "--since soon"])
def test_what_means_nothing_is_refused(home: Home, words: str) -> None:
    ended = CliRunner().invoke(app, ["attackers", *words.split()])
    assert (ended.exit_code, ended.stdout) == (2, "")


def test_a_source_without_events_is_one_line(home: Home) -> None:
    assert run("show", "203.0.113.5") == "no event of 203.0.113.5 is stored\n"


RULES: list[dict[str, Any]] = [
    {"source": ONE},
    {"source": "192.0.2.0/24", "kind": "contact"},
    {"decky": "db"},
    {"decky": "!web", "source": ONE},
    {"service": "ssh", "port": 22},
    {"service": "http"},
    {"hours": "00:01-00:02"},
    {"source": OTHER, "hours": "00:00-00:30"},
    {"kind": "login", "decky": "w*"},
]


@pytest.mark.parametrize("on", [None, "w1", "w2", "w*"])
@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("chosen", [[each] for each in RULES] + [RULES[:2], RULES[2:4], RULES[6:]])
def test_ignored_events_are_in_no_total_of_any_worker(
    home: Home, chosen: list[dict[str, Any]], is_indexed: bool, on: str | None
) -> None:
    if is_indexed:
        assert update_index(home, 60.0) is not None
    append_events(home, "id2", Page((event(2, 500.0, "db", "contact", source=OTHER),)))
    ctx = Context(home=home, catalog=catalog.load(), emit=lambda each: None)
    rules = [IgnoreRule(**each) for each in chosen]
    wanted = EventFilter(ignores=ignoring(rules, {}))
    counted_one_by_one = by_source(stored_touches(ctx, wanted, on))
    found = {each["source"]: each for each in attackers(ctx, wanted, on).items}
    assert {name: each["events"] for name, each in found.items()} == {
        name: each.events for name, each in counted_one_by_one.items()
    }
    for name, each in counted_one_by_one.items():
        assert (found[name]["deckies"], found[name]["attempts"]) == (sorted(each.deckies), each.attempts)
