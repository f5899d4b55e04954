"""The agent's append-only log of what it did, as it is read by the operator."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .noun import Hex64, Noun, Short, Text
from .worker import Count


class Cursor(Noun):
    """How far a journal has been read; `hash` is that of record `seq` ("0"*64 at 0)."""

    journal_id: Short
    seq: Count
    hash: Hex64


class JournalRecord(Noun):
    """One end of one decky's operation."""

    seq: Count
    at: float
    decky: Short
    operation: Short
    status: Literal["succeeded", "failed"]
    error: Text
    request_id: Short
    prev: Hex64
    hash: Hex64


Verdict = Literal["ok", "gap", "reset", "rewound"]


class JournalPage(Noun):
    """The journal after a cursor. `gap`: records before `first_seq` are gone; `reset`: another
    journal_id than the cursor's; `rewound`: the record at the cursor is not the one that was read."""

    journal_id: Short
    first_seq: Count
    last_seq: Count
    verdict: Verdict
    records: Annotated[tuple[JournalRecord, ...], Field(strict=False, max_length=2000)]
    more: bool
