"""The event spool: bounded, each event once, also over a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.agent import limits
from decnet.agent.fresh import events_in
from decnet.agent.logs import frames
from decnet.agent.spool import Spool
from decnet.model.event import AttackerEvent

LINE: dict[str, Any] = {
    "run": "r" * 16, "n": 1, "at": 1.5, "kind": "login", "src": "192.0.2.250", "sport": 4000,
    "session": "abc", "fields": {"username": "root", "success": False},
}  # fmt: skip


def taken(*lines: bytes) -> list[dict[str, Any]]:
    return list(events_in(iter(lines), "c" * 64, {"decky": "web"}, "ssh"))


def line(**changes: Any) -> bytes:
    return json.dumps({**LINE, **changes}).encode()


def add(count: int, container: str = "c1", first: int = 1) -> None:
    with Spool() as spool:
        for number in range(first, first + count):
            event = {**taken(line(n=number))[0], "container": container}
            spool.add(event)
        spool.commit()


def page(after: int = 0, most: int = 1000, spool_id: str | None = None) -> dict[str, Any]:
    with Spool() as spool:
        return spool.page(after, most, spool_id)


def test_an_event_is_what_the_model_says(home: Path) -> None:
    add(1)
    (row,) = page()["events"]
    event = AttackerEvent.model_validate(row)
    assert (event.seq, event.decky, event.service, event.kind) == (1, "web", "ssh", "login")
    assert event.fields == {"username": "root", "success": False}


def test_reading_on_gives_each_event_once(home: Path) -> None:
    add(7)
    seen, after = [], 0
    while True:
        part = page(after, 3)
        seen += [row["seq"] for row in part["events"]]
        after = seen[-1]
        if not part["more"]:
            break
    assert seen == list(range(1, 8))


def test_the_oldest_segment_is_dropped_first_and_the_gap_is_reported(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SPOOL_SEGMENT", 500)
    monkeypatch.setattr(limits, "SPOOL_SEGMENTS", 3)
    for number in range(1, 30):
        add(1, first=number)
    part = page()
    assert (part["verdict"], part["last_seq"], part["events"][-1]["seq"]) == ("gap", 29, 29)
    assert part["events"][0]["seq"] == part["first_seq"] > 1
    assert page(part["first_seq"] - 1)["verdict"] == "ok"


def test_another_spools_cursor_is_a_reset(home: Path) -> None:
    add(2)
    assert page(1, spool_id="other")["verdict"] == "reset"
    assert page(9)["verdict"] == "rewound"
    assert [row["seq"] for row in page(9)["events"]] == [1, 2]


def test_events_written_before_a_crash_are_not_forgotten_by_the_positions(home: Path) -> None:
    add(1)
    head = (home / "events" / "spool.json").read_bytes()
    add(2, first=2)
    (home / "events" / "spool.json").write_bytes(head)
    with Spool() as spool:
        assert spool.position("c1") == {"r" * 16: 3}
    assert page()["last_seq"] == 3


def test_a_torn_last_line_is_cut_and_its_number_used_again(home: Path) -> None:
    add(2)
    (file,) = (home / "events").glob("*.jsonl")
    file.write_bytes(file.read_bytes() + b'{"seq":3,"torn')
    add(1, first=3)
    assert [row["seq"] for row in page()["events"]] == [1, 2, 3]


def test_nothing_new_writes_nothing(home: Path) -> None:
    add(1)
    before = {path.name: path.stat().st_mtime_ns for path in (home / "events").iterdir()}
    add(0)
    assert {path.name: path.stat().st_mtime_ns for path in (home / "events").iterdir()} == before


@pytest.mark.parametrize(
    "said",
    [
        b"", b"no event", b"{", b"[]", b'{"kind":"login"}', b"{" * 50, b'{"a":NaN}', b"\xff\xfe{}",
        json.dumps({**LINE, "n": 0}).encode(), json.dumps({**LINE, "n": True}).encode(),
        json.dumps({**LINE, "kind": "gossip"}).encode(), json.dumps({**LINE, "sport": 70000}).encode(),
        json.dumps({**LINE, "run": ""}).encode(), json.dumps({**LINE, "at": "now"}).encode(),
        json.dumps({**LINE, "fields": []}).encode(),
        json.dumps({**LINE, "fields": {"x": "y" * 9000}}).encode(),
    ],
)  # fmt: skip
def test_a_line_that_is_not_an_event_is_skipped(said: bytes) -> None:
    assert taken(said, line()) == taken(line())


def test_what_an_attacker_typed_is_cut_and_kept_flat() -> None:
    (event,) = taken(line(fields={"long": "x" * 5000, "deep": {"a": 1}, "n": 3, "f": 1e308, "ok": None}))
    assert event["fields"] == {"long": "x" * 4000, "n": 3, "ok": None}


@given(st.binary(max_size=300))
def test_no_log_line_makes_the_reader_stumble(said: bytes) -> None:
    for event in taken(said):
        assert event["kind"]


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=8), st.integers(1, 9))
def test_frames_are_found_however_the_stream_is_cut(content: list[tuple[int, bytes]], size: int) -> None:
    whole = b"".join(bytes([n, 0, 0, 0]) + len(piece).to_bytes(4, "big") + piece for n, piece in content)
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert list(frames(pieces)) == content


def test_other_files_in_the_folder_are_skipped(home: Path) -> None:
    add(2)
    for name in ("7.jsonl", "\u00b2.jsonl", "notes.jsonl", "000000000009.jsonl.swp"):
        (home / "events" / name).write_text("odd\n")
    (home / "events" / "000000000005.jsonl").mkdir()
    add(1, first=3)
    assert [row["seq"] for row in page()["events"]] == [1, 2, 3]
