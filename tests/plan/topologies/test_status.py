"""The status of a topology: the table of moves, and what follows from desired and from observations."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from decnet.errors import Failed
from decnet.model.topology import KEPT, STATUSES, TopologyRecord, TopologyStatus
from decnet.plan.topologies.status import (
    LEGAL,
    MAX_RESYNC_TRIES,
    Holding,
    Observed,
    after_pass,
    follow_observed,
    holding_of,
    moved,
    moves_by_desired,
    moves_by_observation,
    sends_again,
)

ID = "0123abcd" * 4
HOLDINGS: tuple[Holding, ...] = get_args(Holding)


def record(status: TopologyStatus = "active", **fields: int) -> TopologyRecord:
    return TopologyRecord(id=ID, status=status, **fields)


def move(before: TopologyRecord, to: TopologyStatus) -> TopologyRecord:
    return moved(before, to, at=1.0, actor="operator", reason="why")


def passed(before: TopologyRecord, seen: Observed) -> TopologyRecord:
    return after_pass(before, seen, version=3, at=1.0, actor="operator")


def test_the_legal_moves_are_those_of_the_table() -> None:
    table = {
        "pending": {"deploying"},
        "deploying": {"active", "degraded", "failed", "tearing_down"},
        "active": {"degraded", "tearing_down"},
        "degraded": {"active", "deploying", "tearing_down"},
        "failed": {"deploying", "tearing_down"},
        "tearing_down": {"torn_down"},
        "torn_down": {"deploying"},
    }
    assert {status: {to for start, to in LEGAL if start == status} for status in STATUSES} == table


@pytest.mark.parametrize(("start", "to"), sorted(set(product(STATUSES, STATUSES)) - LEGAL))
def test_any_other_move_is_refused(start: TopologyStatus, to: TopologyStatus) -> None:
    with pytest.raises(Failed, match=f"from {start} to {to}"):
        move(record(start), to)


def test_a_move_is_kept_with_time_reason_and_actor() -> None:
    after = move(record("pending"), "deploying")
    assert after.status == "deploying"
    (only,) = after.moves
    assert only.model_dump() == {
        "at": 1.0, "from_status": "pending", "to_status": "deploying", "reason": "why", "actor": "operator",
    }  # fmt: skip


def test_the_last_moves_are_kept() -> None:
    after = record("active")
    for _ in range(KEPT):
        after = move(move(after, "degraded"), "active")
    assert len(after.moves) == KEPT


@pytest.mark.parametrize(("placed", "status"), list(product((True, False), STATUSES)))
def test_every_move_by_desired_is_legal_and_ends(placed: bool, status: TopologyStatus) -> None:
    before = record(status)
    for to in moves_by_desired(status, placed=placed):
        before = move(before, to)
    assert moves_by_desired(before.status, placed=placed) == ()


@pytest.mark.parametrize(("status", "holding"), list(product(STATUSES, HOLDINGS)))
def test_every_move_by_observation_is_legal_and_ends(status: TopologyStatus, holding: Holding) -> None:
    before = record(status)
    for to in moves_by_observation(status, holding):
        before = move(before, to)
    assert moves_by_observation(before.status, holding) == ()


@pytest.mark.parametrize("status", STATUSES)
def test_an_unreachable_worker_moves_nothing_and_counts_nothing(status: TopologyStatus) -> None:
    before = record(status, resync_tries=3)
    assert passed(before, Observed("unknown", in_step=False)) == before


def test_only_gone_ends_a_teardown() -> None:
    ends = {holding: passed(record("tearing_down"), Observed(holding)).status for holding in HOLDINGS}
    assert ends == {**dict.fromkeys(HOLDINGS, "tearing_down"), "gone": "torn_down"}


@pytest.mark.parametrize(
    ("statuses", "holding"),
    [
        (("running", "running"), "whole"),
        (("running", "failed"), "partial"),
        (("degraded",), "partial"),
        (("failed", "torn_down"), "none"),
        ((), "whole"),
    ],
)
def test_what_is_there_follows_from_each_decky(statuses: tuple[str, ...], holding: Holding) -> None:
    assert holding_of(statuses) == holding


def test_a_deploy_of_which_nothing_runs_has_failed() -> None:
    after = passed(record("deploying"), Observed("none", why="0 of 2 deckies running"))
    assert (after.status, after.moves[-1].reason) == ("failed", "0 of 2 deckies running")


def test_reconcile_heals_what_failed() -> None:
    after = passed(record("failed"), Observed("whole"))
    assert [each.to_status for each in after.moves] == ["deploying", "active"]


def test_a_whole_topology_in_step_is_the_applied_version() -> None:
    assert passed(record("deploying"), Observed("whole")).applied_version == 3
    assert passed(record("deploying"), Observed("whole", in_step=False)).applied_version is None
    assert passed(record("deploying"), Observed("partial")).applied_version is None


def test_a_push_that_never_takes_effect_degrades_after_five_passes() -> None:
    after, statuses = record("active"), []
    for _ in range(MAX_RESYNC_TRIES):
        after = passed(after, Observed("whole", in_step=False))
        statuses.append(after.status)
    assert statuses == ["active"] * (MAX_RESYNC_TRIES - 1) + ["degraded"]
    assert "does not take its description" in after.moves[-1].reason


def test_only_an_observed_equal_hash_clears_a_resync() -> None:
    degraded = record("degraded", resync_tries=MAX_RESYNC_TRIES)
    assert passed(degraded, Observed("whole", in_step=False)).status == "degraded"
    after = passed(degraded, Observed("whole"))
    assert (after.status, after.resync_tries) == ("active", 0)


def test_looking_counts_no_try() -> None:
    seen = Observed("whole", in_step=False)
    assert follow_observed(record("active"), seen, version=1, at=1.0, actor="") == record("active")


def test_a_description_without_effect_is_sent_again_after_1_2_4_more_passes() -> None:
    assert [tries for tries in range(40) if sends_again(tries)] == [0, 1, 3, 7, 15, 31]
    assert sends_again(64 * 5)
