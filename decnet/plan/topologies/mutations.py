"""Mutations of a topology as recorded: each is pending, applying, and then applied or failed, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from decnet.model.topology import KEPT, MutationRow, TopologyRecord

from .status import Observed

OPEN = ("pending", "applying")
NEVER_STORED = "its command ended before the change was stored; the topology is as it was"


class Verdict(NamedTuple):
    """How a mutation stands, and why."""

    state: Literal["applying", "applied", "failed"]
    reason: str = ""


def new_row(identifier: str, operations: Sequence[dict[str, Any]], *, version: int, at: float) -> MutationRow:
    """The row of a mutation that makes this version of the topology."""
    return MutationRow(id=identifier, operations=tuple(operations), version=version, created=at)


def with_row(record: TopologyRecord, row: MutationRow) -> TopologyRecord:
    """The record with one more mutation, or with this one in the place of the row with its id."""
    known = [row if each.id == row.id else each for each in record.mutations]
    added = known if any(each.id == row.id for each in record.mutations) else [*known, row]
    return record.model_copy(update={"mutations": tuple(added[-KEPT:])})


def open_row(record: TopologyRecord) -> MutationRow | None:
    """The mutation that has not ended yet: at most one."""
    return next((row for row in reversed(record.mutations) if row.state in OPEN), None)


def without_unstored(record: TopologyRecord, version: int, *, at: float) -> TopologyRecord:
    """The record in which a mutation of a killed command has failed, if desired never had its version."""
    row = open_row(record)
    if row is None or row.version <= version:
        return record
    return ended(record, row, Verdict("failed", NEVER_STORED), at=at)


def begun(record: TopologyRecord, version: int) -> TopologyRecord:
    """The record in which a pending mutation is being applied, if desired already has its version."""
    row = open_row(record)
    if row is None or row.state != "pending" or row.version > version:
        return record
    return with_row(record, row.model_copy(update={"state": "applying"}))


def verdict(row: MutationRow, version: int, seen: Observed, touched_work: bool) -> Verdict:
    """How an open mutation stands after a pass. `version` is that of the topology in desired, `touched_work`
    whether every decky that it touches is as desired."""
    match (row.version <= version, seen.holding, touched_work, seen.in_step):
        case (False, _, _, _):
            return Verdict("failed", NEVER_STORED)
        case (True, "unknown", _, _):
            return Verdict("applying", "its worker was not observed")
        case (True, "gone", _, _):
            return Verdict("applied")
        case (True, _, True, True):
            return Verdict("applied")
        case (True, _, True, False):
            return Verdict("applying", "its worker does not hold the new description yet")
        case (True, _, False, _):
            return Verdict("failed", seen.why)
    raise AssertionError(f"no verdict for: {row.version}, {version}, {seen}, {touched_work}")


def ended(record: TopologyRecord, row: MutationRow, verdict: Verdict, *, at: float) -> TopologyRecord:
    """The record with the mutation as the verdict says."""
    update: dict[str, Any] = {"state": verdict.state, "reason": verdict.reason[:2000]}
    if verdict.state not in OPEN:
        update["ended"] = at
    return with_row(record, row.model_copy(update=update))
