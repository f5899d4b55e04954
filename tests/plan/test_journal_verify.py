"""Invalid records of an inconsistent journal page close nothing, and are reported."""

from __future__ import annotations

from typing import Any

import pytest

from decnet.model.journal import Cursor, JournalPage
from decnet.plan.journal_verify import verify_page
from decnet.wire import GENESIS, chained


def rows(count: int, start: int = 1, before: str = GENESIS) -> list[dict[str, Any]]:
    found = []
    for seq in range(start, start + count):
        row = {
            "seq": seq, "at": 1.5, "decky": f"d{seq}", "operation": "create", "status": "succeeded",
            "error": "", "request_id": f"r{seq}",
        }  # fmt: skip
        found.append(chained(row, before))
        before = found[-1]["hash"]
    return found


def page(records: list[dict[str, Any]], verdict: str = "ok", **more: Any) -> JournalPage:
    known = {
        "journal_id": "j", "first_seq": 1, "last_seq": max((row["seq"] for row in records), default=0),
        "verdict": verdict, "records": records, "more": False,
    }  # fmt: skip
    return JournalPage.model_validate({**known, **more})


def cursor(seq: int = 2, **more: Any) -> Cursor:
    return Cursor.model_validate({"journal_id": "j", "seq": seq, "hash": rows(seq)[-1]["hash"], **more})


def believed(seen: Any) -> list[int]:
    return [record.seq for record in seen.records]


def test_a_whole_journal_is_believed_without_a_word() -> None:
    assert verify_page(page(rows(5)), None) == ("ok", page(rows(5)).records, ())


def test_what_follows_the_cursor_is_believed_without_a_word() -> None:
    seen = verify_page(page(rows(5)[2:]), cursor(2))
    assert (seen.verdict, believed(seen), seen.notes) == ("ok", [3, 4, 5], ())


def test_a_record_that_is_not_what_its_hash_says_is_dropped() -> None:
    forged = rows(3)
    forged[1]["status"] = "failed"
    seen = verify_page(page(forged), None)
    assert believed(seen) == [1, 3]
    assert seen.notes == ("1 of its journal records are repeated or do not match their hashes",)


def test_a_record_that_is_repeated_is_dropped() -> None:
    first, second = rows(2)
    seen = verify_page(page([first, first, second, first]), None)
    assert believed(seen) == [1, 2]
    assert seen.notes == ("2 of its journal records are repeated or do not match their hashes",)


def test_records_that_were_read_before_are_dropped() -> None:
    assert believed(verify_page(page(rows(4)), cursor(2))) == [3, 4]


def test_a_gap_is_reported_and_the_records_after_it_are_read() -> None:
    whole = rows(6)
    seen = verify_page(page([*whole[:2], *whole[4:]]), None)
    assert (believed(seen), seen.notes) == ([1, 2, 5, 6], ("its journal lacks the records 3 to 4",))


def test_a_gap_right_after_the_cursor_is_reported() -> None:
    seen = verify_page(page(rows(5)[3:]), cursor(2))
    assert (believed(seen), seen.notes) == ([4, 5], ("its journal lacks the records 3 to 3",))


def test_a_journal_that_was_rewritten_after_the_cursor_is_reported() -> None:
    other = rows(2, start=3, before="e" * 64)
    seen = verify_page(page(other), cursor(2))
    assert seen.notes == ("its journal was rewritten before record 3",)


@pytest.mark.parametrize(
    ("more", "verdict"),
    [({"journal_id": "k"}, "reset"), ({"last_seq": 1}, "rewound"), ({"last_seq": 2}, "ok")],
)
def test_a_page_that_speaks_against_its_own_verdict_is_not_ok(more: dict[str, Any], verdict: str) -> None:
    assert verify_page(page([], **more), cursor(2)).verdict == verdict


def test_an_old_answer_that_is_sent_again_is_rewound_and_moves_no_row() -> None:
    seen = verify_page(page(rows(2)), cursor(5))
    assert (seen.verdict, seen.notes[0]) == (
        "rewound", "its journal was rewound: the worker was restored from an older copy",
    )  # fmt: skip


def test_the_first_reading_of_a_journal_without_its_beginning_reports_it() -> None:
    late = rows(5)[3:]
    seen = verify_page(page(late, "gap", first_seq=4), None)
    assert (believed(seen), seen.notes) == ([4, 5], ("its journal begins with record 4",))
