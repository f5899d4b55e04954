"""A sweep is one row for a person, and every decky's own event for a program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from decnet.console.events import show_events
from decnet.console.sweeps import with_sweeps
from decnet.model.event import AttackerEvent

NOON = 1_700_000_000.0


def scan(number: int, at: float, source: str = "192.0.2.66", **fields: Any) -> tuple[str, AttackerEvent]:
    own = {"probe": "syn", "ports": "22,80", "count": 2, "first": at - 1, "last": at, **fields}
    return f"w{number % 2 + 1}", AttackerEvent.model_validate(
        {
            "id": f"e{number}", "seq": number, "at": at, "decky": f"web-{number:02}", "service": "base",
            "kind": "scan", "source_ip": source, "source_port": 0, "session": "", "fields": own,
        }
    )  # fmt: skip


def login(at: float) -> tuple[str, AttackerEvent]:
    worker, event = scan(99, at)
    return worker, event.model_copy(
        update={"kind": "login", "service": "ssh", "fields": {"username": "root"}}
    )


def test_a_sweep_over_fifty_deckies_is_one_row_and_json_has_all(capsys: pytest.CaptureFixture[str]) -> None:
    sweep = [scan(number, NOON + number / 10) for number in range(1, 51)]
    show_events(sweep, "table")
    assert capsys.readouterr().out == (
        "2023-11-14 22:13:20  50 deckies         192.0.2.66             scan       "
        'probe=syn ports=22,80 count=100 first="2023-11-14 22:13:19" last="2023-11-14 22:13:25"\n'
    )
    for style in ("json", "jsonl"):
        show_events(sweep, style)
        text = capsys.readouterr().out
        rows = json.loads(text) if style == "json" else [json.loads(line) for line in text.splitlines()]
        assert [row["decky"] for row in rows] == [f"web-{number:02}" for number in range(1, 51)]


def test_a_row_has_one_source_and_one_kind_of_probe_within_a_minute() -> None:
    events = [
        scan(1, NOON),
        scan(2, NOON + 1, source="192.0.2.67"),
        scan(3, NOON + 2, probe="ping", ports=""),
        login(NOON + 3),
        scan(4, NOON + 59, ports="443", truncated=True),
        scan(5, NOON + 200),
    ]
    rows = [event for _, event in with_sweeps(events)]
    assert [(row.decky, row.kind, row.fields.get("probe"), row.fields.get("count")) for row in rows] == [
        ("2 deckies", "scan", "syn", 4),
        ("web-02", "scan", "syn", 2),
        ("web-03", "scan", "ping", 2),
        ("web-99", "login", None, None),
        ("web-05", "scan", "syn", 2),
    ]
    assert (rows[0].fields["ports"], rows[0].fields["truncated"]) == ("22,80,443", True)


def test_what_a_hostile_worker_calls_a_scan_is_shown_too() -> None:
    odd = scan(1, NOON, ports=7, count="many", first="\x1b[2J", last=None)
    unknown = scan(2, NOON, source="")
    many = scan(3, NOON, source="192.0.2.68", ports=",".join(map(str, range(1, 1000, 2))))
    rows = [event for _, event in with_sweeps([odd, unknown, many])]
    assert [row.decky for row in rows] == ["web-01", "web-02", "web-03"]
    assert str(rows[2].fields["ports"]).endswith(",...")
    assert len(str(rows[2].fields["ports"])) < 70


def test_events_wait_only_for_the_minute_of_a_sweep() -> None:
    def endless() -> Any:
        yield scan(1, NOON)
        for number in range(100):
            yield login(NOON + number)
        raise AssertionError("more was read than the row needs")

    rows = with_sweeps(endless())
    assert next(rows)[1].decky == "web-01"
