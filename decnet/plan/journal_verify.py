"""Verifies a page of a worker's journal: its hash chain, its sequence numbers, and the operator's cursor.

This does not protect against root on the worker, who can write a whole new journal. It detects records that
are damaged, restored or forged, so that none of them closes a row and every loss is reported.
"""

from __future__ import annotations

from typing import NamedTuple

from decnet.model.journal import Cursor, Damaged, JournalPage, JournalRecord, Verdict
from decnet.wire import GENESIS, MAX_ERROR_CHARS, verify


class VerifiedPage(NamedTuple):
    """The operator's verdict, the accepted records, and notes for the operator."""

    verdict: Verdict
    records: tuple[JournalRecord, ...]
    notes: tuple[str, ...]


def verify_page(page: JournalPage, cursor: Cursor | None) -> VerifiedPage:
    """Check the page. `cursor` is where the operator's last reading ended."""
    verdict = _verdict(page, cursor)
    seq, last_hash = (
        (cursor.seq, cursor.hash)
        if cursor and verdict == "ok"
        else (page.first_seq - 1, _hash_before_first(page))
    )
    accepted, forged, repeated, gaps = [], 0, 0, []
    for each in _in_order(page):
        if each.seq <= seq:
            repeated += 1
            continue
        if each.seq != seq + 1:
            gaps.append(f"its journal lacks the records {seq + 1} to {each.seq - 1}")
        elif isinstance(each, JournalRecord) and last_hash not in (each.prev, ""):
            gaps.append(f"its journal was rewritten before record {each.seq}")
        seq, last_hash = each.seq, each.hash
        if isinstance(each, JournalRecord):
            if _is_acceptable(each):
                accepted.append(each)
            else:
                forged += 1
    # Malformed records are reported elsewhere, and each leaves a gap.
    notes = _verdict_notes(verdict, page, cursor) + ([] if page.damaged else gaps[:1])
    if forged or repeated:
        notes.append(f"{forged + repeated} of its journal records are repeated or do not match their hashes")
    return VerifiedPage(verdict, tuple(accepted), tuple(notes))


def _verdict(page: JournalPage, cursor: Cursor | None) -> Verdict:
    """The worker's verdict, unless the page contradicts it."""
    if cursor is None or page.verdict != "ok":
        return page.verdict
    if page.journal_id != cursor.journal_id:
        return "reset"
    return "rewound" if page.last_seq < cursor.seq else "ok"


def _verdict_notes(verdict: Verdict, page: JournalPage, cursor: Cursor | None) -> list[str]:
    if cursor is None:
        return [f"its journal begins with record {page.first_seq}"] if verdict == "gap" else []
    return {
        "ok": [],
        "gap": [f"its journal lacks the records {cursor.seq + 1} to {page.first_seq - 1}"],
        "reset": ["its journal is new: the worker or its agent's directory was wiped"],
        "rewound": ["its journal was rewound: the worker was restored from an older copy"],
    }[verdict]


class _Link(NamedTuple):
    """A damaged record whose number and hash are readable."""

    seq: int
    hash: str


def _in_order(page: JournalPage) -> list[JournalRecord | _Link]:
    """All records in order of their number; damaged ones only if their number and hash are readable."""
    if not page.damaged:
        return list(page.records)
    links = [_Link(each.seq, each.hash) for each in page.damaged if _is_link(each)]  # type: ignore[arg-type]
    return sorted([*page.records, *links], key=lambda each: each.seq)


def _is_link(each: Damaged) -> bool:
    return each.seq is not None and each.hash is not None


def _hash_before_first(page: JournalPage) -> str:
    """The hash that the first record names; "" if unknown."""
    return GENESIS if page.first_seq == 1 else ""


def _is_acceptable(record: JournalRecord) -> bool:
    # A record that was normalised on reading cannot be verified any more; it is accepted.
    was_normalised = record.at is None or len(record.error) >= MAX_ERROR_CHARS
    return was_normalised or verify(record.model_dump(exclude=None if record.project else {"project"}))
