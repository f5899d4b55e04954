"""The agent's append-only log of what it did, as the operator reads it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator

from decnet.wire import MAX_ERROR_CHARS, PROJECT

from .base import FrozenModel, Hex64, Short, Text
from .worker import Count

MOST_RECORDS = 2000
"""Records in one page, at the most."""


class Cursor(FrozenModel):
    """How far a journal has been read; `hash` is that of record `seq` ("0"*64 at 0)."""

    journal_id: Short
    seq: Count
    hash: Hex64


class JournalRecord(FrozenModel):
    """One end of one decky's operation. `at` is None if the worker's time is not valid."""

    seq: Count
    at: float | None
    project: Short | None = None
    """None if an agent without projects wrote it: then it belongs to the fleet."""
    decky: Short
    operation: Short
    status: Literal["succeeded", "failed"]
    error: Text
    request_id: Short
    prev: Hex64
    hash: Hex64

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it ended: project, decky, operation, request."""
        return self.project or PROJECT, self.decky, self.operation, self.request_id


class Damaged(FrozenModel):
    """A malformed record. With `seq` and `hash`, reading can continue after it."""

    seq: Count | None = None
    hash: Hex64 | None = None


Verdict = Literal["ok", "gap", "reset", "rewound"]


class JournalPage(FrozenModel):
    """The journal after a cursor. `gap`: records before `first_seq` are gone; `reset`: another
    journal_id than the cursor's; `rewound`: the record at the cursor is not the one that was read.

    A record that is malformed is dropped into `damaged` and does not stop the rest.
    """

    journal_id: Short
    first_seq: Count
    last_seq: Count
    verdict: Verdict
    records: Annotated[tuple[JournalRecord, ...], Field(strict=False, max_length=MOST_RECORDS)]
    damaged: tuple[Damaged, ...] = ()
    more: bool

    @model_validator(mode="wrap")
    @classmethod
    def _without_the_malformed(cls, content: Any, whole: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return whole(content)
        except ValidationError:
            rows = content.get("records") if isinstance(content, dict) else None
            if not isinstance(rows, list) or len(rows) > MOST_RECORDS or "damaged" in content:
                raise
            found = [_read(row) for row in rows]
            damaged = tuple(row for row in found if isinstance(row, Damaged))
            records = [row for row in found if isinstance(row, JournalRecord)]
            return whole({**content, "records": records, "damaged": damaged})

    @property
    def end(self) -> Cursor | None:
        """Where reading continues after this page; None if the page has nothing to move past."""
        ends = [(row.seq, row.hash) for row in self.records]
        ends += [(row.seq, row.hash) for row in self.damaged if row.seq is not None and row.hash is not None]
        if not ends:
            return None
        seq, mark = max(ends)
        return Cursor(journal_id=self.journal_id, seq=seq, hash=mark)


def _read(row: object) -> JournalRecord | Damaged:
    """One record. An invalid time becomes None and a long error is cut, so that neither makes the record
    damaged."""
    if not isinstance(row, dict):
        return Damaged()
    at, error = row.get("at"), row.get("error")
    fitting = {
        **row,
        "at": float(at) if isinstance(at, float | int) and not isinstance(at, bool) else None,
        "error": error[:MAX_ERROR_CHARS] if isinstance(error, str) else error,
    }
    try:
        return JournalRecord.model_validate(fitting)
    except ValidationError:
        pass
    try:
        return Damaged(seq=row.get("seq"), hash=row.get("hash"))
    except ValidationError:
        return Damaged()
