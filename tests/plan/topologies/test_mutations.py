"""Mutations of a topology as recorded: each ends once."""

from __future__ import annotations

import pytest

from decnet.model.topology import KEPT, TopologyRecord
from decnet.plan.topologies.mutations import begun, ended, new_row, open_row, verdict, with_row
from decnet.plan.topologies.status import Holding, Observed

ROW = new_row("m1", [{"op": "remove_lan", "lan": "office"}], version=2, at=1.0)
RECORD = with_row(TopologyRecord(id="0123abcd" * 4, status="active"), ROW)


def test_a_new_mutation_is_pending_and_the_open_one() -> None:
    assert open_row(RECORD) == ROW
    assert ROW.state == "pending"


def test_it_is_applied_from_when_desired_has_its_version() -> None:
    assert begun(RECORD, version=1) == RECORD
    row = open_row(begun(RECORD, version=2))
    assert row is not None and row.state == "applying"


@pytest.mark.parametrize(
    ("version", "holding", "works", "in_step", "state"),
    [
        (1, "whole", True, True, "failed"),
        (2, "unknown", False, False, "applying"),
        (2, "whole", True, True, "applied"),
        (2, "partial", True, True, "applied"),
        (2, "whole", True, False, "applying"),
        (2, "partial", False, True, "failed"),
        (2, "none", False, False, "failed"),
        (2, "gone", True, True, "applied"),
    ],
)
def test_how_it_ends_follows_from_what_it_touches(
    version: int, holding: Holding, works: bool, in_step: bool, state: str
) -> None:
    assert verdict(ROW, version, Observed(holding, in_step), works).state == state


def test_an_ended_one_is_not_open_any_more() -> None:
    after = ended(RECORD, ROW, verdict(ROW, 2, Observed("whole"), True), at=5.0)
    assert open_row(after) is None
    assert (after.mutations[0].state, after.mutations[0].ended) == ("applied", 5.0)


def test_one_that_waits_for_its_worker_stays_open() -> None:
    after = ended(RECORD, ROW, verdict(ROW, 2, Observed("unknown"), False), at=5.0)
    row = open_row(after)
    assert row is not None and row.ended is None


def test_the_last_ones_are_kept() -> None:
    record = RECORD
    for number in range(KEPT + 5):
        record = with_row(record, ROW.model_copy(update={"id": f"m{number}", "state": "applied"}))
    assert len(record.mutations) == KEPT
