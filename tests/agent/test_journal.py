"""The journal: nothing is lost or reported twice, and a cursor recognizes its journal."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.agent import journal, limits
from decnet.model.journal import JournalPage
from decnet.wire import GENESIS, verify


@contextmanager
def fresh_home() -> Iterator[Path]:
    """hypothesis runs one test function many times: each run has its own folder."""
    place = Path(tempfile.mkdtemp())
    before = os.environ.get("DECNET_AGENT_HOME")
    os.environ["DECNET_AGENT_HOME"] = str(place)
    try:
        yield place
    finally:
        if before is None:
            del os.environ["DECNET_AGENT_HOME"]
        else:
            os.environ["DECNET_AGENT_HOME"] = before
        shutil.rmtree(place)


def cursor_at(page: dict[str, Any], seq: int) -> dict[str, Any]:
    hashes = {row["seq"]: row["hash"] for row in page["records"]}
    return {"journal_id": page["journal_id"], "seq": seq, "hash": hashes.get(seq, GENESIS)}


def write(count: int, request_id: str = "r") -> None:
    for number in range(count):
        journal.append(f"d{number}", "create", None if number % 2 else "it broke", request_id)


def test_a_page_is_what_the_model_says(home: Path) -> None:
    write(3)
    page = JournalPage.model_validate(journal.page(None))
    assert [row.seq for row in page.records] == [1, 2, 3]
    assert (page.verdict, page.first_seq, page.last_seq, page.more) == ("ok", 1, 3, False)


def test_the_records_are_a_chain_of_hashes(home: Path) -> None:
    write(3)
    rows = journal.page(None)["records"]
    assert all(verify(row) for row in rows)
    assert [row["prev"] for row in rows] == [GENESIS, rows[0]["hash"], rows[1]["hash"]]


@settings(max_examples=25)
@given(count=st.integers(0, 12), read=st.integers(0, 12), most=st.integers(1, 5))
def test_reading_on_from_any_cursor_gives_each_record_once(count: int, read: int, most: int) -> None:
    with fresh_home():
        write(count)
        cursor = cursor_at(journal.page(None), min(read, count))
        seen: list[int] = []
        while True:
            page = journal.page(cursor, most)
            assert page["verdict"] == "ok" and len(page["records"]) <= most
            seen += [row["seq"] for row in page["records"]]
            if not page["more"]:
                break
            cursor = cursor_at(page, seen[-1])
        assert seen == list(range(min(read, count) + 1, count + 1))


@settings(max_examples=40)
@given(count=st.integers(1, 4), cut=st.integers(1, 10_000))
def test_a_torn_last_line_costs_that_record_and_no_other(count: int, cut: int) -> None:
    with fresh_home() as place:
        write(count)
        file = place / "journal.jsonl"
        whole = file.read_bytes()
        last = len(whole) - len(whole.splitlines(keepends=True)[-1])
        file.write_bytes(whole[: last + cut % (len(whole) - last)])
        assert journal.page(None)["last_seq"] == count - 1
        assert journal.append("again", "heal", None, "r2") == count
        page = journal.page(None)
        assert [row["decky"] for row in page["records"]][-1] == "again"
        assert all(verify(row) for row in page["records"])


@settings(max_examples=20)
@given(read=st.integers(0, 30))
def test_retention_never_drops_what_is_younger_than_the_last_cursor(read: int) -> None:
    with fresh_home(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "JOURNAL_BYTES", 3000)
        write(5)
        journal.page(cursor_at(journal.page(None), min(read, 5)))
        write(25)
        page = journal.page(None)
        assert page["last_seq"] == 30
        assert page["first_seq"] <= min(read, 5) + 1
        assert [row["seq"] for row in page["records"]] == list(range(page["first_seq"], 31))


def test_retention_drops_old_records_that_were_read_and_says_gap(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "JOURNAL_BYTES", 3000)
    write(10)
    old = cursor_at(journal.page(None), 2)
    journal.page(cursor_at(journal.page(None), 10))
    write(4)
    page = journal.page(old)
    assert (page["verdict"], page["first_seq"] > 3) == ("gap", True)
    assert journal.page(None)["verdict"] == "gap"


def test_a_record_is_written_without_room_to_prune(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(1)
    journal.page(cursor_at(journal.page(None), 1))
    monkeypatch.setattr(limits, "JOURNAL_BYTES", 100)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal, "write_bytes", full)
    write(2)
    assert [row["seq"] for row in journal.page(None)["records"]] == [1, 2, 3]


def test_a_wiped_journal_is_a_reset(home: Path) -> None:
    write(2)
    cursor = cursor_at(journal.page(None), 2)
    (home / "journal.jsonl").unlink()
    write(1)
    page = journal.page(cursor)
    assert (page["verdict"], [row["seq"] for row in page["records"]]) == ("reset", [1])


def test_a_journal_from_an_old_snapshot_is_rewound(home: Path) -> None:
    write(2)
    snapshot = (home / "journal.jsonl").read_bytes()
    write(2)
    cursor = cursor_at(journal.page(None), 4)
    (home / "journal.jsonl").write_bytes(snapshot)
    assert journal.page(cursor)["verdict"] == "rewound"
    write(3, "another history")
    assert journal.page(cursor)["verdict"] == "rewound"


def test_a_journal_that_cannot_be_read_is_set_aside_and_never_taken_as_empty(home: Path) -> None:
    write(2)
    before = journal.page(None)["journal_id"]
    (home / "journal.jsonl").write_bytes(b"\0" * 500 + b"\n")
    page = journal.page({"journal_id": before, "seq": 2, "hash": "0" * 64})
    assert (page["verdict"], page["last_seq"]) == ("reset", 0)
    assert list(home.glob("journal.damaged-*"))


@pytest.mark.parametrize("damaged", [1, 2, 3])
def test_a_damaged_line_costs_its_own_record_and_the_operator_reads_on(home: Path, damaged: int) -> None:
    write(3)
    lines = (home / "journal.jsonl").read_bytes().splitlines(keepends=True)
    lines[damaged] = b"\0" * (len(lines[damaged]) - 1) + b"\n"
    (home / "journal.jsonl").write_bytes(b"".join(lines))
    page = JournalPage.model_validate(journal.page(None))
    assert [row.seq for row in page.records] == [seq for seq in (1, 2, 3) if seq != damaged]
    assert [row.seq for row in page.damaged] == [damaged]
    assert page.end is not None
    write(1, "next")
    after = JournalPage.model_validate(journal.page(page.end.model_dump()))
    assert (after.verdict, [row.seq for row in after.records]) == ("ok", [4])


def test_an_error_is_cut_at_its_bound(home: Path) -> None:
    journal.append("d", "create", "x" * 10_000, "r")
    assert len(journal.page(None)["records"][0]["error"]) == 2000


def test_the_ends_of_a_request_are_its_own(home: Path) -> None:
    write(2, "one")
    write(1, "two")
    assert journal.ends_of("one") == {"d0": "failed", "d1": "succeeded"}


def test_many_writers_leave_one_unbroken_chain(home: Path) -> None:
    children = []
    for number in range(4):
        child = os.fork()
        if not child:
            try:
                write(5, f"r{number}")
            finally:
                os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    rows = journal.page(None)["records"]
    assert [row["seq"] for row in rows] == list(range(1, 21))
    assert all(row["prev"] == before["hash"] for before, row in zip(rows, rows[1:], strict=False))


def test_reading_changes_nothing_on_disk_once_the_cursor_is_known(home: Path) -> None:
    write(2)
    cursor = cursor_at(journal.page(None), 2)
    journal.page(cursor)
    before = {path.name: path.stat().st_mtime_ns for path in home.iterdir()}
    journal.page(cursor)
    assert {path.name: path.stat().st_mtime_ns for path in home.iterdir()} == before
    assert json.loads((home / "journal.cursor").read_text()) == cursor
